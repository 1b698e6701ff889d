//! Paths into a compose file: `services.web.ports[0]`, `services.web.labels["io.rancher.container.dns"]`.
//!
//! A dot parts keys. As many keys of compose files have dots themselves, a key may also be written with them, where no
//! shorter one is there: `services.web.labels.io.rancher.container.dns` finds that label too.

use catalog_check::is_it;
use rancher_catalog::schema::service_keys;
use rancher_catalog::yaml::{Node, NodeKind};

/// What may stand at the top of a compose file of version 2.
const SECTIONS: [&str; 7] = ["version", "services", "volumes", "networks", "secrets", "catalog", ".catalog"];

/// The longest path, in bytes.
const LONGEST: usize = 2000;

/// A path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Path {
    steps: Vec<Step>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Step {
    /// What stands between dots: a key, or a part of one.
    Word(String),
    /// A whole key, in quotes and brackets.
    Key(String),
    /// An item of a list, from 0; from its end below 0.
    Index(i64),
}

/// What is at a path.
#[derive(Debug)]
pub(super) enum Found<'n> {
    /// The value.
    Here(&'n Node),
    /// Nothing: how far there is something, and what is said of the step that leads nowhere.
    Nothing {
        /// How many keys and items there are on the way.
        depth: usize,
        /// The last one of them.
        last: &'n Node,
        /// What is not there.
        told: String,
    },
}

impl Path {
    /// Reads a path.
    pub(super) fn read(text: &str) -> Result<Self, String> {
        if text.len() > LONGEST {
            return Err(format!("a path has at most {LONGEST} signs"));
        }
        let mut steps = Vec::new();
        let mut rest = text;
        let mut at_start = true;
        while !rest.is_empty() {
            if let Some(behind) = rest.strip_prefix('[') {
                let (step, behind) = bracket(behind)?;
                steps.push(step);
                rest = behind;
            } else {
                let word = match rest.strip_prefix('.') {
                    Some(_) if at_start => return Err("a path begins with a key, not with a dot".to_owned()),
                    Some(behind) => behind,
                    None if at_start => rest,
                    None => return Err("behind a bracket a dot or another bracket is due".to_owned()),
                };
                let end = word.find(['.', '[']).unwrap_or(word.len());
                if end == 0 {
                    return Err("there is nothing between two dots, or behind the last one".to_owned());
                }
                steps.push(Step::Word(word[..end].to_owned()));
                rest = &word[end..];
            }
            at_start = false;
        }
        if steps.is_empty() { Err("a path is empty".to_owned()) } else { Ok(Self { steps }) }
    }

    /// What is at it.
    pub(super) fn find<'n>(&self, root: &'n Node) -> Found<'n> {
        let mut nothing = None;
        match walk(root, &self.steps, 0, &mut nothing) {
            Some(node) => Found::Here(node),
            None => {
                let (depth, last, told) =
                    nothing.unwrap_or_else(|| (0, root, "there is nothing at this path".to_owned()));
                Found::Nothing { depth, last, told }
            }
        }
    }

    /// Whether what is not there cannot be: the first step that leads nowhere is a key that no service has, or no section of the
    /// file. `depth` is how far there is something.
    pub(super) fn slip(&self, root: &Node, depth: usize) -> Option<String> {
        let is_second_form = root.get("version").and_then(Node::text) == Some("2");
        let key = match self.steps.get(depth)? {
            Step::Word(key) | Step::Key(key) => key.as_str(),
            Step::Index(_) => return None,
        };
        let of_service = self.depth_of_service(root);
        let (what, known): (&str, Vec<&str>) = if depth == 0 && is_second_form {
            ("compose file", SECTIONS.to_vec())
        } else if of_service == Some(depth) {
            ("service", service_keys().iter().map(String::as_str).collect())
        } else {
            return None;
        };
        (!known.contains(&key)).then(|| format!("no {what} has `{key}`{}", is_it(known, key)))
    }

    /// The service that it leads into, with how deep that is: where it leads to a part of one, the service itself must be
    /// there.
    pub(super) fn depth_of_service(&self, root: &Node) -> Option<usize> {
        let depth = if root.get("version").and_then(Node::text) == Some("2") { 2 } else { 1 };
        let is_of_services =
            depth == 1 || matches!(self.steps.first(), Some(Step::Word(word) | Step::Key(word)) if word == "services");
        (is_of_services && self.steps.len() > depth).then_some(depth)
    }
}

/// A bracket, behind its first sign; and what is behind it.
fn bracket(text: &str) -> Result<(Step, &str), String> {
    let no_end = || "a bracket does not end: write [0] for an item, [\"a.key\"] for a key".to_owned();
    if let Some(quote) = text.chars().next().filter(|c| matches!(c, '"' | '\'')) {
        let (key, behind) = text[1..].split_once(quote).ok_or_else(no_end)?;
        let behind = behind.strip_prefix(']').ok_or_else(no_end)?;
        return Ok((Step::Key(key.to_owned()), behind));
    }
    let (inside, behind) = text.split_once(']').ok_or_else(no_end)?;
    let index =
        inside.parse().map_err(|_| format!("`[{inside}]` is no item: write [0], or [\"{inside}\"] for a key"))?;
    Ok((Step::Index(index), behind))
}

