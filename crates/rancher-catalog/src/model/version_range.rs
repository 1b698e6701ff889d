//! The range of versions of `upgrade_from`, as the catalog service reads it.

use std::str::FromStr;

use semver::Version;

use crate::catalog_service::is_later;

/// A range: alternatives, each of which is a list of comparisons that must all hold.
///
/// `>=v0.2.0 <v0.4.0 || 0.5.x`: a space between what must both hold, `||` between alternatives, `x` for any number. It is
/// `ParseRange` of the blang/semver that the service carries, which compares in the service's own order
/// ([`is_later`]). Of a `v` only the first of the text is passed over, and one behind `<`, `>`, `=` or `!`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VersionRange(Vec<Vec<Comparison>>);

/// Why a text is no range.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not a range of versions")]
pub struct RangeError(String);

#[derive(Debug, Clone, PartialEq, Eq)]
struct Comparison {
    sign: Sign,
    with: String,
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

/// What `x` stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum AnyNumber {
    Minor,
    Patch,
}

impl VersionRange {
    /// Whether a version is in it.
    pub fn contains(&self, version: &Version) -> bool {
        let version = version.to_string();
        self.0.iter().any(|all| all.iter().all(|comparison| comparison.holds(&version)))
    }
}

impl Comparison {
    fn holds(&self, version: &str) -> bool {
        let (above, below) = (is_later(version, &self.with), is_later(&self.with, version));
        match self.sign {
            Sign::Equal => !below && !above,
            Sign::NotEqual => below || above,
            Sign::Less => below,
            Sign::LessOrEqual => below || !above,
            Sign::Greater => above,
            Sign::GreaterOrEqual => above || !below,
        }
    }
}

impl FromStr for VersionRange {
    type Err = RangeError;

    fn from_str(text: &str) -> Result<Self, RangeError> {
        read(text).map(Self).ok_or_else(|| RangeError(text.to_owned()))
    }
}

fn read(text: &str) -> Option<Vec<Vec<Comparison>>> {
    let mut bare = text.trim_start_matches('v').to_owned();
    for sign in [">", ">=", "<", "<=", "=", "!"] {
        bare = bare.replace(&format!("{sign}v"), sign);
    }
    let parts = parts(&bare);
    let alternatives = parts.split(|part| part == "||");
    if parts.first().is_none_or(|first| first == "||") || parts.last().is_none_or(|last| last == "||") {
        return None;
    }
    let mut range = Vec::new();
    for all in alternatives {
        let mut comparisons = Vec::new();
        for part in all {
            for expanded in expanded(part)? {
                comparisons.push(comparison(&expanded)?);
            }
        }
        // Two `||` in a row: the service has nothing to call there, and fails.
        (!comparisons.is_empty()).then_some(())?;
        range.push(comparisons);
    }
    Some(range)
}

/// The parts between spaces; a space behind a sign is no end. A part of one character gets lost.
fn parts(text: &str) -> Vec<String> {
    let mut found = Vec::new();
    let (mut start, mut before) = (0, None);
    for (at, c) in text.char_indices() {
        if c == ' ' && !matches!(before, Some('>' | '<' | '=')) {
            if start + 1 < at {
                found.push(&text[start..at]);
            }
            start = at + 1;
        } else if c != ' ' {
            before = Some(c);
        }
    }
    if start + 1 < text.len() {
        found.push(&text[start..]);
    }
    found.into_iter().map(|part| part.replace(' ', "")).collect()
}

/// The sign and the version of a comparison.
fn split(text: &str) -> Option<(&str, &str)> {
    text.find(|c: char| c.is_ascii_digit()).map(|at| text.split_at(at))
}

fn comparison(text: &str) -> Option<Comparison> {
    let (sign, version) = split(text)?;
    let sign = match sign.trim() {
        "" | "=" | "==" => Sign::Equal,
        "!" | "!=" => Sign::NotEqual,
        "<" => Sign::Less,
        "<=" => Sign::LessOrEqual,
        ">" => Sign::Greater,
        ">=" => Sign::GreaterOrEqual,
        _ => return None,
    };
    Version::parse(version).ok()?;
    Some(Comparison { sign, with: version.to_owned() })
}

/// A comparison without `x`, or the one or two that one with it stands for.
fn expanded(text: &str) -> Option<Vec<String>> {
    if !text.contains('x') {
        return Some(vec![text.to_owned()]);
    }
    let (sign, version) = split(text)?;
    let kind = match version.split('.').collect::<Vec<_>>()[..] {
        [_, "x"] => Some(AnyNumber::Minor),
        [_, _, "x"] => Some(AnyNumber::Patch),
        _ => None,
    };
    let mut lowest = version.replacen(".x.x", ".x", 1).replacen(".x", ".0", 1);
    if lowest.split('.').count() == 2 {
        lowest.push_str(".0");
    }
    let behind = || kind.and_then(|kind| increased(&lowest, kind)).unwrap_or_default();
    Some(match sign {
        ">" => vec![format!(">={}", behind())],
        ">=" | "<" => vec![format!("{sign}{lowest}")],
        "<=" => vec![format!("<{}", behind())],
        "" | "=" | "==" => vec![format!(">={lowest}"), format!("<{}", behind())],
        "!" | "!=" => vec![format!("<{lowest}"), format!(">={}", behind())],
        _ => vec![lowest],
    })
}

fn increased(version: &str, kind: AnyNumber) -> Option<String> {
    let mut parts: Vec<String> = version.split('.').map(ToOwned::to_owned).collect();
    let part = parts.get_mut(if kind == AnyNumber::Minor { 0 } else { 1 })?;
    *part = (part.parse::<i64>().ok()?.checked_add(1)?).to_string();
    Some(parts.join("."))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_range_holds_what_it_says() {
        for (range, inside, outside) in [
            ("v0.2.0 || >v0.2.0", &["0.2.0", "0.2.1", "1.0.0"][..], &["0.1.9", "0.2.0-rc1"][..]),
            (">=0.2.0 <0.4.0", &["0.2.0", "0.4.0-rc1"], &["0.4.0", "0.1.0"]),
            (">= 0.2.0 < 0.4.0", &["0.2.0", "0.3.9"], &["0.4.0"]),
            ("1.2.x", &["1.2.0", "1.2.9"], &["1.3.0", "1.1.9"]),
            (">1.x", &["2.0.0"], &["1.9.9", "0.1.0"]),
            ("<=1.2.x", &["1.2.9", "0.1.0"], &["1.3.0"]),
            // Not what it says: the last `x` alone counts.
            ("1.x.x", &["1.0.9", "1.0.0"], &["1.1.0", "2.0.0"]),
            ("!=1.0.0", &["1.0.1"], &["1.0.0"]),
            // A number behind the hyphen is later than without, as the service compares.
            (">1.0.0", &["1.0.0-2"], &["1.0.0-rc2", "1.0.0"]),
        ] {
            let parsed: VersionRange = range.parse().unwrap_or_else(|error| panic!("{error}"));
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
        for text in [
            "",
            " ",
            "||",
            "0.5-rancher1",
            "1.2",
            ">>1.0.0",
            "1.x.2",
            "a",
            "x",
            "1.0.0 || ",
            "1.0.0 || || 1.1.0",
            "1.2.3.x",
            "0.2.0 || v0.3.0",
            ">= v1.0.0",
            "~1.0.0",
            "^1.0.0",
        ] {
            assert!(text.parse::<VersionRange>().is_err(), "{text:?}");
        }
    }
}
