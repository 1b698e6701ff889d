//! Views of every kind, sensible or not, made up from a seed.

use std::collections::BTreeMap;

use swarm_lab::dice::Dice;
use swarm_lab::trial::is_long;
use swarmkit_mon::engine::{
    Availability, ClusterId, Description, Info, LocalNodeState, ManagerStatus, Network, Node, NodeSpec, NodeState,
    NodeStatus, Peer, Reachability, Role, SwarmInfo, Version,
};
use swarmkit_mon::observe::{MetadataView, MonitorView, Observation, Own, RancherView, Recovery, SwarmView, Wanted};
use swarmkit_mon::past::Past;
use swarmkit_mon::peers::{self, Said};
use swarmkit_mon::plan::{Change, Plan, plan};
use swarmkit_mon::rancher::HostEntry;
use swarmkit_mon::record::{Claim, Lease, Record, SealedToken};
use swarmkit_mon::state::{Member, State};

pub const ME: &str = "host-0";

pub fn pick<T: Clone>(dice: &mut Dice, from: &[T]) -> T {
    from[dice.below(from.len() as u64) as usize].clone()
}

fn some<T>(dice: &mut Dice, value: T) -> Option<T> {
    (!dice.one_in(3)).then_some(value)
}

fn cluster(dice: &mut Dice) -> String {
    pick(dice, &["c1", "c1", "c1", "c2"]).to_owned()
}

pub fn name(dice: &mut Dice, kind: &str) -> String {
    format!("{kind}-{}", dice.below(7))
}

fn address(dice: &mut Dice) -> String {
    match dice.below(12) {
        0 => String::new(),
        1 => "no address".to_owned(),
        _ => format!("10.0.0.{}", dice.below(7)),
    }
}

fn node(dice: &mut Dice, at: u64) -> Node {
    let manages = dice.one_in(2);
    let role = if manages != dice.one_in(8) { Role::Manager } else { Role::Worker };
    let reachability = pick(dice, &[Reachability::Reachable, Reachability::Reachable, Reachability::Unreachable]);
    let mut labels = BTreeMap::new();
    if dice.one_in(6) {
        labels.insert("swarmkit.drained".to_owned(), "true".to_owned());
    }
    if at % 3 == 1 {
        labels.extend(
            [("swarmkit.labels", "a,c"), ("a", "value-0"), ("c", "old"), ("b", "theirs")]
                .map(|(name, value)| (name.to_owned(), value.to_owned())),
        );
    }
    let mute = !manages && dice.one_in(6);
    Node {
        id: format!("node-{at}"),
        version: Version { index: dice.below(100) },
        spec: NodeSpec {
            role,
            availability: pick(
                dice,
                &[Availability::Active, Availability::Active, Availability::Drain, Availability::Pause],
            ),
            labels,
        },
        description: Description { hostname: if mute { String::new() } else { "same".into() } },
        status: NodeStatus {
            state: pick(
                dice,
                &[NodeState::Ready, NodeState::Ready, NodeState::Ready, NodeState::Down, NodeState::Unknown],
            ),
            addr: if mute { String::new() } else { address(dice) },
        },
        manager: manages.then(|| ManagerStatus { leader: false, reachability, addr: format!("10.0.0.{at}:2377") }),
    }
}

fn network(dice: &mut Dice) -> Network {
    Network {
        name: pick(dice, &["rancher", "ingress", "bridge"]).to_owned(),
        of_swarm: !dice.one_in(3),
        subnets: vec![pick(dice, &["10.0.0.0/24", "10.0.1.0/24", "172.17.0.0/16"]).parse().unwrap()],
        mtu: pick(dice, &[None, Some(1400), Some(1500), Some(u32::MAX)]),
    }
}

