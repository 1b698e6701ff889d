//! This host's engine is in a swarm: does it belong there, and does this monitor act?

use crate::engine::{ManagerStatus, Network, Node, NodeState, SwarmInfo};
use crate::labels::{self, DesiredLabels};
use crate::observe::{MetadataView, Observation, RancherView, SwarmView, Wanted};
use crate::peers::Peer;
use crate::record::Record;
use crate::state::{Member, State};

use super::claim::{self, ClaimState};
use super::hosts_of_nodes::HostsOfNodes;
use super::roles::{self, Roles};
use super::{
    CLAIM_EXPIRY_MS, Change, DesiredRecord, HEARTBEAT_PERIODS, Plan, SEE_RANCHER, SILENT_PERIODS, SOON_MS, Stage,
    availability, desired_record, network_conflicts, node_labels, orphaned, pause, quorum, rancher, reach, removal,
};

/// For how long this host's address must have been another one before it says so, in milliseconds.
const MOVED_WORD_MS: u64 = 5_000;
/// For how long the record must not have had this manager as one of its epoch, in milliseconds.
const SUPERSEDED_MS: u64 = 5_000;
/// For how long a manager that went on alone, which the others took back, waits for them at the least, in milliseconds.
const LEAST_SILENCE_MS: u64 = 240_000;
/// For how long nobody must have waited for a join token before the worker token is renewed, in milliseconds.
const RENEWAL_MS: u64 = 60_000;

/// Whether this host's monitor acts, or should look whether it has to: it is the one beside the leader of the swarm;
/// or that one has been silent for long, and this is the next; or that one knows less of the swarm than this one.
pub(super) fn acts(seen: &Observation, node: &str) -> bool {
    let Some(swarm) = seen.swarm_view() else { return false };
    if pause::is_paused_here(seen) {
        return false;
    }
    swarm.node(node).is_some_and(Node::leads)
        || seen.past.stands_in
        || remembers_later(seen)
        || seen.past.silent_ms() >= silence_ms(&seen.wanted, swarm, node)
}

/// Whether the record is of an earlier epoch than this host remembers, of which it manages the swarm: it was written
/// over, and recorded anew by one that had become a manager and never read it. Managers of the earlier epoch that come
/// back would take it for theirs.
fn remembers_later(seen: &Observation) -> bool {
    let read = seen.metadata.as_ref().ok().and_then(|metadata| metadata.record.as_ref().ok());
    let record = seen.rancher_view().map(|view| &view.record).or(read);
    record.zip(seen.own.state.member.as_ref()).is_some_and(|(record, member)| {
        record.cluster.as_ref() == Some(&member.cluster)
            && record.recovery.is_none()
            && record.epoch < member.epoch
            && record.voters.contains(&member.node)
    })
}

/// Whether the record is gone, and this process has not read it before. Another manager may have gone on alone while this
/// one was away; it puts back what it has kept within a period, or two if its last try has failed.
pub(super) fn may_know_less(seen: &Observation) -> bool {
    let past = &seen.past;
    seen.record_is_gone && !past.has_read && past.gone_ms < seen.wanted.period_ms.saturating_mul(HEARTBEAT_PERIODS)
}

/// How long the lease holder must have been silent for this one to act in its place.
pub(crate) fn silence_ms(wanted: &Wanted, swarm: &SwarmView, own: &str) -> u64 {
    let next = |node: &&Node| node.manager.as_ref().is_some_and(|manager| !manager.leader && manager.is_reached());
    let row = swarm.nodes.iter().filter(next);
    let place = row.filter(|node| node.id.as_str() < own).count() as u64;
    wanted.period_ms.saturating_mul(SILENT_PERIODS).saturating_mul(place + 1)
}

/// What to do about two swarms. A command would be typed on the hosts of both.
const ONE_OF_TWO: &str = "Decide which of the two swarms stays, and do nothing on its hosts. On every host of the other one: docker \
                          swarm leave --force, workers first. The one that stays is recorded then, and the others join it.";

