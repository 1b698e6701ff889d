//! Compose files that nobody wrote.

use gen_catalog::new_template::NewPlan;
use swarm_lab::dice::Dice;

use super::planned;
use crate::new_template::{executor_takes, is_strictly_good};

/// Keys that services may have in made-up files.
const KEYS: &[&str] = &[
    "build: .",
    "cap_add: [NET_ADMIN, NET_ADMIN]",
    "command: [a, 1, true]",
    "command: npm start",
    "cpus: 1.5",
    "deploy: {mode: global, replicas: 3}",
    "deploy: {replicas: '${N:-2}', resources: {limits: {memory: 1g, cpus: '2'}}}",
    "depends_on: [s0, s1]",
    "devices: ['/dev/a:/dev/b']",
    "dns: 8.8.8.8",
    "entrypoint: /bin/sh -c \"echo $$X\"",
    "environment: {A: 1, B: true, C: 1.10, D: ~, E: yes, F: '${F}', G: '{{ .x }}', N_PASSWORD: x}",
    "environment: [A=1, 'B=$C', D, 'E=', '=x']",
    "expose: [80, '81-82', 90/udp]",
    "extends: {service: s0}",
    "extra_hosts: {a: 1.2.3.4}",
    "group_add: [1, a]",
    "healthcheck: {test: 'curl -f http://localhost:8080/', interval: 90s, timeout: 100s}",
    "health_check: {port: 80, interval: 2000, response_timeout: 2000, healthy_threshold: 2, unhealthy_threshold: 3}",
    "hostname: 'h-${H:-1}'",
    "init: true",
    "ipc: host",
    "labels: {a: 1, b: true, c: ~, d: '$$x'}",
    "labels: ['a=b', c]",
    "links: ['s0:db']",
    "logging: {driver: json-file, options: {max-size: 10m, max-file: 3}}",
    "mem_limit: '${MEM:-64m}'",
    "network_mode: 'service:s0'",
    "network_mode: host",
    "pid: host",
    "ports: [80, '80:80', '80:80', '127.0.0.1:90:90', '53:53/udp', '7000-7002:7000-7002', '${P:-1}:1']",
    "ports: [8080:80, 127.0.0.1:81:81, 82]",
    "ports: [{target: 80, published: '8080', protocol: tcp}, {target: 81}]",
    "privileged: 'true'",
    "read_only: yes",
    "restart: no",
    "restart: unless-stopped",
    "scale: 2",
    "secrets: [one, {source: one, target: x, mode: 0440}]",
    "security_opt: [no-new-privileges, 'label=disable']",
    "shm_size: 64mb",
    "stop_grace_period: 90",
    "sysctls: {net.core.somaxconn: 1024}",
    "tmpfs: /run",
    "ulimits: {nproc: 65535, nofile: {soft: 1, hard: 2}}",
    "user: 1000",
    "volumes: ['v:/v', './d:/d', '/e', '~/x:/x:ro', {type: bind, source: /h, target: /i, read_only: true}]",
    "volumes_from: [s1]",
    "working_dir: /x",
];

fn made_up(dice: &mut Dice) -> String {
    let names = ["s0", "s1", "my_app", "Web.1", "x--y"];
    let images = [
        "image: a/b:1.0",
        "image: nginx",
        "image: 'r.example.com:5000/a/b:${TAG:-2}'",
        "image: x:latest",
        "build: ./x",
    ];
    let versions = ["", "version: '3.7'\n", "version: '2.1'\n", "version: 2\n", "version: '1'\n", "version: 3\n"];
    let mut text = versions[dice.between(0, versions.len())].to_owned();
    text.push_str("services:\n");
    for name in &names[..dice.between(1, names.len() + 1)] {
        text.push_str(&format!("  {name}:\n    {}\n", images[dice.between(0, images.len())]));
        let mut seen = vec!["image", "build"];
        for _ in 0..dice.between(0, 8) {
            let key = KEYS[dice.between(0, KEYS.len())];
            let known = key.split(':').next().unwrap();
            if !seen.contains(&known) {
                seen.push(known);
                text.push_str(&format!("    {key}\n"));
            }
        }
    }
    text.push_str("volumes: {v: }\nsecrets: {one: {file: ./one}}\n");
    text
}

fn made_up_plans() -> Vec<(String, NewPlan)> {
    let seed = std::env::var("SEED").ok().and_then(|seed| seed.parse().ok()).unwrap_or(1);
    let mut dice = Dice::new(seed);
    let folder = tempfile::tempdir().unwrap();
    (0..200 * swarm_lab::trial::cases())
        .map(|_| {
            let text = made_up(&mut dice);
            let plan = planned(folder.path(), &text);
            (format!("SEED={seed}\n{text}"), plan)
        })
        .collect()
}

pub fn pass_the_strict_check() {
    for (told, plan) in made_up_plans() {
        is_strictly_good(&told, &plan);
    }
}

pub fn executor_takes_them() {
    executor_takes(&made_up_plans());
}
