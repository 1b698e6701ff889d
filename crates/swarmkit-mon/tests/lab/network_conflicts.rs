//! A network of the swarm that lies over the hosts' addresses is named, and nothing else is.

use std::time::Duration;

use serde_json::json;
use swarm_lab::lab::{Host, Lab, missing};
use swarm_lab::trial::{Trial, trial};
use swarm_lab::well::is_well;

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
    lab.eventually(LIMIT, || match noticed(leader)?.as_slice() {
        [] => Ok(()),
        other => Err(format!("{other:?}")),
    });
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
