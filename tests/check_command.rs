//! `gen-catalog check` as people and CI use it: paths, levels, formats, silence, fixes, and bad input.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;
use swarm_lab::trial::Trial;
use swarm_lab::trials;

use catalog_check::rules::GOOD_TEMPLATE;
use serde_json::Value;
use swarm_lab::generator::outcome;

pub fn trials() -> Vec<Trial> {
    trials![
        a_finding_names_its_rule_its_place_the_line_why_and_how,
        errors_make_it_fail_and_warnings_only_when_strict,
        what_the_community_catalog_refuses_is_an_error_for_it_alone,
        a_path_may_be_a_catalog_a_base_a_template_a_version_or_a_file,
        sarif_is_valid_by_the_published_schema,
        github_gets_ten_annotations_of_a_level_at_the_most,
        rules_are_listed_and_explained,
        a_file_of_no_template_is_an_error_not_a_good_result,
        a_gen_catalog_toml_that_is_no_file_does_not_make_it_wait,
        without_a_path_the_working_folder_is_checked,
        a_path_that_holds_nothing_to_check_says_what_was_expected,
        layout_is_told_once_a_file,
        the_summary_counts_what_was_asked_for,
        a_name_that_is_no_rule_gets_the_nearest_one,
        a_rule_that_cannot_run_is_an_error_not_a_good_result,
        paths_for_code_hosts_are_those_of_the_repository,
        what_cannot_be_read_is_a_finding_or_a_clear_error,
    ]
}

/// A catalog with the good template in it, changed.
pub fn catalog(changes: &[(&str, &str, &str)]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let template = folder.path().join("infra-templates/example");
    for (name, text) in GOOD_TEMPLATE {
        fs::create_dir_all(template.join(name).parent().unwrap()).unwrap();
        fs::write(template.join(name), text).unwrap();
    }
    for (name, from, to) in changes {
        let text = fs::read_to_string(template.join(name)).unwrap();
        assert!(text.contains(from), "{name} {from}");
        fs::write(template.join(name), text.replacen(from, to, 1)).unwrap();
    }
    folder
}

pub const DOCKER: &str = "1/docker-compose.yml";
pub const RANCHER: &str = "1/rancher-compose.yml";
pub const LATEST: (&str, &str, &str) = (DOCKER, "web:1.1.0", "web:latest");
const BROKEN: (&str, &str, &str) = ("config.yml", "version: v1.1.0", "version: [v9.9.9]");

fn a_finding_names_its_rule_its_place_the_line_why_and_how() {
    let folder = catalog(&[LATEST]);
    let (code, text, errors) = outcome(folder.path(), &["check", "."]);
    assert_eq!((code, errors.as_str()), (0, ""));
    let expected = "infra-templates/example/1/docker-compose.yml:4:12: warning[image-latest]: example/web:latest is whatever \
                    was built last\n  4 |     image: example/web:latest\n    |            ^^^^^^^^^^^^^^^^^^\n    why: ";
    assert!(text.starts_with(expected), "{text}");
    assert!(text.contains("    fix: Name a tag that stays.\n"), "{text}");
    assert!(text.ends_with("\n1 warning in 1 template, 2 versions\n"), "{text}");
}

fn errors_make_it_fail_and_warnings_only_when_strict() {
    let warned = catalog(&[LATEST]);
    assert_eq!(outcome(warned.path(), &["check", "."]).0, 0);
    assert_eq!(outcome(warned.path(), &["check", ".", "--strict"]).0, 1);
    assert_eq!(outcome(warned.path(), &["check", ".", "--strict", "--skip", "image-latest"]).0, 0);
    assert_eq!(outcome(warned.path(), &["check", ".", "--strict", "--level", "error"]).0, 0);
    let broken = catalog(&[BROKEN, LATEST]);
    assert_eq!(outcome(broken.path(), &["check", "."]).0, 1);
    assert_eq!(outcome(broken.path(), &["check", ".", "--only", "image-latest"]).0, 0);
    assert_eq!(outcome(broken.path(), &["check", ".", "--only", "image-latest,config-shape"]).0, 1);
}

