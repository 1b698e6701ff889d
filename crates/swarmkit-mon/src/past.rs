//! For how long some things have been as they are: time enters the plan as data, so that the plan needs no clock.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::time::{Duration, Instant};

use serde::Serialize;

use super::engine::{Info, LocalNodeState, Node, NodeState, Role};
use super::observe::Observation;
use super::plan;
use super::record::{Claim, Lease, OLDER, Record};
use super::state::Member;

/// For how long it may be behind and give further heartbeats. What rancher-metadata tells late is not behind for long;
/// one of a write that landed late, or one that was written over and put back, is.
const BEHIND: Duration = Duration::from_secs(30);

/// For how long some things have been as they are, in milliseconds.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Past {
    /// For how long no swarm has been recorded.
    pub unrecorded_ms: u64,
    /// For how long the claim that stands has stood, as Rancher's API told.
    pub claim_ms: u64,
    /// The same of the claim to force a new cluster.
    pub recovery_ms: u64,
    /// For how long the lease holder has given no new heartbeat.
    pub heartbeat_ms: u64,
    /// For how long this monitor could have seen one: the swarm has answered its engine, and the record could be read.
    pub heard_ms: u64,
    /// How long ago the monitor beside the swarm's leader told this one that it acts; never is long ago.
    pub lease_ms: u64,
    /// How many heartbeats were seen since this monitor started: what stands in the record may be old.
    pub heartbeats: u64,
    /// Whether this monitor has read a record with a heartbeat.
    pub has_read: bool,
    /// For how long Rancher's API has said that the record is gone.
    pub gone_ms: u64,
    /// How long ago this monitor gave a heartbeat as the lease holder; none given is long ago.
    pub own_heartbeat_ms: u64,
    /// Whether this monitor acts in the place of the leader's, which was silent: it goes on until it hears another.
    pub stands_in: bool,
    /// The longest look at Rancher's API so far.
    pub slowest_ms: u64,
    /// For how long this host's engine, which was a manager or may be one for all that is known, has not been able to tell
    /// about the swarm.
    pub leaderless_ms: u64,
    /// For how long this host's engine has been neither in a swarm nor out of all.
    pub stuck_ms: u64,
    /// For how long this host's engine has been in no swarm, without a break in its answers.
    pub outside_ms: u64,
    /// For how long the record has not known this host's node.
    pub orphaned_ms: u64,
    /// Whether that is meant: the record has known this node, or was renewed twice without it. One that is older than
    /// the node says nothing of it.
    pub is_orphaned: bool,
    /// For how long this host's manager has been of an epoch before the record's and none of its managers, and there
    /// was a heartbeat meanwhile; else 0.
    pub superseded_ms: u64,
    /// For how long this host, in no swarm, has waited for its join token.
    pub tokenless_ms: u64,
    /// For how long this host's address has been another one than its node's.
    pub moved_ms: u64,
    /// For how long those that vote have been the same.
    pub voters_ms: u64,
    /// For how long each node has been away, by its ID: see [`super::engine::Node::is_away`].
    pub down_ms: BTreeMap<String, u64>,
    /// For how long each node that was seen to vote, and does no more, has been ready since, by its ID.
    pub demoted_ms: BTreeMap<String, u64>,
    /// For how long each node's role has not been what it is wanted to be, by its ID.
    pub unsettled_ms: BTreeMap<String, u64>,
    /// For how long each host with a node has not been registered in Rancher, by its UUID.
    pub unlisted_ms: BTreeMap<String, u64>,
}

impl Past {
    /// For how long nobody has been noticed to act, though it could have been: a monitor that could not hear, or a swarm
    /// that could not speak, is not silent.
    pub fn silent_ms(&self) -> u64 {
        self.heartbeat_ms.min(self.heard_ms).min(self.lease_ms)
    }
}

/// A value, and since when it is what it is.
#[derive(Debug)]
struct Since<T> {
    value: T,
    since: Instant,
}

impl<T: PartialEq> Since<T> {
    fn new(value: T, now: Instant) -> Self {
        Self { value, since: now }
    }

    /// Answers whether it is another one than before.
    fn see(&mut self, value: T, now: Instant) -> bool {
        let changed = self.value != value;
        if changed {
            *self = Self::new(value, now);
        }
        changed
    }

    fn ms(&self, now: Instant) -> u64 {
        ms(now.saturating_duration_since(self.since))
    }
}

