//! `gen-catalog new --compose` makes of any compose file a template that Rancher takes, and says line by line what Rancher has
//! not and what becomes of it.

mod losses;
mod made_up;
mod secrets;

use std::fs;
use std::path::Path;

use gen_catalog::catalog::CatalogRoot;
use gen_catalog::new_template::{About, Kind, NewPlan, Parts, Source, Wishes, plan};
use serde_json::Value;
use swarm_lab::generator::outcome;
use swarm_lab::git::git;
use swarm_lab::real_parts;
use swarm_lab::trial::{Trial, trial};
use swarm_lab::trials;

use crate::bump::{put, read};
use crate::new_template::{is_strictly_good, passes};

pub fn trials() -> Vec<Trial> {
    let judge = real_parts::kit().is_err().then_some("needs Rancher's own parts (RANCHER_REAL)");
    let mut trials = trials![
        three_services_become_a_stack,
        wordpress_becomes_a_stack_in_which_one_password_is_asked_once,
        what_rancher_has_not_is_told_with_its_line,
        variables_become_questions_of_their_kind,
        secrets_are_never_copied,
        a_file_of_variables_that_is_a_link_is_told,
        files_beside_it_are_read_and_none_elsewhere,
        a_file_above_the_clone_is_read_from_within,
        within_brackets_a_text_may_have_a_colon,
        services_that_share_become_sidekicks,
        the_oldest_form_is_read_too,
        a_file_that_is_none_is_refused_with_its_place,
    ];
    trials.push(trial("secrets_are_never_copied_from_anywhere", None, secrets::are_never_copied_from_anywhere));
    trials.push(trial("secrets_are_not_seen_where_there_are_none", None, secrets::are_not_seen_where_there_are_none));
    trials.push(trial("what_has_the_wrong_form_is_told", None, losses::what_has_the_wrong_form_is_told_with_its_line));
    trials.push(trial(
        "a_variable_where_rancher_takes_none_is_told",
        None,
        losses::a_variable_where_rancher_takes_none_is_told,
    ));
    trials.push(trial(
        "few_lines_do_not_become_many_without_end",
        None,
        losses::few_lines_do_not_become_many_without_end,
    ));
    trials.push(trial("made_up_files_pass_the_strict_check", None, made_up::pass_the_strict_check));
    trials.push(trial("ranchers_executor_takes_what_comes_of_made_up_files", judge, made_up::executor_takes_them));
    trials
}

const FILE: &str = "docker-compose.yml";

fn planned(folder: &Path, text: &str) -> NewPlan {
    fs::write(folder.join(FILE), text).unwrap();
    planned_of(&folder.join(FILE)).unwrap_or_else(|error| panic!("{error}\n{text}"))
}

fn planned_of(file: &Path) -> Result<NewPlan, gen_catalog::new_template::NewError> {
    let root = CatalogRoot::open(file.parent().unwrap()).unwrap();
    let source = Source::Compose { file: file.to_owned(), images: Vec::new(), profiles: Vec::new() };
    let name = "shop".parse().unwrap();
    plan(&root, &Wishes { name, kind: Kind::Stack, source, about: About::default(), parts: Parts::default() })
}

/// Both compose files of a plan.
fn texts(plan: &NewPlan) -> (String, String) {
    let files = plan.files();
    let text = |name: &str| files.iter().find(|file| file.path.ends_with(name)).unwrap().text.clone();
    (text("0/docker-compose.yml"), text("0/rancher-compose.yml"))
}

/// The remarks as they are printed, without the folder.
fn remarks(plan: &NewPlan) -> Vec<String> {
    let line = |path: String| path.rsplit('/').next().unwrap_or_default().to_owned();
    plan.remarks.iter().map(|remark| format!("{}: {}", line(remark.place()), remark.message)).collect()
}

const THREE: &str = r#"version: "3.8"
services:
  web:
    image: nginx:1.25.3
    ports: ["${WEB_PORT:-8080}:80"]
    networks: [front]
    depends_on: {api: {condition: service_healthy}}
    healthcheck:
      test: ["CMD", "curl", "-f", "http://localhost:80/health"]
      interval: 10s
      timeout: 5s
      retries: 5
      start_period: 30s
    deploy: {replicas: 2}
  api:
    image: example/api:2.1.0
    environment: {DATABASE_URL: "postgres://shop:s3cret@db:5432/shop"}
    secrets: [tls]
    networks: [front]
  db:
    image: postgres:16.2
    environment: [POSTGRES_USER=shop, POSTGRES_PASSWORD=s3cret]
    volumes: ["db_data:/var/lib/postgresql/data"]
    healthcheck: {test: ["CMD-SHELL", "pg_isready -U shop"]}