fn swarm(dice: &mut Dice) -> SwarmView {
    let mut nodes: Vec<Node> = (0..dice.below(8)).map(|at| node(dice, at)).collect();
    let managers: Vec<usize> = (0..nodes.len()).filter(|at| nodes[*at].manager.is_some()).collect();
    if !managers.is_empty() {
        let leader = pick(dice, &managers);
        let manager = nodes[leader].manager.as_mut().unwrap();
        manager.leader = true;
        manager.reachability = Reachability::Reachable;
        // Mostly the one who reconciles is beside the leader.
        if !dice.one_in(3) {
            nodes.swap(0, leader);
            let (zero, other) = (nodes[0].id.clone(), nodes[leader].id.clone());
            nodes[0].id = other;
            nodes[leader].id = zero;
            nodes[0].id = "node-0".into();
        }
    }
    nodes.dedup_by(|a, b| a.id == b.id);
    SwarmView {
        cluster: cluster(dice),
        token: name(dice, "token"),
        services: pick(dice, &[None, Some(0), Some(0), Some(3)]),
        pools: pick(dice, &[&[][..], &["10.0.0.0/8"], &["10.0.0.0/16", "10.20.0.0/16"]])
            .iter()
            .map(|pool| (*pool).to_owned())
            .collect(),
        networks: if dice.one_in(3) { None } else { Some((0..dice.below(3)).map(|_| network(dice)).collect()) },
        nodes,
    }
}

fn record(dice: &mut Dice) -> Record {
    let claim = Claim {
        host: pick(dice, &[ME, ME, "host-1"]).to_owned(),
        nonce: pick(dice, &["nonce-0", "nonce-0", "nonce-1"]).to_owned(),
    };
    let member = |dice: &mut Dice| (name(dice, "host"), name(dice, "node"));
    let token = |dice: &mut Dice| {
        let kind = pick(dice, &["key", "key-of-the-host-"]);
        let sealed = pick(dice, &["sealed", "sealed by another"]).to_owned();
        (name(dice, "host"), SealedToken { key: name(dice, kind), mark: name(dice, "token"), sealed })
    };
    Record {
        claim: some(dice, claim),
        cluster: if dice.one_in(2) { Some(cluster(dice)) } else { None },
        managers: (0..dice.below(4)).map(|at| format!("10.0.0.{at}:2377")).collect(),
        epoch: u64::from(!dice.one_in(3)),
        voters: (0..dice.below(4)).map(|at| format!("node-{at}")).collect(),
        others: (0..dice.below(2)).map(|_| name(dice, "node")).collect(),
        former: if dice.one_in(3) { [(name(dice, "node"), name(dice, "host"))].into() } else { BTreeMap::new() },
        lost: (0..dice.below(2)).map(|_| name(dice, "node")).collect(),
        recovery: dice.one_in(3).then(|| Claim { host: ME.into(), nonce: "nonce-0".into() }),
        members: (0..dice.below(7)).map(|_| member(dice)).collect(),
        lease: Some(Lease { host: name(dice, "host"), heartbeat: dice.below(9) }),
        tokens: (0..dice.below(3)).map(|_| token(dice)).collect(),
        further: serde_json::Map::new(),
    }
}

fn host(dice: &mut Dice, at: u64) -> HostEntry {
    let mut labels = BTreeMap::new();
    for (label, one_in, value) in [
        ("swarmkit.node", 4, name(dice, "node")),
        ("swarmkit.key", 3, name(dice, "key")),
        ("swarmkit.doubt", 8, "true".to_owned()),
        ("swarmkit.token", 8, handed_over(dice)),
        ("swarmkit.left", 3, name(dice, "node")),
        ("swarm.manager", 5, pick(dice, &["true", "false", "?"]).to_owned()),
        ("swarm.zone", 2, name(dice, "zone")),
        ("swarm", 3, pick(dice, &["broken", "broken_manager", "moved_manager", "manager"]).to_owned()),
    ] {
        if dice.one_in(one_in) {
            labels.insert(label.to_owned(), value);
        }
    }
    let told = address(dice);
    HostEntry {
        uuid: format!("host-{at}"),
        hostname: String::new(),
        agent_ip_address: some(dice, told),
        state: pick(dice, &["active", "active", "active", "updating-active", "inactive", "removed", "odd"]).to_owned(),
        agent_state: pick(dice, &[None, None, Some("active"), Some("disconnected"), Some("reconnecting")])
            .map(str::to_owned),
        labels,
    }
}

