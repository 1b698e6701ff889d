//! A network of the swarm that lies over the hosts' addresses is named, and nothing else is.

use std::io::Write;
use std::process::Stdio;
use std::time::Duration;

use serde_json::json;
use swarm_lab::lab::{Host, Lab, missing};
use swarm_lab::trial::{Trial, trial};
use swarm_lab::well::is_well;
use swarmkit_mon::plan::table_of_warnings;

const LIMIT: Duration = Duration::from_secs(60);

pub fn trials() -> Vec<Trial> {
    let bridge = missing().or_else(swarm_lab::real_parts::missing);
    vec![
        trial("an_overlay_network_over_the_hosts_addresses_is_named_until_it_is_gone", missing(), over_hosts),
        trial("an_engine_tells_the_mtu_of_its_bridge_and_that_is_held_against_each_overlay", bridge, too_large),
    ]
}

fn noticed(host: &Host) -> Result<Vec<String>, String> {
    let status = host.status()?;
    let warnings = status["plan"]["warnings"].as_array().ok_or("no plan")?.clone();
    Ok(warnings.iter().filter_map(|warning| warning["text"].as_str()).map(str::to_owned).collect())
}

fn over_hosts() {
    let lab = Lab::start(2);
    lab.start_monitors(&[("RECONCILE_PERIOD", "2"), ("MANAGER_SCALE", "1")]);
    lab.eventually(LIMIT, || is_well(&lab, 1));
    let leader = &lab.hosts[lab.leader().unwrap()];
    assert_eq!(noticed(leader), Ok(Vec::new()));
    let [a, b, c, _] = leader.address().octets();
    let subnet = format!("{a}.{b}.{c}.0/24");
    let body = json!({"Name": "theirs", "Driver": "overlay", "IPAM": {"Config": [{"Subnet": subnet}]}});
    leader.engine.post("/networks/create", &body).unwrap().good().unwrap();
    lab.eventually(LIMIT, || match noticed(leader)?.as_slice() {
        [told] if ["theirs", subnet.as_str(), "host1 (", "host2 ("].iter().all(|part| told.contains(part)) => Ok(()),
        other => Err(format!("{other:?}")),
    });
    leader.engine.delete("/networks/theirs").unwrap().good().unwrap();
    let is_gone = || match noticed(leader)?.as_slice() {
        [] => Ok(()),
        other => Err(format!("{other:?}")),
    };
    lab.eventually(LIMIT, is_gone);

    // The way out is what a person does, word for word.
    leader.engine.post("/networks/create", &body).unwrap().good().unwrap();
    lab.eventually(LIMIT, || if is_gone().is_err() { Ok(()) } else { Err("it is not noticed again".to_owned()) });
    let table = table_of_warnings();
    let row = table.lines().find(|line| line.contains("`network_conflict`")).unwrap();
    let commands: Vec<&str> = row.split('`').filter(|part| part.starts_with("docker network ")).collect();
    assert_eq!(commands.len(), 4, "{row}");
    for (command, subnet) in commands.iter().zip(["", "10.201.0.0/24", "", "10.202.0.0/24"]) {
        let command = command.replace("NAME", "theirs").replace('…', subnet);
        lab.eventually(LIMIT, || typed(leader, &command));
    }
    for (network, subnet) in [("theirs", "10.201.0.0/24"), ("ingress", "10.202.0.0/24")] {
        let made = leader.engine.get(&format!("/networks/{network}")).unwrap().good().unwrap();
        assert_eq!(made["IPAM"]["Config"][0]["Subnet"], subnet, "{made}");
        assert_eq!(made["Ingress"], network == "ingress", "{made}");
    }
    lab.eventually(LIMIT, is_gone);
}

/// Types a command on a host, and says yes to what it asks.
fn typed(host: &Host, command: &str) -> Result<(), String> {
    let args: Vec<&str> = command.split(' ').skip(1).collect();
    let mut client = host.engine.docker(&args).stdin(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    // One that asks nothing may have ended before.
    let _ = client.stdin.take().unwrap().write_all(b"y\n");
    let output = client.wait_with_output().unwrap();
    let errors = String::from_utf8_lossy(&output.stderr).into_owned();
    if output.status.success() { Ok(()) } else { Err(format!("{command}: {errors}")) }
}

/// Where rancher-metadata is the real one, engines have a bridge, as on a host of Rancher.
fn too_large() {
    let lab = Lab::builder(1).rancher_metadata_if_there().start();
    let host = &lab.hosts[0];
    let bridge = host.engine.get("/networks/bridge").unwrap().good().unwrap();
    assert_eq!(bridge["Options"]["com.docker.network.driver.mtu"], "1500", "{bridge}");
    host.start_monitor(&[("RECONCILE_PERIOD", "2"), ("MANAGER_SCALE", "1")]);
    lab.eventually(LIMIT, || is_well(&lab, 1));
    assert_eq!(noticed(host), Ok(Vec::new()));
    let large = json!({"Name": "large", "Driver": "overlay", "Options": {"com.docker.network.driver.mtu": "1451"}});
    host.engine.post("/networks/create", &large).unwrap().good().unwrap();
    lab.eventually(LIMIT, || match noticed(host)?.as_slice() {
        [told] if ["large", "1501 bytes", "1500", "with an MTU of 1450"].iter().all(|part| told.contains(part)) => {
            Ok(())
        }
        other => Err(format!("{other:?}")),
    });
}
