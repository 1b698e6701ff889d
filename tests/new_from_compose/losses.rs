//! Nothing of a compose file is lost without a word: what has the wrong form, and variables where Rancher takes none.

use std::fs;

use super::{FILE, planned, planned_of, remarks};
use crate::new_template::is_strictly_good;

/// Keys of a service, each alone in line 4, and what is told of it.
const MISFITS: &[(&str, &str)] = &[
    ("ports: 8080", "`ports` of web is left out: it must be a list, not a number"),
    ("ports: {a: 80}", "`ports` of web is left out: it must be a list, not a map"),
    ("ports: [[80]]", "a part of `ports` of web is left out: it must be a text or a number or a map, not a list"),
    ("ports: [{target: [80]}]", "`ports.target` of web is left out: it must be a text or a number, not a list"),
    ("ports: [~]", "a part of `ports` of web is left out: it must be a text or a number or a map, not nothing"),
    ("expose: 80", "`expose` of web is left out: it must be a list, not a number"),
    ("environment: 5", "`environment` of web is left out: it must be a list or a map, not a number"),
    ("environment: {A: [1]}", "`environment.A` of web is left out: it must be a text or a number, not a list"),
    ("environment: [{A: 1}]", "a part of `environment` of web is left out: it must be a text or a number, not a map"),
    ("env_file: {a: b}", "`env_file` of web is left out: it must be a text or a number or a list, not a map"),
    ("labels: true", "`labels` of web is left out: it must be a list or a map, not true or false"),
    ("restart: [x]", "`restart` of web is left out: it must be a text or a number, not a list"),
    ("image: [a]", "`image` of web is left out: it must be a text or a number, not a list"),
    ("command: {a: b}", "`command` of web is left out: it must be a text or a number or a list, not a map"),
    ("command: [[a]]", "a part of `command` of web is left out"),
    ("volumes: /data", "`volumes` of web is left out: it must be a list, not a text"),
    ("volumes: [{target: [/a]}]", "`volumes.target` of web is left out"),
    (
        "volumes: [{source: a, target: /a, bind: {propagation: shared}}]",
        "`volumes.bind.propagation` of web is left out",
    ),
    ("volumes: [{source: a, target: /a, consistency: cached}]", "`volumes.consistency` of web is left out"),
    ("deploy: [a]", "`deploy` of web is left out: it must be a map, not a list"),
    ("deploy: {replicas: [2]}", "`deploy.replicas` of web is left out"),
    ("deploy: {resources: {limits: 5}}", "`deploy.resources.limits` of web is left out: it must be a map"),
    ("deploy: {resources: 5}", "`deploy.resources` of web is left out"),
    ("deploy: {placement: {constraints: a}}", "`deploy.placement.constraints` of web is left out: it must be a list"),
    ("deploy: {restart_policy: {condition: none, delay: 5s}}", "`deploy.restart_policy.delay` of web is left out"),
    ("deploy: {update_config: 1}", "`deploy.update_config` of web is left out"),
    ("depends_on: other", "`depends_on` of web is left out: it must be a list or a map, not a text"),
    ("links: other", "`links` of web is left out"),
    ("networks: x", "`networks` of web is left out"),
    ("secrets: x", "`secrets` of web is left out"),
    ("extra_hosts: x", "`extra_hosts` of web is left out"),
    ("extra_hosts: {a: [1.2.3.4]}", "`extra_hosts.a` of web is left out"),
    ("logging: x", "`logging` of web is left out"),
    ("logging: {options: [a]}", "`logging.options` of web is left out"),
    ("logging: {level: 5}", "`logging.level` of web is left out: Rancher has nothing like it"),
    ("ulimits: 5", "`ulimits` of web is left out"),
    ("ulimits: {nofile: [1]}", "`ulimits.nofile` of web is left out"),
    ("healthcheck: x", "`healthcheck` of web is left out"),
    (
        "healthcheck: {test: 'curl http://localhost/', interval: soon}",
        "`healthcheck.interval` is left out: \"soon\" is no duration",
    ),
    (
        "healthcheck: {test: 'curl http://localhost/', retries: x}",
        "`healthcheck.retries` is left out: \"x\" is no whole number",
    ),
    (
        "healthcheck: {test: 'curl http://localhost/', start_interval: 1s}",
        "`healthcheck.start_interval` of web is left out",
    ),
    ("scale: [1]", "`scale` of web is left out"),
    ("cpus: {a: 1}", "`cpus` of web is left out"),
    ("extends: [a]", "`extends` of web is left out"),
    ("profiles: debug", "`profiles` of web is left out: it must be a list, not a text"),
    ("privileged: [true]", "`privileged` of web is left out"),
    ("sysctls: 5", "`sysctls` of web is left out"),
    ("tmpfs: {a: b}", "`tmpfs` of web is left out"),
];

