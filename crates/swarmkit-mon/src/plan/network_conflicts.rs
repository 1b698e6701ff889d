//! Networks of the swarm that come into conflict with the hosts' own: containers in them do not reach what they should, and
//! nothing says so.

use std::net::Ipv4Addr;

use ipnet::Ipv4Net;

use crate::engine::Network;
use crate::observe::{RancherView, SwarmView};
use crate::rancher::HostEntry;

use super::{Warning, WarningKind};

/// What VXLAN adds to each packet of an overlay network.
const OVERHEAD: u32 = 50;
/// The MTU of the network between hosts that engines count with unless they are told another one.
const USUAL_MTU: u32 = 1500;
/// From which pool a swarm takes its subnets unless another one was asked for. It holds the addresses of very many hosts, and
/// few of its subnets are ever taken.
const DEFAULT_POOL: &str = "10.0.0.0/8";
/// How many hosts a warning names.
const MOST: usize = 3;
/// What all of it comes to.
const WAY_OUT: &str = "Remove the network and make it anew with another subnet";

/// What a person should know.
pub(super) fn warnings(view: &RancherView, swarm: &SwarmView) -> Vec<Warning> {
    let networks = swarm.networks.as_deref().unwrap_or_default();
    let hosts = Hosts::of(view);
    let mut warnings = Vec::new();
    for network in networks.iter().filter(|network| network.of_swarm) {
        let subnets = || network.subnets.iter().copied();
        let over = subnets().filter_map(|subnet| over_hosts(&network.name, subnet, &hosts));
        let over = over.chain(subnets().filter_map(|subnet| over_bridge(&network.name, subnet, networks)));
        warnings.extend(over.map(|text| WarningKind::NetworkConflict.of(text)));
        warnings.extend(too_large(network, networks).map(|text| WarningKind::PacketSize.of(text)));
    }
    let pools = swarm.pools.iter().filter_map(|pool| pool_over_hosts(pool, &hosts));
    warnings.extend(pools.map(|text| WarningKind::NetworkConflict.of(text)));
    warnings
}

/// The hosts and their addresses; there may be thousands.
struct Hosts<'a>(Vec<(&'a str, Ipv4Addr)>);

impl<'a> Hosts<'a> {
    fn of(view: &'a RancherView) -> Self {
        let entry = |host: &'a HostEntry| Some((host.uuid.as_str(), host.agent_ip_address.as_deref()?.parse().ok()?));
        Self(view.registered_hosts().filter_map(entry).collect())
    }

    /// The hosts in a network, in words, if there are any.
    fn inside(&self, subnet: Ipv4Net) -> Option<String> {
        let inside: Vec<&str> =
            self.0.iter().filter(|(_, address)| subnet.contains(address)).map(|(host, _)| *host).collect();
        match inside.len().saturating_sub(MOST) {
            _ if inside.is_empty() => None,
            0 => Some(inside.join(", ")),
            more => Some(format!("{} and {more} more", inside[..MOST].join(", "))),
        }
    }
}

fn over_hosts(name: &str, subnet: Ipv4Net, hosts: &Hosts<'_>) -> Option<String> {
    let inside = hosts.inside(subnet)?;
    Some(format!(
        "the overlay network {name} has the subnet {subnet}, in which the hosts {inside} have their addresses: its containers do \
         not reach these hosts. {WAY_OUT}"
    ))
}

fn over_bridge(name: &str, subnet: Ipv4Net, networks: &[Network]) -> Option<String> {
    let overlaps = |other: &&Ipv4Net| other.contains(&subnet) || subnet.contains(*other);
    let mut bridges = networks.iter().filter(|network| !network.of_swarm);
    let (bridge, other) = bridges.find_map(|bridge| Some((bridge, bridge.subnets.iter().find(overlaps)?)))?;
    Some(format!(
        "the overlay network {name} has the subnet {subnet}, which overlaps {other} of the network {} of this host: tasks in it do \
         not start here. {WAY_OUT}",
        bridge.name
    ))
}

