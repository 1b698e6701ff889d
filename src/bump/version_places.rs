//! Where a version of a template stands as that, beside config.yml.

use crate::text_edit::{EditError, Edits, Lines, YamlText};
use rancher_catalog::model::Scalar;
use rancher_catalog::yaml::Node;

/// The version as Rancher reads it of a node.
fn version_of(node: &Node) -> Option<String> {
    let scalar: Scalar = serde_yaml::from_value(node.to_value()).ok()?;
    Some(scalar.text().into_owned())
}

/// The blocks that may be the catalog block of a rancher-compose.yml.
fn blocks(root: &Node) -> Vec<&Node> {
    let inner = root.get("services").and_then(|services| services.get(".catalog"));
    ["catalog", ".catalog"].iter().filter_map(|name| root.get(name)).chain(inner).collect()
}

/// A rancher-compose.yml with another version in its catalog block, and in the uuid that ends in it.
///
/// # Errors
/// The file cannot be read, or is laid out too oddly.
pub fn in_rancher_compose(text: &[u8], old: &str, new: &str) -> Result<Vec<u8>, EditError> {
    let mut text = text.to_vec();
    // One at a time, as each moves what stands behind it; and each once.
    for block in 0..blocks(YamlText::read(&text)?.root()?).len() {
        for key in ["version", "uuid"] {
            if let Some(edited) = in_block(&text, block, key, old, new)? {
                text = edited;
            }
        }
    }
    Ok(text)
}

fn in_block(text: &[u8], block: usize, key: &str, old: &str, new: &str) -> Result<Option<Vec<u8>>, EditError> {
    let file = YamlText::read(text)?;
    let Some(entry) = blocks(file.root()?).get(block).and_then(|block| block.entry(key)) else { return Ok(None) };
    if key == "version" {
        let is_old = version_of(entry.1).as_deref() == Some(old) && old != new;
        return if is_old { file.with_value(entry, new).map(Some) } else { Ok(None) };
    }
    let kept = entry.1.text().and_then(|uuid| uuid.strip_suffix(old)).filter(|kept| kept.ends_with([':', '-', '/']));
    kept.map(|kept| file.with_value(entry, &format!("{kept}{new}"))).transpose()
}

/// What becomes of a README that names a version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Readme {
    /// Its text.
    pub text: Vec<u8>,
    /// The lines in which the version was changed.
    pub lines: Vec<usize>,
    /// Whether headings name the version and others before it: a history, in which no heading is changed.
    pub has_history: bool,
}

/// A README with another version where it names the one before; `before` are the other versions of the template.
pub fn in_readme(text: &[u8], old: &str, new: &str, before: &[String]) -> Readme {
    let mut readme = Readme { text: text.to_vec(), lines: Vec::new(), has_history: false };
    if !is_telling(old) {
        return readme;
    }
    let headings: Vec<&[u8]> = text.split(|byte| *byte == b'\n').filter(|line| is_heading(line)).collect();
    let others = before.iter().filter(|version| *version != old && is_telling(version));
    let names_old = headings.iter().any(|line| !places(line, old).is_empty());
    let names_other = others.into_iter().any(|other| headings.iter().any(|line| !places(line, other).is_empty()));
    readme.has_history = names_old && names_other;
    let mut edits = Edits::default();
    let mut lines = Lines::of(text);
    for at in places(text, old) {
        let (number, line) = lines.line(at);
        if readme.has_history && is_heading(&text[line]) {
            continue;
        }
        edits.replace(at..at + old.len(), new);
        readme.lines.push(number);
    }
    readme.text = edits.apply(text);
    readme
}

fn is_heading(line: &[u8]) -> bool {
    line.starts_with(b"#") || line.starts_with(b"<h")
}

/// Whether a text can be nothing but a version: of a number alone, or a word, nobody knows what is meant.
fn is_telling(version: &str) -> bool {
    version.contains('.') && version.contains(|c: char| c.is_ascii_digit())
}

/// Where a text names a version, and not a longer one, an image's tag or a part of a path.
fn places(text: &[u8], version: &str) -> Vec<usize> {
    let wanted = version.as_bytes();
    let starts =
        (0..text.len().saturating_sub(wanted.len().saturating_sub(1))).filter(|at| text[*at..].starts_with(wanted));
    let is_alone = |at: &usize| {
        let before = at.checked_sub(1).map(|before| text[before]);
        let is_begun = before.is_some_and(|byte| {
            byte.is_ascii_alphanumeric()
                || !byte.is_ascii()
                || matches!(byte, b'.' | b'_' | b'-' | b'/' | b':' | b'@' | b'=' | b'$')
        });
        let after = &text[at + wanted.len()..];
        let goes_on = match after {
            [b'.', next, ..] => next.is_ascii_alphanumeric(),
            [byte, ..] => byte.is_ascii_alphanumeric() || !byte.is_ascii() || matches!(byte, b'_' | b'-' | b'+' | b'/'),
            [] => false,
        };
        !is_begun && !goes_on
    };
    starts.filter(is_alone).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_version_changes_in_the_catalog_block_alone() {
        for (before, after) in [
            (
                ".catalog:\n  version: \"v1.0\" # v1.0\n  name: v1.0\nweb:\n  metadata:\n    version: v1.0\n",
                ".catalog:\n  version: \"v1.1\" # v1.0\n  name: v1.0\nweb:\n  metadata:\n    version: v1.0\n",
            ),
            ("version: '2'\ncatalog:\n  version: 'v1.0'\n", "version: '2'\ncatalog:\n  version: 'v1.1'\n"),
            ("catalog: {uuid: web-v1.0, version: v1.0}", "catalog: {uuid: web-v1.1, version: v1.1}"),
            (
                "version: '2'\nservices:\n  .catalog:\n    version: v1.0\n",
                "version: '2'\nservices:\n  .catalog:\n    version: v1.1\n",
            ),
            (".catalog:\n  uuid: x1v1.0\n  version: v1.0\n", ".catalog:\n  uuid: x1v1.0\n  version: v1.1\n"),
        ] {
            let edited = in_rancher_compose(before.as_bytes(), "v1.0", "v1.1").unwrap();
            assert_eq!(String::from_utf8(edited).unwrap(), after);
        }
    }

    #[test]
    fn a_readme_changes_where_it_names_the_version() {
        let before = vec!["0.9.0".to_owned(), "1.0.0".to_owned()];
        let readme = |text: &str| {
            let readme = in_readme(text.as_bytes(), "1.0.0", "1.1.0", &before);
            (String::from_utf8(readme.text).unwrap(), readme.has_history)
        };
        assert_eq!(readme("# Web 1.0.0\n\nThis is 1.0.0.\n").0, "# Web 1.1.0\n\nThis is 1.1.0.\n");
        for text in ["11.0.0 1.0.0.1 1.0.0-rc1 v1.0.0 a:1.0.0 x/1.0.0/y 1.0.0_1 --x=1.0.0", "1.0", ""] {
            assert_eq!(readme(text), (text.to_owned(), false));
        }
        let history = "# Web\n\nNow 1.0.0\n\n## 1.0.0\n\n- new\n\n## 0.9.0\n\n- old\n";
        assert_eq!(readme(history), (history.replacen("Now 1.0.0", "Now 1.1.0", 1), true));
        assert_eq!(in_readme(b"version 2 and edge", "2", "3", &[]).text, b"version 2 and edge");
    }
}
