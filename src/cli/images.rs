//! `gen-catalog images`.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use clap::{Args, ValueEnum};
use serde_json::{Value, json};

use super::findings::shown;
use super::output::{Output, Text};
use super::{Outcome, bump::registry, in_registry, project};
use crate::image_list::{ImageUse, by_image, of, skopeo};
use catalog_diff::comparison::default_of;
use rancher_catalog::model::ImageReference;
use rancher_catalog::source::{TemplateSource, VersionSource, templates_of};

/// Lists every image that a catalog, a template or a version may launch, whatever is answered.
///
/// Templates are rendered with all combinations of the answers that they ask about, and variables replaced by all that an
/// enum or a boolean offers. An image that a person may also write freely is told with the question. Kinds of services, such
/// as rancher/dns-service, are no images.
///
/// Exit codes: 0 all could be told; 1 some could not, and standard error says which; 2 usage, input or output.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
    gen-catalog images infra-templates/ipsec/18\n  \
    gen-catalog images . --default --quiet\n  \
    gen-catalog images . --format skopeo > images.yml && skopeo sync --src yaml --dest docker images.yml mirror.example.com\n  \
    gen-catalog images . --rewrite mirror.example.com:5000 --format json")]
pub(super) struct ImagesArgs {
    /// Catalogs, templates or versions; the working folder stands for the catalog that the project's gen-catalog.toml names
    #[arg(default_value = ".")]
    paths: Vec<PathBuf>,
    /// Of each template the default version alone
    #[arg(long)]
    default: bool,
    /// Name them as in this registry
    #[arg(long, value_name = "REGISTRY", value_parser = registry)]
    rewrite: Option<String>,
    /// How to print them
    #[arg(long, value_enum, default_value_t = ImagesFormat::Text)]
    format: ImagesFormat,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum ImagesFormat {
    /// An image a line, with where it stands; with --quiet the image alone
    Text,
    /// For programs: one JSON document
    Json,
    /// For `skopeo sync --src yaml`
    Skopeo,
}

pub(super) fn run(args: &ImagesArgs, output: &Output) -> anyhow::Result<Outcome> {
    let mut uses = BTreeSet::new();
    let mut warnings = Vec::new();
    for path in &project::paths(&args.paths, None)? {
        let cannot = || format!("cannot read {}", path.display());
        let templates = templates_of(path).with_context(cannot)?;
        let wanted = std::path::absolute(path).with_context(cannot)?;
        let mut versions = 0;
        for folder in &templates {
            versions += of_folder(folder, &wanted, args.default, &mut uses, &mut warnings);
        }
        if versions == 0 {
            bail!("{} holds no version: name a catalog, a template or a version", path.display());
        }
    }
    if args.rewrite.is_some() {
        let rewritten = |one: ImageUse| match one.image.parse::<ImageReference>() {
            Ok(image) => ImageUse { image: in_registry(image, args.rewrite.as_deref()).to_string(), ..one },
            Err(_) => one,
        };
        uses = uses.into_iter().map(rewritten).collect();
    }
    warnings.iter().for_each(|warning| output.warning(warning));
    match args.format {
        ImagesFormat::Json => output.json(&report(&uses, &warnings))?,
        ImagesFormat::Skopeo => output.result(&skopeo(by_image(&uses).into_keys()))?,
        ImagesFormat::Text => output.result(text(&uses, output.is_quiet()))?,
    }
    Ok(if warnings.is_empty() { Outcome::Good } else { Outcome::Findings })
}

/// Lists what of a template was asked for; tells how many versions that were.
fn of_folder(
    folder: &Path,
    wanted: &Path,
    default_only: bool,
    uses: &mut BTreeSet<ImageUse>,
    warnings: &mut Vec<String>,
) -> usize {
    let mut template = TemplateSource::outline(folder);
    let default = default_of(&template).map(|version| version.name.clone());
    let newest =
        template.versions.iter().rfind(|version| version.revision.is_some()).map(|version| version.name.clone());
    let default = default.or(newest);
    let is_within = wanted.starts_with(folder) && wanted != folder;
    let is_wanted = |version: &VersionSource| {
        if is_within {
            wanted.starts_with(&version.path)
        } else {
            !default_only || Some(&version.name) == default.as_ref()
        }
    };
    let unreadable = template.unreadable.iter().filter(|unreadable| !is_within || unreadable.path.starts_with(wanted));
    warnings.extend(unreadable.map(|unreadable| format!("{}: {}", shown(&unreadable.path), unreadable.reason)));
    let mut count = 0;
    for version in template.versions.iter_mut() {
        if !is_wanted(version) || (version.docker_compose.is_none() && version.rancher_compose.is_none()) {
            continue;
        }
        version.expand();
        let listed = of(version);
        version.fold();
        uses.extend(listed.uses);
        warnings.extend(listed.warnings);
        count += 1;
    }
    count
}

fn report(uses: &BTreeSet<ImageUse>, warnings: &[String]) -> Value {
    let images: Vec<Value> = by_image(uses)
        .into_iter()
        .map(|(image, uses)| {
            let read = image.parse::<ImageReference>().ok();
            let repository = read.as_ref().map(|read| &read.repository);
            let places = uses.iter().map(
                |one| json!({ "file": shown(&one.path), "line": one.line, "service": one.service, "free": one.free }),
            );
            json!({
                "image": image,
                "registry": repository.and_then(|repository| repository.registry.as_ref()),
                "path": repository.map(|repository| &repository.path),
                "tag": read.as_ref().and_then(|read| read.tag.as_ref()),
                "digest": read.as_ref().and_then(|read| read.digest.as_ref()),
                "uses": places.collect::<Vec<_>>(),
            })
        })
        .collect();
    json!({ "images": images, "warnings": warnings })
}

fn text(uses: &BTreeSet<ImageUse>, quiet: bool) -> Text {
    let mut out = Text::default();
    for (image, uses) in by_image(uses) {
        if quiet {
            out.plain(image).plain("\n");
            continue;
        }
        for one in uses {
            out.plain(&format!("{image}\t{}:{}: {}", shown(&one.path), one.line, one.service));
            if !one.free.is_empty() {
                out.plain(&format!(", unless another is answered to {}", one.free.join(" or ")));
            }
            out.plain("\n");
        }
    }
    out
}
