//! The rendered service has few rights, and they are enough: on a real engine a container with just these reaches the
//! engine's socket and the state folder, and nothing else.

use std::fs;
use std::path::Path;
use std::process::Stdio;
use swarm_lab::trial::Trial;

use rancher_catalog::yaml::Document;
use serde_yaml::Value;
use swarm_lab::generator::rendered_catalog;
use swarm_lab::lab::engine::{Engine, client_missing, missing};
use swarm_lab::lab::network::Network;
use swarm_lab::trial::trial;

pub fn trials() -> Vec<Trial> {
    vec![trial(
        "the_confined_container_reaches_the_socket_and_the_state_folder",
        missing().or_else(client_missing),
        confined,
    )]
}

/// The service as `docker run` takes it. A key that is not known here fails: nothing of the service is left out.
fn run_arguments(service: &Value, host: impl Fn(&str) -> String) -> Vec<String> {
    let texts = |value: &Value| -> Vec<String> {
        value.as_sequence().unwrap().iter().map(|item| item.as_str().unwrap().to_owned()).collect()
    };
    let mut args = Vec::new();
    for (key, value) in service.as_mapping().unwrap() {
        match key.as_str().unwrap() {
            "network_mode" => args.push(format!("--network={}", value.as_str().unwrap())),
            "cap_drop" => args.extend(texts(value).iter().map(|name| format!("--cap-drop={name}"))),
            "security_opt" => args.extend(texts(value).iter().map(|option| format!("--security-opt={option}"))),
            "read_only" => args.push(format!("--read-only={}", value.as_bool().unwrap())),
            "volumes" => args.extend(texts(value).iter().map(|volume| {
                let (outside, inside) = volume.split_once(':').unwrap();
                format!("--volume={}:{inside}", host(outside))
            })),
            "logging" => {
                args.push(format!("--log-driver={}", value["driver"].as_str().unwrap()));
                for (name, option) in value["options"].as_mapping().unwrap() {
                    args.push(format!("--log-opt={}={}", name.as_str().unwrap(), option.as_str().unwrap()));
                }
            }
            // What Rancher acts on, or the daemon; none of it gives or takes a right.
            "image" | "environment" | "labels" => {}
            other => panic!("docker run is not told of `{other}`"),
        }
    }
    args
}

fn confined() {
    let folder = rendered_catalog();
    let file = folder.path().join("community-catalog/infra-templates/swarm/4/docker-compose.yml");
    let compose = Document::read(&fs::read_to_string(file).unwrap()).unwrap().to_value();
    let network = Network::start();
    let engine = Engine::started(network.join("confined").0);
    engine.import_client_image("client");
    let state = engine.host_folder("state");
    let rights = run_arguments(&compose["services"]["swarmkit-mon"], |path| match path {
        "/var/run/docker.sock" => engine.socket().display().to_string(),
        "/var/lib/rancher/state" => state.display().to_string(),
        "/var/lib/rancher/swarm-backups" => engine.host_folder("backups").display().to_string(),
        "/var/lib/rancher/etc/ssl" => engine.host_folder("ssl").display().to_string(),
        other => panic!("the service mounts {other} of the host"),
    });
    assert!(rights.len() >= 8, "{rights:?}");
    let run = |user: &str, script: &str| {
        let mut args = vec!["run", "--rm", "--user", user];
        args.extend(rights.iter().map(String::as_str));
        args.extend(["client", "/bin/sh", "-c", script]);
        let output = engine.docker(&args).stdout(Stdio::piped()).stderr(Stdio::piped()).output().unwrap();
        (output.status.success(), String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned())
    };

    let asks_engine = "/bin/docker version --format 'engine {{.Server.APIVersion}}'";
    let (good, text) = run("0", asks_engine);
    assert!(good && text.contains("engine 1."), "the socket is out of reach: {text}");
    let (good, text) =
        run("0", "echo kept > /var/lib/rancher/state/probe && /bin/busybox cat /var/lib/rancher/state/probe");
    assert!(good && text.contains("kept"), "the state folder is out of reach: {text}");
    assert_eq!(fs::read_to_string(state.join("probe")).unwrap(), "kept\n");

    let (good, text) = run("0", "echo x > /etc/probe");
    assert!(!good && text.contains("Read-only file system"), "{text}");
    let (_, text) = run("0", "/bin/busybox grep -E '^(CapEff|CapBnd|NoNewPrivs)' /proc/self/status");
    let lines: Vec<Vec<&str>> = text.lines().map(|line| line.split_whitespace().collect()).collect();
    let none = "0000000000000000";
    assert_eq!(lines, [vec!["CapEff:", none], vec!["CapBnd:", none], vec!["NoNewPrivs:", "1"]]);
    let (good, text) = run("65534", asks_engine);
    assert!(!good && text.contains("denied"), "anyone reaches the socket, so this proves nothing: {text}");
    assert!(Path::new(&state).join("probe").exists());
}
