//! The labels that the monitor keeps on its own host in Rancher. Each host's monitor writes only its own host's, so no
//! label has two writers; labels of others are never touched.

use std::collections::BTreeMap;

/// What the host is to the swarm, for people and for schedulers: `manager`, nothing on a worker, or what it waits for.
pub const PART: &str = "swarm";
/// The public key to which the host's join token is sealed, while it waits for one.
pub const KEY: &str = "swarmkit.key";
/// The ID of the host's node, while its engine is in a swarm.
pub const NODE: &str = "swarmkit.node";

/// The ID of the node that the host was before, while it waits to join anew: the lease holder may never have known it.
pub const LEFT: &str = "swarmkit.left";
/// There while the host is in doubt whether anybody acts for the swarm: whoever does answers with heartbeats in the
/// record, and gives none while nobody asks. Each would cost Rancher a change of the whole environment's metadata.
pub const DOUBT: &str = "swarmkit.doubt";
/// There while nobody can change the swarm from this host: `no_quorum` or `cut_off`.
pub const TROUBLE: &str = "swarmkit.trouble";
/// The host's join token and where to join, while the record cannot be written: see [`super::hand_over::HandOver`]. The
/// lease holder writes it, and the host's own takes it away.
pub const TOKEN: &str = "swarmkit.token";
/// There for a moment, so that Rancher tells what it has stored and told nobody of. The host's own monitor takes it away.
pub const TOUCHED: &str = "swarmkit.touched";
/// The operator's: `true` drains the host's node, and keeps it from becoming a manager, until the label is taken away.
pub const MAINTENANCE: &str = "swarm.maintenance";
/// The operator's: `true` pauses the host's own monitor, [`PAUSE_ALL`] those of all hosts: they change nothing.
pub const PAUSE: &str = "swarm.pause";
/// What [`PAUSE`] says to pause all hosts.
pub const PAUSE_ALL: &str = "all";
/// How the operator's labels begin that become labels of the host's node.
pub const OF_NODE: &str = "swarm.node.";
/// Those that the host's own monitor writes.
pub const OURS: [&str; 6] = [PART, KEY, NODE, LEFT, DOUBT, TROUBLE];

/// What [`PART`] says of a manager.
pub const MANAGER: &str = "manager";
/// What [`PART`] says while the host waits for the first one to make a swarm.
pub const WAIT_LEADER: &str = "wait_leader";
/// What it says while the host waits for its join token.
pub const WAIT_TOKEN: &str = "wait_token";
/// What it says while the engine joins.
pub const WAIT_JOIN: &str = "wait_join";
/// What it says while the engine's swarm is in error and manages nothing: though it may be counted as a manager, it cannot
/// vote.
pub const BROKEN: &str = "broken";
/// The same of one that manages all the same: the others may reach it, so that only its own host can tell.
pub const BROKEN_MANAGER: &str = "broken_manager";

/// What it says of a manager whose host has another address than its node: it has to be a worker before it can join anew.
pub const MOVED_MANAGER: &str = "moved_manager";

/// Whether an operator's label says yes.
pub fn is_yes(value: &str) -> bool {
    matches!(value.trim().to_ascii_lowercase().as_str(), "true" | "yes")
}

/// Whether what [`PART`] says is that the engine manages.
pub fn says_manager(part: Option<&str>) -> bool {
    matches!(part, Some(MANAGER | BROKEN_MANAGER | MOVED_MANAGER))
}

/// The labels that a host shall have of ours.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize)]
pub struct DesiredLabels {
    /// For [`PART`].
    pub part: Option<&'static str>,
    /// For [`KEY`].
    #[serde(skip)]
    pub key: Option<String>,
    /// For [`NODE`].
    pub node: Option<String>,
    /// For [`LEFT`].
    pub left: Option<String>,
    /// Whether [`DOUBT`] is there.
    pub in_doubt: bool,
    /// For [`TROUBLE`].
    pub trouble: Option<&'static str>,
}

impl DesiredLabels {
    /// Whether labels are as desired.
    pub fn is_met(&self, labels: &BTreeMap<String, String>) -> bool {
        let mut desired = labels.clone();
        self.apply(&mut desired);
        desired == *labels
    }

    /// Makes labels as desired.
    pub fn apply(&self, labels: &mut BTreeMap<String, String>) {
        set(labels, KEY, self.key.as_deref());
        set(labels, NODE, self.node.as_deref());
        set(labels, LEFT, self.left.as_deref());
        set(labels, DOUBT, self.in_doubt.then_some("true"));
        set(labels, TROUBLE, self.trouble);
        labels.remove(TOUCHED);
        if self.key.is_none() {
            labels.remove(TOKEN);
        }
        // A word of somebody else's on a worker, such as `worker`, is theirs to keep.
        let ours = |word: &String| {
            [MANAGER, BROKEN, BROKEN_MANAGER, MOVED_MANAGER].contains(&word.as_str()) || word.starts_with("wait_")
        };
        if self.part.is_some() || labels.get(PART).is_some_and(ours) {
            set(labels, PART, self.part);
        }
    }
}

fn set(labels: &mut BTreeMap<String, String>, name: &str, value: Option<&str>) {
    match value {
        Some(value) => labels.insert(name.to_owned(), value.to_owned()),
        None => labels.remove(name),
    };
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
        pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    }

    #[test]
    fn only_our_own_labels_change() {
        let mut all = labels(&[("zone", "a"), (PART, WAIT_TOKEN), (KEY, "k")]);
        let worker = DesiredLabels { node: Some("n".into()), ..DesiredLabels::default() };
        assert!(!worker.is_met(&all));
        worker.apply(&mut all);
        assert_eq!(all, labels(&[("zone", "a"), (NODE, "n")]));
        assert!(worker.is_met(&all));
    }

    #[test]
    fn a_word_that_is_not_ours_stays_on_a_worker_and_yields_on_a_manager() {
        let mut all = labels(&[(PART, "worker")]);
        DesiredLabels::default().apply(&mut all);
        assert_eq!(all, labels(&[(PART, "worker")]));
        DesiredLabels { part: Some(MANAGER), ..DesiredLabels::default() }.apply(&mut all);
        assert_eq!(all, labels(&[(PART, MANAGER)]));
        DesiredLabels::default().apply(&mut all);
        assert_eq!(all, labels(&[]));
    }
}
