//! What is named and is not there, or is not what was meant, is an error that says so; nothing is written then.

use std::fs;
use std::path::Path;

use serde_json::Value;
use swarm_lab::generator::outcome;
use swarm_lab::git::git;
use swarm_lab::tree::snapshot;
use swarm_lab::trial::Trial;
use swarm_lab::trials;

use crate::check_changed::repository;

pub fn trials() -> Vec<Trial> {
    trials![
        a_folder_within_a_catalog_is_not_taken_for_it,
        a_path_that_neither_reference_has,
        a_catalog_that_is_not_there,
        an_answer_to_nothing,
        an_answer_to_an_action_alone,
        a_template_of_another_name,
        a_model_changes_nothing_that_is_published,
        no_lower_version_becomes_the_default,
        a_model_holds_text_alone,
        what_a_killed_run_left_is_gone_after_the_next,
    ]
}

fn says(folder: &Path, args: &[&str], code: i32, wanted: &[&str]) {
    let before = snapshot(folder);
    let (found, text, errors) = outcome(folder, args);
    assert_eq!(found, code, "{args:?}: {text}{errors}");
    for wanted in wanted {
        assert!(errors.contains(wanted), "{args:?}: {wanted} is not in {errors}");
    }
    assert_eq!(snapshot(folder), before, "{args:?}");
}

fn a_folder_within_a_catalog_is_not_taken_for_it() {
    let (folder, _) = repository();
    for within in ["infra-templates", "infra-templates/example", "infra-templates/example/1"] {
        let wanted = ["folder within a catalog", folder.path().to_str().unwrap(), "--catalog"];
        for args in [
            &["render", "--catalog", within][..],
            &["render", "--catalog", within, "--check"],
            &["release", "--catalog", within, "--dry-run"],
            &["version", "--catalog", within],
            &["diff", "--catalog", within, "HEAD", "HEAD"],
        ] {
            says(folder.path(), args, 2, &wanted);
        }
    }
    let empty = tempfile::tempdir().unwrap();
    let named = empty.path().join("templates/mine");
    fs::create_dir_all(&named).unwrap();
    assert_eq!(outcome(&named, &["render", "--catalog", "."]).0, 0);
}

fn a_path_that_neither_reference_has() {
    let (folder, template) = repository();
    fs::write(template.join("1/README.md"), "# other\n").unwrap();
    git(folder.path(), &["commit", "-qam", "second"]);
    let diff = |path| ["diff", "--catalog", ".", "HEAD~1", "HEAD", path];
    let meant = ["neither of the two has infra-templates/exmaple", "is `infra-templates/example` meant?"];
    says(folder.path(), &diff("infra-templates/exmaple"), 2, &meant);
    says(folder.path(), &diff("infra-templates/example/7"), 2, &["neither of the two"]);
    assert_eq!(outcome(folder.path(), &diff("infra-templates/example/")).0, 1);
    assert_eq!(outcome(folder.path(), &diff("infra-templates/other")).0, 0);
}

fn a_catalog_that_is_not_there() {
    let folder = tempfile::tempdir().unwrap();
    for args in [&["version", "--catalog", "typo"][..], &["render", "--stdout", "--catalog", "typo"]] {
        says(folder.path(), args, 2, &["there is no catalog at typo", "--catalog"]);
    }
    assert_eq!(outcome(folder.path(), &["version"]).0, 0);
}

fn an_answer_to_nothing() {
    let folder = swarm_lab::generator::rendered_catalog();
    let version = "community-catalog/infra-templates/swarm/4";
    let compose = |answer| ["render-compose", version, "--answers", answer];
    says(folder.path(), &compose("MANAGER_SCAL=5"), 2, &["MANAGER_SCAL", "is `MANAGER_SCALE` meant?"]);
    says(folder.path(), &compose("MANAGER_SCALE=4"), 2, &["MANAGER_SCALE=4", "what can is", "3"]);
    let answers = tempfile::tempdir().unwrap();
    let file = answers.path().join("answers.yml");
    fs::write(&file, "MANAGER_SCAL: 5\n").unwrap();
    says(folder.path(), &compose(file.to_str().unwrap()), 2, &["MANAGER_SCAL"]);
    assert_eq!(outcome(folder.path(), &compose("MANAGER_SCALE=5")).0, 0);
}

fn an_answer_to_an_action_alone() {
    let folder = tempfile::tempdir().unwrap();
    let version = folder.path().join("templates/example/0");
    fs::create_dir_all(&version).unwrap();
    let compose = "services:\n  web:\n    image: example/web:{{ if eq .Values.KIND \"large\" }}2{{ else }}1{{ end }}\n";
    fs::write(version.join("docker-compose.yml.tpl"), format!("version: '2'\n{compose}")).unwrap();
    fs::write(version.join("rancher-compose.yml"), "catalog: {version: 0.1.0}\n").unwrap();
    let answer = |answer| ["render-compose", "templates/example/0", "--answers", answer];
    let (code, text, _) = outcome(folder.path(), &answer("KIND=large"));
    assert!(code == 0 && text.contains("example/web:2"), "{text}");
    says(folder.path(), &answer("KINDS=large"), 2, &["is `KIND` meant?"]);
}