fn too_large(network: &Network, networks: &[Network]) -> Option<String> {
    let between = networks.iter().find(|network| network.is_default_bridge())?.mtu?;
    let sends = network.mtu.unwrap_or(USUAL_MTU - OVERHEAD).saturating_add(OVERHEAD);
    (sends > between).then(|| {
        format!(
            "the overlay network {} sends packets of up to {sends} bytes, and the engine of this host was told that the network \
             takes {between}: large answers get lost. Make the network anew with an MTU of {} (NETWORK_MTU is that of the \
             network of NETWORK)",
            network.name,
            between.saturating_sub(OVERHEAD)
        )
    })
}

fn pool_over_hosts(pool: &str, hosts: &Hosts<'_>) -> Option<String> {
    let inside = hosts.inside(pool.parse().ok()?).filter(|_| pool != DEFAULT_POOL)?;
    Some(format!(
        "the swarm takes subnets from the address pool {pool}, in which the hosts {inside} have their addresses: a network that is \
         made may come to lie over them. Give networks a subnet of their own (`docker network create --subnet`): a swarm's pool \
         cannot be changed"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// So many hosts of 10.0.1.0/24.
    fn hosts(count: usize) -> Hosts<'static> {
        let names = ["h1", "h2", "h3", "h4", "h5"];
        Hosts(names.into_iter().zip(1..).map(|(name, at)| (name, Ipv4Addr::new(10, 0, 1, at))).take(count).collect())
    }

    fn network(name: &str, of_swarm: bool, subnet: &str, mtu: Option<u32>) -> Network {
        Network { name: name.into(), of_swarm, subnets: subnet.parse().into_iter().collect(), mtu }
    }

    #[test]
    fn hosts_in_a_subnet_are_named_and_not_all_of_many() {
        let hosts = hosts(5);
        let told = over_hosts("web", "10.0.1.0/24".parse().unwrap(), &hosts).unwrap();
        assert!(told.contains("the hosts h1, h2, h3 and 2 more have"), "{told}");
        let told = over_hosts("web", "10.0.1.4/30".parse().unwrap(), &hosts).unwrap();
        assert!(told.contains("the hosts h4, h5 have"), "{told}");
        assert_eq!(over_hosts("web", "10.0.2.0/24".parse().unwrap(), &hosts), None);
    }

    #[test]
    fn a_pool_over_hosts_is_told_and_the_usual_one_is_not() {
        let hosts = hosts(1);
        assert!(pool_over_hosts("10.0.0.0/16", &hosts).unwrap().contains("hosts h1 have"));
        assert_eq!(pool_over_hosts("10.30.0.0/16", &hosts), None);
        assert_eq!(pool_over_hosts(DEFAULT_POOL, &hosts), None);
        assert_eq!(pool_over_hosts("no network", &hosts), None);
    }

    #[test]
    fn an_overlay_network_over_a_bridge_of_the_host_is_told() {
        let networks = [network("web", true, "172.17.4.0/24", None), network("bridge", false, "172.17.0.0/16", None)];
        let told = over_bridge("web", networks[0].subnets[0], &networks).unwrap();
        assert!(told.contains("overlaps 172.17.0.0/16 of the network bridge"), "{told}");
        assert_eq!(over_bridge("web", "172.18.0.0/16".parse().unwrap(), &networks), None);
    }

    #[test]
    fn packets_that_are_too_large_for_what_the_engine_was_told_are_named() {
        let told = |overlay: Option<u32>, bridge: Option<u32>| {
            let overlay = network("web", true, "", overlay);
            too_large(&overlay, &[overlay.clone(), network("bridge", false, "", bridge)])
        };
        assert!(told(None, Some(1450)).unwrap().contains("1500 bytes") && told(Some(1450), Some(1450)).is_some());
        assert!(told(None, Some(1450)).unwrap().contains("with an MTU of 1400"));
        for (overlay, bridge) in [(Some(1400), Some(1450)), (None, Some(1500)), (None, None), (None, Some(9000))] {
            assert_eq!(told(overlay, bridge), None);
        }
    }
}
