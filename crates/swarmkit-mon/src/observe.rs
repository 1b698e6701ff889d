//! What is: engine, metadata and Rancher, put into one plain value on which the plan is made.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;

use serde::Serialize;
use tokio::time::Instant;

use super::call::CallError;
use super::clock::Clock;
use super::engine::{Engine, Info, ManagerStatus, Network, Node, Reachability, Role, SwarmInfo};
use super::identity::{Identity, Mirror, has_stayed};
use super::labels;
use super::metadata::Metadata;
use super::own_container::OwnContainer;
use super::past::{Past, ms};
use super::peers::Peer;
use super::plan::{self, Asked};
use super::rancher::{HostEntry, Rancher};
use super::record::{Claim, Record};
use super::seal;
use super::state::State;
use super::surroundings::{Service, Surroundings};
use swarmkit_settings::SWARM_PORT;

/// What was asked for, or why it could not be had.
pub type Seen<T> = Result<T, String>;

/// All that a plan is made on. It holds no secret.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Observation {
    /// What the operator wants.
    pub wanted: Wanted,
    /// What this process and this host know of themselves.
    pub own: Own,
    /// What this host's engine says.
    pub engine: Seen<Info>,
    /// Whether the engine runs: it may do so and tell nothing, as a manager that sees no leader does.
    pub engine_is_up: bool,
    /// What the managers' monitors say; `None` where nobody was asked.
    pub peers: Option<Vec<Peer>>,
    /// What rancher-metadata says.
    pub metadata: Seen<MetadataView>,
    /// What Rancher's API says; `None` if it was not asked, as most reconciles need not.
    pub rancher: Option<Seen<RancherView>>,
    /// What asking Rancher's API took, in milliseconds.
    pub rancher_ms: u64,
    /// The swarm as this host's engine sees it; `None` if it is no manager.
    pub swarm: Option<Seen<SwarmView>>,
    /// Why nothing may be done here, if that is so: this host, or this stack, is there twice.
    pub refusal: Option<String>,
    /// Whether Rancher tells another address of this host, which still has that of its node, and not the other one.
    pub has_stayed: bool,
    /// Whether the monitor beside the swarm's leader has told this one just now that it acts.
    pub leader_holds_lease: bool,
    /// Whether the record is gone, so that what this host has kept of it stands in its place.
    pub record_is_gone: bool,
    /// For how long some things have been as they are.
    pub past: Past,
}

impl Observation {
    /// Puts what this host has kept of the record in its place where it is gone: Rancher writes its own metadata over it
    /// when an upgrade changes the service.
    pub fn keep_record(&mut self) {
        let engine = self.engine.as_ref().ok().map(|info| &info.swarm);
        let Some(kept) = self.own.state.kept_record(engine).cloned() else { return };
        if let Some(Ok(view)) = &mut self.rancher {
            self.record_is_gone = view.record.is_blank();
            if self.record_is_gone {
                view.record = kept.clone();
            }
        }
        if let Ok(MetadataView { record: Ok(record), .. }) = &mut self.metadata
            && record.is_blank()
        {
            *record = kept;
        }
    }

    /// The record, or what this host has kept of it, with a claim to go on alone, if it is still as it was seen: see
    /// [`Record::recovering`].
    pub fn recovering(&self, record: &Record, claim: Claim) -> Option<Record> {
        let cluster = self.own.state.member.as_ref().map(|member| member.cluster.as_str()).unwrap_or_default();
        let before = self.rancher_view().and_then(|view| view.record.recovery.as_ref());
        let kept = self.own.state.kept_record(self.engine.as_ref().ok().map(|info| &info.swarm));
        record.or_kept(kept).recovering(cluster, before, claim)
    }

    /// Whether this host's manager has gone on alone with its swarm, and the others have taken that epoch back, by a record that
    /// still has it as a voter.
    pub fn was_taken_back(&self, record: &Record) -> bool {
        let Some(member) = &self.own.state.member else { return false };
        record.cluster.as_ref() == Some(&member.cluster)
            && record.recovery.is_none()
            && member.epoch < record.epoch
            && record.voters.contains(&member.node)
            && self.swarm_view().is_some_and(|swarm| !swarm.has_voters_of(record))
    }

