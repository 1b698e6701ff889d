//! A project says in its gen-catalog.toml what its commands then need no flag for; a change cannot say it for itself.

mod known_to_commands;

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;

use catalog_check::RefusedBy;
use catalog_check::config::CatalogConfig;
use catalog_check::config_schema::schema;
use catalog_check::rules::{self, GOOD_TEMPLATE};
use serde_json::Value;
use swarm_lab::git::{Sandbox, commit_all, git, outcome};
use swarm_lab::trial::Trial;
use swarm_lab::trials;

use crate::bump::put;
use crate::release::json;

pub fn trials() -> Vec<Trial> {
    let mut trials = trials![
        a_rule_is_as_bad_as_the_file_says,
        a_rule_that_is_off_runs_where_it_is_asked_for,
        what_rancher_refuses_stays_an_error,
        a_baseline_follows_the_severities,
        a_change_does_not_set_how_bad_it_is_itself,
        a_change_does_not_have_another_catalog_checked,
        it_is_found_from_every_folder_of_the_project,
        it_is_not_looked_for_beyond_the_repository_nor_over_links,
        the_file_in_the_catalog_itself_wins,
        a_catalog_that_one_stands_in_is_not_exchanged_for_another,
        new_templates_and_tests_are_those_of_the_projects_catalog,
        next_versions_are_what_the_file_says_and_flags_win,
        owners_are_named_in_the_pull_request,
        what_is_wrong_is_told_with_its_place,
        the_schema_takes_what_the_reader_takes,
    ];
    trials.extend(known_to_commands::trials());
    trials
}

/// A project with a catalog in `shop/`, whose only template uses the tag `latest`; with a gen-catalog.toml.
fn project(toml: &str) -> Sandbox {
    Sandbox::with(|clone| {
        for (name, text) in GOOD_TEMPLATE {
            put(clone, &format!("shop/infra-templates/example/{name}"), text);
        }
        let docker = clone.join("shop/infra-templates/example/1/docker-compose.yml");
        let text = fs::read_to_string(&docker).unwrap().replace("web:1.1.0", "web:latest");
        fs::write(docker, text).unwrap();
        put(clone, "docs/deep/er/README.md", "# Docs\n");
        put(clone, "gen-catalog.toml", toml);
    })
}

/// The rules and severities of what is found, and the exit code.
fn found(folder: &Path, args: &[&str]) -> (i32, Vec<(String, String)>) {
    let (code, text, errors) = outcome(folder, &[&["check", "--format", "json"], args].concat());
    let report: Value = serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error}: {errors}"));
    let word = |finding: &Value, key: &str| finding[key].as_str().unwrap().to_owned();
    let findings = report["findings"].as_array().unwrap();
    (code, findings.iter().map(|finding| (word(finding, "rule"), word(finding, "severity"))).collect())
}

fn one(rule: &str, severity: &str) -> Vec<(String, String)> {
    vec![(rule.to_owned(), severity.to_owned())]
}

fn a_rule_is_as_bad_as_the_file_says() {
    let project = project("catalog = \"shop\"\n");
    let set = |severity: &str| {
        let text = format!("catalog = \"shop\"\n[severities]\nimage-latest = \"{severity}\"\n");
        fs::write(project.clone.join("gen-catalog.toml"), text).unwrap();
    };
    assert_eq!(found(&project.clone, &[]), (0, one("image-latest", "warning")));
    set("error");
    assert_eq!(found(&project.clone, &[]), (1, one("image-latest", "error")));
    let text = outcome(&project.clone, &["check", "--format", "github"]).1;
    assert!(text.starts_with("::error "), "{text}");
    set("note");
    assert_eq!(found(&project.clone, &["--strict"]), (0, Vec::new()));
    assert_eq!(found(&project.clone, &["--level", "note"]), (0, one("image-latest", "note")));
    // What CI of the community catalog refuses is asked for by a flag, which wins.
    let text = "catalog = \"shop\"\n[severities]\nfolder-name = \"off\"\nmaintainer-form = \"note\"\n";
    fs::write(project.clone.join("gen-catalog.toml"), text).unwrap();
    let config = project.clone.join("shop/infra-templates/example/config.yml");
    let broken = fs::read_to_string(&config).unwrap().replace("Jane Doe <jane@example.com>", "Jane");
    fs::write(&config, broken).unwrap();
    let all = ["--only", "maintainer-form", "--level", "note"];
    assert_eq!(found(&project.clone, &all), (0, one("maintainer-form", "note")));
    let asked = [&all[..], &["--for", "community"]].concat();
    assert_eq!(found(&project.clone, &asked), (1, one("maintainer-form", "error")));
}

