//! Versions that nobody wrote: services with keys of all kinds, most of them right, with a fault here and there.

use swarm_lab::dice::Dice;

/// The two compose files of a version.
pub type Version = (String, String);

/// Values of any kind, right or wrong where they come to stand, in YAML's flow style.
const ODD: &[&str] = &[
    "null",
    "~",
    "''",
    "true",
    "yes",
    "off",
    "'true'",
    "5",
    "'5'",
    "'+5'",
    "-1",
    "0",
    "010",
    "0x1F",
    "1.0",
    "1.5",
    "1e3",
    "'1.5'",
    "x",
    "'x y'",
    "'null'",
    "64m",
    "'64 MB'",
    "1m30s",
    "'10'",
    "' 10'",
    "9223372036854775808",
    "18446744073709551615",
    ".inf",
    "${EMPTY}",
    "'${EMPTY}'",
    "${NUM}",
    "${WORD}",
    "'${NUM}${WORD}'",
    "$NUM",
    "$$NUM",
    "'$'",
    "'${NUM:-1}'",
    "'${}'",
    "${NOBODY}",
    "${N}",
    "${REQ}",
    "${OPT}",
    "${FLAG}",
    "[]",
    "{}",
    "[a]",
    "[a, a]",
    "[a, b]",
    "[1]",
    "[1, 1]",
    "[1, '1']",
    "[null]",
    "[true]",
    "[a, 1]",
    "[[a]]",
    "[{a: b}]",
    "{a: b}",
    "{a: 1}",
    "{a: 1.0}",
    "{a: 1.5}",
    "{a: null}",
    "{a: true}",
    "{a: [b]}",
    "{a: {b: c}}",
    "{1: b}",
    "{true: b}",
    "{'': b}",
    "['a=b', 'c=d']",
    "['a=b', 'a=b']",
    "['80:80']",
    "[80]",
    "['${EMPTY}']",
    "web",
    "[web]",
    "['web:x']",
    "[nobody]",
    "{name: x}",
    "{driver: x}",
    "{soft: 1, hard: 2}",
    "'it''s'",
    "'\"open'",
    "'back\\'",
    "é",
    "'# x'",
    "{port: 80}",
    "{port: x}",
    "{min: 1, max: '3'}",
    "{service: web}",
    "{context: .}",
    "{source: a, mode: '0444'}",
];
/// Ports.
const PORTS: &[&str] = &[
    "80",
    "'80'",
    "'80:80'",
    "8080:80",
    "'${NUM}:80'",
    "'${EMPTY}:80'",
    "'${EMPTY}'",
    "'1.2.3.4:80:80'",
    "'1.2.3.4::80'",
    "'80/udp'",
    "'80:80/tcp'",
    "'80/TCP'",
    "'80/sctp'",
    "'80/'",
    "':80'",
    "'::80'",
    "'80:'",
    "'0'",
    "'80:0'",
    "'70000'",
    "70000",
    "0",
    "80.5",
    "8e1",
    "-5",
    "'80-82:80-82'",
    "'80-82'",
    "'80-82:80'",
    "'80:web'",
    "'web'",
    "'x:80:80'",
    "'1:2:3:4'",
    "'[::1]:80:80'",
    "''",
    "' 80'",
    "'${WORD}:80'",
    "'65535:65535'",
    "'443:443/tcp/udp'",
    "[80]",
    "null",
    "true",
    "'81:81'",
    "'82:82'",
    "'8443:443'",
    "'53:53/udp'",
];
/// Keys, the form that they belong to (0: both), and right values.
const KEYS: &[(&str, u8, &[&str])] = &[
    (
        "image",
        0,
        &["example/web:1", "nginx", "'${WORD}'", "rancher/dns-service", "rancher/external-service", "rancher/none"],
    ),
    ("image", 0, &["rancher/load-balancer-service", "rancher/lb-service-haproxy:v0.9.14"]),
    ("command", 0, &["run it", "[run, it]", "'run ''it'''", "run ${WORD}", "'a \"b c\"'", "run # it"]),
    ("entrypoint", 0, &["/run", "[/run]", "[]"]),
    (
        "environment",
        0,
        &["{A: b}", "['A=b']", "[A]", "{A: 1}", "{A: yes}", "{A: }", "{A: 1.5}", "{A: '${NUM}'}", "[]", "{}"],
    ),
    ("env_file", 0, &["[]"]),
    ("labels", 0, &["{a: b}", "['a=b']", "{a: 1}", "{a: yes}", "[]", "{io.rancher.scheduler.global: 'true'}"]),
    ("ports", 0, &["['80:80']", "[80]", "['8080:80', '8443:443']", "['${NUM}:80']", "[]"]),
    ("expose", 0, &["['80']", "[80]", "['80-90']", "['80:80']", "[]"]),
    ("volumes", 0, &["['/a']", "['/a:/b']", "['/a:/b:ro']", "['${WORD}:/b']", "[]"]),
    ("privileged", 0, &["true", "false", "yes"]),
    ("read_only", 0, &["true"]),
    ("tty", 0, &["true"]),
    ("stdin_open", 0, &["true"]),
    ("init", 0, &["true"]),
    ("oom_kill_disable", 0, &["false"]),
    ("retain_ip", 0, &["true"]),
    ("start_on_create", 0, &["true"]),
    ("restart", 0, &["always", "'no'", "on-failure:3", "'on-failure:x'", "'a:b:c'"]),
    ("user", 0, &["root", "'1000'"]),
    ("pid", 0, &["host", "null"]),
    ("ipc", 0, &["host", "container:web"]),
    ("uts", 0, &["host"]),
    ("hostname", 0, &["web"]),
    ("domainname", 0, &["example.com"]),
    ("working_dir", 0, &["/"]),
    ("stop_signal", 0, &["SIGTERM"]),
    ("isolation", 0, &["default"]),
    ("mac_address", 0, &["'02:42:ac:11:65:43'"]),
    ("cpuset", 0, &["'0,1'"]),
    ("container_name", 0, &["web"]),
    ("cgroup_parent", 0, &["x"]),
    ("volume_driver", 0, &["local"]),
    ("description", 0, &["text"]),
    ("type", 0, &["service"]),
    ("userdata", 0, &["text"]),
    ("default_cert", 0, &["cert"]),
    ("cap_add", 0, &["[ALL]", "[]"]),
    ("cap_drop", 0, &["[ALL]"]),
    ("devices", 0, &["['/dev/a']", "['/dev/a:/dev/b:rwm']", "['a:b:c:d']"]),
    ("security_opt", 0, &["[a]"]),
    ("external_ips", 0, &["['192.0.2.1']", "[a]"]),
    ("certs", 0, &["[cert]", "['1']"]),
    ("dns", 0, &["8.8.8.8", "[8.8.8.8]"]),
    ("dns_search", 0, &["a", "[a]"]),
    ("dns_opt", 0, &["[a]"]),
    ("extra_hosts", 0, &["['a:1.2.3.4']", "[]"]),
    ("sysctls", 0, &["{a: '1'}", "['a=1']"]),
    ("group_add", 0, &["[root, 5]"]),
    ("blkio_weight_device", 0, &["['/dev/sda:10']", "['/dev/sda:x']", "[x]"]),
    ("device_read_bps", 0, &["{/dev/sda: 100}", "['/dev/sda:100']", "{/dev/sda: '1mb'}", "[x]"]),
    ("device_write_iops", 0, &["{/dev/sda: 100}", "['/dev/sda:100']"]),
    ("mem_limit", 0, &["64m", "67108864", "'1.5g'", "'${NUM}'"]),
    ("memswap_limit", 0, &["64m"]),
    ("mem_reservation", 0, &["64m"]),
    ("memory", 0, &["64"]),
    ("shm_size", 0, &["64m"]),
    ("mem_swappiness", 0, &["0", "10"]),
    ("oom_score_adj", 0, &["0", "-1000", "1001"]),
    ("cpu_shares", 0, &["10", "'10'"]),
    ("cpu_quota", 0, &["10"]),
    ("cpu_period", 0, &["10"]),
    ("blkio_weight", 0, &["10"]),
    ("milli_cpu_reservation", 0, &["10"]),
    ("vcpu", 0, &["1"]),
    ("scale", 0, &["1", "'2'", "'${NUM}'", "0"]),
    ("drain_timeout_ms", 0, &["1000"]),
    ("stop_grace_period", 0, &["10", "1m30s", "10s"]),
    (
        "ulimits",
        0,
        &["{nofile: 5}", "{nofile: {soft: 1, hard: 2}}", "{NoFile: 5}", "{a1: {soft: 1, x: 2}}", "{nofile: {soft: 1}}"],
    ),
    ("disks", 0, &["[{name: a, size: 10g}]", "[]"]),
    ("metadata", 0, &["{a: b}", "{a: {b: [c]}}"]),
    (
        "health_check",
        0,
        &[HEALTH, "{port: '${NUM}'}", "{port: 80, interval: '2000'}", "{port: 80, interval: 2s}", "{port: ${EMPTY}}"],
    ),
    (
        "lb_config",
        0,
        &[
            "{port_rules: [{source_port: 80, target_port: 80, service: web}]}",
            "{port_rules: [{source_port: 80, selector: a=b}]}",
        ],
    ),
    (
        "lb_config",
        0,
        &["{port_rules: [{source_port: '${NUM}', service: db}], certs: [a]}", "{port_rules: [{service: nobody}]}"],
    ),
    (
        "lb_config",
        0,
        &[
            "{port_rules: [{source_port: 42, service: a/b}, {source_port: 1, service: web, selector: x}, {target_port: 5}]}",
        ],
    ),
    ("load_balancer_config", 0, &["{haproxy_config: {global: a}}"]),
    ("scale_policy", 0, &["{min: 1, max: 3, increment: 1}"]),
    ("upgrade_strategy", 0, &["{start_first: true}", "{batch_size: 1, interval_millis: 2000}"]),
    ("storage_driver", 0, &["{name: a, scope: environment}", "{volume_capabilities: [a]}"]),
    ("network_driver", 0, &["{name: a, default_network: {name: b, host_ports: true}}", "{cni_config: {a: {b: c}}}"]),
    ("links", 0, &["[db]", "['db:x']", "[web]", "[]", "['a/b']", "['a/b/c']", "['db ']"]),
    ("external_links", 0, &["['a/b']", "['a/b:c']", "[web]"]),
    ("volumes_from", 0, &["[data]", "[db]", "[web]"]),
    ("build", 1, &[".", "'https://example.com/a.git'"]),
    (
        "build",
        2,
        &[
            ".",
            "'https://example.com/a.git'",
            "{context: 'git@example.com:a'}",
            "{dockerfile: a}",
            "{context: ., args: {a: 1}}",
        ],
    ),
    ("dockerfile", 1, &["a"]),
    ("net", 1, &["host", "container:web", "container:data"]),
    ("log_driver", 1, &["syslog"]),
    ("log_opt", 1, &["{a: b}", "{a: 1}"]),
    ("network_mode", 2, &["host", "container:web", "container:data", "'service:web'", "ipsec"]),
    ("logging", 2, &["{driver: syslog}", "{options: {a: b}}", "{driver: a, options: {a: 1}}"]),
    ("depends_on", 2, &["[db]", "[nobody]", "[web]", "[data]"]),
    ("networks", 2, &["[a]", "{a: }", "{a: {aliases: [b]}}"]),
    ("secrets", 2, &["[a]", "[{source: a, target: b, uid: '1', mode: '0444'}]", "[{source: a, mode: 0444}]"]),
    ("tmpfs", 2, &["/a", "[/a]"]),
    ("config", 2, &["a"]),
    ("port_rules", 2, &["[{a: b}]"]),
    ("stickiness_policy", 2, &["{a: b}"]),
    ("extends", 0, &["{service: base}", "{service: nobody}", "{service: db, file: a.yml}"]),
    ("deploy", 3, &["{replicas: 1}"]),
    ("healthcheck", 3, &["{test: a}"]),
    ("priviledged", 3, &["true"]),
];
const HEALTH: &str = "{port: 80, interval: 2000, response_timeout: 2000, healthy_threshold: 2, unhealthy_threshold: 3}";
const NAMES: &[&str] = &[
    "web",
    "db",
    "data",
    "base",
    "Web",
    "my_web",
    "a.b",
    "web-1",
    "-web",
    "web--1",
    "'w b'",
    "'${WORD}'",
    "web-",
    "1",
];
/// Labels that make groups and balancers.
const LABELS: &[&str] = &[
    "{io.rancher.sidekicks: data}",
    "{io.rancher.sidekicks: 'data,db'}",
    "['io.rancher.sidekicks=data, db']",
    "{io.rancher.sidekicks: nobody}",
    "{io.rancher.sidekicks: ''}",
    "{io.rancher.sidekicks: 'data,data'}",
    "{io.rancher.sidekicks: web}",
    "{io.rancher.sidekicks: '${WORD}'}",
    "{io.rancher.loadbalancer.target.db: 'a.b:80/c=81'}",
    "{io.rancher.loadbalancer.target.db: ''}",
    "{io.rancher.loadbalancer.ssl.ports: '443'}",
    "{io.rancher.loadbalancer.ssl.ports: '443, 80'}",
    "{io.rancher.service.selector.link: a=b}",
];
/// Other sections of a file.
const SECTIONS: &[(&str, &[&str])] = &[
    (
        "volumes",
        &[
            "{a: }",
            "{a: {}}",
            "{a: {driver: x}}",
            "{a: {driver_opts: {b: c}}}",
            "{a: {external: true}}",
            "{a: {external: {name: b}}}",
        ],
    ),
    (
        "volumes",
        &[
            "{a: {per_container: true}}",
            "{a: {driver: '${WORD}'}}",
            "{a: b}",
            "{a: {external: '${FLAG}'}}",
            "{a: {driver: [b]}}",
        ],
    ),
    (
        "networks",
        &["{a: }", "{a: {driver: x}}", "{a: {ipam: {config: [{subnet: 1.2.3.0/24}]}}}", "{a: {external: x}}", "[a]"],
    ),
    ("secrets", &["{a: {file: b}}", "{a: {external: true}}", "{a: }", "{a: {external: '$'}}", "{a: [b]}"]),
    ("hosts", &["{a: {count: 1, template: b}}", "{a: {count: x}}", "{a: {b: {1: c}}}", "{a: }"]),
    ("dependencies", &["{a: {template: b}}", "{a: }", "{a: {name: [b]}}"]),
    ("containers", &["{c: {image: a}}", "{c: {image: 5}}", "{c: }", "{'c c': {image: a}}"]),
    (
        "load_balancers",
        &[
            "{lb: {image: a, port_rules: [{source_port: 80, service: web}]}}",
            "{lb: }",
            "{lb: {image: a, lb_config: 5, certs: [a]}}",
        ],
    ),
    ("storage_drivers", &["{sd: {image: a, description: b}}", "{sd: {image: a, scope: b}}"]),
    ("virtual_machines", &["{vm: {image: a, vcpu: 1}}"]),
    ("external_services", &["{e: {hostname: a}}", "{e: }", "{e: {external_ips: ['192.0.2.1']}}"]),
    ("aliases", &["{al: {services: [web]}}", "{al: {services: [nobody]}}", "{al: }", "{al: {}}"]),
    ("extra", &["{image: a}", "5"]),
    ("services", &["[web]", "5", "{}", "null", "{web: 5}", "{web: [a]}", "{web: null}"]),
];
const VERSIONS: &[&str] =
    &["'3'", "3", "'2.0'", "2.1", "'1'", "null", "''", "v2", "[2]", "{a: b}", "'2 '", "yes", "0x2"];

