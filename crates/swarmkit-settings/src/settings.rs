//! Every setting of the daemon, once.
//!
//! From [`SETTINGS`] come the daemon's command line and its validation ([`super::command_line`]), the questions that
//! Rancher's UI asks and the `environment` of the service (the catalog entry), and the table in the docs. To add a
//! setting, add a line to the table below.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

/// The service of the entry's stack that the monitors are. Rancher's UI knows it by this name.
pub const SERVICE: &str = "swarmkit-mon";
/// The port on which managers listen for other nodes: the Engine API's own default.
pub const SWARM_PORT: u16 = 2377;
/// The port on which the daemon answers health checks; earlier monitors used the same.
pub const HEALTH_PORT: u16 = 2378;
/// The port on which the daemon forwards this host's own engine to a manager; closed to all other hosts.
pub const FORWARD_PORT: u16 = 2374;
/// The path of the health check.
pub const HEALTH_PATH: &str = "/ping";
/// The path at which a monitor tells others who it is.
pub const IDENTITY_PATH: &str = "/identity";
/// The Docker engine's socket.
pub const DOCKER_SOCKET: &str = "/var/run/docker.sock";
/// The folder on the host in which the daemon keeps what must outlive its container.
pub const STATE_FOLDER: &str = "/var/lib/rancher/state";

/// The folder on the host in which Rancher's agent leaves the certificate of a private authority, as `ca.crt`.
pub const AGENT_CA_FOLDER: &str = "/var/lib/rancher/etc/ssl";

/// When Rancher asks for the daemon's health, and what it makes of the answers. Times in milliseconds.
pub mod health {
    /// From one question to the next: a dead engine shows within half a minute.
    pub const INTERVAL_MS: u64 = 10_000;
    /// What an answer may take. The daemon answers from memory and so within milliseconds; this leaves room for a
    /// host that swaps.
    pub const RESPONSE_TIMEOUT_MS: u64 = 5_000;
    /// Good answers that make a container healthy: one, as an answer already means that the engine is in the swarm.
    pub const HEALTHY_THRESHOLD: u64 = 1;
    /// Bad answers that make a container unhealthy: a restart of the engine, some 20 s, is no reason to replace it.
    pub const UNHEALTHY_THRESHOLD: u64 = 3;
    /// What the first start may take: five minutes, for metadata that is late, hosts that join together and slow disks.
    pub const INITIALIZING_TIMEOUT_MS: u64 = 300_000;
    /// What a start after a restart may take: the swarm is there already.
    pub const REINITIALIZING_TIMEOUT_MS: u64 = 120_000;
    /// An unhealthy container is replaced only while at least this many others are healthy. One that is stuck gets a
    /// fresh start; but when none is well, as when the swarm has lost its quorum, none is torn from its work.
    pub const RECREATE_QUORUM: u64 = 1;
}

/// One setting of the daemon.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Setting {
    /// The environment variable, which is the question's variable too.
    pub variable: &'static str,
    /// The flag, without its dashes.
    pub flag: &'static str,
    /// What it may be.
    pub kind: Kind,
    /// The value where none is given.
    pub default: &'static str,
    /// The title of the question, with the unit.
    pub label: &'static str,
    /// What it does: one or two sentences.
    pub help: &'static str,
    /// Whether Rancher's UI asks for it. The others are for those who look for them.
    pub asked: bool,
}

/// What a setting may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// One of some words or numbers.
    OneOf(&'static [&'static str]),
    /// An odd number up to a greatest one. Another whole number is bent to the next that is allowed, with a warning: a
    /// stack that was answered by hand, or for an earlier entry, shall run all the same.
    Odd {
        /// The greatest, which is odd.
        most: u64,
    },
    /// A word: letters, digits and `_ . - /`, beginning with a letter or a digit.
    Word {
        /// Whether it may be blank, and so mean none. Elsewhere a blank counts as not given.
        blank: bool,
    },
    /// A whole number within bounds.
    Integer {
        /// The least.
        min: u64,
        /// The greatest.
        max: u64,
        /// The unit, such as `s`.
        unit: &'static str,
    },
}

