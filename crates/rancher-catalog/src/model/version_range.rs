//! The range of versions of `upgrade_from`, as the semver library of the catalog service reads it.

use std::cmp::Ordering;
use std::str::FromStr;

use semver::Version;

/// A range: alternatives, each of which is a list of comparisons that must all hold.
///
/// `>=v0.2.0 <v0.4.0 || v0.5.x`: a space between what must both hold, `||` between alternatives, `x` for any number. A
/// pre-release is a version like any other, lower than its release (blang/semver, `ParseRange`; the `v` is taken off
/// before).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VersionRange(Vec<Vec<Comparison>>);

/// Why a text is no range.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not a range of versions")]
pub struct RangeError(String);

#[derive(Debug, Clone, PartialEq, Eq)]
struct Comparison {
    sign: Sign,
    /// The lowest version that is meant.
    from: Version,
    /// For one with an `x`: the first version behind those that are meant.
    to: Option<Version>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Sign {
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

impl VersionRange {
    /// Whether a version is in it.
    pub fn contains(&self, version: &Version) -> bool {
        self.0.iter().any(|all| all.iter().all(|comparison| comparison.holds(version)))
    }
}

impl Comparison {
    fn holds(&self, version: &Version) -> bool {
        let below = version.cmp_precedence(&self.from) == Ordering::Less;
        let above = match &self.to {
            Some(to) => version.cmp_precedence(to) != Ordering::Less,
            None => version.cmp_precedence(&self.from) == Ordering::Greater,
        };
        match self.sign {
            Sign::Equal => !below && !above,
            Sign::NotEqual => below || above,
            Sign::Less => below,
            Sign::LessOrEqual => !above,
            Sign::Greater => above,
            Sign::GreaterOrEqual => !below,
        }
    }
}

impl FromStr for VersionRange {
    type Err = RangeError;

    fn from_str(text: &str) -> Result<Self, RangeError> {
        let fail = || RangeError(text.to_owned());
        let bare = text.replace('v', "");
        let alternatives = bare.split("||").map(|all| {
            let comparisons: Option<Vec<Comparison>> = all.split_whitespace().map(comparison).collect();
            comparisons.filter(|comparisons| !comparisons.is_empty())
        });
        alternatives.collect::<Option<Vec<_>>>().map(Self).ok_or_else(fail)
    }
}

fn comparison(text: &str) -> Option<Comparison> {
    let version = text.trim_start_matches(['<', '>', '=', '!']);
    let sign = match &text[..text.len() - version.len()] {
        "" | "=" | "==" => Sign::Equal,
        "!=" | "!" => Sign::NotEqual,
        "<" => Sign::Less,
        "<=" => Sign::LessOrEqual,
        ">" => Sign::Greater,
        ">=" => Sign::GreaterOrEqual,
        _ => return None,
    };
    if let Ok(from) = Version::parse(version) {
        return Some(Comparison { sign, from, to: None });
    }
    let (from, to) = any_number(version)?;
    Some(Comparison { sign, from, to: Some(to) })
}

/// The lowest version of one with an `x`, and the first behind it.
fn any_number(text: &str) -> Option<(Version, Version)> {
    let parts: Vec<&str> = text.split('.').collect();
    let known: Vec<u64> = parts.iter().map_while(|part| part.parse().ok()).collect();
    let rest = &parts[known.len()..];
    if rest.is_empty() || parts.len() > 3 || rest.iter().any(|part| *part != "x") {
        return None;
    }
    Some(match known[..] {
        [] => (Version::new(0, 0, 0), Version::new(u64::MAX, u64::MAX, u64::MAX)),
        [major] => (Version::new(major, 0, 0), Version::new(major.checked_add(1)?, 0, 0)),
        [major, minor, ..] => (Version::new(major, minor, 0), Version::new(major, minor.checked_add(1)?, 0)),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_range_holds_what_it_says() {
        for (range, inside, outside) in [
            ("v0.2.0 || >v0.2.0", &["0.2.0", "0.2.1", "1.0.0"][..], &["0.1.9", "0.2.0-rc1"][..]),
            (">=0.2.0 <0.4.0", &["0.2.0", "0.4.0-rc1"], &["0.4.0", "0.1.0"]),
            ("1.2.x", &["1.2.0", "1.2.9"], &["1.3.0", "1.1.9"]),
            (">1.x", &["2.0.0"], &["1.9.9", "0.1.0"]),
            ("<=1.2.x", &["1.2.9", "0.1.0"], &["1.3.0"]),
            ("!=1.0.0", &["1.0.1"], &["1.0.0"]),
            ("x", &["0.0.1", "9.9.9"], &[]),
        ] {
            let parsed: VersionRange = range.parse().unwrap();
            for version in inside {
                assert!(parsed.contains(&version.parse().unwrap()), "{range} {version}");
            }
            for version in outside {
                assert!(!parsed.contains(&version.parse().unwrap()), "{range} {version}");
            }
        }
    }

    #[test]
    fn what_the_library_does_not_read_is_no_range() {
        for text in ["", " ", "||", "0.5-rancher1", "1.2", ">>1.0.0", "1.x.2", "a", "1.0.0 || ", "1.2.3.x"] {
            assert!(text.parse::<VersionRange>().is_err(), "{text:?}");
        }
    }
}