fn what_the_community_catalog_refuses_is_an_error_for_it_alone() {
    for (from, to, id) in [
        ("Jane Doe <jane@example.com>", "jane@example.com", "maintainer-form"),
        ("version: v1.1.0", "version: v9.9.9", "default-version"),
    ] {
        let folder = catalog(&[("config.yml", from, to)]);
        let run = |more: &[&str]| {
            let (code, text, _) =
                outcome(folder.path(), &[&["check", ".", "--only", id, "--level", "note"], more].concat());
            (code, text.contains(&format!("error[{id}]")))
        };
        assert_eq!(run(&[]), (0, false), "{id}");
        assert_eq!(run(&["--for", "community"]), (1, true), "{id}");
        fs::write(folder.path().join("gen-catalog.toml"), "for = \"community\"\n").unwrap();
        assert_eq!(run(&[]), (1, true), "{id}");
        assert_eq!(run(&["--for", "rancher"]), (0, false), "{id}");
    }
}

fn a_path_may_be_a_catalog_a_base_a_template_a_version_or_a_file() {
    let folder = catalog(&[LATEST, BROKEN]);
    let lines = |path: &str| {
        let (_, text, errors) = outcome(folder.path(), &["check", path, "--format", "json"]);
        let json: Value = serde_json::from_str(&text).unwrap_or_else(|_| panic!("{path}: {errors}"));
        json["findings"].as_array().unwrap().len()
    };
    let template = "infra-templates/example";
    for path in [".", "infra-templates", template] {
        assert_eq!(lines(path), 2, "{path}");
    }
    for path in [
        "infra-templates/example/1",
        "infra-templates/example/1/docker-compose.yml",
        "infra-templates/example/config.yml",
    ] {
        assert_eq!(lines(path), 1, "{path}");
    }
    assert_eq!(lines("infra-templates/example/0"), 0);
    let (_, text, _) = outcome(&folder.path().join("infra-templates/example/1"), &["check", "."]);
    assert!(text.starts_with("docker-compose.yml:4:12: "), "{text}");
}

fn sarif_is_valid_by_the_published_schema() {
    let schema =
        fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/sarif-schema-2.1.0.json")).unwrap();
    // The published schema holds a pattern that is no regular expression: that of a language, which we do not state.
    let schema = schema.replace("-[a-zA-Z]{2}]?$", "-[a-zA-Z]{2}$");
    let schema: Value = serde_json::from_str(&schema).unwrap();
    let validator = jsonschema::validator_for(&schema).unwrap();
    for changes in [&[][..], &[LATEST, BROKEN, (RANCHER, "label: Size", "labl: Size")]] {
        let folder = catalog(changes);
        fs::write(folder.path().join("infra-templates/example/a b%.txt"), "").unwrap();
        let (_, text, _) = outcome(folder.path(), &["check", ".", "--format", "sarif", "--level", "note"]);
        let sarif: Value = serde_json::from_str(&text).unwrap();
        let errors: Vec<String> = validator.iter_errors(&sarif).map(|error| error.to_string()).collect();
        assert!(errors.is_empty(), "{errors:?}");
        let results = sarif["runs"][0]["results"].as_array().unwrap();
        assert!(results.len() > changes.len());
        for result in results {
            let rule = result["ruleIndex"].as_u64().unwrap() as usize;
            assert_eq!(sarif["runs"][0]["tool"]["driver"]["rules"][rule]["id"], result["ruleId"]);
        }
        assert!(text.contains("infra-templates/example/a%20b%25.txt"));
    }
}

fn github_gets_ten_annotations_of_a_level_at_the_most() {
    let many: Vec<String> = (0..15).map(|n| format!("  s{n}:\n    image: example/web:latest\n")).collect();
    let folder = catalog(&[BROKEN, (DOCKER, "services:\n", &format!("services:\n{}", many.concat()))]);
    let (code, text, _) = outcome(folder.path(), &["check", ".", "--format", "github"]);
    assert_eq!(code, 1);
    let of = |command: &str| text.lines().filter(|line| line.starts_with(command)).collect::<Vec<_>>();
    assert_eq!(of("::error ").len(), 1);
    assert_eq!(of("::warning ").len(), 10);
    assert_eq!(of("::warning ")[9], "::warning title=gen-catalog::and 6 more warnings");
    assert!(
        of("::error ")[0].starts_with("::error file=infra-templates/example/config.yml,line=3,col=10,endColumn="),
        "{text}"
    );
    assert!(of("::error ")[0].contains("title=config-shape::version holds a list, and a text is due%0A"));
}

