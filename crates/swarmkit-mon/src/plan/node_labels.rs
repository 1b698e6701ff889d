//! Host labels that become labels of the host's node, so that services can be placed by them.

use std::collections::{BTreeMap, BTreeSet};

use crate::labels;
use crate::observe::SwarmView;
use crate::rancher::HostEntry;

use super::hosts_of_nodes::HostsOfNodes;
use super::{Change, NodeChange, Warning, WarningKind};

/// The label of a node that says which of its labels come from its host, with commas between: the others are not touched.
pub const FROM_HOST: &str = "swarmkit.labels";
/// The labels of a node that begin so are the daemon's own.
const OWN: &str = "swarmkit.";
/// The longest name and value, in bytes.
const LONGEST: usize = 255;
/// How many of a host are taken: a node's labels go to all managers.
const MOST: usize = 64;

/// What is to be done about a node's labels.
#[derive(Debug, Default, PartialEq, Eq)]
struct Difference {
    /// By name: the value that it shall have, or that it shall be gone.
    labels: BTreeMap<String, Option<String>>,
    /// What cannot be done.
    warnings: Vec<Warning>,
}

/// Whether it can be the name of a node label, and stand in a placement constraint.
fn is_name(name: &str) -> bool {
    let inside = |letter: char| letter.is_ascii_alphanumeric() || "_.-/".contains(letter);
    !name.is_empty() && name.len() <= LONGEST && name.chars().all(inside) && !name.starts_with(OWN)
}

fn difference(host: &HostEntry, is: &BTreeMap<String, String>) -> Difference {
    let mut difference = Difference::default();
    let ours: BTreeSet<&str> =
        is.get(FROM_HOST).map_or("", String::as_str).split(',').filter(|name| is_name(name)).collect();
    let mut kept: BTreeSet<&str> = BTreeSet::new();
    let asked = host.labels.iter().filter_map(|(label, value)| Some((label.strip_prefix(labels::OF_NODE)?, value)));
    let (good, bad): (Vec<_>, Vec<_>) =
        asked.partition(|(name, value)| is_name(name) && value.len() <= LONGEST && !value.contains(char::is_control));
    let mut refused: Vec<String> = bad.into_iter().map(|(name, _)| format!("{name:?} cannot be one")).collect();
    if good.len() > MOST {
        refused.push(format!("of {} the first {MOST} are taken", good.len()));
    }
    for (name, value) in good.into_iter().take(MOST) {
        match is.get(name) {
            // Somebody else set it, and takes it away.
            Some(other) if !ours.contains(name) => {
                if other != value {
                    refused.push(format!("{name:?} is there with another value, which somebody else has set"));
                }
                continue;
            }
            Some(same) if same == value => {}
            _ => {
                difference.labels.insert(name.to_owned(), Some(value.clone()));
            }
        }
        kept.insert(name);
    }
    let gone = ours.iter().filter(|name| !kept.contains(*name) && is.contains_key(**name));
    difference.labels.extend(gone.map(|name| ((*name).to_owned(), None)));
    let marker = Some(kept.into_iter().collect::<Vec<_>>().join(",")).filter(|marker| !marker.is_empty());
    if is.get(FROM_HOST) != marker.as_ref() {
        difference.labels.insert(FROM_HOST.to_owned(), marker);
    }
    if !refused.is_empty() {
        let what = refused.join("; ");
        let told = format!("labels of host {} that shall become labels of its node: {what}", host.uuid);
        difference.warnings.push(WarningKind::NodeLabels.of(told));
    }
    difference
}