fn a_rule_that_is_off_runs_where_it_is_asked_for() {
    let project = project("catalog = \"shop\"\n[severities]\nimage-latest = \"off\"\n");
    assert_eq!(found(&project.clone, &["--level", "note"]), (0, Vec::new()));
    assert_eq!(found(&project.clone, &["--only", "image-latest"]), (0, one("image-latest", "warning")));
    // An allowance of it is not called idle: it was not looked whether it is.
    let text = "catalog = \"shop\"\n[severities]\nimage-latest = \"off\"\n[[allow]]\nrule = \"image-latest\"\nreason = \"x\"\n";
    fs::write(project.clone.join("gen-catalog.toml"), text).unwrap();
    assert_eq!(found(&project.clone, &[]), (0, Vec::new()));
}

fn what_rancher_refuses_stays_an_error() {
    let project = project("catalog = \"shop\"\n");
    let refused = |rule: &&catalog_check::Rule| !rules::can_be(rule, None);
    let all: Vec<_> = rules::every().filter(refused).collect();
    // What no part of Rancher refuses is the project's own to judge, an error or not.
    assert!(rules::can_be(rules::by_id("published-revision-changed").unwrap(), None));
    assert!(all.len() > 20, "{}", all.len());
    for rule in all {
        let RefusedBy { part, .. } = rule.refused_by.unwrap();
        for severity in ["off", "note", "warning"] {
            let text = format!("catalog = \"shop\"\n[severities]\n{} = \"{severity}\"\n", rule.id);
            let error = CatalogConfig::parse(&project.clone, &text).unwrap_err().to_string();
            let says = format!("`{}` finds what {part} refuses: it stays an error", rule.id);
            assert!(error.contains("gen-catalog.toml:3:") && error.contains(&says), "{error}");
        }
        let text = format!("[severities]\n{} = \"error\"\n", rule.id);
        assert!(CatalogConfig::parse(&project.clone, &text).is_ok(), "{}", rule.id);
    }
}

fn a_baseline_follows_the_severities() {
    let project = project("catalog = \"shop\"\n[severities]\nhost-network = \"error\"\nimage-latest = \"note\"\n");
    let docker = project.clone.join("shop/infra-templates/example/1/docker-compose.yml");
    let text = fs::read_to_string(&docker).unwrap();
    let host = "    network_mode: host\n    labels:\n      io.rancher.container.dns: 'true'\n";
    fs::write(&docker, text.replace("    labels:\n", host)).unwrap();
    let check = |more: &[&str]| outcome(&project.clone, &[&["check", "--baseline", "known.json"], more].concat());
    assert!(check(&["--write-baseline"]).1.contains("known.json: 1 findings"));
    assert_eq!(check(&[]).0, 0);
    // What was an error and is gone is told as gone.
    fs::write(&docker, &text).unwrap();
    let (_, told, errors) = check(&[]);
    assert!(told.contains("host-network") && told.contains("known.json"), "{told}{errors}");
}

