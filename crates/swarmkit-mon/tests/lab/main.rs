//! What the daemon and the image promise, on real engines and with Rancher's own parts, several labs at a time.
//! `cargo test -p swarmkit-mon --test lab NAME` runs those with the name in it.

mod backups;
mod both_metadata_servers;
mod chaos_campaign;
mod compose_executor;
mod confinement;
mod daemon_settings;
mod engine_api_versions;
mod expired_certificates;
mod forms_a_swarm;
mod heals_what_breaks;
mod health_and_status;
mod health_check_by_haproxy;
mod image_lock;
mod init_races;
mod last_look;
mod leaves_alone;
mod made_up_engine;
mod manners;
mod metadata_differential;
mod network_conflicts;
mod notifies;
mod one_place_to_look;
mod operating;
mod private_authorities;
mod prometheus;
mod ranchers_catalog_service;
mod roles_on_real_engines;
mod says_what_is_lost;
mod stand_in;
mod the_lab;
mod unlucky;
mod waits_and_says_for_what;
mod what_operators_ask_by_label;
mod what_rancher_answers;
mod whole_chain;

/// How many trials run at a time at the most: they mostly wait.
const AT_A_TIME: usize = 8;

fn main() {
    the_lab::be_a_victim_if_asked();
    swarm_lab::trial::run(
        Some(AT_A_TIME),
        &[
            // What takes longest begins first.
            ("whole_chain", whole_chain::trials),
            ("chaos_campaign", chaos_campaign::trials),
            ("backups", backups::trials),
            ("unlucky", unlucky::trials),
            ("compose_executor", compose_executor::trials),
            ("confinement", confinement::trials),
            ("daemon_settings", daemon_settings::trials),
            ("engine_api_versions", engine_api_versions::trials),
            ("expired_certificates", expired_certificates::trials),
            ("forms_a_swarm", forms_a_swarm::trials),
            ("init_races", init_races::trials),
            ("heals_what_breaks", heals_what_breaks::trials),
            ("health_and_status", health_and_status::trials),
            ("health_check_by_haproxy", health_check_by_haproxy::trials),
            ("image_lock", image_lock::trials),
            ("last_look", last_look::trials),
            ("leaves_alone", leaves_alone::trials),
            ("manners", manners::trials),
            ("metadata_differential", metadata_differential::trials),
            ("network_conflicts", network_conflicts::trials),
            ("notifies", notifies::trials),
            ("one_place_to_look", one_place_to_look::trials),
            ("operating", operating::trials),
            ("private_authorities", private_authorities::trials),
            ("prometheus", prometheus::trials),
            ("ranchers_catalog_service", ranchers_catalog_service::trials),
            ("roles_on_real_engines", roles_on_real_engines::trials),
            ("says_what_is_lost", says_what_is_lost::trials),
            ("stand_in", stand_in::trials),
            ("the_lab", the_lab::trials),
            ("waits_and_says_for_what", waits_and_says_for_what::trials),
            ("what_operators_ask_by_label", what_operators_ask_by_label::trials),
            ("what_rancher_answers", what_rancher_answers::trials),
        ],
    );
}
