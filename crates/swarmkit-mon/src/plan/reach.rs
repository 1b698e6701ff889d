//! Can the swarm be changed? What its engine does not tell this host, the managers' monitors do: see [`crate::peers`].
//!
//! That there is no quorum is said only where nothing speaks against it: no monitor says that its engine sees a leader, and
//! nobody has given a heartbeat since.

use crate::observe::Observation;
use crate::peers::Peer;

use super::{Plan, Stage};

/// For how long an engine that manages must have seen no leader before anything is made of it, in milliseconds.
const ELECTION_MS: u64 = 10_000;
/// For how long nobody must have said how the swarm is before a heartbeat is asked for, in milliseconds.
pub(super) const DOUBT_MS: u64 = 8_000;
/// For how long a manager must have been lost to be told as such, in milliseconds.
const LOST_MS: u64 = 10_000;
/// For how long most managers must have been lost, and a leader unknown, in milliseconds.
const UNSERVED_MS: u64 = 12_000;
/// The same where none of them answers: then the way there may be closed, and a heartbeat is asked for.
const UNANSWERED_MS: u64 = 16_000;
/// The same where most of them answer, and know of no leader either.
const LEADERLESS_MS: u64 = 45_000;
/// What a heartbeat may have been under way when contact was lost, in milliseconds.
const LATE_MS: u64 = 5_000;
/// How old the last heartbeat of the others may be for them to be taken for alive, in milliseconds, if none has come since.
const ALIVE_MS: u64 = 180_000;

/// What to do where the managers run, and no leader comes of it.
const MOST_RUN: &str = "Most managers run: open 2377/tcp and 7946/tcp and udp between them, and look at their engines' logs. \
                        Remove no host from Rancher for this.";
/// The same where none is left that could go on.
const NONE_IS_LEFT: &str = "Bring a manager back. If all of them are gone for good, none is left that could go on: restore a backup, \
                            as docs/operating.md has it.";
/// The same where some are lost, and are there.
const STILL_THERE: &str = "Bring the lost managers back. Those named with a stage, such as broken or locked, still have the swarm on \
                           their disks: do what docs/operating.md says at that stage, and neither restore nor remove them from \
                           Rancher before.";

