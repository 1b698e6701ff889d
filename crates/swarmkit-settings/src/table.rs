//! Every setting of the daemon, once. To add one, add a block to the table below: its flag, its checks, the question, the
//! variable of the service and the documented table follow.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::networks;
use crate::setting::{Invalid, InvalidSettings, Kind, Resolved, Setting, resolve};
use crate::typed::{FromSetting, LogFormat, LogLevel, ManagerAvailability, NetworkEncryption, QuorumRecovery, Secret};

/// Makes the table and the typed [`Settings`] of one list, so that a setting is added in one place.
macro_rules! settings {
    ($($(#[$doc:meta])* $field:ident: $type:ty = $setting:expr;)+) => {
        /// All settings, in the order in which people see them.
        pub const SETTINGS: &[Setting] = &[$($setting),+];

        /// The settings, checked and typed.
        #[derive(Debug, Clone, PartialEq, Eq)]
        pub struct Settings {
            $($(#[$doc])* pub $field: $type,)+
            /// Values that were bent to ones that are allowed.
            pub warnings: Vec<String>,
        }

        impl Settings {
            /// Checks and types the given values; see [`resolve`].
            ///
            /// # Errors
            /// As there.
            pub fn resolve(given: impl Fn(&Setting) -> Option<String>) -> Result<Self, InvalidSettings> {
                let Resolved { values, warnings } = resolve(SETTINGS, given)?;
                let settings = Self {
                    $($field: typed(&$setting, &values)?,)+
                    warnings,
                };
                fit_together(&settings)?;
                Ok(settings)
            }
        }
    };
}

fn typed<T: FromSetting>(setting: &Setting, values: &BTreeMap<&'static str, String>) -> Result<T, InvalidSettings> {
    let text = values.get(setting.variable).map_or(setting.default, String::as_str);
    T::from_setting(text).ok_or_else(|| {
        InvalidSettings(vec![Invalid {
            variable: setting.variable,
            flag: setting.flag,
            given: Some(text.to_owned()).filter(|_| !setting.kind.is_secret()),
            allowed: setting.kind.allowed(),
        }])
    })
}

/// The engine's own size of a subnet, as the length of its prefix.
const SUBNET_SIZE: u32 = 24;

/// Whether subnets of the size that is wanted fit into the address pool.
fn fit_together(settings: &Settings) -> Result<(), InvalidSettings> {
    let size = settings.subnet_size.unwrap_or(SUBNET_SIZE);
    let larger = |pool: &&String| networks::prefix(pool).is_some_and(|prefix| prefix > size);
    match settings.address_pool.iter().find(larger) {
        None => Ok(()),
        Some(pool) => Err(InvalidSettings(vec![Invalid {
            variable: "SUBNET_SIZE",
            flag: "subnet-size",
            given: Some(size.to_string()),
            allowed: format!("{} to 29 for the address pool {pool}", networks::prefix(pool).unwrap_or_default()),
        }])),
    }
}

settings! {
    /// How many managers the swarm shall have.
    manager_scale: u8 = Setting {
        variable: "MANAGER_SCALE",
        flag: "manager-scale",
        kind: Kind::Odd { most: 9 },
        default: "3",
        label: "Number of managers",
        help: "How many hosts shall be managers. 3 survive the loss of 1, 5 of 2, 7 of 3, 9 of 4. Fewer hosts than that \
               carry as many as make an odd number.",
        asked: true,
    };
    /// Whether managers take tasks.
    manager_availability: ManagerAvailability = Setting {
        variable: "MANAGER_AVAILABILITY",
        flag: "manager-availability",
        kind: Kind::OneOf(ManagerAvailability::WORDS),
        default: "active",
        label: "Managers run tasks",
        help: "Whether managers take tasks as all nodes do (active), or only manage (drain).",
        asked: true,
    };
    /// The overlay network to make; empty for none.
    network: String = Setting {
        variable: "NETWORK",
        flag: "network",
        kind: Kind::Word { blank: true },
        default: "rancher",
        label: "Overlay network",
        help: "The name of an attachable overlay network that is made for the stacks' use. Blank for none.",
        asked: true,
    };
    /// The host label that keeps hosts from managing, or prefers them.
    manager_host_label: String = Setting {
        variable: "MANAGER_HOST_LABEL",
        flag: "manager-host-label",
        kind: Kind::Word { blank: false },
        default: "swarm.manager",
        label: "Host label for managing",
        help: "The host label that says which hosts shall be managers: `true` prefers a host, `false` keeps it from \
               managing.",
        asked: false,
    };
    /// The host label that names a zone.
    zone_host_label: String = Setting {
        variable: "ZONE_HOST_LABEL",
        flag: "zone-host-label",
        kind: Kind::Word { blank: false },
        default: "swarm.zone",
        label: "Host label for zones",
        help: "The host label that names a host's zone. Managers are spread over the zones.",
        asked: false,
    };
    /// How long a lost manager may stay away before another takes its place.
    grace_period: Duration = Setting {
        variable: "GRACE_PERIOD",
        flag: "grace-period",
        kind: Kind::Integer { min: 0, max: 86_400, unit: "s" },
        default: "60",
        label: "Grace period (seconds)",
        help: "How long a manager's host may be down, in seconds, before another host becomes manager in its place. A \
               reboot should take less.",
        asked: true,
    };
    /// What is done once the swarm has lost its quorum.
    quorum_recovery: QuorumRecovery = Setting {
        variable: "QUORUM_RECOVERY",
        flag: "quorum-recovery",
        kind: Kind::OneOf(QuorumRecovery::WORDS),
        default: "removed",
        label: "Recovery from a lost quorum",
        help: "What to do when most managers are lost. removed: once so many of their hosts are removed from Rancher \
               that the rest cannot become a majority, the oldest manager that is left goes on alone. off: nothing. \
               auto: also when they have been out of reach for long, which risks what they still do.",
        asked: true,
    };
    /// How long managers must have been out of reach for `auto`.
    quorum_recovery_after: Duration = Setting {
        variable: "QUORUM_RECOVERY_AFTER",
        flag: "quorum-recovery-after",
        kind: Kind::Integer { min: 60, max: 604_800, unit: "s" },
        default: "3600",
        label: "Recovery from a lost quorum after (seconds)",
        help: "How long most managers must have been out of reach, in seconds, for a quorum recovery of `auto`.",
        asked: false,
    };
    /// How many hours lie between two backups; 0 for none.
    backup_every: u16 = Setting {
        variable: "BACKUP_EVERY",
        flag: "backup-every",
        kind: Kind::Integer { min: 0, max: 8760, unit: "h" },
        default: "12",
        label: "Back up every (hours)",
        help: "How often each manager that does not lead copies what it knows of the swarm to the folder \
               /var/lib/rancher/swarm-backups of its host, in hours. The swarm goes on meanwhile. 0 for never.",
        asked: true,
    };
    /// How many backups a host keeps.
    backups_kept: u16 = Setting {
        variable: "BACKUPS_KEPT",
        flag: "backups-kept",
        kind: Kind::Integer { min: 1, max: 1000, unit: "" },
        default: "7",
        label: "Backups to keep",
        help: "How many backups each host keeps. Older ones are removed once a new one is made.",
        asked: true,
    };
    /// The longest time from one reconcile to the next.
    reconcile_period: Duration = Setting {
        variable: "RECONCILE_PERIOD",
        flag: "reconcile-period",
        kind: Kind::Integer { min: 1, max: 300, unit: "s" },
        default: "30",
        label: "Reconcile period (seconds)",
        help: "The longest time from one look at the swarm to the next, in seconds. News from Docker or Rancher is acted \
               on at once, whatever this is.",
        asked: true,
    };
    /// Where to tell what waits for a person.
    notify_url: Secret = Setting {
        variable: "NOTIFY_URL",
        flag: "notify-url",
        kind: Kind::Address,
        default: "",
        label: "Webhook for what waits for a person",
        help: "An address to which JSON is sent when a host waits for a person, and when that is over. It may hold a \
               password, and is never logged. Blank for none.",
        asked: true,
    };
    /// What those say who look at the swarm.
    status_token: Secret = Setting {
        variable: "STATUS_TOKEN",
        flag: "status-token",
        kind: Kind::Token,
        default: "",
        label: "Token for the page and the metrics",
        help: "What a browser or Prometheus has to say to see more on port 2378 than whether a host is healthy: as the \
               password of any user, or as a bearer token. It is never logged. Blank: everybody who reaches the port \
               sees the page, the status and the metrics.",
        asked: true,
    };
    /// How much is logged.
    log_level: LogLevel = Setting {
        variable: "LOG_LEVEL",
        flag: "log-level",
        kind: Kind::OneOf(LogLevel::WORDS),
        default: "info",
        label: "Log level",
        help: "How much the containers log.",
        asked: true,
    };
    /// How is logged.
    log_format: LogFormat = Setting {
        variable: "LOG_FORMAT",
        flag: "log-format",
        kind: Kind::OneOf(LogFormat::WORDS),
        default: "text",
        label: "Log format",
        help: "Whether a line of the log is a text or a JSON object.",
        asked: false,
    };
    /// Whether the overlay network is encrypted.
    network_encryption: NetworkEncryption = Setting {
        variable: "NETWORK_ENCRYPTION",
        flag: "network-encryption",
        kind: Kind::OneOf(NetworkEncryption::WORDS),
        default: "off",
        label: "Encrypt the overlay network",
        help: "Whether traffic between hosts on that network is encrypted. It counts when the network is made; changed later it changes nothing.",
        asked: true,
    };
    /// The overlay network's largest packet.
    network_mtu: Option<u32> = Setting {
        variable: "NETWORK_MTU",
        flag: "network-mtu",
        kind: Kind::Optional { min: 576, max: 65535 },
        default: "",
        label: "MTU of the overlay network",
        help: "The largest packet on that network, in bytes. It counts when the network is made. Blank for the engine's own, 1450 where hosts have 1500.",
        asked: true,
    };
    /// The networks of which overlay networks get their subnets.
    address_pool: Vec<String> = Setting {
        variable: "ADDRESS_POOL",
        flag: "address-pool",
        kind: Kind::Networks,
        default: "",
        label: "Address pool",
        help: "Networks of which overlay networks get their subnets, such as 10.20.0.0/16, for hosts that use the engine's own pool, 10.0.0.0/8, themselves. It counts when the swarm is made. Docker 18.09 or later.",
        asked: true,
    };
    /// The size of each overlay network's subnet.
    subnet_size: Option<u32> = Setting {
        variable: "SUBNET_SIZE",
        flag: "subnet-size",
        kind: Kind::Optional { min: 8, max: 29 },
        default: "",
        label: "Subnet size",
        help: "The length of the prefix of each overlay network's subnet. It counts when the swarm is made. Blank for the engine's own, 24. Docker 18.09 or later.",
        asked: true,
    };
    /// The UDP port of the overlay networks.
    data_path_port: Option<u32> = Setting {
        variable: "DATA_PATH_PORT",
        flag: "data-path-port",
        kind: Kind::Optional { min: 1024, max: 49151 },
        default: "",
        label: "Data path port",
        help: "The UDP port by which hosts exchange the traffic of overlay networks. It counts when the swarm is made. Blank for the engine's own, 4789. Docker 19.03 or later.",
        asked: true,
    };
    /// How long nodes' certificates last.
    certificate_days: Option<u32> = Setting {
        variable: "CERTIFICATE_DAYS",
        flag: "certificate-days",
        kind: Kind::Optional { min: 1, max: 36500 },
        default: "",
        label: "Certificates last (days)",
        help: "How long the certificates of nodes last, in days. It counts when the swarm is made; later `docker swarm update --cert-expiry` does. Blank for the engine's own, 90.",
        asked: true,
    };
    /// How many ended tasks are kept.
    task_history: Option<u32> = Setting {
        variable: "TASK_HISTORY",
        flag: "task-history",
        kind: Kind::Optional { min: 0, max: 1000 },
        default: "",
        label: "Task history",
        help: "How many ended tasks are kept of each. It counts when the swarm is made; later `docker swarm update --task-history-limit` does. Blank for the engine's own, 5.",
        asked: true,
    };
}

/// The table of settings as a person reads it in the docs, in Markdown.
pub fn markdown_table(table: &[Setting]) -> String {
    let mut out =
        String::from("| variable | flag | allowed | default | asked | what it does |\n|---|---|---|---|---|---|\n");
    for setting in table {
        let asked = if setting.asked { "yes" } else { "no" };
        let default = if setting.default.is_empty() { "none".to_owned() } else { format!("`{}`", setting.default) };
        out.push_str(&format!(
            "| `{}` | `--{}` | {} | {default} | {asked} | {} |\n",
            setting.variable,
            setting.flag,
            setting.kind.allowed(),
            setting.help
        ));
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_default_is_allowed_and_typed() {
        let settings = Settings::resolve(|_| None).unwrap();
        assert_eq!(settings.manager_scale, 3);
        assert_eq!(settings.reconcile_period, Duration::from_secs(30));
        assert_eq!(settings.log_level, LogLevel::Info);
    }

    #[test]
    fn every_allowed_value_is_typed() {
        for setting in SETTINGS {
            let values: Vec<String> = match setting.kind {
                Kind::OneOf(_) | Kind::Odd { .. } => setting.kind.options(),
                Kind::Integer { min, max, .. } => vec![min.to_string(), max.to_string()],
                Kind::Optional { min, max } => vec![min.to_string(), max.to_string(), String::new()],
                Kind::Networks => vec!["10.20.0.0/16, 10.30.0.0/16".to_owned(), String::new()],
                Kind::Address => vec!["https://user:password@hooks.example.com:8443/a?b=c".to_owned()],
                Kind::Word { .. } => vec!["a-word_1.x/y".to_owned()],
                Kind::Token => vec!["0123456789abcdef".to_owned(), "A-._~+/=".repeat(16)],
            };
            for value in values {
                let given = |s: &Setting| (s.variable == setting.variable).then(|| value.clone());
                assert!(Settings::resolve(given).is_ok(), "{} {value}", setting.variable);
            }
        }
    }

    #[test]
    fn an_empty_answer_is_no_answer_unless_it_means_none() {
        let blank = Settings::resolve(|_| Some(" ".into())).unwrap();
        assert_eq!(blank.network, "");
        assert_eq!(Settings { network: "rancher".into(), ..blank }, Settings::resolve(|_| None).unwrap());
    }

    #[test]
    fn the_number_of_managers_is_bent_to_an_odd_one_with_a_warning() {
        for (given, taken) in [("4", 5), ("0", 1), ("-3", 1), ("10", 9), ("100", 9), ("2", 3)] {
            let settings = Settings::resolve(|s| (s.variable == "MANAGER_SCALE").then(|| given.to_owned())).unwrap();
            assert_eq!(settings.manager_scale, taken, "{given}");
            let warning = format!(
                "MANAGER_SCALE (--manager-scale) is `{given}`: allowed is 1, 3, 5, 7 or 9, so {taken} is taken"
            );
            assert_eq!(settings.warnings, [warning]);
        }
        let three = Settings::resolve(|s| (s.variable == "MANAGER_SCALE").then(|| "3".to_owned())).unwrap();
        assert!(three.warnings.is_empty());
    }

    #[test]
    fn subnets_fit_into_the_address_pool() {
        let resolve = |pool: &str, size: &str| {
            Settings::resolve(|setting| match setting.variable {
                "ADDRESS_POOL" => Some(pool.to_owned()),
                "SUBNET_SIZE" => Some(size.to_owned()),
                _ => None,
            })
        };
        assert!(resolve("10.20.0.0/16", "").is_ok() && resolve("10.20.0.0/26", "28").is_ok());
        for (pool, size, told) in [("10.20.0.0/26", "", "24"), ("10.20.0.0/16", "12", "12")] {
            let error = resolve(pool, size).unwrap_err().to_string();
            assert!(
                error.contains(&format!("SUBNET_SIZE (--subnet-size) is `{told}`")) && error.contains(pool),
                "{error}"
            );
        }
    }

    #[test]
    fn a_word_is_one() {
        for bad in ["a b", "-x", "é", "a\nb", ".x", &"x".repeat(129)] {
            assert!(Settings::resolve(|s| (s.variable == "NETWORK").then(|| bad.to_owned())).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_token_is_too_long_to_be_guessed_fits_into_a_header_and_is_not_shown() {
        for bad in ["0123456789abcde", "0123456789 abcdef", "0123456789:abcdef", "0123456789abcdé", &"x".repeat(129)] {
            let error = Settings::resolve(|s| (s.variable == "STATUS_TOKEN").then(|| bad.to_owned())).unwrap_err();
            assert!(error.to_string().starts_with("STATUS_TOKEN (--status-token) cannot be used as it is (it is a secret, and not shown here): allowed is "), "{error}");
            assert!(!error.to_string().contains(bad), "{error}");
        }
    }

    #[test]
    fn all_errors_are_told_together() {
        let error = Settings::resolve(|setting| Some(format!("{} ?", setting.default))).unwrap_err();
        assert_eq!(error.0.len(), SETTINGS.len());
        let text = error.to_string();
        assert!(text.contains("MANAGER_SCALE (--manager-scale) is `3 ?`: allowed is 1, 3, 5, 7 or 9"), "{text}");
        assert!(text.contains("1 to 300 s"), "{text}");
    }
}
