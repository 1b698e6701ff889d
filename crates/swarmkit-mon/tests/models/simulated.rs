//! Environments with faults of every kind, from seeds: the daemon keeps its promises after every step, and if it had a
//! bug, a run would show it with the fewest faults that it takes.
//!
//! `SEED=n` runs one seed, `cargo run --release -p swarm-lab -- simulate` as many as are asked for.

use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;

use swarm_lab::simulator::faults::Kind;
use swarm_lab::simulator::host::Host;
use swarm_lab::simulator::shrink::shrink;
use swarm_lab::simulator::{Judge, Promise, Settings, Simulation};
use swarm_lab::trial::{Trial, campaign};
use swarm_lab::trials;
use swarmkit_mon::engine::{Availability, Reachability, Role};
use swarmkit_mon::observe::{Observation, RancherView};
use swarmkit_mon::plan::{Change, NodeChange, Plan, Stage, plan};
use swarmkit_mon::record::Record;

/// How many steps the campaign makes.
const STEPS: u64 = 10_000_000;

pub fn trials() -> Vec<Trial> {
    let mut trials = vec![campaign("ten_million_steps_and_every_promise_is_kept", None, ten_million_steps)];
    trials.extend(everyday());
    trials
}

fn everyday() -> Vec<Trial> {
    trials![
        whatever_goes_wrong_every_promise_is_kept,
        a_seed_is_the_same_run_each_time,
        a_swarm_that_is_there_is_adopted_with_its_services,
        two_swarms_that_are_there_are_both_left_alone,
        managers_that_were_left_behind_take_nothing_back_from_a_later_epoch,
        a_record_that_was_written_over_costs_nobody_a_place_and_the_swarm_no_epoch,
        a_manager_that_was_made_a_worker_while_it_was_away_is_not_waited_for,
        tokens_are_handed_over_while_the_service_is_upgraded,
        many_hosts_settle_and_are_then_left_alone,
        a_host_under_maintenance_is_drained_and_put_back_and_keeps_its_role,
        labels_of_hosts_become_labels_of_their_nodes_unless_it_is_paused,
        a_plan_that_demotes_the_wrong_one_is_found,
        a_plan_that_goes_on_alone_too_soon_is_found,
        a_plan_that_believes_a_short_list_is_found,
        a_plan_that_knows_no_epochs_is_found,
        a_plan_that_removes_nothing_is_found,
        a_plan_that_does_not_wait_for_roles_is_found,
        a_plan_that_changes_its_mind_is_found,
        a_plan_that_leaves_without_a_leader_is_found,
        a_plan_that_lets_nobody_in_is_found,
        what_is_found_is_shown_with_the_fewest_faults,
    ]
}

fn seeds() -> std::ops::Range<u64> {
    match std::env::var("SEED") {
        Ok(seed) => {
            let seed = seed.parse().unwrap();
            seed..seed + 1
        }
        Err(_) => 0..120,
    }
}

fn whatever_goes_wrong_every_promise_is_kept() {
    let steps: u64 = seeds().map(steps_of).sum();
    println!("{steps} steps");
}

fn ten_million_steps() {
    let (next, steps) = (AtomicU64::new(0), AtomicU64::new(0));
    let run = || {
        while steps.load(Ordering::Relaxed) < STEPS {
            steps.fetch_add(steps_of(next.fetch_add(1, Ordering::Relaxed)), Ordering::Relaxed);
        }
    };
    thread::scope(|scope| {
        (0..thread::available_parallelism().map_or(1, usize::from)).for_each(|_| drop(scope.spawn(run)));
    });
    println!("{} steps over {} seeds", steps.into_inner(), next.into_inner());
}

/// How many steps the run of a seed takes, in which every promise is kept.
fn steps_of(seed: u64) -> u64 {
    match Simulation::new(Settings::of_seed(seed)).run() {
        Ok(tally) => tally.steps,
        Err(broken) => {
            let (smallest, broken) = shrink(&Settings::of_seed(seed)).unwrap_or((Settings::of_seed(seed), broken));
            panic!("SEED={seed}: {broken}\nthe fewest faults with which it happens: {:?}", smallest.only);
        }
    }
}