fn a_change_does_not_set_how_bad_it_is_itself() {
    let project = project("catalog = \"shop\"\n");
    let docker = project.clone.join("shop/infra-templates/example/0/docker-compose.yml");
    fs::write(&docker, fs::read_to_string(&docker).unwrap().replace("web:1.0.0", "web:9.0.0")).unwrap();
    let text = "catalog = \"shop\"\n[severities]\npublished-revision-changed = \"off\"\n";
    fs::write(project.clone.join("gen-catalog.toml"), text).unwrap();
    let since = ["--changed-since", "HEAD"];
    let is_set = |found: &[(String, String)], rule: &str, severity: &str| {
        assert!(found.contains(&(rule.to_owned(), severity.to_owned())), "{rule}: {found:?}");
    };
    let (code, changed) = found(&project.clone, &since);
    assert_eq!(code, 1);
    is_set(&changed, "published-revision-changed", "error");
    is_set(&changed, "allowance-changed", "warning");
    // Nor by a file of its own in the catalog, where there was none.
    fs::write(project.clone.join("gen-catalog.toml"), "catalog = \"shop\"\n").unwrap();
    fs::write(project.clone.join("shop/gen-catalog.toml"), "[severities]\npublished-revision-changed = \"off\"\n")
        .unwrap();
    let (code, changed) = found(&project.clone, &since);
    assert_eq!(code, 1);
    is_set(&changed, "published-revision-changed", "error");
    is_set(&changed, "allowance-changed", "warning");
    // Once it is merged it counts; to take it back does not.
    fs::write(&docker, fs::read_to_string(&docker).unwrap().replace("web:9.0.0", "web:1.0.0")).unwrap();
    commit_all(&project.clone, "set");
    fs::write(&docker, fs::read_to_string(&docker).unwrap().replace("web:1.0.0", "web:9.0.0")).unwrap();
    assert_eq!(found(&project.clone, &since), (0, Vec::new()));
    fs::remove_file(project.clone.join("shop/gen-catalog.toml")).unwrap();
    let (_, changed) = found(&project.clone, &since);
    assert_eq!(changed, one("allowance-changed", "warning"));
}

fn a_change_does_not_have_another_catalog_checked() {
    let project = project("catalog = \"shop\"\n");
    let docker = project.clone.join("shop/infra-templates/example/0/docker-compose.yml");
    fs::write(&docker, fs::read_to_string(&docker).unwrap().replace("web:1.0.0", "web:9.0.0")).unwrap();
    for (name, text) in GOOD_TEMPLATE {
        put(&project.clone, &format!("decoy/infra-templates/example/{name}"), text);
    }
    fs::write(project.clone.join("gen-catalog.toml"), "catalog = \"decoy\"\n").unwrap();
    let (code, changed) = found(&project.clone, &["--changed-since", "HEAD"]);
    assert_eq!(code, 1);
    assert!(changed.iter().any(|(rule, _)| rule == "published-revision-changed"), "{changed:?}");
    assert_eq!(found(&project.clone, &[]), (0, Vec::new()));
}

fn it_is_found_from_every_folder_of_the_project() {
    let project = project("catalog = \"shop\"\n[severities]\nimage-latest = \"error\"\n");
    for folder in ["", "docs", "docs/deep/er", "shop", "shop/infra-templates", "shop/infra-templates/example/1"] {
        let folder = project.clone.join(folder);
        assert_eq!(found(&folder, &[]), (1, one("image-latest", "error")), "{}", folder.display());
    }
    // What is named is what is looked at.
    assert_eq!(found(&project.clone.join("docs"), &["../shop/infra-templates/example/0"]), (0, Vec::new()));
    let (code, text, errors) = outcome(&project.clone.join("docs/deep"), &["images", "--quiet"]);
    assert_eq!((code, text.as_str()), (0, "example/web:1.0.0\nexample/web:latest\n"), "{errors}");
    let (code, text, errors) =
        outcome(&project.clone.join("docs"), &["bump", "example", "--image", "web=1.2.0", "--minor", "--dry-run"]);
    assert!(code == 0 && text.contains("infra-templates/example would get v1.2.0 as revision 2"), "{text}{errors}");
    let (code, text, _) = outcome(&project.clone.join("docs"), &["version"]);
    assert!(code == 0 && text.contains("revision                 4"), "{text}");
}

