//! Changes of one value in a file that someone else wrote: every other byte stays, and what results is read back.

use serde_yaml::Value;

use rancher_catalog::model::Version;
use rancher_catalog::yaml::{self, Document, Node};

/// Why a file is not changed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EditError {
    /// It cannot be read.
    #[error("it cannot be read, line {0}")]
    Unreadable(String),
    /// It is written in a way in which a value cannot be changed alone.
    #[error("it is written in a way in which `{0}` cannot be set without writing all of it anew")]
    Layout(&'static str),
}

const MAXIMUM: &str = "maximum_rancher_version";

/// Sets the default version of a config.yml.
///
/// # Errors
/// The file cannot be read, or is laid out too oddly.
pub fn set_default_version(text: &str, version: &Version) -> Result<String, EditError> {
    let document = read(text)?;
    let Some(root) = &document.root else { return Err(EditError::Layout("version")) };
    let scalar = yaml::scalar(&Value::String(version.text()));
    let edited = match root.get("version") {
        Some(node) => replaced(text, node, &scalar),
        None => {
            let line_end = if text.is_empty() || text.ends_with('\n') { "" } else { "\n" };
            format!("{text}{line_end}version: {scalar}\n")
        }
    };
    let mut wanted = document.to_value();
    let Value::Mapping(map) = &mut wanted else { return Err(EditError::Layout("version")) };
    map.insert("version".into(), version.text().into());
    verified(edited, &wanted, "version")
}

/// Closes a rancher-compose.yml to Rancher servers after a version; `None` where it is closed to them already.
///
/// # Errors
/// The file cannot be read, has no catalog block, or is laid out too oddly.
pub fn close(text: &str, maximum: &Version) -> Result<Option<String>, EditError> {
    let document = read(text)?;
    let name = ["catalog", ".catalog"].into_iter().find(|name| {
        document.root.as_ref().and_then(|root| root.get(name)).is_some_and(|block| !block.entries().is_empty())
    });
    let Some(name) = name else { return Err(EditError::Layout(MAXIMUM)) };
    let block = document.root.as_ref().and_then(|root| root.get(name)).ok_or(EditError::Layout(MAXIMUM))?;
    let scalar = yaml::scalar(&Value::String(maximum.text()));
    let edited = match block.entry(MAXIMUM) {
        Some((_, node)) if node.text().is_some_and(|text| !text.is_empty()) => {
            let present = Version::from(node.text().unwrap_or_default());
            if present.cmp_as_rancher(maximum).is_le() {
                return Ok(None);
            }
            replaced(text, node, &scalar)
        }
        Some((key, _)) => {
            let (before, after) = text.split_at(key.span.end.offset);
            format!("{before}{}", after.replacen(':', &format!(": {scalar}"), 1))
        }
        None => {
            let beside = block.entry("minimum_rancher_version").or_else(|| block.entry("version"));
            let (key, value) = beside.ok_or(EditError::Layout(MAXIMUM))?;
            let indent = " ".repeat(key.span.start.column.saturating_sub(1) as usize);
            let end = text[value.span.end.offset..].find('\n').map(|at| value.span.end.offset + at + 1);
            let (before, after) = text.split_at(end.unwrap_or(text.len()));
            let line_end = if before.ends_with("\r\n") { "\r\n" } else { "\n" };
            let missing = if before.ends_with('\n') { "" } else { line_end };
            format!("{before}{missing}{indent}{MAXIMUM}: {scalar}{line_end}{after}")
        }
    };
    let mut wanted = document.to_value();
    let Some(Value::Mapping(map)) = wanted.get_mut(name) else { return Err(EditError::Layout(MAXIMUM)) };
    map.insert(MAXIMUM.into(), maximum.text().into());
    verified(edited, &wanted, MAXIMUM).map(Some)
}

fn read(text: &str) -> Result<Document, EditError> {
    Document::read(text).map_err(|error| EditError::Unreadable(error.to_string()))
}

