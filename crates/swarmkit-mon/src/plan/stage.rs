//! Where a host stands. A stage is declared once: its name, what it means, their order.

use serde::Serialize;

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
    /// A manager of a swarm that has lost its quorum.
    NoQuorum = "no_quorum",
    /// The engine waits to be unlocked.
    Locked = "locked",
    /// The engine cannot go on by itself.
    Broken = "broken",
    /// This host, or this stack, is there twice: nothing is done.
    Refused = "refused",
}