fn it_is_not_looked_for_beyond_the_repository_nor_over_links() {
    let project = project("# Nothing is set.\n");
    let above = "catalog = \"clone/shop\"\n[severities]\nimage-latest = \"error\"\n";
    fs::write(project.folder.path().join("gen-catalog.toml"), above).unwrap();
    let catalog = project.clone.join("shop");
    assert_eq!(found(&catalog, &[]), (0, one("image-latest", "warning")));
    fs::remove_file(project.clone.join("gen-catalog.toml")).unwrap();
    assert_eq!(found(&catalog, &[]), (0, one("image-latest", "warning")), "it stands above the repository");
    // A link to a catalog elsewhere is none of the project's.
    let elsewhere = tempfile::tempdir().unwrap();
    for (name, text) in GOOD_TEMPLATE {
        put(elsewhere.path(), &format!("infra-templates/example/{name}"), text);
    }
    symlink(elsewhere.path(), project.clone.join("link")).unwrap();
    fs::write(project.clone.join("gen-catalog.toml"), "catalog = \"link\"\n").unwrap();
    let (code, _, errors) = outcome(&project.clone, &["check"]);
    assert!(code == 2 && errors.contains("gen-catalog.toml:1:11: `catalog` is \"link\": a link"), "{errors}");
    fs::write(project.clone.join("gen-catalog.toml"), "# Ours.\ncatalog = \"shopp\"\n").unwrap();
    let (code, _, errors) = outcome(&project.clone, &["check"]);
    assert!(
        code == 2 && errors.contains("gen-catalog.toml:2:11: `catalog` is \"shopp\": there is no such"),
        "{errors}"
    );
    // A file that is a link is told, and not followed.
    fs::remove_file(project.clone.join("gen-catalog.toml")).unwrap();
    symlink(project.folder.path().join("gen-catalog.toml"), project.clone.join("gen-catalog.toml")).unwrap();
    let (code, _, errors) = outcome(&catalog, &["check"]);
    assert!(code == 2 && errors.contains("gen-catalog.toml") && errors.contains("link"), "{errors}");
}

fn a_catalog_that_one_stands_in_is_not_exchanged_for_another() {
    let project = project("catalog = \"shop\"\n");
    for (name, text) in GOOD_TEMPLATE {
        put(&project.clone, &format!("infra-templates/example/{name}"), text);
    }
    let docker = project.clone.join("infra-templates/example/1/docker-compose.yml");
    fs::write(&docker, fs::read_to_string(&docker).unwrap().replace("web:1.1.0", "busybox")).unwrap();
    for args in [&["."][..], &[]] {
        assert!(found(&project.clone, args).1.contains(&one("image-tag-missing", "warning")[0]), "{args:?}");
    }
}

fn new_templates_and_tests_are_those_of_the_projects_catalog() {
    let project = project("catalog = \"shop\"\n");
    let new = ["new", "zed", "--infra", "--image", "example/zed:1.0.0", "--maintainer", "Jane Doe <jane@example.com>"];
    let (code, text, errors) = outcome(&project.clone, &new);
    assert!(code == 0 && text.contains("gen-catalog check shop/infra-templates/zed "), "{text}{errors}");
    assert!(project.clone.join("shop/infra-templates/zed/0/docker-compose.yml").is_file());
    put(&project.clone, "shop/infra-templates/zed/tests/all.yml", "tests:\n- {name: it is taken, refused: false}\n");
    let (code, text, errors) = outcome(&project.clone, &["test"]);
    assert!(code == 0 && text.contains("1 test"), "{text}{errors}");
}

fn the_file_in_the_catalog_itself_wins() {
    let project = project("catalog = \"shop\"\n[severities]\nimage-latest = \"error\"\n");
    fs::write(project.clone.join("shop/gen-catalog.toml"), "# Nothing is set.\n").unwrap();
    assert_eq!(found(&project.clone, &[]), (0, one("image-latest", "warning")));
    // One above it that speaks of another catalog, or of none, does not concern it.
    fs::remove_file(project.clone.join("shop/gen-catalog.toml")).unwrap();
    for other in ["", "catalog = \"docs\"\n"] {
        let text = format!("{other}[severities]\nimage-latest = \"error\"\n");
        fs::write(project.clone.join("gen-catalog.toml"), text).unwrap();
        assert_eq!(found(&project.clone, &["shop"]), (0, one("image-latest", "warning")), "{other}");
    }
}