fn rules_are_listed_and_explained() {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let (code, text, _) = outcome(here, &["rules"]);
    assert_eq!(code, 0);
    assert!(text.lines().count() > 70 && text.contains("health-check-dns"), "{text}");
    assert!(text.contains("published-revision-changed"));
    let (code, text, _) = outcome(here, &["rules", "health-check-dns"]);
    assert_eq!(code, 0);
    for part in [
        "health-check-dns (warning)",
        "Why it matters: Its health checks never pass",
        "How to fix it: ",
        "network_mode: host",
        "and nothing with",
    ] {
        assert!(text.contains(part), "{part}: {text}");
    }
    let (code, _, errors) = outcome(here, &["rules", "helth"]);
    assert_eq!(code, 2);
    assert!(errors.contains("there is no rule `helth`"));
    assert_eq!(outcome(here, &["check", ".", "--only", "helth"]).0, 2);
}

fn a_file_of_no_template_is_an_error_not_a_good_result() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("docker-compose.yml"), "web:\n  image: busybox\n").unwrap();
    let (code, _, errors) = outcome(folder.path(), &["check", "docker-compose.yml"]);
    assert_eq!(code, 2);
    assert!(errors.contains("docker-compose.yml is in no template"), "{errors}");
    let folder = catalog(&[LATEST]);
    for beside in ["docker-compose.yml", "infra-templates/docker-compose.yml"] {
        fs::write(folder.path().join(beside), "web:\n  image: busybox\n").unwrap();
        let (code, text, errors) = outcome(folder.path(), &["check", beside]);
        assert_eq!((code, text.as_str()), (2, ""), "{beside}");
        assert!(errors.contains("docker-compose.yml is in no template"), "{errors}");
    }
}

fn a_gen_catalog_toml_that_is_no_file_does_not_make_it_wait() {
    let folder = catalog(&[]);
    let status = std::process::Command::new("mkfifo").arg(folder.path().join("gen-catalog.toml")).status().unwrap();
    assert!(status.success());
    let (code, _, errors) = outcome(folder.path(), &["check", "."]);
    assert_eq!(code, 2);
    assert!(errors.contains("gen-catalog.toml: it is a pipe"), "{errors}");
}

fn without_a_path_the_working_folder_is_checked() {
    let folder = catalog(&[LATEST]);
    for (below, versions) in
        [("", 2), ("infra-templates", 2), ("infra-templates/example", 2), ("infra-templates/example/1", 1)]
    {
        let here = folder.path().join(below);
        let plural = if versions == 1 { "" } else { "s" };
        let (code, text, errors) = outcome(&here, &["check"]);
        assert_eq!((code, errors.as_str()), (0, ""), "{below}");
        assert!(text.ends_with(&format!("\n1 warning in 1 template, {versions} version{plural}\n")), "{below}: {text}");
    }
}

fn a_path_that_holds_nothing_to_check_says_what_was_expected() {
    let folder = catalog(&[]);
    let template = folder.path().join("infra-templates/example");
    fs::create_dir_all(template.join("1/files/more")).unwrap();
    fs::write(template.join("1/files/web.conf"), "").unwrap();
    fs::create_dir(folder.path().join("docs")).unwrap();
    fs::create_dir(folder.path().join("empty-templates")).unwrap();
    let above = folder.path().parent().unwrap();
    let name = folder.path().file_name().unwrap().to_str().unwrap();
    let version = template.join("1");
    for (path, says) in [
        ("docs", "name a catalog".to_owned()),
        ("nowhere", "nowhere is not there: name a catalog".to_owned()),
        ("empty-templates", "holds no template".to_owned()),
        (
            "infra-templates/example/1/files",
            format!(
                "holds nothing to check: of a version Rancher reads docker-compose.yml, docker-compose.yml.tpl, rancher-compose.yml, project.yml in its own folder; name {}",
                version.display()
            ),
        ),
        ("infra-templates/example/1/files/more", "holds nothing to check".to_owned()),
        ("infra-templates/example/1/files/web.conf", "holds nothing to check".to_owned()),
        ("infra-templates/example/1/README.md", "holds nothing to check".to_owned()),
    ] {
        let (code, text, errors) = outcome(folder.path(), &["check", path]);
        assert_eq!((code, text.as_str()), (2, ""), "{path}: {errors}");
        assert!(errors.contains(&says), "{path}: {errors}");
    }
    // One too high.
    let high = tempfile::tempdir_in(above).unwrap();
    fs::rename(folder.path(), high.path().join("catalog")).unwrap();
    let (code, _, errors) = outcome(high.path(), &["check"]);
    assert_eq!(code, 2);
    assert!(errors.contains("holds no template") && errors.contains("catalog does: name that"), "{name}: {errors}");
}

