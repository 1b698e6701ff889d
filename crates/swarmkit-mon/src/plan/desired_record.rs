//! What the lease holder writes into the record.

use std::collections::{BTreeMap, HashMap, HashSet};

use serde::Serialize;

use crate::engine::{Node, NodeState};
use crate::observe::{MetadataView, Observation, RancherView, SwarmView};
use crate::rancher::HostEntry;
use crate::record::{Claim, Lease, Record, SealedToken};

use super::{Warning, WarningKind, roles};

/// An epoch that is taken back: the record is to be as it was seen.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct TakenBack {
    epoch: u64,
    claim: Option<Claim>,
    /// The lease, where nobody is to hold it any more.
    lease: Option<Lease>,
}

impl TakenBack {
    fn is_as_seen(&self, record: &Record) -> bool {
        let silent = self.claim.is_some() || record.lease == self.lease;
        record.epoch == self.epoch && record.recovery == self.claim && silent
    }
}

/// What the record shall say.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DesiredRecord {
    /// The swarm.
    pub cluster: String,
    /// Another swarm that it is recorded in the place of.
    pub replaces: Option<String>,
    /// Which epoch of it: only that one's lease holder writes the record.
    pub epoch: u64,
    /// The epoch that this one takes back, with the claim that stands. Another manager has begun it, to go on alone, and has not
    /// gone on, and the swarm has its quorum again; or this manager has gone on alone, and those who have taken that back are
    /// none of it.
    pub takes_back: Option<TakenBack>,
    /// Where its managers are joined, as `address:port`, sorted.
    pub managers: Vec<String>,
    /// Node IDs by the UUID of each one's host.
    pub members: BTreeMap<String, String>,
    /// The nodes that vote, or may do so before this is written again, sorted.
    pub voters: Vec<String>,
    /// Nodes that are no host's, sorted.
    pub others: Vec<String>,
    /// Nodes that a host was before it joined anew.
    pub former: BTreeMap<String, String>,
    /// Nodes that have been down for longer than the grace period, sorted.
    pub lost: Vec<String>,
    /// The lease holder's host.
    pub lease: String,
    /// The keys, by host, to which a token is to be sealed. All other tokens are withdrawn.
    #[serde(serialize_with = "crate::shown::hosts")]
    pub waiting: BTreeMap<String, String>,
    /// Which worker token is in force: see [`crate::seal::mark`].
    pub token: String,
    /// What was kept of a record that is gone: it is written in its place.
    #[serde(skip)]
    pub kept: Option<Record>,
}

impl DesiredRecord {
    pub(super) fn of(seen: &Observation, metadata: &MetadataView, view: &RancherView, swarm: &SwarmView) -> Self {
        let managers = swarm.nodes.iter().filter_map(|node| node.manager.as_ref());
        let mut managers: Vec<String> =
            managers.map(|manager| manager.addr.clone()).filter(|address| !address.is_empty()).collect();
        managers.sort();
        managers.dedup();
        let members = members(seen, metadata, view, swarm);
        let taken: HashSet<&str> = members.values().map(String::as_str).collect();
        let former = former(view, swarm, &taken);
        let ids = |pick: &dyn Fn(&Node) -> bool| {
            let mut ids: Vec<String> =
                swarm.nodes.iter().filter(|node| pick(node)).map(|node| node.id.clone()).collect();
            ids.sort();
            ids
        };
        // Whoever is left without a quorum counts by the record, so one that becomes a voter is in it from before till after.
        let own = epoch(seen, &swarm.cluster);
        let told = view.record.recovery.is_none() && view.record.epoch == own;
        let becomes = |node: &Node| told && roles::is_manager(node) && view.record.voters.contains(&node.id);
        let voters = ids(&|node| node.manager.is_some() || becomes(node));
        let others = ids(&|node| !former.contains_key(&node.id) && !taken.contains(node.id.as_str()));
        let lost = ids(&|node| seen.past.down_ms.get(&node.id).is_some_and(|ms| *ms >= seen.wanted.grace_ms));
        let registered = view.registered_hosts().filter(|host| host.node().is_none());
        let registered = registered.filter(|host| doubt(seen, host, &view.record, swarm).is_none());
        let waiting = registered.filter_map(|host| Some((host.uuid.clone(), host.key()?.to_owned()))).collect();
        let begun = view.record.epoch;
        let is_anothers = view.record.recovery.is_some() || seen.was_taken_back(&view.record);
        let takes_back = (is_anothers && begun > own).then(|| TakenBack {
            epoch: begun,
            claim: view.record.recovery.clone(),
            lease: view.record.lease.clone(),
        });
        Self {
            cluster: swarm.cluster.clone(),
            replaces: None,
            epoch: takes_back.as_ref().map_or(begun.max(own), |_| view.record.epoch_by(&seen.own.nonce)),
            takes_back,
            managers,
            members,
            voters,
            others,
            former,
            lost,
            lease: metadata.host.clone(),
            waiting,
            token: swarm.token.clone(),
            kept: seen.own.state.record.clone().filter(|_| seen.record_is_gone),
        }
    }

