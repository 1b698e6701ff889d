//! Hosts by their names, where texts have IDs.

use std::collections::{BTreeMap, BTreeSet};

use super::Known;

/// What hosts are called.
pub struct Names {
    /// What each is called, and its machine's name alone, by the host's UUID and by its node's ID.
    by_id: BTreeMap<String, (String, String)>,
}

impl Names {
    /// Of these hosts. One that shares its name with another is told with its address.
    pub fn of<'a>(hosts: impl Iterator<Item = &'a Known> + Clone) -> Self {
        let (mut once, mut twice) = (BTreeSet::new(), BTreeSet::new());
        for host in hosts.clone() {
            if !once.insert(host.name.as_str()) {
                twice.insert(host.name.as_str());
            }
        }
        let mut by_id = BTreeMap::new();
        for host in hosts {
            let name = match host.name.as_str() {
                "" => host.address.clone(),
                name if twice.contains(name) => format!("{name} ({})", host.address),
                name => name.to_owned(),
            };
            let called = (name, host.name.clone());
            by_id.extend(host.node.iter().map(|node| (node.clone(), called.clone())));
            by_id.insert(host.uuid.clone(), called);
        }
        Self { by_id }
    }

    /// A host's name.
    pub fn name(&self, host: &Known) -> String {
        self.find(&host.uuid).unwrap_or(&host.name).to_owned()
    }

    /// The host with this UUID, or that is this node.
    pub fn find(&self, id: &str) -> Option<&str> {
        self.by_id.get(id).map(|(called, _)| called.as_str())
    }

    /// A text with names in the place of IDs.
    pub fn said(&self, text: &str) -> String {
        let is_of_an_id = |letter: char| letter.is_ascii_alphanumeric() || letter == '-';
        let mut said = String::with_capacity(text.len());
        let mut rest = text;
        while let Some(start) = rest.find(is_of_an_id) {
            let (before, word) = rest.split_at(start);
            let end = word.find(|letter| !is_of_an_id(letter)).unwrap_or(word.len());
            let (word, after) = word.split_at(end);
            said.push_str(before);
            said.push_str(self.find(word).unwrap_or(word));
            // A monitor tells a node's name beside its ID.
            let name = self.by_id.get(word).map(|(_, name)| format!(" ({name})"));
            rest = name.and_then(|name| after.strip_prefix(&name)).unwrap_or(after);
        }
        said.push_str(rest);
        said
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_names_hosts_and_those_of_one_name_are_told_apart() {
        let known = |uuid: &str, name: &str, address: &str| Known {
            uuid: uuid.into(),
            name: name.into(),
            address: address.into(),
            node: Some(format!("node{uuid}")),
            is_manager: false,
        };
        let hosts =
            [known("u-1", "one", "10.0.0.1"), known("u-2", "twin", "10.0.0.2"), known("u-3", "twin", "10.0.0.3")];
        let names = Names::of(hosts.iter());
        assert_eq!(names.said("promote nodeu-1, é u-2: node xu-1"), "promote one, é twin (10.0.0.2): node xu-1");
        assert_eq!(names.said("promote nodeu-1 (one), nodeu-2 (twin)"), "promote one, twin (10.0.0.2)");
        assert_eq!(names.said("…"), "…");
        assert_eq!(names.name(&hosts[2]), "twin (10.0.0.3)");
    }
}
