//! A baseline: what was there before is silent, what is new is told, and what is gone can be removed.

use std::fs;
use std::path::Path;
use swarm_lab::trial::Trial;
use swarm_lab::trials;

use serde_json::Value;
use swarm_lab::generator::outcome;

use crate::check_command::{DOCKER, LATEST, RANCHER, catalog};

pub fn trials() -> Vec<Trial> {
    trials![
        what_was_there_is_silent_and_what_is_new_is_told,
        lines_may_come_and_go_above_what_is_known,
        one_more_of_the_same_is_new,
        the_same_in_another_service_is_new,
        what_is_gone_is_told_and_can_be_removed,
        a_check_of_a_part_speaks_of_that_part_alone,
        it_is_the_same_from_every_folder_and_in_every_clone,
        every_format_tells_what_it_silences,
        one_that_cannot_be_used_is_a_clear_error,
    ]
}

const FILE: &str = "baseline.json";

fn write(folder: &Path) {
    let (code, _, errors) = outcome(folder, &["check", ".", "--baseline", FILE, "--write-baseline"]);
    assert_eq!((code, errors.as_str()), (0, ""));
}

fn told(folder: &Path) -> String {
    let (_, text, errors) = outcome(folder, &["check", ".", "--baseline", FILE]);
    assert_eq!(errors, "");
    text
}

fn change(folder: &Path, file: &str, from: &str, to: &str) {
    let path = folder.join("infra-templates/example").join(file);
    let text = fs::read_to_string(&path).unwrap();
    assert!(text.contains(from), "{text}");
    fs::write(&path, text.replacen(from, to, 1)).unwrap();
}

fn what_was_there_is_silent_and_what_is_new_is_told() {
    let folder = catalog(&[LATEST, ("config.yml", "version: v1.1.0", "version: [v9.9.9]")]);
    assert_eq!(outcome(folder.path(), &["check", "."]).0, 1);
    let (code, text, _) = outcome(folder.path(), &["check", ".", "--baseline", FILE, "--write-baseline"]);
    assert_eq!((code, text.as_str()), (0, "baseline.json: 2 findings\n"));
    let json: Value = serde_json::from_str(&fs::read_to_string(folder.path().join(FILE)).unwrap()).unwrap();
    assert_eq!(json["version"], 1);
    assert_eq!(json["findings"][0]["path"], "infra-templates/example/config.yml");
    let (code, text, _) = outcome(folder.path(), &["check", ".", "--baseline", FILE, "--strict"]);
    assert_eq!((code, text.as_str()), (0, "nothing found in 1 template, 2 versions; 2 in the baseline\n"));
    change(folder.path(), RANCHER, "label: Size", "labl: Size");
    let text = told(folder.path());
    assert!(text.contains("[question-unknown-key]") && !text.contains("[image-latest]"), "{text}");
}

fn lines_may_come_and_go_above_what_is_known() {
    let folder = catalog(&[LATEST, (RANCHER, "label: Size", "labl: Size")]);
    write(folder.path());
    let quiet = told(folder.path());
    change(folder.path(), DOCKER, "version: '2'", "# One.\n# Two.\n\nversion: '2'");
    change(folder.path(), RANCHER, "version: '2'", "# One.\nversion: '2'");
    assert_eq!(told(folder.path()), quiet);
    // A comment behind the line itself, too.
    change(folder.path(), DOCKER, "web:latest", "web:latest # each night");
    assert_eq!(told(folder.path()), quiet);
}

fn one_more_of_the_same_is_new() {
    let folder = catalog(&[LATEST]);
    write(folder.path());
    change(folder.path(), DOCKER, "services:\n", "services:\n  other:\n    image: example/web:latest\n");
    let text = told(folder.path());
    assert!(text.contains("docker-compose.yml:4:12: warning[image-latest]"), "{text}");
    assert!(text.ends_with("1 warning in 1 template, 2 versions; 1 in the baseline\n"), "{text}");
}

fn the_same_in_another_service_is_new() {
    let service = |name: &str, rest: &str| format!("  {name}:\n    image: example/web:1.1.0\n{rest}");
    let (plain, tty) = (|name: &str| service(name, ""), |name: &str| service(name, "    privileged: true\n"));
    let folder = catalog(&[(DOCKER, "services:\n", &format!("services:\n{}{}", tty("a"), plain("b")))]);
    let check = |options: &[&str]| {
        let (code, text, errors) =
            outcome(folder.path(), &[&["check", ".", "--level", "note", "--baseline", FILE], options].concat());
        assert_eq!((code, errors.as_str()), (0, ""));
        text
    };
    check(&["--write-baseline"]);
    change(folder.path(), DOCKER, &format!("{}{}", tty("a"), plain("b")), &format!("{}{}", plain("a"), tty("b")));
    let text = check(&[]);
    assert!(text.contains("[privileged]: `b`"), "{text}");
    assert!(text.ends_with("; 1 gone: --write-baseline removes them there\n"), "{text}");
}