/// Variables where Rancher takes none.
const FIXED: &[(&str, &str)] = &[
    ("restart: '${R:-always}'", "`restart` is always: Rancher takes no variable there"),
    ("restart: '${R}'", "`restart` is left out: \"\" is no policy"),
    ("ulimits: {nproc: '${N:-5}'}", "`ulimits.nproc` is 5: Rancher takes no variable there"),
    ("ulimits: {nofile: {soft: '${N:-5}', hard: 7}}", "`ulimits.nofile.soft` is 5: Rancher takes no variable there"),
    ("cpus: '${C:-1.5}'", "`cpus` is 1.5: Rancher takes no variable there"),
    ("ports: ['${A:-3000}-3001:80-81']", "`ports` is 3000-3001:80-81: Rancher takes no variable there"),
    ("ports: ['${A:-3000}-3001:80-81']", "the range 3000-3001:80-81 becomes 2 ports"),
    ("ports: ['${A}-3001:80-81']", "the port -3001:80-81 is left out: its range cannot be read"),
    ("ports: ['${A:-3000-3001}:80']", "a part of `ports` of web is left out"),
    ("ports: ['${A:-no}:80']", "a part of `ports` of web is left out"),
    ("ports: [{target: 80-81, published: '${A:-3000}-3001'}]", "the range 3000-3001:80-81 becomes 2 ports"),
    ("deploy: {placement: {constraints: ['node.labels.a == ${B:-c}']}}", "Rancher takes no variable there"),
    ("deploy: {update_config: {parallelism: '${P:-2}'}}", "`deploy.update_config.parallelism` is 2"),
    ("deploy: {mode: '${MODE:-global}'}", "deploy.mode: global becomes the label"),
    ("pull_policy: '${PULL:-always}'", "pull_policy: always becomes the label"),
    ("healthcheck: {test: 'curl http://localhost/', interval: '${I:-5s}'}", "`healthcheck.interval` is 5s"),
];

fn in_a_service(key: &str) -> String {
    format!("services:\n  web:\n    hostname: a\n    {key}\n    working_dir: /a\n  other:\n    image: a/c:1\n")
}

fn is_told(cases: &[(&str, &str)]) {
    let folder = tempfile::tempdir().unwrap();
    for (key, told) in cases {
        let plan = planned(folder.path(), &in_a_service(key));
        let lines = remarks(&plan);
        let has = |line: &String| line.starts_with("docker-compose.yml:4:") && line.contains(told);
        assert!(lines.iter().any(has), "{key}: {told:?} is not in {lines:#?}");
        is_strictly_good(key, &plan);
    }
}

pub(super) fn what_has_the_wrong_form_is_told_with_its_line() {
    is_told(MISFITS);
    let folder = tempfile::tempdir().unwrap();
    let sections =
        "services:\n  web:\n    image: a/b:1\nvolumes: [a]\nnetworks: 5\nsecrets:\n  s: {file: [a]}\n  t: 5\n";
    let lines = remarks(&planned(folder.path(), sections));
    for told in [
        "docker-compose.yml:4:1: `volumes` is left out: it must be a map, not a list",
        "docker-compose.yml:5:1: `networks` is left out: it must be a map, not a number",
        "docker-compose.yml:7:7: `secrets.s.file` is left out: it must be a text or a number, not a list",
        "docker-compose.yml:8:3: `secrets.t` is left out: it must be a map, not a number",
    ] {
        assert!(lines.iter().any(|line| line.starts_with(told)), "{told} is not in {lines:#?}");
    }
}

pub(super) fn a_variable_where_rancher_takes_none_is_told() {
    is_told(FIXED);
}

/// Services that extend a large one, ranges of ports and files of variables make much of few lines.
pub(super) fn few_lines_do_not_become_many_without_end() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let variables: String = (0..3000).map(|at| format!("V{at}=x\n")).collect();
    fs::write(folder.join("many.env"), &variables).unwrap();
    let environment: String = (0..3000).map(|at| format!("      V{at}: x\n")).collect();
    let each = |keys: &str| (0..300).map(|at| format!("  s{at}: {{{keys}}}\n")).collect::<String>();
    let extended =
        format!("services:\n  base:\n    image: a/b:1\n    environment:\n{environment}{}", each("extends: base"));
    let files = format!("services:\n{}", each("image: 'a/b:1', env_file: many.env"));
    let ranges: String = (0..2500).map(|at| format!("      - 127.0.0.{}:1-250:1-250\n", at % 250)).collect();
    let ranges = format!("services:\n  web:\n    image: a/b:1\n    ports:\n{ranges}");
    for text in [extended, files, ranges] {
        fs::write(folder.join(FILE), text).unwrap();
        let error = planned_of(&folder.join(FILE)).unwrap_err().to_string();
        let is_placed =
            error.contains("docker-compose.yml:") && error.contains(": here it comes to more than 200000 values");
        assert!(is_placed && error.len() < 600, "{error}");
    }
}