pub(super) fn plan(seen: &Observation, engine: &SwarmInfo, metadata: &MetadataView) -> Plan {
    let word = if seen.past.moved_ms >= MOVED_WORD_MS { labels::MOVED_MANAGER } else { labels::MANAGER };
    let part = engine.control_available.then_some(word);
    let desired = DesiredLabels { part, node: Some(engine.node_id.clone()), ..DesiredLabels::default() };
    let swarm = match &seen.swarm {
        None => return reach::of_worker(seen, worker(seen, engine, metadata)).labels(desired),
        Some(Err(reason)) => {
            let plan = quorum::plan(seen, metadata, reason).unwrap_or_else(|| reach::silent(seen, reason));
            return plan.labels(desired);
        }
        Some(Ok(swarm)) => swarm,
    };
    if !acts(seen, &engine.node_id) {
        let plan = manager(seen, engine, metadata, swarm).labels(desired);
        // The engine may be about to see what the other managers' monitors do not say any more.
        return if seen.past.unserved_ms >= reach::DOUBT_MS { plan.requeue_after(2_000) } else { plan };
    }
    let view = match rancher(seen) {
        Ok(view) => view,
        Err(reason) => {
            return Plan::new(Stage::LeaseHolder, format!("is to act, but cannot: {reason}"))
                .advise(SEE_RANCHER)
                .labels(desired);
        }
    };
    // The one beside the leader may act all the same, and cannot say so.
    if !view.takes_writes && !swarm.node(&engine.node_id).is_some_and(Node::leads) {
        return manager(seen, engine, metadata, swarm).labels(desired);
    }
    let position = Position { seen, engine, metadata, swarm, view };
    match &view.record.cluster {
        None => position.record(),
        Some(cluster) if *cluster == swarm.cluster => match outdated(seen, engine, &view.record, Some(view)) {
            Some(plan) => plan,
            None => position.act(),
        },
        Some(cluster) => position.foreign(cluster),
    }
    .labels(desired)
}

/// What this host remembers once it is in the recorded swarm.
fn remembered(seen: &Observation, record: &Record, engine: &SwarmInfo) -> Option<State> {
    let cluster = record.cluster.clone()?;
    let made = seen.own.state.made.clone().filter(|made| *made == cluster);
    let own = desired_record::epoch(seen, &cluster);
    // An epoch that is about to begin is its maker's alone.
    let epoch = if record.recovery.is_some() { own } else { record.epoch.max(own) };
    let member = Some(Member { cluster, node: engine.node_id.clone(), manager: engine.control_available, epoch });
    // What rancher-metadata tells may be of an earlier epoch than the one that this host has begun.
    let before = seen.own.state.record.as_ref();
    let later = before.filter(|kept| kept.cluster == record.cluster && kept.epoch > record.epoch);
    let kept = engine.control_available.then(|| later.cloned().unwrap_or_else(|| record.kept()));
    let state = State { init: None, made, joining: None, left: None, member, record: kept };
    (state != seen.own.state).then_some(state)
}

fn worker(seen: &Observation, engine: &SwarmInfo, metadata: &MetadataView) -> Plan {
    let record = match &metadata.record {
        Ok(record) => record,
        Err(reason) => return Plan::new(Stage::Member, reason),
    };
    let Some(cluster) = &record.cluster else {
        return Plan::new(Stage::Member, "a worker of a swarm that is not recorded yet");
    };
    let known = |node: &str| record.members.values().any(|member| member == node);
    let remembered_here = seen.own.state.member.as_ref().filter(|member| member.node == engine.node_id);
    let belongs = record.knows(&engine.node_id, &metadata.host)
        || engine.remote_managers.iter().any(|peer| known(&peer.node_id))
        || remembered_here.is_some_and(|member| member.cluster == *cluster);
    if belongs {
        let mut plan = Plan::new(Stage::Member, "a worker of the recorded swarm");
        plan.remember = remembered(seen, record, engine);
        // It is about to become a manager, and an engine does not tell a worker when.
        return if record.voters.contains(&engine.node_id) { plan.requeue_soon() } else { plan };
    }
    match remembered_here {
        // A late write may have brought back the record of a swarm that is no more.
        Some(_) if !orphaned::is_alive(seen) => {
            let reason = format!(
                "{cluster} is recorded, and not the swarm that the engine is a worker of; it gives no heartbeat"
            );
            Plan::new(Stage::Foreign, reason)
        }
        Some(member) => Plan::new(
            Stage::Foreign,
            format!(
                "the engine is a worker of swarm {}, which this host was in before; {cluster} is recorded: it leaves",
                member.cluster
            ),
        )
        .change(Change::Leave { node: engine.node_id.clone(), manager: false }),
        None => Plan::new(
            Stage::Foreign,
            format!(
                "the engine is a worker of a swarm that is not this environment's ({cluster}); it is left alone: docker swarm leave, if it shall join"
            ),
        ),
    }
}