    /// Rancher's view, if it was asked and answered.
    pub fn rancher_view(&self) -> Option<&RancherView> {
        self.rancher.as_ref()?.as_ref().ok()
    }

    /// The swarm, if this host's engine manages it and it answers.
    pub fn swarm_view(&self) -> Option<&SwarmView> {
        self.swarm.as_ref()?.as_ref().ok()
    }
}

/// What the operator wants.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Wanted {
    /// How many managers.
    pub managers: usize,
    /// Whether managers only manage.
    pub drain_managers: bool,
    /// The host label that keeps hosts from managing, or prefers them.
    pub manager_label: String,
    /// The host label that names a zone.
    pub zone_label: String,
    /// The overlay network to make, if any.
    pub network: Option<String>,
    /// How long a manager's host may be down, in milliseconds.
    pub grace_ms: u64,
    /// What is done once the quorum is lost.
    pub recovery: Recovery,
    /// The longest time from reconcile to reconcile, in milliseconds.
    pub period_ms: u64,
}

/// What is done once the quorum is lost.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Recovery {
    /// Nothing.
    Off,
    /// The managers that are left go on once the others' hosts are removed.
    Removed,
    /// Also once the others have been out of reach for so many milliseconds.
    After(u64),
}

/// What this process and this host know of themselves.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Own {
    /// What tells this process's claims from those of others.
    pub nonce: String,
    /// The public key to which a join token for this host is sealed.
    #[serde(skip)]
    pub key: String,
    /// What the host remembers.
    pub state: State,
}

/// What rancher-metadata says.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct MetadataView {
    /// This host's UUID.
    pub host: String,
    /// This host's address; empty if it is not told yet.
    pub agent_ip: String,
    /// This host's labels, as they were some seconds ago.
    #[serde(skip)]
    pub labels: BTreeMap<String, String>,
    /// The service's UUID.
    pub service: String,
    /// The monitor of each host, by the host's UUID.
    pub monitors: BTreeMap<String, MonitorView>,
    /// The record, as it was some seconds ago.
    #[serde(serialize_with = "super::shown::seen_record")]
    pub record: Seen<Record>,
    /// Why this service's monitors are to do nothing, if another stack of the entry goes before.
    pub refusal: Option<String>,
}

/// Of several stacks of this entry one keeps the swarm, and the others do nothing.
///
/// `keeps` tells whether this host has kept the record of a swarm that it is in: then this stack's was written over.
fn refusal(own: &Service, rivals: &[Service], keeps: bool) -> Option<String> {
    let own_rank = own.rank(keeps);
    let first = rivals.iter().min_by_key(|rival| rival.rank(false)).filter(|rival| rival.rank(false) < own_rank)?;
    Some(format!(
        "this environment has two stacks of this entry: {} keeps the swarm, and {} does nothing. Remove one of the two \
         stacks; the hosts stay in their swarm meanwhile",
        first.full_name(),
        own.full_name()
    ))
}

impl MetadataView {
    fn new(from: Surroundings, keeps: bool) -> Self {
        let refusal = refusal(&from.service, &from.rivals, keeps);
        let mut monitors = BTreeMap::new();
        for container in from.service.containers.into_iter().filter(|container| !container.host_uuid.is_empty()) {
            let running = container.is_running();
            let monitor: &mut MonitorView = monitors.entry(container.host_uuid).or_default();
            monitor.age = container.create_index.min(monitor.age);
            monitor.running |= running;
        }
        Self {
            host: from.host.uuid,
            agent_ip: from.host.agent_ip.trim().to_owned(),
            labels: from.host.labels,
            service: from.service.uuid,
            monitors,
            record: from.service.record,
            refusal,
        }
    }
}

/// The monitor on a host.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct MonitorView {
    /// When its container was made: the lowest is the oldest.
    pub age: u64,
    /// Whether its container runs.
    pub running: bool,
}

impl Default for MonitorView {
    fn default() -> Self {
        Self { age: u64::MAX, running: false }
    }
}

