//! Whether the managers' engines can be reached by the port of their overlay networks: a firewall that lets 2377 through and not
//! this one leaves a swarm that looks well, whose services do not reach each other.

use std::collections::{BTreeMap, BTreeSet};
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use tokio::net::TcpStream;
use tokio::sync::watch;
use tokio::task::JoinSet;

use super::observe::Observation;
use swarmkit_settings::SWARM_PORT;

/// The port, which is the engine's own and cannot be set.
const GOSSIP_PORT: u16 = 7946;
/// How often is looked.
const PERIOD: Duration = Duration::from_secs(30);
/// What a try may take.
const CONNECT: Duration = Duration::from_secs(3);
/// How often in a row it must fail: an engine that starts opens the one port before the other.
const FAILURES: u32 = 3;
/// How many managers are tried.
const MOST: usize = 16;

/// The managers, as this host's engine knows them, without itself.
pub fn managers(seen: &Observation) -> BTreeSet<IpAddr> {
    let Ok(info) = &seen.engine else { return BTreeSet::new() };
    let own = info.swarm.node_addr.parse::<IpAddr>().ok();
    let addresses = info.swarm.remote_managers.iter().filter_map(|manager| manager.addr.parse::<SocketAddr>().ok());
    addresses.map(|address| address.ip()).filter(|ip| Some(*ip) != own).take(MOST).collect()
}

/// Looks for as long as it is let, and tells whose port is closed.
pub async fn run(managers: watch::Receiver<BTreeSet<IpAddr>>, closed: watch::Sender<BTreeSet<IpAddr>>) {
    let mut failures: BTreeMap<IpAddr, u32> = BTreeMap::new();
    loop {
        tokio::time::sleep(PERIOD).await;
        let known = managers.borrow().clone();
        failures.retain(|ip, _| known.contains(ip));
        let mut tries = JoinSet::new();
        for ip in known {
            tries.spawn(async move { (ip, is_closed(ip).await) });
        }
        while let Some(tried) = tries.join_next().await {
            // It cannot fail but by a defect, which is no reason to tell anything.
            let Ok((ip, is_closed)) = tried else { continue };
            match is_closed {
                true => *failures.entry(ip).or_default() += 1,
                false => drop(failures.remove(&ip)),
            }
        }
        let now: BTreeSet<IpAddr> =
            failures.iter().filter(|(_, times)| **times >= FAILURES).map(|(ip, _)| *ip).collect();
        closed.send_if_modified(|before| {
            let is_other = *before != now;
            *before = now;
            is_other
        });
    }
}

/// Whether this port is closed on a host whose other one is open: of one that is gone others tell.
async fn is_closed(ip: IpAddr) -> bool {
    !opens(ip, GOSSIP_PORT).await && opens(ip, SWARM_PORT).await
}

async fn opens(ip: IpAddr, port: u16) -> bool {
    matches!(tokio::time::timeout(CONNECT, TcpStream::connect((ip, port))).await, Ok(Ok(_)))
}

/// What a person should know of managers whose port is closed.
pub fn warning(closed: impl Iterator<Item = String>) -> Option<String> {
    let hosts: Vec<String> = closed.collect();
    (!hosts.is_empty()).then(|| {
        format!(
            "this host reaches the managers {} on {SWARM_PORT}/tcp and not on {GOSSIP_PORT}/tcp: services on the two do not reach \
             each other. Open {GOSSIP_PORT}/tcp and udp and 4789/udp between the hosts",
            hosts.join(", ")
        )
    })
}
