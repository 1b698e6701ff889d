//! `gen-catalog test`: what a test may expect, and what is told where it is not so.

use std::fs;
use std::path::Path;

use catalog_check::rules::GOOD_TEMPLATE;
use serde_json::Value;
use swarm_lab::generator::outcome;
use swarm_lab::programs::root;
use swarm_lab::trial::Trial;
use swarm_lab::trials;

pub fn trials() -> Vec<Trial> {
    trials![
        a_value_is_expected_by_its_path,
        kinds_of_values_are_told_apart,
        what_is_null_is_not_there_but_its_service_is,
        a_file_without_a_version_has_its_services_at_the_top,
        a_part_is_expected_of_lists_maps_and_texts,
        a_whole_file_differs_as_a_diff,
        what_rancher_refuses_fails_unless_it_is_expected,
        an_answer_to_a_number_that_is_none_is_told,
        a_template_is_run_with_the_answers_and_the_stack,
        a_rancher_is_offered_a_revision_or_not,
        an_upgrade_recreates_keeps_starts_and_leaves,
        an_upgrade_that_is_not_offered_or_fails_is_refused,
        answers_stay_over_an_upgrade,
        the_example_of_the_docs_is_what_happens,
        the_tests_of_the_entry_pass,
    ]
}

pub fn put(folder: &Path, file: &str, text: &str) {
    let path = folder.join("infra-templates/example").join(file);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, text).unwrap();
}

/// A catalog with the example, and these tests beside it.
pub fn catalog(tests: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    GOOD_TEMPLATE.iter().for_each(|(file, text)| put(folder.path(), file, text));
    put(folder.path(), "tests/a.yml", tests);
    folder
}

/// One test, of its keys.
pub fn one(keys: &str) -> String {
    format!("tests:\n  - name: it\n    {}\n", keys.trim().replace('\n', "\n    "))
}

/// What is told of one test: nothing if it passes.
#[track_caller]
fn told(folder: &Path, keys: &str) -> String {
    put(folder, "tests/a.yml", &one(keys));
    let (code, text, errors) = outcome(folder, &["test"]);
    match (code, errors.as_str()) {
        (0, "") => {
            assert!(text.ends_with("1 test passed in 1 template\n"), "{text}");
            String::new()
        }
        (1, "") => text,
        _ => panic!("{keys}: {code} {text}{errors}"),
    }
}

#[track_caller]
fn passes(folder: &Path, keys: &str) {
    assert_eq!(told(folder, keys), "", "{keys}");
}

#[track_caller]
pub fn fails(folder: &Path, keys: &str, says: &[&str]) {
    let text = told(folder, keys);
    assert!(text.starts_with("FAIL infra-templates/example/tests/a.yml:2:11: it (revision "), "{keys}: {text}");
    for part in says {
        assert!(text.contains(part), "{keys}: {part}: {text}");
    }
}

fn expect(path: &str) -> String {
    format!("expect:\n  docker-compose.yml:\n    {path}")
}

fn a_value_is_expected_by_its_path() {
    let catalog = catalog("");
    let folder = catalog.path();
    for path in [
        "services.web.image: example/web:1.1.0",
        "services.web.ports[0]: 8080:80",
        "services.web.ports[-1]: 8080:80",
        "services.web.ports: ['8080:80']",
        "services.web.labels.io.rancher.container.pull_image: always",
        "services.web.labels[\"io.rancher.container.pull_image\"]: always",
        "services.web.environment: {SIZE: '10', COLOR: red}",
        "version: '2'",
    ] {
        passes(folder, &expect(path));
    }
    passes(folder, "revision: 0\nexpect: {docker-compose.yml: {services.web.image: 'example/web:1.0.0'}}");
    passes(folder, "revision: v1.0.0\nexpect: {docker-compose.yml: {services.web.image: 'example/web:1.0.0'}}");
    for (path, says) in [
        (
            "services.web.image: example/web:9",
            &[
                "a.yml:5:9: docker-compose.yml: services.web.image: another value is there",
                "\n    expected  the text \"example/web:9\"\n    got       the text \"example/web:1.1.0\"\n",
                "    rendered  line 4:     image: example/web:1.1.0\n",
            ][..],
        ),
        ("services.web.imag: x", &["there is no `imag`: is `image` meant?", "got       nothing"]),
        ("services.web.ports[1]: x", &["there is no [1]: the list has 1 items"]),
        ("services.web.ports.x: x", &["this is a list"]),
        ("web.image: x", &["in version '2' services stand below `services`"]),
        (
            "services.web.environment: {SIZE: '11', COLOR: red}",
            &["services.web.environment.SIZE: ", "\"11\"", "\"10\""],
        ),
        ("services.web.environment: {SIZE: '10'}", &["services.web.environment.COLOR: ", "expected  nothing"]),
    ] {
        fails(folder, &expect(path), says);
    }
}

