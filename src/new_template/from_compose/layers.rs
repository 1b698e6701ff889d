//! What a map holds as compose reads it, and services that extend others: layer upon layer.

use std::collections::HashMap;

use rancher_catalog::yaml::Node;

/// A key of a service with all the values that are laid on each other, the one that counts last.
#[derive(Debug)]
pub(super) struct Key<'a> {
    pub name: &'a str,
    pub at: &'a Node,
    pub layers: Vec<&'a Node>,
}

impl<'a> Key<'a> {
    /// The value that counts.
    pub fn value(&self) -> &'a Node {
        self.layers.last().copied().unwrap_or(self.at)
    }
}

/// The entries of a map, each key once: what stands in the map itself goes before what `<<` merges, and of equal ones the
/// last counts.
pub(super) fn entries(map: &Node) -> Vec<(&Node, &Node)> {
    let mut found: Vec<(&Node, &Node)> = Vec::new();
    let mut places: HashMap<&str, usize> = HashMap::new();
    let is_own = |node: &Node| {
        (map.span.start.offset..=map.span.end.offset.max(map.span.start.offset)).contains(&node.span.start.offset)
    };
    for (key, value) in map.entries() {
        let Some(name) = key.text() else { continue };
        match places.get(name) {
            Some(at) if is_own(found[*at].0) && !is_own(key) => {}
            Some(at) => found[*at] = (key, value),
            None => {
                places.insert(name, found.len());
                found.push((key, value));
            }
        }
    }
    found
}

/// The keys of layers, each once, in the order in which they come first.
pub(super) fn laid<'a>(layers: &[&'a Node]) -> Vec<Key<'a>> {
    let mut keys: Vec<Key<'a>> = Vec::new();
    let mut places: HashMap<&str, usize> = HashMap::new();
    for layer in layers {
        for (at, value) in entries(layer) {
            let name = at.text().unwrap_or_default();
            match places.get(name) {
                Some(place) => {
                    keys[*place].at = at;
                    keys[*place].layers.push(value);
                }
                None => {
                    places.insert(name, keys.len());
                    keys.push(Key { name, at, layers: vec![value] });
                }
            }
        }
    }
    keys
}
