//! `gen-catalog check` as people and CI use it: paths, levels, formats, silence, fixes, and bad input.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;
use swarm_lab::trial::Trial;
use swarm_lab::trials;

use catalog_check::rules::GOOD_TEMPLATE;
use serde_json::Value;
use swarm_lab::generator::outcome;
use swarm_lab::tree::snapshot;

pub fn trials() -> Vec<Trial> {
    trials![
        a_finding_names_its_rule_its_place_the_line_why_and_how,
        errors_make_it_fail_and_warnings_only_when_strict,
        what_the_community_catalog_refuses_is_an_error_for_it_alone,
        a_path_may_be_a_catalog_a_base_a_template_a_version_or_a_file,
        sarif_is_valid_by_the_published_schema,
        github_gets_ten_annotations_of_a_level_at_the_most,
        a_comment_with_a_reason_silences_a_rule_in_its_line,
        gen_catalog_toml_silences_rules_below_a_path_with_a_reason,
        fix_mends_what_has_one_safe_answer_and_leaves_the_rest_of_the_file_alone,
        rules_are_listed_and_explained,
        a_file_of_no_template_is_an_error_not_a_good_result,
        a_gen_catalog_toml_that_is_no_file_does_not_make_it_wait,
        what_a_file_holds_does_not_govern_the_terminal,
        what_cannot_be_read_is_a_finding_or_a_clear_error,
    ]
}