fn a_swarm_that_is_there_is_adopted_with_its_services() {
    let is_bearable = |kind: &Kind| {
        matches!(kind, Kind::KillMonitor | Kind::CutApi | Kind::ApiSilent | Kind::ApiSlow | Kind::MetadataFrozen)
    };
    for seed in 0..60 {
        // Who is in a swarm says so before the others give up waiting for it.
        let mut settings = Settings { start_within_ms: 1, ..Settings::new(seed, 2 + (seed % 4) as usize) };
        let all = Simulation::new(settings.clone());
        let bearable = all.faults().iter().enumerate().filter(|(_, (_, fault))| is_bearable(&fault.kind));
        settings.only = Some(bearable.map(|(number, _)| number).collect());
        let mut simulation = Simulation::new(settings);
        let hosts = simulation.hosts.len();
        let maker = (seed / 4) as usize % hosts;
        let joined = [maker, (maker + 1) % hosts];
        simulation.make_swarm(&joined[..1 + (seed % 2) as usize]);
        let tally = simulation.run().unwrap_or_else(|broken| panic!("seed {seed}: {broken}"));
        assert_eq!((tally.initialised, simulation.groups.len()), (0, 1), "seed {seed}");
    }
}

fn two_swarms_that_are_there_are_both_left_alone() {
    for seed in 0..60 {
        let mut simulation =
            Simulation::new(Settings { start_within_ms: 1, fault_every_ms: 0, ..Settings::new(seed, 4) });
        let (first, second) = (simulation.make_swarm(&[0]), simulation.make_swarm(&[1, 2]));
        simulation.run_for(3_600_000).unwrap_or_else(|broken| panic!("seed {seed}: {broken}"));
        let group = |at: usize| simulation.hosts[at].engine.seat().map(|seat| seat.group);
        let wanted = (Some(first), Some(second), Some(second), None);
        assert_eq!((group(0), group(1), group(2), group(3)), wanted, "seed {seed}");
        assert_eq!(simulation.groups.len(), 2, "seed {seed}");
    }
}

/// Nodes by host: whether each takes tasks, and whether it manages.
fn nodes(simulation: &Simulation) -> Vec<(Availability, Role)> {
    let of = |host: &Host| {
        let seat = host.engine.seat().unwrap();
        let spec = &simulation.groups[seat.group].node(&seat.node).unwrap().spec;
        (spec.availability, spec.role)
    };
    simulation.hosts.iter().map(of).collect()
}

fn a_host_under_maintenance_is_drained_and_put_back_and_keeps_its_role() {
    for seed in 0..20 {
        let mut simulation = Simulation::new(Settings { fault_every_ms: 0, ..Settings::new(seed, 4) });
        let run = |simulation: &mut Simulation| {
            simulation.run_for(600_000).unwrap_or_else(|broken| panic!("seed {seed}: {broken}"));
            simulation.is_well().unwrap_or_else(|why| panic!("seed {seed}: {why}"));
            nodes(simulation)
        };
        let before = run(&mut simulation);
        assert!(before.iter().all(|(availability, _)| *availability == Availability::Active), "seed {seed}");
        let (labelled, deactivated) = (seed as usize % 4, (seed as usize + 1 + seed as usize / 8) % 4);
        let entry = |simulation: &Simulation, at: usize| simulation.hosts[at].entry;
        let (one, other) = (entry(&simulation, labelled), entry(&simulation, deactivated));
        simulation.api.hosts[one].labels.insert("swarm.maintenance".into(), "true".into());
        simulation.api.hosts[other].state = "inactive".into();
        let during = run(&mut simulation);
        for (at, (availability, role)) in during.iter().enumerate() {
            let is_drained = at == labelled || at == deactivated;
            assert_eq!((*availability == Availability::Drain, *role), (is_drained, before[at].1), "seed {seed}, {at}");
        }
        simulation.api.hosts[one].labels.remove("swarm.maintenance");
        simulation.api.hosts[other].state = "active".into();
        assert_eq!(run(&mut simulation), before, "seed {seed}");
    }
}

