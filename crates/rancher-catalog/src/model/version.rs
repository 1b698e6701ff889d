//! A version as catalogs write it, and the number of the folder that holds it.

use std::cmp::Ordering;
use std::fmt;

use schemars::JsonSchema;
use serde::de::Error;
use serde::{Deserialize, Deserializer, Serialize};

use super::Scalar;

/// The version of a catalog entry, or of Rancher: `v2.0.0`, `1.6.13-rc2`, `17.07`.
///
/// Rancher compares it in its own way ([`Version::cmp_as_rancher`]), and reads it as a semantic version only where a
/// default is missing or an `upgrade_from` range is given.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct Version(pub Scalar);

impl Version {
    /// The text as Rancher reads it: an unquoted `1.10` is `1.1`.
    pub fn text(&self) -> String {
        self.0.to_string()
    }

    /// As a semantic version, with the leading `v` that Rancher trims.
    ///
    /// # Errors
    /// It is none: two numbers alone (`17.07`), or a leading zero.
    pub fn semver(&self) -> Result<semver::Version, NoSemver> {
        let text = self.text();
        let text = text.trim_start_matches('v');
        semver::Version::parse(text).map_err(|_| NoSemver::of(text))
    }

    /// The order in which Rancher's UI lists versions: split at `.` and `-`, numbers as numbers, anything else by
    /// letters, and of two that begin alike the one with more parts is later. `v` and what follows a `+` do not count.
    pub fn cmp_as_rancher(&self, other: &Self) -> Ordering {
        let (left, right) = (self.text(), other.text());
        let (left, right) = (parts(&left), parts(&right));
        for (a, b) in left.iter().zip(&right) {
            let order = match (a.parse::<u64>(), b.parse::<u64>()) {
                (Ok(a), Ok(b)) => a.cmp(&b),
                _ => a.cmp(b),
            };
            if order != Ordering::Equal {
                return order;
            }
        }
        left.len().cmp(&right.len())
    }
}

/// Why a text is no semantic version.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NoSemver {
    /// It does not begin with three numbers.
    #[error("three numbers are due, with dots between them")]
    Numbers,
    /// A number has a zero before it.
    #[error("a number begins with a zero")]
    LeadingZero,
    /// A number is larger than what is compared.
    #[error("a number is too large")]
    Large,
    /// What stands behind the numbers is of other signs.
    #[error(
        "behind the numbers there may be a `-` and a `+`, each with letters, digits, hyphens, and dots between them"
    )]
    Behind,
}

impl NoSemver {
    fn of(text: &str) -> Self {
        let numbers = text.split(['-', '+']).next().unwrap_or_default();
        let before = text.split('+').next().unwrap_or_default();
        let behind = before.split_once('-').map_or("", |(_, behind)| behind);
        let is_number = |part: &&str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
        let has_zero = |part: &str| part.len() > 1 && part.starts_with('0');
        if numbers.split('.').count() != 3 || !numbers.split('.').all(|part| is_number(&part)) {
            Self::Numbers
        } else if numbers.split('.').chain(behind.split('.').filter(is_number)).any(has_zero) {
            Self::LeadingZero
        } else if numbers.split('.').any(|part| part.parse::<u64>().is_err()) {
            Self::Large
        } else {
            Self::Behind
        }
    }
}

fn parts(text: &str) -> Vec<&str> {
    let text = text.trim_start_matches('v');
    text.split('+').next().unwrap_or_default().split(['.', '-']).collect()
}

impl From<&str> for Version {
    fn from(text: &str) -> Self {
        Self(text.into())
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// The number of a version's folder. A stack remembers it (`catalog://community:infra*swarm:4`), so it is for ever.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, JsonSchema)]
#[serde(transparent)]
pub struct Revision(pub u32);

/// From a number, or from the string that JSON makes of a key.
impl<'de> Deserialize<'de> for Revision {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = Scalar::deserialize(deserializer)?.to_string();
        Self::from_folder_name(&text)
            .ok_or_else(|| D::Error::custom(format!("`{text}` is not a revision: a whole number")))
    }
}

impl Revision {
    /// Reads a folder's name: digits, without a leading zero that would make two names one number.
    pub fn from_folder_name(name: &str) -> Option<Self> {
        let number = name.parse().ok().map(Self)?;
        (number.to_string() == name).then_some(number)
    }

    /// The number after this one.
    pub fn next(self) -> Self {
        Self(self.0 + 1)
    }
}

impl fmt::Display for Revision {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_sort_as_the_ui_sorts_them() {
        let order = ["v1.12.3", "v1.12.3-2", "v1.12.3-10", "v1.13.0-beta.1", "v2.0.0", "v2.0.0-rc1", "v10.0"];
        for pair in order.windows(2) {
            assert_eq!(Version::from(pair[0]).cmp_as_rancher(&pair[1].into()), Ordering::Less, "{pair:?}");
        }
        assert_eq!(Version::from("v1.2+x").cmp_as_rancher(&"1.2".into()), Ordering::Equal);
    }

    #[test]
    fn what_is_no_semantic_version_says_why_in_words_of_its_own() {
        let why = |text: &str| Version::from(text).semver().err();
        for text in ["", "v1", "17.07", "1.2.x", "latest", "1.2.3.4", "1..2", "-1.2.3"] {
            assert_eq!(why(text), Some(NoSemver::Numbers), "{text}");
        }
        for text in ["1.02.3", "1.2.3-rc.01"] {
            assert_eq!(why(text), Some(NoSemver::LeadingZero), "{text}");
        }
        assert_eq!(why("1.2.99999999999999999999"), Some(NoSemver::Large));
        for text in ["1.2.3-", "1.2.3-a_b", "1.2.3+", "1.2.3-a..b"] {
            assert_eq!(why(text), Some(NoSemver::Behind), "{text}");
        }
        assert_eq!(why("v1.13.0-beta.1+x.01"), None);
    }

    #[test]
    fn a_revision_is_a_canonical_number() {
        assert_eq!(Revision::from_folder_name("10"), Some(Revision(10)));
        for name in ["", "01", "+1", "-1", "1.0", "v1", "99999999999"] {
            assert_eq!(Revision::from_folder_name(name), None, "{name}");
        }
    }
}