impl Kind {
    /// What is allowed, in words: `1, 3, 5, 7 or 9`, `1 to 300 s`.
    pub fn allowed(&self) -> String {
        match self {
            Self::OneOf(values) => listed(values),
            Self::Odd { .. } => listed(&self.options()),
            Self::Word { blank: false } => "a word".to_owned(),
            Self::Word { blank: true } => "a word, or blank for none".to_owned(),
            Self::Integer { min, max, unit } => format!("{min} to {max} {unit}").trim_end().to_owned(),
        }
    }

    /// The values to choose from, where there are only some.
    pub fn options(&self) -> Vec<String> {
        match self {
            Self::OneOf(values) => values.iter().map(ToString::to_string).collect(),
            Self::Odd { most } => (1..=*most).step_by(2).map(|number| number.to_string()).collect(),
            Self::Word { .. } | Self::Integer { .. } => Vec::new(),
        }
    }

    /// Whether a blank value means something.
    pub fn may_be_blank(&self) -> bool {
        matches!(self, Self::Word { blank: true })
    }

    /// The value that a text stands for; `None` if it stands for none. It is another text only where it was bent.
    fn fit(&self, text: &str) -> Option<String> {
        let good = match self {
            Self::OneOf(values) => values.contains(&text),
            Self::Odd { most } => {
                let number = text.parse::<i64>().ok()?.clamp(1, i64::try_from(*most).unwrap_or(i64::MAX));
                return Some((number + 1 - number % 2).to_string());
            }
            Self::Word { blank } => {
                let inside = |letter: char| letter.is_ascii_alphanumeric() || "_.-/".contains(letter);
                let begins = text.starts_with(|letter: char| letter.is_ascii_alphanumeric());
                (*blank && text.is_empty()) || (begins && text.len() <= 128 && text.chars().all(inside))
            }
            Self::Integer { min, max, .. } => text.parse::<u64>().is_ok_and(|number| (*min..=*max).contains(&number)),
        };
        good.then(|| text.to_owned())
    }
}

fn listed(values: &[impl AsRef<str>]) -> String {
    let values: Vec<&str> = values.iter().map(AsRef::as_ref).collect();
    match values.split_last() {
        Some((last, rest)) if !rest.is_empty() => format!("{} or {last}", rest.join(", ")),
        _ => values.concat(),
    }
}

/// A setting that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{variable} (--{flag}) is `{given}`: allowed is {allowed}")]
pub struct Invalid {
    variable: &'static str,
    flag: &'static str,
    given: String,
    allowed: String,
}

/// All settings that cannot be used, so that one look is enough to fix them all.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InvalidSettings(pub Vec<Invalid>);

impl fmt::Display for InvalidSettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, invalid) in self.0.iter().enumerate() {
            let line = if at == 0 { "" } else { "\n" };
            write!(f, "{line}{invalid}")?;
        }
        Ok(())
    }
}

impl std::error::Error for InvalidSettings {}

/// Checked values by variable, and what a person should be told of them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Resolved {
    /// A value for each setting.
    pub values: BTreeMap<&'static str, String>,
    /// Values that were bent to ones that are allowed.
    pub warnings: Vec<String>,
}

/// Checks given values against a table of settings, and fills in the defaults. A blank value counts as none unless it
/// has a meaning, as Rancher hands on an unanswered question as an empty variable. `given` has a value by variable.
///
/// # Errors
/// All values that are not allowed, together.
pub fn resolve(table: &[Setting], given: impl Fn(&Setting) -> Option<String>) -> Result<Resolved, InvalidSettings> {
    let mut invalid = Vec::new();
    let mut resolved = Resolved::default();
    for setting in table {
        let value = given(setting).map(|text| text.trim().to_owned());
        let value = value.filter(|text| !text.is_empty() || setting.kind.may_be_blank());
        let value = value.unwrap_or_else(|| setting.default.to_owned());
        match setting.kind.fit(&value) {
            Some(fitting) => {
                if fitting != value {
                    let Setting { variable, flag, kind, .. } = setting;
                    let allowed = kind.allowed();
                    resolved.warnings.push(format!(
                        "{variable} (--{flag}) is `{value}`: allowed is {allowed}, so {fitting} is taken"
                    ));
                }
                resolved.values.insert(setting.variable, fitting);
            }
            None => invalid.push(Invalid {
                variable: setting.variable,
                flag: setting.flag,
                given: value,
                allowed: setting.kind.allowed(),
            }),
        }
    }
    if invalid.is_empty() { Ok(resolved) } else { Err(InvalidSettings(invalid)) }
}