/// What Rancher's API says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RancherView {
    /// The hosts of the environment.
    pub hosts: Vec<HostEntry>,
    /// The record, as it is.
    #[serde(serialize_with = "super::shown::record")]
    pub record: Record,
    /// The keys in the service's metadata under which join tokens can be read by anyone: earlier monitors put them there.
    pub plain_tokens: Vec<String>,
    /// Whether Rancher takes changes of the record now: it refuses them while it upgrades the service.
    pub takes_writes: bool,
}

impl RancherView {
    /// A registered host by its UUID: one that is listed and not removed.
    pub fn registered(&self, uuid: &str) -> Option<&HostEntry> {
        self.registered_hosts().find(|host| host.uuid == uuid)
    }

    /// All registered hosts: those that are listed and not removed.
    pub fn registered_hosts(&self) -> impl Iterator<Item = &HostEntry> + Clone {
        self.hosts.iter().filter(|host| !host.is_gone())
    }
}

/// The swarm as a manager sees it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SwarmView {
    /// Its cluster ID.
    pub cluster: String,
    /// Which worker token is in force: see [`seal::mark`].
    pub token: String,
    /// Its nodes.
    pub nodes: Vec<Node>,
    /// How many services it runs; asked for only while it has one node.
    pub services: Option<usize>,
    /// From which networks it takes subnets.
    pub pools: Vec<String>,
    /// Its networks and this host's; asked for by the one who acts. There may be hundreds, and what matters of them is told.
    #[serde(skip)]
    pub networks: Option<Vec<Network>>,
}

impl SwarmView {
    /// A node by its ID.
    pub fn node(&self, id: &str) -> Option<&Node> {
        self.nodes.iter().find(|node| node.id == id)
    }

    /// Whether the voters of a record manage here, but for the one by which it may be late. One that has gone on alone is not of
    /// the swarm of the others, though these still have it in their list.
    pub fn has_voters_of(&self, record: &Record) -> bool {
        let manages = |id: &&String| self.node(id).is_some_and(|node| node.manager.is_some());
        record.voters.iter().filter(manages).count() * 2 >= record.voters.len()
    }
}

/// The three that are asked.
pub struct Sources {
    /// This host's engine.
    pub engine: Engine,
    /// rancher-metadata.
    pub metadata: Metadata,
    /// Rancher's API, or why there is none.
    pub rancher: Result<Rancher, String>,
    /// The container that this process runs in.
    pub container: OwnContainer,
    /// How far this host's clock is from the last one that was heard of.
    pub clock: Arc<Clock>,
    /// Who answers at this host's address; nobody is asked by a process that does not answer itself.
    pub mirror: Option<Mirror>,
}

fn told<T>(answer: Result<T, CallError>) -> Seen<T> {
    answer.map_err(|error| error.to_string())
}

impl Sources {
    /// Looks once. What cannot be had is part of what is seen.
    pub async fn observe(&self, wanted: &Wanted, own: Own, past: Past, peers: Option<Vec<Peer>>) -> Observation {
        let (engine, metadata) = tokio::join!(self.engine.info(), self.surroundings());
        let is_silent = matches!(engine, Err(CallError::TimedOut { .. }));
        let engine_is_up = engine.is_ok() || (is_silent && self.engine.ping().await.is_ok());
        let engine = told(engine);
        let keeps = own.state.kept_record(engine.as_ref().ok().map(|info| &info.swarm)).is_some();
        let metadata = told(metadata).map(|surroundings| MetadataView::new(surroundings, keeps));
        let refusal = self.refusal(&own, &engine, &metadata).await;
        let node_addr = engine.as_ref().map_or("", |info| &info.swarm.node_addr);
        let has_stayed = metadata.as_ref().is_ok_and(|metadata| has_stayed(node_addr, &metadata.agent_ip));
        let mut seen = Observation {
            wanted: wanted.clone(),
            own,
            engine,
            engine_is_up,
            peers,
            metadata,
            rancher: None,
            rancher_ms: 0,
            swarm: None,
            refusal,
            has_stayed,
            leader_holds_lease: false,
            record_is_gone: false,
            past,
        };
        if seen.refusal.is_some() {
            return seen;
        }
        if let Ok(info) = &seen.engine
            && info.swarm.control_available
        {
            seen.swarm = Some(told(self.swarm(&info.swarm).await));
        }
        seen.leader_holds_lease = self.leader_holds_lease(&seen).await;
        if let Some(asked) = plan::asks_rancher(&seen) {
            let start = Instant::now();
            seen.rancher = Some(self.rancher_view(&seen, asked).await);
            seen.rancher_ms = ms(start.elapsed());
            // The nodes are what is changed by their version, so they are looked at last.
            if let (Ok(info), Some(Ok(view))) = (&seen.engine, &mut seen.swarm) {
                match self.nodes_and_more(view, &info.swarm).await {
                    Ok(()) => {}
                    Err(error) => seen.swarm = Some(Err(error.to_string())),
                }
            }
        }
        seen
    }

