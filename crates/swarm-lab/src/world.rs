//! A model of what the monitors work on: hosts, engines, swarms, Rancher's API and its metadata, and the monitors'
//! steps, one at a time in any order. It runs the daemon's own `plan` and `DesiredRecord`, and plays the rest as
//! rancher-metadata, Rancher's API and swarm mode are known to behave: metadata is late, a PUT replaces a whole map, a
//! PUT may take effect long after its sender has died, a change of a role takes a while.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use swarmkit_mon::engine::{
    Availability, Description, Info, LocalNodeState, ManagerStatus, Node, NodeSpec, NodeState, NodeStatus, Peer,
    Reachability, Role, SwarmInfo, Version,
};
use swarmkit_mon::labels::DesiredLabels;
use swarmkit_mon::observe::{MetadataView, MonitorView, Observation, Own, RancherView, SwarmView, Wanted};
use swarmkit_mon::past::Memory;
use swarmkit_mon::plan::{Change, DesiredRecord, NodeChange, Plan, asks_rancher, plan, said_to_be_inside};
use swarmkit_mon::rancher::HostEntry;
use swarmkit_mon::record::{Claim, Record};
use swarmkit_mon::state::State;

use crate::dice::Dice;
use crate::wanted::wanted;

/// The longest that a PUT can take to have its effect, in milliseconds: the daemon gives up on it after 10 s.
const LATE_PUT_MS: u64 = 10_000;
/// What a change of a role takes at the most, in milliseconds.
const ROLE_MS: u64 = 5_000;

pub struct Host {
    pub entry: HostEntry,
    pub age: u64,
    /// The cluster and the node of its engine.
    pub engine: Option<(String, String)>,
    pub state: State,
    monitor: Option<Monitor>,
}

struct Monitor {
    nonce: String,
    key: String,
    memory: Memory,
    task: Task,
    desired: Option<DesiredLabels>,
    /// When it looks again, unless it is woken.
    asleep_until: u64,
}

/// Where a monitor is in its round. Anything can happen between two of these.
enum Task {
    Idle,
    Planned(Box<(Observation, Plan)>),
    /// It has read the record and is about to write it.
    Claiming(Box<Record>),
    Publishing(Box<(DesiredRecord, Record)>),
    /// It has looked once more and is about to make a swarm.
    Init,
}

#[derive(Default)]
pub struct Cluster {
    pub nodes: Vec<Node>,
    pub services: usize,
    /// When a node's role takes effect.
    settling: BTreeMap<String, u64>,
}

pub struct World {
    pub dice: Dice,
    pub now: u64,
    base: Instant,
    pub hosts: Vec<Host>,
    pub clusters: BTreeMap<String, Cluster>,
    pub record: Record,
    /// What rancher-metadata says, which is late.
    told: (Record, Vec<BTreeMap<String, String>>),
    /// Writes of senders that have died: when, and what.
    late: Vec<(u64, Record)>,
    pub wanted: Wanted,
    /// Whether Rancher's API answers.
    pub api: bool,
    pub log: Vec<String>,
    serial: u64,
}

impl World {
    /// Hosts without a swarm, all monitors down.
    pub fn new(hosts: usize, managers: usize, seed: u64) -> Self {
        let host = |at: usize| Host {
            entry: HostEntry {
                uuid: format!("host-{at}"),
                agent_ip_address: Some(format!("10.0.{}.{}", at / 200, at % 200 + 1)),
                state: "active".into(),
                agent_state: None,
                labels: BTreeMap::new(),
            },
            age: 10 + at as u64,
            engine: None,
            state: State::default(),
            monitor: None,
        };
        let hosts: Vec<Host> = (0..hosts).map(host).collect();
        let labels = hosts.iter().map(|host| host.entry.labels.clone()).collect();
        Self {
            dice: Dice::new(seed),
            now: 0,
            base: Instant::now(),
            hosts,
            clusters: BTreeMap::new(),
            record: Record::default(),
            told: (Record::default(), labels),
            late: Vec::new(),
            wanted: wanted(managers),
            api: true,
            log: Vec::new(),
            serial: 0,
        }
    }

