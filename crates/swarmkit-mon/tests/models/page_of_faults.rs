//! What a person reads on the page while something is broken: whole daemons on simulated hosts, of which one suffers from a fault.
//! From the page alone it is to be told which host that is, and what to do.

use anstream::adapter::strip_str;
use swarm_lab::simulator::daemons::{missing, page_after};
use swarm_lab::simulator::faults::{Fault, Kind, Target};
use swarm_lab::trial::{Trial, trial};

pub fn trials() -> Vec<Trial> {
    vec![
        trial("where_nothing_is_broken_all_is_well", missing(), || {
            said(&[], 150, &["All 5 hosts are well. The swarm can lose 1 of its 3 managers."], &["Not well", "person"]);
        }),
        trial("a_host_that_is_off_is_to_be_started", missing(), || {
            one(Kind::KillEngine, 150, &["its node is down, and its monitor", "Start the host."], &[]);
        }),
        trial("a_monitor_that_is_gone_is_no_host_that_is_off", missing(), || {
            one(Kind::KillMonitor, 150, &["only its monitor does not: see in Rancher"], &["Start the host"]);
        }),
        trial("an_engine_that_hangs_is_to_be_restarted", missing(), || {
            one(Kind::Freeze, 150, &["systemctl restart docker"], &["remove it from Rancher"]);
        }),
        trial("an_engine_that_the_others_do_not_hear_is_told_with_the_ports", missing(), || {
            one(Kind::Cut, 150, &["2377/tcp", "7946/tcp and udp"], &["gone for good"]);
        }),
        trial("a_host_to_which_metadata_says_nothing_is_not_well", missing(), || {
            one(Kind::CutMetadata, 200, &["1 of 5 hosts is not well.", "network-services"], &["gone for good"]);
        }),
        trial("a_host_with_another_address_is_not_to_be_removed", missing(), || {
            let told = ["Rancher says that its address is", "CATTLE_AGENT_IP", "Do not remove it from Rancher."];
            one(Kind::Move, 60, &told, &["gone for good"]);
        }),
        trial("a_lease_holder_that_cannot_ask_rancher_says_so", missing(), || {
            let silent = Fault { kind: Kind::ApiSilent, target: Target::Leader, for_ms: LONG };
            said(&[silent], 200, &["is to act, but cannot", "this host reaches Rancher's server"], &["hosts are well"]);
        }),
        trial("most_managers_lost_are_to_be_brought_back", missing(), || {
            let disaster = Fault { kind: Kind::Disaster, target: Target::Leader, for_ms: LONG };
            let told = ["has a quorum: what runs keeps running", "Bring the lost managers back."];
            said(&[disaster], 150, &told, &["docker swarm leave"]);
        }),
    ]
}

/// It does not end by itself.
const LONG: u64 = 3_600_000;
/// The host that is struck, and the one whose page is read.
const STRUCK: usize = 4;
const SEEN_FROM: usize = 3;

fn one(kind: Kind, seconds: u64, says: &[&str], never: &[&str]) {
    let fault = Fault { kind, target: Target::Host(STRUCK), for_ms: LONG };
    let page = said(&[fault], seconds, says, never);
    let told = page.split("Last events").next().unwrap();
    let about = told.lines().skip_while(|line| !["Not well", "Waits for a person"].contains(line));
    assert!(about.clone().any(|line| line.starts_with(&format!("  h{STRUCK} ("))), "{page}");
}

fn said(faults: &[Fault], seconds: u64, says: &[&str], never: &[&str]) -> String {
    let page = strip_str(&page_after(faults, seconds * 1_000, SEEN_FROM)).to_string();
    for text in says {
        assert!(page.contains(text), "{text:?} is not said:\n{page}");
    }
    for text in never {
        assert!(!page.contains(text), "{text:?} is said:\n{page}");
    }
    page
}
