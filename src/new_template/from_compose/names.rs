//! The names that services get: Cattle takes letters, digits and single hyphens, and no two that differ in capitals alone.

use std::collections::{BTreeMap, HashMap, HashSet};

use super::super::name::service_name;

/// The new name of each, by the old one.
pub(super) fn new_names<'n>(old: impl Iterator<Item = &'n str> + Clone) -> BTreeMap<&'n str, String> {
    let mut names: BTreeMap<&str, String> = BTreeMap::new();
    let mut taken: HashSet<String> = HashSet::new();
    // The next number behind a name, so that thousands of one name do not each begin anew.
    let mut numbers: HashMap<String, usize> = HashMap::new();
    // Those that stay go first, so that none of them has to give way.
    for name in old.clone().filter(|name| is_good(name)) {
        if taken.insert(name.to_ascii_lowercase()) {
            names.insert(name, name.to_owned());
        }
    }
    for name in old {
        if names.contains_key(name) {
            continue;
        }
        let plain = service_name(name).unwrap_or_else(|| "service".to_owned());
        let mut free = plain.clone();
        let stem = &plain[..plain.len().min(55)];
        let number = numbers.entry(stem.to_ascii_lowercase()).or_insert(2);
        while !taken.insert(free.to_ascii_lowercase()) {
            free = service_name(&format!("{stem}-{number}")).unwrap_or_else(|| plain.clone());
            *number += 1;
        }
        names.insert(name, free);
    }
    names
}

/// Whether Cattle takes it.
fn is_good(name: &str) -> bool {
    let is_plain = name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    is_plain && (1..=63).contains(&name.len()) && !name.starts_with('-') && !name.ends_with('-') && !name.contains("--")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn odd_names_get_another_and_good_ones_stay() {
        let names = new_names(["my_db", "my-db", "Web", "web", "a.b", "_", "x--y"].into_iter());
        let made: Vec<(&str, &str)> = names.iter().map(|(old, new)| (*old, new.as_str())).collect();
        let wanted = [
            ("Web", "Web"),
            ("_", "service"),
            ("a.b", "a-b"),
            ("my-db", "my-db"),
            ("my_db", "my-db-2"),
            ("web", "web-2"),
            ("x--y", "x-y"),
        ];
        assert_eq!(made, wanted);
    }
}
