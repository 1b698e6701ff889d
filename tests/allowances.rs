//! What is allowed is silent, and told as silenced in every format; what allows nothing is told.

use std::fs;
use swarm_lab::trial::Trial;
use swarm_lab::trials;

use serde_json::Value;
use swarm_lab::generator::outcome;

use crate::check_command::{DOCKER, LATEST, catalog};

pub fn trials() -> Vec<Trial> {
    trials![
        a_comment_with_a_reason_silences_a_rule_in_its_line,
        comments_above_a_line_all_speak_of_it,
        gen_catalog_toml_silences_rules_below_a_path_with_a_reason,
        a_gen_catalog_toml_of_another_shape_is_told_with_its_place,
        what_is_silenced_is_told_in_every_format,
        a_comment_that_allows_nothing_is_told,
        an_entry_of_gen_catalog_toml_that_allows_nothing_is_told,
        what_was_not_looked_at_is_not_called_idle,
    ]
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
        // What does not count is told beside what it was to silence.
        assert_eq!(json["summary"]["warnings"], 2 * (1 - silenced), "{comment}");
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
        ("image-latst", "", "x", "2:8: there is no rule `image-latst`: is `image-latest` meant?"),
        ("image-latest", "", " ", "4:10: the reason for allowing `image-latest` is empty"),
        (
            "image-latest",
            "pth = \"x\"",
            "x",
            "3:1: there is no `pth` in an allowance, where `rule`, `reason`, `path` can stand: is `path` meant?",
        ),
        ("image-latest", "path = 3", "x", "3:8: `path` is a number; it must be one text, in quotes"),
    ] {
        let (code, _, errors) = allow(rule, path, reason);
        assert_eq!(code, 2);
        assert!(errors.contains(&format!("gen-catalog.toml:{says}")), "{errors}");
    }
}

fn a_gen_catalog_toml_of_another_shape_is_told_with_its_place() {
    let folder = catalog(&[]);
    for (text, says) in [
        (
            "for = \"comunity\"\n",
            "1:7: `for` is \"comunity\"; it can be \"rancher\" or \"community\": is `community` meant?",
        ),
        ("for = true\n", "1:7: `for` is true or false; it must be one text, in quotes"),
        (
            "fo = \"community\"\n",
            "1:1: there is no `fo` at the top, where `catalog`, `for`, `registry`, `version`, `severities`, `template`, `allow` can stand: is `for` meant?",
        ),
        ("\n[allow]\nrule = \"image-latest\"\n", "2:2: `allow` is a list, with an [[allow]] above each entry"),
        ("allow = \"image-latest\"\n", "1:1: `allow` is a list"),
        ("allow = [\"image-latest\"]\n", "1:10: an allowance is a table"),
        ("rule = \"image-latest\"\n", "1:1: `rule` belongs to an allowance: write [[allow]] above it"),
        ("[[allow]]\nrule = \"image-latest\"\n", "1:1: this allowance has no `reason`: say why"),
        ("[[allow]]\nreason = \"x\"\n", "1:1: this allowance has no `rule`"),
        ("[[allow]]\nrule = [\"image-latest\"]\nreason = \"x\"\n", "2:8: `rule` is a list; it must be one text"),
        ("[[allow]]\nrule.a = \"image-latest\"\nreason = \"x\"\n", "`rule` is a table; it must be one text"),
        ("[[allow]]\nrule = image-latest\n", "2:8: the value of `rule` needs quotes: rule = \"image-latest\""),
        ("[[allow]]\nrule = \"image-latest\n", "the value of `rule` is no text in quotes"),
        ("[[allow]]\nrule = \"image-latest\"\nrule = \"image-latest\"\n", "3:1: `rule` is here twice"),
        ("[[allow]\nrule = \"image-latest\"\n", "this begins no table"),
        ("allow image-latest\n", "\"allow image-latest\" is neither [[allow]] nor NAME = \"TEXT\""),
        ("for =\n", "`for` has no value"),
    ] {
        fs::write(folder.path().join("gen-catalog.toml"), text).unwrap();
        let (code, _, errors) = outcome(folder.path(), &["check", "."]);
        let place = errors.split("gen-catalog.toml:").nth(1).unwrap_or_default();
        let is_placed = place.split(':').take(2).all(|number| number.parse::<u32>().is_ok());
        assert!(code == 2 && is_placed && place.contains(says), "{text}: {errors}");
    }
}

fn comments_above_a_line_all_speak_of_it() {
    let above = "# gen-catalog: allow image-latest it is a test\n    # gen-catalog: allow label-not-text so is this\n    image: example/web:latest";
    let folder = catalog(&[(DOCKER, "image: example/web:1.1.0", above)]);
    let (_, text, _) = outcome(folder.path(), &["check", "."]);
    assert!(text.contains("[allowance-without-effect]: `label-not-text` finds nothing here"), "{text}");
    assert!(text.ends_with("1 warning in 1 template, 2 versions; 1 silenced\n"), "{text}");
}