fn layout_is_told_once_a_file() {
    let folder = catalog(&[
        (DOCKER, "services:", "services:  "),
        (DOCKER, "  web:", "  web:   "),
        (RANCHER, "version: '2'", "version: '2' "),
    ]);
    let path = folder.path().join("infra-templates/example").join(DOCKER);
    let text =
        fs::read_to_string(&path).unwrap().replace("ports:\n", "ports:\r\n").replace("image: ", "image:\t") + "\n\n";
    fs::write(&path, text).unwrap();
    let found = |options: &[&str]| -> Vec<(String, String)> {
        let (_, text, _) =
            outcome(folder.path(), &[&["check", ".", "--level", "note", "--format", "json"], options].concat());
        let json: Value = serde_json::from_str(&text).unwrap();
        let text = |finding: &Value, key: &str| finding[key].as_str().unwrap().to_owned();
        json["findings"]
            .as_array()
            .unwrap()
            .iter()
            .map(|finding| (text(finding, "path"), text(finding, "message")))
            .collect()
    };
    let (docker, rancher) = (format!("infra-templates/example/{DOCKER}"), format!("infra-templates/example/{RANCHER}"));
    let all = "white space at the end of the line (2 lines); also a tab (text-tab, 2 lines); also this line ends in a carriage return \
               (text-crlf); also blank lines at the end of the file (text-blank-end)";
    let space = "white space at the end of the line".to_owned();
    assert_eq!(found(&[]), [(docker.clone(), all.to_owned()), (rancher.clone(), space.clone())]);
    assert_eq!(found(&["--only", "text-tab"]), [(docker.clone(), "a tab (2 lines)".to_owned())]);
    assert_eq!(found(&["--only", "text-trailing-space"]), [(docker, format!("{space} (2 lines)")), (rancher, space)]);
    // An allowance of one line leaves the others to be told.
    let text = fs::read_to_string(&path).unwrap();
    let allowed = text.replacen("services:  \n", "# gen-catalog: allow text-trailing-space as it is\nservices:  \n", 1);
    fs::write(&path, allowed).unwrap();
    let left = found(&["--only", "text-trailing-space"]);
    assert_eq!(left[0].1, "white space at the end of the line");
}

fn the_summary_counts_what_was_asked_for() {
    let folder = catalog(&[LATEST, (DOCKER, "services:", "services: ")]);
    let rules = catalog_check::rules::every().count();
    let summary = |options: &[&str]| {
        let (_, text, errors) = outcome(folder.path(), &[&["check"], options].concat());
        text.lines().last().unwrap_or_else(|| panic!("{errors}")).to_owned()
    };
    assert_eq!(summary(&["."]), "1 warning in 1 template, 2 versions");
    assert_eq!(summary(&["infra-templates/example/0"]), "nothing found in 1 template, 1 version");
    assert_eq!(summary(&["infra-templates/example/config.yml"]), "nothing found in 1 template, 0 versions");
    assert_eq!(summary(&[".", "--level", "error"]), "no errors in 1 template, 2 versions");
    assert_eq!(summary(&[".", "--level", "note"]), "1 warning, 1 note in 1 template, 2 versions; --fix fixes 1");
    let by = |ran: usize| format!("by {ran} of {rules} rules");
    assert_eq!(summary(&[".", "--only", "image-form"]), format!("nothing found in 1 template, 2 versions {}", by(1)));
    assert_eq!(
        summary(&[".", "--skip", "image-latest"]),
        format!("nothing found in 1 template, 2 versions {}", by(rules - 1))
    );
}

fn a_name_that_is_no_rule_gets_the_nearest_one() {
    let folder = catalog(&[]);
    for arguments in [
        &["check", ".", "--only", "imge-latest"][..],
        &["check", ".", "--skip", "host-pid,image-lates"],
        &["rules", "image_latest"],
        &["rules", "IMAGE-LATEST"],
    ] {
        let (code, _, errors) = outcome(folder.path(), arguments);
        assert_eq!(code, 2);
        assert!(errors.contains("is `image-latest` meant?"), "{errors}");
    }
    let (_, _, errors) = outcome(folder.path(), &["rules", "x"]);
    assert_eq!(errors, "error: there is no rule `x`; `gen-catalog rules` lists them\n");
}

