//! However the monitors' steps mix, whatever is late, lost or dies half-way: hosts form one swarm, and never two that
//! anybody follows.

use swarm_lab::trial::Trial;
use swarm_lab::trials;
use swarm_lab::world::World;
use swarmkit_mon::engine::Role;

pub fn trials() -> Vec<Trial> {
    trials![
        hosts_without_a_swarm_make_one,
        a_swarm_that_is_there_is_adopted_with_its_services,
        two_swarms_that_are_there_are_both_left_alone,
    ]
}

/// Runs a world with faults for a while, then without, and answers with it.
fn run(hosts: usize, managers: usize, seed: u64, prepare: impl Fn(&mut World)) -> World {
    let mut world = World::new(hosts, managers, seed);
    prepare(&mut world);
    for _ in 0..3000 {
        let at = world.dice.below(hosts as u64) as usize;
        match world.dice.below(400) {
            0..=9 if !world.is_up(at) => world.start_monitor(at),
            10 => world.kill_monitor(at),
            11 => world.api = !world.api,
            _ => world.tick(),
        }
        assert!(
            world.followed().len() <= 1,
            "seed {seed}: two swarms are followed: {:?}\n{}",
            world.followed(),
            world.tail()
        );
    }
    for at in 0..hosts {
        if !world.is_up(at) {
            world.start_monitor(at);
        }
    }
    world.settle(200_000);
    world
}

fn is_one_good_swarm(world: &World, managers: usize, seed: u64) {
    assert_eq!(world.clusters.len(), 1, "seed {seed}: {:?}\n{}", world.clusters.keys(), world.tail());
    let (id, cluster) = world.clusters.iter().next().unwrap();
    assert_eq!(world.record.cluster.as_ref(), Some(id), "seed {seed}\n{}", world.tail());
    let inside =
        world.hosts.iter().filter(|host| host.engine.as_ref().is_some_and(|(cluster, _)| cluster == id)).count();
    assert_eq!(inside, world.hosts.len(), "seed {seed}\n{}", world.tail());
    let is = cluster.nodes.iter().filter(|node| node.spec.role == Role::Manager).count();
    assert_eq!(is, managers, "seed {seed}\n{}", world.tail());
    assert_eq!(world.record.members.len(), world.hosts.len(), "seed {seed}");
    assert!(world.record.tokens.is_empty(), "seed {seed}: {:?}", world.record.tokens);
    for host in &world.hosts {
        let manages =
            cluster.nodes.iter().any(|node| node.manager.is_some() && Some(node.id.as_str()) == host.entry.node());
        assert_eq!(host.entry.labels.get("swarm").map(String::as_str), manages.then_some("manager"), "seed {seed}");
        assert!(host.entry.key().is_none(), "seed {seed}");
    }
}

fn seeds() -> std::ops::Range<u64> {
    match std::env::var("SEED") {
        Ok(seed) => {
            let seed = seed.parse().unwrap();
            seed..seed + 1
        }
        Err(_) => 0..150,
    }
}

fn hosts_without_a_swarm_make_one() {
    for seed in seeds() {
        let hosts = 1 + (seed % 6) as usize;
        let world = run(hosts, 3, seed, |_| {});
        is_one_good_swarm(&world, if hosts < 3 { 1 } else { 3 }, seed);
    }
}

fn a_swarm_that_is_there_is_adopted_with_its_services() {
    for seed in seeds() {
        let hosts = 2 + (seed % 4) as usize;
        let maker = (seed / 4) as usize % hosts;
        let world = run(hosts, 3, seed, |world| {
            let cluster = world.make_swarm(maker, 7);
            if seed % 2 == 0 {
                world.join_swarm((maker + 1) % hosts, &cluster);
            }
        });
        is_one_good_swarm(&world, if hosts < 3 { 1 } else { 3 }, seed);
        assert_eq!(world.clusters.values().next().unwrap().services, 7, "seed {seed}");
    }
}

fn two_swarms_that_are_there_are_both_left_alone() {
    for seed in seeds().take(100) {
        let mut world = World::new(4, 3, seed);
        let (first, second) = (world.make_swarm(0, 1), world.make_swarm(1, 1));
        world.join_swarm(2, &second);
        for at in 0..4 {
            world.start_monitor(at);
        }
        for _ in 0..2000 {
            world.tick();
        }
        world.settle(200_000);
        assert_eq!(world.clusters.len(), 2, "seed {seed}\n{}", world.tail());
        let engine = |at: usize| world.hosts[at].engine.as_ref().unwrap().0.clone();
        assert_eq!((engine(0), engine(1), engine(2)), (first, second.clone(), second), "seed {seed}\n{}", world.tail());
    }
}
