//! The protocol by which a swarm that has lost most of its managers goes on, explored whole by a model checker: every order
//! of reconciles, claims, epochs, forced clusters, and of hosts that are lost, removed from Rancher, cut off and switched
//! on again, with writes that land late or after their sender has died, and metadata that is stale.
//!
//! What decides is the daemon's own: `plan`, `Record`, `DesiredRecord`. Time is left out, which only makes it harder: all that
//! has to be so for a while counts at once, and a claim of another may have expired at any moment.

use std::hash::{DefaultHasher, Hash, Hasher};
use swarm_lab::trial::Trial;
use swarm_lab::trial::{campaign, trial};

use super::recovery_world::{Faults, GOES_ON, NEVER_TWO, Protocol, Step, World};
use stateright::{Checker, HasDiscoveries, Model, Property};
use swarm_lab::model_host::uuid;
use swarmkit_mon::observe::Observation;
use swarmkit_mon::plan::{Plan, plan};

pub fn trials() -> Vec<Trial> {
    vec![
        trial(
            "two_of_three_managers_are_lost_and_removed_and_one_returns",
            None,
            two_of_three_managers_are_lost_and_removed_and_one_returns,
        ),
        campaign("monitors_die_and_claims_expire_meanwhile", None, monitors_die_and_claims_expire_meanwhile),
        campaign(
            "one_of_three_is_cut_off_and_another_one_removed",
            None,
            one_of_three_is_cut_off_and_another_one_removed,
        ),
        campaign(
            "two_of_three_managers_are_lost_beside_a_worker",
            None,
            two_of_three_managers_are_lost_beside_a_worker,
        ),
        trial("one_that_waits_for_nobody_is_found_out", None, one_that_waits_for_nobody_is_found_out),
    ]
}

impl Model for Protocol {
    type State = World;
    type Action = Step;

    fn init_states(&self) -> Vec<World> {
        vec![World::new(self)]
    }

    fn actions(&self, world: &World, steps: &mut Vec<Step>) {
        let flies = |at: usize| world.flying.iter().any(|(sender, _)| *sender == at);
        for (at, host) in world.hosts.iter().enumerate() {
            if host.registered && world.faults.removed > 0 {
                steps.push(Step::Remove(at));
            }
            if !host.on {
                if world.faults.back > 0 && !flies(at) {
                    steps.push(Step::Return(at));
                }
                continue;
            }
            if world.faults.lost > 0 {
                steps.push(Step::Lose(at));
            }
            if host.process == 0 {
                // The API answers a call within its limit or not at all, and a container takes longer to start anew.
                if !flies(at) {
                    steps.push(Step::Start(at));
                }
                continue;
            }
            if world.faults.deaths > 0 {
                steps.push(Step::Die(at));
            }
            match (host.begins, host.has_begun) {
                (Some(_), true) => {
                    steps.push(Step::Force(at, false));
                    if world.faults.deaths > 0 {
                        steps.push(Step::Force(at, true));
                    }
                }
                (Some(_), false) if flies(at) => {}
                (Some(_), false) => steps.push(Step::Begin(at)),
                (None, _) => {
                    steps.push(Step::Reconcile(at, false));
                    let other = world.record.recovery.as_ref().is_some_and(|claim| claim.host != uuid(at));
                    if (other || !world.is_kept(&world.record)) && world.faults.expired > 0 {
                        steps.push(Step::Reconcile(at, true));
                    }
                }
            }
        }
        if world.is_cut {
            steps.push(Step::Join);
        } else if world.faults.cut > 0 {
            steps.push(Step::Cut);
        }
        for number in 0..world.flying.len() {
            steps.push(Step::Land(number));
            if world.hosts[world.flying[number].0].process == 0 {
                steps.push(Step::Drop(number));
            }
        }
        if world.told != world.record {
            steps.push(Step::Metadata);
        }
    }

    fn next_state(&self, world: &World, step: Step) -> Option<World> {
        let mut next = world.clone();
        next.take(&step, self.judge);
        // A look that changes nothing leads nowhere.
        (next != *world).then_some(next)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        vec![
            Property::always(NEVER_TWO, |_, world: &World| world.that_may_live() <= 1),
            Property::always("never is the last of the swarm given up", |_, world: &World| !world.gave_up),
            // Of some states, as each is a run of its own.
            Property::always("once faults stop, all come to one swarm", |protocol: &Self, world: &World| {
                let mut hasher = DefaultHasher::new();
                world.hash(&mut hasher);
                !hasher.finish().is_multiple_of(protocol.one_in) || world.gets_well(protocol.judge, &mut |_| {})
            }),
            Property::sometimes(GOES_ON, |_, world: &World| world.rafts.len() == 2 && world.is_well()),
        ]
    }
}

/// The promise that is broken first, and how; `None` if all are kept.
fn broken(protocol: &Protocol) -> Option<(&'static str, String)> {
    let checker = protocol.clone().checker().threads(2).finish_when(HasDiscoveries::AnyFailures).spawn_bfs().join();
    println!("{} hosts: {} states, up to {} steps", protocol.hosts, checker.unique_state_count(), checker.max_depth());
    let found = checker.discoveries();
    for (name, path) in &found {
        if *name != GOES_ON {
            let last = path.last_state();
            let mut story: Vec<String> = path.clone().into_actions().iter().map(|step| format!("{step:?}")).collect();
            story.push(format!("{last:#?}"));
            last.gets_well(protocol.judge, &mut |text| story.push(text));
            return Some((name, story.join("\n")));
        }
    }
    assert!(found.contains_key(GOES_ON), "nobody goes on alone");
    None
}

fn explore(protocol: &Protocol) {
    if let Some((promise, story)) = broken(protocol) {
        panic!("not so: {promise}:\n{story}");
    }
}

const NONE: Faults = Faults { lost: 0, back: 0, removed: 0, cut: 0, deaths: 0, expired: 0 };
const THREE: Protocol = Protocol { hosts: 3, faults: NONE, one_in: 32, judge: plan };

fn two_of_three_managers_are_lost_and_removed_and_one_returns() {
    explore(&Protocol { faults: Faults { lost: 2, back: 1, removed: 2, ..NONE }, ..THREE });
}

fn monitors_die_and_claims_expire_meanwhile() {
    explore(&Protocol { faults: Faults { lost: 2, removed: 2, deaths: 1, expired: 1, ..NONE }, ..THREE });
}

fn one_of_three_is_cut_off_and_another_one_removed() {
    explore(&Protocol { faults: Faults { lost: 1, back: 1, removed: 1, cut: 1, ..NONE }, ..THREE });
}

fn two_of_three_managers_are_lost_beside_a_worker() {
    explore(&Protocol { faults: Faults { lost: 2, removed: 2, ..NONE }, hosts: 4, ..THREE });
}

/// Whoever waits for nobody: to its eyes all others are removed.
fn rashly(seen: &Observation) -> Plan {
    let mut seen = seen.clone();
    if let (Ok(metadata), Some(Ok(view))) = (&seen.metadata, &mut seen.rancher) {
        view.hosts.retain(|host| host.uuid == metadata.host);
    }
    plan(&seen)
}

fn one_that_waits_for_nobody_is_found_out() {
    let found = broken(&Protocol { faults: Faults { lost: 2, ..NONE }, one_in: u64::MAX, judge: rashly, ..THREE });
    assert_eq!(found.map(|(promise, _)| promise), Some(NEVER_TWO));
}
