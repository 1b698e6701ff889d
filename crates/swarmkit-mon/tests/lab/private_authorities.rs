//! Rancher's API behind HTTPS with a certificate of a private authority.

use std::fs;
use std::time::Duration;
use swarm_lab::lab;
use swarm_lab::trial::Trial;

use swarm_lab::lab::rancher::{ACCESS_KEY, SECRET_KEY};
use swarm_lab::lab::{Lab, missing};
use swarm_lab::says::says;
use swarm_lab::trial::trial;
use swarm_lab::well::is_well;

const LIMIT: Duration = Duration::from_secs(90);
const QUICK: (&str, &str) = ("RECONCILE_PERIOD", "2");

pub fn trials() -> Vec<Trial> {
    vec![trial("a_private_authority_is_trusted_as_told_and_no_other", missing(), private_authority)]
}

fn private_authority() {
    let lab = Lab::builder(2).https().start();
    let pem = lab.rancher.ca().unwrap().to_owned();
    let left_by_agent = lab.network.folder().join("ca.crt");
    let host = &lab.hosts[0];

    // Nobody vouches for it.
    fs::remove_file(&left_by_agent).unwrap();
    host.start_monitor(&[QUICK]);
    lab.eventually(LIMIT, || says(host, "no_rancher", "certificate"));
    lab.eventually(LIMIT, || says(host, "no_rancher", "CATTLE_CA_CERT"));
    // Somebody else does.
    let other = Lab::builder(0).https().start();
    host.start_monitor(&[QUICK, ("CATTLE_CA_CERT", other.rancher.ca().unwrap())]);
    lab.eventually(LIMIT, || says(host, "no_rancher", "certificate"));
    // What should vouch for it is not to be read.
    for (given, part) in [("/nowhere/ca.crt", "/nowhere/ca.crt cannot be read"), ("-----BEGIN nothing", "PEM")] {
        host.start_monitor(&[QUICK, ("CATTLE_CA_CERT", given)]);
        lab.eventually(LIMIT, || says(host, "no_rancher", part));
    }
    // Nothing was told to a server that is not known.
    assert!(lab.rancher.log().iter().all(|asked| asked.kind != lab::Kind::Api), "{:?}", lab.rancher.log());

    // The first host is given the certificate, the second has it from the agent.
    host.start_monitor(&[QUICK, ("CATTLE_CA_CERT", &pem)]);
    fs::write(&left_by_agent, &pem).unwrap();
    lab.hosts[1].start_monitor(&[QUICK]);
    lab.eventually(LIMIT, || is_well(&lab, 1));
    // As a file, and after a restart.
    for host in &lab.hosts {
        host.start_monitor(&[QUICK, ("CATTLE_CA_CERT", "/var/lib/rancher/etc/ssl/ca.crt")]);
    }
    lab.rancher.change(|environment| {
        for host in &mut environment.hosts {
            host.labels.clear();
        }
    });
    lab.eventually(LIMIT, || is_well(&lab, 1));
    for host in &lab.hosts {
        assert!(!host.log().contains(SECRET_KEY) && !host.log().contains(ACCESS_KEY));
    }
}
