//! Who votes in the swarm, and how many of them may still be lost.

use serde::{Deserialize, Serialize};

use super::observe::{Observation, SwarmView};

/// The managers of a swarm, as one of them sees them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Voters {
    /// How many the operator wants.
    pub wanted: usize,
    /// How many vote.
    pub present: usize,
    /// How many of those answer the leader.
    pub reachable: usize,
}

impl Voters {
    /// Those of a swarm that answers.
    pub fn of(swarm: &SwarmView, wanted: usize) -> Self {
        let managers = || swarm.nodes.iter().filter_map(|node| node.manager.as_ref());
        let reachable = managers().filter(|manager| manager.is_reached()).count();
        Self { wanted, present: managers().count(), reachable }
    }

    /// Those that this host's engine tells of; `None` if it is no manager, or its swarm does not answer.
    pub fn seen(seen: &Observation) -> Option<Self> {
        let swarm = seen.swarm_view()?;
        Some(Self::of(swarm, seen.wanted.managers))
    }

    /// How many it takes to change anything.
    pub fn quorum(self) -> usize {
        self.present / 2 + 1
    }

    /// Whether so many are there.
    pub fn has_quorum(self) -> bool {
        self.present > 0 && self.reachable >= self.quorum()
    }

    /// How many of them may still be lost while the others go on.
    pub fn may_be_lost(self) -> usize {
        self.reachable.saturating_sub(self.quorum())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_may_still_be_lost_is_what_is_there_beyond_a_majority() {
        let lost = |present, reachable| {
            let voters = Voters { wanted: 3, present, reachable };
            (voters.has_quorum(), voters.may_be_lost())
        };
        assert_eq!(lost(1, 1), (true, 0));
        assert_eq!(lost(2, 2), (true, 0), "of two none may be lost");
        assert_eq!((lost(3, 3), lost(3, 2), lost(3, 1)), ((true, 1), (true, 0), (false, 0)));
        assert_eq!((lost(5, 5), lost(7, 5)), ((true, 2), (true, 1)));
        assert_eq!(lost(0, 0), (false, 0));
    }
}