fn replaced(text: &str, node: &Node, by: &str) -> String {
    format!("{}{by}{}", &text[..node.span.start.offset], &text[node.span.end.offset..])
}

fn verified(edited: String, wanted: &Value, key: &'static str) -> Result<String, EditError> {
    match Document::read(&edited) {
        Ok(document) if same(&document.to_value(), wanted) => Ok(edited),
        _ => Err(EditError::Layout(key)),
    }
}

/// Equal, whatever the order of keys.
fn same(left: &Value, right: &Value) -> bool {
    crate::render::first_difference(left, right).is_none()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_default_version_is_set_and_nothing_else_changes() {
        for (before, after) in [
            ("name: x\nversion: v1.0.0\n# c\n", "name: x\nversion: v2.0.0\n# c\n"),
            ("version: \"v1\" # c\nname: x", "version: v2.0.0 # c\nname: x"),
            ("version: 'v1'\r\nname: x\r\n", "version: v2.0.0\r\nname: x\r\n"),
            ("name: x", "name: x\nversion: v2.0.0\n"),
            ("{name: x, version: 1}", "{name: x, version: v2.0.0}"),
        ] {
            assert_eq!(set_default_version(before, &"v2.0.0".into()).as_deref(), Ok(after), "{before:?}");
        }
    }

    #[test]
    fn a_default_version_that_cannot_be_set_alone_is_an_error() {
        for text in
            ["", "- a\n", "version: [a]\n", "version: &a v1\nname: *a\n", "{name: x}", "version: [", "a: |\n  x"]
        {
            let edited = set_default_version(text, &"v2.0.0".into());
            let fine =
                edited.as_ref().is_ok_and(|text| Document::read(text).unwrap().to_value()["version"] == "v2.0.0");
            assert!(edited.is_err() || fine, "{text:?}: {edited:?}");
        }
    }

    #[test]
    fn a_file_that_is_no_map_or_has_ended_is_not_set() {
        for text in ["bm\n...\n", "bm\n", "name: x\n...\n", "- version: v1\n", "name: x\n---\nname: y\n"] {
            assert_eq!(set_default_version(text, &"v2.0.0".into()), Err(EditError::Layout("version")), "{text:?}");
        }
    }

    #[test]
    fn a_revision_is_closed_in_its_catalog_block() {
        let close = |text: &str| close(text, &"v1.5.99".into());
        for (before, after) in [
            (
                ".catalog:\n  version: v1\nweb:\n  scale: 1\n",
                ".catalog:\n  version: v1\n  maximum_rancher_version: v1.5.99\nweb:\n  scale: 1\n",
            ),
            (
                "catalog:\n    version: v1\n    minimum_rancher_version: v1.2.0 # c\n    questions: []\n",
                "catalog:\n    version: v1\n    minimum_rancher_version: v1.2.0 # c\n    maximum_rancher_version: v1.5.99\n    questions: []\n",
            ),
            (".catalog:\r\n  version: v1", ".catalog:\r\n  version: v1\n  maximum_rancher_version: v1.5.99\n"),
            (
                ".catalog:\n  version: v1\n  maximum_rancher_version: v1.6.99\n",
                ".catalog:\n  version: v1\n  maximum_rancher_version: v1.5.99\n",
            ),
            (
                ".catalog:\n  maximum_rancher_version:\n  version: v1\n",
                ".catalog:\n  maximum_rancher_version: v1.5.99\n  version: v1\n",
            ),
        ] {
            assert_eq!(close(before), Ok(Some(after.to_owned())), "{before:?}");
        }
        assert_eq!(close(".catalog:\n  version: v1\n  maximum_rancher_version: v1.4.99\n"), Ok(None));
        for text in ["web: {}\n", ".catalog: {version: v1}\n", ".catalog:\n  name: x\n", "a: ["] {
            assert!(close(text).is_err(), "{text:?}");
        }
    }
}