    /// The same once a node may vote too.
    pub(super) fn with_voter(mut self, node: &str) -> Self {
        if let Err(at) = self.voters.binary_search_by(|voter| voter.as_str().cmp(node)) {
            self.voters.insert(at, node.to_owned());
        }
        self
    }

    /// Whether the record has the same voters, so that no more than the next change of a role is missing in it, whatever
    /// becomes of this monitor.
    pub(super) fn has_told_voters(&self, record: &Record) -> bool {
        record.recovery.is_none() && record.epoch == self.epoch && record.voters == self.voters
    }

    /// Whether the record says so already.
    pub fn is_published(&self, record: &Record) -> bool {
        record.claim.is_none()
            && record.cluster.as_deref() == Some(self.cluster.as_str())
            && record.epoch == self.epoch
            && record.managers == self.managers
            && record.members == self.members
            && record.voters == self.voters
            && record.others == self.others
            && record.former == self.former
            && record.lost == self.lost
            && record.recovery.is_none()
            && record.lease.as_ref().is_some_and(|lease| lease.host == self.lease)
            && record.tokens.len() == self.waiting.len()
            && self.waiting.iter().all(|(host, key)| self.has_token(record, host, key))
    }

    /// Whether it may be written into a record: it is of the recorded swarm, or none is recorded and the claim that stands
    /// is this process's.
    pub fn may_be_written(&self, record: &Record, nonce: &str) -> bool {
        let record = record.or_kept(self.kept.as_ref());
        match &record.cluster {
            Some(cluster) if *cluster == self.cluster => match &self.takes_back {
                Some(taken_back) => taken_back.is_as_seen(record),
                // An earlier epoch's is one that a late write has brought back.
                None => record.epoch <= self.epoch,
            },
            Some(cluster) => self.replaces.as_ref() == Some(cluster),
            None => record.is_free_for(&Claim { host: self.lease.clone(), nonce: nonce.to_owned() }),
        }
    }

    /// Whether a host's token stands in the record.
    pub fn has_token(&self, record: &Record, host: &str, key: &str) -> bool {
        record.tokens.get(host).is_some_and(|token| token.key == key && token.mark == self.token)
    }

    /// The record as it shall be, of the one that is. Tokens that stand are kept; `seal` makes the others.
    pub fn write(&self, before: &Record, mut seal: impl FnMut(&str, &str) -> Option<String>) -> Record {
        let before = before.or_kept(self.kept.as_ref());
        let mut after = before.clone();
        after.claim = None;
        after.cluster = Some(self.cluster.clone());
        after.epoch = self.epoch;
        after.managers.clone_from(&self.managers);
        after.members.clone_from(&self.members);
        after.voters.clone_from(&self.voters);
        after.others.clone_from(&self.others);
        after.former.clone_from(&self.former);
        after.lost.clone_from(&self.lost);
        after.recovery = None;
        let heartbeat = before.lease.as_ref().map_or(0, |lease| lease.heartbeat);
        after.lease = Some(Lease { host: self.lease.clone(), heartbeat: heartbeat.wrapping_add(1) });
        after.tokens.retain(|host, _| self.waiting.get(host).is_some_and(|key| self.has_token(before, host, key)));
        for (host, key) in &self.waiting {
            if !after.tokens.contains_key(host) {
                // For a key that is none there is no token; that is written once too, else it would be tried for ever.
                let sealed = seal(host, key).unwrap_or_default();
                let token = SealedToken { key: key.clone(), mark: self.token.clone(), sealed };
                after.tokens.insert(host.clone(), token);
            }
        }
        after
    }
}

/// The node that a host is recorded as, and denies though it may be there: it waits to join, or says that it is a node that
/// another host is recorded as. Another host may have its identity, or its labels, or its place while it reboots. Of a node
/// that is not ready the host's word that it has left it is taken; without it the grace period has to pass.
fn doubt<'a>(seen: &Observation, host: &HostEntry, record: &'a Record, swarm: &SwarmView) -> Option<&'a String> {
    let id = record.members.get(&host.uuid)?;
    let node = swarm.node(id)?;
    let others = |said: &str| record.members.iter().any(|(other, node)| *other != host.uuid && node == said);
    let denies = host.denies(id) && host.node().is_none_or(others);
    let may_be_there = || {
        let away = seen.past.down_ms.get(id).copied().unwrap_or_default();
        node.status.state == NodeState::Ready || (host.left() != Some(id.as_str()) && away < seen.wanted.grace_ms)
    };
    (denies && may_be_there()).then_some(id)
}

/// For how long a host denies its node before that is told. One that has just joined is recorded by its address while what it
/// says of itself is on its way.
const DENIED_MS: u64 = 30_000;

