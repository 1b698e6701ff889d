//! What an image on disk says of itself to one who runs it: of a layout, a folder or an archive, and of what `docker save`
//! wrote before Docker 25, which has a list of images in the place of an index.

use std::collections::BTreeMap;
use std::path::Path;

use serde::Deserialize;
use serde::de::IgnoredAny;

use super::layout::{Layout, OciError};
use super::oci;
use rancher_catalog::digest::sha256_hex;

/// The list of what `docker load` loads.
const LIST: &str = "manifest.json";

/// How a container of an image is run.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct RunConfig {
    /// Labels.
    pub labels: Option<BTreeMap<String, String>>,
    /// What is started.
    pub entrypoint: Option<Vec<String>>,
    /// Its arguments.
    pub cmd: Option<Vec<String>>,
    /// Ports: `80/tcp`.
    pub exposed_ports: Option<BTreeMap<String, IgnoredAny>>,
    /// Paths that hold what lasts.
    pub volumes: Option<BTreeMap<String, IgnoredAny>>,
    /// Variables: `NAME=value`.
    pub env: Option<Vec<String>>,
    /// How an engine finds out whether it is well.
    pub healthcheck: Option<OwnCheck>,
}

/// A health check that an engine runs; times in nanoseconds.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct OwnCheck {
    /// The command.
    pub test: Option<Vec<String>>,
    /// From one run to the next.
    pub interval: Option<i64>,
    /// The longest that it may take.
    pub timeout: Option<i64>,
    /// For how long a failure does not count.
    pub start_period: Option<i64>,
    /// Failures in a row that count.
    pub retries: Option<i64>,
}

/// An image on disk.
#[derive(Debug, Clone)]
pub struct DescribedImage {
    /// What it is called there.
    pub names: Vec<String>,
    /// How it is run; of several platforms, on the first.
    pub run: RunConfig,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Loaded {
    config: String,
    repo_tags: Option<Vec<String>>,
}

#[derive(Deserialize)]
struct Config {
    #[serde(default)]
    config: Option<RunConfig>,
}

/// Reads the image at a path: the one of that name, or the only one.
///
/// # Errors
/// It cannot be read, is no image, is cut off or not honest, or holds several of which none is named so.
pub fn read(path: &Path, wanted: Option<&str>) -> Result<DescribedImage, OciError> {
    let layout = Layout::open(path)?;
    match oci::describe(&layout, wanted) {
        Err(OciError::NoManifest(_)) => of_list(&layout, wanted),
        other => other,
    }
}

fn of_list(layout: &Layout<'_>, wanted: Option<&str>) -> Result<DescribedImage, OciError> {
    let list = layout.beside(LIST)?.ok_or_else(|| layout.broken(format!("there is no {LIST}")))?;
    let list: Vec<Loaded> =
        serde_json::from_slice(&list).map_err(|_| layout.broken(format!("its {LIST} cannot be read")))?;
    let names = |loaded: &Loaded| loaded.repo_tags.clone().unwrap_or_default();
    let is_wanted = |loaded: &&Loaded| wanted.is_none_or(|wanted| names(loaded).iter().any(|name| name == wanted));
    let found = match (list.iter().find(is_wanted), list.as_slice()) {
        (Some(found), _) if wanted.is_some() || list.len() == 1 => found,
        (_, [only]) => only,
        (_, []) => return Err(layout.broken(format!("its {LIST} names no image"))),
        (_, several) => return Err(layout.several(several.iter().flat_map(&names).collect())),
    };
    let missing = || layout.broken(format!("{} is not there: it is cut off, or was not written whole", found.config));
    // In a folder that would lead elsewhere.
    if found.config.split('/').any(|part| matches!(part, "" | "." | "..")) {
        return Err(layout.broken(format!("its {LIST} names {:?}, which leads out of it", found.config)));
    }
    let config = layout.beside(&found.config)?.ok_or_else(missing)?;
    // It is named after what it holds.
    let stem = found.config.trim_end_matches(".json").rsplit('/').next().unwrap_or_default();
    if stem.len() == 64 && sha256_hex(&config) != stem {
        return Err(layout.broken(format!("{} is not what it is called", found.config)));
    }
    let config: Config = serde_json::from_slice(&config)
        .map_err(|_| layout.broken(format!("{} does not tell how the image is run", found.config)))?;
    Ok(DescribedImage { names: names(found), run: config.config.unwrap_or_default() })
}
