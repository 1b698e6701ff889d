//! What the daemon's judgement promises: made-up views, protocols explored whole, simulated environments. No engine is
//! needed. `cargo test -p swarmkit-mon --test models NAME` runs those with the name in it.

mod init_protocol;
mod made_up_views;
mod plan_never;
mod recovery_protocol;
mod recovery_steps;
mod recovery_world;
mod simulated;

fn main() {
    swarm_lab::trial::run(
        None,
        &[
            ("init_protocol", init_protocol::trials),
            ("plan_never", plan_never::trials),
            ("recovery_protocol", recovery_protocol::trials),
            ("simulated", simulated::trials),
        ],
    );
}
