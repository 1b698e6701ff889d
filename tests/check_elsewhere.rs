//! What is right in other catalogs is not found, and what is wrong in a way that the real ones do not show is.

use std::collections::BTreeSet;
use std::fs;
use swarm_lab::trial::Trial;
use swarm_lab::trials;

use catalog_check::rules::GOOD_TEMPLATE;
use catalog_check::{CheckOptions, Checked, Severity, check};

pub fn trials() -> Vec<Trial> {
    trials![
        an_answer_that_must_be_given_is_not_taken_for_empty,
        labels_count_in_whichever_file_and_way_they_are_written,
        a_service_may_take_its_image_and_its_volumes_from_elsewhere,
        a_request_may_have_headers,
        an_answer_may_be_looked_for_in_a_list,
        a_tab_within_a_text_of_several_lines_is_a_part_of_it,
        a_function_that_rancher_has_is_no_error,
        privileged_is_seen_however_yaml_says_it,
        a_dollar_that_is_escaped_uses_no_answer,
        what_rancher_cannot_read_is_an_error_though_other_readers_take_it,
        a_value_that_becomes_another_text_is_told_and_none_else,
        the_environment_of_ranchers_server_is_no_answer,
        no_fix_at_the_end_of_a_file_changes_what_it_means,
    ]
}

const DOCKER: &str = "1/docker-compose.yml";
const RANCHER: &str = "1/rancher-compose.yml";
const IMAGE: &str = "    image: example/web:1.1.0\n";
const REQUIRED: &str =
    "    - variable: TAG\n      label: Tag\n      description: Its tag\n      type: string\n      required: true\n";

/// The good template with changes, checked.
fn checked(changes: &[(&str, &str, &str)]) -> Checked {
    let catalog = tempfile::tempdir().unwrap();
    let template = catalog.path().join("infra-templates/example");
    for (name, text) in GOOD_TEMPLATE {
        let mut text = text.to_owned();
        for (_, from, to) in changes.iter().filter(|(file, ..)| *file == name) {
            assert_eq!(text.matches(from).count(), 1, "{name}: {from:?}");
            text = text.replace(from, to);
        }
        fs::create_dir_all(template.join(name).parent().unwrap()).unwrap();
        fs::write(template.join(name), text).unwrap();
    }
    let options = CheckOptions { level: Some(Severity::Note), ..CheckOptions::default() };
    check(&[catalog.path().to_owned()], &options).unwrap()
}

fn ids(changes: &[(&str, &str, &str)]) -> BTreeSet<&'static str> {
    checked(changes).findings.iter().map(|finding| finding.rule.id).collect()
}

fn with_image(more: &str) -> String {
    format!("{IMAGE}{more}")
}

fn an_answer_that_must_be_given_is_not_taken_for_empty() {
    let question = ("  questions:\n", format!("  questions:\n{REQUIRED}"));
    let question = (RANCHER, question.0, question.1.as_str());
    let image = |line: &'static str| (DOCKER, IMAGE, line);
    assert_eq!(ids(&[question, image("    image: example/web:{{ .Values.TAG }}\n")]), BTreeSet::new());
    assert_eq!(ids(&[question, image("    image: {{ .Values.TAG }}:1.0.0\n")]), BTreeSet::new());
    let optional = format!("  questions:\n{}", REQUIRED.replace("true", "false"));
    let optional = (RANCHER, "  questions:\n", optional.as_str());
    assert_eq!(ids(&[optional, image("    image: example/web:{{ .Values.TAG }}\n")]), BTreeSet::from(["yaml-syntax"]));
}

fn labels_count_in_whichever_file_and_way_they_are_written() {
    let on_host = with_image("    network_mode: host\n");
    let on_host = (DOCKER, IMAGE, on_host.as_str());
    assert_eq!(ids(&[on_host]), BTreeSet::from(["health-check-dns", "host-network"]));
    let label = "  web:\n    labels:\n      io.rancher.container.dns: 'true'\n    scale: 1\n";
    assert_eq!(ids(&[on_host, (RANCHER, "  web:\n    scale: 1\n", label)]), BTreeSet::from(["host-network"]));
    let unquoted = ("    labels:\n", "    labels:\n      io.rancher.container.dns: True\n");
    let found = ids(&[on_host, (DOCKER, unquoted.0, unquoted.1)]);
    assert_eq!(found, BTreeSet::from(["host-network", "label-not-text"]));
}