/// The next node whose labels are not as those of its host ask for, and why; and what of all cannot be done.
pub(super) fn look(swarm: &SwarmView, hosts: &HostsOfNodes) -> (Option<(Change, String)>, Vec<Warning>) {
    let (mut next, mut warnings) = (None, Vec::new());
    for node in &swarm.nodes {
        let Some(host) = hosts.registered(&node.id) else { continue };
        let difference = difference(host, &node.spec.labels);
        warnings.extend(difference.warnings);
        if next.is_none() && !difference.labels.is_empty() {
            let change = NodeChange { id: node.id.clone(), version: node.version.index, host: Some(host.uuid.clone()) };
            let reason = format!("the labels of host {} ask for other labels of its node {}", host.uuid, node.id);
            next = Some((Change::Label { node: change, labels: difference.labels }, reason));
        }
    }
    (next, warnings)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn host(asked: &[(&str, &str)]) -> HostEntry {
        let label = |(name, value): &(&str, &str)| (format!("swarm.node.{name}"), (*value).to_owned());
        let other = ("swarm.zone".to_owned(), "a".to_owned());
        HostEntry {
            uuid: "u".into(),
            hostname: String::new(),
            agent_ip_address: None,
            state: "active".into(),
            agent_state: None,
            labels: asked.iter().map(label).chain([other]).collect(),
        }
    }

    fn labels(all: &[(&str, &str)]) -> BTreeMap<String, String> {
        all.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    }

    /// The node's labels once it is done, and how many warnings there are; then nothing more is to be done.
    fn done(host: &HostEntry, before: &BTreeMap<String, String>) -> (BTreeMap<String, String>, usize) {
        let mut after = before.clone();
        let first = difference(host, before);
        for (name, value) in first.labels {
            match value {
                Some(value) => after.insert(name, value),
                None => after.remove(&name),
            };
        }
        assert!(difference(host, &after).labels.is_empty(), "it never ends");
        (after, first.warnings.len())
    }

    #[test]
    fn labels_come_change_and_go_with_those_of_the_host() {
        let (first, _) = done(&host(&[("disk", "ssd"), ("rack", "1")]), &labels(&[("mine", "x")]));
        assert_eq!(first, labels(&[("disk", "ssd"), ("rack", "1"), ("mine", "x"), (FROM_HOST, "disk,rack")]));
        let (second, _) = done(&host(&[("disk", "hdd")]), &first);
        assert_eq!(second, labels(&[("disk", "hdd"), ("mine", "x"), (FROM_HOST, "disk")]));
        assert_eq!(done(&host(&[]), &second).0, labels(&[("mine", "x")]));
    }

    #[test]
    fn labels_that_others_set_stay_as_they_are() {
        let theirs = labels(&[("disk", "ssd"), ("rack", "1")]);
        assert_eq!(done(&host(&[("disk", "ssd"), ("rack", "2")]), &theirs), (theirs.clone(), 1));
        assert_eq!(done(&host(&[]), &theirs), (theirs.clone(), 0));
    }

    #[test]
    fn the_daemons_own_labels_and_odd_names_are_not_for_hosts_to_set() {
        let drained = labels(&[("swarmkit.drained", "true")]);
        let asked = host(&[("swarmkit.drained", "false"), ("swarmkit.labels", "x"), ("", "x"), ("a,b", "x")]);
        assert_eq!(done(&asked, &drained), (drained.clone(), 1));
        let (long, control) = ("x".repeat(256), host(&[("a", "b\nc")]));
        assert_eq!(done(&host(&[(&long, "x"), ("b", &long)]), &drained), (drained.clone(), 1));
        assert_eq!(done(&control, &drained), (drained.clone(), 1));
        // A marker that somebody made names no label of the daemon's either.
        let forged = labels(&[("swarmkit.drained", "true"), (FROM_HOST, "swarmkit.drained,,x")]);
        assert_eq!(done(&host(&[]), &forged).0, drained);
        let many: Vec<String> = (0..100).map(|at| format!("l{at:03}")).collect();
        let many: Vec<(&str, &str)> = many.iter().map(|name| (name.as_str(), "x")).collect();
        assert_eq!((done(&host(&many), &drained).0.len(), done(&host(&many), &drained).1), (MOST + 2, 1));
    }
}
