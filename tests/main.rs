//! What the generator promises, a module a promise. `cargo test --test main NAME` runs those with the name in it.

mod allowances;
mod architecture;
mod bad_input;
mod baseline;
mod bump;
mod bump_refusals;
mod bump_replay;
mod check_changed;
mod check_command;
mod check_corpus;
mod check_elsewhere;
mod check_large;
mod check_rules;
mod ci_examples;
mod completions;
mod dependencies;
mod diff_command;
mod docs;
mod fix_command;
mod folders_of_templates;
mod hostile;
mod image_archive;
mod junit;
mod knows_its_commit;
mod languages;
mod launch_verdicts;
mod licences;
mod manual;
mod meaning_corpus;
mod mistyped;
mod model_shows;
mod monitoring;
mod odd_catalogs;
mod offered_verdicts;
mod package;
mod real_catalogs;
mod release;
mod release_refusals;
mod release_report;
mod release_template;
mod render;
mod round_trip;
mod schemas;
mod settings_once;
mod signing;
mod terminal;
mod verify;
mod versions_agree;
mod yaml_reading;

fn main() {
    swarm_lab::trial::run(
        None,
        &[
            ("allowances", allowances::trials),
            ("architecture", architecture::trials),
            ("bad_input", bad_input::trials),
            ("baseline", baseline::trials),
            ("bump", bump::trials),
            ("bump_refusals", bump_refusals::trials),
            ("bump_replay", bump_replay::trials),
            ("check_changed", check_changed::trials),
            ("check_command", check_command::trials),
            ("check_corpus", check_corpus::trials),
            ("check_elsewhere", check_elsewhere::trials),
            ("check_large", check_large::trials),
            ("check_rules", check_rules::trials),
            ("ci_examples", ci_examples::trials),
            ("completions", completions::trials),
            ("dependencies", dependencies::trials),
            ("diff_command", diff_command::trials),
            ("docs", docs::trials),
            ("fix_command", fix_command::trials),
            ("folders_of_templates", folders_of_templates::trials),
            ("image_archive", image_archive::trials),
            ("hostile", hostile::trials),
            ("junit", junit::trials),
            ("knows_its_commit", knows_its_commit::trials),
            ("launch_verdicts", launch_verdicts::trials),
            ("languages", languages::trials),
            ("licences", licences::trials),
            ("manual", manual::trials),
            ("meaning_corpus", meaning_corpus::trials),
            ("mistyped", mistyped::trials),
            ("model_shows", model_shows::trials),
            ("monitoring", monitoring::trials),
            ("offered_verdicts", offered_verdicts::trials),
            ("package", package::trials),
            ("real_catalogs", real_catalogs::trials),
            ("release", release::trials),
            ("release_report", release_report::trials),
            ("release_template", release_template::trials),
            ("release_refusals", release_refusals::trials),
            ("render", render::trials),
            ("round_trip", round_trip::trials),
            ("schemas", schemas::trials),
            ("settings_once", settings_once::trials),
            ("signing", signing::trials),
            ("terminal", terminal::trials),
            ("verify", verify::trials),
            ("versions_agree", versions_agree::trials),
            ("yaml_reading", yaml_reading::trials),
        ],
    );
}
