//! The protocol by which hosts without a swarm come to one, explored whole by a model checker: every order of reconciles,
//! claims, writes that land late, twice or after their sender has died, stale metadata, and deaths between any two steps.
//!
//! What decides is the daemon's own: `plan`, `Record`, `DesiredRecord`, `said_to_be_inside`. Time is left out, but for one
//! thing: a claim may have stood long enough at any moment, and a write may land after anything that others do; only what
//! its sender does once it has started anew comes later.

use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hash, Hasher};
use swarm_lab::trial::Trial;
use swarm_lab::trials;
use swarm_lab::wanted;

use stateright::{Checker, Model, Property};
use swarm_lab::model_host::{address, metadata, rancher_view, uuid};
use swarmkit_mon::engine::{
    Availability, Description, Info, LocalNodeState, ManagerStatus, Node, NodeSpec, NodeState, NodeStatus, Peer,
    Reachability, Role, SwarmInfo, Version,
};
use swarmkit_mon::labels::DesiredLabels;
use swarmkit_mon::observe::{Observation, Own, SwarmView};
use swarmkit_mon::past::Past;
use swarmkit_mon::plan::{Change, asks_rancher, plan, said_to_be_inside};
use swarmkit_mon::rancher::HostEntry;
use swarmkit_mon::record::{Claim, Record};
use swarmkit_mon::state::State;

pub fn trials() -> Vec<Trial> {
    trials![
        two_hosts_come_to_one_swarm_whatever_dies_is_late_or_doubled,
        three_hosts_come_to_one_swarm_with_a_claim_that_expires,
        four_hosts_come_to_one_swarm_in_every_order,
    ]
}

