//! The alert rules and the dashboard ask for metrics that the monitors tell, and fire when they should.

use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;
use std::process::Command;

use serde_json::Value;
use swarm_lab::programs::root;
use swarm_lab::trial::{Trial, trial};
use swarm_lab::trials;

pub fn trials() -> Vec<Trial> {
    let mut trials = trials![
        what_is_asked_for_is_told,
        each_alert_is_documented_and_says_what_to_do,
        the_dashboard_is_one_that_grafana_reads,
    ];
    let found = Command::new("promtool").arg("--version").output().is_ok_and(|output| output.status.success());
    let missing = (!found).then_some("needs promtool (Debian: prometheus)");
    trials.push(trial("the_alerts_fire_when_they_should_and_not_before", missing, alerts_fire));
    trials.push(trial("a_rule_that_is_wrong_is_found", missing, wrong_rule));
    trials
}

fn folder() -> PathBuf {
    root().join("docs/monitoring")
}

fn read(file: &str) -> String {
    fs::read_to_string(folder().join(file)).unwrap()
}

/// The metrics of the monitors that a text names.
fn named(text: &str) -> BTreeSet<String> {
    let is_of_a_name = |letter: char| letter.is_ascii_alphanumeric() || letter == '_';
    let words = text.split(|letter| !is_of_a_name(letter)).filter(|word| word.starts_with("swarmkit_mon_"));
    words.map(str::to_owned).collect()
}

fn what_is_asked_for_is_told() {
    let told: BTreeSet<String> = swarmkit_mon::metrics::names().into_iter().collect();
    let mut asked = BTreeSet::new();
    for file in ["alerts.yml", "alerts.test.yml", "dashboard.json"] {
        let named = named(&read(file));
        assert!(named.len() > 8, "{file}: {named:?}");
        let unknown: Vec<&String> = named.difference(&told).collect();
        assert!(unknown.is_empty(), "{file}: no monitor tells {unknown:?}");
        asked.extend(named);
    }
    // What nobody looks at is not worth telling; these are for those who ask.
    let more = ["changes", "failures", "reconciles"].map(|name| format!("swarmkit_mon_{name}_total"));
    let more = more.into_iter().chain(["swarmkit_mon_labels_met", "swarmkit_mon_stage_age_seconds"].map(str::to_owned));
    asked.extend(more);
    assert_eq!(told.difference(&asked).collect::<Vec<_>>(), Vec::<&String>::new());
}

fn each_alert_is_documented_and_says_what_to_do() {
    let rules: Value = serde_yaml::from_str(&read("alerts.yml")).unwrap();
    let rules = rules["groups"][0]["rules"].as_array().unwrap().clone();
    let (documented, tests) = (read("README.md"), read("alerts.test.yml"));
    assert!(rules.len() > 10);
    for rule in &rules {
        let alert = rule["alert"].as_str().unwrap();
        let severity = rule["labels"]["severity"].as_str().unwrap();
        assert!(documented.contains(&format!("| `{alert}` | {severity} | ")), "{alert}");
        for text in ["summary", "description"] {
            assert!(rule["annotations"][text].as_str().is_some_and(|text| text.len() > 15), "{alert}: {text}");
        }
        // One that never fires in a test may never fire at all.
        let fires = tests
            .split("- eval_time")
            .any(|part| part.contains(&format!("alertname: {alert}\n")) && part.contains("exp_labels"));
        assert!(fires, "{alert} fires in no test");
    }
    assert_eq!(documented.matches("| `Swarm").count(), rules.len());
}

fn the_dashboard_is_one_that_grafana_reads() {
    let dashboard: Value = serde_json::from_str(&read("dashboard.json")).unwrap();
    let panels = dashboard["panels"].as_array().unwrap();
    let mut places = BTreeSet::new();
    let mut ids = BTreeSet::new();
    assert!(panels.len() > 10);
    for panel in panels {
        let title = panel["title"].as_str().unwrap();
        assert!(ids.insert(panel["id"].as_u64().unwrap()), "{title}");
        assert_eq!(panel["datasource"]["uid"], "${datasource}", "{title}");
        let queries = panel["targets"].as_array().unwrap();
        let asks =
            queries.iter().all(|query| query["expr"].as_str().is_some_and(|asked| asked.contains("job=~\"$job\"")));
        assert!(!queries.is_empty() && asks, "{title}: not of one environment");
        let at = |key: &str| panel["gridPos"][key].as_u64().unwrap();
        assert!(at("x") + at("w") <= 24, "{title}");
        for x in at("x")..at("x") + at("w") {
            for y in at("y")..at("y") + at("h") {
                assert!(places.insert((x, y)), "{title} lies on another panel");
            }
        }
    }
    let variables = dashboard["templating"]["list"].as_array().unwrap();
    let names: Vec<&str> = variables.iter().map(|variable| variable["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["datasource", "job"]);
}

/// Whether promtool is content, and what it says.
fn promtool(folder: &std::path::Path, args: &[&str]) -> (bool, String) {
    let output = Command::new("promtool").args(args).current_dir(folder).output().unwrap();
    let text = [output.stdout, output.stderr].concat();
    (output.status.success(), String::from_utf8_lossy(&text).into_owned())
}

fn alerts_fire() {
    for args in [
        &["check", "rules", "alerts.yml"][..],
        &["test", "rules", "alerts.test.yml"],
        &["check", "config", "prometheus.yml"],
    ] {
        let (good, text) = promtool(&folder(), args);
        assert!(good, "{args:?}: {text}");
    }
}

fn wrong_rule() {
    let copy = tempfile::tempdir().unwrap();
    fs::copy(folder().join("alerts.test.yml"), copy.path().join("alerts.test.yml")).unwrap();
    for (right, wrong) in [
        ("swarmkit_mon_has_quorum) == 0", "swarmkit_mon_has_quorum) == 2"),
        ("2 * count", "1 * count"),
        ("for: 10m", "for: 10s"),
        ("swarmkit_mon_needs_person == 1", "swarmkit_mon_needs_person == 0"),
    ] {
        let rules = read("alerts.yml");
        assert!(rules.contains(right), "{right}");
        fs::write(copy.path().join("alerts.yml"), rules.replace(right, wrong)).unwrap();
        let (good, _) = promtool(copy.path(), &["test", "rules", "alerts.test.yml"]);
        assert!(!good, "no test finds {wrong:?}");
    }
}
