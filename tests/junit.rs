//! `gen-catalog check --format junit`: what CI servers take for test results.

use std::fs;
use swarm_lab::trial::Trial;
use swarm_lab::trials;

use roxmltree::{Document, Node};
use swarm_lab::generator::outcome;

use crate::check_command::{DOCKER, LATEST, RANCHER, catalog};

pub fn trials() -> Vec<Trial> {
    trials![
        it_is_as_the_common_schema_has_it,
        a_good_version_is_a_case_that_passes,
        what_makes_the_check_fail_fails_and_what_does_not_passes,
        what_xml_cannot_hold_is_shown,
    ]
}

/// Of Jenkins' junit-10.xsd: an element's attributes (those that must be there first, after a `|` those that may be), and
/// what may be in it.
const SCHEMA: [(&str, &str, &str); 6] = [
    ("testsuites", "|name time tests failures errors", "testsuite"),
    (
        "testsuite",
        "name tests failures errors|group time skipped timestamp hostname id package file log url",
        "testsuite properties testcase system-out system-err",
    ),
    ("testcase", "name|time classname group", "skipped error failure system-out system-err"),
    ("failure", "|type message", ""),
    ("skipped", "|type message", ""),
    ("system-out", "|", ""),
];

pub fn is_valid(node: Node<'_, '_>) {
    let name = node.tag_name().name();
    let (_, attributes, inside) =
        SCHEMA.iter().find(|(element, ..)| *element == name).unwrap_or_else(|| panic!("an element {name}"));
    let (must, may) = attributes.split_once('|').unwrap();
    for attribute in must.split_whitespace() {
        assert!(node.has_attribute(attribute), "{name} has no {attribute}");
    }
    for attribute in node.attributes() {
        let known = must.split_whitespace().chain(may.split_whitespace()).any(|known| known == attribute.name());
        assert!(known, "{name} has {}", attribute.name());
    }
    for child in node.children().filter(Node::is_element) {
        assert!(inside.split_whitespace().any(|known| known == child.tag_name().name()), "{child:?} in {name}");
        is_valid(child);
    }
    // The counts are those of the cases.
    let cases = |with: &str| {
        let cases = node.descendants().filter(|node| node.has_tag_name("testcase"));
        cases.filter(|case| with.is_empty() || case.children().any(|node| node.has_tag_name(with))).count().to_string()
    };
    if name.starts_with("testsuite") {
        assert_eq!(node.attribute("tests"), Some(cases("").as_str()));
        assert_eq!(node.attribute("failures"), Some(cases("failure").as_str()));
        assert!(node.attribute("skipped").is_none_or(|skipped| skipped == cases("skipped")));
    }
}

fn junit(folder: &std::path::Path, options: &[&str]) -> (i32, String) {
    let (code, text, errors) = outcome(folder, &[&["check", ".", "--format", "junit"], options].concat());
    assert_eq!(errors, "");
    is_valid(Document::parse(&text).unwrap_or_else(|error| panic!("{error}: {text}")).root_element());
    (code, text)
}

fn it_is_as_the_common_schema_has_it() {
    for changes in [
        &[][..],
        &[LATEST],
        &[LATEST, ("config.yml", "version: v1.1.0", "version: v9.9.9"), (RANCHER, "label: Size", "labl: Size")],
        &[(DOCKER, "web:1.1.0", "web:latest # gen-catalog: allow image-latest <a> & \"b\"")],
    ] {
        let folder = catalog(changes);
        for options in [&[][..], &["--level", "note"], &["--strict"]] {
            junit(folder.path(), options);
        }
    }
}

fn a_good_version_is_a_case_that_passes() {
    let folder = catalog(&[LATEST]);
    let (_, text) = junit(folder.path(), &[]);
    let document = Document::parse(&text).unwrap();
    let names: Vec<&str> = document
        .descendants()
        .filter(|node| node.has_tag_name("testcase"))
        .filter_map(|case| case.attribute("name"))
        .collect();
    assert_eq!(names, ["infra-templates/example/0", "image-latest: infra-templates/example/1/docker-compose.yml"]);
    let suite = document.descendants().find(|node| node.has_tag_name("testsuite")).unwrap();
    assert_eq!(suite.attribute("name"), Some("infra-templates/example"));
}

fn what_makes_the_check_fail_fails_and_what_does_not_passes() {
    let folder = catalog(&[LATEST]);
    let (code, text) = junit(folder.path(), &[]);
    assert_eq!(code, 0);
    assert!(
        text.contains("failures=\"0\"")
            && text.contains("<system-out>infra-templates/example/1/docker-compose.yml:4:12: warning: "),
        "{text}"
    );
    let (code, text) = junit(folder.path(), &["--strict"]);
    assert_eq!(code, 1);
    assert!(
        text.contains("<failure type=\"warning\" message=\"example/web:latest is whatever was built last\">"),
        "{text}"
    );
}

fn what_xml_cannot_hold_is_shown() {
    let folder = catalog(&[(DOCKER, "web:1.1.0", "web:latest # \u{1b}[31m <b> & ]]> \u{202e}\u{9b}")]);
    fs::write(folder.path().join("infra-templates/example/a\u{7}b"), "").unwrap();
    let (_, text) = junit(folder.path(), &["--level", "note"]);
    assert!(text.contains("# \\u{1b}[31m &lt;b&gt; &amp; ]]&gt; &#x202E;&#x9B;"), "{text}");
    assert!(!text.contains(['\u{1b}', '\u{202e}', '\u{9b}', '\u{7}']));
}