fn labels_of_hosts_become_labels_of_their_nodes_unless_it_is_paused() {
    for seed in 0..20 {
        let mut simulation = Simulation::new(Settings { fault_every_ms: 0, ..Settings::new(seed, 4) });
        let run = |simulation: &mut Simulation| {
            simulation.run_for(600_000).unwrap_or_else(|broken| panic!("seed {seed}: {broken}"));
            simulation.is_well().unwrap_or_else(|why| panic!("seed {seed}: {why}"));
        };
        let label = |simulation: &Simulation| {
            let seat = simulation.hosts[2].engine.seat().unwrap();
            simulation.groups[seat.group].node(&seat.node).unwrap().spec.labels.get("disk").cloned()
        };
        run(&mut simulation);
        let (entry, other) = (simulation.hosts[2].entry, simulation.hosts[seed as usize % 4].entry);
        simulation.api.hosts[other].labels.insert("swarm.pause".into(), "all".into());
        simulation.api.hosts[entry].labels.insert("swarm.node.disk".into(), "ssd".into());
        run(&mut simulation);
        assert_eq!(label(&simulation), None, "seed {seed}");
        simulation.api.hosts[other].labels.remove("swarm.pause");
        run(&mut simulation);
        assert_eq!(label(&simulation).as_deref(), Some("ssd"), "seed {seed}");
        simulation.api.hosts[entry].labels.remove("swarm.node.disk");
        run(&mut simulation);
        assert_eq!(label(&simulation), None, "seed {seed}");
    }
}

fn a_seed_is_the_same_run_each_time() {
    let run = || {
        let mut simulation = Simulation::new(Settings { trace: true, ..Settings::of_seed(8) });
        let tally = simulation.run().unwrap();
        (format!("{tally:?}"), simulation.trace)
    };
    let (first, second) = (run(), run());
    assert!(first.1.len() > 100);
    assert_eq!(first, second);
}

/// The managers of before, whose hosts were removed and have come back, see the one that went on without them claim once
/// more to go on alone. That it takes long is no reason to take anything back: it had gone on already.
fn managers_that_were_left_behind_take_nothing_back_from_a_later_epoch() {
    let mut gone_on = 0;
    for seed in [356, 3662] {
        let mut simulation = Simulation::new(Settings { trouble_ms: 42 * 60_000, ..Settings::of_seed(seed) });
        gone_on += simulation.run().unwrap_or_else(|broken| panic!("seed {seed}: {broken:?}")).forced;
    }
    assert!(gone_on > 1, "nobody goes on alone in these runs any more");
}

/// The record was written over, and: managers that were left behind put theirs in its place (11, 403, 808); heartbeats
/// began anew, and were taken for old ones (41, 374); one recorded the swarm that had never read its record (476); a host
/// left the node that it had just become (1691).
fn a_record_that_was_written_over_costs_nobody_a_place_and_the_swarm_no_epoch() {
    for seed in [11, 41, 374, 403, 476, 808, 1691] {
        let outcome = Simulation::new(Settings { trouble_ms: 42 * 60_000, ..Settings::of_seed(seed) }).run();
        assert!(outcome.as_ref().is_ok_and(|tally| tally.void == 0), "{seed}: {outcome:?}");
    }
}

/// A manager is made a worker, is away, and is started anew at another address; then the leader breaks down. The record counts
/// on the one that was a manager; its engine says that it is in error and manages nothing.
fn a_manager_that_was_made_a_worker_while_it_was_away_is_not_waited_for() {
    let only = Some(vec![8, 9, 10, 31, 32, 33, 34]);
    let settings = Settings { hosts: 6, managers: 3, trouble_ms: 42 * 60_000, only, ..Settings::of_seed(2390) };
    let tally = Simulation::new(settings).run().unwrap_or_else(|broken| panic!("{broken}"));
    assert_eq!(tally.forced, 1);
}