/// How a checked value becomes a typed one.
pub trait FromSetting: Sized {
    /// The typed value; `None` only for a text that its [`Kind`] does not allow.
    fn from_setting(text: &str) -> Option<Self>;
}

impl FromSetting for u8 {
    fn from_setting(text: &str) -> Option<Self> {
        text.parse().ok()
    }
}

impl FromSetting for String {
    fn from_setting(text: &str) -> Option<Self> {
        Some(text.to_owned())
    }
}

/// A setting in seconds.
impl FromSetting for Duration {
    fn from_setting(text: &str) -> Option<Self> {
        text.parse().ok().map(Duration::from_secs)
    }
}

/// How much the daemon logs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[allow(missing_docs, reason = "the usual five")]
pub enum LogLevel {
    Error,
    Warn,
    Info,
    Debug,
    Trace,
}

impl FromSetting for LogLevel {
    fn from_setting(text: &str) -> Option<Self> {
        Some(match text {
            "error" => Self::Error,
            "warn" => Self::Warn,
            "info" => Self::Info,
            "debug" => Self::Debug,
            "trace" => Self::Trace,
            _ => return None,
        })
    }
}

/// How the daemon logs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogFormat {
    /// A line for people.
    Text,
    /// A JSON object a line.
    Json,
}

impl FromSetting for LogFormat {
    fn from_setting(text: &str) -> Option<Self> {
        match text {
            "text" => Some(Self::Text),
            "json" => Some(Self::Json),
            _ => None,
        }
    }
}

/// What is done once the swarm has lost its quorum.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum QuorumRecovery {
    /// The managers that are left go on once the lost ones' hosts are removed from Rancher.
    Removed,
    /// Nothing.
    Off,
    /// Also once the lost ones have been out of reach for long.
    Auto,
}

impl FromSetting for QuorumRecovery {
    fn from_setting(text: &str) -> Option<Self> {
        match text {
            "removed" => Some(Self::Removed),
            "off" => Some(Self::Off),
            "auto" => Some(Self::Auto),
            _ => None,
        }
    }
}

/// Whether managers take tasks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ManagerAvailability {
    /// They do, as all nodes.
    Active,
    /// They only manage.
    Drain,
}

impl FromSetting for ManagerAvailability {
    fn from_setting(text: &str) -> Option<Self> {
        match text {
            "active" => Some(Self::Active),
            "drain" => Some(Self::Drain),
            _ => None,
        }
    }
}

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
                Ok(Self {
                    $($field: typed(&$setting, &values)?,)+
                    warnings,
                })
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
            given: text.to_owned(),
            allowed: setting.kind.allowed(),
        }])
    })
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
        kind: Kind::OneOf(&["active", "drain"]),
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
        kind: Kind::OneOf(&["removed", "off", "auto"]),
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
    /// The longest time from one look at the swarm to the next.
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
    /// How much is logged.
    log_level: LogLevel = Setting {
        variable: "LOG_LEVEL",
        flag: "log-level",
        kind: Kind::OneOf(&["error", "warn", "info", "debug", "trace"]),
        default: "info",
        label: "Log level",
        help: "How much the containers log.",
        asked: true,
    };
    /// How is logged.
    log_format: LogFormat = Setting {
        variable: "LOG_FORMAT",
        flag: "log-format",
        kind: Kind::OneOf(&["text", "json"]),
        default: "text",
        label: "Log format",
        help: "Whether a line of the log is a text or a JSON object.",
        asked: false,
    };
}

/// The table of settings as a person reads it in the docs, in Markdown.
pub fn markdown_table(table: &[Setting]) -> String {
    let mut out =
        String::from("| variable | flag | allowed | default | asked | what it does |\n|---|---|---|---|---|---|\n");
    for setting in table {
        let asked = if setting.asked { "yes" } else { "no" };
        out.push_str(&format!(
            "| `{}` | `--{}` | {} | `{}` | {asked} | {} |\n",
            setting.variable,
            setting.flag,
            setting.kind.allowed(),
            setting.default,
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
                Kind::Word { .. } => vec!["a-word_1.x/y".to_owned()],
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
    fn a_word_is_one() {
        for bad in ["a b", "-x", "é", "a\nb", ".x", &"x".repeat(129)] {
            assert!(Settings::resolve(|s| (s.variable == "NETWORK").then(|| bad.to_owned())).is_err(), "{bad}");
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