impl Since<bool> {
    fn ms_if_so(&self, now: Instant) -> u64 {
        if self.value { self.ms(now) } else { 0 }
    }
}

/// Since when each of some things has been so.
#[derive(Debug, Default)]
struct Timers(BTreeMap<String, Instant>);

impl Timers {
    fn see(&mut self, so: BTreeSet<&String>, now: Instant) {
        self.0.retain(|name, _| so.contains(name));
        for name in so {
            self.0.entry(name.clone()).or_insert(now);
        }
    }

    fn has(&self, name: &str) -> bool {
        self.0.contains_key(name)
    }

    fn ms(&self, now: Instant) -> BTreeMap<String, u64> {
        self.0.iter().map(|(name, since)| (name.clone(), ms(now.saturating_duration_since(*since)))).collect()
    }
}

/// Milliseconds, as many as fit.
pub fn ms(time: Duration) -> u64 {
    time.as_millis().try_into().unwrap_or(u64::MAX)
}

/// Remembers what was seen, from reconcile to reconcile.
#[derive(Debug)]
pub struct Memory {
    unrecorded: Since<bool>,
    claim: Since<Option<Claim>>,
    recovery: Since<Option<Claim>>,
    heartbeat: Since<Option<Lease>>,
    heartbeats: u64,
    /// What the record's heartbeat was when it fell behind the last one, and since when it is.
    behind: Option<(u64, Instant)>,
    /// Whether Rancher's API says that the record is gone.
    gone: Since<bool>,
    heard: Since<bool>,
    lease: Option<Instant>,
    own_heartbeat: Option<Instant>,
    stands_in: bool,
    slowest_ms: u64,
    /// Whether this host's engine managed when it last said so; what the host remembers may be older.
    managed: Option<bool>,
    /// Whether the record has this host's node among the voters.
    listed: bool,
    leaderless: Since<bool>,
    stuck: Since<bool>,
    outside: Since<bool>,
    /// The node of this host.
    node: Option<String>,
    orphaned: Since<bool>,
    /// How many heartbeats there had been when the node was orphaned.
    orphaned_from: u64,
    superseded: Since<bool>,
    superseded_from: u64,
    /// The node of this host that the record has known last.
    known: Option<String>,
    tokenless: Since<bool>,
    moved: Since<bool>,
    voters: Since<BTreeSet<String>>,
    down: Timers,
    demoted: Timers,
    unsettled: Timers,
    unlisted: Timers,
}

impl Memory {
    /// Nothing is remembered.
    pub fn new(now: Instant) -> Self {
        Self {
            unrecorded: Since::new(true, now),
            claim: Since::new(None, now),
            recovery: Since::new(None, now),
            heartbeat: Since::new(None, now),
            heartbeats: 0,
            behind: None,
            gone: Since::new(false, now),
            heard: Since::new(false, now),
            lease: None,
            own_heartbeat: None,
            stands_in: false,
            slowest_ms: 0,
            managed: None,
            listed: false,
            leaderless: Since::new(false, now),
            stuck: Since::new(false, now),
            outside: Since::new(false, now),
            node: None,
            orphaned: Since::new(false, now),
            orphaned_from: 0,
            superseded: Since::new(false, now),
            superseded_from: 0,
            known: None,
            tokenless: Since::new(false, now),
            moved: Since::new(false, now),
            voters: Since::new(BTreeSet::new(), now),
            down: Timers::default(),
            demoted: Timers::default(),
            unsettled: Timers::default(),
            unlisted: Timers::default(),
        }
    }

    /// What the next plan shall know.
    pub fn past(&self, now: Instant) -> Past {
        Past {
            unrecorded_ms: self.unrecorded.ms_if_so(now),
            claim_ms: self.claim.ms(now),
            recovery_ms: self.recovery.ms(now),
            heartbeat_ms: self.heartbeat.ms(now),
            heard_ms: self.heard.ms_if_so(now),
            lease_ms: self.lease.map_or(u64::MAX, |lease| ms(now.saturating_duration_since(lease))),
            heartbeats: self.heartbeats,
            has_read: self.heartbeat.value.is_some(),
            gone_ms: self.gone.ms_if_so(now),
            own_heartbeat_ms: self
                .own_heartbeat
                .map_or(u64::MAX, |heartbeat| ms(now.saturating_duration_since(heartbeat))),
            stands_in: self.stands_in,
            slowest_ms: self.slowest_ms,
            leaderless_ms: self.leaderless.ms_if_so(now),
            stuck_ms: self.stuck.ms_if_so(now),
            outside_ms: self.outside.ms_if_so(now),
            orphaned_ms: self.orphaned.ms_if_so(now),
            is_orphaned: self.orphaned.value && (self.known.is_some() || self.heartbeats >= self.orphaned_from + 2),
            superseded_ms: if self.heartbeats > self.superseded_from { self.superseded.ms_if_so(now) } else { 0 },
            tokenless_ms: self.tokenless.ms_if_so(now),
            moved_ms: self.moved.ms_if_so(now),
            voters_ms: self.voters.ms(now),
            down_ms: self.down.ms(now),
            demoted_ms: self.demoted.ms(now),
            unsettled_ms: self.unsettled.ms(now),
            unlisted_ms: self.unlisted.ms(now),
        }
    }