/// Nobody may give a host its token by the record while an upgrade is under way; by a label the host is in all the same.
fn tokens_are_handed_over_while_the_service_is_upgraded() {
    let handed_over = |seed| Simulation::new(Settings::of_seed(seed)).run().map_or(0, |tally| tally.handed_over);
    assert!((0..60).map(handed_over).sum::<u64>() > 5);
}

fn many_hosts_settle_and_are_then_left_alone() {
    let mut settings = Settings::new(3, 150);
    settings.trouble_ms = 10 * 60_000;
    settings.managers = 5;
    let tally = Simulation::new(settings).run().unwrap();
    assert_eq!(tally.initialised, 1);
    let minutes = 60 * 150;
    // Two requests of metadata a reconcile, a reconcile every 30 s and one at each heartbeat; the API for the lease holder alone.
    assert!(tally.calm_metadata_requests < minutes * 7, "{}", tally.calm_metadata_requests);
    assert!(tally.calm_api_requests < minutes / 10, "{}", tally.calm_api_requests);
}

/// A plan with a bug is found by some seed, and breaks this promise.
#[track_caller]
fn is_found(judge: Judge, promises: &[Promise]) -> Settings {
    for seed in 0..120 {
        let settings = Settings { judge, ..Settings::of_seed(seed) };
        if let Err(broken) = Simulation::new(settings.clone()).run() {
            if promises.contains(&broken.promise) {
                return settings;
            }
            println!("seed {seed}: another promise: {broken}");
        }
    }
    panic!("no seed finds it");
}

fn view(seen: &mut Observation) -> Option<&mut RancherView> {
    seen.rancher.as_mut()?.as_mut().ok()
}

fn records(seen: &mut Observation, change: impl Fn(&mut Record)) {
    if let Some(view) = view(seen) {
        change(&mut view.record);
    }
    if let Ok(metadata) = &mut seen.metadata
        && let Ok(record) = &mut metadata.record
    {
        change(record);
    }
}

/// Takes the managers that are there for those that are lost.
fn demotes_another(seen: &Observation) -> Plan {
    let mut plan = plan(seen);
    if let Some(Change::Demote(lost)) = &plan.change
        && let Some(Ok(swarm)) = &seen.swarm
    {
        let well = swarm.nodes.iter().find(|node| {
            let manager = node.manager.as_ref();
            node.id != lost.id
                && manager.is_some_and(|manager| !manager.leader && manager.reachability == Reachability::Reachable)
        });
        if let Some(node) = well {
            let change = NodeChange { id: node.id.clone(), version: node.version.index, host: None };
            plan.change = Some(Change::Demote(change));
        }
    }
    plan
}

/// Takes everyone for removed whom it does not reach.
fn goes_on_alone_at_once(seen: &Observation) -> Plan {
    let mut seen = seen.clone();
    let own = seen.metadata.as_ref().map(|metadata| metadata.host.clone()).unwrap_or_default();
    if seen.past.leaderless_ms > 0
        && let Some(view) = view(&mut seen)
    {
        view.hosts.retain(|host| host.uuid == own);
    }
    plan(&seen)
}

/// Believes a list with nobody on it but itself, once it has had its managers for a while.
fn believes_a_short_list(seen: &Observation) -> Plan {
    let mut seen = seen.clone();
    let own = seen.metadata.as_ref().map(|metadata| metadata.host.clone()).unwrap_or_default();
    if seen.past.voters_ms > 120_000
        && let Some(view) = view(&mut seen)
    {
        view.hosts.retain(|host| host.uuid == own);
        let all = view.record.members.keys().filter(|host| **host != own).cloned().collect::<Vec<_>>();
        seen.past.unlisted_ms = all.into_iter().map(|host| (host, u64::MAX)).collect();
    }
    plan(&seen)
}

/// Does not know that another has gone on alone.
fn knows_no_epochs(seen: &Observation) -> Plan {
    let mut seen = seen.clone();
    let own = seen.own.state.member.as_ref().map_or(0, |member| member.epoch);
    records(&mut seen, |record| record.epoch = own);
    plan(&seen)
}

