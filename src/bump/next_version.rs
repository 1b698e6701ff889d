//! The version after a version: text, as Rancher has it, with numbers in it.

/// A number of a version that grows; those behind it begin anew.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// The first one.
    Major,
    /// The second one.
    Minor,
    /// The third one.
    Patch,
}

/// Words of a version that comes before the one that it names.
const BEFORE: [&str; 7] = ["alpha", "beta", "pre", "preview", "rc", "dev", "snapshot"];

/// The version in which a number has grown; `None` where there are no numbers.
///
/// A number keeps its width (`17.07` → `17.08`). What stands behind the numbers stays, and counts from one again
/// (`1.2.3-rancher4` → `1.2.4-rancher1`, `0.7.1_3` → `0.7.2_1`). Of one that comes before a version (`v1.3.0-rc2`) the
/// patch is that version.
pub fn grown(version: &str, part: Part) -> Option<String> {
    let start = version.find(|c: char| c.is_ascii_digit())?;
    let (before, rest) = version.split_at(start);
    // A number within a word, as in `release2`, is none of a version.
    if !before.is_empty() && !matches!(before, "v" | "V") && !before.ends_with(['-', '_', '.', '/']) {
        return None;
    }
    let end = numbers_end(rest);
    let (numbers, behind) = rest.split_at(end);
    let mut numbers: Vec<String> = numbers.split('.').map(str::to_owned).collect();
    let index = match part {
        Part::Major => 0,
        Part::Minor => 1,
        Part::Patch => 2,
    };
    let is_before = comes_before(behind);
    let is_round = numbers.iter().skip(index + 1).all(|number| number.trim_start_matches('0').is_empty());
    if is_before && is_round && numbers.len() > index {
        return Some(format!("{before}{}", numbers.join(".")));
    }
    while numbers.len() <= index {
        numbers.push("0".to_owned());
    }
    for (at, number) in numbers.iter_mut().enumerate() {
        let width = number.len();
        if at == index {
            *number = format!("{:0width$}", number.parse::<u64>().ok()?.checked_add(1)?);
        } else if at > index {
            *number = "0".repeat(if number.starts_with('0') { width } else { 1 });
        }
    }
    let behind = if is_before { String::new() } else { from_one(behind) };
    Some(format!("{before}{}{behind}", numbers.join(".")))
}

/// Where numbers with dots between them end.
fn numbers_end(text: &str) -> usize {
    let bytes = text.as_bytes();
    let mut end = 0;
    loop {
        let digits = bytes[end..].iter().take_while(|byte| byte.is_ascii_digit()).count();
        end += digits;
        match &bytes[end..] {
            [b'.', next, ..] if next.is_ascii_digit() => end += 1,
            _ => return end,
        }
    }
}

fn comes_before(behind: &str) -> bool {
    let word = behind.trim_start_matches(['-', '.', '_']);
    let word = &word[..word.find(|c: char| !c.is_ascii_alphabetic()).unwrap_or(word.len())];
    BEFORE.iter().any(|known| word.eq_ignore_ascii_case(known))
}

/// What stands behind the numbers, with the number at its end set to one.
fn from_one(behind: &str) -> String {
    let kept = behind.trim_end_matches(|c: char| c.is_ascii_digit());
    if kept.len() == behind.len() || kept.is_empty() { behind.to_owned() } else { format!("{kept}1") }
}

/// The version that follows the tag of its image, where it holds the tag before: whole, without its `v`, or by the
/// numbers that both begin with and with the same behind them in both tags.
pub fn following(version: &str, old_tag: &str, new_tag: &str) -> Option<String> {
    let bare = |tag: &str| tag.strip_prefix('v').filter(|rest| begins_with_digit(rest)).unwrap_or(tag).to_owned();
    if let Some(found) = replaced(version, old_tag, new_tag) {
        return Some(found);
    }
    let (old, new) = (bare(old_tag), bare(new_tag));
    if let Some(found) = replaced(version, &old, &new) {
        return Some(found);
    }
    let (old_end, new_end) = (numbers_end(&old), numbers_end(&new));
    if !old[..old_end].contains('.') || old[old_end..] != new[new_end..] || new_end == 0 {
        return None;
    }
    replaced(version, &old[..old_end], &new[..new_end])
}

fn begins_with_digit(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_digit())
}

