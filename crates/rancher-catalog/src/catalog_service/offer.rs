//! To which Rancher a version is offered, and from which versions an upgrade to it.

use crate::model::VersionRange;

use super::is_later;

/// The last release of Rancher 1.x.
const LAST_RELEASE: &str = "v1.6.30";
/// The last releases of the lines before: each line's releases have all numbers up to it.
const LINES: [(&str, u32); 7] = [("1.0", 2), ("1.1", 4), ("1.2", 4), ("1.3", 5), ("1.4", 3), ("1.5", 11), ("1.6", 30)];
/// The last line before 1.0.
const LAST_LINE_OF_0: u32 = 63;

/// Whether a version is offered to a Rancher; an empty text is no limit.
pub fn is_offered(minimum: &str, rancher: &str, maximum: &str) -> bool {
    (minimum.is_empty() || !is_later(minimum, rancher)) && (maximum.is_empty() || !is_later(rancher, maximum))
}

/// Whether a version is meant for a Rancher that runs templates, which those before 1.6 do not.
pub fn is_templated(maximum: &str) -> bool {
    maximum.is_empty() || !is_later("1.6", maximum)
}

/// Whether there is a Rancher 1.x to which a version is offered.
pub fn is_offered_to_any(minimum: &str, maximum: &str) -> bool {
    let numbered = LINES.iter().flat_map(|(line, last)| (0..=*last).map(move |patch| format!("v{line}.{patch}")));
    let before = (0..=LAST_LINE_OF_0).map(|line| format!("v0.{line}.0"));
    // A limit may be a release itself: v0.59.1, v1.2.0-pre4.
    let limits = [minimum, maximum].into_iter().filter(|limit| limit.contains('.') && !is_later(limit, LAST_RELEASE));
    let limits = limits.map(ToOwned::to_owned);
    numbered.chain(before).chain(limits).any(|release| is_offered(minimum, &release, maximum))
}

/// Whether the service offers an upgrade from one version to another, for a Rancher that is offered both.
pub fn offers_upgrade(from: &str, to: &str, upgrade_from: &str) -> bool {
    is_later(to, from)
        && (upgrade_from.is_empty()
            || matches!(
                (upgrade_from.parse::<VersionRange>(), semver::Version::parse(from.trim_start_matches('v'))),
                (Ok(range), Ok(from)) if range.contains(&from)
            ))
}

/// Whether a text without `v` is a semantic version.
pub fn is_semver(text: &str) -> bool {
    semver::Version::parse(text).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_is_offered_between_its_limits() {
        for (minimum, rancher, maximum, offered) in [
            ("", "v1.6.30", "", true),
            ("v1.6.0", "v1.6.30", "", true),
            ("v1.6.31", "v1.6.30", "", false),
            ("", "v1.6.30", "v1.5.99", false),
            ("1.6", "v1.6.0", "1.6", false),
            ("v1.6.0-rc1", "v1.6.0", "v1.6.0", true),
        ] {
            assert_eq!(is_offered(minimum, rancher, maximum), offered, "{minimum} {rancher} {maximum}");
        }
    }

    #[test]
    fn limits_may_leave_nobody() {
        for (minimum, maximum, some) in [
            ("", "", true),
            ("v0.59.1", "v0.59.1", true),
            ("v1.2.0-pre4", "v1.2.0-pre4", true),
            ("v1.6.30", "", true),
            ("v1.5.0", "v1.4.0", false),
            ("latest", "", false),
            ("v2.0.0", "", false),
            ("", "none", true),
        ] {
            assert_eq!(is_offered_to_any(minimum, maximum), some, "{minimum} {maximum}");
        }
    }

    #[test]
    fn templates_are_run_from_1_6_on() {
        for (maximum, templated) in [
            ("", true),
            ("v1.5.99", false),
            ("v1.6.0-rc1", true),
            ("1.6.13-rc2", true),
            ("v1.6", true),
            ("v0.59.1", false),
        ] {
            assert_eq!(is_templated(maximum), templated, "{maximum}");
        }
    }

    #[test]
    fn an_upgrade_needs_a_later_version_and_a_range_that_holds_the_older() {
        for (from, to, range, offered) in [
            ("v1.0.0", "v1.1.0", "", true),
            ("v1.1.0", "v1.0.0", "", false),
            ("v1.0.0", "v1.1.0", ">=v1.0.0", true),
            ("v0.9.0", "v1.1.0", ">=v1.0.0", false),
            ("v1.0", "v1.1", ">=v1.0.0", false),
            ("v1.0.0", "v1.1.0", "v1.0.0 || v0.9.0", false),
        ] {
            assert_eq!(offers_upgrade(from, to, range), offered, "{from} {to} {range}");
        }
    }
}
