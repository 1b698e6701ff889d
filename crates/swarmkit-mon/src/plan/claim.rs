//! May this host make, or record, a swarm? Rancher's PUT is no compare-and-swap, so the one who wants to says so in the
//! record, waits, and goes on only if its word still stands.

use crate::observe::{MetadataView, Observation, RancherView};
use crate::rancher::HostEntry;
use crate::record::Claim;

use super::CLAIM_EXPIRY_MS;

/// What the claim that stands means for this host.
pub(super) enum ClaimState {
    /// There is none, or one that nobody followed up: this host may write its own.
    Free,
    /// This host's own has stood long enough.
    Mine,
    /// Its own has to stand for some more milliseconds.
    Settling(u64),
    /// Another host's.
    Other(String),
}

/// How long a claim must stand: long enough that a writer who had read before it was written is done. A quick API needs
/// little; a slow one more.
fn settle_ms(slowest_ms: u64) -> u64 {
    (slowest_ms * 3).clamp(100, 30_000)
}

pub(super) fn state(seen: &Observation, metadata: &MetadataView, rancher: &RancherView) -> ClaimState {
    standing_of(seen, metadata, rancher.record.claim.as_ref(), seen.past.claim_ms)
}

/// The same of a claim that has stood for some time, in milliseconds.
pub(super) fn standing_of(
    seen: &Observation,
    metadata: &MetadataView,
    claim: Option<&Claim>,
    stood_ms: u64,
) -> ClaimState {
    let Some(claim) = claim else { return ClaimState::Free };
    let mine = Claim { host: metadata.host.clone(), nonce: seen.own.nonce.clone() };
    let settle = settle_ms(seen.past.slowest_ms);
    if *claim == mine && stood_ms >= settle {
        ClaimState::Mine
    } else if *claim == mine {
        ClaimState::Settling(settle - stood_ms)
    } else if claim.host == metadata.host || stood_ms >= CLAIM_EXPIRY_MS {
        // One of an earlier process of this host is followed up by nobody.
        ClaimState::Free
    } else {
        ClaimState::Other(claim.host.clone())
    }
}

/// A registered host with a monitor on it.
pub(super) struct Candidate<'a> {
    pub(super) host: &'a HostEntry,
    /// Lower is older.
    pub(super) age: u64,
}

/// The hosts that are present and active and have a running monitor.
pub(super) fn candidates<'a>(metadata: &MetadataView, rancher: &'a RancherView) -> Vec<Candidate<'a>> {
    // This one runs, whatever metadata says of it.
    let runs = |host: &HostEntry| host.uuid == metadata.host;
    let monitor = |host: &HostEntry| metadata.monitors.get(&host.uuid).filter(|monitor| monitor.running || runs(host));
    let active = rancher.hosts.iter().filter(|host| host.is_active());
    active.filter_map(|host| Some(Candidate { host, age: monitor(host)?.age })).collect()
}

/// For how long hosts that say nothing are waited for, in milliseconds: their monitor runs, so it will speak soon; but one
/// that is broken must not keep the others from a swarm for ever.
const SPEECHLESS_MS: u64 = 120_000;

/// The hosts among them that have not said yet whether their engine is in a swarm, as long as they are waited for.
pub(super) fn awaited(seen: &Observation, candidates: &[Candidate], own: &str) -> Vec<String> {
    if seen.past.unrecorded_ms >= SPEECHLESS_MS {
        return Vec::new();
    }
    let silent = |host: &&HostEntry| host.uuid != own && host.key().is_none() && host.node().is_none();
    candidates.iter().map(|candidate| candidate.host).filter(silent).map(|host| host.uuid.clone()).collect()
}

/// Whether a host is kept from managing, or preferred, by its label.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Fitness {
    Preferred,
    Fit,
    Kept,
}

pub(super) fn fitness(host: &HostEntry, label: &str) -> Fitness {
    match host.labels.get(label).map(|value| value.trim().to_ascii_lowercase()).as_deref() {
        Some("true" | "yes" | "prefer" | "preferred") => Fitness::Preferred,
        Some("false" | "no" | "never") => Fitness::Kept,
        _ => Fitness::Fit,
    }
}

/// Registered hosts, also those that are out of reach, whose engine is said to be in a swarm.
pub fn said_to_be_inside<'a>(hosts: &'a [HostEntry], own: &str) -> Option<(&'a str, &'a str)> {
    let hosts = hosts.iter().filter(|host| host.uuid != own && !host.is_gone());
    hosts.filter_map(|host| Some((host.uuid.as_str(), host.node()?))).next()
}
