//! What the plan never does, whatever it sees: views of every kind, sensible or not, are made up by the thousand.

use std::collections::BTreeMap;
use swarm_lab::trial::Trial;
use swarm_lab::trial::is_long;
use swarm_lab::trials;

use swarm_lab::dice::Dice;
use swarmkit_mon::engine::{
    Availability, ClusterId, Description, Info, LocalNodeState, ManagerStatus, Node, NodeSpec, NodeState, NodeStatus,
    Peer, Reachability, Role, SwarmInfo, Version,
};
use swarmkit_mon::observe::{MetadataView, MonitorView, Observation, Own, RancherView, Recovery, SwarmView, Wanted};
use swarmkit_mon::past::Past;
use swarmkit_mon::plan::{Change, Plan, Stage, asks_rancher, plan};
use swarmkit_mon::rancher::HostEntry;
use swarmkit_mon::record::{Claim, Lease, Record, SealedToken};
use swarmkit_mon::state::{Member, State};

pub fn trials() -> Vec<Trial> {
    trials![
        a_epoch_that_another_has_begun_is_never_taken_for_ones_own,
        a_second_swarm_is_never_made,
        the_quorum_is_never_spent,
        a_role_never_changes_before_the_record_tells_who_votes,
        roles_change_one_at_a_time_and_only_where_they_can,
        a_swarm_that_is_not_provably_old_and_ours_is_never_left,
        an_engine_that_was_in_a_swarm_a_moment_ago_is_left_alone,
        without_rancher_nothing_of_the_swarm_is_changed,
        only_the_recorded_swarm_is_changed,
        no_node_of_a_registered_host_is_removed_and_none_that_votes,
        nobody_goes_on_alone_while_the_others_may_come_back,
        a_host_or_a_stack_that_is_there_twice_does_nothing,
        no_host_gets_a_token_while_the_node_that_it_does_not_say_it_left_is_ready,
        a_record_that_is_gone_is_written_again_with_what_this_host_kept_of_it,
    ]
}

const ME: &str = "host-0";

fn pick<T: Clone>(dice: &mut Dice, from: &[T]) -> T {
    from[dice.below(from.len() as u64) as usize].clone()
}

fn some<T>(dice: &mut Dice, value: T) -> Option<T> {
    (!dice.one_in(3)).then_some(value)
}

fn cluster(dice: &mut Dice) -> String {
    pick(dice, &["c1", "c1", "c1", "c2"]).to_owned()
}

fn name(dice: &mut Dice, kind: &str) -> String {
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
        description: Description { hostname: "same".into() },
        status: NodeStatus {
            state: pick(
                dice,
                &[NodeState::Ready, NodeState::Ready, NodeState::Ready, NodeState::Down, NodeState::Unknown],
            ),
            addr: address(dice),
        },
        manager: manages.then(|| ManagerStatus { leader: false, reachability, addr: format!("10.0.0.{at}:2377") }),
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
        has_network: some(dice, true),
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
        (name(dice, "host"), SealedToken { key: name(dice, "key"), mark: name(dice, "token"), sealed: "sealed".into() })
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
        agent_ip_address: some(dice, told),
        state: pick(dice, &["active", "active", "active", "updating-active", "inactive", "removed", "odd"]).to_owned(),
        agent_state: pick(dice, &[None, None, Some("active"), Some("disconnected"), Some("reconnecting")])
            .map(str::to_owned),
        labels,
    }
}

fn view(dice: &mut Dice) -> Observation {
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
    let key = name(dice, "key of the host ");
    let handed_over = format!("{} 10.0.0.1:2377 {:.12} mark sealed", cluster(dice), key);
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
            _ => Some(Ok(RancherView { hosts, record, plain_tokens: Vec::new(), takes_writes: true })),
        },
        rancher_ms: 5,
        swarm: control.then(|| if dice.one_in(10) { Err("no leader".into()) } else { Ok(swarm(dice)) }),
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
            heartbeats: dice.below(3),
            has_read: dice.one_in(2),
            gone_ms: ms(dice),
            leaderless_ms: if dice.one_in(2) { 0 } else { ms(dice) },
            stuck_ms: ms(dice),
            orphaned_ms: ms(dice),
            is_orphaned: dice.one_in(2),
            superseded_ms: ms(dice),
            heard_ms: ms(dice),
            outside_ms: if dice.one_in(2) { ms(dice) } else { 1_000_000 },
            moved_ms: if dice.one_in(2) { 0 } else { ms(dice) },
            voters_ms: ms(dice),
            down_ms: times(dice, "node"),
            demoted_ms: (0..7).map(|at| (format!("node-{at}"), pick(dice, &[100, 10_000, 100_000]))).collect(),
            unsettled_ms: times(dice, "node"),
            unlisted_ms: times(dice, "host"),
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
    seen
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