/// A token in a label, as the lease holder hands it over.
fn handed_over(dice: &mut Dice) -> String {
    let sealed = pick(dice, &["sealed", "sealed-by-another"]);
    format!("{} 10.0.0.1:2377 {:.12} mark {sealed}", cluster(dice), "key-of-the-host-")
}

pub fn view(dice: &mut Dice) -> Observation {
    let state = pick(
        dice,
        &[
            LocalNodeState::Inactive,
            LocalNodeState::Inactive,
            LocalNodeState::Active,
            LocalNodeState::Active,
            LocalNodeState::Active,
            LocalNodeState::Pending,
            LocalNodeState::Error,
            LocalNodeState::Locked,
            LocalNodeState::Unknown,
        ],
    );
    let control = state == LocalNodeState::Active && dice.one_in(2);
    let info = Info {
        name: String::new(),
        server_version: "20.10".into(),
        swarm: SwarmInfo {
            node_id: if state == LocalNodeState::Inactive { String::new() } else { "node-0".into() },
            node_addr: address(dice),
            local_node_state: state,
            control_available: control,
            error: String::new(),
            remote_managers: (0..dice.below(3))
                .map(|_| Peer { node_id: name(dice, "node"), addr: address(dice) })
                .collect(),
            cluster: control.then(|| ClusterId { id: "c1".into() }),
        },
    };
    let told = record(dice);
    let key = name(dice, "key-of-the-host-");
    let handed_over = handed_over(dice);
    let metadata = MetadataView {
        host: ME.into(),
        agent_ip: address(dice),
        labels: dice.one_in(8).then(|| ("swarmkit.token".to_owned(), handed_over)).into_iter().collect(),
        service: "service".into(),
        monitors: (0..dice.below(7))
            .map(|at| (format!("host-{at}"), MonitorView { age: dice.below(9), running: !dice.one_in(5) }))
            .collect(),
        record: if dice.one_in(15) { Err("broken".into()) } else { Ok(told.clone()) },
        refusal: None,
    };
    let hosts = (0..dice.below(7)).map(|at| host(dice, at)).collect();
    let record = if dice.one_in(2) { told } else { record(dice) };
    let (alone, record) = if dice.one_in(5) { (true, leaderless(record)) } else { (false, record) };
    let ms = |dice: &mut Dice| pick(dice, &[0, 100, 5_000, 40_000, 200_000, 10_000_000, u64::MAX]);
    let mut seen = Observation {
        wanted: Wanted {
            managers: pick(dice, &[1, 3, 3, 5]),
            drain_managers: dice.one_in(3),
            manager_label: "swarm.manager".into(),
            zone_label: "swarm.zone".into(),
            network: some(dice, "rancher".into()),
            grace_ms: 60_000,
            recovery: pick(dice, &[Recovery::Removed, Recovery::Off, Recovery::After(3_600_000)]),
            period_ms: 30_000,
        },
        own: Own {
            nonce: pick(dice, &["nonce-0", "nonce-0", "nonce-1"]).to_owned(),
            key,
            state: State {
                record: dice.one_in(3).then(|| record_of(dice)),
                init: dice.one_in(4).then(|| "nonce-1".into()),
                made: dice.one_in(3).then(|| cluster(dice)),
                joining: dice.one_in(4).then(|| cluster(dice)),
                left: dice.one_in(4).then(|| name(dice, "node")),
                member: dice.one_in(2).then(|| Member {
                    cluster: cluster(dice),
                    node: "node-0".into(),
                    manager: dice.one_in(2),
                    epoch: dice.below(2),
                }),
            },
        },
        engine: if dice.one_in(20) { Err("no answer".into()) } else { Ok(info) },
        metadata: if dice.one_in(20) { Err("no answer".into()) } else { Ok(metadata) },
        rancher: match dice.below(8) {
            0 => None,
            1 => Some(Err("no answer".into())),
            _ => Some(Ok(RancherView { hosts, record, plain_tokens: Vec::new(), takes_writes: !dice.one_in(8) })),
        },
        rancher_ms: 5,
        swarm: control.then(|| if dice.one_in(10) { Err("no leader".into()) } else { Ok(swarm(dice)) }),
        engine_is_up: !dice.one_in(8),
        peers: dice.one_in(3).then(|| monitors_of_managers(dice)),
        refusal: None,
        has_stayed: false,
        leader_holds_lease: false,
        record_is_gone: false,
        past: Past {
            unrecorded_ms: ms(dice),
            claim_ms: ms(dice),
            heartbeat_ms: ms(dice),
            own_heartbeat_ms: ms(dice),
            lease_ms: ms(dice),
            stands_in: dice.one_in(6),
            slowest_ms: 20,
            recovery_ms: ms(dice),
            tokenless_ms: ms(dice),
            nobody_waits_ms: ms(dice),
            is_token_renewed: dice.one_in(2),
            heartbeats: dice.below(3),
            has_read: dice.one_in(2),
            gone_ms: ms(dice),
            unserved_ms: if dice.one_in(2) { 0 } else { ms(dice) },
            lost_ms: times(dice, "node"),
            leaderless_ms: if dice.one_in(2) { 0 } else { ms(dice) },
            stuck_ms: ms(dice),
            orphaned_ms: ms(dice),
            is_orphaned: dice.one_in(2),
            superseded_ms: ms(dice),
            unheard_ms: ms(dice),
            heard_ms: ms(dice),
            outside_ms: if dice.one_in(2) { ms(dice) } else { 1_000_000 },
            moved_ms: if dice.one_in(2) { 0 } else { ms(dice) },
            voters_ms: ms(dice),
            down_ms: times(dice, "node"),
            mute_ms: times(dice, "node"),
            demoted_ms: (0..7).map(|at| (format!("node-{at}"), pick(dice, &[100, 10_000, 100_000]))).collect(),
            unsettled_ms: times(dice, "node"),
            unlisted_ms: times(dice, "host"),
            denied_ms: BTreeMap::new(),
        },
    };
    if dice.one_in(15) {
        // Rancher has written other metadata over the record.
        if let Some(Ok(view)) = &mut seen.rancher {
            view.record = Record::default();
        }
        if let Ok(metadata) = &mut seen.metadata
            && dice.one_in(2)
        {
            metadata.record = Ok(Record::default());
        }
    }
    seen.keep_record();
    // Mostly the record is as the swarm is.
    if let Some(Ok(swarm)) = &seen.swarm
        && let Some(Ok(view)) = &mut seen.rancher
        && view.record.recovery.is_none()
        && !seen.record_is_gone
        && !dice.one_in(4)
    {
        view.record.voters =
            swarm.nodes.iter().filter(|node| node.manager.is_some()).map(|node| node.id.clone()).collect();
        view.record.voters.sort();
        view.record.voters.extend(dice.one_in(3).then(|| "node-9".to_owned()));
        view.record.epoch = seen.own.state.member.as_ref().map_or(0, |member| member.epoch);
    }
    if alone {
        // A manager of the recorded swarm that has lost the others.
        seen.swarm = seen.swarm.map(|_| Err("no leader".into()));
        seen.own.state.member = Some(Member { cluster: "c1".into(), node: "node-0".into(), manager: true, epoch: 1 });
        seen.past.leaderless_ms = pick(dice, &[20_000, 60_000, 10_000_000]);
    }
    label_as_an_operator(dice, &mut seen);
    seen.past.denied_ms = times(dice, "host");
    seen
}