networks: {front: {driver: overlay}}
volumes: {db_data: }
secrets: {tls: {file: ./tls.key}}
"#;

fn three_services_become_a_stack() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    put(folder, FILE, THREE);
    let (code, text, errors) = outcome(folder, &["new", "shop", "--compose", FILE]);
    assert_eq!((code, errors.as_str()), (0, ""), "{text}");
    for told in [
        "docker-compose.yml:1:1: version 3.8 becomes '2'",
        "docker-compose.yml:5:13: WEB_PORT is asked for, with the default \"8080\"",
        "docker-compose.yml:7:5: `depends_on` is left out",
        "docker-compose.yml:8:5: `healthcheck` becomes `health_check` in rancher-compose.yml: GET /health of port 80",
        "docker-compose.yml:14:14: deploy.replicas becomes `scale` in rancher-compose.yml",
        "docker-compose.yml:17:19: DATABASE_URL_PASSWORD is the answer to POSTGRES_PASSWORD",
        "docker-compose.yml:24:5: `healthcheck` becomes `health_check` in rancher-compose.yml: a connection to port 5432",
        "docker-compose.yml:25:12: the network front is left out, and with it its driver overlay",
        "docker-compose.yml:27:11: the secret tls must be made in Rancher with what ./tls.key holds",
        "check: no error, no warning, 1 note",
    ] {
        assert!(text.contains(told), "{told} is not in {text}");
    }
    passes(folder, "templates/shop");
    let docker = read(folder, "templates/shop/0/docker-compose.yml");
    for part in [
        "- ${WEB_PORT}:80\n",
        "DATABASE_URL: postgres://shop:${POSTGRES_PASSWORD}@db:5432/shop\n",
        "- tls\n",
        "driver: local\n",
    ] {
        assert!(docker.contains(part), "{part} is not in {docker}");
    }
    let rancher = read(folder, "templates/shop/0/rancher-compose.yml");
    for part in [
        "scale: 2\n",
        "request_line: GET /health HTTP/1.0\n",
        "interval: 10000\n",
        "response_timeout: 5000\n",
        "unhealthy_threshold: 5\n",
        "initializing_timeout: 100000\n",
    ] {
        assert!(rancher.contains(part), "{part} is not in {rancher}");
    }
    let (code, json, _) = outcome(folder, &["new", "shop2", "--compose", FILE, "--format", "json"]);
    let report: Value = serde_json::from_str(&json).unwrap();
    let first = &report["remarks"][0];
    assert_eq!((code, &first["line"], &first["column"], &first["what"]), (0, &1.into(), &1.into(), &"becomes".into()));
}

fn wordpress_becomes_a_stack_in_which_one_password_is_asked_once() {
    let folder = tempfile::tempdir().unwrap();
    let plan = planned(
        folder.path(),
        "services:\n  db:\n    image: mariadb:10.6.4\n    command: '--default-authentication-plugin=mysql_native_password'\n    \
         volumes:\n      - db_data:/var/lib/mysql\n    restart: always\n    environment:\n      - \
         MYSQL_ROOT_PASSWORD=somewordpress\n      - MYSQL_DATABASE=wordpress\n      - MYSQL_USER=wordpress\n      - \
         MYSQL_PASSWORD=wordpress\n    expose:\n      - 3306\n      - 33060\n  wordpress:\n    image: wordpress:latest\n    \
         ports:\n      - 80:80\n    restart: always\n    environment:\n      - WORDPRESS_DB_HOST=db\n      - \
         WORDPRESS_DB_USER=wordpress\n      - WORDPRESS_DB_PASSWORD=wordpress\n      - WORDPRESS_DB_NAME=wordpress\nvolumes:\n  \
         db_data:\n",
    );
    is_strictly_good("wordpress", &plan);
    let (docker, rancher) = texts(&plan);
    assert_eq!(docker.matches("${MYSQL_PASSWORD}").count(), 2, "{docker}");
    assert!(
        docker.contains("WORDPRESS_DB_PASSWORD: ${MYSQL_PASSWORD}\n") && docker.contains("MYSQL_USER: wordpress\n")
    );
    assert!(!docker.contains("somewordpress") && !rancher.contains("somewordpress"));
    assert!(docker.contains("image: wordpress:${WORDPRESS_TAG}\n") && docker.contains("- '3306'\n"), "{docker}");
    assert_eq!(rancher.matches("type: password\n").count(), 2, "{rancher}");
    assert!(
        remarks(&plan)
            .iter()
            .any(|line| line.contains("`latest` is whatever was built last; `--image") || line.contains("as `latest`")),
        "{:?}",
        remarks(&plan)
    );
}