fn kinds_of_values_are_told_apart() {
    let catalog = catalog("");
    let folder = catalog.path();
    let size =
        |value: &str| format!("answers: {{SIZE: 5}}\n{}", expect(&format!("services.web.environment.SIZE: {value}")));
    passes(folder, &size("'5'"));
    fails(folder, &size("5"), &["expected  the number 5", "got       the text \"5\""]);
    fails(folder, &size("5.0"), &["expected  the number 5.0"]);
    let scale = |value: &str| format!("expect: {{rancher-compose.yml: {{services.web.scale: {value}}}}}");
    passes(folder, &scale("1"));
    passes(folder, &scale("1.0"));
    fails(folder, &scale("'1'"), &["expected  the text \"1\"", "got       the number 1"]);
    fails(folder, &scale("yes"), &["expected  the boolean true"]);
    // An answer is what is typed.
    passes(folder, "answers: {SIZE: 0010}\ncontains: {docker-compose.yml: {services.web.environment.SIZE: '0010'}}");
}

fn what_is_null_is_not_there_but_its_service_is() {
    let catalog = catalog("");
    let folder = catalog.path();
    for path in
        ["services.web.privileged: null", "services.web.labels.a.b: null", "services.db: null", "volumes.data: ~"]
    {
        passes(folder, &expect(path));
    }
    fails(folder, &expect("services.web.image: null"), &["expected  nothing", "got       the text"]);
    fails(folder, &expect("services.webb.privileged: null"), &["there is no `webb`: is `web` meant?"]);
    // What nothing can have is a slip, and would be no test of anything.
    fails(folder, &expect("services.web.priviliged: null"), &["no service has `priviliged`: is `privileged` meant?"]);
    fails(folder, &expect("srvices: null"), &["no compose file has `srvices`: is `services` meant?"]);
}

fn a_file_without_a_version_has_its_services_at_the_top() {
    let catalog = catalog("");
    let folder = catalog.path();
    put(folder, "1/docker-compose.yml", "web:\n  image: example/web:${SIZE}\n  labels:\n    a.b: '1'\n");
    put(folder, "1/rancher-compose.yml", &version_one());
    passes(folder, &expect("web.image: example/web:10"));
    passes(folder, &expect("web.labels.a.b: '1'"));
    passes(folder, &expect("web.tty: null"));
    passes(folder, "expect: {rancher-compose.yml: {web.scale: 2, catalog: null}}");
    fails(folder, &expect("services.web.image: x"), &["its services stand at the top: is `web` meant?"]);
    fails(folder, &expect("wbeb.tty: null"), &["there is no `wbeb`"]);
    fails(folder, &expect("web.ttty: null"), &["no service has `ttty`: is `tty` meant?"]);
    passes(folder, &expect("another: null"));
}

fn version_one() -> String {
    ".catalog:\n  version: v1.1.0\n  questions:\n  - {variable: SIZE, type: int, default: 10}\nweb:\n  scale: 2\n"
        .to_owned()
}

fn a_part_is_expected_of_lists_maps_and_texts() {
    let catalog = catalog("");
    let folder = catalog.path();
    let contains = |path: &str| format!("contains:\n  docker-compose.yml:\n    {path}");
    for path in [
        "services.web.ports: 8080:80",
        "services.web.ports: ['8080:80']",
        "services.web: {image: 'example/web:1.1.0', environment: {COLOR: red}}",
        "services.web.image: '/web:'",
    ] {
        passes(folder, &contains(path));
    }
    for (path, says) in [
        ("services.web.ports: ['8080:80', '81']", "the list has no item that is the text \"81\""),
        ("services.web: {environment: {COLOR: blue}}", "`COLOR` is the text \"red\", and not the text \"blue\""),
        ("services.web: {tty: true}", "the map has no `tty`"),
        ("services.web.image: ':9'", "the text does not contain \":9\""),
        ("services.db: {tty: true}", "there is no `db`"),
    ] {
        fails(folder, &contains(path), &[says]);
    }
}