fn one<'a>(dice: &mut Dice, of: &[&'a str]) -> &'a str {
    of[usize::try_from(dice.below(of.len() as u64)).unwrap()]
}

/// A version of its own.
pub fn made_up(dice: &mut Dice) -> Version {
    let form = if dice.one_in(4) { 1 } else { 2 };
    let docker_names = names(dice);
    let docker = file(dice, form, &docker_names, false);
    let form = if dice.one_in(4) { 1 } else { 2 };
    let rancher_names: Vec<&str> = docker_names.iter().copied().filter(|_| dice.one_in(2)).collect();
    let rancher_names = if dice.one_in(25) { names(dice) } else { rancher_names };
    let rancher = file(dice, form, &rancher_names, true);
    (docker, rancher)
}

fn names(dice: &mut Dice) -> Vec<&'static str> {
    let mut names: Vec<&str> = vec!["web"];
    for name in ["db", "data", "base"] {
        if dice.one_in(2) {
            names.push(name);
        }
    }
    if dice.one_in(25) {
        names.push(one(dice, NAMES));
    }
    names.dedup();
    names
}

fn file(dice: &mut Dice, form: u8, names: &[&str], is_rancher: bool) -> String {
    let mut out = String::new();
    if form == 2 {
        out.push_str("version: '2'\n");
    } else if dice.one_in(40) {
        out.push_str(&format!("version: {}\n", one(dice, VERSIONS)));
    }
    if is_rancher {
        let key = if form == 2 && !dice.one_in(3) || dice.one_in(60) { "catalog" } else { ".catalog" };
        out.push_str(&format!("{key}:\n{QUESTIONS}"));
    }
    let (indent, deeper) = if form == 2 { ("  ", "    ") } else { ("", "  ") };
    let is_nested = form == 2 && !dice.one_in(60);
    if is_nested && !names.is_empty() {
        out.push_str("services:\n");
    }
    for name in names {
        out.push_str(&format!("{indent}{name}:\n"));
        let keys = service(dice, form, name, is_rancher);
        if keys.is_empty() && dice.one_in(2) {
            out.truncate(out.len() - 1);
            out.push_str(" {}\n");
        }
        for (key, value) in keys {
            out.push_str(&format!("{deeper}{key}: {value}\n"));
        }
    }
    if !is_nested && form == 2 {
        out = out.replace("\n  ", "\n").replace("\ncatalog:\nv", "\ncatalog:\n  v");
    }
    if dice.one_in(16) {
        let (name, values) = SECTIONS[usize::try_from(dice.below(SECTIONS.len() as u64)).unwrap()];
        if !out.contains(&format!("\n{name}:")) {
            out.push_str(&format!("{name}: {}\n", one(dice, values)));
        }
    }
    if dice.one_in(80) {
        out = out.replace("version: '2'", &format!("version: {}", one(dice, VERSIONS)));
    }
    out
}

