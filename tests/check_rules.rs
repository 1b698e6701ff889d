//! Each rule finds what it says in its own example, and nothing in the other.

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::PathBuf;
use swarm_lab::trial::Trial;
use swarm_lab::trials;

use catalog_check::rules::{ALL, GOOD_TEMPLATE, every};
use catalog_check::{CheckOptions, Checked, Edit, Example, Severity, check};
use rancher_catalog::source::MAX_FILE_BYTES;

pub fn trials() -> Vec<Trial> {
    trials![
        the_good_template_is_good,
        each_rule_fires_on_its_example_and_not_on_the_other,
        no_example_trips_more_than_it_must,
        each_rule_says_what_why_and_how_in_its_own_words,
        each_error_says_who_refuses_it,
    ]
}

/// The good template with the changes of an example, checked by all rules.
fn checked(example: &Example) -> Checked {
    let catalog = tempfile::tempdir().unwrap();
    let folder = example.0.iter().find_map(|edit| match edit {
        Edit::Folder(folder) => Some(*folder),
        _ => None,
    });
    let template = catalog.path().join(folder.unwrap_or("infra-templates/example"));
    let write = |name: &str, text: &str| {
        let path = template.join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    };
    GOOD_TEMPLATE.iter().for_each(|(name, text)| write(name, text));
    for edit in example.0 {
        match edit {
            Edit::Write(name, text) => write(name, text),
            Edit::Remove(name) => fs::remove_file(template.join(name)).unwrap(),
            Edit::Link(name, target) => symlink(target, template.join(name)).unwrap(),
            Edit::Replace(name, from, to) => {
                let text = fs::read_to_string(template.join(name)).unwrap();
                assert_eq!(text.matches(from).count(), 1, "{name}: {from:?}");
                write(name, &text.replace(from, to));
            }
            Edit::Bytes(name, bytes) => fs::write(template.join(name), bytes).unwrap(),
            Edit::Large(name) => {
                fs::File::options().write(true).open(template.join(name)).unwrap().set_len(MAX_FILE_BYTES + 1).unwrap();
            }
            Edit::Folder(_) => {}
        }
    }
    let options = CheckOptions { level: Some(Severity::Note), ..CheckOptions::default() };
    check(&[PathBuf::from(catalog.path())], &options).unwrap()
}

fn ids(checked: &Checked) -> BTreeSet<&str> {
    checked.findings.iter().map(|finding| finding.rule.id).collect()
}

fn the_good_template_is_good() {
    let checked = checked(&Example(&[]));
    assert!(checked.findings.is_empty(), "{:?}", checked.findings);
    assert_eq!((checked.templates, checked.versions.len()), (1, 2));
}

fn each_rule_fires_on_its_example_and_not_on_the_other() {
    for rule in ALL {
        let fires = checked(&rule.fires);
        assert!(ids(&fires).contains(rule.id), "{}: {:?}", rule.id, ids(&fires));
        for finding in fires.findings.iter().filter(|finding| finding.rule.id == rule.id) {
            assert!(!finding.message.is_empty());
            assert_eq!(finding.start.line > 0, finding.line_text.is_some(), "{}", rule.id);
        }
        let quiet = checked(&rule.quiet);
        assert!(!ids(&quiet).contains(rule.id), "{}: {:?}", rule.id, quiet.findings);
    }
}

fn no_example_trips_more_than_it_must() {
    for rule in ALL {
        let others: Vec<String> = checked(&rule.fires)
            .findings
            .iter()
            .filter(|finding| finding.rule.id != rule.id)
            .map(|finding| format!("{}: {}", finding.rule.id, finding.message))
            .collect();
        assert!(others.len() <= 4, "{}: {others:#?}", rule.id);
    }
}

fn each_rule_says_what_why_and_how_in_its_own_words() {
    let mut ids = BTreeSet::new();
    for rule in ALL {
        assert!(ids.insert(rule.id), "{} stands there twice", rule.id);
        assert!(rule.id.chars().all(|c| c.is_ascii_lowercase() || c == '-'), "{}", rule.id);
        for text in [rule.finds, rule.why, rule.fix] {
            assert!(text.len() > 8 && text.ends_with('.'), "{}: {text:?}", rule.id);
        }
    }
}

fn each_error_says_who_refuses_it() {
    for rule in every().filter(|rule| rule.severity == Severity::Error) {
        let by = rule.refused_by.unwrap_or_else(|| panic!("{}", rule.id));
        assert!(by.part.len() > 1 && by.words.len() > 1, "{}", rule.id);
    }
}