fn a_whole_file_differs_as_a_diff() {
    let catalog = catalog("");
    let folder = catalog.path();
    let whole = |port: &str| {
        format!(
            "whole:\n  docker-compose.yml:\n    services:\n      web:\n        ports: ['{port}']\n        labels: \
             {{io.rancher.container.pull_image: always}}\n        environment: {{SIZE: '10', COLOR: red}}\n        image: \
             example/web:1.1.0\n    version: '2'"
        )
    };
    passes(folder, &whole("8080:80"));
    fails(
        folder,
        &whole("8081:80"),
        &["docker-compose.yml: the file is another one", "\n-      - '8081:80'\n+      - '8080:80'\n"],
    );
    // What is the same in another order is no difference.
    let text = told(folder, &whole("8081:80"));
    assert_eq!(text.lines().filter(|line| line.starts_with(['-', '+'])).count(), 4, "{text}");
}

fn what_rancher_refuses_fails_unless_it_is_expected() {
    let catalog = catalog("");
    let folder = catalog.path();
    let compose = "version: '2'\nservices:\n  web:\n    image: example/web:1\n    ports: ['${SIZE}:80']\n";
    put(folder, "1/docker-compose.yml", compose);
    passes(folder, "refused: false");
    passes(folder, "answers: {SIZE: x}\nrefused: true");
    passes(folder, "answers: {SIZE: x}\nrefused: a number from 1 to 65535");
    passes(folder, "answers: {COLOR: green}\nrefused: COLOR=green");
    passes(folder, "answers: {COLOR: ''}\nrefused: COLOR is not answered");
    let says = ["a.yml:2:11: it is refused: docker-compose.yml:5:", "`x:80`"];
    fails(folder, &format!("answers: {{SIZE: x}}\n{}", expect("services.web.image: example/web:1")), &says);
    fails(folder, "answers: {SIZE: x}\nrefused: false", &says);
    fails(folder, "answers: {SIZE: x}\nsnapshot: no", &says);
    fails(folder, "answers: {SIZE: 80}\nrefused: true", &["a.yml:4:14: a refusal is expected, and Rancher takes it"]);
    fails(
        folder,
        "answers: {SIZE: x}\nrefused: memory",
        &["for something else", "expected  a refusal that says \"memory\"", "`x:80`"],
    );
    // What is no template, no YAML or no variable is refused too.
    for (compose, says) in [
        ("version: '2'\nservices:\n{{ if }}\n", "docker-compose.yml:3:"),
        ("version: '2'\nservices:\n  web: [\n", "docker-compose.yml, rendered, line "),
        ("version: '2'\nservices:\n  web:\n    image: '${'\n", "docker-compose.yml:4:"),
        ("version: '3'\nservices: {}\n", "version"),
        ("version: '2'\nservices:\n  web:\n    image: a\n    colour: red\n", "colour"),
    ] {
        put(folder, "1/docker-compose.yml", compose);
        passes(folder, &format!("refused: '{says}'"));
        fails(folder, "refused: false", &["it is refused: ", says]);
    }
}

/// Rancher takes any text for a number, and so this is no failure.
fn an_answer_to_a_number_that_is_none_is_told() {
    let catalog = catalog("");
    let folder = catalog.path();
    let told = |answers: &str, more: &str| {
        put(folder, "tests/a.yml", &one(&format!("answers: {answers}\n{more}")));
        let (code, text, errors) = outcome(folder, &["test"]);
        assert_eq!((code, errors.as_str()), (0, ""), "{text}");
        text
    };
    let note = "note infra-templates/example/tests/a.yml:3:21: SIZE=many: this is no number, and the question is of the type int; \
                Rancher does not check that, and puts it in as it is\n1 test passed in 1 template\n";
    let size = |size: &str| expect(&format!("services.web.environment.SIZE: {size}"));
    assert_eq!(told("{SIZE: many}", &size("many")), note);
    for number in ["5", "-1", "1.5", "''"] {
        let wanted = if number == "''" { number.to_owned() } else { format!("'{number}'") };
        assert_eq!(told(&format!("{{SIZE: {number}}}"), &size(&wanted)), "1 test passed in 1 template\n");
    }
    let (_, json, _) = outcome(folder, &["test", "--format", "json"]);
    assert_eq!(serde_json::from_str::<Value>(&json).unwrap()["tests"][0]["notes"], serde_json::json!([]));
    // One who expects a refusal knows.
    let compose = "version: '2'\nservices:\n  web:\n    image: example/web:1\n    ports: ['${SIZE}:80']\n";
    put(folder, "1/docker-compose.yml", compose);
    assert_eq!(told("{SIZE: many}", "refused: true"), "1 test passed in 1 template\n");
    let (code, text, errors) =
        outcome(folder, &["render-compose", "infra-templates/example/1", "--answers", "SIZE=many"]);
    assert!(code == 0 && text.contains("many:80"), "{text}");
    assert!(errors.contains("--answers SIZE=many: this is no number") && errors.contains("type int"), "{errors}");
    let answers = "answers: {COLOR: 5, SIZE: [1]}";
    put(folder, "tests/a.yml", &one(answers));
    let (code, _, errors) = outcome(folder, &["test"]);
    assert!(code == 2 && errors.contains("a.yml:3:") && errors.contains("SIZE"), "{errors}");
}

