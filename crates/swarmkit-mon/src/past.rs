//! For how long some things have been as they are: time enters the plan as data, so that the plan needs no clock.

use std::collections::{BTreeSet, HashSet};
use std::time::Duration;

use serde::Serialize;
use tokio::time::Instant;

use super::engine::{Info, LocalNodeState, Node, NodeState, Role};
use super::labels::TOKEN;
use super::observe::Observation;
use super::peers::Peer;
use super::plan::{self, Plan, Stage};
use super::rancher::HostEntry;
use super::record::{Claim, Lease, OLDER, Record};
use super::state::Member;
use super::timer::{Each, Last, Since, Timer, While};

pub use super::timer::ms;

/// For how long it may be behind and give further heartbeats. What rancher-metadata tells late is not behind for long;
/// one of a write that landed late, or one that was written over and put back, is.
const BEHIND: Duration = Duration::from_secs(30);

/// A timer is declared here alone: its name in [`Past`], what of the memory tells it, and of what kind that is. What else the
/// plan has to know of the past is made of the memory.
macro_rules! past {
    (
        timers { $($(#[$about:meta])* $ms:ident: $timer:ident is $kind:ty,)* }
        others { $($(#[$of:meta])* $name:ident: $type:ty = |$memory:ident, $now:ident| $value:expr,)* }
    ) => {
        /// For how long some things have been as they are, in milliseconds.
        #[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
        pub struct Past {
            $($(#[$about])* pub $ms: <$kind as Timer>::Elapsed,)*
            $($(#[$of])* pub $name: $type,)*
        }

        #[derive(Debug)]
        struct Timers {
            $($timer: $kind,)*
        }

        impl Timers {
            fn begin(now: Instant) -> Self {
                Self { $($timer: <$kind>::begin(now),)* }
            }
        }

        impl Memory {
            /// What the next plan shall know.
            pub fn past(&self, now: Instant) -> Past {
                Past {
                    $($ms: self.timers.$timer.elapsed(now),)*
                    $($name: { let ($memory, $now) = (self, now); $value },)*
                }
            }
        }
    };
}

past! {
    timers {
        /// For how long no swarm has been recorded.
        unrecorded_ms: unrecorded is While,
        /// For how long the claim that stands has stood, as Rancher's API told.
        claim_ms: claim is Since<Option<Claim>>,
        /// The same of the claim to force a new cluster.
        recovery_ms: recovery is Since<Option<Claim>>,
        /// For how long the lease holder has given no new heartbeat.
        heartbeat_ms: heartbeat is Since<Option<Lease>>,
        /// For how long this monitor could have seen one: the swarm has answered its engine, and the record could be read.
        heard_ms: heard is While,
        /// How long ago the monitor beside the swarm's leader told this one that it holds the lease.
        lease_ms: lease is Last,
        /// For how long Rancher's API has said that the record is gone.
        gone_ms: gone is While,
        /// How long ago this monitor gave a heartbeat as the lease holder.
        own_heartbeat_ms: own_heartbeat is Last,
        /// For how long this host's engine, which was a manager or may be one for all that is known, has not been able to
        /// tell about the swarm.
        leaderless_ms: leaderless is While,
        /// For how long no manager's monitor that was asked has said that the swarm has a leader.
        unserved_ms: unserved is While,
        /// For how long each manager that was asked for is lost, as far as can be told, by its node.
        lost_ms: lost is Each,
        /// For how long this host's engine has been neither in a swarm nor out of all.
        stuck_ms: stuck is While,
        /// For how long this host's engine has been in no swarm, without a break in its answers.
        outside_ms: outside is While,
        /// For how long the record has not known this host's node.
        orphaned_ms: orphaned is While,
        /// For how long this host, in no swarm, has waited for its join token.
        tokenless_ms: tokenless is While,
        /// For how long nobody has waited for a join token, or had one that was handed over, as Rancher's API told.
        nobody_waits_ms: nobody_waits is While,
        /// For how long this host's address has been another one than its node's.
        moved_ms: moved is While,
        /// For how long those that vote have been the same.
        voters_ms: voters is Since<BTreeSet<String>>,
        /// For how long each node has been away, by its ID: see [`super::engine::Node::is_away`].
        down_ms: down is Each,
        /// For how long each node that was let in has said nothing, by its ID: see [`super::engine::Node::is_mute`].
        mute_ms: mute is Each,
        /// For how long each node that was seen to vote, and does no more, has been ready since, by its ID.
        demoted_ms: demoted is Each,
        /// For how long each node's role has not been what it is wanted to be, by its ID.
        unsettled_ms: unsettled is Each,
        /// For how long each host with a node has not been registered in Rancher, by its UUID.
        unlisted_ms: unlisted is Each,
        /// For how long each host has denied the node that it is recorded as, by its UUID: see
        /// [`super::rancher::HostEntry::denies`].
        denied_ms: denied is Each,
    }
    others {
        /// How many heartbeats were seen since this monitor started: what stands in the record may be old.
        heartbeats: u64 = |memory, _now| memory.heartbeats,
        /// Whether this monitor has read a record with a heartbeat.
        has_read: bool = |memory, _now| memory.timers.heartbeat.value.is_some(),
        /// Whether this monitor holds the lease in the place of the leader's, which was silent: it goes on until it hears
        /// another.
        stands_in: bool = |memory, _now| memory.stands_in,
        /// Whether this monitor has renewed the worker token since it gave it to anybody, and has held the lease all the time.
        is_token_renewed: bool = |memory, _now| memory.is_token_renewed,
        /// The longest that Rancher's API has taken so far.
        slowest_ms: u64 = |memory, _now| memory.slowest_ms,
        /// Whether the host is orphaned indeed: the record has known this node, or was renewed three times without it. The first
        /// may have been told late, and the second planned before the node was there.
        is_orphaned: bool = |memory, _now| memory.timers.orphaned.is_so()
            && (memory.known.is_some() || memory.heartbeats >= memory.orphaned_from + 3),
        /// For how long this host's manager has been of an epoch before the record's and none of its managers, and there was
        /// a heartbeat meanwhile; else 0.
        superseded_ms: u64 = |memory, now| match memory.superseded_from {
            from if memory.heartbeats > from => memory.superseded.elapsed(now),
            _ => 0,
        },
        /// For how long Rancher has had this host's question for a heartbeat, since the others have taken back the epoch in which it
        /// went on alone, and nobody has answered it, though the record could be written.
        unheard_ms: u64 = |memory, now| memory.unheard.elapsed(now).min(memory.timers.heartbeat.elapsed(now)),
    }
}

impl Past {
    /// For how long nobody has been noticed to hold the lease, though it could have been: a monitor that could not hear, or a
    /// swarm that could not speak, is not silent.
    pub fn silent_ms(&self) -> u64 {
        self.heartbeat_ms.min(self.heard_ms).min(self.lease_ms)
    }
}

/// Remembers what was seen, from reconcile to reconcile.
#[derive(Debug)]
pub struct Memory {
    timers: Timers,
    heartbeats: u64,
    /// What the record's heartbeat was when it fell behind the last one, and since when it is.
    behind: Option<(u64, Instant)>,
    stands_in: bool,
    is_token_renewed: bool,
    slowest_ms: u64,
    /// Whether this host's engine managed when it last said so; what the host remembers may be older.
    managed: Option<bool>,
    /// Whether the record has this host's node among the voters.
    listed: bool,
    /// The node of this host.
    node: Option<String>,
    /// How many heartbeats there had been when the node was orphaned.
    orphaned_from: u64,
    superseded: While,
    superseded_from: u64,
    unheard: While,
    /// The node of this host that the record has known last.
    known: Option<String>,
}

impl Memory {
    /// Nothing is remembered.
    pub fn new(now: Instant) -> Self {
        let mut timers = Timers::begin(now);
        timers.unrecorded.see(true, now);
        Self {
            timers,
            heartbeats: 0,
            behind: None,
            stands_in: false,
            is_token_renewed: false,
            slowest_ms: 0,
            managed: None,
            listed: false,
            node: None,
            orphaned_from: 0,
            superseded: While::begin(now),
            superseded_from: 0,
            unheard: While::begin(now),
            known: None,
        }
    }

    /// Takes in what a reconcile saw.
    pub fn see(&mut self, seen: &Observation, now: Instant) {
        let view = seen.rancher_view();
        let told = view.map(|view| &view.record);
        let asked = view.is_some_and(|view| {
            let own = seen.metadata.as_ref().ok().and_then(|metadata| view.registered(&metadata.host));
            view.takes_writes && own.is_some_and(HostEntry::is_in_doubt) && seen.was_taken_back(&view.record)
        });
        self.unheard.see(asked, now);
        if let Some(record) = told {
            self.timers.gone.see(seen.record_is_gone, now);
            self.timers.claim.see(record.claim.clone(), now);
            self.timers.recovery.see(record.recovery.clone(), now);
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
            self.timers.tokenless.see(is_out && read.is_some_and(has_none), now);
            let (is, was) = (&metadata.agent_ip, &engine.swarm.node_addr);
            self.timers.moved.see(!is.is_empty() && !was.is_empty() && is != was && !seen.has_stayed, now);
        }
        if let Some(view) = view {
            let handed_over = view.registered_hosts().any(|host| host.labels.contains_key(TOKEN));
            let waits = !view.record.tokens.is_empty() || handed_over;
            self.timers.nobody_waits.see(!waits, now);
            let members = &view.record.members;
            let denies = |host: &&HostEntry| members.get(&host.uuid).is_some_and(|node| host.denies(node));
            self.timers.denied.see(view.registered_hosts().filter(denies).map(|host| &host.uuid).collect(), now);
            let own = metadata.map(|metadata| &metadata.host);
            // A list without this host says nothing of the others.
            if view.hosts.iter().any(|host| Some(&host.uuid) == own) {
                let listed: HashSet<&String> = view.registered_hosts().map(|host| &host.uuid).collect();
                let unlisted = |uuid: &&String| !listed.contains(uuid);
                self.timers.unlisted.see(view.record.members.keys().filter(unlisted).collect(), now);
            }
        }
        if let Some(peers) = &seen.peers {
            self.timers.unserved.see(!peers.iter().any(Peer::serves), now);
            self.timers.lost.see(peers.iter().filter(|peer| peer.is_lost()).map(|peer| &peer.node).collect(), now);
        } else {
            self.timers.unserved.see(false, now);
            self.timers.lost = Each::default();
        }
        self.see_swarm(seen, now);
    }

    fn see_record(&mut self, seen: &Observation, record: &Record, now: Instant) {
        self.timers.unrecorded.see(record.cluster.is_none(), now);
        let own = seen.metadata.as_ref().ok().map(|metadata| &metadata.host);
        let first = self.timers.heartbeat.value.is_none();
        // A record that is gone is no heartbeat, nor is what was kept of it.
        let lease = record.lease.as_ref().filter(|lease| !lease.host.is_empty());
        // What rancher-metadata tells may be older than what the API told before.
        let place = seen.own.state.place(seen.engine.as_ref().ok().map(|info| &info.swarm));
        // What an older record says of the node that this host was is nothing to the one that it is.
        if self.node.as_deref() != place.map(|place| place.node) {
            self.node = place.map(|place| place.node.to_owned());
            self.timers.orphaned = While::begin(now);
        }
        let is_later = seen.own.state.member.as_ref().is_some_and(|member| member.epoch < record.epoch);
        if !is_later && self.is_older(record, now) {
            return;
        }
        if let Some(lease) = lease
            && self.timers.heartbeat.see(Some(lease.clone()), now)
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
        if self.timers.orphaned.see(node.is_some() && known.is_none(), now) {
            self.orphaned_from = self.heartbeats;
        }
        let member = seen.own.state.member.as_ref();
        let member = member.filter(|member| Some(member.node.as_str()) == node);
        let of_before = |member: &Member| {
            member.epoch < record.epoch && (!record.voters.contains(&member.node) || seen.was_taken_back(record))
        };
        if self.superseded.see(member.is_some_and(of_before), now) {
            self.superseded_from = self.heartbeats;
        }
    }

    /// Whether a record is an older state of the one that was seen last.
    fn is_older(&mut self, record: &Record, now: Instant) -> bool {
        let behind = match (&self.timers.heartbeat.value, &record.lease) {
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
        let may_manage = managed || self.listed || self.superseded.is_so();
        self.timers.leaderless.see(may_manage && silent, now);
        let outside = |engine: &Info| engine.swarm.local_node_state == LocalNodeState::Inactive;
        self.timers.outside.see(seen.engine.as_ref().is_ok_and(outside), now);
        if let Ok(engine) = &seen.engine {
            self.timers.stuck.see(engine.swarm.is_stuck(), now);
        }
        let read = seen.metadata.as_ref().is_ok_and(|metadata| metadata.record.is_ok());
        self.timers.heard.see(read && seen.swarm_view().is_some(), now);
        if silent {
            // Nobody could say meanwhile that a node was back.
            self.timers.down = Each::default();
            self.timers.mute = Each::default();
            self.timers.unsettled = Each::default();
        }
        if let Some(swarm) = seen.swarm_view() {
            let own = seen.engine.as_ref().ok().and_then(|engine| swarm.node(&engine.swarm.node_id));
            if seen.leader_holds_lease {
                self.timers.lease.happens(now);
                self.stands_in = false;
            }
            let silent_ms = self.past(now).silent_ms();
            let silent = |own: &Node| silent_ms >= plan::silence_ms(&seen.wanted, swarm, &own.id);
            self.stands_in = !own.is_some_and(Node::leads) && (self.stands_in || own.is_some_and(silent));
            for node in &swarm.nodes {
                if node.manager.is_some() {
                    self.timers.demoted.end(|id| id == node.id);
                } else if self.timers.voters.value.contains(&node.id)
                    || (node.status.state != NodeState::Ready && self.timers.demoted.has(&node.id))
                {
                    self.timers.demoted.begin_one(&node.id, now);
                }
            }
            self.timers.demoted.end(|id| swarm.node(id).is_none());
            let voters = swarm.nodes.iter().filter(|node| node.manager.is_some());
            self.timers.voters.see(voters.map(|node| node.id.clone()).collect(), now);
            // A manager that was away and has been made a worker is no nearer for that.
            let still = |node: &Node| node.status.state != NodeState::Ready && self.timers.down.has(&node.id);
            let down = swarm.nodes.iter().filter(|node| node.is_away() || still(node));
            let down = down.map(|node| &node.id).collect();
            self.timers.down.see(down, now);
            let mute = swarm.nodes.iter().filter(|node| node.is_mute());
            self.timers.mute.see(mute.map(|node| &node.id).collect(), now);
            let unsettled =
                swarm.nodes.iter().filter(|node| (node.spec.role == Role::Manager) != node.manager.is_some());
            self.timers.unsettled.see(unsettled.map(|node| &node.id).collect(), now);
        }
    }

    /// A look at Rancher's API took this long.
    pub fn saw_slowest(&mut self, took_ms: u64) {
        self.slowest_ms = self.slowest_ms.max(took_ms);
    }

    /// Takes in what was planned.
    pub fn planned(&mut self, plan: &Plan) {
        let gives = plan.desired_record.as_ref().is_some_and(|record| !record.waiting.is_empty());
        self.is_token_renewed &= plan.stage == Stage::LeaseHolder && !gives;
    }

    /// The worker token was renewed.
    pub fn token_renewed(&mut self) {
        self.is_token_renewed = true;
    }

    /// A heartbeat was given.
    pub fn heartbeat_given(&mut self, now: Instant) {
        self.timers.own_heartbeat.happens(now);
    }
}