fn what_is_silenced_is_told_in_every_format() {
    let folder = catalog(&[(DOCKER, "web:1.1.0", "web:latest # gen-catalog: allow image-latest built each night")]);
    let toml = "[[allow]]\nrule = \"host-network\"\nreason = \"it must\"\n";
    let docker = folder.path().join("infra-templates/example").join(DOCKER);
    let text = fs::read_to_string(&docker).unwrap();
    fs::write(
        &docker,
        text.replace("    labels:\n", "    network_mode: host\n    labels:\n      io.rancher.container.dns: 'true'\n"),
    )
    .unwrap();
    fs::write(folder.path().join("gen-catalog.toml"), toml).unwrap();
    let check = |format: &str| outcome(folder.path(), &["check", ".", "--level", "note", "--format", format]).1;
    assert!(check("text").ends_with("; 2 silenced\n"), "{}", check("text"));
    let json: Value = serde_json::from_str(&check("json")).unwrap();
    let silenced = json["silenced"].as_array().unwrap();
    let of = |rule: &str| silenced.iter().find(|one| one["rule"] == rule).unwrap();
    assert_eq!(
        of("image-latest")["silenced"],
        serde_json::json!({"by": "comment", "line": 4, "reason": "built each night"})
    );
    assert_eq!(
        of("host-network")["silenced"],
        serde_json::json!({"by": "gen-catalog.toml", "line": 2, "reason": "it must"})
    );
    let sarif: Value = serde_json::from_str(&check("sarif")).unwrap();
    let results = sarif["runs"][0]["results"].as_array().unwrap();
    let suppressed = |rule: &str| {
        let result = results.iter().find(|result| result["ruleId"] == rule).unwrap();
        let one = &result["suppressions"][0];
        (one["kind"].as_str().unwrap().to_owned(), one["justification"].as_str().unwrap().to_owned())
    };
    assert_eq!(suppressed("image-latest"), ("inSource".to_owned(), "built each night".to_owned()));
    assert_eq!(suppressed("host-network"), ("external".to_owned(), "it must".to_owned()));
    let github = check("github");
    assert!(github.contains("title=silenced image-latest::example/web:latest is whatever was built last%0Aallowed by a comment in line 4: built each night\n"), "{github}");
    assert!(github.contains("title=silenced host-network::"), "{github}");
    let junit = check("junit");
    assert_eq!(junit.matches("<skipped message=").count(), 2, "{junit}");
}

fn a_comment_that_allows_nothing_is_told() {
    for (comment, says) in [
        ("gen-catalog: allow image-latest it is a test", "`image-latest` finds nothing here that this could allow"),
        ("gen-catalog: allow image-latst it is a test", "there is no rule `image-latst`: is `image-latest` meant?"),
        ("gen-catalog: allow image-latest", "this allowance of `image-latest` gives no reason"),
        ("gen-catalog: allow", "this allowance names no rule"),
        ("gen-catalog: alow image-latest it is a test", "`alow` is no word for a comment: `allow` is"),
    ] {
        let folder = catalog(&[(DOCKER, "web:1.1.0", &format!("web:1.1.0 # {comment}"))]);
        let (code, text, _) = outcome(folder.path(), &["check", "."]);
        assert_eq!(code, 0);
        assert!(text.contains("docker-compose.yml:4:30: warning[allowance-without-effect]: "), "{text}");
        assert!(text.contains(says), "{text}");
    }
    let folder = catalog(&[(DOCKER, "web:1.1.0", "web:1.1.0 # gen-catalog: made this file")]);
    assert!(outcome(folder.path(), &["check", "."]).1.starts_with("nothing found"));
}

fn an_entry_of_gen_catalog_toml_that_allows_nothing_is_told() {
    let folder = catalog(&[LATEST]);
    let told = |entry: &str| {
        let text = format!("[[allow]]\nrule = \"image-latest\"\n{entry}\nreason = \"x\"\n");
        fs::write(folder.path().join("gen-catalog.toml"), text).unwrap();
        outcome(folder.path(), &["check", "."]).1
    };
    let text = told("path = \"infra-templates/nowhere\"");
    assert!(text.starts_with("gen-catalog.toml:2:1: warning[allowance-without-effect]: there is no infra-templates/nowhere: this allowance silences nothing\n"), "{text}");
    let text = told("path = \"infra-templates/example/0\"");
    assert!(
        text.contains(
            "nothing is found that this allowance of `image-latest` below infra-templates/example/0 could silence"
        ),
        "{text}"
    );
    assert_eq!(told(""), "nothing found in 1 template, 2 versions; 1 silenced\n");
}

fn what_was_not_looked_at_is_not_called_idle() {
    let folder = catalog(&[(DOCKER, "web:1.1.0", "web:1.1.0 # gen-catalog: allow image-latest it is a test")]);
    let toml = "[[allow]]\nrule = \"host-pid\"\nreason = \"x\"\n[[allow]]\nrule = \"published-revision-changed\"\nreason = \"x\"\n";
    fs::write(folder.path().join("gen-catalog.toml"), toml).unwrap();
    let told = |arguments: &[&str]| {
        let (_, text, _) = outcome(folder.path(), &[&["check"], arguments].concat());
        text.matches("[allowance-without-effect]").count()
    };
    assert_eq!(told(&["."]), 2);
    assert_eq!(told(&[".", "--skip", "image-latest"]), 1);
    assert_eq!(told(&[".", "--only", "host-network,allowance-without-effect"]), 0);
    assert_eq!(told(&["infra-templates/example"]), 1);
    assert_eq!(told(&["infra-templates/example/0"]), 0);
}