fn manager(seen: &Observation, engine: &SwarmInfo, metadata: &MetadataView, swarm: &SwarmView) -> Plan {
    let record = match &metadata.record {
        Ok(record) => record,
        Err(reason) => return Plan::new(Stage::Member, reason),
    };
    match &record.cluster {
        None => {
            Plan::new(Stage::Member, "a manager of a swarm that is not recorded yet; the leader's monitor records it")
        }
        Some(cluster) if *cluster == swarm.cluster => {
            if let Some(plan) = outdated(seen, engine, record, None) {
                return plan;
            }
            let mut plan = Plan::new(Stage::Member, "a manager of the recorded swarm; the leader's monitor acts");
            // Whether the epoch that begins is this one's is not told yet.
            if record.recovery.is_none() {
                plan.remember = remembered(seen, record, engine);
            }
            plan
        }
        Some(cluster) => not_ours(&swarm.cluster, cluster),
    }
}

/// This host's engine is a manager of an epoch of the swarm that another one has gone on without. It is no part of
/// that one any more, whatever it sees: it leaves. One that the present epoch has as a manager, beside its others, is of that;
/// it may have become one just now, so a while passes, and a heartbeat, before it leaves.
fn outdated(seen: &Observation, engine: &SwarmInfo, record: &Record, view: Option<&RancherView>) -> Option<Plan> {
    let member = seen.own.state.member.as_ref()?;
    let of_before = member.cluster == *record.cluster.as_ref()? && member.epoch < record.epoch;
    if !of_before {
        return None;
    }
    let plan = |reason: &str| {
        Plan::new(Stage::Foreign, format!("another manager has gone on alone with this swarm{reason}")).advise(
            "See on the page whether the monitor of another manager acts. If none does, keep this host as it is: it may have all that \
             is left of the swarm. Bring the other managers' hosts back, or remove from Rancher those that are gone for good.",
        )
    };
    if let Some(claim) = &record.recovery {
        // It was about to. If it is a manager here it has not done it, and if its host was removed, or its claim is an old
        // one, it never will; or it has, and will be told that it is of the epoch before. But where the record has had
        // other managers since, it had gone on without this one already, and an old claim tells nothing.
        let node = record.members.get(&claim.host);
        let here = seen
            .swarm_view()
            .zip(node)
            .and_then(|(swarm, node)| swarm.node(node))
            .and_then(|node| node.manager.as_ref());
        let is_here = here.is_some_and(ManagerStatus::is_reached);
        let is_gone = view.is_some_and(|view| view.registered(&claim.host).is_none());
        let is_old = seen.past.recovery_ms >= CLAIM_EXPIRY_MS && record.voters.contains(&engine.node_id);
        return (!is_here && !is_gone && !is_old)
            .then(|| plan(", or is about to: what becomes of this one is yet to be told").requeue_after(1_000));
    }
    let was_taken_back = seen.was_taken_back(record);
    if record.voters.contains(&engine.node_id) && !was_taken_back {
        return None;
    }
    // Those who took it back have lost their quorum by it, and nobody else is the swarm: as long as it takes for the last of them
    // to act in the others' place, nobody has answered, and none says that it has a leader.
    let row = record.voters.len() as u64 + 1;
    let silence_ms = seen.wanted.period_ms.saturating_mul(SILENT_PERIODS * row).max(LEAST_SILENCE_MS);
    let serves = seen.peers.iter().flatten().any(Peer::serves);
    if was_taken_back && view.is_some() && !serves && seen.past.unheard_ms >= silence_ms {
        return None;
    }
    if seen.past.superseded_ms < SUPERSEDED_MS || !orphaned::is_alive(seen) {
        return Some(plan("; it has not said yet whether this one is a manager there").requeue_after(1_000));
    }
    let leave = Change::Leave { node: engine.node_id.clone(), manager: true };
    Some(plan("; this one is no manager there: it leaves and joins anew").change(leave))
}

