//! The engine's networks, as far as they can come into conflict with the hosts' own.

use ipnet::Ipv4Net;
use serde::Deserialize;

use super::{Engine, filters};
use crate::call::{CallError, null_as_default};

/// The engine's own bridge, which has the MTU that its operator gave it.
const BRIDGE: &str = "bridge";

/// A network of the swarm, or of this engine alone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Network {
    /// Its name.
    pub name: String,
    /// Whether it is the whole swarm's: an overlay network.
    pub of_swarm: bool,
    /// Its IPv4 subnets.
    pub subnets: Vec<Ipv4Net>,
    /// The MTU that it was given.
    pub mtu: Option<u32>,
}

impl Network {
    /// Whether it is the bridge that each engine makes for itself.
    pub fn is_default_bridge(&self) -> bool {
        !self.of_swarm && self.name == BRIDGE
    }
}

impl Engine {
    /// The networks of the swarm, and the bridges of this engine.
    ///
    /// # Errors
    /// As every call.
    pub async fn networks(&self) -> Result<Vec<Network>, CallError> {
        let path = format!("/networks?filters={}", filters("driver", &["overlay", BRIDGE]));
        Ok(self.get::<Vec<Answer>>(&path).await?.into_iter().map(Network::from).collect())
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Answer {
    name: String,
    scope: String,
    #[serde(default, rename = "IPAM", deserialize_with = "null_as_default")]
    ipam: Ipam,
    #[serde(default, deserialize_with = "null_as_default")]
    options: Options,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct Ipam {
    #[serde(deserialize_with = "null_as_default")]
    config: Vec<Config>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct Config {
    subnet: String,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Options {
    #[serde(rename = "com.docker.network.driver.mtu")]
    mtu: String,
}

impl From<Answer> for Network {
    fn from(answer: Answer) -> Self {
        Self {
            name: answer.name,
            of_swarm: answer.scope == "swarm",
            subnets: answer.ipam.config.iter().filter_map(|config| config.subnet.parse().ok()).collect(),
            mtu: answer.options.mtu.parse().ok(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn networks_are_read_as_engines_tell_them() {
        let told = r#"[
            {"Name":"ingress","Id":"a","Scope":"swarm","Driver":"overlay","IPAM":{"Driver":"default","Options":null,
                "Config":[{"Subnet":"10.0.0.0/24","Gateway":"10.0.0.1"}]},"Ingress":true,
                "Options":{"com.docker.network.driver.overlay.vxlanid_list":"4096"}},
            {"Name":"rancher","Scope":"swarm","Driver":"overlay","IPAM":{"Config":[{"Subnet":"fd00::/64"},
                {"Subnet":"10.0.1.0/24"}]},"Options":{"com.docker.network.driver.mtu":"1400"}},
            {"Name":"bridge","Scope":"local","Driver":"bridge","IPAM":{"Config":null},
                "Options":{"com.docker.network.driver.mtu":"1500"}},
            {"Name":"odd","Scope":"local","IPAM":null,"Options":null}
        ]"#;
        let answers: Vec<Answer> = serde_json::from_str(told).unwrap();
        let networks: Vec<Network> = answers.into_iter().map(Network::from).collect();
        let subnets: Vec<String> = networks.iter().map(|network| format!("{:?}", network.subnets)).collect();
        assert_eq!(subnets, ["[10.0.0.0/24]", "[10.0.1.0/24]", "[]", "[]"]);
        assert_eq!(
            networks.iter().map(|network| network.mtu).collect::<Vec<_>>(),
            [None, Some(1400), Some(1500), None]
        );
        assert_eq!(networks.iter().filter(|network| network.of_swarm).count(), 2);
        assert!(networks[2].is_default_bridge() && !networks[3].is_default_bridge());
    }
}
