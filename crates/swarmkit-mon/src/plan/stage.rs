//! Where a host stands. A stage is declared once: its name, what it means, their order.

use serde::Serialize;

/// What a person does about a host that stands somewhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Advice {
    /// After how long, in milliseconds: what passes by itself needs nobody before that.
    pub after_ms: u64,
    /// What to do, in one sentence.
    pub what: &'static str,
    /// The command to type on that host, if there is one.
    pub command: Option<&'static str>,
}

/// How long what passes by itself may take, in milliseconds.
pub(super) const PASSING_MS: u64 = 120_000;
/// The same of a host that is still told which swarm it belongs to.
const JUDGED_MS: u64 = 30_000;
/// The same of an engine that is started anew, or leaves and joins anew.
const HEALING_MS: u64 = 60_000;

/// What to do where rancher-metadata does not answer.
pub(super) const SEE_METADATA: &str =
    "See in Rancher that the host is connected and that the stack network-services is healthy on it.";
/// The same of Rancher's API.
pub(super) const SEE_RANCHER: &str =
    "See that this host reaches Rancher's server; if it refuses the keys, recreate the container.";

macro_rules! stages {
    ($($(#[$about:meta])* $stage:ident = $name:literal,)+) => {
        /// Where a host stands.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
        pub enum Stage { $($(#[$about])* #[serde(rename = $name)] $stage,)+ }

        impl Stage {
            /// Its name, as in `/status`, `/metrics` and logs.
            pub fn name(self) -> &'static str {
                match self { $(Self::$stage => $name,)+ }
            }

            /// All of them.
            pub const ALL: &'static [Self] = &[$(Self::$stage),+];
        }
    };
}

stages! {
    /// The engine does not answer.
    NoEngine = "no_engine",
    /// Rancher does not say yet who this host is.
    NoMetadata = "no_metadata",
    /// Rancher's API is needed and does not answer.
    NoRancher = "no_rancher",
    /// No swarm yet, and another host is to make it.
    WaitLeader = "wait_leader",
    /// No swarm yet; this host is to make it.
    Init = "init",
    /// A swarm, and no join token for this host yet.
    WaitToken = "wait_token",
    /// The engine joins, or has lost its managers.
    Join = "join",
    /// In the swarm.
    Member = "member",
    /// In the swarm, and the one that acts.
    LeaseHolder = "lease_holder",
    /// In a swarm that is not the recorded one.
    Foreign = "foreign",
    /// A manager that sees no leader: an election takes some seconds.
    NoLeader = "no_leader",
    /// A member that does not reach the swarm's managers, which go on without it.
    CutOff = "cut_off",
    /// In a swarm that has lost its quorum: nothing in it can be changed.
    NoQuorum = "no_quorum",
    /// The engine waits to be unlocked.
    Locked = "locked",
    /// The engine cannot go on by itself.
    Broken = "broken",
    /// This host, or this stack, is there twice: nothing is done.
    Refused = "refused",
}

/// A place in the docs for operators, as they were when this version was published.
pub(super) fn in_docs(anchor: &str) -> String {
    format!("{}/blob/v{}/docs/operating.md#{anchor}", env!("CARGO_PKG_REPOSITORY"), env!("CARGO_PKG_VERSION"))
}

impl Stage {
    /// Where the docs say more.
    pub fn see(self) -> String {
        in_docs(self.name())
    }

    /// Whether nobody can change the swarm from here, so that all who look are to see it.
    pub fn is_trouble(self) -> bool {
        matches!(self, Self::CutOff | Self::NoQuorum)
    }

    /// What a person does about a host that stands there, unless the reason asks for something else; `None` where all is well.
    pub fn advice(self) -> Option<Advice> {
        let (after_ms, what, command) = match self {
            Self::Member | Self::LeaseHolder => return None,
            Self::NoEngine => (
                HEALING_MS,
                "Start the Docker engine of this host; if it runs, look at its log, the disk and the memory.",
                Some("systemctl restart docker"),
            ),
            Self::NoMetadata => (PASSING_MS, SEE_METADATA, None),
            Self::NoRancher => (PASSING_MS, SEE_RANCHER, None),
            Self::WaitLeader => {
                (PASSING_MS, "Look at the host that it waits for; remove it from Rancher if it is gone for good.", None)
            }
            Self::Init => (PASSING_MS, "Look at this container's log for what was not done, and why.", None),
            Self::WaitToken => (
                PASSING_MS,
                "See that one host's monitor acts; if Rancher does not tell this host's address, set CATTLE_AGENT_IP on \
                 its agent.",
                None,
            ),
            Self::Join => (
                PASSING_MS,
                "See that the managers' hosts run. If they do, open 2377/tcp, 2378/tcp, 7946/tcp and udp and 4789/udp between the \
                 hosts, and see that their clocks agree.",
                None,
            ),
            Self::Foreign => (
                JUDGED_MS,
                "The engine is in another swarm. If nothing there is needed any more, have it leave: it then joins this one.",
                Some("docker swarm leave --force"),
            ),
            Self::NoLeader => (
                HEALING_MS,
                "Open 2377/tcp and 7946/tcp and udp between the managers, and look at their engines' logs.",
                None,
            ),
            Self::CutOff => (
                0,
                "Open 2377/tcp, 2378/tcp, 7946/tcp and udp and 4789/udp between this host and the managers that the reason \
                 names. The swarm goes on: remove no host from Rancher for this.",
                None,
            ),
            Self::NoQuorum => (
                0,
                "Bring the lost managers back. If they are gone for good, remove their hosts from Rancher: the oldest manager \
                 that is left goes on, with all services.",
                None,
            ),
            Self::Locked => (0, "Unlock the engine with the key of its swarm.", Some("docker swarm unlock")),
            Self::Broken => (
                PASSING_MS,
                "It leaves and joins anew by itself once it is no manager any more. If it does not, look at the engine's log.",
                None,
            ),
            Self::Refused => {
                (0, "Do what the reason says. Delete no host in Rancher for this: clones share one entry there.", None)
            }
        };
        Some(Advice { after_ms, what, command })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_stage_but_the_good_ones_has_a_way_out() {
        for stage in Stage::ALL {
            let is_good = [Stage::Member, Stage::LeaseHolder].contains(stage);
            assert_eq!(stage.advice().is_none(), is_good, "{}", stage.name());
        }
    }
}
