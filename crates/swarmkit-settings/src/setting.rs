//! What a setting is, and checking given values.

use std::collections::BTreeMap;
use std::fmt;

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
    /// An address of http or https, or blank for none. It may hold a password, and is never shown.
    Address,
    /// What clients say to be let in, or blank for none: never shown.
    Token,
    /// IPv4 networks with commas between, or blank for none.
    Networks,
    /// A whole number within bounds, or blank for what the engine takes by itself.
    Optional {
        /// The least.
        min: u64,
        /// The greatest.
        max: u64,
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
            Self::Address => "an address of http or https, or blank for none".to_owned(),
            Self::Token => "16 to 128 letters, digits and `- . _ ~ + / =`, or blank for none".to_owned(),
            Self::Networks => {
                "up to 16 IPv4 networks such as 10.20.0.0/16 that do not overlap, with commas between, or blank for none"
                    .to_owned()
            }
            Self::Optional { min, max } => format!("{min} to {max}, or blank"),
            Self::Integer { min, max, unit } => format!("{min} to {max} {unit}").trim_end().to_owned(),
        }
    }

    /// The values to choose from, where there are only some.
    pub fn options(&self) -> Vec<String> {
        match self {
            Self::OneOf(values) => values.iter().map(ToString::to_string).collect(),
            Self::Odd { most } => (1..=*most).step_by(2).map(|number| number.to_string()).collect(),
            _ => Vec::new(),
        }
    }

    /// Whether a blank value means something.
    pub fn may_be_blank(&self) -> bool {
        matches!(
            self,
            Self::Word { blank: true } | Self::Address | Self::Token | Self::Networks | Self::Optional { .. }
        )
    }

    /// Whether a value is not to be shown.
    pub fn is_secret(&self) -> bool {
        matches!(self, Self::Address | Self::Token)
    }

    /// The value that a text stands for; `None` if it stands for none. It is another text only where it was bent.
    pub(crate) fn fit(&self, text: &str) -> Option<String> {
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
            Self::Address => text.is_empty() || is_address(text),
            Self::Token => text.is_empty() || is_token(text),
            Self::Networks => crate::networks::read(text).is_some(),
            Self::Optional { min, max } => {
                text.is_empty() || text.parse::<u64>().is_ok_and(|number| (*min..=*max).contains(&number))
            }
            Self::Integer { min, max, .. } => text.parse::<u64>().is_ok_and(|number| (*min..=*max).contains(&number)),
        };
        good.then(|| text.to_owned())
    }
}

/// Whether it is one by its look; whoever calls it reads the rest.
fn is_address(text: &str) -> bool {
    let rest = text.strip_prefix("http://").or_else(|| text.strip_prefix("https://"));
    let inside = |letter: char| letter.is_ascii_graphic() && !"\"'<>\\`".contains(letter);
    rest.is_some_and(|rest| !rest.is_empty() && !rest.starts_with(['/', '?', '#']))
        && text.len() <= 2048
        && text.chars().all(inside)
}

/// Whether it can stand in `Authorization: Bearer` as it is (RFC 6750), and is too long to be guessed.
fn is_token(text: &str) -> bool {
    let inside = |letter: char| letter.is_ascii_alphanumeric() || "-._~+/=".contains(letter);
    (16..=128).contains(&text.len()) && text.chars().all(inside)
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
#[error("{variable} (--{flag}) {}: allowed is {allowed}", shown(given.as_deref()))]
pub struct Invalid {
    pub(crate) variable: &'static str,
    pub(crate) flag: &'static str,
    /// None of one that is not to be shown.
    pub(crate) given: Option<String>,
    pub(crate) allowed: String,
}

fn shown(given: Option<&str>) -> String {
    given.map_or_else(
        || "cannot be used as it is (it is a secret, and not shown here)".to_owned(),
        |given| format!("is `{given}`"),
    )
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
                given: Some(value).filter(|_| !setting.kind.is_secret()),
                allowed: setting.kind.allowed(),
            }),
        }
    }
    if invalid.is_empty() { Ok(resolved) } else { Err(InvalidSettings(invalid)) }
}