fn a_template_is_run_with_the_answers_and_the_stack() {
    let catalog = catalog("");
    let folder = catalog.path();
    let compose = "version: '2'\nservices:\n  web:\n    image: example/web:1\n{{- if eq .Values.COLOR \"blue\" }}\n    tty: \
                   true\n{{- end }}\n    labels:\n      of: '{{ .Stack.Name }} {{ .Stack.Version }} {{ .Stack.PreviousVersion \
                   }} {{ .Environment.Name }} ${OWN}'\n";
    put(folder, "1/docker-compose.yml", compose);
    passes(folder, &expect("services.web.tty: null"));
    passes(folder, &format!("answers: {{COLOR: blue}}\n{}", expect("services.web.tty: true")));
    passes(folder, &expect("services.web.labels.of: 'stack v1.1.0  Default '"));
    let stack = "answers: {OWN: mine}\nstack: {name: s, version: 7, previous_version: v0.9, environment: E}\n";
    passes(folder, &format!("{stack}{}", expect("services.web.labels.of: 's 7 v0.9 E mine'")));
    put(folder, "1/docker-compose.yml", &compose.replace("eq .Values.COLOR", "fail .Values.COLOR"));
    fails(folder, "refused: false", &["docker-compose.yml:5:"]);
}

fn a_rancher_is_offered_a_revision_or_not() {
    let catalog = catalog("");
    let folder = catalog.path();
    passes(folder, "rancher: 1.6.0\nrefused: false");
    passes(folder, "rancher: v1.5.11\nrefused: minimum_rancher_version is v1.6.0");
    fails(folder, "rancher: v1.5.11\nrefused: false", &["Rancher v1.5.11 is not offered it"]);
}

fn two_services(image: &str, more: &str) -> String {
    format!(
        "version: '2'\nservices:\n  web:\n    image: {image}\n    environment: {{COLOR: '${{COLOR}}'}}\n  db:\n    image: \
         example/db:1\n{more}"
    )
}

fn an_upgrade_recreates_keeps_starts_and_leaves() {
    let catalog = catalog("");
    let folder = catalog.path();
    put(folder, "0/docker-compose.yml", &two_services("example/web:1", "  old: {image: 'example/old:1'}\n"));
    put(folder, "1/docker-compose.yml", &two_services("example/web:2", "  new: {image: 'example/new:1'}\n"));
    let zero = GOOD_TEMPLATE[6].1.replace("v1.1.0", "v1.0.0");
    put(folder, "0/rancher-compose.yml", &zero);
    passes(folder, "upgrade: {from: 0, to: 1, recreates: [web], keeps: [db], starts: [new], leaves: [old]}");
    passes(folder, "upgrade: {from: v1.0.0, recreates: [web]}");
    passes(folder, &format!("upgrade: {{from: 0}}\n{}", expect("services.web.image: example/web:2")));
    for (keys, says) in [
        (
            "recreates: []",
            &["the upgrade recreates other services", "expected  none", "got       web (changed: image)"][..],
        ),
        ("recreates: [web, db]", &["expected  db, web"]),
        ("starts: []", &["got       new (it is new)"]),
        ("leaves: []", &["got       old ("]),
        ("keeps: [web]", &["the containers of `web` are replaced: changed: image"]),
        ("keeps: [new]", &["`new` is new"]),
        ("keeps: [old]", &["`old` is no part of the version any more"]),
        ("keeps: [dbb]", &["neither revision has a service `dbb`: is `db` meant?"]),
        ("recreates: [webb]", &["neither revision has a service `webb`"]),
    ] {
        fails(folder, &format!("upgrade: {{from: 0, to: 1, {keys}}}"), says);
    }
    // Who changes an answer stays with the revision.
    passes(folder, "upgrade: {from: 1, to: 1, answers: {COLOR: blue}, recreates: [web], keeps: [db, new]}");
    passes(folder, "upgrade: {from: 1, to: 1, recreates: [], starts: [], leaves: []}");
}

