//! What the engines themselves say of the swarm: the truth that tests compare with.

use std::collections::{BTreeMap, BTreeSet};
use std::thread;
use std::time::Duration;

use serde_json::Value;

use super::{Host, Lab};

/// How long a manager may take to list something; without a leader it never does.
const LIST_LIMIT: Duration = Duration::from_secs(4);

/// A node, as a manager sees it.
#[derive(Debug, Clone, PartialEq)]
pub struct Node {
    pub id: String,
    pub hostname: String,
    pub address: String,
    pub role: String,
    pub state: String,
    pub availability: String,
    /// `None` for a worker.
    pub reachability: Option<String>,
    pub leader: bool,
}

impl Node {
    fn read(value: &Value) -> Self {
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        Self {
            id: text(&value["ID"]),
            hostname: text(&value["Description"]["Hostname"]),
            address: text(&value["Status"]["Addr"]),
            role: text(&value["Spec"]["Role"]),
            state: text(&value["Status"]["State"]),
            availability: text(&value["Spec"]["Availability"]),
            reachability: value["ManagerStatus"]["Reachability"].as_str().map(str::to_owned),
            leader: value["ManagerStatus"]["Leader"].as_bool().unwrap_or_default(),
        }
    }
}

/// What all engines of a lab said of the swarm at one time: each was asked once. `/info` is dear: an engine runs two programs
/// for each answer.
pub struct Look<'lab> {
    lab: &'lab Lab,
    /// `/info`'s `.Swarm`, by host.
    pub swarms: Vec<Result<Value, String>>,
}

impl Lab {
    /// Asks all engines together.
    pub fn look(&self) -> Look<'_> {
        let swarms = thread::scope(|scope| {
            let asked: Vec<_> = self.hosts.iter().map(|host| scope.spawn(|| host.swarm())).collect();
            asked.into_iter().map(|asked| asked.join().unwrap()).collect()
        });
        Look { lab: self, swarms }
    }

    /// [`Look::clusters`] of a look at it now.
    pub fn clusters(&self) -> Vec<Option<String>> {
        self.look().clusters()
    }

    /// [`Look::nodes`] of a look at it now.
    pub fn nodes(&self) -> Result<Vec<Node>, String> {
        self.look().nodes()
    }

    /// [`Look::managers`] of a look at it now.
    pub fn managers(&self) -> BTreeSet<usize> {
        self.look().managers()
    }

    /// The host whose engine is the raft leader.
    pub fn leader(&self) -> Option<usize> {
        let look = self.look();
        let leader = look.nodes().ok()?.into_iter().find(|node| node.leader)?.id;
        look.swarms.iter().position(|swarm| swarm.as_ref().is_ok_and(|swarm| swarm["NodeID"] == leader.as_str()))
    }

    /// A list of the first manager that can tell: `/services`, `/tasks`, `/networks`.
    pub fn list(&self, path: &str) -> Result<Vec<Value>, String> {
        let managers = self.managers();
        let index = managers.first().ok_or("no manager")?;
        let value = self.hosts[*index].engine.get_within(LIST_LIMIT, path)?.good()?;
        value.as_array().cloned().ok_or_else(|| format!("{path}: {value}"))
    }

    /// The names of the swarm's services.
    pub fn services(&self) -> Result<Vec<String>, String> {
        let name = |service: &Value| service["Spec"]["Name"].as_str().unwrap_or_default().to_owned();
        Ok(self.list("/services")?.iter().map(name).collect())
    }

    /// Whether all hosts are in one swarm, with so many managers, all of them well and no other node in it.
    pub fn expect_one_swarm(&self, managers: usize) -> Result<(), String> {
        self.expect_swarm_of(&(0..self.hosts.len()).collect::<Vec<_>>(), managers)
    }

    /// [`Look::expect_swarm_of`] of a look at it now.
    pub fn expect_swarm_of(&self, hosts: &[usize], managers: usize) -> Result<(), String> {
        self.look().expect_swarm_of(hosts, managers)
    }
}