fn next_versions_are_what_the_file_says_and_flags_win() {
    let project = project(
        "catalog = \"shop\"\nregistry = \"mirror.example.com:5000\"\nversion = \"minor\"\n\
         [[template]]\npath = \"infra-templates/example\"\nversion = \"patch\"\n\
         [[template]]\npath = \"infra-templates\"\nversion = \"major\"\n",
    );
    let bump = |args: &[&str]| {
        let all = [&["bump", "example", "--image", "web=1.2.0", "--dry-run", "--format", "json"], args].concat();
        let (code, text, errors) = outcome(&project.clone, &all);
        assert_eq!(code, 0, "{errors}");
        let report = json(&text);
        let word = |value: &Value| value.as_str().unwrap().to_owned();
        (word(&report["version"]["after"]), word(&report["images"][0]["after"]))
    };
    let is = |version: &str, image: &str| (version.to_owned(), image.to_owned());
    assert_eq!(bump(&[]), is("v1.1.1", "mirror.example.com:5000/example/web:1.2.0"));
    assert_eq!(
        bump(&["--minor", "--rewrite", "other.example.com"]),
        is("v1.2.0", "other.example.com/example/web:1.2.0")
    );
    assert_eq!(bump(&["--version", "v7.0.0"]).0, "v7.0.0");
    // The longest path counts, whatever comes first; without one what is said for all.
    let text =
        "catalog = \"shop\"\nversion = \"minor\"\n[[template]]\npath = \"infra-templates\"\nversion = \"major\"\n";
    fs::write(project.clone.join("gen-catalog.toml"), text).unwrap();
    assert_eq!(bump(&[]), is("v2.0.0", "example/web:1.2.0"));
    fs::write(project.clone.join("gen-catalog.toml"), "catalog = \"shop\"\nversion = \"minor\"\n").unwrap();
    assert_eq!(bump(&[]).0, "v1.2.0");
}

fn owners_are_named_in_the_pull_request() {
    let project = project(
        "catalog = \"shop\"\nversion = \"minor\"\n[[template]]\npath = \"infra-templates/example\"\n\
         owners = [\"@example/web\", \"jane@example.com\"]\n",
    );
    let release = |args: &[&str]| {
        let all = [&["release", "example", "--image", "web=1.2.0", "--dry-run", "--format", "json"], args].concat();
        let (code, text, errors) = outcome(&project.clone.join("docs"), &all);
        assert_eq!(code, 0, "{errors}");
        json(&text)
    };
    let report = release(&[]);
    assert_eq!(report["version"]["after"], "v1.2.0");
    let body = report["body"].as_str().unwrap();
    assert!(body.contains("\n- owners: @example/web, jane@example.com\n"), "{body}");
    // By what is built upon, and not by what lies in the work tree.
    fs::write(project.clone.join("gen-catalog.toml"), "catalog = \"shop\"\nversion = \"minor\"\n").unwrap();
    commit_all(&project.clone, "nobody owns it");
    git(&project.clone, &["push", "-q", "origin", "master"]);
    let body = release(&[])["body"].as_str().unwrap().to_owned();
    assert!(!body.contains("owners"), "{body}");
    let body = release(&["--base", "HEAD~"])["body"].as_str().unwrap().to_owned();
    assert!(body.contains("- owners: @example/web"), "{body}");
}

