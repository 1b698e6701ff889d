//! What counts at the making of a swarm and of its overlay network, as the Engine API takes it. What is not set is the
//! engine's to choose.

use serde_json::{Map, Value, json};
use swarmkit_settings::{NetworkEncryption, Settings};

use super::engine::ApiVersion;

/// Nanoseconds of a day, as the engine counts how long certificates last.
const DAY_NS: u64 = 86_400_000_000_000;
/// The first API with an address pool: Docker 18.09's.
const WITH_POOL: ApiVersion = ApiVersion(1, 39);
/// The first API with a data path port: Docker 19.03's.
const WITH_PORT: ApiVersion = ApiVersion(1, 40);

/// What the operator wants of a swarm, and of its overlay network, that is made.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Making {
    pools: Vec<String>,
    subnet_size: Option<u32>,
    data_path_port: Option<u32>,
    certificate_days: Option<u32>,
    task_history: Option<u32>,
    is_encrypted: bool,
    mtu: Option<u32>,
}

impl From<&Settings> for Making {
    fn from(settings: &Settings) -> Self {
        Self {
            pools: settings.address_pool.clone(),
            subnet_size: settings.subnet_size,
            data_path_port: settings.data_path_port,
            certificate_days: settings.certificate_days,
            task_history: settings.task_history,
            is_encrypted: settings.network_encryption == NetworkEncryption::On,
            mtu: settings.network_mtu,
        }
    }
}

impl Making {
    /// What a request for a swarm has besides its addresses.
    ///
    /// # Errors
    /// An engine that speaks this API would pass over something that is wanted: what, and what to do.
    pub fn of_swarm(&self, version: ApiVersion) -> Result<Map<String, Value>, String> {
        let mut body = Map::new();
        let needs = |setting: &str, since: ApiVersion, docker: &str| {
            let reason = || {
                format!(
                    "{setting} takes Docker {docker} or later, and this host's engine is older (API {version}): upgrade it, or \
                     leave {setting} blank"
                )
            };
            if version < since { Err(reason()) } else { Ok(()) }
        };
        if !self.pools.is_empty() {
            needs("ADDRESS_POOL", WITH_POOL, "18.09")?;
            body.insert("DefaultAddrPool".to_owned(), json!(self.pools));
        }
        if let Some(size) = self.subnet_size {
            needs("SUBNET_SIZE", WITH_POOL, "18.09")?;
            body.insert("SubnetSize".to_owned(), json!(size));
        }
        if let Some(port) = self.data_path_port {
            needs("DATA_PATH_PORT", WITH_PORT, "19.03")?;
            body.insert("DataPathPort".to_owned(), json!(port));
        }
        let mut spec = Map::new();
        if let Some(days) = self.certificate_days {
            spec.insert("CAConfig".to_owned(), json!({ "NodeCertExpiry": u64::from(days) * DAY_NS }));
        }
        if let Some(limit) = self.task_history {
            spec.insert("Orchestration".to_owned(), json!({ "TaskHistoryRetentionLimit": limit }));
        }
        if !spec.is_empty() {
            body.insert("Spec".to_owned(), Value::Object(spec));
        }
        Ok(body)
    }

    /// The options of the overlay network.
    pub fn of_network(&self) -> Map<String, Value> {
        let mut options = Map::new();
        if self.is_encrypted {
            options.insert("encrypted".to_owned(), json!(""));
        }
        if let Some(mtu) = self.mtu {
            options.insert("com.docker.network.driver.mtu".to_owned(), json!(mtu.to_string()));
        }
        options
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn making(given: &[(&str, &str)]) -> Making {
        let value = |name: &str| given.iter().find(|(other, _)| *other == name).map(|(_, value)| (*value).to_owned());
        Making::from(&Settings::resolve(|setting| value(setting.variable)).unwrap())
    }

    #[test]
    fn what_is_not_set_is_the_engines_to_choose() {
        assert_eq!(making(&[]).of_swarm(ApiVersion(1, 25)), Ok(Map::new()));
        assert_eq!(making(&[]).of_network(), Map::new());
    }

    #[test]
    fn what_is_set_is_asked_for_in_the_engines_words() {
        let making = making(&[
            ("ADDRESS_POOL", "10.20.0.0/16, 10.30.0.0/16"),
            ("SUBNET_SIZE", "26"),
            ("DATA_PATH_PORT", "7789"),
            ("CERTIFICATE_DAYS", "365"),
            ("TASK_HISTORY", "0"),
            ("NETWORK_ENCRYPTION", "on"),
            ("NETWORK_MTU", "1400"),
        ]);
        let wanted = json!({
            "DefaultAddrPool": ["10.20.0.0/16", "10.30.0.0/16"], "SubnetSize": 26, "DataPathPort": 7789,
            "Spec": {
                "CAConfig": { "NodeCertExpiry": 31_536_000_000_000_000_u64 },
                "Orchestration": { "TaskHistoryRetentionLimit": 0 },
            },
        });
        assert_eq!(making.of_swarm(ApiVersion(1, 40)).map(Value::Object), Ok(wanted));
        let options = json!({ "encrypted": "", "com.docker.network.driver.mtu": "1400" });
        assert_eq!(Value::Object(making.of_network()), options);
    }

    #[test]
    fn an_engine_that_would_pass_over_it_is_named() {
        for (setting, value, version, docker) in
            [("ADDRESS_POOL", "10.20.0.0/16", 38, "18.09"), ("DATA_PATH_PORT", "7789", 39, "19.03")]
        {
            let error = making(&[(setting, value)]).of_swarm(ApiVersion(1, version)).unwrap_err();
            assert!(error.contains(setting) && error.contains(docker), "{error}");
        }
    }
}