fn a_template_of_another_name() {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join("own")).unwrap();
    let args = ["render", "--stdout", "--templates", "own"];
    says(folder.path(), &args, 2, &["--templates", "docker-compose.yml.j2"]);
    for name in ["docker-compose.yaml.j2", "docker-compose.yml"] {
        let file = folder.path().join("own").join(name);
        fs::write(&file, "x").unwrap();
        says(folder.path(), &args, 2, &[name, "is `docker-compose.yml.j2` meant?", "--templates"]);
        fs::remove_file(file).unwrap();
    }
}

fn a_model_changes_nothing_that_is_published() {
    let folder = swarm_lab::generator::rendered_catalog();
    let top = folder.path();
    let (_, model, _) = outcome(top, &["model", "community-catalog/infra-templates/swarm", "--format", "json"]);
    let write = |from: &str, to: &str| {
        assert!(model.contains(from), "{model}");
        fs::write(top.join("m.json"), model.replace(from, to)).unwrap();
    };
    let into = |folder| ["render", "--model", "m.json", "--into", folder];
    write("MANAGER_SCALE", "MANAGER_SCALE");
    says(top, &into("nowhere"), 2, &["nowhere", "--into"]);
    assert_eq!(outcome(top, &into("community-catalog/infra-templates")).0, 0);
    write("25m", "26m");
    let refused = ["what is published never changes", "swarm/4/docker-compose.yml", "Nothing was written"];
    says(top, &into("community-catalog/infra-templates"), 1, &refused);
    // A file that the published version has not is none of it, though all others say the same.
    let mut without: Value = serde_json::from_str(&model).unwrap();
    without["versions"]["4"].as_object_mut().unwrap().remove("readme").unwrap();
    fs::write(top.join("m.json"), without.to_string()).unwrap();
    fs::remove_file(top.join("community-catalog/infra-templates/swarm/4/README.md")).unwrap();
    let file = top.join("community-catalog/infra-templates/swarm/4/rancher-compose.yml");
    fs::remove_file(&file).unwrap();
    let refused = ["what is published never changes", "missing    swarm/4/rancher-compose.yml", "Nothing was written"];
    says(top, &into("community-catalog/infra-templates"), 1, &refused);
    assert!(!file.exists());
    // In a folder that has none of its files a model makes them.
    fs::create_dir(top.join("new")).unwrap();
    assert_eq!(outcome(top, &into("new")).0, 0);
    says(top, &into("new"), 0, &[]);
}

fn no_lower_version_becomes_the_default() {
    let folder = swarm_lab::generator::rendered_catalog();
    let config = folder.path().join("community-catalog/infra-templates/swarm/config.yml");
    let text = fs::read_to_string(&config).unwrap();
    let (_, model, _) =
        outcome(folder.path(), &["model", "community-catalog/infra-templates/swarm", "--format", "json"]);
    fs::write(folder.path().join("m.json"), model).unwrap();
    fs::write(&config, text.replace("version: v2.", "version: v9.")).unwrap();
    says(folder.path(), &["render"], 1, &["v9.", "by default already", "Nothing was written"]);
    let args = ["render", "--model", "m.json", "--into", "community-catalog/infra-templates"];
    says(folder.path(), &args, 1, &["v9.", "is lower", "Nothing was written"]);
}

fn a_model_holds_text_alone() {
    let (folder, template) = repository();
    for name in ["README.md", "docker-compose.yml", "rancher-compose.yml"] {
        let file = template.join("1").join(name);
        let before = fs::read(&file).unwrap();
        fs::write(&file, [b"# x\n# \xff\n", &before[..]].concat()).unwrap();
        let place = format!("1/{name}:2:3");
        for path in ["infra-templates/example/1", "infra-templates/example"] {
            says(folder.path(), &["model", path], 2, &[&place, "UTF-8"]);
        }
        fs::write(file, before).unwrap();
    }
}

fn what_a_killed_run_left_is_gone_after_the_next() {
    let folder = swarm_lab::generator::rendered_catalog();
    let staging = folder.path().join("community-catalog/.gen-catalog-staging");
    fs::create_dir_all(staging.join("new/infra-templates/swarm/4")).unwrap();
    fs::write(staging.join("new/infra-templates/swarm/4/half"), "wri").unwrap();
    let (code, text, errors) = outcome(folder.path(), &["render"]);
    assert!(code == 0 && (text + &errors).contains("nothing to do"), "{errors}");
    assert!(!staging.exists());
}