fn not_ours(cluster: &str, recorded: &str) -> Plan {
    Plan::new(
        Stage::Foreign,
        format!(
            "the engine manages swarm {cluster}, but {recorded} is this environment's; it is left alone: docker swarm leave --force, if it shall join"
        ),
    )
}

struct Position<'a> {
    seen: &'a Observation,
    engine: &'a SwarmInfo,
    metadata: &'a MetadataView,
    swarm: &'a SwarmView,
    view: &'a RancherView,
}

impl Position<'_> {
    /// Whether this host made this swarm. A crash between making it and noting its ID leaves the intent.
    fn made_here(&self) -> bool {
        let state = &self.seen.own.state;
        let noted = state.made.as_deref() == Some(self.swarm.cluster.as_str());
        noted || (state.made.is_none() && state.init.is_some() && self.is_bare())
    }

    /// Whether this host's label says which node it is.
    fn is_said(&self) -> bool {
        let own = self.view.registered(&self.metadata.host);
        own.and_then(|host| host.node()) == Some(self.engine.node_id.as_str())
    }

    /// One node and no service: nobody loses anything with it.
    fn is_bare(&self) -> bool {
        self.swarm.nodes.len() == 1 && self.swarm.services == Some(0)
    }

    /// No swarm is recorded: this one is to be, whether this host made it or found it.
    fn record(&self) -> Plan {
        let act = |reason: String| Plan::new(Stage::LeaseHolder, reason);
        let found = if self.made_here() { "made by this host" } else { "found on this host" };
        if !self.made_here() {
            let hosts = self.view.registered_hosts().filter(|host| host.uuid != self.metadata.host);
            let mut nodes = hosts.filter_map(|host| Some((&host.uuid, host.node()?)));
            if let Some((host, node)) = nodes.find(|(_, node)| self.swarm.node(node).is_none()) {
                return Plan::new(
                    Stage::Foreign,
                    format!(
                        "two swarms and none recorded: this host's has cluster ID {}, and host {host} is node {node} of another one; one of the two must leave",
                        self.swarm.cluster
                    ),
                )
                .advise(ONE_OF_TWO);
            }
            let candidates = claim::candidates(self.metadata, self.view);
            let awaited = claim::awaited(self.seen, &candidates, &self.metadata.host);
            if !awaited.is_empty() {
                return act(format!(
                    "a swarm was {found}; hosts have not said yet whether they are in another: {}",
                    awaited.join(", ")
                ))
                .requeue_soon();
            }
        }
        match claim::state(self.seen, self.metadata, self.view) {
            ClaimState::Free => {
                act(format!("the swarm {found} is not recorded: it claims to record it")).change(Change::Claim)
            }
            ClaimState::Settling(ms) => act("this host's claim must stand for a while".to_owned()).requeue_after(ms),
            ClaimState::Other(host) => act(format!("host {host} has claimed to record a swarm")).requeue_after(1000),
            // Others look at labels before they make a swarm. With its label this host keeps them from it; a record could
            // be lost to one of theirs that is late. Labels that cannot be written keep nobody from a swarm, though.
            ClaimState::Mine if !self.is_said() && self.seen.past.claim_ms < CLAIM_EXPIRY_MS => {
                act(format!("records the swarm {found} once this host's label says so")).requeue_soon()
            }
            ClaimState::Mine => {
                let mut plan = act(format!("records the swarm {found}")).requeue_soon();
                plan.desired_record = Some(self.desired_record());
                if self.made_here() {
                    let made = Some(self.swarm.cluster.clone());
                    plan.remember = Some(State { made, ..self.seen.own.state.clone() })
                        .filter(|state| *state != self.seen.own.state);
                }
                plan
            }
        }
    }

    /// Another swarm is recorded than this host's.
    fn foreign(&self, recorded: &str) -> Plan {
        let was_in = self.seen.own.state.member.as_ref().is_some_and(|member| member.cluster == self.swarm.cluster);
        // A record that no host bears out is one that a late write has brought, of a swarm that was left since.
        if !self.is_borne_out() {
            let elsewhere = self.view.registered_hosts().filter_map(|host| host.node());
            if was_in && elsewhere.clone().all(|node| self.swarm.node(node).is_some()) {
                let reason = format!(
                    "swarm {recorded} is recorded, which no host is in; {}, which was recorded before, is recorded again",
                    self.swarm.cluster
                );
                let mut plan = Plan::new(Stage::LeaseHolder, reason).requeue_soon();
                plan.desired_record =
                    Some(DesiredRecord { replaces: Some(recorded.to_owned()), ..self.desired_record() });
                return plan;
            }
        } else if self.is_bare() && (self.made_here() || was_in) {
            let reason = format!(
                "swarm {recorded} is recorded; this host's own, {}, has one node and no service: it is left",
                self.swarm.cluster
            );
            return Plan::new(Stage::Foreign, reason)
                .change(Change::Leave { node: self.engine.node_id.clone(), manager: true });
        }
        not_ours(&self.swarm.cluster, recorded)
    }

    /// Whether some host says of itself what the record says of it.
    fn is_borne_out(&self) -> bool {
        let members = &self.view.record.members;
        self.view.registered_hosts().any(|host| {
            let node = host.node();
            node.is_some() && node == members.get(&host.uuid).map(String::as_str)
        })
    }

    fn desired_record(&self) -> DesiredRecord {
        DesiredRecord::of(self.seen, self.metadata, self.view, self.swarm)
    }

    /// Whether another manager is to put back the record: of one that has gone on alone before, or has all its nodes, none
    /// has gone on without it.
    fn leaves_record_to_others(&self) -> bool {
        let is_away = |node: &Node| {
            let unreached = node.manager.as_ref().is_some_and(|manager| !manager.is_reached());
            unreached || node.status.state != NodeState::Ready
        };
        let first = desired_record::epoch(self.seen, &self.swarm.cluster) == 0;
        first && may_know_less(self.seen) && self.swarm.nodes.iter().any(is_away)
    }

    /// The recorded swarm, with this monitor as the one that acts.
    fn act(&self) -> Plan {
        let mut plan = Plan::new(Stage::LeaseHolder, "watches the swarm");
        if self.view.record.recovery.is_none() && !self.seen.was_taken_back(&self.view.record) {
            plan.remember = remembered(self.seen, &self.view.record, self.engine);
        }
        if self.leaves_record_to_others() {
            plan.reason = "the record is gone, and this monitor has never read it: others may know better".to_owned();
            return plan.requeue_after(1_000);
        }
        // A list without this host is no list to act on.
        if !self.view.hosts.iter().any(|host| host.uuid == self.metadata.host) {
            plan.reason = "is to act, but Rancher's API does not list this host".to_owned();
            return plan.advise(
                "See whether this host was removed from Rancher; if not, recreate the container, so that it gets keys of its \
                 environment.",
            );
        }
        let desired_record = self.desired_record();
        let roles = roles::plan(self.seen, self.view, self.swarm, self.metadata, &desired_record);
        let desired_record = match &roles.next {
            Roles::Change(Change::Promote(node)) => desired_record.with_voter(&node.id),
            _ => desired_record,
        };
        // Whoever is in doubt asks; to all others nothing is said.
        let is_due = self.seen.past.own_heartbeat_ms >= self.seen.wanted.period_ms * HEARTBEAT_PERIODS;
        plan.gives_heartbeat =
            is_due && self.view.registered_hosts().any(|host| host.is_active() && host.is_in_doubt());
        if plan.gives_heartbeat || self.seen.record_is_gone || !desired_record.is_published(&self.view.record) {
            plan.desired_record = Some(desired_record.clone());
        }
        plan.warnings = roles.warnings;
        plan.warnings.extend(desired_record::doubted(self.seen, self.view, self.swarm));
        plan.warnings.extend(removal::warning(self.seen, &desired_record.members));
        plan.warnings.extend(network_conflicts::warnings(self.view, self.swarm));
        let hosts = HostsOfNodes::new(self.view, &desired_record.members);
        let (relabelled, warnings) = node_labels::look(self.swarm, &hosts);
        plan.warnings.extend(warnings);
        plan.reason = roles.reason;
        // Whoever is left without a quorum has the record alone to count by.
        let next = match roles.next {
            Roles::Change(_) if !desired_record.has_told_voters(&self.view.record) => {
                plan.reason.push_str(", once the record says who votes");
                Roles::UnderWay
            }
            // Else the record would count on it for as long as the upgrade lasts, and no other could become one meanwhile.
            Roles::Change(Change::Demote(_)) if !self.view.takes_writes => {
                plan.reason.push_str(", once Rancher takes changes of the record again");
                Roles::Settled
            }
            next => next,
        };
        let due = match next {
            Roles::UnderWay => Some(SOON_MS),
            Roles::Due(ms) => Some(ms.max(SOON_MS)),
            Roles::Change(_) | Roles::Settled => None,
        };
        let removal = || removal::plan(self.seen, self.view, self.swarm, &desired_record.members);
        plan.change = match next {
            Roles::Change(change) => Some(change),
            // Workers leave whatever becomes of the managers.
            Roles::UnderWay | Roles::Due(_) | Roles::Settled => removal().map(|(change, reason)| {
                plan.reason = reason;
                change
            }),
        };
        if let Some(ms) = due {
            plan = plan.requeue_after(ms);
        } else if plan.change.is_none() {
            let told = availability::plan(self.seen, self.swarm, &hosts).or(relabelled);
            let (change, reason) = self.upkeep(told, &desired_record);
            plan.change = change;
            plan.reason = reason.unwrap_or(plan.reason);
        }
        if self.seen.past.unserved_ms >= reach::DOUBT_MS {
            plan = plan.requeue_after(2_000);
        }
        if plan.is_quiet() { plan } else { plan.requeue_soon() }
    }

    /// What is done once roles are settled, and why, where the plan's own reason does not tell.
    fn upkeep(
        &self,
        of_nodes: Option<(Change, String)>,
        desired_record: &DesiredRecord,
    ) -> (Option<Change>, Option<String>) {
        if let Some(change) = self.tokens() {
            return (Some(change), None);
        }
        match of_nodes {
            Some((change, reason)) => (Some(change), Some(reason)),
            None => (self.network().or_else(|| self.renewal(desired_record)), None),
        }
    }

    /// Join tokens that earlier monitors left for all to read.
    fn tokens(&self) -> Option<Change> {
        (!self.view.plain_tokens.is_empty()).then_some(Change::WithdrawTokens)
    }

    /// A token outlives the joining that it was for by a minute. What another lease holder gave out is not known here.
    fn renewal(&self, desired_record: &DesiredRecord) -> Option<Change> {
        let past = &self.seen.past;
        let is_due = !past.is_token_renewed && past.nobody_waits_ms >= RENEWAL_MS && desired_record.waiting.is_empty();
        is_due.then_some(Change::RenewToken)
    }

    fn network(&self) -> Option<Change> {
        let name = self.seen.wanted.network.clone()?;
        let is_there = |network: &Network| network.of_swarm && network.name == name;
        let is_missing = self.swarm.networks.as_ref().is_some_and(|all| !all.iter().any(is_there));
        is_missing.then_some(Change::CreateNetwork { name })
    }
}
