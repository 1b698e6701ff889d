//! Values of a file as the catalog service takes them: scalars become texts, and what has another shape is none.

use rancher_catalog::catalog_service::{field, text_of};
use rancher_catalog::hidden::seen_in_a_line;
use rancher_catalog::yaml::{Node, NodeKind};

/// The most characters of a text of one line that a page shows.
const LONGEST: usize = 2_000;

/// The text of a key.
pub fn text(map: &Node, key: &str) -> Option<String> {
    let (_, value) = field(map, key)?;
    matches!(value.kind, NodeKind::Scalar { .. }).then(|| text_of(&value.to_value()))
}

/// The items of a key's list that are scalars.
pub fn texts(map: &Node, key: &str) -> Vec<String> {
    let items = field(map, key).map_or(&[][..], |(_, value)| value.items());
    let scalars = items.iter().filter(|item| matches!(item.kind, NodeKind::Scalar { .. }));
    scalars.map(|item| text_of(&item.to_value())).collect()
}

/// A text as a page shows it: what acts in it is seen, and it has an end.
pub fn shown(text: &str) -> String {
    let seen = seen_in_a_line(text.trim());
    match seen.char_indices().nth(LONGEST) {
        Some((at, _)) => format!("{}…", &seen[..at]),
        None => seen.into_owned(),
    }
}

/// A text of one line that stands in a list of many.
pub fn short(text: &str, most: usize) -> String {
    let text = shown(text);
    match text.char_indices().nth(most) {
        Some((at, _)) => format!("{}…", &text[..at]),
        None => text,
    }
}

/// How many bytes a text has in a page, where some characters become several.
pub fn weight(text: &str) -> usize {
    text.len() + 5 * text.bytes().filter(|byte| matches!(byte, b'<' | b'>' | b'&' | b'"' | b'\'' | b'/')).count()
}
