//! Commands know what the file of the project says, and it is told where it speaks of nothing.

use std::fs;
use std::path::Path;

use serde_json::Value;
use swarm_lab::git::{commit_all, git, outcome};
use swarm_lab::trial::Trial;
use swarm_lab::trials;

use super::{found, project};
use crate::bump::put;

pub fn trials() -> Vec<Trial> {
    trials![
        a_new_template_is_judged_by_what_the_project_allows,
        versions_and_references_are_those_of_the_projects_catalog,
        verify_looks_at_the_projects_catalog,
        what_is_about_no_template_is_told,
        a_template_stands_there_once,
        a_slip_at_the_top_is_told_from_a_key,
        a_catalog_that_is_moved_keeps_what_is_set_or_it_is_told,
    ]
}

fn a_new_template_is_judged_by_what_the_project_allows() {
    let project = project("catalog = \"shop\"\n");
    let compose = "services:\n  web: {image: 'a/b:1.0.0', network_mode: host}\n";
    fs::write(project.clone.join("docker-compose.yml"), compose).unwrap();
    let new = |name: &str| outcome(&project.clone, &["new", name, "--compose", "docker-compose.yml"]);
    let (code, text, errors) = new("first");
    assert!(code == 0 && text.contains("2 notes"), "{text}{errors}");
    let toml = "catalog = \"shop\"\n[[allow]]\nrule = \"host-network\"\npath = \"templates/second\"\nreason = \"x\"\n";
    fs::write(project.clone.join("gen-catalog.toml"), toml).unwrap();
    let (code, text, errors) = new("second");
    assert!(code == 0 && text.contains("1 note\n"), "{text}{errors}");
    // How bad it is, the file says as well.
    fs::write(project.clone.join("gen-catalog.toml"), "catalog = \"shop\"\n[severities]\nhost-network = \"error\"\n")
        .unwrap();
    let (code, _, errors) = new("third");
    assert!(code == 1 && errors.contains("nothing was written") && errors.contains("host"), "{errors}");
}

fn versions_and_references_are_those_of_the_projects_catalog() {
    let project = project("catalog = \"shop\"\n");
    let first = git(&project.clone, &["rev-parse", "HEAD"]);
    let docker = project.clone.join("shop/infra-templates/example/1/docker-compose.yml");
    fs::write(&docker, fs::read_to_string(&docker).unwrap().replace("web:latest", "web:1.2.0")).unwrap();
    commit_all(&project.clone, "another image");
    for folder in ["", "docs", "docs/deep/er"] {
        let here = project.clone.join(folder);
        let (code, text, errors) = outcome(&here, &["render-compose", "infra-templates/example/1"]);
        assert!(code == 0 && text.contains("image: example/web:1.2.0"), "{folder}: {errors}");
        let (code, text, errors) = outcome(&here, &["model", "infra-templates/example"]);
        assert!(code == 0 && text.contains("folder: example"), "{folder}: {errors}");
        let (code, text, errors) = outcome(&here, &["diff", "infra-templates/example/0", "infra-templates/example/1"]);
        assert!(code == 1 && text.contains("example/web:1.0.0"), "{folder}: {text}{errors}");
        for references in [&[first.trim(), "HEAD"][..], &[first.trim(), "HEAD", "infra-templates/example"]] {
            let (code, text, errors) = outcome(&here, &[&["diff"], references].concat());
            assert!(code == 1 && text.contains("example/web:1.2.0"), "{folder}: {text}{errors}");
        }
        let (code, _, errors) = outcome(&here, &["diff", "nowhere", "HEAD"]);
        assert!(code == 2 && errors.contains("nowhere"), "{errors}");
    }
    // What is here goes before what is in the catalog, and without a project all is as it was.
    put(
        &project.clone,
        "docs/infra-templates/example/1/docker-compose.yml",
        "version: '2'\nservices: {web: {image: 'mine:1'}}\n",
    );
    put(
        &project.clone,
        "docs/infra-templates/example/1/rancher-compose.yml",
        "version: '2'\ncatalog: {version: v1.0.0}\n",
    );
    let (_, text, errors) = outcome(&project.clone.join("docs"), &["render-compose", "infra-templates/example/1"]);
    assert!(text.contains("image: mine:1"), "{text}{errors}");
    fs::remove_file(project.clone.join("gen-catalog.toml")).unwrap();
    let (code, _, errors) = outcome(&project.clone, &["diff", first.trim(), "HEAD"]);
    assert!(code == 2 && errors.contains("is no folder"), "{errors}");
    let (code, _, errors) = outcome(&project.clone, &["diff", first.trim(), "HEAD", "infra-templates/example"]);
    assert!(code == 2 && errors.contains("name their clone with --catalog"), "{errors}");
}