fn a_service_may_take_its_image_and_its_volumes_from_elsewhere() {
    let extends = (DOCKER, IMAGE, "    extends:\n      file: common.yml\n      service: web\n");
    assert_eq!(ids(&[extends]), BTreeSet::from(["file-not-there"]));
    for from in ["container:data:ro", "data:ro"] {
        let volumes = with_image(&format!("    volumes_from:\n      - {from}\n"));
        assert_eq!(ids(&[(DOCKER, IMAGE, &volumes)]), BTreeSet::from(["sidekick-group"]), "{from}");
    }
}

fn a_request_may_have_headers() {
    let line = |text: &'static str| (RANCHER, "GET / HTTP/1.0", text);
    assert_eq!(ids(&[line("'GET / HTTP/1.1\\r\\nHost:\\ example.com'")]), BTreeSet::new());
    assert_eq!(ids(&[line("'GET / HTTP/1.1 x'")]), BTreeSet::from(["health-check-request-line"]));
}

fn an_answer_may_be_looked_for_in_a_list() {
    let contains = |literal: &str| {
        with_image(&format!("{{{{- if contains .Values.COLOR \"{literal}\" }}}}\n    tty: true\n{{{{- end }}}}\n"))
    };
    assert_eq!(ids(&[(DOCKER, IMAGE, &contains("red,green"))]), BTreeSet::new());
    assert_eq!(ids(&[(DOCKER, IMAGE, &contains("/"))]), BTreeSet::from(["template-contains-reversed"]));
}

fn a_tab_within_a_text_of_several_lines_is_a_part_of_it() {
    let description = |text: &'static str| ("config.yml", "description: A web server\n", text);
    assert_eq!(ids(&[description("description: |\n  A:\n  \tb\n")]), BTreeSet::new());
    assert_eq!(ids(&[description("description: A\tserver\n")]), BTreeSet::from(["text-tab"]));
}

fn a_function_that_rancher_has_is_no_error() {
    let found = ids(&[(DOCKER, "      SIZE: ${SIZE}", "      SIZE: ${SIZE}\n      AT: '{{ now }}'")]);
    assert_eq!(found, BTreeSet::new());
}

/// As Rancher makes texts of them. Of what is meant as it is read nothing is said.
fn a_value_that_becomes_another_text_is_told_and_none_else() {
    let told = |file: &'static str, from: &str, more: &str| {
        let found = checked(&[(file, from, &format!("{from}{more}"))]).findings;
        let told: Vec<(&str, String)> = found.into_iter().map(|found| (found.rule.id, found.message)).collect();
        told
    };
    for (written, read) in [
        ("0644", "420"),
        ("-010", "-8"),
        ("08", "8"),
        ("1_000", "1000"),
        ("0x1F", "31"),
        ("0b11", "3"),
        ("+5", "5"),
        ("1e3", "1000"),
        ("1e6", "1e+06"),
        ("12345678.0", "1.2345678e+07"),
        ("1.10", "1.1"),
        (".5", "0.5"),
        (".inf", "+Inf"),
        ("yes", "true"),
        ("Off", "false"),
    ] {
        let found = told(DOCKER, "      SIZE: ${SIZE}", &format!("\n      A: {written}"));
        let [("value-retyped", message)] = found.as_slice() else { panic!("{written}: {found:?}") };
        assert!(message.contains(&format!("`{written}`")) && message.contains(&format!("`{read}`")), "{message}");
    }
    for plain in
        ["'0644'", "0o644", "1:30", "190:20:30", "2001-01-01", "10", "-1", "1.5", "true", "0", "!!str 010", "1e400"]
    {
        let found = told(DOCKER, "      SIZE: ${SIZE}", &format!("\n      A: {plain}"));
        assert!(found.is_empty(), "{plain}: {found:?}");
    }
    for (file, from, more, told_of) in [
        (DOCKER, IMAGE, "    logging:\n      driver: x\n      options:\n        max: 1_0\n", true),
        (DOCKER, IMAGE, "    group_add:\n      - 0100\n", true),
        (DOCKER, IMAGE, "    cpu_shares: 0100\n", true),
        (DOCKER, IMAGE, "    cpu_shares: 1_00\n", false),
        (DOCKER, IMAGE, "    tty: yes\n", false),
        (DOCKER, IMAGE, "    metadata:\n      a: 010\n      b: yes\n", true),
        (DOCKER, IMAGE, "    secrets:\n      - source: a\n        mode: 0444\n", false),
        (DOCKER, "services:\n", "  db:\n    image: a/b:1.0\n    environment:\n      - 010\n", true),
    ] {
        let found = told(file, from, more);
        assert_eq!(
            found.iter().filter(|(id, _)| *id == "value-retyped").count(),
            usize::from(told_of),
            "{more}: {found:?}"
        );
    }
}

