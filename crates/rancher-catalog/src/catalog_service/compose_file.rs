//! A rancher-compose.yml as the catalog service reads it: as it stands, without answers.

use crate::yaml::Node;

use super::fit::{Misfit, Want, field, misfits};

/// Any map below any key.
const SERVICES: Want = Want::Map(&Want::Map(&Want::Anything));
const SECTION: Want = Want::Map(&Want::Anything);
/// `config.Config` of libcompose.
const FILE: Want =
    Want::Fields(&[("version", Want::Text), ("services", SERVICES), ("volumes", SECTION), ("networks", SECTION)]);
/// `model.Question`.
const QUESTION: Want = Want::Fields(&[
    ("variable", Want::Text),
    ("label", Want::Text),
    ("description", Want::Text),
    ("type", Want::Text),
    ("required", Want::Truth),
    ("default", Want::Text),
    ("group", Want::Text),
    ("min_length", Want::Whole),
    ("max_length", Want::Whole),
    ("min", Want::Whole),
    ("max", Want::Whole),
    ("options", Want::List(&Want::Text)),
    ("valid_chars", Want::Text),
    ("invalid_chars", Want::Text),
]);
/// `model.File`.
const FILE_OF_VERSION: Want =
    Want::Fields(&[("versionid", Want::Unsigned), ("name", Want::Text), ("contents", Want::Text)]);
/// `model.Version`, and what the compose executor's `model.RancherCompose` reads beside it.
pub(super) const VERSION: Want = Want::Fields(&[
    ("version", Want::Text),
    ("minimum_rancher_version", Want::Text),
    ("maximum_rancher_version", Want::Text),
    ("upgrade_from", Want::Text),
    ("labels", Want::Map(&Want::Text)),
    ("questions", Want::List(&QUESTION)),
    // Nobody means these, and yet the service has fields of these names.
    ("templateid", Want::Unsigned),
    ("revision", Want::Whole),
    ("readme", Want::Text),
    ("files", Want::List(&FILE_OF_VERSION)),
    // Of the executor alone.
    ("name", Want::Text),
    ("uuid", Want::Text),
    ("description", Want::Text),
]);

/// Why the catalog service cannot read a rancher-compose.yml.
#[derive(Debug)]
pub enum Refusal<'n> {
    /// `version` is not 2: then all at the top are services, and this is none.
    Version(&'n Node),
    /// A value is of another type than is due.
    Misfit(Misfit<'n>),
}

impl<'n> Refusal<'n> {
    fn of(misfit: Misfit<'n>) -> Self {
        let is_version = misfit.path == ["version"] && misfit.node.text().is_some();
        if is_version { Self::Version(misfit.node) } else { Self::Misfit(misfit) }
    }
}

/// The catalog block that the service takes of a rancher-compose.yml, or would take if the rest were right.
pub fn catalog_block(root: &Node) -> Option<&Node> {
    ["catalog", ".catalog"].iter().find_map(|name| given(root, name)).or_else(|| {
        let (_, services) = field(root, "services").filter(|_| is_version_2(root))?;
        given(services, ".catalog")
    })
}

/// Why the service drops a rancher-compose.yml, and the version with it; nothing if it does not.
pub fn refusals(root: &Node) -> Vec<Refusal<'_>> {
    let mut found = misfits(root, &FILE);
    if found.is_empty() && !is_version_2(root) {
        found = misfits(root, &SERVICES);
    }
    if found.is_empty() {
        found = catalog_block(root).map_or_else(Vec::new, |block| misfits(block, &VERSION));
    }
    found.into_iter().map(Refusal::of).collect()
}

fn is_version_2(root: &Node) -> bool {
    field(root, "version").and_then(|(_, version)| version.text()) == Some("2")
}

/// The value of a key that is not null.
fn given<'n>(map: &'n Node, name: &str) -> Option<&'n Node> {
    let (_, value) = field(map, name)?;
    (!value.is_null()).then_some(value)
}

#[cfg(test)]
mod tests {
    use super::refusals as refusals_of;
    use super::*;
    use crate::yaml::Document;

    fn told(text: &str) -> Vec<String> {
        let document = Document::read(text).unwrap();
        refusals_of(document.root.as_ref().unwrap())
            .iter()
            .map(|refusal| match refusal {
                Refusal::Version(node) => format!("version {}", node.text().unwrap_or_default()),
                Refusal::Misfit(misfit) => misfit.path.join("."),
            })
            .collect()
    }

    #[test]
    fn one_odd_value_is_one_refusal() {
        for (text, refused) in [
            ("version: '2'\ncatalog: {version: v1}\nservices:\n  web:", &[][..]),
            ("version: 2\ncatalog: {version: v1}\nmore: 3", &[]),
            (".catalog: {version: v1}\nweb: {scale: 1}\nother:", &[]),
            ("version: '3'\ncatalog: {version: v1}", &["version 3"]),
            ("version: 2.0\n.catalog: {version: [v1]}", &["version 2.0"]),
            ("version: {image: x}\n.catalog: {version: v1}", &["version"]),
            (".catalog: {version: v1}\nweb: 3", &["web"]),
            (".catalog: [a]", &[".catalog"]),
            ("version: '2'\nservices: []", &["services"]),
            ("version: '2'\nservices: {web: yes}", &["services.web"]),
            ("version: '2'\nvolumes: [a]", &["volumes"]),
            ("version: '2'\ncatalog: v1", &["catalog"]),
            ("version: '2'\ncatalog: {version: v1, questions: {a: b}}", &["questions"]),
            (
                "version: '2'\ncatalog: {version: v1, questions: [a, {min: b, max: c}]}",
                &["questions", "questions.min", "questions.max"],
            ),
            ("version: '2'\ncatalog: {version: v1, labels: [a]}", &["labels"]),
            ("version: '2'\ncatalog: {version: v1, labels: {a: {}}}", &["labels.a"]),
            ("version: '2'\ncatalog: {version: v1, name: []}", &["name"]),
            ("version: '2'\ncatalog: {version: v1, revision: one}", &["revision"]),
        ] {
            let refused: Vec<String> = refused
                .iter()
                .map(|path| if text.contains("catalog: v1") { String::new() } else { (*path).to_owned() })
                .collect();
            assert_eq!(told(text), refused, "{text}");
        }
    }

    #[test]
    fn the_block_is_that_which_rancher_takes() {
        for (text, version) in [
            ("catalog: {version: a}\n.catalog: {version: b}", Some("a")),
            ("catalog:\n.catalog: {version: b}", Some("b")),
            ("version: '2'\nservices: {.catalog: {version: c}}", Some("c")),
            ("version: '2'\n.catalog: {version: b}\nservices: {.catalog: {version: c}}", Some("b")),
            ("services: {.catalog: {version: c}}", None),
            ("version: '2'\nservices:", None),
        ] {
            let document = Document::read(text).unwrap();
            let block = catalog_block(document.root.as_ref().unwrap());
            let found = block.and_then(|block| field(block, "version")).and_then(|(_, version)| version.text());
            assert_eq!(found, version, "{text}");
        }
    }
}