    /// Takes in what a reconcile saw.
    pub fn see(&mut self, seen: &Observation, now: Instant) {
        let view = seen.rancher_view();
        let told = view.map(|view| &view.record);
        if let Some(record) = told {
            self.gone.see(seen.record_is_gone, now);
            self.claim.see(record.claim.clone(), now);
            self.recovery.see(record.recovery.clone(), now);
        }
        let metadata = seen.metadata.as_ref().ok();
        let read = metadata.and_then(|metadata| metadata.record.as_ref().ok());
        if let Some(record) = told.or(read) {
            self.see_record(seen, record, now);
        }
        if let Some(metadata) = metadata
            && let Ok(engine) = &seen.engine
        {
            let is_out = engine.swarm.local_node_state == LocalNodeState::Inactive;
            let has_none = |record: &Record| {
                // One that is sealed to an earlier process's key is none.
                let token = record.tokens.get(&metadata.host).filter(|token| token.key == seen.own.key);
                record.cluster.is_some() && token.is_none()
            };
            self.tokenless.see(is_out && read.is_some_and(has_none), now);
            let (is, was) = (&metadata.agent_ip, &engine.swarm.node_addr);
            self.moved.see(!is.is_empty() && !was.is_empty() && is != was && !seen.has_stayed, now);
        }
        if let Some(view) = view {
            let own = metadata.map(|metadata| &metadata.host);
            // A list without this host says nothing of the others.
            if view.hosts.iter().any(|host| Some(&host.uuid) == own) {
                let listed: HashSet<&String> = view.registered_hosts().map(|host| &host.uuid).collect();
                let unlisted = |uuid: &&String| !listed.contains(uuid);
                self.unlisted.see(view.record.members.keys().filter(unlisted).collect(), now);
            }
        }
        self.see_swarm(seen, now);
    }

    fn see_record(&mut self, seen: &Observation, record: &Record, now: Instant) {
        self.unrecorded.see(record.cluster.is_none(), now);
        let own = seen.metadata.as_ref().ok().map(|metadata| &metadata.host);
        let first = self.heartbeat.value.is_none();
        // A record that is gone is no heartbeat, nor is what was kept of it.
        let lease = record.lease.as_ref().filter(|lease| !lease.host.is_empty());
        // What rancher-metadata tells may be older than what the API told before.
        let place = seen.own.state.place(seen.engine.as_ref().ok().map(|info| &info.swarm));
        // What an older record says of the node that this host was is nothing to the one that it is.
        if self.node.as_deref() != place.map(|place| place.node) {
            self.node = place.map(|place| place.node.to_owned());
            self.orphaned = Since::new(false, now);
        }
        if self.is_older(record, now) {
            return;
        }
        if let Some(lease) = lease
            && self.heartbeat.see(Some(lease.clone()), now)
        {
            self.heartbeats += u64::from(!first);
            self.stands_in &= Some(&lease.host) == own;
        }
        let node = place.filter(|place| record.cluster.as_deref() == Some(place.cluster)).map(|place| place.node);
        self.listed = node.is_some_and(|node| record.voters.iter().any(|voter| voter == node));
        let known = node.filter(|node| record.knows(node, own.map_or("", String::as_str)));
        if known.is_some() || self.known.as_deref() != node {
            self.known = known.map(str::to_owned);
        }
        if self.orphaned.see(node.is_some() && known.is_none(), now) {
            self.orphaned_from = self.heartbeats;
        }
        let member = seen.own.state.member.as_ref();
        let member = member.filter(|member| Some(member.node.as_str()) == node);
        let of_before = |member: &&Member| member.epoch < record.epoch && !record.voters.contains(&member.node);
        if self.superseded.see(member.is_some_and(|member| of_before(&member)), now) {
            self.superseded_from = self.heartbeats;
        }
    }