fn the_environment_of_ranchers_server_is_no_answer() {
    for call in ["env \"HOME\"", "expandenv \"a $HOME\"", "\"HOME\" | env", "env .Values.SIZE | default \"x\""] {
        let found =
            ids(&[(DOCKER, "      SIZE: ${SIZE}", &format!("      SIZE: ${{SIZE}}\n      AT: '{{{{ {call} }}}}'"))]);
        assert_eq!(found, BTreeSet::from(["template-server-environment"]), "{call}");
    }
}

fn privileged_is_seen_however_yaml_says_it() {
    assert_eq!(ids(&[(DOCKER, IMAGE, &with_image("    privileged: yes\n"))]), BTreeSet::from(["privileged"]));
    assert_eq!(ids(&[(DOCKER, IMAGE, &with_image("    privileged: 'no'\n"))]), BTreeSet::from(["yaml-shape"]));
}

fn a_dollar_that_is_escaped_uses_no_answer() {
    assert_eq!(ids(&[(DOCKER, "${SIZE}", "$${SIZE}")]), BTreeSet::from(["question-unused"]));
    assert_eq!(ids(&[(DOCKER, "${SIZE}", "$$$SIZE")]), BTreeSet::new());
}

fn what_rancher_cannot_read_is_an_error_though_other_readers_take_it() {
    for change in [
        (RANCHER, "  name: Example\n", "  name: {{ name }}\n"),
        ("config.yml", "category: Applications\n", "category: Applications\n\t\n"),
        ("config.yml", "category: Applications\n", "category: Applications\n: x\n"),
        (DOCKER, "    labels:\n", "    <<: 1\n    labels:\n"),
    ] {
        let found = ids(&[change]);
        assert!(found.contains("yaml-syntax"), "{change:?}");
        // What it would say if it could be read nobody knows.
        assert!(!found.contains("question-unused"), "{found:?}");
    }
}

fn no_fix_at_the_end_of_a_file_changes_what_it_means() {
    let fixable = |text: &str| {
        let found = checked(&[("config.yml", "category: Applications\n", ""), ("config.yml", ".com>\n", text)]);
        let at_end = |id: &str| matches!(id, "text-final-newline" | "text-blank-end");
        let found: Vec<_> = found.findings.into_iter().filter(|finding| at_end(finding.rule.id)).collect();
        let [finding] = found.as_slice() else { panic!("{text:?}: {found:?}") };
        finding.fixes().next().is_some()
    };
    assert!(fixable(".com>\ncategory: Applications"));
    assert!(fixable(".com>\ncategory: Applications\n\n\n"));
    assert!(!fixable(".com>\ncategory: |\n  Applications"));
    assert!(!fixable(".com>\ncategory: |+\n  Applications\n\n\n"));
}