    fn instant(&self) -> Instant {
        self.base + Duration::from_millis(self.now)
    }

    fn fresh(&mut self, kind: &str) -> String {
        self.serial += 1;
        format!("{kind}-{}", self.serial)
    }

    pub fn say(&mut self, host: usize, text: impl std::fmt::Display) {
        let line = format!("{:>7} ms host-{host}: {text}", self.now);
        self.log.push(line);
    }

    pub fn start_monitor(&mut self, at: usize) {
        let (nonce, key) = (self.fresh("nonce"), self.fresh("key"));
        let memory = Memory::new(self.instant());
        self.hosts[at].monitor = Some(Monitor { nonce, key, memory, task: Task::Idle, desired: None, asleep_until: 0 });
        self.say(at, "monitor starts");
    }

    pub fn is_up(&self, at: usize) -> bool {
        self.hosts[at].monitor.is_some()
    }

    /// The monitor dies where it is. A write that it has sent may still arrive.
    pub fn kill_monitor(&mut self, at: usize) {
        let Some(monitor) = self.hosts[at].monitor.take() else { return };
        self.say(at, "monitor dies");
        let sent = match monitor.task {
            Task::Claiming(record) => Some(*record),
            Task::Publishing(publishing) => {
                let (desired_record, read) = *publishing;
                Some(desired_record.write(&read, |_, key| Some(key.to_owned())))
            }
            _ => None,
        };
        if let Some(record) = sent
            && self.dice.one_in(2)
        {
            let arrives = self.now + self.dice.below(LATE_PUT_MS);
            self.late.push((arrives, record));
        }
    }

    /// Makes a swarm by hand.
    pub fn make_swarm(&mut self, at: usize, services: usize) -> String {
        let (cluster, node) = (self.fresh("cluster"), self.fresh("node"));
        let made = Cluster { nodes: vec![self.node(at, &node, true)], services, settling: BTreeMap::new() };
        self.clusters.insert(cluster.clone(), made);
        self.hosts[at].engine = Some((cluster.clone(), node));
        cluster
    }

    /// Joins a swarm by hand.
    pub fn join_swarm(&mut self, at: usize, cluster: &str) {
        let id = self.fresh("node");
        let node = self.node(at, &id, false);
        self.clusters.get_mut(cluster).unwrap().nodes.push(node);
        self.hosts[at].engine = Some((cluster.to_owned(), id));
    }

    fn node(&self, at: usize, id: &str, leads: bool) -> Node {
        let addr = self.hosts[at].entry.agent_ip_address.clone().unwrap();
        let manager = leads.then(|| ManagerStatus {
            leader: true,
            reachability: Reachability::Reachable,
            addr: format!("{addr}:2377"),
        });
        Node {
            id: id.to_owned(),
            version: Version { index: 1 },
            spec: NodeSpec {
                role: if leads { Role::Manager } else { Role::Worker },
                availability: Availability::Active,
                labels: BTreeMap::new(),
            },
            // Names are of no use to tell nodes apart: all have the same.
            description: Description { hostname: "same.example".into() },
            status: NodeStatus { state: NodeState::Ready, addr },
            manager,
        }
    }