fn verify_looks_at_the_projects_catalog() {
    let project = project("catalog = \"shop\"\n");
    let places = |folder: &Path| {
        let args = ["verify", "--tag", "v2.0.0", "--project", folder.to_str().unwrap(), "--format", "json"];
        let (_, text, errors) = outcome(&project.clone, &args);
        let report: Value = serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error}: {errors}"));
        let rows = report["rows"].as_array().unwrap().clone();
        rows.iter().map(|row| row["place"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert!(places(&project.clone).contains(&"shop/infra-templates/swarm/config.yml".to_owned()));
    fs::remove_file(project.clone.join("gen-catalog.toml")).unwrap();
    assert!(places(&project.clone).contains(&"community-catalog/infra-templates/swarm/config.yml".to_owned()));
}

fn what_is_about_no_template_is_told() {
    let project = project("");
    let told = |path: &str| {
        let text = format!("catalog = \"shop\"\n\n[[template]]\npath = \"{path}\"\nversion = \"patch\"\n");
        fs::write(project.clone.join("gen-catalog.toml"), text).unwrap();
        outcome(&project.clone, &["check", "--skip", "image-latest"]).1
    };
    for path in ["infra-templates", "infra-templates/example"] {
        assert!(told(path).starts_with("nothing found"), "{path}: {}", told(path));
    }
    for (path, meant) in [
        ("infra-templates/exampel", ": is `infra-templates/example` meant?"),
        ("infra-templates/example/0", ""),
        ("templates", ""),
    ] {
        let text = told(path);
        let says = format!(
            "gen-catalog.toml:3:1: warning[allowance-without-effect]: {path} is no template of the catalog, and no folder of them: \
             this [[template]] is about nothing"
        );
        assert!(text.starts_with(&says) && text.contains(meant), "{text}");
    }
    // What was not looked at is not told.
    let (_, text, _) = outcome(&project.clone, &["check", "shop/infra-templates/example", "--skip", "image-latest"]);
    assert!(text.starts_with("nothing found"), "{text}");
}

fn a_template_stands_there_once() {
    let project = project("");
    let one = "[[template]]\npath = \"infra-templates/example\"\n";
    for again in [one.to_owned(), one.replace("example", "example/")] {
        fs::write(
            project.clone.join("gen-catalog.toml"),
            format!("catalog = \"shop\"\n{one}version = \"patch\"\n{again}"),
        )
        .unwrap();
        let (code, _, errors) = outcome(&project.clone, &["check"]);
        let says = "gen-catalog.toml:5:1: \"infra-templates/example\" has a [[template]] already, in line 2";
        assert!(code == 2 && errors.contains(says), "{errors}");
    }
}

fn a_slip_at_the_top_is_told_from_a_key() {
    let project = project("");
    for (written, meant) in [
        ("fro", "for"),
        ("fo", "for"),
        ("catalgo", "catalog"),
        ("regsitry", "registry"),
        ("verison", "version"),
        ("Allow", "allow"),
    ] {
        fs::write(project.clone.join("gen-catalog.toml"), format!("{written} = \"community\"\n")).unwrap();
        let (code, _, errors) = outcome(&project.clone, &["check"]);
        let says = format!("gen-catalog.toml:1:1: there is no `{written}` at the top");
        assert!(code == 2 && errors.contains(&says) && errors.contains(&format!("is `{meant}` meant?")), "{errors}");
    }
}

fn a_catalog_that_is_moved_keeps_what_is_set_or_it_is_told() {
    let set = "[severities]\nimage-latest = \"error\"\n[[allow]]\nrule = \"image-latest\"\npath = \"infra-templates/example/1\"\nreason = \"x\"\n";
    let project = project(&format!("catalog = \"shop\"\n{set}"));
    let clone = &project.clone;
    assert_eq!(found(clone, &[]), (0, Vec::new()));
    git(clone, &["mv", "shop", "store"]);
    // The file still names the old folder: of what it sets nothing is passed over without a word.
    for args in [&["check"][..], &["check", "store"], &["check", "store/infra-templates/example"]] {
        let (code, _, errors) = outcome(clone, args);
        let says = "gen-catalog.toml:1:11: `catalog` is \"shop\": there is no such folder here";
        assert!(code == 2 && errors.contains(says), "{args:?}: {errors}");
    }
    fs::write(clone.join("gen-catalog.toml"), format!("catalog = \"store\"\n{set}")).unwrap();
    assert_eq!(found(clone, &[]), (0, Vec::new()));
    // The change is judged by what was set before it, for the catalog as it is now.
    let (_, changed) = found(clone, &["store", "--changed-since", "HEAD"]);
    assert!(!changed.iter().any(|(rule, _)| rule == "image-latest"), "{changed:?}");
    fs::write(clone.join("gen-catalog.toml"), "catalog = \"store\"\n").unwrap();
    for args in [&["--changed-since", "HEAD"][..], &["store", "--changed-since", "HEAD"]] {
        let (_, changed) = found(clone, args);
        assert!(!changed.iter().any(|(rule, _)| rule == "image-latest"), "{args:?} {changed:?}");
        assert!(changed.iter().any(|(rule, _)| rule == "allowance-changed"), "{args:?} {changed:?}");
    }
}