fn removes_nothing(seen: &Observation) -> Plan {
    let mut plan = plan(seen);
    plan.change = plan.change.filter(|change| !matches!(change, Change::Remove { .. }));
    plan
}

/// Takes every role for one that has taken effect.
fn does_not_wait_for_roles(seen: &Observation) -> Plan {
    let mut seen = seen.clone();
    if let Some(Ok(swarm)) = &mut seen.swarm {
        for node in swarm.nodes.iter_mut().filter(|node| node.manager.is_none()) {
            node.spec.role = Role::Worker;
        }
    }
    seen.past.voters_ms = u64::MAX;
    plan(&seen)
}

/// Wants another number of managers from time to time.
fn changes_its_mind(seen: &Observation) -> Plan {
    let mut seen = seen.clone();
    seen.wanted.managers = if seen.past.voters_ms > 600_000 { 1 } else { 3 };
    plan(&seen)
}

/// Leaves as soon as it sees no leader.
fn leaves_without_a_leader(seen: &Observation) -> Plan {
    let mut plan = plan(seen);
    if plan.stage == Stage::NoQuorum
        && let Some(member) = &seen.own.state.member
    {
        plan.change = Some(Change::Leave { node: member.node.clone(), manager: true });
    }
    plan
}

/// Never seals a token to anyone.
fn lets_nobody_in(seen: &Observation) -> Plan {
    let mut plan = plan(seen);
    if let Some(desired_record) = &mut plan.desired_record {
        desired_record.waiting.clear();
    }
    plan
}

fn a_plan_that_demotes_the_wrong_one_is_found() {
    is_found(demotes_another, &[Promise::KeepsQuorum]);
}

fn a_plan_that_goes_on_alone_too_soon_is_found() {
    is_found(goes_on_alone_at_once, &[Promise::ForcesRightly]);
}

fn a_plan_that_believes_a_short_list_is_found() {
    is_found(believes_a_short_list, &[Promise::RemovesNobodyWhoIsThere]);
}

fn a_plan_that_knows_no_epochs_is_found() {
    is_found(knows_no_epochs, &[Promise::Converges, Promise::OneSwarm]);
}

fn a_plan_that_removes_nothing_is_found() {
    is_found(removes_nothing, &[Promise::Converges]);
}

fn a_plan_that_does_not_wait_for_roles_is_found() {
    is_found(does_not_wait_for_roles, &[Promise::OneChangeAReconcile]);
}

fn a_plan_that_changes_its_mind_is_found() {
    is_found(changes_its_mind, &[Promise::StaysSettled, Promise::FewRoleChanges]);
}

fn a_plan_that_leaves_without_a_leader_is_found() {
    is_found(leaves_without_a_leader, &[Promise::KeepsQuorum, Promise::ServicesStay, Promise::Converges]);
}

fn a_plan_that_lets_nobody_in_is_found() {
    is_found(lets_nobody_in, &[Promise::Converges]);
}

fn what_is_found_is_shown_with_the_fewest_faults() {
    let found = is_found(knows_no_epochs, &[Promise::Converges, Promise::OneSwarm]);
    let all = Simulation::new(found.clone()).faults().len();
    let (smallest, broken) = shrink(&found).unwrap();
    let only = smallest.only.clone().unwrap();
    println!("{} of {all} faults: {broken}", only.len());
    assert!(only.len() < all);
    let again = Simulation::new(smallest.clone()).run().unwrap_err();
    assert_eq!((again.promise, again.at_ms, &again.what), (broken.promise, broken.at_ms, &broken.what));
    for left_out in 0..only.len() {
        let mut rest = only.clone();
        rest.remove(left_out);
        let run = Simulation::new(Settings { only: Some(rest), ..smallest.clone() }).run();
        let same = run.is_err_and(|other| other.promise == broken.promise);
        assert!(!same, "fault {} is not needed", only[left_out]);
    }
}