impl Look<'_> {
    /// The cluster of each host: of managers their own word, of workers the one whose managers know their node. `None`
    /// for a host that is in none, or whose engine does not answer.
    pub fn clusters(&self) -> Vec<Option<String>> {
        let mut by_node = BTreeMap::new();
        for (host, swarm) in self.lab.hosts.iter().zip(&self.swarms) {
            let Some(cluster) = swarm.as_ref().ok().and_then(cluster_of) else { continue };
            for node in nodes_seen_by(host).unwrap_or_default() {
                by_node.insert(node.id, cluster.to_owned());
            }
        }
        let of = |swarm: &Value| {
            let node = swarm["NodeID"].as_str().filter(|id| !id.is_empty())?;
            cluster_of(swarm).map(str::to_owned).or_else(|| by_node.get(node).cloned())
        };
        self.swarms.iter().map(|swarm| swarm.as_ref().ok().and_then(of)).collect()
    }

    /// The nodes, as the first manager sees them that can tell.
    pub fn nodes(&self) -> Result<Vec<Node>, String> {
        let mut errors = Vec::new();
        for index in self.managers() {
            match nodes_seen_by(&self.lab.hosts[index]) {
                Ok(nodes) => return Ok(nodes),
                Err(error) => errors.push(format!("host {index}: {error}")),
            }
        }
        Err(format!("no manager can tell the nodes: {errors:?}"))
    }

    /// The hosts whose engines are managers, by their own word.
    pub fn managers(&self) -> BTreeSet<usize> {
        let is = |swarm: &Result<Value, String>| swarm.as_ref().is_ok_and(|swarm| swarm["ControlAvailable"] == true);
        self.swarms.iter().enumerate().filter(|(_, swarm)| is(swarm)).map(|(index, _)| index).collect()
    }

    /// Whether just these hosts are in one swarm, with so many managers, all of them well and no other node in it.
    pub fn expect_swarm_of(&self, hosts: &[usize], managers: usize) -> Result<(), String> {
        let mut own = BTreeSet::new();
        for (index, swarm) in self.swarms.iter().enumerate().filter(|(index, _)| hosts.contains(index)) {
            let swarm = swarm.as_ref().map_err(|error| format!("host {index}: {error}"))?;
            if swarm["LocalNodeState"] != "active" {
                return Err(format!("host {index} is {}: {}", swarm["LocalNodeState"], swarm["Error"]));
            }
            own.insert(swarm["NodeID"].as_str().unwrap_or_default().to_owned());
        }
        let nodes = self.nodes()?;
        let seen: BTreeSet<String> = nodes.iter().map(|node| node.id.clone()).collect();
        if own != seen || nodes.len() != hosts.len() {
            return Err(format!("the hosts are the nodes {own:?}, the swarm has {nodes:?}"));
        }
        if let Some(node) = nodes.iter().find(|node| node.state != "ready") {
            return Err(format!("{node:?} is not ready"));
        }
        let reachable = nodes.iter().filter(|node| node.reachability.as_deref() == Some("reachable")).count();
        let wanted = nodes.iter().filter(|node| node.role == "manager").count();
        if reachable != managers || wanted != managers {
            return Err(format!(
                "{managers} managers are wanted, {wanted} are meant to be, {reachable} are: {nodes:?}"
            ));
        }
        Ok(())
    }
}

/// The cluster that an engine says it manages; one that has lost the others may not know any more.
fn cluster_of(swarm: &Value) -> Option<&str> {
    swarm["Cluster"]["ID"].as_str().filter(|id| !id.is_empty())
}

/// The nodes, as a manager sees them.
pub fn nodes_seen_by(host: &Host) -> Result<Vec<Node>, String> {
    let value = host.engine.get_within(LIST_LIMIT, "/nodes")?.good()?;
    Ok(value.as_array().ok_or_else(|| format!("/nodes: {value}"))?.iter().map(Node::read).collect())
}

/// What of `/info`'s `.Swarm` a person wants to see.
pub fn in_short(swarm: &Value) -> String {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    format!(
        "{} node={} addr={} manager={} cluster={} error={:?} managers={}",
        text(&swarm["LocalNodeState"]),
        text(&swarm["NodeID"]),
        text(&swarm["NodeAddr"]),
        swarm["ControlAvailable"],
        text(&swarm["Cluster"]["ID"]),
        text(&swarm["Error"]),
        swarm["RemoteManagers"],
    )
}