const QUESTIONS: &str = "  version: v1.0.0\n  questions:\n  - {variable: EMPTY, type: string}\n  - {variable: NUM, type: int, default: 8080}\n  \
                         - {variable: WORD, default: data}\n  - {variable: REQ, required: true}\n  - {variable: N, default: 5}\n  - {variable: OPT, \
                         type: enum, required: true, options: [one, two]}\n  - {variable: FLAG, type: boolean, default: true}\n";

fn service(dice: &mut Dice, form: u8, name: &str, is_rancher: bool) -> Vec<(&'static str, String)> {
    let mut keys: Vec<(&str, String)> = Vec::new();
    if !is_rancher && !dice.one_in(120) {
        keys.push(("image", "example/web:1".to_owned()));
    }
    for _ in 0..dice.below(4) {
        let (key, of, values) = KEYS[usize::try_from(dice.below(KEYS.len() as u64)).unwrap()];
        let is_extending = key == "extends" && (name == "base" || !dice.one_in(4));
        let is_foreign = of != 0 && of != form && !dice.one_in(30);
        if is_extending || is_foreign || (key == "image" && !dice.one_in(8)) {
            continue;
        }
        let value = if dice.one_in(25) { one(dice, ODD) } else { one(dice, values) };
        let value =
            if key == "extends" && !values.contains(&value) && value.contains("service") { values[0] } else { value };
        keys.retain(|(known, _)| *known != key);
        keys.push((key, value.to_owned()));
    }
    if dice.one_in(14) {
        keys.retain(|(known, _)| *known != "labels");
        keys.push(("labels", one(dice, LABELS).to_owned()));
    }
    if dice.one_in(12) {
        let key = if dice.one_in(3) { "expose" } else { "ports" };
        let second = if dice.one_in(3) { format!(", {}", one(dice, PORTS)) } else { String::new() };
        keys.retain(|(known, _)| *known != key);
        keys.push((key, format!("[{}{second}]", one(dice, PORTS))));
    }
    if dice.one_in(40) {
        let at = usize::try_from(dice.below(1 + keys.len() as u64)).unwrap();
        if let Some((_, value)) = keys.get_mut(at) {
            *value = one(dice, ODD).to_owned();
        }
    }
    keys.retain(|(key, value)| *key != "extends" || !value.contains("service: web"));
    keys
}
