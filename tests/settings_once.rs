//! A setting is written once: the command line, its checks, the question, the variable of the service and the tables
//! all follow from one line.

use clap::error::ErrorKind;
use gen_catalog::entries::swarm;
use gen_catalog::render::renderer;
use swarm_lab::trial::Trial;
use swarm_lab::trials;
use swarmkit_settings::command_line;
use swarmkit_settings::{self as settings, Kind, SETTINGS, Setting, markdown_table};

pub fn trials() -> Vec<Trial> {
    trials![
        an_added_setting_is_seen_everywhere,
        an_added_setting_is_checked_by_flag_and_by_variable,
        a_setting_that_is_not_asked_is_no_question_and_no_variable_of_the_service,
        each_setting_has_a_name_of_its_own,
    ]
}

/// A setting that is not there, added to those that are.
fn table_with_one_more() -> &'static [Setting] {
    let patience = Setting {
        variable: "PATIENCE_PERIOD",
        flag: "patience-period",
        kind: Kind::Integer { min: 10, max: 600, unit: "s" },
        default: "60",
        label: "Patience period (seconds)",
        help: "How long a lost manager may stay away.",
        asked: true,
    };
    Box::leak([SETTINGS, &[patience]].concat().into_boxed_slice())
}

fn rendered(table: &[Setting]) -> Vec<(String, String)> {
    let image = swarm::image(swarm::default_repository(), None);
    let publication = swarm::publication(&image, table);
    let files = publication.infra.render(&renderer(None).unwrap(), swarm::FIRST_REVISION).unwrap();
    files.into_iter().map(|file| (file.path.rsplit('/').next().unwrap().to_owned(), file.text)).collect()
}

fn an_added_setting_is_seen_everywhere() {
    let table = table_with_one_more();
    let question = "    - variable: PATIENCE_PERIOD\n      label: Patience period (seconds)\n      description: How long a lost \
                    manager may stay away.\n      type: int\n      required: true\n      default: '60'\n      min: 10\n      \
                    max: 600\n";
    let (before, after) = (rendered(SETTINGS), rendered(table));
    for ((name, before), (_, after)) in before.iter().zip(&after) {
        let says = match name.as_str() {
            "docker-compose.yml" => "      PATIENCE_PERIOD: ${PATIENCE_PERIOD}\n".to_owned(),
            "rancher-compose.yml" => question.to_owned(),
            "config.yml" => question.replace("\n  ", "\n").trim_start_matches("  ").to_owned(),
            "README.md" => "| Patience period (seconds) (`PATIENCE_PERIOD`) | `60` | How long".to_owned(),
            _ => continue,
        };
        assert!(after.contains(&says) && !before.contains(&says), "{name}:\n{after}");
    }
    let row = "| `PATIENCE_PERIOD` | `--patience-period` | 10 to 600 s | `60` | yes | How long a lost manager may stay away. |";
    assert!(markdown_table(table).contains(row));
    let help = command_line::command(table).render_long_help().to_string();
    assert!(help.contains("--patience-period") && help.contains("PATIENCE_PERIOD"), "{help}");
}

fn an_added_setting_is_checked_by_flag_and_by_variable() {
    let table = table_with_one_more();
    let resolve = |args: &[&str], variable: Option<&str>| {
        let args = [&["swarmkit-mon"], args].concat();
        let matches = command_line::command(table).try_get_matches_from(args).unwrap();
        let environment = |name: &str| variable.filter(|_| name == "PATIENCE_PERIOD").map(str::to_owned);
        settings::resolve(table, |setting| command_line::given(setting, &matches, environment))
            .map(|resolved| resolved.values["PATIENCE_PERIOD"].clone())
            .map_err(|error| error.to_string())
    };
    assert_eq!(resolve(&[], None), Ok("60".into()));
    assert_eq!(resolve(&[], Some("90")), Ok("90".into()));
    assert_eq!(resolve(&["--patience-period", "120"], Some("90")), Ok("120".into()), "the flag wins");
    assert!(resolve(&["--patience-period=5"], None).unwrap_err().contains("allowed is 10 to 600 s"));
    assert!(resolve(&[], Some("-1")).unwrap_err().contains("PATIENCE_PERIOD (--patience-period) is `-1`"));
    let unknown = command_line::command(SETTINGS).try_get_matches_from(["swarmkit-mon", "--patience-period", "1"]);
    assert_eq!(unknown.unwrap_err().kind(), ErrorKind::UnknownArgument);
}

fn a_setting_that_is_not_asked_is_no_question_and_no_variable_of_the_service() {
    let mut table = table_with_one_more().to_vec();
    table.last_mut().unwrap().asked = false;
    for (name, text) in rendered(&table) {
        assert!(!text.contains("PATIENCE_PERIOD"), "{name}");
    }
    assert!(markdown_table(&table).contains("| `PATIENCE_PERIOD` | `--patience-period` | 10 to 600 s | `60` | no |"));
}

fn each_setting_has_a_name_of_its_own() {
    for (at, setting) in SETTINGS.iter().enumerate() {
        assert_eq!(setting.flag, setting.variable.to_lowercase().replace('_', "-"));
        assert!(SETTINGS[..at].iter().all(|other| other.variable != setting.variable));
        assert!(!setting.help.is_empty() && setting.help.ends_with('.'), "{}", setting.variable);
    }
}