/// A catalog with the good template in it, changed.
fn catalog(changes: &[(&str, &str, &str)]) -> tempfile::TempDir {
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

const DOCKER: &str = "1/docker-compose.yml";
const RANCHER: &str = "1/rancher-compose.yml";
const LATEST: (&str, &str, &str) = (DOCKER, "web:1.1.0", "web:latest");
const BROKEN: (&str, &str, &str) = ("config.yml", "version: v1.1.0", "version: [v9.9.9]");

fn a_finding_names_its_rule_its_place_the_line_why_and_how() {
    let folder = catalog(&[LATEST]);
    let (code, text, errors) = outcome(folder.path(), &["check", "."]);
    assert_eq!((code, errors.as_str()), (0, ""));
    let expected = "infra-templates/example/1/docker-compose.yml:4:12: warning[image-latest]: example/web:latest is whatever \
                    was built last\n  4 |     image: example/web:latest\n    |            ^^^^^^^^^^^^^^^^^^\n    why: ";
    assert!(text.starts_with(expected), "{text}");
    assert!(text.contains("    mend: Name a tag that stays.\n"), "{text}");
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

fn a_comment_with_a_reason_silences_a_rule_in_its_line() {
    for (comment, silenced) in [
        ("web:latest # gen-catalog: allow image-latest it is a test", 1),
        ("web:latest # gen-catalog: allow image-latest", 0),
        ("web:latest # gen-catalog: allow image-form it is a test", 0),
    ] {
        let folder = catalog(&[(DOCKER, "web:1.1.0", comment)]);
        let (_, text, _) = outcome(folder.path(), &["check", ".", "--format", "json"]);
        let json: Value = serde_json::from_str(&text).unwrap();
        assert_eq!(json["summary"]["silenced"], silenced, "{comment}");
        assert_eq!(json["summary"]["warnings"], 1 - silenced, "{comment}");
    }
    let above = "# gen-catalog: allow image-latest it is a test\n    image: example/web:latest";
    let folder = catalog(&[(DOCKER, "image: example/web:1.1.0", above)]);
    assert!(
        outcome(folder.path(), &["check", "."]).1.starts_with("nothing found in 1 template, 2 versions; 1 silenced\n")
    );
}

fn gen_catalog_toml_silences_rules_below_a_path_with_a_reason() {
    let folder = catalog(&[LATEST]);
    let file = folder.path().join("gen-catalog.toml");
    let allow = |rule: &str, path: &str, reason: &str| {
        fs::write(&file, format!("[[allow]]\nrule = {rule:?}\n{path}\nreason = {reason:?}\n")).unwrap();
        outcome(folder.path(), &["check", ".", "--strict"])
    };
    assert_eq!(allow("image-latest", "", "known").0, 0);
    assert_eq!(allow("image-latest", "path = \"infra-templates/example/1\"", "known").0, 0);
    assert_eq!(allow("image-latest", "path = \"infra-templates/example/0\"", "known").0, 1);
    assert_eq!(allow("image-latest", "path = \"infra-templates/exam\"", "known").0, 1);
    for (rule, path, reason, says) in [
        ("image-latst", "", "x", "there is no rule `image-latst`"),
        ("image-latest", "", " ", "the reason for allowing `image-latest` is empty"),
        ("image-latest", "pth = \"x\"", "x", "unknown field `pth`"),
        ("image-latest", "path = 3", "x", "invalid type"),
    ] {
        let (code, _, errors) = allow(rule, path, reason);
        assert_eq!(code, 2);
        assert!(errors.contains("gen-catalog.toml: ") && errors.contains(says), "{errors}");
    }
}

fn fix_mends_what_has_one_safe_answer_and_leaves_the_rest_of_the_file_alone() {
    let folder = catalog(&[
        (DOCKER, "services:", "services:  # all of them  "),
        (DOCKER, "pull_image: always", "pull_image: always # keep\n      a: true\n      b:   1.10   \n      c: \"x\""),
        (RANCHER, "- blue", "- false"),
        (RANCHER, "- red", "- off"),
    ]);
    let path = folder.path().join("infra-templates/example").join(DOCKER);
    let mut bytes = fs::read_to_string(&path).unwrap().replace("ports:", "ports:\r");
    bytes.push_str("\n\n");
    fs::write(&path, bytes).unwrap();
    let (_, text, errors) = outcome(folder.path(), &["check", ".", "--level", "note", "--fix"]);
    assert!(errors.is_empty(), "{errors}");
    let mended = fs::read_to_string(&path).unwrap();
    assert!(mended.contains("services:  # all of them\n"), "{mended}");
    assert!(
        mended.contains("pull_image: always # keep\n      a: 'true'\n      b:   1.10\n      c: \"x\"\n"),
        "{mended}"
    );
    assert!(mended.ends_with("    ports:\n      - '8080:80'\n"), "{mended}");
    // 1.10 and off are not what they say: what is meant is the author's to tell.
    assert!(text.contains("the value `1.10` of b"), "{text}");
    let rancher = fs::read_to_string(folder.path().join("infra-templates/example").join(RANCHER)).unwrap();
    assert!(rancher.contains("        - off\n        - 'false'\n"), "{rancher}");
    assert!(text.contains(" mended"), "{text}");
    let before = snapshot(folder.path());
    outcome(folder.path(), &["check", ".", "--level", "note", "--fix"]);
    assert_eq!(snapshot(folder.path()), before);
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
        "health-check-dns (error)",
        "Why it matters: Its health checks never pass",
        "How to mend it: ",
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
}

fn a_gen_catalog_toml_that_is_no_file_does_not_make_it_wait() {
    let folder = catalog(&[]);
    let status = std::process::Command::new("mkfifo").arg(folder.path().join("gen-catalog.toml")).status().unwrap();
    assert!(status.success());
    let (code, _, errors) = outcome(folder.path(), &["check", "."]);
    assert_eq!(code, 2);
    assert!(errors.contains("gen-catalog.toml: this is not a file"), "{errors}");
}

fn what_a_file_holds_does_not_govern_the_terminal() {
    let folder = catalog(&[(DOCKER, "web:1.1.0", "web:latest # \u{1b}[31mred\u{1b}]0;title\u{7}")]);
    let (_, text, _) = outcome(folder.path(), &["check", ".", "--color", "always"]);
    assert!(text.contains("# \u{fffd}[31mred\u{fffd}]0;title\u{fffd}"), "{text:?}");
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
    finds(&|t| fs::write(t.join(DOCKER), "[".repeat(10_000)).unwrap(), "yaml-syntax");
    finds(
        &|t| fs::write(t.join(DOCKER), (0..5_000).map(|d| " ".repeat(d % 300) + "a:\n").collect::<String>()).unwrap(),
        "yaml-syntax",
    );
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
    finds(&|t| fs::write(t.join(DOCKER), "{{ range until 1000000000 }}x{{ end }}").unwrap(), "template-fails");
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