/// Keys of a service, each alone in line 4, and what is told of it.
const LACKING: &[(&str, &str)] = &[
    ("health_check: {port: x}", "`health_check.port` of web is left out"),
    ("build: .", "`build` is left out: Rancher builds nothing"),
    ("container_name: x", "`container_name` is left out: Rancher names containers"),
    ("configs: [a]", "`configs` is left out: Rancher has no configs"),
    ("depends_on: [other]", "`depends_on` is left out: Rancher starts services in no order"),
    ("networks: {default: {aliases: [w]}}", "the aliases w are left out"),
    ("networks: {default: {ipv4_address: 10.0.0.1}}", "`networks.default.ipv4_address` is left out"),
    ("pids_limit: 100", "`pids_limit` is left out"),
    ("platform: linux/amd64", "`platform` is left out"),
    ("runtime: nvidia", "`runtime` is left out"),
    ("gpus: all", "`gpus` is left out"),
    ("userns_mode: host", "`userns_mode` is left out"),
    ("develop: {watch: []}", "`develop` is left out"),
    ("annotations: {a: b}", "`annotations` is left out: Rancher 1.6 has nothing like it"),
    ("healthcheck: {test: [CMD, 'true']}", "`healthcheck` is left out: Rancher runs no command"),
    ("restart: 'no'", "becomes the label io.rancher.container.start_once"),
    ("restart: no", "becomes the label io.rancher.container.start_once"),
    ("restart: on-failure", "`restart: on-failure` stays, with the label"),
    ("deploy: {mode: global}", "deploy.mode: global becomes the label io.rancher.scheduler.global"),
    ("deploy: {endpoint_mode: vip}", "deploy.endpoint_mode is left out"),
    ("deploy: {labels: {a: b}}", "deploy.labels is left out"),
    ("deploy: {rollback_config: {}}", "deploy.rollback_config is left out"),
    (
        "deploy: {placement: {constraints: [node.role == manager]}}",
        "the constraint \"node.role == manager\" is left out",
    ),
    ("deploy: {placement: {constraints: [node.labels.a != b]}}", "on hosts without the host label a=b"),
    ("deploy: {placement: {preferences: [{spread: node.labels.a}]}}", "deploy.placement.preferences is left out"),
    (
        "deploy: {placement: {max_replicas_per_node: 1}}",
        "becomes the label io.rancher.scheduler.affinity:container_label_ne",
    ),
    ("deploy: {resources: {limits: {pids: 5}}}", "deploy.resources.limits.pids is left out"),
    ("deploy: {resources: {reservations: {cpus: '0.25'}}}", "becomes `milli_cpu_reservation`"),
    ("deploy: {resources: {reservations: {memory: 20M}}}", "becomes `mem_reservation`"),
    ("deploy: {update_config: {parallelism: 2}}", "becomes `upgrade_strategy.batch_size`"),
    ("deploy: {update_config: {failure_action: rollback}}", "deploy.update_config.failure_action is left out"),
    ("deploy: {restart_policy: {condition: none}}", "deploy.restart_policy becomes the label"),
    ("cpus: 0.5", "`cpus` becomes `cpu_quota` of a `cpu_period`"),
    ("scale: 3", "`scale` goes into rancher-compose.yml"),
    ("pull_policy: always", "pull_policy: always becomes the label io.rancher.container.pull_image"),
    ("ports: ['3000-3002:3000-3002']", "the range 3000-3002:3000-3002 becomes 3 ports"),
    ("ports: ['8000-9000:80']", "the port 8000-9000:80 is left out"),
    ("ports: ['80/sctp']", "a part of `ports` of web is left out"),
    ("ports: [{target: 80, published: 8080, mode: host}]", "`mode` of the port 8080:80 is left out"),
    ("volumes: ['./data:/data']", "./data is a folder of yours"),
    ("volumes: ['./a.conf:/etc/a.conf']", "./a.conf is left out: it is a file of yours"),
    ("volumes: ['/a:/b:cached']", "`cached` of the volume /b is left out"),
    ("volumes: [{type: tmpfs, target: /t}]", "the volume /t of the type tmpfs becomes `tmpfs`"),
    ("volumes: [{type: npipe, source: a, target: /t}]", "Rancher knows none of the type npipe"),
    ("env_file: [none.env]", "env_file: none.env is left out: it is not there"),
    ("env_file: ../none.env", "it is not in the folder of the compose file"),
    ("environment: [FROM_SHELL]", "FROM_SHELL is asked for: compose takes it from the shell"),
    ("environment: {A: '${B:+c}'}", "`${B:+c}` is left out"),
    ("extends: {service: x, file: other.yml}", "`extends` is left out: write what `x` of other.yml has into this file"),
    ("extends: {service: nobody}", "`extends` is left out: there is no service nobody"),
    ("extra_hosts: ['a:host-gateway']", "a:host-gateway is left out"),
    ("secrets: [unknown]", "the secret unknown is left out"),
    ("volumes_from: [nobody]", "`volumes_from: nobody` is left out"),
    ("network_mode: 'service:other'", "web becomes a sidekick of other"),
    ("privileged: '${PRIVILEGED:-true}'", "`privileged` is true: Rancher takes no variable there"),
    ("privileged: maybe", "`privileged` is left out"),
    ("mem_limit: 12Mi", "`mem_limit` of web is left out"),
    ("stop_grace_period: soon", "`stop_grace_period` is left out"),
    ("sysctls: {'': 1}", "`sysctls"),
    ("ulimits: {nofile: {soft: 1}}", "is left out: `ulimits.nofile` must hold `soft` and `hard`"),
    ("profiles: [debug]", "the service web is left out: it is of the profile debug"),
    ("command: ''", "`command` is left out: it is empty"),
    ("command: \"it's\"", "`command` of web is left out: `command` cannot be split"),
];