    async fn surroundings(&self) -> Result<Surroundings, CallError> {
        let container = self.container.uuid(&self.engine).await;
        let container = container.map(|uuid| uuid.map(str::to_owned)).map_err(|error| error.to_string());
        self.metadata.surroundings(container).await
    }

    async fn refusal(&self, own: &Own, engine: &Seen<Info>, metadata: &Seen<MetadataView>) -> Option<String> {
        let metadata = metadata.as_ref().ok()?;
        if metadata.refusal.is_some() {
            return metadata.refusal.clone();
        }
        let hostname = engine.as_ref().map(|info| info.name.clone()).unwrap_or_default();
        let own = Identity { nonce: own.nonce.clone(), host: metadata.host.clone(), hostname, ..Identity::default() };
        self.mirror.as_ref()?.contradiction(&own, &metadata.agent_ip).await
    }

    /// Asks the monitor beside the swarm's leader, from one manager to another: that costs Rancher nothing.
    async fn leader_holds_lease(&self, seen: &Observation) -> bool {
        let (Some(mirror), Some(swarm), Ok(engine)) = (&self.mirror, seen.swarm_view(), &seen.engine) else {
            return false;
        };
        let leader = swarm.nodes.iter().find(|node| node.leads() && node.id != engine.swarm.node_id);
        let address = leader.and_then(|node| node.manager.as_ref()?.addr.parse::<SocketAddr>().ok());
        match address {
            Some(address) => mirror.acts(address.ip(), seen.wanted.period_ms).await,
            None => false,
        }
    }

    async fn swarm(&self, own: &SwarmInfo) -> Result<SwarmView, CallError> {
        let (swarm, nodes) = tokio::try_join!(self.engine.swarm(), self.nodes(own))?;
        let token = seal::mark(swarm.worker_token());
        Ok(SwarmView { cluster: swarm.id, token, nodes, services: None, pools: swarm.pools, networks: None })
    }

    async fn nodes_and_more(&self, view: &mut SwarmView, own: &SwarmInfo) -> Result<(), CallError> {
        if view.nodes.len() == 1 {
            view.services = Some(self.engine.services().await?);
        }
        view.networks = Some(self.engine.networks().await?);
        view.nodes = self.nodes(own).await?;
        Ok(())
    }

    async fn nodes(&self, own: &SwarmInfo) -> Result<Vec<Node>, CallError> {
        let mut nodes = self.engine.nodes().await?;
        seat(&mut nodes, own);
        Ok(nodes)
    }

    async fn rancher_view(&self, seen: &Observation, asked: Asked) -> Seen<RancherView> {
        let rancher = self.rancher.as_ref().map_err(Clone::clone)?;
        let metadata = seen.metadata.as_ref().map_err(Clone::clone)?;
        let hosts = async {
            match asked {
                Asked::All => rancher.hosts().await,
                Asked::Record => Ok(Vec::new()),
            }
        };
        let (hosts, service) = tokio::join!(hosts, rancher.service(&metadata.service));
        let hosts = told(hosts)?;
        let (record, plain_tokens, takes_writes) = told(service)?;
        Ok(RancherView { hosts, record, plain_tokens, takes_writes })
    }
}