    /// Whether a record is an older state of the one that was seen last.
    fn is_older(&mut self, record: &Record, now: Instant) -> bool {
        let behind = match (&self.heartbeat.value, &record.lease) {
            (Some(was), Some(is)) if is.heartbeat < was.heartbeat && was.heartbeat - is.heartbeat < OLDER => {
                is.heartbeat
            }
            _ => {
                self.behind = None;
                return false;
            }
        };
        let (first, since) = *self.behind.get_or_insert((behind, now));
        let goes_on = behind > first && now.saturating_duration_since(since) >= BEHIND;
        if goes_on {
            self.behind = None;
        }
        !goes_on
    }

    fn see_swarm(&mut self, seen: &Observation, now: Instant) {
        if let Ok(engine) = &seen.engine {
            match engine.swarm.local_node_state {
                LocalNodeState::Active => self.managed = Some(engine.swarm.control_available),
                LocalNodeState::Inactive => self.managed = Some(false),
                _ => {}
            }
        }
        let remembered = || seen.own.state.member.as_ref().is_some_and(|member| member.manager);
        let managed = self.managed.unwrap_or_else(remembered);
        let silent = match (&seen.engine, &seen.swarm) {
            (Err(_), _) | (_, Some(Err(_))) => true,
            (Ok(engine), None) => engine.swarm.local_node_state == LocalNodeState::Pending,
            (Ok(_), Some(Ok(_))) => false,
        };
        // One that was made a manager just now, or while its monitor was away, is not known to be one, and tells nothing
        // without a leader.
        let may_manage = managed || self.listed || self.superseded.value;
        self.leaderless.see(may_manage && silent, now);
        let outside = |engine: &Info| engine.swarm.local_node_state == LocalNodeState::Inactive;
        self.outside.see(seen.engine.as_ref().is_ok_and(outside), now);
        if let Ok(engine) = &seen.engine {
            self.stuck.see(engine.swarm.is_stuck(), now);
        }
        let read = seen.metadata.as_ref().is_ok_and(|metadata| metadata.record.is_ok());
        self.heard.see(read && seen.swarm_view().is_some(), now);
        if silent {
            // Nobody could say meanwhile that a node was back.
            self.down = Timers::default();
            self.unsettled = Timers::default();
        }
        if let Some(swarm) = seen.swarm_view() {
            let own = seen.engine.as_ref().ok().and_then(|engine| swarm.node(&engine.swarm.node_id));
            if seen.leader_holds_lease {
                self.lease = Some(now);
                self.stands_in = false;
            }
            let silent_ms = self.past(now).silent_ms();
            let silent = |own: &Node| silent_ms >= plan::silence_ms(&seen.wanted, swarm, &own.id);
            self.stands_in = !own.is_some_and(Node::leads) && (self.stands_in || own.is_some_and(silent));
            for node in &swarm.nodes {
                if node.manager.is_some() {
                    self.demoted.0.remove(&node.id);
                } else if self.voters.value.contains(&node.id)
                    || (node.status.state != NodeState::Ready && self.demoted.has(&node.id))
                {
                    self.demoted.0.insert(node.id.clone(), now);
                }
            }
            self.demoted.0.retain(|id, _| swarm.node(id).is_some());
            let voters = swarm.nodes.iter().filter(|node| node.manager.is_some());
            self.voters.see(voters.map(|node| node.id.clone()).collect(), now);
            // A manager that was away and has been made a worker is no nearer for that.
            let still = |node: &Node| node.status.state != NodeState::Ready && self.down.has(&node.id);
            let down = swarm.nodes.iter().filter(|node| node.is_away() || still(node));
            let down = down.map(|node| &node.id).collect();
            self.down.see(down, now);
            let unsettled =
                swarm.nodes.iter().filter(|node| (node.spec.role == Role::Manager) != node.manager.is_some());
            self.unsettled.see(unsettled.map(|node| &node.id).collect(), now);
        }
    }

    /// A look at Rancher's API took this long.
    pub fn saw_slowest(&mut self, took_ms: u64) {
        self.slowest_ms = self.slowest_ms.max(took_ms);
    }

    /// A heartbeat was given.
    pub fn heartbeat_given(&mut self, now: Instant) {
        self.own_heartbeat = Some(now);
    }
}