/// What the checker explores.
#[derive(Clone)]
struct Protocol {
    hosts: usize,
    /// How many monitors may die and start anew.
    deaths: u8,
    /// How many writes may land twice.
    doubled: u8,
    /// How many claims may expire.
    expired: u8,
    /// Of how many states one is followed until all is well.
    one_in: u64,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct World {
    record: Record,
    /// What rancher-metadata says.
    told: Record,
    hosts: Vec<Host>,
    /// Writes on their way, each with its sender.
    flying: Vec<(usize, Record)>,
    swarms: u8,
    deaths: u8,
    doubled: u8,
    expired: u8,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
struct Host {
    /// Which process of the monitor runs; 0 for none.
    process: u8,
    processes: u8,
    /// The swarm that its engine is in.
    swarm: Option<u8>,
    /// Whether its engine made that.
    leads: bool,
    state: State,
    labels: BTreeMap<String, String>,
    desired: BTreeMap<String, String>,
    /// It has looked for the last time and is about to make a swarm.
    init: bool,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Step {
    Start(usize),
    Die(usize),
    /// A look, and the first half of what it leads to; whether the claim of another has expired by then.
    Reconcile(usize, bool),
    Make(usize),
    Label(usize),
    Land(usize, bool),
    Lose(usize),
    Metadata,
}

fn node_id(at: usize, swarm: u8) -> String {
    format!("node-{at}-{swarm}")
}

fn cluster(swarm: u8) -> String {
    format!("cluster-{swarm}")
}

impl World {
    fn nonce(&self, at: usize) -> String {
        format!("nonce-{at}-{}", self.hosts[at].process)
    }

    fn entries(&self) -> Vec<HostEntry> {
        let entry = |at: usize| HostEntry {
            uuid: uuid(at),
            hostname: String::new(),
            agent_ip_address: Some(address(at)),
            state: "active".into(),
            agent_state: None,
            labels: self.hosts[at].labels.clone(),
        };
        (0..self.hosts.len()).map(entry).collect()
    }

    fn nodes(&self, swarm: u8) -> Vec<Node> {
        let of = |at: usize| self.hosts[at].swarm == Some(swarm);
        let node = |at: usize| {
            let addr = address(at);
            let leads = self.hosts[at].leads;
            Node {
                id: node_id(at, swarm),
                version: Version { index: 1 },
                spec: NodeSpec {
                    role: if leads { Role::Manager } else { Role::Worker },
                    availability: Availability::Active,
                    labels: BTreeMap::new(),
                },
                description: Description::default(),
                status: NodeStatus { state: NodeState::Ready, addr: addr.clone() },
                manager: leads.then(|| ManagerStatus {
                    leader: true,
                    reachability: Reachability::Reachable,
                    addr: format!("{addr}:2377"),
                }),
            }
        };
        (0..self.hosts.len()).filter(|at| of(*at)).map(node).collect()
    }

    fn view(&self, at: usize, expired: bool) -> Observation {
        let host = &self.hosts[at];
        let nodes = host.swarm.map(|swarm| self.nodes(swarm));
        let info = host.swarm.map_or_else(SwarmInfo::default, |swarm| SwarmInfo {
            node_id: node_id(at, swarm),
            local_node_state: LocalNodeState::Active,
            control_available: host.leads,
            remote_managers: nodes
                .iter()
                .flatten()
                .filter(|node| node.manager.is_some())
                .map(|node| Peer { node_id: node.id.clone(), addr: String::new() })
                .collect(),
            ..SwarmInfo::default()
        });
        let mine = self.record.claim.as_ref().is_some_and(|claim| claim.nonce == self.nonce(at));
        let mut seen = Observation {
            wanted: wanted::wanted(1),
            own: Own { nonce: self.nonce(at), key: format!("key-{at}"), state: host.state.clone() },
            engine: Ok(Info { name: String::new(), server_version: String::new(), swarm: info }),
            engine_is_up: true,
            peers: None,
            metadata: Ok(metadata(at, self.hosts.iter().map(|host| host.process > 0), &self.told)),
            rancher: None,
            rancher_ms: 0,
            swarm: host.swarm.filter(|_| host.leads).map(|swarm| {
                Ok(SwarmView {
                    cluster: cluster(swarm),
                    token: cluster(swarm),
                    services: nodes.as_ref().filter(|nodes| nodes.len() == 1).map(|_| 0),
                    pools: Vec::new(),
                    networks: None,
                    nodes: nodes.clone().unwrap_or_default(),
                })
            }),
            refusal: None,
            has_stayed: false,
            leader_holds_lease: false,
            record_is_gone: false,
            past: Past {
                // An own claim may have stood long enough at any time; that of another may have expired.
                claim_ms: match (mine, expired) {
                    (true, _) => 5_000,
                    (false, true) => 40_000,
                    (false, false) => 0,
                },
                // A swarm gives heartbeats while the monitor beside its leader runs.
                heartbeats: u64::from(self.lives()),
                // Hosts that cannot be the first ask too.
                unrecorded_ms: 60_000,
                ..Past::default()
            },
        };
        if asks_rancher(&seen).is_some() {
            seen.rancher = Some(Ok(rancher_view(self.entries(), self.record.clone())));
        }
        seen
    }

    fn look(&mut self, at: usize, expired: bool) {
        let seen = self.view(at, expired);
        let mut plan = plan(&seen);
        if self.flying.iter().any(|(sender, _)| *sender == at) {
            plan.while_publishing();
        }
        if let Some(state) = plan.remember {
            // No record is written over in this model: what is kept of it would only make each state many.
            self.hosts[at].state = State { record: None, ..state };
        }
        if let Some(desired) = &plan.labels {
            self.hosts[at].desired = applied(desired, &self.hosts[at].labels);
        }
        let own = Claim { host: uuid(at), nonce: seen.own.nonce.clone() };
        if let Some(desired_record) = &plan.desired_record
            && desired_record.may_be_written(&self.record, &own.nonce)
        {
            let mut record = desired_record.write(&self.record, |_, key| Some(key.to_owned()));
            // How often it was written is time, which is left out.
            if let Some(lease) = &mut record.lease {
                lease.heartbeat = 0;
            }
            self.send(at, record);
        }
        match plan.change {
            Some(Change::Claim) => {
                let before = seen.rancher_view().and_then(|view| view.record.claim.clone());
                if let Some(record) = self.record.claimed(before.as_ref(), own) {
                    self.send(at, record);
                }
            }
            Some(Change::Init { .. }) => {
                let free = self.record.is_free_for(&own) && said_to_be_inside(&self.entries(), &own.host).is_none();
                if free {
                    self.hosts[at].state = State { init: Some(own.nonce), made: None, ..seen.own.state.clone() };
                    self.hosts[at].init = true;
                }
            }
            Some(Change::Join { managers, .. }) => self.join(at, &managers),
            Some(Change::Leave { .. }) => {
                let host = &mut self.hosts[at];
                (host.swarm, host.leads, host.state) = (None, false, State::default());
            }
            _ => {}
        }
    }

    /// A host has one write on its way at a time; one that is late has a sender that has started anew.
    fn send(&mut self, at: usize, record: Record) {
        if record != self.record && !self.flying.iter().any(|(host, _)| *host == at) {
            self.flying.push((at, record));
        }
    }

    fn join(&mut self, at: usize, managers: &[String]) {
        let address = |host: usize| format!("{}:2377", address(host));
        let found = (0..self.hosts.len()).find(|host| self.hosts[*host].leads && managers.contains(&address(*host)));
        if let Some(swarm) = found.and_then(|host| self.hosts[host].swarm) {
            let host = &mut self.hosts[at];
            (host.swarm, host.leads) = (Some(swarm), false);
            host.state = State { joining: Some(cluster(swarm)), ..State::default() };
        }
    }

    fn lives(&self) -> bool {
        self.hosts.iter().any(|host| {
            let swarm = host.swarm.filter(|_| host.leads && host.process > 0).map(cluster);
            swarm.is_some() && swarm == self.record.cluster
        })
    }

    fn followed(&self) -> usize {
        let many = |swarm: u8| self.hosts.iter().filter(|host| host.swarm == Some(swarm)).count();
        (1..=self.swarms).filter(|swarm| many(*swarm) > 1).count()
    }

    fn is_one(&self) -> bool {
        let first = self.hosts[0].swarm;
        first.is_some_and(|swarm| self.record.cluster.as_deref() == Some(cluster(swarm).as_str()))
            && self.hosts.iter().all(|host| host.swarm == first && host.labels == host.desired && host.process > 0)
            && self.flying.is_empty()
    }

    fn take(&mut self, step: &Step) {
        match step {
            Step::Start(at) => {
                let host = &mut self.hosts[*at];
                host.processes += 1;
                host.process = host.processes;
            }
            Step::Die(at) => {
                self.deaths -= 1;
                let host = &mut self.hosts[*at];
                (host.process, host.init) = (0, false);
            }
            Step::Reconcile(at, expired) => {
                self.expired -= u8::from(*expired);
                self.look(*at, *expired);
            }
            Step::Make(at) => {
                self.swarms += 1;
                let swarm = self.swarms;
                let host = &mut self.hosts[*at];
                (host.init, host.swarm, host.leads) = (false, Some(swarm), true);
                host.state = State { init: None, made: Some(cluster(swarm)), ..host.state.clone() };
            }
            Step::Label(at) => {
                let host = &mut self.hosts[*at];
                host.labels.clone_from(&host.desired);
            }
            Step::Land(number, again) => {
                self.doubled -= u8::from(*again);
                self.record = self.flying[*number].1.clone();
                if !again {
                    self.flying.remove(*number);
                }
            }
            Step::Lose(number) => drop(self.flying.remove(*number)),
            Step::Metadata => self.told = self.record.clone(),
        }
    }

    /// Nothing goes wrong any more, and everybody takes turns: whether all come to one swarm.
    fn comes_to_one(&self) -> bool {
        self.comes_to_one_telling(&mut |_| {})
    }

    /// The same, telling what each looks at on the way.
    fn comes_to_one_telling(&self, tell: &mut dyn FnMut(String)) -> bool {
        let mut world = self.clone();
        let mut claim = None;
        for _ in 0..24 {
            // One that nobody has followed up for a whole round expires.
            let stale = claim.is_some() && claim == world.record.claim;
            claim.clone_from(&world.record.claim);
            while !world.flying.is_empty() {
                world.take(&Step::Land(0, false));
            }
            world.take(&Step::Metadata);
            for at in 0..world.hosts.len() {
                if world.hosts[at].process == 0 {
                    world.take(&Step::Start(at));
                }
                if world.hosts[at].init {
                    world.take(&Step::Make(at));
                }
                let plan = plan(&world.view(at, stale));
                tell(format!("host {at}: {}: {}; record {:?}", plan.stage.name(), plan.reason, world.record));
                world.look(at, stale);
                world.take(&Step::Label(at));
            }
            if world.is_one() {
                return true;
            }
        }
        false
    }
}

fn applied(desired: &DesiredLabels, labels: &BTreeMap<String, String>) -> BTreeMap<String, String> {
    let mut labels = labels.clone();
    desired.apply(&mut labels);
    // What a host waits for is for people.
    labels.remove("swarm");
    labels
}

impl Model for Protocol {
    type State = World;
    type Action = Step;

    fn init_states(&self) -> Vec<World> {
        vec![World {
            record: Record::default(),
            told: Record::default(),
            hosts: vec![Host { process: 1, processes: 1, ..Host::default() }; self.hosts],
            flying: Vec::new(),
            swarms: 0,
            deaths: self.deaths,
            doubled: self.doubled,
            expired: self.expired,
        }]
    }

    fn actions(&self, world: &World, steps: &mut Vec<Step>) {
        for (at, host) in world.hosts.iter().enumerate() {
            if host.process == 0 {
                // The API answers a call within its limit or not at all, and a container takes longer to start anew.
                if !world.flying.iter().any(|(sender, _)| *sender == at) {
                    steps.push(Step::Start(at));
                }
                continue;
            }
            if host.init {
                steps.push(Step::Make(at));
            } else {
                steps.push(Step::Reconcile(at, false));
                let other = world.record.claim.as_ref().is_some_and(|claim| claim.host != uuid(at));
                if other && world.expired > 0 {
                    steps.push(Step::Reconcile(at, true));
                }
            }
            if host.labels != host.desired {
                steps.push(Step::Label(at));
            }
            if world.deaths > 0 {
                steps.push(Step::Die(at));
            }
        }
        for number in 0..world.flying.len() {
            steps.push(Step::Land(number, false));
            if world.hosts[world.flying[number].0].process == 0 {
                steps.push(Step::Lose(number));
            }
            if world.doubled > 0 {
                steps.push(Step::Land(number, true));
            }
        }
        if world.told != world.record {
            steps.push(Step::Metadata);
        }
    }

    fn next_state(&self, world: &World, step: Step) -> Option<World> {
        let mut next = world.clone();
        next.take(&step);
        // A look that changes nothing leads nowhere.
        (next != *world).then_some(next)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        vec![
            Property::always("never two swarms that anybody follows", |_, world: &World| world.followed() <= 1),
            // Of some states, as each is a run of its own.
            Property::always("once faults stop, all come to one swarm", |protocol: &Self, world: &World| {
                let mut hasher = DefaultHasher::new();
                world.hash(&mut hasher);
                !hasher.finish().is_multiple_of(protocol.one_in) || world.comes_to_one()
            }),
            Property::sometimes("two swarms are made, and one is left again", |_, world: &World| {
                world.swarms == 2 && world.is_one()
            }),
            Property::sometimes("all are in one swarm", |_, world: &World| world.is_one()),
        ]
    }
}

fn explore(protocol: Protocol) {
    let checker = protocol.clone().checker().threads(2).spawn_bfs().join();
    println!(
        "{} hosts, {} deaths, {} doubled writes, {} expired claims: {} states",
        protocol.hosts,
        protocol.deaths,
        protocol.doubled,
        protocol.expired,
        checker.unique_state_count()
    );
    for (name, path) in checker.discoveries() {
        if name.starts_with("never") || name.starts_with("once") {
            let last = path.last_state().clone();
            last.comes_to_one_telling(&mut |text| println!("{text}"));
            panic!("not so: {name}:\n{path}");
        }
    }
}

fn two_hosts_come_to_one_swarm_whatever_dies_is_late_or_doubled() {
    explore(Protocol { hosts: 2, deaths: 1, doubled: 1, expired: 1, one_in: 8 });
}

fn three_hosts_come_to_one_swarm_with_a_claim_that_expires() {
    explore(Protocol { hosts: 3, deaths: 0, doubled: 1, expired: 1, one_in: 64 });
}

fn four_hosts_come_to_one_swarm_in_every_order() {
    explore(Protocol { hosts: 4, deaths: 0, doubled: 0, expired: 0, one_in: 512 });
}
