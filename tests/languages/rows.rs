//! The cases that are written down, each for its whole kind: `language.jsonl`, read in place.

use std::fmt::Write;
use std::time::Instant;

use rancher_catalog::go_template::{Limits, Stack, Template, Value as TemplateValue, is_notemplating};
use rancher_catalog::interpolation::interpolate;
use rancher_catalog::yaml::Document;
use serde_json::{Map, Value, json};
use swarm_lab::generator::outcome;
use swarm_lab::programs::root;
use swarm_lab::trial::{Trial, trial};

pub(super) fn trials() -> Vec<Trial> {
    let missing = file().is_none().then_some("needs the cases (../shared/cases)");
    vec![
        trial("each_case_has_its_right_value", missing, each_case_has_its_right_value),
        trial("the_names_of_functions_are_those_of_rancher", missing, the_names_of_functions_are_those_of_rancher),
        trial(
            "compose_files_become_what_rancher_makes_of_them",
            missing,
            compose_files_become_what_rancher_makes_of_them,
        ),
    ]
}

fn file() -> Option<String> {
    std::fs::read_to_string(root().join("../shared/cases/language.jsonl")).ok()
}

fn rows() -> Vec<Value> {
    file().unwrap().lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn answers(row: &Value) -> Vec<(&str, &str)> {
    let answers = row["answers"].as_object();
    answers.into_iter().flatten().map(|(name, value)| (name.as_str(), value.as_str().unwrap())).collect()
}

/// The input, or what is meant by the words about it.
fn input(row: &Value) -> String {
    if let Some(text) = row["input"].as_str() {
        return text.to_owned();
    }
    match row["case"].as_str().unwrap() {
        "template-limit-of-the-program-2" => {
            let mut text = String::new();
            for at in 0..60 {
                write!(text, "{{{{ define \"t{at}\" }}}}{{{{ template \"t{}\" . }}}}{{{{ end }}}}", at + 1).unwrap();
            }
            text + "{{ define \"t60\" }}ok{{ end }}{{ template \"t0\" . }}"
        }
        "template-time-of-the-parser" => format!("{{{{ and {}}}}}", "(1) ".repeat(4_000)),
        "yaml-depth" => "[".repeat(300) + &"]".repeat(300),
        other => panic!("{other}: what is its input?"),
    }
}

fn each_case_has_its_right_value() {
    let mut wrong = Vec::new();
    for row in rows().iter().filter(|row| row.get("names").is_none()) {
        let case = row["case"].as_str().unwrap();
        let (text, start) = (input(row), Instant::now());
        let found = match row["kind"].as_str().unwrap() {
            "template" => of_template(&text, row),
            "yaml" => match Document::read(&text) {
                Ok(document) => json!({"value": plain(&document.to_value())}),
                Err(_) => json!({"error": true}),
            },
            "interpolation" => {
                let answers = answers(row);
                let answer =
                    |name: &str| answers.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned());
                interpolate(&text, answer).map_or(json!({"error": true}), |value| json!({"value": value}))
            }
            _ => continue,
        };
        let took = start.elapsed().as_secs_f64();
        let right = &row["right"];
        let wanted = match right["value"].get("is") {
            Some(_) => json!({"value": nested(300)}),
            None => right.clone(),
        };
        // What is told of an error beyond these is more than the case wants to know.
        let agrees = wanted.as_object().unwrap().iter().all(|(key, value)| match key.as_str() {
            "within_s" => took < value.as_f64().unwrap() * 5.0,
            key => found.get(key) == Some(value),
        });
        if !agrees {
            wrong.push(format!("{case}: {found} instead of {right}, in {took:.2} s"));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

fn nested(depth: usize) -> Value {
    (1..depth).fold(json!([]), |inner, _| json!([inner]))
}

fn of_template(text: &str, row: &Value) -> Value {
    if is_notemplating(text) {
        return json!({"value": text});
    }
    let field = |value: &'static str| row["stack"][value].as_str().unwrap_or_default();
    let stack = Stack {
        name: field("name"),
        version: field("version"),
        previous_version: field("previous_version"),
        environment: row["environment"].as_str().unwrap_or_default(),
    };
    let Ok(template) = Template::parse(text) else { return json!({"error": true}) };
    let execution = template.execute(&TemplateValue::data(answers(row), stack), &Limits::default());
    match (&execution.error, std::str::from_utf8(&execution.output)) {
        (None, Ok(value)) => json!({"value": value}),
        (None, Err(_)) => {
            json!({"bytes": execution.output.iter().map(|byte| format!("{byte:02x}")).collect::<String>()})
        }
        (Some(error), _) => {
            json!({"error": true, "printed": execution.text(), "panic": error.message.contains("breaks down")})
        }
    }
}

/// A value as the cases write it: keys are texts.
fn plain(value: &serde_yaml::Value) -> Value {
    match value {
        serde_yaml::Value::Sequence(items) => items.iter().map(plain).collect(),
        serde_yaml::Value::Mapping(map) => {
            let key = |key: &serde_yaml::Value| match plain(key) {
                Value::String(text) => text,
                other => other.to_string(),
            };
            map.iter().map(|(name, value)| (key(name), plain(value))).collect::<Map<_, _>>().into()
        }
        other => serde_json::to_value(other).unwrap(),
    }
}

fn the_names_of_functions_are_those_of_rancher() {
    for row in rows().iter().filter(|row| row.get("names").is_some()) {
        let is_known = row["fault"] == "function-names-known";
        for name in row["names"].as_array().unwrap() {
            let name = name.as_str().unwrap();
            let text = row["input"].as_str().unwrap().replace("NAME", name);
            match Template::parse(&text) {
                Ok(_) => assert!(is_known, "{name}"),
                Err(error) => assert!(!is_known && !error.beyond_this_tool, "{name}: {error}"),
            }
        }
    }
}

/// As `render-compose` prints them.
fn compose_files_become_what_rancher_makes_of_them() {
    for row in rows().iter().filter(|row| row["kind"] == "compose") {
        let case = row["case"].as_str().unwrap();
        let folder = tempfile::tempdir().unwrap();
        let version = folder.path().join("templates/entry/0");
        std::fs::create_dir_all(&version).unwrap();
        std::fs::write(folder.path().join("templates/entry/config.yml"), "name: entry\nversion: v1\n").unwrap();
        std::fs::write(version.join("docker-compose.yml"), row["input"].as_str().unwrap()).unwrap();
        std::fs::write(version.join("rancher-compose.yml"), "version: '2'\ncatalog:\n  version: v1\n").unwrap();
        let answers: Vec<String> = answers(row).iter().map(|(name, value)| format!("{name}={value}")).collect();
        let mut args = vec!["render-compose", "templates/entry/0", "--format", "json"];
        if !answers.is_empty() {
            args.push("--answers");
            args.extend(answers.iter().map(String::as_str));
        }
        let (code, printed, errors) = outcome(folder.path(), &args);
        if row["right"].get("error").is_some() {
            assert!(code != 0 && !errors.is_empty(), "{case}: {code} {printed}");
            continue;
        }
        assert_eq!(code, 0, "{case}: {errors}");
        let printed: Value = serde_json::from_str(&printed).unwrap();
        let text = printed["files"][0]["text"].as_str().unwrap();
        let value = plain(&Document::read(text).unwrap().to_value());
        for (section, right) in row["right"]["value"].as_object().unwrap() {
            assert_eq!(&value[section], right, "{case}");
        }
    }
}
