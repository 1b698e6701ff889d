//! Which variables the compose files of a version use, in every way in which Rancher hands over an answer.

use std::collections::HashSet;

use rancher_catalog::catalog_service::field;
use rancher_catalog::source::{VersionSource, YamlFile};
use rancher_catalog::yaml::Node;

/// The variables that a version uses.
pub struct UsedVariables<'a> {
    names: HashSet<&'a str>,
    /// Templates do something with the answers that cannot be told from their text.
    anything: bool,
}

impl<'a> UsedVariables<'a> {
    /// Those of a version.
    pub fn of(version: &'a VersionSource) -> Self {
        let mut used = Self { names: HashSet::new(), anything: false };
        for file in version.docker_compose.iter().chain(&version.rancher_compose) {
            used.names.extend(behind_dollars(&file.text));
            used.of_actions(file);
            for reading in &file.readings {
                let root = reading.document.as_ref().ok().and_then(|document| document.root.as_ref());
                root.into_iter().for_each(|root| used.of_environments(root));
            }
        }
        used
    }

    /// Whether a variable is used, or may be.
    pub fn may_use(&self, name: &str) -> bool {
        self.anything || self.names.contains(name)
    }

    /// Their names, as far as they can be told.
    pub fn all(&self) -> impl Iterator<Item = &str> {
        self.names.iter().copied()
    }

    /// Whether a variable is used by its name.
    pub fn names(&self, name: &str) -> bool {
        self.names.contains(name)
    }

    /// Every word in an action may be a variable: `.Values.A`, `index .Values "A"`.
    fn of_actions(&mut self, file: &'a YamlFile) {
        if file.template_error.is_some() {
            self.anything = true;
        }
        if !file.is_template() {
            return;
        }
        for action in file.text.split("{{").skip(1) {
            let action = action.split("}}").next().unwrap_or_default();
            let words = action.split(|c: char| c != '_' && c != '-' && !c.is_ascii_alphanumeric());
            self.names.extend(words.filter(|word| !word.is_empty()));
            // All answers at once: `range .Values`, `with .Values`, `index .Values (..)`.
            let mut at_once = action.match_indices(".Values").map(|(at, found)| &action[at + found.len()..]);
            let is_key = |behind: &str| {
                behind.starts_with('.') || (behind.trim_start().starts_with(['"', '`']) && action.contains("index"))
            };
            self.anything |= at_once.any(|behind| !is_key(behind));
        }
    }

    /// A variable of the environment, or an argument of a build, without a value gets the answer of its name.
    fn of_environments(&mut self, root: &'a Node) {
        let nested = field(root, "services").map_or(&[][..], |(_, services)| services.entries());
        for (_, service) in root.entries().iter().chain(nested) {
            let arguments = field(service, "build").and_then(|(_, build)| field(build, "args"));
            for (_, values) in field(service, "environment").into_iter().chain(arguments) {
                self.names.extend(values.items().iter().filter_map(Node::text).filter(|item| !item.contains('=')));
                let blank = values.entries().iter().filter(|(_, value)| value.to_value().is_null());
                self.names.extend(blank.filter_map(|(key, _)| key.text()));
            }
        }
    }
}

/// The names behind `$` and `${` anywhere in a text, comments and keys included; `$$` is a dollar.
fn behind_dollars(text: &str) -> Vec<&str> {
    let mut found = Vec::new();
    let mut rest = text;
    while let Some(at) = rest.find('$') {
        rest = &rest[at + 1..];
        if let Some(behind) = rest.strip_prefix('$') {
            rest = behind;
            continue;
        }
        let name = rest.strip_prefix('{').unwrap_or(rest);
        let end = name.find(|c: char| c != '_' && !c.is_ascii_alphanumeric()).unwrap_or(name.len());
        found.push(&name[..end]);
    }
    found
}