fn what_rancher_has_not_is_told_with_its_line() {
    let folder = tempfile::tempdir().unwrap();
    for (key, told) in LACKING {
        let text = format!("services:\n  web:\n    image: a/b:1\n    {key}\n  other:\n    image: a/c:1\n");
        let plan = planned(folder.path(), &text);
        let lines = remarks(&plan);
        let has = |line: &String| line.starts_with("docker-compose.yml:4:") && line.contains(told);
        assert!(lines.iter().any(has), "{key}: {told:?} is not in {lines:#?}");
        is_strictly_good(key, &plan);
    }
    let slips = "services:\n  web:\n    image: a/b:1\n    prots: ['80:80']\nvolumse: {v: {}}\n";
    let lines = remarks(&planned(folder.path(), slips));
    for (at, key, meant) in [(4, "prots", "ports"), (5, "volumse", "volumes")] {
        let told = |line: &String| {
            line.starts_with(&format!("docker-compose.yml:{at}:"))
                && line.contains(key)
                && line.contains(&format!("is `{meant}` meant?"))
        };
        assert!(lines.iter().any(told), "{key}: {lines:#?}");
    }
    let sections = "name: x\nservices:\n  web:\n    image: a/b:1\ninclude: [a.yml]\nconfigs: {a: {file: ./a}}\nvolumes:\n  v:\n    \
                    name: w\n  e:\n    external: true\nnetworks:\n  n:\n    internal: true\nsecrets:\n  s:\n    external: true\n    \
                    name: t\nother: 1\nx-y: 1\n";
    let lines = remarks(&planned(folder.path(), sections));
    for told in [
        "docker-compose.yml:1:1: `name` is left out",
        "docker-compose.yml:5:1: `include` is left out",
        "docker-compose.yml:6:1: `configs` is left out",
        "docker-compose.yml:9:5: volumes.v.name is left out",
        "docker-compose.yml:10:3: the volume e must be in the environment",
        "docker-compose.yml:13:3: the network n is left out, and with it that it is internal",
        "docker-compose.yml:16:3: the secret t must be made in Rancher",
        "docker-compose.yml:19:1: `other` is left out",
        "docker-compose.yml:20:1: `x-y` is left out",
    ] {
        assert!(lines.iter().any(|line| line.starts_with(told)), "{told} is not in {lines:#?}");
    }
}