    /// What the monitor of a host sees now.
    pub fn view(&self, at: usize) -> Observation {
        let host = &self.hosts[at];
        let monitor = host.monitor.as_ref().unwrap();
        let swarm = host.engine.as_ref().map(|(cluster, node)| (cluster, node, &self.clusters[cluster]));
        let info = match swarm {
            None => SwarmInfo::default(),
            Some((_, node, cluster)) => SwarmInfo {
                node_id: node.clone(),
                local_node_state: LocalNodeState::Active,
                control_available: cluster.nodes.iter().any(|other| other.id == *node && other.manager.is_some()),
                remote_managers: cluster
                    .nodes
                    .iter()
                    .filter_map(|node| {
                        Some(Peer { node_id: node.id.clone(), addr: node.manager.as_ref()?.addr.clone() })
                    })
                    .collect(),
                ..SwarmInfo::default()
            },
        };
        let control = info.control_available;
        let metadata = MetadataView {
            host: host.entry.uuid.clone(),
            agent_ip: host.entry.agent_ip_address.clone().unwrap(),
            labels: self.told.1[at].clone(),
            service: "service".into(),
            monitors: self
                .hosts
                .iter()
                .map(|host| (host.entry.uuid.clone(), MonitorView { age: host.age, running: true }))
                .collect(),
            record: Ok(self.told.0.clone()),
            refusal: None,
        };
        let mut seen = Observation {
            wanted: self.wanted.clone(),
            own: Own { nonce: monitor.nonce.clone(), key: monitor.key.clone(), state: host.state.clone() },
            engine: Ok(Info { name: String::new(), server_version: "20.10".into(), swarm: info }),
            metadata: Ok(metadata),
            rancher: None,
            rancher_ms: 0,
            swarm: None,
            refusal: None,
            has_stayed: false,
            leader_holds_lease: false,
            record_is_gone: false,
            past: monitor.memory.past(self.instant()),
        };
        if let Some((id, _, cluster)) = swarm.filter(|_| control) {
            seen.swarm = Some(Ok(SwarmView {
                cluster: id.clone(),
                token: format!("token of {id}"),
                nodes: cluster.nodes.clone(),
                services: (cluster.nodes.len() == 1).then_some(cluster.services),
                has_network: None,
            }));
        }
        if asks_rancher(&seen).is_some() {
            let entries = self.hosts.iter().map(|host| host.entry.clone()).collect();
            seen.rancher = Some(if self.api {
                Ok(RancherView {
                    hosts: entries,
                    record: self.record.clone(),
                    plain_tokens: Vec::new(),
                    takes_writes: true,
                })
            } else {
                Err("rancher: no answer".into())
            });
        }
        seen
    }

    /// One step of a host's monitor.
    pub fn step(&mut self, at: usize) {
        let Some(monitor) = &mut self.hosts[at].monitor else { return };
        let task = std::mem::replace(&mut monitor.task, Task::Idle);
        let (nonce, key) = (monitor.nonce.clone(), monitor.key.clone());
        let next = match task {
            Task::Idle => self.look(at),
            Task::Planned(planned) => self.begin(at, &planned.0, &planned.1, &key),
            Task::Claiming(record) => {
                // What is written is what was read before, with the claim: others' writes in between are lost.
                if self.api {
                    self.record = *record;
                    self.say(at, "writes its claim");
                }
                Task::Idle
            }
            Task::Publishing(publishing) => {
                let (desired_record, read) = *publishing;
                if self.api {
                    self.record = desired_record.write(&read, |_, key| Some(key.to_owned()));
                    let instant = self.instant();
                    self.hosts[at].monitor.as_mut().unwrap().memory.heartbeat_given(instant);
                    self.say(
                        at,
                        format!("records {:?} with {} members", self.record.cluster, self.record.members.len()),
                    );
                }
                Task::Idle
            }
            Task::Init => {
                self.hosts[at].state = State { init: Some(nonce), made: None, ..self.hosts[at].state.clone() };
                let cluster = self.make_swarm(at, 0);
                self.say(at, format!("makes {cluster}"));
                // The state file is written after the swarm is made, if the monitor lives.
                if !self.dice.one_in(20) {
                    let state = &mut self.hosts[at].state;
                    *state = State { init: None, made: Some(cluster), ..state.clone() };
                }
                Task::Idle
            }
        };
        if let Some(monitor) = &mut self.hosts[at].monitor {
            monitor.task = next;
        }
    }