/// What is known of the swarm from elsewhere.
pub(super) enum Reach {
    /// Nothing, or not yet.
    Unknown,
    /// Others go on with it; this tells who.
    Served(String),
    /// It has no quorum; this tells why, and what to do, where that is not what is usual.
    Lost(String, Option<&'static str>),
}

/// What is known of the swarm that does not answer this host's engine, whose monitor has missed it for so long.
pub(super) fn of(seen: &Observation, missed_ms: u64) -> Reach {
    let Some(peers) = seen.peers.as_deref().filter(|peers| !peers.is_empty()) else { return Reach::Unknown };
    let past = &seen.past;
    if let Some(peer) = peers.iter().find(|peer| peer.serves()) {
        return if missed_ms < ELECTION_MS { Reach::Unknown } else { Reach::Served(format!("{peer} says so")) };
    }
    // What the others do not say is missed for longer than an engine is silent, which takes as long as an election.
    let missed_ms = past.unserved_ms;
    if missed_ms < UNSERVED_MS {
        return Reach::Unknown;
    }
    if gives_heartbeat(seen, missed_ms) {
        return Reach::Served("its record is kept".to_owned());
    }
    let lost = lost(seen);
    let voters = peers.len() + usize::from(is_voter(seen));
    let all_silent = peers.iter().all(|peer| peer.said.is_none());
    if (voters - lost.len()) * 2 > voters {
        let text = format!("the swarm has no leader, though most managers' monitors answer: {}", unreached(seen));
        return if missed_ms < LEADERLESS_MS { Reach::Unknown } else { Reach::Lost(text, Some(MOST_RUN)) };
    }
    if all_silent && missed_ms < UNANSWERED_MS {
        return Reach::Unknown;
    }
    let are_there = lost.iter().any(|peer| peer.said.is_some());
    let to_do = are_there.then_some(STILL_THERE).or((lost.len() == voters).then_some(NONE_IS_LEFT));
    Reach::Lost(format!("{} of {voters} managers are lost: {}", lost.len(), names(&lost)), to_do)
}

/// Whether somebody has given a heartbeat since the swarm was missed.
fn gives_heartbeat(seen: &Observation, missed_ms: u64) -> bool {
    let past = &seen.past;
    past.heartbeats > 0 && past.heartbeat_ms.saturating_add(LATE_MS) < missed_ms && past.heartbeat_ms < ALIVE_MS
}

/// Whether this host misses the swarm and nobody says how it is: then it asks for a heartbeat.
pub(super) fn is_in_doubt(seen: &Observation) -> bool {
    let past = &seen.past;
    let misses = past.leaderless_ms > 0 || seen.swarm.is_none();
    let asked = seen.peers.as_ref().is_some_and(|peers| !peers.is_empty());
    let all_silent = || seen.peers.iter().flatten().all(|peer| peer.said.is_none());
    misses && asked && past.unserved_ms >= DOUBT_MS && all_silent()
}

/// The managers that are lost, as far as can be told.
fn lost(seen: &Observation) -> Vec<&Peer> {
    let is_lost = |peer: &&Peer| seen.past.lost_ms.get(&peer.node).is_some_and(|ms| *ms >= LOST_MS);
    seen.peers.iter().flatten().filter(is_lost).collect()
}

/// Their names; those whose port of the swarm alone is closed are told so.
fn names(peers: &[&Peer]) -> String {
    let said = |peer: &Peer| peer.said.as_ref().map_or_else(String::new, |said| format!(", {}", said.stage));
    peers.iter().map(|peer| format!("{peer}{}", said(peer))).collect::<Vec<_>>().join(", ")
}

fn is_voter(seen: &Observation) -> bool {
    let record = seen.metadata.as_ref().ok().and_then(|metadata| metadata.record.as_ref().ok());
    let member = seen.own.state.member.as_ref();
    record.zip(member).is_some_and(|(record, member)| record.voters.contains(&member.node))
}

/// To whom the swarm's port is closed, or who does not answer at all.
fn unreached(seen: &Observation) -> String {
    let peers = || seen.peers.iter().flatten();
    let closed: Vec<&Peer> = peers().filter(|peer| peer.said.is_some() && peer.is_open == Some(false)).collect();
    let silent: Vec<&Peer> = peers().filter(|peer| peer.said.is_none()).collect();
    let mut parts = Vec::new();
    if !closed.is_empty() {
        parts.push(format!("2377/tcp is closed to {}", names(&closed)));
    }
    if !silent.is_empty() {
        parts.push(format!("{} does not answer on 2378/tcp", names(&silent)));
    }
    if parts.is_empty() { "the engines do not reach each other".to_owned() } else { parts.join("; ") }
}

fn no_quorum(why: &str) -> Plan {
    Plan::new(Stage::NoQuorum, format!("the swarm has no quorum: {why}"))
}

/// A manager whose engine runs and sees no leader.
pub(super) fn silent(seen: &Observation, silence: &str) -> Plan {
    let plan = match of(seen, seen.past.leaderless_ms) {
        Reach::Served(who) => cut_off(seen, &who),
        Reach::Lost(why, to_do) => no_quorum(&format!("{why} ({silence})")).advise(to_do),
        Reach::Unknown => Plan::new(
            Stage::NoLeader,
            format!("the engine sees no leader of the swarm: an election takes some seconds ({silence})"),
        ),
    };
    plan.requeue_after(2_000)
}

/// A manager, or worker, without which the swarm goes on.
pub(super) fn cut_off(seen: &Observation, who: &str) -> Plan {
    let reason = format!("this host is cut off from its swarm, which goes on without it ({who}): {}", unreached(seen));
    Plan::new(Stage::CutOff, reason).requeue_after(2_000)
}

/// What a worker says of its swarm, in the place of that all is well.
pub(super) fn of_worker(seen: &Observation, plan: Plan) -> Plan {
    // One that is about to become a manager, or is to leave, has other things to tell.
    if plan.stage != Stage::Member || plan.change.is_some() {
        return plan;
    }
    let told = match of(seen, u64::MAX) {
        // A monitor that serves is one that answers: a worker is cut off only where none does.
        Reach::Served(_) if seen.peers.iter().flatten().any(Peer::serves) => return plan,
        Reach::Served(who) => cut_off(seen, &who),
        Reach::Lost(why, to_do) => no_quorum(&why).advise(to_do),
        Reach::Unknown => return if seen.past.unserved_ms >= DOUBT_MS { plan.requeue_after(2_000) } else { plan },
    };
    Plan { stage: told.stage, reason: told.reason, to_do: told.to_do, ..plan }.requeue_after(2_000)
}