fn variables_become_questions_of_their_kind() {
    let folder = tempfile::tempdir().unwrap();
    put(folder.path(), ".env", "FROM_FILE=known\nOTHER_TOKEN=hidden\n");
    let plan = planned(
        folder.path(),
        "services:\n  web:\n    image: 'a/b:${TAG:-1.10}'\n    ports: ['${PORT:?which port}:80']\n    environment:\n      COUNT: \
         '${COUNT:-3}'\n      OCTAL: '${OCTAL:-010}'\n      IS_ON: '${IS_ON:-true}'\n      TEXT: '${TEXT-a b}'\n      EMPTY: \
         '${EMPTY:-}'\n      NESTED: '${NESTED:-${TAG:-x}/${FROM_FILE}}'\n      FILE: $FROM_FILE\n      MY_SECRET: \
         '${MY_SECRET:-hunter2}'\n      KEEP: 'a $$HOME $${X}'\n      OTHER: '${OTHER_TOKEN}'\n  db:\n    image: 'a/c:${MAJOR:-16}'\n    environment: {MAJOR: '${MAJOR}'}\n",
    );
    is_strictly_good("variables", &plan);
    let (docker, rancher) = texts(&plan);
    assert!(docker.contains("KEEP: a $$HOME $${X}\n") && docker.contains("image: a/b:${TAG}\n"), "{docker}");
    for (variable, kind, default) in [
        ("TAG", "string", Some("'1.10'")),
        ("MAJOR", "string", Some("'16'")),
        ("PORT", "string", None),
        ("COUNT", "int", Some("'3'")),
        ("OCTAL", "string", Some("'010'")),
        ("IS_ON", "boolean", Some("'true'")),
        ("TEXT", "string", Some("a b")),
        ("EMPTY", "string", Some("''")),
        ("NESTED", "string", Some("x/known")),
        ("FROM_FILE", "string", Some("known")),
        ("MY_SECRET", "password", None),
        ("OTHER_TOKEN", "password", None),
    ] {
        let (_, question) = rancher.split_once(&format!("- variable: {variable}\n")).expect(variable);
        let question = question.split("- variable").next().unwrap();
        assert!(question.contains(&format!("type: {kind}\n")), "{variable}: {question}");
        match default {
            Some(default) => assert!(question.contains(&format!("default: {default}\n")), "{variable}: {question}"),
            None => assert!(!question.contains("default:") && question.contains("required: true\n"), "{question}"),
        }
    }
    assert!(rancher.contains("description: which port. For web (ports).\n"), "{rancher}");
}

fn secrets_are_never_copied() {
    let folder = tempfile::tempdir().unwrap();
    put(folder.path(), "app.env", "APP_TOKEN=hush-1\nPLAIN='a $b'\nexport JWT_SECRET=\"hush-2\"\n");
    let plan = planned(
        folder.path(),
        "services:\n  web:\n    image: a/b:1\n    env_file: app.env\n    environment:\n      API_KEY: hush-3\n      URL: \
         amqp://u:hush-4@mq/\n      X_PASSWORD: '${X_PASSWORD:-hush-5}'\n      ALLOW_EMPTY_PASSWORD: 'yes'\n      \
         DB_PASSWORD_FILE: /run/secrets/db\n  other:\n    image: a/c:1\n    environment: {API_KEY: hush-6}\n",
    );
    is_strictly_good("secrets", &plan);
    for file in plan.files() {
        assert!(!file.text.contains("hush-"), "{}: {}", file.path, file.text);
    }
    assert!(!remarks(&plan).iter().any(|line| line.contains("hush-")), "{:?}", remarks(&plan));
    let (docker, rancher) = texts(&plan);
    for part in [
        "PLAIN: a $$b\n",
        "ALLOW_EMPTY_PASSWORD: 'yes'\n",
        "DB_PASSWORD_FILE: /run/secrets/db\n",
        "API_KEY: ${OTHER_API_KEY}\n",
        "URL: amqp://u:${URL_PASSWORD}@mq/\n",
    ] {
        assert!(docker.contains(part), "{part} is not in {docker}");
    }
    assert_eq!(rancher.matches("type: password\n").count(), 6, "{rancher}");
}

