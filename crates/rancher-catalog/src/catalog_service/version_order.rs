//! The order in which the catalog service puts versions: neither that of semver nor that of the UI.

/// Whether a version is later than another.
///
/// Both are split at `.` and `-`; what follows a `+` and the leading `v` do not count. Of two parts with small letters
/// those decide, then the number in them. Of two that begin alike the longer one is later if it goes on with a number
/// (`1.0.0-2`), and earlier if not (`1.0.0-rc1`).
pub fn is_later(version: &str, than: &str) -> bool {
    let bare = |text: &str| text.split('+').next().unwrap_or_default().trim_start_matches('v').to_owned();
    later(&bare(version), &bare(than))
}

fn later(a: &str, b: &str) -> bool {
    let split = |text| -> Vec<&str> { str::split(text, ['.', '-']).filter(|part| !part.is_empty()).collect() };
    let (left, right) = (split(a), split(b));
    if right.len() > left.len() {
        return !later(b, a) && a != b;
    }
    for (at, part) in left.iter().enumerate() {
        let Some(other) = right.get(at) else { return part.parse::<i64>().is_ok() };
        let words = (first_run(part, |c| c.is_ascii_lowercase()), first_run(other, |c| c.is_ascii_lowercase()));
        if !words.0.is_empty() && !words.1.is_empty() && words.0 != words.1 {
            return words.0 > words.1;
        }
        let digits = (first_run(part, |c| c.is_ascii_digit()), first_run(other, |c| c.is_ascii_digit()));
        if (digits.0.is_empty() || digits.1.is_empty()) && part != other {
            return part > other;
        }
        let numbers = (number(digits.0), number(digits.1));
        if numbers.0 != numbers.1 {
            return numbers.0 > numbers.1;
        }
    }
    false
}

fn first_run(text: &str, is_in: impl Fn(char) -> bool) -> &str {
    let Some(start) = text.find(&is_in) else { return "" };
    let rest = &text[start..];
    &rest[..rest.find(|c| !is_in(c)).unwrap_or(rest.len())]
}

/// As Go's Atoi: nothing is 0, and what is too large is the largest.
fn number(digits: &str) -> i64 {
    if digits.is_empty() { 0 } else { digits.parse().unwrap_or(i64::MAX) }
}

#[cfg(test)]
mod tests {
    use super::is_later;

    #[test]
    fn versions_are_in_the_order_of_the_catalog_service() {
        let order = [
            "v1.2",
            "1.2.0",
            "v1.2.1-rc1",
            "1.2.1-rc2",
            "v1.2.1",
            "1.2.1-3",
            "v1.2.1-10",
            "1.10.0",
            "v2.0.0-beta",
            "v2.0.0",
        ];
        for (at, version) in order.iter().enumerate() {
            for (other_at, other) in order.iter().enumerate() {
                assert_eq!(is_later(version, other), at > other_at, "{version} {other}");
            }
        }
        assert!(!is_later("v1.0.0+a", "1.0.0") && !is_later("1.0.0", "v1.0.0+b"));
        assert!(is_later("latest", "v1.6.30"));
    }
}
