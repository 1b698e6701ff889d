//! What the daemon's judgement promises: made-up views, protocols explored whole, simulated environments. No engine is
//! needed. `cargo test -p swarmkit-mon --test models NAME` runs those with the name in it.

mod init_protocol;
mod made_up_views;
mod page_of_faults;
mod plan_goes_on_alone;
mod plan_leaves;
mod plan_never;
mod plan_obeys_operators;
mod recovery_protocol;
mod recovery_steps;
mod recovery_world;
mod simulated;
mod whole_daemons;

fn main() {
    swarm_lab::trial::run(
        None,
        &[
            ("init_protocol", init_protocol::trials),
            ("page_of_faults", page_of_faults::trials),
            ("plan_goes_on_alone", plan_goes_on_alone::trials),
            ("plan_leaves", plan_leaves::trials),
            ("plan_never", plan_never::trials),
            ("plan_obeys_operators", plan_obeys_operators::trials),
            ("recovery_protocol", recovery_protocol::trials),
            ("simulated", simulated::trials),
            ("whole_daemons", whole_daemons::trials),
        ],
    );
}