fn a_file_of_variables_that_is_a_link_is_told() {
    let folder = tempfile::tempdir().unwrap();
    put(folder.path(), "elsewhere", "TAG=1\n");
    std::os::unix::fs::symlink("elsewhere", folder.path().join(".env")).unwrap();
    let lines = remarks(&planned(folder.path(), "services:\n  web:\n    image: a/b:${TAG}\n"));
    let told = |line: &String| line.starts_with(".env") && line.contains("is a symbolic link to elsewhere");
    assert!(lines.iter().any(told), "{lines:#?}");
}

fn files_beside_it_are_read_and_none_elsewhere() {
    let folder = tempfile::tempdir().unwrap();
    let inner = folder.path().join("project");
    fs::create_dir(&inner).unwrap();
    put(folder.path(), "outside.env", "LEAKED=1\n");
    std::os::unix::fs::symlink(folder.path().join("outside.env"), inner.join("link.env")).unwrap();
    put(&inner, "sub/in.env", "INSIDE=1\n");
    put(&inner, "long.env", "x".repeat(2 << 20));
    let absolute = folder.path().join("outside.env");
    let text = format!(
        "services:\n  web:\n    image: a/b:1\n    env_file: [./sub/in.env, link.env, ../outside.env, long.env, '{}', '/dev/zero']\n",
        absolute.display()
    );
    let plan = planned(&inner, &text);
    let (docker, _) = texts(&plan);
    assert!(docker.contains("INSIDE: '1'\n") && !docker.contains("LEAKED"), "{docker}");
    assert_eq!(remarks(&plan).iter().filter(|line| line.contains("is left out")).count(), 5, "{:?}", remarks(&plan));
}

fn services_that_share_become_sidekicks() {
    let folder = tempfile::tempdir().unwrap();
    let plan = planned(
        folder.path(),
        "services:\n  my_app:\n    image: a/b:1\n    network_mode: 'service:vpn'\n  vpn:\n    image: a/c:1\n    cap_add: \
         [NET_ADMIN]\n    ports: ['80:80']\n  copy:\n    image: a/d:1\n    volumes_from: ['my_app:ro']\n  user:\n    image: \
         a/e:1\n    environment: {HOST: 'http://my_app:80'}\n",
    );
    is_strictly_good("sidekicks", &plan);
    let (docker, _) = texts(&plan);
    for part in
        ["io.rancher.sidekicks: my-app,copy\n", "network_mode: container:vpn\n", "- my-app\n", "- my-app:my_app\n"]
    {
        assert!(docker.contains(part), "{part} is not in {docker}");
    }
}

fn the_oldest_form_is_read_too() {
    let folder = tempfile::tempdir().unwrap();
    let plan = planned(
        folder.path(),
        "web:\n  image: a/b:1\n  links: [db, 'db:database']\n  net: bridge\n  log_driver: syslog\n  log_opt: {tag: \
         '{{.Name}}'}\n  cpu_shares: 5\n  mem_limit: 1000000000\ndb:\n  image: a/c:1\n  environment: [A=1]\n",
    );
    is_strictly_good("oldest", &plan);
    let (docker, _) = texts(&plan);
    // Rancher would run what stands in double braces.
    assert!(docker.starts_with("# notemplating\n"), "{docker}");
    for part in
        ["version: '2'\n", "network_mode: bridge\n", "driver: syslog\n", "- db:database\n", "mem_limit: 1000000000\n"]
    {
        assert!(docker.contains(part), "{part} is not in {docker}");
    }
}

/// As compose itself reads it, which Rancher does not.
fn within_brackets_a_text_may_have_a_colon() {
    let folder = tempfile::tempdir().unwrap();
    let text =
        "services:\n  web: {image: example/web:1.0.0, ports: [8080:80, 81], volumes: [/srv/d:/d], command: [a?b, c]}\n";
    let (docker, _) = texts(&planned(folder.path(), text));
    for part in ["image: example/web:1.0.0", "8080:80", "/srv/d:/d", "a?b"] {
        assert!(docker.contains(part), "{part}: {docker}");
    }
}

