//! YAML is read as Rancher reads it, every value keeps its place, and hostile input ends in an error with one.

use proptest::prelude::*;
use rancher_catalog::model::{Config, HealthCheck, RancherComposeV1};
use rancher_catalog::yaml::{Document, Problem, Step, read_as};
use serde_yaml::Value;
use swarm_lab::trial::Trial;
use swarm_lab::trials;

pub fn trials() -> Vec<Trial> {
    trials![
        yaml_1_1_typing_and_quotes,
        merge_keys_merge_and_own_keys_win,
        the_last_of_two_equal_keys_wins_and_both_are_placed,
        a_further_document_is_not_read_but_noticed,
        every_value_knows_its_place,
        an_absent_value_has_no_text,
        a_wrong_type_is_reported_where_it_stands,
        what_is_not_known_or_null_is_kept,
        what_go_yaml_refuses_and_later_readers_take_is_an_error_at_its_place,
        tabs_that_go_yaml_takes_are_taken,
        tags_and_ends_of_text_are_read_as_go_yaml_reads_them,
        hostile_texts_end_in_an_error,
        what_is_deep_is_read_up_to_a_limit_of_our_own,
        no_text_makes_the_reader_panic,
        no_text_of_yaml_signs_makes_the_reader_panic,
    ]
}

fn value(text: &str) -> Value {
    Document::read(text).unwrap().to_value()
}

fn yaml_1_1_typing_and_quotes() {
    let read = value("{a: yes, b: 'yes', c: 0777, d: 1_000, e: 1.10, f: !!str 5, g: ~, h: 2001-01-01, i: \"0777\"}");
    let expected: Value = serde_yaml::from_str(
        "{a: true, b: 'yes', c: 511, d: 1000, e: 1.1, f: '5', g: null, h: '2001-01-01', i: '0777'}",
    )
    .unwrap();
    assert_eq!(read, expected);
}

fn merge_keys_merge_and_own_keys_win() {
    let text = "base: &b {k: 1, l: 2}\nother: &o {l: 3, m: 4}\nboth:\n  <<: [*b, *o]\n  k: 9\n";
    let expected: Value = serde_yaml::from_str("{l: 2, m: 4, k: 9}").unwrap();
    assert_eq!(value(text)["both"], expected);
}

fn the_last_of_two_equal_keys_wins_and_both_are_placed() {
    let document = Document::read("a:\n  k: 1\n  l: 2\n  k: 3\n").unwrap();
    assert_eq!(document.to_value()["a"]["k"], Value::from(3));
    let [Problem::DuplicateKey { key, first, again }] = document.problems.as_slice() else {
        panic!("{:?}", document.problems)
    };
    assert_eq!((key.as_str(), first.to_string(), again.to_string()), ("k", "2:3".into(), "4:3".into()));
}

fn a_further_document_is_not_read_but_noticed() {
    let document = Document::read("a: 1\n---\nb: 2\n").unwrap();
    assert_eq!(document.to_value(), value("a: 1"));
    assert!(matches!(document.problems.as_slice(), [Problem::FurtherDocument { at }] if at.line == 2));
}

fn every_value_knows_its_place() {
    let document = Document::read("a:\n  - b: 'x'\n    ü: y\n# note\n").unwrap();
    let place = |path: &[Step]| document.find(path).unwrap().span.start.to_string();
    let key = |name: &str| Step::Key(name.into());
    assert_eq!(place(&[key("a"), Step::Index(0), key("b")]), "2:8");
    assert_eq!(place(&[key("a"), Step::Index(0), key("ü")]), "3:8", "columns count characters");
    assert_eq!(document.comments[0].text.trim(), "note");
    assert_eq!(document.comments[0].position.line, 4);
}

fn an_absent_value_has_no_text() {
    let document = Document::read("a:\nb: ~\nc: ''\n").unwrap();
    let text = |key: &str| document.root.as_ref().unwrap().get(key).unwrap().text().unwrap();
    assert_eq!((text("a"), text("b"), text("c")), ("", "~", ""));
    assert_eq!(document.to_value()["a"], Value::Null);
}

fn a_wrong_type_is_reported_where_it_stands() {
    let error = read_as::<Config>("name: x\nlabels:\n  - a\n").unwrap_err();
    assert_eq!(error.position.to_string(), "3:3");
    assert!(error.message.starts_with("labels: "), "{}", error.message);
    let text = "web:\n  scale: 1\n  health_check:\n    port: [80]\n";
    let error = read_as::<RancherComposeV1>(text).unwrap_err();
    assert_eq!(error.position.to_string(), "4:11", "{}", error.message);
    assert!(error.message.starts_with("web.health_check.port: "), "{}", error.message);
}

fn what_is_not_known_or_null_is_kept() {
    let text = "{port: 80, request_line: null, retries: 3, interval: '${EVERY}'}";
    let check: HealthCheck = read_as(text).unwrap();
    assert_eq!(check.other["retries"], Value::from(3));
    assert_eq!(serde_yaml::to_value(&check).unwrap(), value(text));
}

