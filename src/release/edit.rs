//! What a release changes in files that someone else wrote.

use crate::text_edit::{EditError, YamlText};
use rancher_catalog::model::Version;

const MAXIMUM: &str = "maximum_rancher_version";

/// Sets the default version of a config.yml.
///
/// # Errors
/// The file cannot be read, or is laid out too oddly.
pub fn set_default_version(text: &[u8], version: &Version) -> Result<Vec<u8>, EditError> {
    let file = YamlText::read(text)?;
    let layout = |_| EditError::Layout("version".to_owned());
    let root = file.root().map_err(layout)?;
    match root.entry("version") {
        Some(entry) => file.with_value(entry, &version.text()),
        None => file.with_entry(root, None, "version", &version.text()),
    }
}

/// Closes a rancher-compose.yml to Rancher servers after a version; `None` where it is closed to them already.
///
/// # Errors
/// The file cannot be read, has no catalog block, or is laid out too oddly.
pub fn close(text: &[u8], maximum: &Version) -> Result<Option<Vec<u8>>, EditError> {
    let file = YamlText::read(text)?;
    let layout = || EditError::Layout(MAXIMUM.to_owned());
    let root = file.root().map_err(|_| layout())?;
    let blocks = ["catalog", ".catalog"].into_iter().filter_map(|name| root.get(name));
    let block = blocks.into_iter().find(|block| !block.entries().is_empty()).ok_or_else(layout)?;
    if let Some(entry) = block.entry(MAXIMUM) {
        let present = entry.1.text().filter(|text| !text.is_empty()).map(Version::from);
        if present.is_some_and(|present| present.cmp_as_rancher(maximum).is_le()) {
            return Ok(None);
        }
        return file.with_value(entry, &maximum.text()).map(Some);
    }
    let of = |key: &str| block.entries().iter().rfind(|(name, _)| name.text() == Some(key));
    let beside = of("minimum_rancher_version").or_else(|| of("version")).ok_or_else(layout)?;
    file.with_entry(block, Some(beside), MAXIMUM, &maximum.text()).map(Some)
}

#[cfg(test)]
mod tests {
    use super::*;
    use rancher_catalog::yaml::Document;

    fn set(text: &str) -> Result<String, EditError> {
        let edited = set_default_version(text.as_bytes(), &"v2.0.0".into());
        edited.map(|edited| String::from_utf8(edited).unwrap())
    }

    #[test]
    fn the_default_version_is_set_and_nothing_else_changes() {
        for (before, after) in [
            ("name: x\nversion: v1.0.0\n# c\n", "name: x\nversion: v2.0.0\n# c\n"),
            ("version: \"v1\" # c\nname: x", "version: \"v2.0.0\" # c\nname: x"),
            ("version: 'v1'\r\nname: x\r\n", "version: 'v2.0.0'\r\nname: x\r\n"),
            ("name: x", "name: x\nversion: v2.0.0\n"),
            ("{name: x, version: 1}", "{name: x, version: v2.0.0}"),
        ] {
            assert_eq!(set(before).as_deref(), Ok(after), "{before:?}");
        }
    }

    #[test]
    fn a_default_version_that_cannot_be_set_alone_is_an_error() {
        for text in
            ["", "- a\n", "version: [a]\n", "version: &a v1\nname: *a\n", "{name: x}", "version: [", "a: |\n  x"]
        {
            let edited = set(text);
            let fine =
                edited.as_ref().is_ok_and(|text| Document::read(text).unwrap().to_value()["version"] == "v2.0.0");
            assert!(edited.is_err() || fine, "{text:?}: {edited:?}");
        }
    }

    #[test]
    fn a_file_that_is_no_map_or_has_ended_is_not_set() {
        for text in ["bm\n...\n", "bm\n", "name: x\n...\n", "- version: v1\n", "name: x\n---\nname: y\n"] {
            assert_eq!(set(text), Err(EditError::Layout("version".to_owned())), "{text:?}");
        }
    }

    #[test]
    fn a_revision_is_closed_in_its_catalog_block() {
        let close = |text: &str| {
            let closed = close(text.as_bytes(), &"v1.5.99".into())?;
            Ok::<_, EditError>(closed.map(|closed| String::from_utf8(closed).unwrap()))
        };
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