fn what_is_gone_is_told_and_can_be_removed() {
    let folder = catalog(&[LATEST]);
    write(folder.path());
    change(folder.path(), DOCKER, "web:latest", "web:1.1.0");
    let gone = "gone from the catalog, still in baseline.json: infra-templates/example/1/docker-compose.yml: image-latest: \
                example/web:latest is whatever was built last\n\
                nothing found in 1 template, 2 versions; 1 gone: --write-baseline removes them there\n";
    assert_eq!(told(folder.path()), gone);
    let (_, text, _) = outcome(folder.path(), &["check", ".", "--baseline", FILE, "--format", "json"]);
    let json: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(json["gone"][0]["rule"], "image-latest");
    let (_, text, _) = outcome(folder.path(), &["check", ".", "--baseline", FILE, "--write-baseline"]);
    assert_eq!(text, "baseline.json: 0 findings, where there were 1\n");
    assert_eq!(told(folder.path()), "nothing found in 1 template, 2 versions\n");
    // What comes back is new.
    change(folder.path(), DOCKER, "web:1.1.0", "web:latest");
    assert!(told(folder.path()).contains("[image-latest]"));
}

fn a_check_of_a_part_speaks_of_that_part_alone() {
    let folder = catalog(&[LATEST, ("0/docker-compose.yml", "web:1.0.0", "web:latest")]);
    write(folder.path());
    change(folder.path(), "0/docker-compose.yml", "web:latest", "web:1.0.0");
    let check = |arguments: &[&str]| outcome(folder.path(), &[&["check", "--baseline", FILE], arguments].concat()).1;
    let part = "infra-templates/example/1";
    assert_eq!(check(&[part]), "nothing found in 1 template, 1 version; 1 in the baseline\n");
    assert!(!check(&[".", "--skip", "image-latest"]).contains("gone"));
    assert!(!check(&[".", "--level", "error"]).contains("gone"));
    // Writing it for a part leaves the rest as it is.
    check(&[part, "--write-baseline"]);
    assert_eq!(fs::read_to_string(folder.path().join(FILE)).unwrap().matches("image-latest").count(), 2);
    check(&[".", "--write-baseline"]);
    assert_eq!(fs::read_to_string(folder.path().join(FILE)).unwrap().matches("image-latest").count(), 1);
}

fn it_is_the_same_from_every_folder_and_in_every_clone() {
    let (folder, other) = (catalog(&[LATEST]), catalog(&[LATEST]));
    write(folder.path());
    let file = folder.path().join(FILE);
    let file = file.to_str().unwrap();
    for here in
        [folder.path().join("infra-templates/example/1"), other.path().to_owned(), other.path().join("infra-templates")]
    {
        let (_, text, _) = outcome(&here, &["check", "--baseline", file]);
        assert!(text.starts_with("nothing found ") && text.ends_with("; 1 in the baseline\n"), "{text}");
    }
}

fn every_format_tells_what_it_silences() {
    let folder = catalog(&[LATEST]);
    write(folder.path());
    let check = |format: &str| outcome(folder.path(), &["check", ".", "--baseline", FILE, "--format", format]).1;
    let json: Value = serde_json::from_str(&check("json")).unwrap();
    assert_eq!(
        (&json["summary"]["in_baseline"], &json["silenced"][0]["silenced"]["by"]),
        (&1.into(), &"baseline".into())
    );
    let sarif: Value = serde_json::from_str(&check("sarif")).unwrap();
    let result = &sarif["runs"][0]["results"][0];
    assert_eq!(
        (&result["baselineState"], &result["suppressions"][0]["kind"]),
        (&"unchanged".into(), &"external".into())
    );
    assert!(check("github").contains("title=silenced image-latest::"));
    assert!(check("junit").contains("<skipped message="));
}

fn one_that_cannot_be_used_is_a_clear_error() {
    let folder = catalog(&[]);
    for (content, says) in [
        (None, "there is no baseline baseline.json: --write-baseline writes it"),
        (Some("{"), "baseline.json: line 1, column 1: this is no baseline of gen-catalog"),
        (Some("[]"), "this is no baseline of gen-catalog"),
        (Some("{\"version\": 2, \"entries\": {}}"), "its version is 2, and this gen-catalog knows 1"),
        (Some("{\"version\": 1, \"findings\": [{}]}"), "this is no baseline of gen-catalog"),
    ] {
        if let Some(content) = content {
            fs::write(folder.path().join(FILE), content).unwrap();
        }
        let (code, _, errors) = outcome(folder.path(), &["check", ".", "--baseline", FILE]);
        assert_eq!(code, 2);
        assert!(errors.contains(says), "{errors}");
    }
    let (code, _, errors) = outcome(folder.path(), &["check", ".", "--baseline", "."]);
    assert_eq!(code, 2);
    assert!(errors.contains("a baseline is a file"), "{errors}");
}