/// What to say of hosts in doubt.
pub(super) fn doubted(seen: &Observation, view: &RancherView, swarm: &SwarmView) -> Vec<Warning> {
    let said = |host: &HostEntry| {
        let node = doubt(seen, host, &view.record, swarm)?;
        let says = match host.node() {
            None => "waits to join".to_owned(),
            Some(other) => format!("says that it is node {other}, which another host is"),
        };
        Some(WarningKind::OneIdentity.of(format!(
            "host {} {says}, though it is recorded as node {node}, which is ready or was a moment ago: it is not believed, and \
             gets no token yet. Either its engine has lost its state: then it gets one once that node has been away for \
             GRACE_PERIOD. Or two hosts have one Rancher identity, or somebody has changed the host's labels",
            host.uuid
        )))
    };
    let is_late = |host: &&HostEntry| seen.past.denied_ms.get(&host.uuid).is_some_and(|ms| *ms >= DENIED_MS);
    view.registered_hosts().filter(is_late).filter_map(said).collect()
}

/// The epoch of a swarm that this host remembers to be of.
pub(super) fn epoch(seen: &Observation, cluster: &str) -> u64 {
    let member = seen.own.state.member.as_ref().filter(|member| member.cluster == cluster);
    member.map_or(0, |member| member.epoch)
}

/// Which host is which node: by what the host says of itself, which it alone knows for sure; else by an address that one
/// host and one node have; else as it was. Never by a name.
fn members(
    seen: &Observation,
    metadata: &MetadataView,
    view: &RancherView,
    swarm: &SwarmView,
) -> BTreeMap<String, String> {
    let own = seen.engine.as_ref().map(|info| info.swarm.node_id.as_str()).unwrap_or_default();
    let ids: HashSet<&str> = swarm.nodes.iter().map(|node| node.id.as_str()).collect();
    let registered: Vec<_> = view.registered_hosts().collect();
    let mut members = BTreeMap::new();
    let mut taken = HashSet::new();
    for host in &registered {
        // A host's label may still be on its way.
        let is_doubted = host.uuid != metadata.host && doubt(seen, host, &view.record, swarm).is_some();
        let said = if host.uuid == metadata.host { Some(own) } else { host.node().filter(|_| !is_doubted) };
        if let Some(node) = said.filter(|node| ids.contains(node)) {
            members.insert(host.uuid.clone(), node.to_owned());
            taken.insert(node);
        }
    }
    let recorded: HashSet<&str> = view.record.members.values().map(String::as_str).collect();
    // Nodes by their address, and how many hosts have each.
    let mut at: HashMap<&str, (Vec<&Node>, usize)> = HashMap::new();
    for node in swarm.nodes.iter().filter(|node| !node.status.addr.is_empty()) {
        at.entry(&node.status.addr).or_default().0.push(node);
    }
    for host in &registered {
        if let Some((_, hosts)) = host.agent_ip_address.as_deref().and_then(|address| at.get_mut(address)) {
            *hosts += 1;
        }
    }
    for host in &registered {
        if members.contains_key(&host.uuid) {
            continue;
        }
        // A host that waits to join has no node; unless it has just joined, and its labels do not say so yet. The node
        // that it was before may still be taken for ready.
        let waits = host.key().is_some();
        let is_new = |node: &Node| {
            let before = recorded.contains(node.id.as_str()) || view.record.former.contains_key(&node.id);
            node.status.state == NodeState::Ready && !before
        };
        let here = host.agent_ip_address.as_deref().and_then(|address| at.get(address));
        let by_address = here.and_then(|(nodes, hosts)| match nodes.as_slice() {
            [node] if *hosts == 1 && (!waits || is_new(node)) => Some(node.id.as_str()),
            _ => None,
        });
        let as_before = view.record.members.get(&host.uuid).map(String::as_str);
        let is_doubted = doubt(seen, host, &view.record, swarm).is_some();
        let as_before = as_before.filter(|node| (!waits || is_doubted) && ids.contains(node));
        // The address that Rancher has of a host in doubt may be the other one's.
        let by_address = by_address.filter(|_| !is_doubted);
        if let Some(node) = by_address.or(as_before).filter(|node| !taken.contains(node)) {
            members.insert(host.uuid.clone(), node.to_owned());
            taken.insert(node);
        }
    }
    // The node of a host that is not registered any more is known by the record alone.
    let uuids: HashSet<&str> = registered.iter().map(|host| host.uuid.as_str()).collect();
    for (host, node) in &view.record.members {
        if !uuids.contains(host.as_str()) && ids.contains(node.as_str()) && taken.insert(node) {
            members.insert(host.clone(), node.clone());
        }
    }
    members
}

/// The nodes that a host was before it joined anew, as long as the swarm has them.
fn former(view: &RancherView, swarm: &SwarmView, taken: &HashSet<&str>) -> BTreeMap<String, String> {
    let recorded = view.record.members.iter().map(|(host, node)| (node.as_str(), host));
    let recorded = recorded.chain(view.record.former.iter().map(|(node, host)| (node.as_str(), host)));
    let said = view.registered_hosts().filter_map(|host| Some((host.left()?, &host.uuid)));
    let ids: HashSet<&str> = swarm.nodes.iter().map(|node| node.id.as_str()).collect();
    let is_former = |node: &str| ids.contains(node) && !taken.contains(node);
    let all = said.chain(recorded).filter(|(node, _)| is_former(node));
    all.map(|(node, host)| (node.to_owned(), host.clone())).collect()
}