/// What an operator may ask for by a host's labels.
fn label_as_an_operator(dice: &mut Dice, seen: &mut Observation) {
    if let Ok(metadata) = &mut seen.metadata
        && dice.one_in(20)
    {
        metadata.labels.insert("swarm.pause".to_owned(), pick(dice, &["true", "all", "?"]).to_owned());
    }
    let Some(Ok(view)) = &mut seen.rancher else { return };
    for host in &mut view.hosts {
        if dice.one_in(60) {
            host.labels.insert("swarm.pause".to_owned(), pick(dice, &["true", "all", "?"]).to_owned());
        }
        if dice.one_in(4) {
            host.labels.insert(
                format!("swarm.node.{}", pick(dice, &["a", "b", "swarmkit.drained", "!"])),
                name(dice, "value"),
            );
        }
        if dice.one_in(5) {
            host.labels.insert("swarm.maintenance".to_owned(), pick(dice, &["true", "true", "false"]).to_owned());
        }
    }
}

/// What this host has kept of a record.
fn record_of(dice: &mut Dice) -> Record {
    record(dice).kept()
}

/// A record of three managers, one of which has claimed to go on alone.
fn leaderless(record: Record) -> Record {
    let member = |at: u64| (format!("host-{at}"), format!("node-{at}"));
    Record {
        cluster: Some("c1".into()),
        members: (0..4).map(member).collect(),
        voters: (0..3).map(|at| format!("node-{at}")).collect(),
        recovery: Some(Claim { host: ME.into(), nonce: "nonce-0".into() }),
        ..record
    }
}