type Nothing<'n> = Option<(usize, &'n Node, String)>;

/// What is at some steps below a node; of the ways that lead nowhere the longest is kept.
fn walk<'n>(node: &'n Node, steps: &[Step], depth: usize, nothing: &mut Nothing<'n>) -> Option<&'n Node> {
    let Some(step) = steps.first() else { return Some(node) };
    let mut is_lost = |told: String| {
        if nothing.as_ref().is_none_or(|(known, ..)| *known <= depth) {
            *nothing = Some((depth, node, told));
        }
        None
    };
    match step {
        Step::Index(index) => {
            let NodeKind::List(items) = &node.kind else {
                return is_lost(format!("[{index}] is of a list, and this is none"));
            };
            let at =
                if *index < 0 { items.len().checked_add_signed(*index as isize) } else { usize::try_from(*index).ok() };
            match at.and_then(|at| items.get(at)) {
                Some(item) => walk(item, &steps[1..], depth + 1, nothing),
                None => is_lost(format!("there is no [{index}]: the list has {} items", items.len())),
            }
        }
        Step::Key(key) => match node.get(key) {
            Some(value) => walk(value, &steps[1..], depth + 1, nothing),
            None => is_lost(no_key(node, key)),
        },
        Step::Word(first) => {
            let mut key = String::new();
            for (at, step) in steps.iter().enumerate() {
                let Step::Word(word) = step else { break };
                if at > 0 {
                    key.push('.');
                }
                key.push_str(word);
                if let Some(value) = node.get(&key)
                    && let Some(found) = walk(value, &steps[at + 1..], depth + 1, nothing)
                {
                    return Some(found);
                }
            }
            // A shorter key may have led further.
            if nothing.as_ref().is_none_or(|(known, ..)| *known <= depth) {
                *nothing = Some((depth, node, no_key(node, first)));
            }
            None
        }
    }
}

fn no_key(node: &Node, key: &str) -> String {
    match &node.kind {
        NodeKind::Map(entries) => {
            let meant = is_it(entries.iter().filter_map(|(key, _)| key.text()), key);
            format!("there is no `{key}`{meant}")
        }
        NodeKind::List(_) => format!("there is no `{key}`: this is a list, whose items are [0] and so on"),
        NodeKind::Scalar { .. } => format!("there is no `{key}`: this is a single value"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rancher_catalog::yaml::Document;

    const TEXT: &str = "version: '2'\nservices:\n  web:\n    ports: [a, b]\n    labels:\n      io.rancher.dns: yes\n      a.b: 1\n      a: {b: 2, c: 3}\n      x[0]: q\n";

    fn told(path: &str) -> String {
        let document = Document::read(TEXT).unwrap();
        let path = match Path::read(path) {
            Ok(path) => path,
            Err(error) => return error,
        };
        match path.find(document.root.as_ref().unwrap()) {
            Found::Here(node) => node.text().unwrap_or("…").to_owned(),
            Found::Nothing { depth, told, .. } => format!("{depth}: {told}"),
        }
    }

    #[test]
    fn a_path_leads_to_what_a_person_means_by_it() {
        for (path, wanted) in [
            ("services.web.ports[1]", "b"),
            ("services.web.ports[-2]", "a"),
            ("services.web.labels.io.rancher.dns", "yes"),
            ("services.web.labels[\"io.rancher.dns\"]", "yes"),
            ("services[\"web\"].labels['a.b']", "1"),
            ("services.web.labels.a.b", "2"),
            ("services.web.labels[\"x[0]\"]", "q"),
            ("services.web", "…"),
            ("services.web.ports[2]", "3: there is no [2]: the list has 2 items"),
            ("services.web.ports.a", "3: there is no `a`: this is a list, whose items are [0] and so on"),
            ("services.wbe.ports", "1: there is no `wbe`: is `web` meant?"),
            ("services.web.prots", "2: there is no `prots`: is `ports` meant?"),
            ("services.web.labels.io.rancher.dsn", "3: there is no `io`"),
            ("services.web.labels.a.x", "4: there is no `x`"),
            ("version.x", "1: there is no `x`: this is a single value"),
            (".services", "a path begins with a key, not with a dot"),
            ("services..web", "there is nothing between two dots, or behind the last one"),
            ("services.", "there is nothing between two dots, or behind the last one"),
            ("", "a path is empty"),
            ("services[web]", "`[web]` is no item: write [0], or [\"web\"] for a key"),
            ("services[\"web]", "a bracket does not end: write [0] for an item, [\"a.key\"] for a key"),
            ("a[0]b", "behind a bracket a dot or another bracket is due"),
        ] {
            assert_eq!(told(path), wanted, "{path}");
        }
    }
}