/// Texts, and what is said of those that are wrong.
const TEXTS: [(&str, Option<&str>); 33] = [
    ("", None),
    ("catalog = \"community-catalog\"\nfor = \"rancher\"\n", None),
    ("catalog = \"a/b/\"\n", None),
    ("catalog = \"..\"\n", Some("1:11: `catalog` is \"..\"; it must be a folder below, without `.` and `..` in it")),
    ("catalog = \"a/../..\"\n", Some("1:11: `catalog` is")),
    ("catalog = \"./a\"\n", Some("1:11: `catalog` is")),
    ("catalog = \"/etc\"\n", Some("1:11: `catalog` is")),
    ("catalog = \"\"\n", Some("1:11: `catalog` is")),
    ("catalog = [\"a\"]\n", Some("1:11: `catalog` is a list; it must be one text, in quotes")),
    ("catalg = \"a\"\n", Some("1:1: there is no `catalg` at the top")),
    ("registry = \"mirror.example.com:5000\"\n", None),
    ("registry = \"localhost\"\n", None),
    ("registry = \"mirror\"\n", Some("1:12: `registry` is \"mirror\"; it must be the name of a registry")),
    ("registry = \"a.b/c\"\n", Some("1:12: `registry` is")),
    ("registry = \"a.b:\"\n", Some("1:12: `registry` is")),
    ("version = \"minor\"\n", None),
    (
        "version = \"pach\"\n",
        Some("1:11: `version` is \"pach\"; it can be \"follow\", \"patch\", \"minor\", \"major\": is `patch` meant?"),
    ),
    ("[severities]\nimage-latest = \"off\"\nreadme-missing = \"error\"\n", None),
    ("[severities]\nimage-latst = \"off\"\n", Some("2:1: there is no rule `image-latst`: is `image-latest` meant?")),
    (
        "[severities]\nimage-latest = \"warn\"\n",
        Some("2:16: `image-latest` is \"warn\"; it can be \"error\", \"warning\", \"note\", \"off\""),
    ),
    ("[severities]\nimage-latest = 1\n", Some("2:16: `image-latest` is a number; it must be one text")),
    ("severities = \"off\"\n", Some("1:1: `severities` is a table: write [severities]")),
    ("[severities]\nservice-unknown-key = \"off\"\n", Some("2:23: `service-unknown-key` finds what")),
    ("[severities]\nservice-unknown-key = \"error\"\n", None),
    ("[[template]]\npath = \"infra-templates/a\"\nowners = [\"@a/b\", \"@c\", \"d+e@f.example\"]\n", None),
    ("[[template]]\nversion = \"patch\"\n", Some("1:1: this template has no `path`")),
    ("[[template]]\npath = \"a\"\nowner = \"@a\"\n", Some("3:1: there is no `owner` of a template")),
    ("[[template]]\npath = \"a\"\nowners = \"@a\"\n", Some("3:10: `owners` must be a list")),
    (
        "[[template]]\npath = \"a\"\nowners = [\"@a\", \"@b](http://x)\"]\n",
        Some("3:17: \"@b](http://x)\" is no owner: @name, @organisation/team or an address is"),
    ),
    ("[[template]]\npath = \"a\"\nowners = [\"@a\\n# x\"]\n", Some("3:11: ")),
    ("[template]\npath = \"a\"\n", Some("1:2: `template` is a list, with an [[template]] above each entry")),
    ("[[allow]]\nrule = \"image-latest\"\nreason = \"it is so\"\n", None),
    (
        "[[allow]]\nrule = \"image-latest\"\nreason = \" \"\n",
        Some("3:10: the reason for allowing `image-latest` is empty"),
    ),
];

fn what_is_wrong_is_told_with_its_place() {
    let project = project("");
    for (text, says) in TEXTS {
        fs::write(project.clone.join("shop/gen-catalog.toml"), text).unwrap();
        let (code, _, errors) = outcome(&project.clone, &["check", "shop"]);
        match says {
            None => assert_ne!(code, 2, "{text}: {errors}"),
            Some(says) => {
                assert_eq!(code, 2, "{text}");
                assert!(errors.contains(&format!("shop/gen-catalog.toml:{says}")), "{text}: {errors}");
            }
        }
    }
}

fn the_schema_takes_what_the_reader_takes() {
    let schema = schema();
    assert!(jsonschema::meta::is_valid(&schema));
    let validator = jsonschema::validator_for(&schema).unwrap();
    let folder = tempfile::tempdir().unwrap();
    for (text, says) in TEXTS {
        let value: Value = serde_json::to_value(toml::from_str::<toml::Table>(text).unwrap()).unwrap();
        assert_eq!(validator.is_valid(&value), says.is_none(), "{text}");
        assert_eq!(CatalogConfig::parse(folder.path(), text).is_ok(), says.is_none(), "{text}");
    }
    // Whatever severity a rule is set to, both say the same of it.
    for rule in rules::every() {
        for severity in ["error", "warning", "note", "off", "of"] {
            let text = format!("[severities]\n{} = {severity:?}\n", rule.id);
            let value = serde_json::to_value(toml::from_str::<toml::Table>(&text).unwrap()).unwrap();
            assert_eq!(validator.is_valid(&value), CatalogConfig::parse(folder.path(), &text).is_ok(), "{text}");
        }
    }
    let (code, text, _) = outcome(folder.path(), &["schema", "gen-catalog"]);
    assert_eq!((code, serde_json::from_str::<Value>(&text).unwrap()), (0, schema));
}