/// Runs a rule over the changes that made-up views lead to.
#[track_caller]
fn never(rule: impl Fn(&Observation, &Change) -> Result<bool, String>) {
    always(|seen, planned| planned.change.as_ref().map_or(Ok(false), |change| rule(seen, change)));
}

/// Runs a rule over the plans for made-up views. A rule answers whether what it is about came up at all.
#[track_caller]
fn always(rule: impl Fn(&Observation, &Plan) -> Result<bool, String>) {
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

fn a_epoch_that_another_has_begun_is_never_taken_for_ones_own() {
    always(|seen, planned| {
        let Some(view) = seen.rancher_view() else { return Ok(false) };
        let record = &view.record;
        let own = seen.own.state.member.as_ref().filter(|member| record.cluster.as_ref() == Some(&member.cluster));
        let Some(own) = own.filter(|own| record.recovery.is_some() && own.epoch < record.epoch) else {
            return Ok(false);
        };
        let told = seen.metadata.as_ref().is_ok_and(|metadata| metadata.record.as_ref() == Ok(record));
        let remembered = planned.remember.as_ref().and_then(|state| state.member.as_ref()).filter(|_| told);
        if remembered.is_some_and(|member| member.epoch > own.epoch) {
            return Err("it is remembered".into());
        }
        let Some(desired_record) = &planned.desired_record else { return Ok(false) };
        if desired_record.epoch <= record.epoch {
            return Err("it is published".into());
        }
        let others = Record { epoch: record.epoch + 1, ..record.clone() };
        let done = Record { recovery: None, ..record.clone() };
        for record in [others, done] {
            if desired_record.may_be_written(&record, &seen.own.nonce) {
                return Err(format!("what was not seen is written over: {record:?}"));
            }
        }
        Ok(true)
    });
}

fn nodes(seen: &Observation) -> &[Node] {
    seen.swarm_view().map_or(&[], |swarm| &swarm.nodes)
}

/// Whether Rancher says that a host takes containers and its agent is there, in either form of the API.
fn is_there(host: &HostEntry) -> bool {
    matches!(host.state.as_str(), "active" | "updating-active")
        && matches!(host.agent_state.as_deref(), None | Some("active"))
}

fn reachable(node: &Node) -> bool {
    node.manager.as_ref().is_some_and(|manager| manager.leader || manager.reachability == Reachability::Reachable)
}

/// Whether a manager's host is registered, may be one, has still the address by which it joined, and does not say that its
/// engine is in error.
fn has_its_place(seen: &Observation, node: &Node, host: Option<&String>) -> bool {
    let Some(host) = seen.rancher_view().unwrap().hosts.iter().find(|entry| Some(&entry.uuid) == host) else {
        return false;
    };
    let label = |name: &str| host.labels.get(name).map(String::as_str);
    let address = node.manager.as_ref().and_then(|manager| manager.addr.rsplit_once(':')).map(|(address, _)| address);
    let odd = matches!(label("swarm"), Some("broken" | "broken_manager")) || label("swarm.manager") == Some("false");
    let moved = host.agent_ip_address.as_deref().is_some_and(|told| !told.is_empty() && Some(told) != address);
    // Another address alone may be that of another host with the same identity.
    let moved = moved && label("swarm") == Some("moved_manager");
    !host.is_gone() && !odd && !moved
}

/// Whether a node was to become a manager, and has not for long or has gone down: it may be a worker again.
fn is_withdrawn(seen: &Observation, id: &str) -> bool {
    nodes(seen).iter().any(|node| {
        let long = seen.past.unsettled_ms.get(id).is_some_and(|ms| *ms >= 20_000);
        node.id == id && node.manager.is_none() && node.spec.role == Role::Manager && long
    })
}

/// Whether the lease holder is alive and says that this host has lost its place, or this host has another address; and
/// nobody counts on its vote.
fn may_be_orphaned(seen: &Observation) -> bool {
    let engine = &seen.engine.as_ref().unwrap().swarm;
    let Ok(record) = &seen.metadata.as_ref().unwrap().record else { return false };
    let state = &seen.own.state;
    // What it was in, or was about to join; an engine in trouble may not tell its node.
    let (cluster, node) = match (&state.member, &state.joining) {
        (Some(member), _) if member.node == engine.node_id => (&member.cluster, &member.node),
        (_, Some(cluster)) => (cluster, &engine.node_id),
        _ => return false,
    };
    let here = record.cluster.as_ref() == Some(cluster);
    let alive = seen.past.heartbeats > 0 && seen.past.heartbeat_ms <= 90_000;
    let answers = seen.swarm_view().is_some();
    let gone = !record.members.values().any(|member| member == node)
        && seen.past.is_orphaned
        && seen.past.orphaned_ms >= 15_000;
    let lost = record.lost.contains(node) && seen.past.stuck_ms >= 30_000;
    // One that is in error for long has no place to lose.
    let broken = engine.local_node_state == LocalNodeState::Error && seen.past.stuck_ms >= 30_000;
    let moved = seen.past.moved_ms >= 30_000;
    here && alive && !answers && !record.voters.contains(node) && (gone || lost || broken || moved)
}

fn a_second_swarm_is_never_made() {
    never(|seen, change| {
        let Change::Init { .. } = change else { return Ok(false) };
        let view = seen.rancher_view().ok_or("Rancher's API was not seen")?;
        let engine = &seen.engine.as_ref().unwrap().swarm;
        let told = seen.metadata.as_ref().unwrap().record.as_ref().unwrap();
        if engine.local_node_state != LocalNodeState::Inactive {
            return Err("the engine is in a swarm".into());
        }
        if view.record.cluster.is_some() || told.cluster.is_some() {
            return Err("a swarm is recorded".into());
        }
        if view.record.claim != Some(Claim { host: ME.into(), nonce: seen.own.nonce.clone() })
            || seen.past.claim_ms < 100
        {
            return Err("this host's claim does not stand".into());
        }
        match view.hosts.iter().find(|host| host.uuid != ME && host.state != "removed" && host.node().is_some()) {
            Some(host) => Err(format!("{} is in a swarm", host.uuid)),
            None => Ok(true),
        }
    });
}

fn the_quorum_is_never_spent() {
    never(|seen, change| {
        let Change::Demote(node) = change else { return Ok(false) };
        if is_withdrawn(seen, &node.id) {
            return Ok(false);
        }
        let managers: Vec<&Node> = nodes(seen).iter().filter(|node| node.manager.is_some()).collect();
        let target = managers.iter().find(|manager| manager.id == node.id).ok_or("it is no manager")?;
        let left: Vec<&&Node> = managers.iter().filter(|manager| manager.id != node.id).collect();
        let well = left.iter().filter(|manager| reachable(manager)).count();
        if left.is_empty() || well < left.len() / 2 + 1 {
            return Err(format!("{well} of {} managers would be left", left.len()));
        }
        if target.manager.as_ref().unwrap().leader
            && managers.len() < 3
            && has_its_place(seen, target, node.host.as_ref())
        {
            return Err("the leader of two is demoted, though nothing is wrong with its host".into());
        }
        Ok(true)
    });
}

fn a_role_never_changes_before_the_record_tells_who_votes() {
    never(|seen, change| {
        let (target, promotes) = match change {
            Change::Promote(target) => (target, true),
            Change::Demote(target) => (target, false),
            _ => return Ok(false),
        };
        let record = &seen.rancher_view().ok_or("Rancher's API was not seen")?.record;
        let votes = |node: &&Node| node.manager.is_some();
        let told = |id: &String| record.voters.contains(id);
        if let Some(node) = nodes(seen).iter().filter(votes).find(|node| !told(&node.id)) {
            return Err(format!("{} votes, and is not recorded", node.id));
        }
        if promotes && !told(&target.id) {
            return Err(format!("{} is to vote, and is not recorded", target.id));
        }
        let becomes =
            |node: &&Node| votes(node) || node.spec.role == Role::Manager || (promotes && node.id == target.id);
        let all = nodes(seen).iter().filter(becomes).map(|node| &node.id).collect::<Vec<_>>();
        if let Some(id) = record.voters.iter().find(|id| !all.contains(id)) {
            return Err(format!("{id} is recorded, and does not vote any more"));
        }
        if record.recovery.is_some() {
            return Err("somebody may be about to go on alone".into());
        }
        Ok(true)
    });
}

fn roles_change_one_at_a_time_and_only_where_they_can() {
    never(|seen, change| {
        let (Change::Promote(target) | Change::Demote(target)) = change else { return Ok(false) };
        seen.rancher_view().ok_or("Rancher's API was not seen")?;
        if is_withdrawn(seen, &target.id) {
            return if matches!(change, Change::Demote(_)) { Ok(true) } else { Err("it is promoted twice".into()) };
        }
        // One that went down before it voted is on its way out.
        let failed = |node: &&Node| node.manager.is_none() && node.status.state == NodeState::Down;
        let unsettled = |node: &&Node| (node.spec.role == Role::Manager) != node.manager.is_some();
        // One that was to become a worker, and without which there would be no quorum any more, is kept.
        let others: Vec<&Node> =
            nodes(seen).iter().filter(|node| node.manager.is_some() && node.id != target.id).collect();
        let short = others.iter().filter(|node| reachable(node)).count() * 2 <= others.len();
        let kept = |node: &Node| node.id == target.id && node.spec.role == Role::Worker && node.manager.is_some();
        if matches!(change, Change::Promote(_)) && nodes(seen).iter().any(kept) {
            return if short { Ok(true) } else { Err("it could be spared".into()) };
        }
        if let Some(node) = nodes(seen).iter().find(|node| unsettled(node) && !failed(node)) {
            return Err(format!("the role of {} has not taken effect yet", node.id));
        }
        let node = nodes(seen).iter().find(|node| node.id == target.id).ok_or("there is no such node")?;
        if node.version.index != target.version {
            return Err("it is of another version".into());
        }
        if matches!(change, Change::Promote(_)) {
            let host = target.host.as_ref().ok_or("its host is not known")?;
            let host = seen
                .rancher_view()
                .unwrap()
                .hosts
                .iter()
                .find(|entry| entry.uuid == *host)
                .ok_or("its host is not registered")?;
            let fit = is_there(host) && host.labels.get("swarm.manager").map(String::as_str) != Some("false");
            if node.status.state != NodeState::Ready || node.manager.is_some() || !fit {
                return Err(format!("{} cannot be a manager", node.id));
            }
            if seen.past.demoted_ms.get(&target.id).is_some_and(|ms| *ms < 10_000) {
                return Err(format!("{} has just been made a worker", node.id));
            }
        }
        Ok(true)
    });
}

fn a_swarm_that_is_not_provably_old_and_ours_is_never_left() {
    never(|seen, change| {
        let Change::Leave { node, manager } = change else { return Ok(false) };
        let state = &seen.own.state;
        // It sees no leader, and the others have gone on without it, as whoever keeps the record says.
        let gone_on = |record: &Record| {
            let Some(member) = state.member.as_ref().filter(|member| member.node == *node) else { return false };
            let alive =
                seen.past.heartbeats > 0 && seen.past.heartbeat_ms <= 90_000 && seen.past.leaderless_ms >= 30_000;
            let before = member.epoch < record.epoch;
            let unknown = !record.knows(node, "") && seen.past.is_orphaned && seen.past.orphaned_ms >= 15_000;
            let here = record.cluster.as_ref() == Some(&member.cluster);
            alive && here && (before || unknown) && !record.voters.contains(node)
        };
        let silent = seen.engine.is_err() || seen.swarm_view().is_none();
        if silent && seen.rancher_view().is_some_and(|view| gone_on(&view.record)) {
            return Ok(true);
        }
        let engine = &seen.engine.as_ref().map_err(|_| "the engine does not answer")?.swarm;
        if *node != engine.node_id || *manager != engine.control_available {
            return Err("it is about another node".into());
        }
        if may_be_orphaned(seen) {
            return Ok(true);
        }
        if !manager {
            let member =
                state.member.as_ref().filter(|member| member.node == *node).ok_or("nothing says that it is ours")?;
            let recorded = seen.metadata.as_ref().unwrap().record.as_ref().unwrap().cluster.clone();
            return if recorded.is_some_and(|recorded| recorded != member.cluster) {
                Ok(true)
            } else {
                Err("it is no other one".into())
            };
        }
        let swarm = seen.swarm.as_ref().unwrap().as_ref().unwrap();
        // Another manager has gone on alone with it.
        let told = seen.metadata.as_ref().unwrap().record.as_ref();
        let left_behind = |record: &Record| {
            let before = state.member.as_ref().is_some_and(|member| member.epoch < record.epoch);
            before && record.cluster.as_ref() == Some(&swarm.cluster) && !record.voters.contains(node)
        };
        if told.is_ok_and(left_behind) || seen.rancher_view().is_some_and(|view| left_behind(&view.record)) {
            return Ok(true);
        }
        if swarm.nodes.len() != 1 || swarm.services != Some(0) {
            return Err("somebody loses something".into());
        }
        let cluster = Some(&swarm.cluster);
        let ours = state.made.as_ref() == cluster
            || state.member.as_ref().map(|member| &member.cluster) == cluster
            || (state.init.is_some() && state.made.is_none());
        let recorded = seen.rancher_view().ok_or("Rancher's API was not seen")?.record.cluster.as_ref();
        if ours && recorded.is_some() && recorded != cluster {
            Ok(true)
        } else {
            Err("it is not ours, or the recorded one".into())
        }
    });
}

/// An engine that is about to stop says that it is in no swarm. To join then would cost it the node that it is.
fn an_engine_that_was_in_a_swarm_a_moment_ago_is_left_alone() {
    never(|seen, change| {
        let outside =
            seen.engine.as_ref().is_ok_and(|engine| engine.swarm.local_node_state == LocalNodeState::Inactive);
        if !outside || seen.own.state.member.is_none() {
            return Ok(false);
        }
        if seen.past.outside_ms >= 20_000 { Ok(true) } else { Err(format!("{change:?}")) }
    });
}

fn without_rancher_nothing_of_the_swarm_is_changed() {
    never(|seen, change| match change {
        Change::Join { .. } | Change::Leave { .. } => Ok(false),
        _ if seen.rancher_view().is_none() => Err("Rancher's API was not seen".into()),
        _ => Ok(true),
    });
}

fn only_the_recorded_swarm_is_changed() {
    never(|seen, change| match change {
        Change::Promote(_)
        | Change::Demote(_)
        | Change::Availability { .. }
        | Change::Remove { .. }
        | Change::WithdrawTokens
        | Change::CreateNetwork { .. } => {
            let swarm = seen.swarm.as_ref().unwrap().as_ref().unwrap();
            let recorded = seen.rancher_view().ok_or("Rancher's API was not seen")?.record.cluster.as_ref();
            if recorded == Some(&swarm.cluster) { Ok(true) } else { Err("it is not the recorded one".into()) }
        }
        _ => Ok(false),
    });
}

fn no_node_of_a_registered_host_is_removed_and_none_that_votes() {
    never(|seen, change| {
        let Change::Remove { node: target, force, .. } = change else { return Ok(false) };
        let view = seen.rancher_view().ok_or("Rancher's API was not seen")?;
        let node = nodes(seen).iter().find(|node| node.id == target.id).ok_or("there is no such node")?;
        let down = node.status.state == NodeState::Down;
        let failed =
            node.spec.role == Role::Manager && down && seen.past.down_ms.get(&node.id).is_some_and(|ms| *ms >= 60_000);
        if node.manager.is_some() || (node.spec.role == Role::Manager && !down) {
            return Err("it is a manager".into());
        }
        if !view.hosts.iter().any(|host| host.uuid == ME) {
            return Err("the list does not have this host, so it may lack others".into());
        }
        if failed && !force {
            // It went down before it voted. Its host joins anew.
            return Ok(true);
        }
        let registered = |uuid: &String| view.hosts.iter().any(|host| host.uuid == *uuid && !host.is_gone());
        let is_of = view.hosts.iter().find(|host| host.uuid != ME && host.node() == Some(&node.id) && !host.is_gone());
        if let Some(host) = is_of {
            return Err(format!("{} says that it is that node", host.uuid));
        }
        let of: Vec<&String> =
            view.record.members.iter().filter(|(_, member)| **member == node.id).map(|(host, _)| host).collect();
        if of.iter().all(|host| registered(host)) {
            // It is what a host was before it joined anew.
            return if down && !force { Ok(true) } else { Err("a node that is not down is removed".into()) };
        }
        let since = of.iter().filter_map(|host| seen.past.unlisted_ms.get(*host)).max().copied().unwrap_or_default();
        if since < 20_000 || (!down && (!force || since < 600_000)) {
            return Err(format!("its host has been unlisted for {since} ms only"));
        }
        Ok(true)
    });
}

fn nobody_goes_on_alone_while_the_others_may_come_back() {
    never(|seen, change| {
        let Change::ForceNewCluster { .. } = change else { return Ok(false) };
        let view = seen.rancher_view().ok_or("Rancher's API was not seen")?;
        let member = seen.own.state.member.as_ref().ok_or("it was in no swarm")?;
        if !view.record.voters.contains(&member.node) {
            return Err("it was no manager".into());
        }
        if view.record.cluster.as_ref() != Some(&member.cluster) || seen.swarm_view().is_some() {
            return Err("it is another swarm, or one that answers".into());
        }
        if view.record.recovery != Some(Claim { host: ME.into(), nonce: seen.own.nonce.clone() }) {
            return Err("its claim does not stand".into());
        }
        let after = match seen.wanted.recovery {
            Recovery::Off => return Err("it is off".into()),
            Recovery::Removed => u64::MAX,
            Recovery::After(ms) => ms,
        };
        let may_come_back = |node: &&String| {
            // Its host had said before that it is another one now.
            if view.record.former.contains_key(*node) {
                return false;
            }
            let Some(uuid) = view.record.host_of(node) else { return true };
            let host = view.hosts.iter().find(|host| host.uuid == *uuid && !host.is_gone());
            // Its own host says that it has no vote, or is not that node any more.
            let label = |name: &str| host.and_then(|host| host.labels.get(name)).map(String::as_str);
            let says = label("swarmkit.node").is_some_and(|is| is != *node || label("swarm") == Some("broken"))
                || (label("swarmkit.node").is_none() && label("swarmkit.key").is_some());
            host.is_some_and(|host| is_there(host) || seen.past.leaderless_ms < after) && !says
        };
        let left: Vec<&String> = view.record.voters.iter().filter(may_come_back).collect();
        // One of them may not have become a manager: its host does not say that it is. The others are no majority alone.
        let says = |node: &String| {
            let host = view.hosts.iter().find(|host| Some(&host.uuid) == view.record.host_of(node));
            let part = host.and_then(|host| host.labels.get("swarm")).map(String::as_str);
            matches!(part, Some("manager" | "broken_manager" | "moved_manager"))
        };
        let doubtful = left.iter().any(|node| **node != member.node && !says(node));
        let all = view.record.voters.len();
        let counted_on = if doubtful && (all == 2 || (left.len() - 1) * 2 < all) { 0 } else { left.len() };
        if counted_on * 2 > all { Err(format!("{counted_on} may come back")) } else { Ok(true) }
    });
}

/// Another host may be the one that Rancher takes this one for, or another stack of the entry keeps the swarm.
fn a_host_or_a_stack_that_is_there_twice_does_nothing() {
    always(|seen, _| {
        let refused = Observation { refusal: Some("it is there twice".into()), ..seen.clone() };
        let planned = plan(&refused);
        if planned.stage != Stage::Refused || !planned.is_quiet() || planned.labels.is_some() || planned.gives_heartbeat
        {
            return Err(format!("{planned:?}"));
        }
        if asks_rancher(&refused).is_some() { Err("it asks for more".into()) } else { Ok(true) }
    });
}

fn no_host_gets_a_token_while_the_node_that_it_does_not_say_it_left_is_ready() {
    always(|seen, planned| {
        let Some(desired_record) = &planned.desired_record else { return Ok(false) };
        let view = seen.rancher_view().unwrap();
        let mut about = false;
        for host in view.hosts.iter().filter(|host| host.key().is_some() && host.node().is_none()) {
            let Some(node) = view.record.members.get(&host.uuid).filter(|node| host.left() != Some(node)) else {
                continue;
            };
            if nodes(seen).iter().any(|other| other.id == *node && other.status.state == NodeState::Ready) {
                about = true;
                if desired_record.waiting.contains_key(&host.uuid) {
                    return Err(format!("{} gets a token", host.uuid));
                }
            }
        }
        Ok(about)
    });
}

fn a_record_that_is_gone_is_written_again_with_what_this_host_kept_of_it() {
    always(|seen, planned| {
        let Some(desired_record) = planned.desired_record.as_ref().filter(|_| seen.record_is_gone) else {
            return Ok(false);
        };
        let kept = seen.own.state.record.as_ref().unwrap();
        let blank = Record::default();
        if !desired_record.may_be_written(&blank, "any") {
            return Err("it needs a claim".into());
        }
        let written = desired_record.write(&blank, |_, _| None);
        if written.epoch < kept.epoch || written.cluster != kept.cluster {
            return Err(format!("{written:?}"));
        }
        Ok(true)
    });
}