fn times(dice: &mut Dice, kind: &str) -> BTreeMap<String, u64> {
    (0..dice.below(4)).map(|_| (name(dice, kind), pick(dice, &[100, 30_000, 100_000, 2_000_000]))).collect()
}

/// Managers' monitors, of which some answer and a few say that the swarm has a leader.
fn monitors_of_managers(dice: &mut Dice) -> Vec<peers::Peer> {
    let said = |dice: &mut Dice| Said {
        stage: pick(dice, &["member", "no_leader", "no_engine", "lease_holder"]).to_owned(),
        serves: dice.one_in(5),
    };
    let peer = |dice: &mut Dice, node: u64| peers::Peer {
        node: format!("node-{node}"),
        name: format!("h{node}"),
        address: format!("10.0.0.{node}"),
        said: dice.one_in(2).then(|| said(dice)),
        is_open: None,
    };
    (1..=1 + dice.below(3)).map(|node| peer(dice, node)).collect()
}

/// Runs a rule over the changes that made-up views lead to.
#[track_caller]
pub fn never(rule: impl Fn(&Observation, &Change) -> Result<bool, String>) {
    always(|seen, planned| planned.change.as_ref().map_or(Ok(false), |change| rule(seen, change)));
}

/// Runs a rule over the plans for made-up views. A rule answers whether what it is about came up at all.
#[track_caller]
pub fn always(rule: impl Fn(&Observation, &Plan) -> Result<bool, String>) {
    let seeds = match std::env::var("SEED") {
        Ok(seed) => {
            let seed: u64 = seed.parse().unwrap();
            seed..seed + 1
        }
        Err(_) if is_long() => 0..100_000,
        Err(_) => 0..40_000,
    };
    let one = seeds.end - seeds.start == 1;
    let mut about = 0;
    for seed in seeds {
        let seen = view(&mut Dice::new(seed));
        let planned = plan(&seen);
        assert_eq!(planned, plan(&seen), "seed {seed}: the same view makes the same plan");
        match rule(&seen, &planned) {
            Ok(came_up) => about += u64::from(came_up),
            Err(what) => panic!("SEED={seed}: {what}\n{planned:#?}\n{seen:#?}"),
        }
    }
    assert!(one || about > 3, "it came up only {about} times");
}