/// A text with one other in it replaced, where that stands for itself.
fn replaced(text: &str, old: &str, new: &str) -> Option<String> {
    if old.is_empty() {
        return None;
    }
    let at = text.match_indices(old).map(|(at, _)| at).find(|at| {
        let (before, after) = (text[..*at].chars().next_back(), text[at + old.len()..].chars().next());
        let is_begun = before.is_some_and(|c| {
            c.is_ascii_digit()
                || c == '.'
                || (c.is_alphanumeric() && c != 'v' && begins_with_digit(old))
                || (c.is_alphanumeric() && !begins_with_digit(old))
        });
        let goes_on = after.is_some_and(|c| c.is_alphanumeric())
            || text[at + old.len()..].starts_with('.')
                && text[at + old.len() + 1..].starts_with(|c: char| c.is_ascii_digit());
        !is_begun && !goes_on
    })?;
    Some(format!("{}{new}{}", &text[..at], &text[at + old.len()..]))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use rancher_catalog::catalog_service::is_later;

    #[test]
    fn a_number_grows_and_those_behind_it_begin_anew() {
        for (version, patch, minor, major) in [
            ("1.2.3", "1.2.4", "1.3.0", "2.0.0"),
            ("v1.2.3", "v1.2.4", "v1.3.0", "v2.0.0"),
            ("v0.9.9", "v0.9.10", "v0.10.0", "v1.0.0"),
            ("1.2.3-rancher4", "1.2.4-rancher1", "1.3.0-rancher1", "2.0.0-rancher1"),
            ("0.7.1_3", "0.7.2_1", "0.8.0_1", "1.0.0_1"),
            ("1.3.1.1-oci", "1.3.2.0-oci", "1.4.0.0-oci", "2.0.0.0-oci"),
            ("17.07", "17.07.1", "17.08", "18.00"),
            ("v1.3.0-rc2", "v1.3.0", "v1.3.0", "v2.0.0"),
            ("v1.13.1-beta.1", "v1.13.1", "v1.14.0", "v2.0.0"),
            ("7", "7.0.1", "7.1", "8"),
            ("release-1.2", "release-1.2.1", "release-1.3", "release-2.0"),
            ("1.2.3+5", "1.2.4+1", "1.3.0+1", "2.0.0+1"),
        ] {
            for (part, wanted) in [(Part::Patch, patch), (Part::Minor, minor), (Part::Major, major)] {
                assert_eq!(grown(version, part).as_deref(), Some(wanted), "{version} {part:?}");
                assert!(is_later(wanted, version), "{version} {wanted}");
            }
        }
        for version in ["", "edge", "latest", "b2", "99999999999999999999"] {
            assert_eq!(grown(version, Part::Major), None, "{version}");
        }
    }

    #[test]
    fn a_version_follows_the_tag_that_it_holds() {
        for (version, old, new, wanted) in [
            ("1.2.3", "1.2.3", "1.2.4", Some("1.2.4")),
            ("v1.12.3", "v1.12.3", "v1.12.3-2", Some("v1.12.3-2")),
            ("1.12.3", "v1.12.3", "v1.13.0", Some("1.13.0")),
            ("v1.12.3", "1.12.3", "1.13.0", Some("v1.13.0")),
            ("v0.2.0-rancher1", "v0.2.0", "v0.2.1", Some("v0.2.1-rancher1")),
            ("1.3.1.1-oci", "1.3.1.1-ranch", "1.3.1.2-ranch", Some("1.3.1.2-oci")),
            ("edge", "edge", "1.2.11.4", Some("1.2.11.4")),
            ("v0.1.0", "v0.7.4", "v0.7.5", None),
            ("11.2.3", "1.2.3", "1.2.4", None),
            ("1.2.34", "1.2.3", "1.2.4", None),
            ("1.2.3.4", "1.2.3", "1.2.4", None),
            ("2.0.0", "2", "3", None),
            ("1.3.0-oci", "1.3.0-ranch", "1.3.1", None),
        ] {
            assert_eq!(following(version, old, new).as_deref(), wanted, "{version} {old} {new}");
        }
    }

    proptest! {
        #[test]
        fn no_text_makes_it_panic(version in "\\PC{0,12}", old in "\\PC{0,6}", new in "\\PC{0,6}") {
            let _ = (grown(&version, Part::Patch), following(&version, &old, &new));
        }

        #[test]
        fn what_grew_is_later_to_the_catalog_service(
            version in "v?[1-9][0-9]?\\.[0-9]{1,2}\\.[0-9]{1,2}(-rancher[1-9]|_[1-9]|-[1-9]|)"
        ) {
            for part in [Part::Patch, Part::Minor, Part::Major] {
                let next = grown(&version, part).unwrap();
                prop_assert!(is_later(&next, &version), "{} {}", version, next);
            }
        }
    }
}