fn an_upgrade_that_is_not_offered_or_fails_is_refused() {
    let catalog = catalog("");
    let folder = catalog.path();
    passes(folder, "upgrade: {from: 1, to: 0}\nrefused: v1.0.0 is not higher than v1.1.0");
    fails(
        folder,
        "upgrade: {from: 1, to: 0, keeps: [web]}",
        &["Rancher does not offer the upgrade: v1.0.0 is not higher"],
    );
    fails(folder, "upgrade: {from: 0, to: 1}\nrefused: true", &["a refusal is expected, and Rancher takes it"]);
    for (revision, driver) in [(0, "a"), (1, "b")] {
        let compose = format!(
            "version: '2'\nservices:\n  web: {{image: 'example/web:1'}}\nvolumes:\n  data: {{driver: {driver}}}\n"
        );
        put(folder, &format!("{revision}/docker-compose.yml"), &compose);
    }
    passes(folder, "upgrade: {from: 0, to: 1}\nrefused: the upgrade fails because of volume data");
    // A stack that cannot be is none to upgrade.
    fails(
        folder,
        "answers: {COLOR: green}\nupgrade: {from: 1, to: 1}\nrefused: true",
        &["there is no stack to upgrade"],
    );
}

fn answers_stay_over_an_upgrade() {
    let catalog = catalog("");
    let folder = catalog.path();
    let rancher =
        |version: &str, extra: &str| GOOD_TEMPLATE[6].1.replace("v1.1.0", version).replace("default: '10'", extra);
    put(folder, "0/rancher-compose.yml", &rancher("v1.0.0", "default: '7'"));
    put(folder, "0/docker-compose.yml", GOOD_TEMPLATE[5].1);
    put(folder, "1/rancher-compose.yml", &rancher("v1.1.0", "default: '10'"));
    let after = |answers: &str, more: &str, size: &str| {
        format!(
            "answers: {answers}\nupgrade: {{from: 0, to: 1{more}}}\n{}",
            expect(&format!("services.web.environment.SIZE: '{size}'"))
        )
    };
    passes(folder, &after("{}", "", "7"));
    passes(folder, &after("{SIZE: 8}", "", "8"));
    passes(folder, &after("{SIZE: ''}", "", "10"));
    passes(folder, &after("{SIZE: 8}", ", answers: {SIZE: 9}", "9"));
}

fn the_example_of_the_docs_is_what_happens() {
    let docs = fs::read_to_string(root().join("docs/gen-catalog.md")).unwrap();
    let section = docs.split_once("\n## test\n").unwrap().1.split_once("\n## ").unwrap().0;
    let example = section.split_once("```yaml\n").unwrap().1.split_once("```").unwrap().0;
    let shown = section.split_once("    $ gen-catalog test . --update\n").unwrap().1.split_once("\n- ").unwrap().0;
    let shown: String = shown.lines().map(|line| format!("{}\n", line.strip_prefix("    ").unwrap_or(line))).collect();
    let folder = tempfile::tempdir().unwrap();
    GOOD_TEMPLATE.iter().for_each(|(file, text)| put(folder.path(), file, text));
    put(folder.path(), "tests/answers.yml", example);
    let (code, text, errors) = outcome(folder.path(), &["test", ".", "--update"]);
    assert_eq!((code, errors.as_str(), text.trim_end()), (1, "", shown.trim_end()));
}

fn the_tests_of_the_entry_pass() {
    let (code, text, errors) = outcome(root(), &["test", "community-catalog", "--format", "json"]);
    let told: Value = serde_json::from_str(&text).unwrap_or_else(|_| panic!("{errors}"));
    assert_eq!((code, told["summary"]["failed"].as_u64()), (0, Some(0)), "{text}");
    assert!(told["summary"]["tests"].as_u64().unwrap() >= 8, "{text}");
}