/// An engine that was forced to go on just after it had become a manager leads, and lists no manager at all, not even
/// itself (seen with Docker 28). Only a manager tells the nodes, so it is that one.
fn seat(nodes: &mut [Node], engine: &SwarmInfo) {
    if nodes.iter().any(|node| node.manager.is_some()) {
        return;
    }
    let own = nodes.iter_mut().find(|node| node.id == engine.node_id && node.spec.role == Role::Manager);
    if let Some(own) = own {
        let addr = format!("{}:{SWARM_PORT}", engine.node_addr);
        own.manager = Some(ManagerStatus { leader: true, reachability: Reachability::Reachable, addr });
    }
}

impl HostEntry {
    /// The node that the host says its engine is.
    pub fn node(&self) -> Option<&str> {
        self.labels.get(labels::NODE).map(String::as_str).filter(|node| !node.is_empty())
    }

    /// The node that the host says its engine was before.
    pub fn left(&self) -> Option<&str> {
        self.labels.get(labels::LEFT).map(String::as_str).filter(|node| !node.is_empty())
    }

    /// Whether the host says of a node that it is its engine's, and has broken down.
    pub fn is_broken(&self, node: &str) -> bool {
        self.node() == Some(node) && matches!(self.part(), Some(labels::BROKEN | labels::BROKEN_MANAGER))
    }

    /// Whether the host says that a node which was its engine's has no vote any more, whatever the others count: it has
    /// broken down and manages nothing, or the engine is another node by now, or none and waits to join.
    pub fn has_lost(&self, node: &str) -> bool {
        match self.node() {
            Some(is) => is != node || self.part() == Some(labels::BROKEN),
            None => self.key().is_some(),
        }
    }

    /// Whether the host denies that its engine is a node that it is recorded as: it waits to join, or says that it is another
    /// one.
    pub fn denies(&self, node: &str) -> bool {
        match self.node() {
            None => self.key().is_some(),
            Some(said) => said != node,
        }
    }

    /// Whether the host says that its engine manages.
    pub fn manages(&self) -> bool {
        labels::says_manager(self.part())
    }

    fn part(&self) -> Option<&str> {
        self.labels.get(labels::PART).map(String::as_str)
    }

    /// Whether the host is in doubt whether anybody acts, and waits for a heartbeat.
    pub fn is_in_doubt(&self) -> bool {
        self.labels.contains_key(labels::DOUBT)
    }

    /// Whether the host says that its engine manages, and that it has another address than its node.
    pub fn has_moved(&self) -> bool {
        self.part() == Some(labels::MOVED_MANAGER)
    }

    /// The key to which the host wants its join token sealed.
    pub fn key(&self) -> Option<&str> {
        self.labels.get(labels::KEY).map(String::as_str).filter(|key| !key.is_empty())
    }
}

#[cfg(test)]
mod tests {
    use super::super::engine::{Availability, Description, NodeSpec, NodeState, NodeStatus, Version};
    use super::*;

    fn node(id: &str, role: Role) -> Node {
        Node {
            id: id.into(),
            version: Version { index: 1 },
            spec: NodeSpec { role, availability: Availability::Active, labels: BTreeMap::new() },
            description: Description::default(),
            status: NodeStatus { state: NodeState::Ready, addr: String::new() },
            manager: None,
        }
    }

    #[test]
    fn a_manager_that_lists_no_manager_is_the_one() {
        let engine = SwarmInfo { node_id: "own".into(), node_addr: "10.0.0.1".into(), ..SwarmInfo::default() };
        let mut nodes = vec![node("other", Role::Manager), node("own", Role::Manager)];
        seat(&mut nodes, &engine);
        assert!(nodes[0].manager.is_none());
        let own = nodes[1].manager.clone().unwrap();
        assert!(own.leader && own.is_reached());
        assert_eq!(own.addr, "10.0.0.1:2377");
        let mut nodes = vec![node("own", Role::Worker)];
        seat(&mut nodes, &engine);
        assert!(nodes[0].manager.is_none());
    }
}