    fn look(&mut self, at: usize) -> Task {
        let instant = self.instant();
        let mut seen = self.view(at);
        seen.keep_record();
        let monitor = self.hosts[at].monitor.as_mut().unwrap();
        monitor.memory.see(&seen, instant);
        seen.past = monitor.memory.past(instant);
        let plan = plan(&seen);
        monitor.desired.clone_from(&plan.labels);
        let busy = plan.change.is_some() || plan.desired_record.is_some();
        let again = if busy { 0 } else { plan.requeue_after_ms.unwrap_or(30_000) };
        monitor.asleep_until = self.now + again;
        Task::Planned(Box::new((seen, plan)))
    }

    fn begin(&mut self, at: usize, seen: &Observation, plan: &Plan, key: &str) -> Task {
        if let Some(state) = &plan.remember {
            self.hosts[at].state = state.clone();
        }
        if let Some(desired_record) = &plan.desired_record {
            let ours = desired_record.may_be_written(&self.record, &seen.own.nonce);
            if ours && self.api {
                // A change of the swarm goes on beside it.
                if let Some(change) = &plan.change {
                    self.change(at, change, key);
                }
                return Task::Publishing(Box::new((desired_record.clone(), self.record.clone())));
            }
        }
        match &plan.change {
            Some(Change::Claim) if self.api => {
                let before = seen.rancher_view().and_then(|view| view.record.claim.clone());
                let claim = Claim { host: self.hosts[at].entry.uuid.clone(), nonce: seen.own.nonce.clone() };
                self.record
                    .claimed(before.as_ref(), claim)
                    .map_or(Task::Idle, |record| Task::Claiming(Box::new(record)))
            }
            Some(Change::Init { .. }) if self.api => {
                let mine = Claim { host: self.hosts[at].entry.uuid.clone(), nonce: seen.own.nonce.clone() };
                let entries: Vec<HostEntry> = self.hosts.iter().map(|host| host.entry.clone()).collect();
                let free = self.record.is_free_for(&mine) && said_to_be_inside(&entries, &mine.host).is_none();
                if free { Task::Init } else { Task::Idle }
            }
            Some(change) => {
                self.change(at, change, key);
                Task::Idle
            }
            None => Task::Idle,
        }
    }

    fn change(&mut self, at: usize, change: &Change, key: &str) {
        self.say(at, change);
        match change {
            Change::Join { managers, sealed, .. } => {
                // The token is "sealed" to the key by being it.
                let cluster = self.clusters.iter().find(|(_, cluster)| {
                    cluster
                        .nodes
                        .iter()
                        .filter_map(|node| node.manager.as_ref())
                        .any(|manager| managers.contains(&manager.addr))
                });
                let cluster = cluster.map(|(id, _)| id.clone());
                if let Some(cluster) = cluster.filter(|_| sealed == key && self.hosts[at].engine.is_none()) {
                    self.join_swarm(at, &cluster);
                }
            }
            Change::Leave { node, .. } => {
                let Some((cluster, own)) = self.hosts[at].engine.take() else { return };
                assert_eq!(own, *node);
                let left = self.clusters.get_mut(&cluster).unwrap();
                let gone = left.nodes.iter_mut().find(|node| node.id == own).unwrap();
                gone.status.state = NodeState::Down;
                if left.nodes.len() == 1 {
                    assert_eq!(left.services, 0, "services are lost with {cluster}");
                    self.clusters.remove(&cluster);
                }
                self.hosts[at].state = State::default();
            }
            Change::Promote(node) => self.set_role(at, node, Role::Manager),
            Change::Demote(node) => self.set_role(at, node, Role::Worker),
            Change::Remove { node, .. } => {
                let (cluster, _) = self.hosts[at].engine.clone().unwrap();
                self.clusters.get_mut(&cluster).unwrap().nodes.retain(|other| other.id != node.id);
            }
            Change::ClaimRecovery | Change::ForceNewCluster { .. } | Change::WithdrawTokens => {}
            Change::Availability { .. } | Change::CreateNetwork { .. } | Change::Claim | Change::Init { .. } => {}
        }
    }
    fn set_role(&mut self, at: usize, change: &NodeChange, role: Role) {
        let Some((cluster, _)) = self.hosts[at].engine.clone() else { return };
        let settles = self.now + self.dice.below(ROLE_MS);
        let cluster = self.clusters.get_mut(&cluster).unwrap();
        let Some(node) = cluster.nodes.iter_mut().find(|node| node.id == change.id) else { return };
        if node.version.index == change.version {
            node.version.index += 1;
            node.spec.role = role;
            cluster.settling.insert(change.id.clone(), settles);
        }
    }