fn a_rule_that_cannot_run_is_an_error_not_a_good_result() {
    let folder = catalog(&[LATEST]);
    for (arguments, wanted) in [
        (&["--only", "image-latest", "--skip", "image-latest"][..], "leave no rule to run"),
        (&["--only", "version-not-higher"], "version-not-higher looks at what a change does: give --changed-since too"),
    ] {
        let (code, text, errors) = outcome(folder.path(), &[&["check", "."], arguments].concat());
        assert_eq!((code, text.as_str()), (2, ""), "{arguments:?}");
        assert!(errors.contains(wanted), "{errors}");
    }
}

fn paths_for_code_hosts_are_those_of_the_repository() {
    let folder = catalog(&[LATEST]);
    crate::check_changed::git(folder.path(), &["init", "-q", "."]);
    let template = folder.path().join("infra-templates/example");
    let expected = format!("infra-templates/example/{DOCKER}");
    for (here, path) in [(folder.path(), "."), (&template, "."), (&template.join("1"), "docker-compose.yml")] {
        let (_, text, _) = outcome(here, &["check", path, "--format", "sarif"]);
        let sarif: Value = serde_json::from_str(&text).unwrap();
        let location = &sarif["runs"][0]["results"][0]["locations"][0]["physicalLocation"];
        assert_eq!(location["artifactLocation"]["uri"], expected.as_str(), "{}", here.display());
        let (_, text, _) = outcome(here, &["check", path, "--format", "github"]);
        assert!(text.starts_with(&format!("::warning file={expected},line=4,")), "{text}");
        let (_, text, _) = outcome(here, &["check", path, "--format", "junit"]);
        assert!(text.contains(&format!("name=\"image-latest: {expected}\"")), "{text}");
    }
    let elsewhere = tempfile::tempdir().unwrap();
    symlink(folder.path(), elsewhere.path().join("link")).unwrap();
    let (_, text, _) = outcome(elsewhere.path(), &["check", "link", "--format", "github"]);
    assert!(text.starts_with(&format!("::warning file={expected},line=4,")), "{text}");
}

fn what_cannot_be_read_is_a_finding_or_a_clear_error() {
    let folder = tempfile::tempdir().unwrap();
    for path in ["nowhere", "."] {
        let (code, _, errors) = outcome(folder.path(), &["check", path]);
        assert_eq!(code, 2, "{path}");
        assert!(errors.starts_with("error: "), "{errors}");
    }
    let finds = |change: &dyn Fn(&Path), id: &str| {
        let folder = catalog(&[]);
        change(&folder.path().join("infra-templates/example"));
        let (code, text, errors) = outcome(folder.path(), &["check", "."]);
        assert_eq!(code, 1, "{id}: {text}{errors}");
        assert!(text.contains(&format!("error[{id}]")), "{id}: {text}");
    };
    finds(&|t| fs::write(t.join(DOCKER), [0xff, 0xfe, b'a', 0]).unwrap(), "encoding");
    finds(&|t| fs::write(t.join(DOCKER), "[".repeat(900)).unwrap(), "yaml-syntax");
    finds(
        &|t| {
            fs::remove_file(t.join(DOCKER)).unwrap();
            symlink("docker-compose.yml", t.join(DOCKER)).unwrap()
        },
        "unreadable",
    );
    finds(
        &|t| {
            fs::remove_file(t.join(DOCKER)).unwrap();
            fs::create_dir(t.join(DOCKER)).unwrap()
        },
        "docker-compose-missing",
    );
    finds(&|t| fs::write(t.join(DOCKER), "{{ range until 1000000000 }}x{{ end }}").unwrap(), "compose-layout");
    finds(&|t| fs::write(t.join(RANCHER), "").unwrap(), "version-missing");
    let warns = |change: &dyn Fn(&Path), id: &str| {
        let folder = catalog(&[]);
        change(&folder.path().join("infra-templates/example"));
        let (code, text, errors) = outcome(folder.path(), &["check", "."]);
        assert_eq!(code, 0, "{id}: {text}{errors}");
        assert!(text.contains(&format!("warning[{id}]")), "{id}: {text}");
    };
    warns(&|t| fs::File::create(t.join(RANCHER)).unwrap().set_len(100 << 20).unwrap(), "too-large");
    warns(&|t| symlink("..", t.join("loop")).unwrap(), "link-skipped");
}
