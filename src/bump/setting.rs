//! `--set KEY=VALUE`: one more value that changes with a new version.

use std::str::FromStr;

use crate::text_edit::{EditError, YamlText};
use catalog_check::{is_it, nearest};
use rancher_catalog::catalog_service::catalog_block;
use rancher_catalog::yaml::{Node, NodeKind};

/// The keys of a catalog block that hold one value.
const OF_BLOCK: [&str; 6] =
    ["name", "description", "minimum_rancher_version", "maximum_rancher_version", "upgrade_from", "uuid"];

/// A value, and where it goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Setting {
    /// The file.
    pub file: File,
    /// Keys with dots between them: from the catalog block, where no file was named.
    pub path: String,
    /// The value.
    pub value: String,
    /// As it was given.
    pub given: String,
}

/// A file that something can be set in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum File {
    /// The catalog block of rancher-compose.yml.
    CatalogBlock,
    /// rancher-compose.yml.
    RancherCompose,
    /// docker-compose.yml or docker-compose.yml.tpl.
    DockerCompose,
}

/// Why nothing is set.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SettingError {
    /// The path leads nowhere.
    #[error("{0}")]
    Path(String),
    /// The file cannot be changed.
    #[error("{0}")]
    Edit(#[from] EditError),
}

impl FromStr for Setting {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wanted = "KEY=VALUE is wanted, such as minimum_rancher_version=v1.6.14, questions.TTL.default=10 or \
                      docker-compose:services.web.mem_limit=1024";
        let (key, value) = text.split_once('=').filter(|(key, _)| !key.is_empty()).ok_or(wanted)?;
        let (file, path) = match key.split_once(':') {
            Some(("docker-compose" | "docker-compose.yml", path)) => (File::DockerCompose, path),
            Some(("rancher-compose" | "rancher-compose.yml", path)) => (File::RancherCompose, path),
            // No key of the block has a colon.
            Some((file, _)) => {
                let meant = is_it(["docker-compose", "rancher-compose"], file);
                return Err(format!("nothing is set in {file}{meant}: {wanted}"));
            }
            None => (File::CatalogBlock, key),
        };
        if path.is_empty() {
            return Err(wanted.to_owned());
        }
        if file == File::CatalogBlock && path == "version" {
            return Err("the version goes with --version".to_owned());
        }
        Ok(Self { file, path: path.to_owned(), value: value.to_owned(), given: text.to_owned() })
    }
}

impl Setting {
    /// The file with the value set: in the style of the one before, or in a line of its own in the catalog block.
    ///
    /// # Errors
    /// The path leads nowhere, or the file is laid out too oddly.
    pub fn apply(&self, text: &[u8]) -> Result<Vec<u8>, SettingError> {
        let file = YamlText::read(text)?;
        let root = file.root()?;
        let start = match self.file {
            File::CatalogBlock => {
                catalog_block(root).ok_or_else(|| SettingError::Path("there is no catalog block".to_owned()))?
            }
            File::RancherCompose | File::DockerCompose => root,
        };
        let is_value = |node: &Node| matches!(node.kind, NodeKind::Scalar { .. });
        match follow(start, &self.path) {
            Ok((key, value)) if is_value(value) => Ok(file.with_value((key, value), &self.value)?),
            Ok(_) => Err(SettingError::Path(format!("`{}` is no single value", self.path))),
            Err(_) if self.file == File::CatalogBlock && OF_BLOCK.contains(&self.path.as_str()) => {
                let version = start.entries().iter().rfind(|(key, _)| key.text() == Some("version"));
                let minimum = start.entries().iter().rfind(|(key, _)| key.text() == Some("minimum_rancher_version"));
                Ok(file.with_entry(start, minimum.or(version), &self.path, &self.value)?)
            }
            Err(Nowhere { at, known }) => {
                let meant = nearest(known.iter().map(String::as_str).chain(OF_BLOCK), &at);
                let meant = meant.map(|name| format!("; is `{name}` meant?")).unwrap_or_default();
                Err(SettingError::Path(format!("there is no `{at}` on the way to `{}`{meant}", self.path)))
            }
        }
    }
}

struct Nowhere {
    at: String,
    known: Vec<String>,
}

/// The entry that a path leads to. Keys may hold dots themselves: the longest one that is there is taken. A question is
/// known by its variable, another item of a list by its number from 0.
fn follow<'n>(node: &'n Node, path: &str) -> Result<(&'n Node, &'n Node), Nowhere> {
    let cuts = path.match_indices('.').map(|(at, _)| at).chain([path.len()]);
    let mut known = Vec::new();
    let mut ends: Vec<usize> = cuts.collect();
    ends.reverse();
    for end in ends {
        let (key, rest) = (&path[..end], path[end..].strip_prefix('.').unwrap_or_default());
        let next: Option<(&Node, &Node)> = match &node.kind {
            NodeKind::Map(_) => node.entry(key),
            NodeKind::List(items) => item(items, key).map(|item| (item, item)),
            NodeKind::Scalar { .. } => None,
        };
        let Some((name, value)) = next else { continue };
        return if rest.is_empty() { Ok((name, value)) } else { follow(value, rest) };
    }
    known.extend(node.entries().iter().filter_map(|(key, _)| key.text().map(str::to_owned)));
    known.extend(node.items().iter().filter_map(|item| Some(item.get("variable")?.text()?.to_owned())));
    let at = path.split('.').next().unwrap_or_default().to_owned();
    Err(Nowhere { at, known })
}

fn item<'n>(items: &'n [Node], key: &str) -> Option<&'n Node> {
    let by_variable = items.iter().find(|item| item.get("variable").and_then(Node::text) == Some(key));
    by_variable.or_else(|| items.get(key.parse::<usize>().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = ".catalog:\n  version: v1\n  questions:\n    - variable: TIMEOUT\n      default: \"5\" # s\nweb:\n  \
                        labels:\n    a.b: 'x'\n  ports:\n  - 80:80\n";

    fn set(setting: &str) -> Result<String, String> {
        let edited = setting.parse::<Setting>()?.apply(TEXT.as_bytes()).map_err(|error| error.to_string())?;
        Ok(String::from_utf8(edited).unwrap())
    }

    #[test]
    fn a_value_is_set_where_its_path_leads() {
        for (setting, old, new) in [
            ("questions.TIMEOUT.default=10", "\"5\"", "\"10\""),
            ("minimum_rancher_version=v1.6.0", "version: v1\n", "version: v1\n  minimum_rancher_version: v1.6.0\n"),
            ("rancher-compose:web.labels.a.b=y", "'x'", "'y'"),
            ("rancher-compose.yml:web.ports.0=81:80", "80:80", "81:80"),
        ] {
            assert_eq!(set(setting), Ok(TEXT.replacen(old, new, 1)), "{setting}");
        }
    }

    #[test]
    fn a_path_that_leads_nowhere_is_told() {
        for (setting, says) in [
            ("minimum_rancher_versoin=v1", "is `minimum_rancher_version` meant?"),
            ("questions.TIMEOT.default=1", "is `TIMEOUT` meant?"),
            ("questions=1", "no single value"),
            ("version=v2", "--version"),
            ("x", "KEY=VALUE is wanted"),
            ("rancher-compose:=1", "KEY=VALUE is wanted"),
        ] {
            let error = set(setting).unwrap_err();
            assert!(error.contains(says), "{setting}: {error}");
        }
    }
}