fn what_go_yaml_refuses_and_later_readers_take_is_an_error_at_its_place() {
    for (text, place, says) in [
        ("a: 1\n\t# c\nb: 2\n", "2:1", "a tab"),
        ("a:\n  b: 1\n\t\n  c: 2\n", "3:1", "a tab"),
        ("a:\n\t\n  b: 2\n", "2:1", "a tab"),
        ("a: |\n  x\n\t\nb: 1\n", "3:1", "a tab"),
        ("- \ta: b\n", "1:3", "a tab"),
        ("a:\n  \tb: 1\n", "2:3", "a tab"),
        ("name: {{ x }}\n", "1:8", "cannot be a key"),
        ("[a]: b\n", "1:1", "cannot be a key"),
        ("<<: 1\n", "1:5", "neither"),
        ("<<: [{a: 1}, 2]\n", "1:14", "neither"),
        ("a: !!int x\n", "1:10", "cannot be read as !!int"),
        ("a: !!bool 'x'\n", "1:11", "cannot be read as !!bool"),
        ("a: \"b\\/c\"\n", "1:6", "no escape"),
        ("a: ! 1\n", "1:4", "tag"),
        ("a: !!float 1\n", "1:12", "cannot be read as !!float"),
        ("volumes:\n  :\n    driver: local\n", "2:3", "missing"),
        ("a: 1\n...\nb: 2\n", "3:1", "has ended"),
        ("%YAML 1.2\n---\na: 1\n", "1:1", "YAML 1.1"),
    ] {
        let error = Document::read(text).expect_err(text);
        assert_eq!(error.position.to_string(), place, "{text:?}: {error}");
        assert!(error.message.contains(says), "{text:?}: {error}");
    }
}

fn tabs_that_go_yaml_takes_are_taken() {
    for (text, same) in [
        ("a:\tb\n", "a: b"),
        ("a: b\t# c\n", "a: b"),
        ("a: x\n  \ty\n", "a: x y"),
        ("a: 'x\n\ty'\n", "a: x y"),
        ("a: [\n\tx,\n\t\ty\n]\nb: {\n\tc: 1\n}\n", "{a: [x, y], b: {c: 1}}"),
    ] {
        assert_eq!(value(text), value(same), "{text:?}");
    }
}

fn tags_and_ends_of_text_are_read_as_go_yaml_reads_them() {
    for (text, same) in [
        ("a: !x yes", "a: 'yes'"),
        ("a: !!int '0777'", "a: 511"),
        ("a: !!binary aGk=", "a: hi"),
        ("a: \"x\"#c", "a: x"),
        ("a: *x\nb: &x 1", "a: 1\nb: 1"),
        ("[1, -]", "[1, '-']"),
        ("a: 0b-1", "a: -1"),
        ("a: 1e400", "a: '1e400'"),
        ("a: |\n  x", "a: x"),
        ("a: |\n  x\n", "a: \"x\\n\""),
    ] {
        assert_eq!(value(text), value(same), "{text:?}");
    }
}

fn hostile_texts_end_in_an_error() {
    let bomb: String = (1..12).fold("l0: &l0 [x, x, x, x, x, x, x, x, x, x]\n".to_owned(), |text, level| {
        let aliases = vec![format!("*l{}", level - 1); 10].join(", ");
        text + &format!("l{level}: &l{level} [{aliases}]\n")
    });
    for (name, text) in [
        ("a billion laughs", bomb),
        ("deep flow", "[".repeat(10_000)),
        ("deep blocks", (0..10_000).map(|depth| " ".repeat(depth) + "a:\n").collect()),
        ("deep lists", "- ".repeat(10_000)),
        ("an alias to itself", "a: &a [*a]".to_owned()),
        ("an alias to nothing", "a: *b".to_owned()),
        ("an open quote", "a: 'b".to_owned()),
        ("a tab", "a:\n\t- b".to_owned()),
        ("a null byte", "a: \0".to_owned()),
    ] {
        let error = Document::read(&text).expect_err(name);
        assert!(error.position.line >= 1 && !error.message.is_empty(), "{name}");
        let is_ours = matches!(name, "a billion laughs" | "deep blocks" | "deep lists");
        assert_eq!(error.beyond_this_tool, is_ours, "{name}: {error}");
    }
}

fn what_is_deep_is_read_up_to_a_limit_of_our_own() {
    let text = "[".repeat(400) + &"]".repeat(400);
    let document = Document::read(&text).unwrap();
    assert_eq!(document.to_typed::<Value>().unwrap(), document.to_value());
}

proptest! {
    fn no_text_makes_the_reader_panic(text in any::<String>()) {
        let _ = Document::read(&text).map(|document| document.to_value());
    }

    fn no_text_of_yaml_signs_makes_the_reader_panic(text in "[-a:,{}\\[\\]&*!|>'\"%@`# \\n\\t?~<]{0,60}") {
        let _ = Document::read(&text).map(|document| document.to_value());
    }
}