    /// Time passes: roles take effect, late writes arrive, metadata and labels catch up.
    pub fn pass(&mut self, ms: u64) {
        self.now += ms;
        let now = self.now;
        for cluster in self.clusters.values_mut() {
            let due: Vec<String> =
                cluster.settling.iter().filter(|(_, at)| **at <= now).map(|(id, _)| id.clone()).collect();
            for id in due {
                cluster.settling.remove(&id);
                let node = cluster.nodes.iter_mut().find(|node| node.id == id).unwrap();
                node.version.index += 1;
                node.manager = match node.spec.role {
                    Role::Worker => None,
                    Role::Manager => Some(ManagerStatus {
                        leader: false,
                        reachability: Reachability::Reachable,
                        addr: format!("{}:2377", node.status.addr),
                    }),
                };
            }
        }
        let (arrived, late) = std::mem::take(&mut self.late).into_iter().partition(|(at, _)| *at <= now);
        self.late = late;
        let arrived: Vec<(u64, Record)> = arrived;
        for (_, record) in arrived {
            self.log.push(format!("{now:>7} ms a late write arrives: {:?} {:?}", record.claim, record.cluster));
            self.record = record;
        }
    }

    /// A host's labels are written as its monitor wishes.
    pub fn write_labels(&mut self, at: usize) {
        let host = &mut self.hosts[at];
        if let Some(desired) = host.monitor.as_ref().and_then(|monitor| monitor.desired.as_ref())
            && self.api
        {
            desired.apply(&mut host.entry.labels);
        }
    }

    /// rancher-metadata catches up, and wakes everyone.
    pub fn catch_up(&mut self) {
        self.told = (self.record.clone(), self.hosts.iter().map(|host| host.entry.labels.clone()).collect());
        for host in &mut self.hosts {
            if let Some(monitor) = &mut host.monitor {
                monitor.asleep_until = 0;
            }
        }
    }

    /// Something happens, as the dice have it.
    pub fn tick(&mut self) {
        let hosts = self.hosts.len() as u64;
        let at = self.dice.below(hosts) as usize;
        match self.dice.below(20) {
            0 => self.catch_up(),
            1 | 2 => self.write_labels(at),
            3..=5 => {
                let ms = 1 << self.dice.below(10);
                self.pass(ms);
            }
            _ => {
                let now = self.now;
                let awake = |monitor: &Monitor| monitor.asleep_until <= now || !matches!(monitor.task, Task::Idle);
                if self.hosts[at].monitor.as_ref().is_some_and(awake) {
                    self.step(at);
                }
            }
        }
    }

    /// Nothing goes wrong any more: everyone takes turns for some time.
    pub fn settle(&mut self, ms: u64) {
        self.api = true;
        let end = self.now + ms;
        while self.now < end {
            self.pass(500);
            for at in 0..self.hosts.len() {
                self.write_labels(at);
            }
            self.catch_up();
            for at in 0..self.hosts.len() {
                self.step(at);
            }
        }
    }

    /// The clusters that more than their maker is in, or that run services.
    pub fn followed(&self) -> Vec<&String> {
        self.clusters
            .iter()
            .filter(|(_, cluster)| cluster.nodes.len() > 1 || cluster.services > 0)
            .map(|(id, _)| id)
            .collect()
    }

    /// What happened last, for the report of a failure.
    pub fn tail(&self) -> String {
        let from = self.log.len().saturating_sub(80);
        self.log[from..].join("\n")
    }
}