fn a_file_above_the_clone_is_read_from_within() {
    let folder = tempfile::tempdir().unwrap();
    let clone = folder.path().join("catalog/deep");
    fs::create_dir_all(&clone).unwrap();
    git(&clone, &["init", "-q", ".."]);
    fs::write(folder.path().join(FILE), "services:\n  web: {image: 'example/web:1.0.0'}\n").unwrap();
    let file = format!("../../{FILE}");
    let (code, text, errors) = outcome(&clone, &["new", "web", "--compose", &file, "--dry-run", "--format", "json"]);
    assert!(code == 0 && text.contains("templates/web/0/docker-compose.yml"), "{text}{errors}");
}

fn a_file_that_is_none_is_refused_with_its_place() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    fs::create_dir(folder.join("catalog")).unwrap();
    let bomb = (0..40)
        .fold("a0: &a0 [x, x]\n".to_owned(), |text, at| format!("{text}a{}: &a{} [*a{at}, *a{at}]\n", at + 1, at + 1));
    let deep = format!("services: {}", "{a: ".repeat(5000));
    let large = format!("services:\n  web: {{image: a}}\n#{}\n", "x".repeat(1 << 20));
    for (text, wanted) in [
        ("", ":1:1: the file is empty"),
        ("# nothing\n", ":1:1: the file is empty"),
        ("services: [\n", ":2:1: "),
        ("- a\n- b\n", ":1:1: this is no compose file"),
        ("just text\n", ":1:1: this is no compose file"),
        ("services:\n", "there are no services in it"),
        ("version: '2'\n", "there are no services in it"),
        (
            "service:\n  web: {image: 'a/b:1'}\n",
            ":1:1: `service` holds services, and is read as one: is `services` meant?",
        ),
        ("services: [web]\n", ":1:1: `services` must be a map of services"),
        ("services:\n  web: nginx\n", ":2:3: the service `web` must be a map of keys"),
        ("services:\n  web: {image: 'a/b:${TAG'}\n", ":2:16: `${TAG`: a dollar begins no variable"),
        ("services:\n  web: {image: 'a/b:1', command: 'echo $ '}\n", ":2:34: `$ `"),
        ("services:\n  web: {image: 'Nginx:1'}\n", ":2:16: `Nginx:1` is not an image reference"),
        ("a: &a {b: *a}\n", "has no end"),
        ("services: {web: {image: 'a/b:1', profiles: [x]}}\n", "no service is left to launch: see --profile"),
        (bomb.as_str(), ": "),
        (deep.as_str(), ": "),
        (large.as_str(), "it has more than 1048576 bytes"),
    ] {
        put(folder, FILE, text);
        let (code, _, errors) = outcome(folder, &["new", "shop", "--catalog", "catalog", "--compose", FILE]);
        let shown: String = text.chars().take(60).collect();
        assert!(code == 2 && errors.contains(FILE) && errors.contains(wanted), "{shown:?}: {code} {errors}");
        assert!(errors.len() < 600 && fs::read_dir(folder.join("catalog")).unwrap().next().is_none(), "{errors}");
    }
    put(folder, FILE, b"services: {web: {image: '\xff'}}\n");
    for file in [FILE, "catalog", "/dev/zero"] {
        let (code, _, errors) = outcome(folder, &["new", "shop", "--catalog", "catalog", "--compose", file]);
        assert!(code == 2 && errors.contains(file), "{file}: {errors}");
    }
    // Thousands of services, and values that are refused one by one, are no work for long.
    let many: String =
        (0..3000).map(|at| format!("  s{at}: {{image: 'a/b:1', ports: ['x{at}'], links: [s{}]}}\n", at + 1)).collect();
    put(folder, FILE, format!("services:\n{many}"));
    let start = std::time::Instant::now();
    let (code, _, errors) = outcome(folder, &["new", "shop", "--catalog", "catalog", "--compose", FILE, "--quiet"]);
    assert!(code == 0 && start.elapsed().as_secs() < 100, "{errors}");
}
