//! Every setting of the daemon, once.
//!
//! From [`SETTINGS`] come the daemon's command line and its validation ([`super::command_line`]), the questions that
//! Rancher's UI asks and the `environment` of the service (the catalog entry), and the README's table. To add a
//! setting, add a line to the table below.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

/// The port on which managers listen for other nodes: the Engine API's own default.
pub const SWARM_PORT: u16 = 2377;
/// The port on which the daemon answers health checks; earlier monitors used the same.
pub const HEALTH_PORT: u16 = 2378;
/// The path of the health check.
pub const HEALTH_PATH: &str = "/ping";
/// The Docker engine's socket.
pub const DOCKER_SOCKET: &str = "/var/run/docker.sock";
/// The folder on the host in which the daemon keeps what must outlive its container.
pub const STATE_FOLDER: &str = "/var/lib/rancher/state";

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
            Self::OneOf(values) => match values.split_last() {
                Some((last, rest)) if !rest.is_empty() => format!("{} or {last}", rest.join(", ")),
                _ => values.concat(),
            },
            Self::Integer { min, max, unit } => format!("{min} to {max} {unit}").trim_end().to_owned(),
        }
    }

    fn check(&self, text: &str) -> bool {
        match self {
            Self::OneOf(values) => values.contains(&text),
            Self::Integer { min, max, .. } => text.parse::<u64>().is_ok_and(|number| (*min..=*max).contains(&number)),
        }
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

/// All settings that cannot be used, so that one look mends them all.
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

/// Checks given values against a table of settings, and fills in the defaults. An empty value counts as none, as
/// Rancher hands on an unanswered question as an empty variable. `given` has a value by variable.
///
/// # Errors
/// All values that are not allowed, together.
pub fn resolve(
    table: &[Setting],
    given: impl Fn(&Setting) -> Option<String>,
) -> Result<BTreeMap<&'static str, String>, InvalidSettings> {
    let mut invalid = Vec::new();
    let mut values = BTreeMap::new();
    for setting in table {
        let value = given(setting).map(|text| text.trim().to_owned()).filter(|text| !text.is_empty());
        let value = value.unwrap_or_else(|| setting.default.to_owned());
        if setting.kind.check(&value) {
            values.insert(setting.variable, value);
        } else {
            invalid.push(Invalid {
                variable: setting.variable,
                flag: setting.flag,
                given: value,
                allowed: setting.kind.allowed(),
            });
        }
    }
    if invalid.is_empty() { Ok(values) } else { Err(InvalidSettings(invalid)) }
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

/// Makes the table and the typed [`Settings`] of one list, so that a setting is added in one place.
macro_rules! settings {
    ($($(#[$doc:meta])* $field:ident: $type:ty = $setting:expr;)+) => {
        /// All settings, in the order in which people see them.
        pub const SETTINGS: &[Setting] = &[$($setting),+];

        /// The settings, checked and typed.
        #[derive(Debug, Clone, PartialEq, Eq)]
        pub struct Settings {
            $($(#[$doc])* pub $field: $type,)+
        }

        impl Settings {
            /// Checks and types the given values; see [`resolve`].
            ///
            /// # Errors
            /// As there.
            pub fn resolve(given: impl Fn(&Setting) -> Option<String>) -> Result<Self, InvalidSettings> {
                let values = resolve(SETTINGS, given)?;
                Ok(Self {
                    $($field: typed(&$setting, &values)?,)+
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
        kind: Kind::OneOf(&["1", "3", "5", "7", "9"]),
        default: "3",
        label: "Number of managers",
        help: "How many hosts shall be managers. 3 survive the loss of 1, 5 of 2, 7 of 3, 9 of 4. Fewer hosts than that \
               carry as many as make an odd number.",
        asked: true,
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
}

/// The table of settings as a person reads it in the README, in Markdown.
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
                Kind::OneOf(values) => values.iter().map(ToString::to_string).collect(),
                Kind::Integer { min, max, .. } => vec![min.to_string(), max.to_string()],
            };
            for value in values {
                let given = |s: &Setting| (s.variable == setting.variable).then(|| value.clone());
                assert!(Settings::resolve(given).is_ok(), "{} {value}", setting.variable);
            }
        }
    }

    #[test]
    fn an_empty_answer_is_no_answer() {
        assert_eq!(Settings::resolve(|_| Some(" ".into())), Settings::resolve(|_| None));
    }

    #[test]
    fn all_errors_are_told_together() {
        let error = Settings::resolve(|setting| Some(format!("{}?", setting.default))).unwrap_err();
        assert_eq!(error.0.len(), SETTINGS.len());
        let text = error.to_string();
        assert!(text.contains("MANAGER_SCALE (--manager-scale) is `3?`: allowed is 1, 3, 5, 7 or 9"), "{text}");
        assert!(text.contains("1 to 300 s"), "{text}");
    }
}
