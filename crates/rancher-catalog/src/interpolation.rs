//! The variables of compose files: `$NAME`, `${NAME}`, and `$$` for a dollar.
//!
//! Rancher's compose executor looks for them in every string of a service, once YAML is read and before its schema is
//! checked; keys are left alone. A name that no answer has becomes empty. In braces it may begin with a digit. There is no
//! `${NAME:-default}`: anything else behind a dollar is an error (the executor's `config/interpolation.go`).

use std::ops::Range;

/// A dollar that begins no variable.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("invalid interpolation format: {found:?}; a variable is $NAME or ${{NAME}}, a dollar alone is $$")]
pub struct InterpolationError {
    /// Where it stands, in bytes.
    pub offset: usize,
    /// What stands there.
    pub found: String,
}

/// A part of a text.
enum Part<'t> {
    Plain(&'t str),
    Dollar,
    Variable(&'t str, Range<usize>),
}

/// Replaces the variables of a text.
///
/// # Errors
/// A dollar begins no variable.
pub fn interpolate(text: &str, mut lookup: impl FnMut(&str) -> Option<String>) -> Result<String, InterpolationError> {
    let mut out = String::with_capacity(text.len());
    each(text, |part| match part {
        Part::Plain(plain) => out.push_str(plain),
        Part::Dollar => out.push('$'),
        Part::Variable(name, _) => out.push_str(&lookup(name).unwrap_or_default()),
    })?;
    Ok(out)
}

/// The variables of a text, each with its place in bytes, up to what is no variable.
pub fn references(text: &str) -> Vec<(&str, Range<usize>)> {
    let mut found = Vec::new();
    // The error is `interpolate`'s to report.
    let _ = each(text, |part| {
        if let Part::Variable(name, place) = part {
            found.push((name, place));
        }
    });
    found
}

fn each<'t>(text: &'t str, mut take: impl FnMut(Part<'t>)) -> Result<(), InterpolationError> {
    let mut at = 0;
    while let Some(found) = text[at..].find('$') {
        let dollar = at + found;
        take(Part::Plain(&text[at..dollar]));
        let rest = &text[dollar + 1..];
        let name_of = |text: &'t str| {
            let end = text.find(|c: char| c != '_' && !c.is_ascii_alphanumeric()).unwrap_or(text.len());
            Some(&text[..end]).filter(|name| !name.is_empty())
        };
        let length = if rest.starts_with('$') {
            take(Part::Dollar);
            1
        } else if let Some(inner) = rest.strip_prefix('{')
            && let Some(name) = name_of(inner)
            && inner[name.len()..].starts_with('}')
        {
            take(Part::Variable(name, dollar..dollar + name.len() + 3));
            name.len() + 2
        } else if let Some(name) = name_of(rest).filter(|name| !name.starts_with(|c: char| c.is_ascii_digit())) {
            take(Part::Variable(name, dollar..dollar + name.len() + 1));
            name.len()
        } else {
            let found = text[dollar..].chars().take(12).collect();
            return Err(InterpolationError { offset: dollar, found });
        };
        at = dollar + 1 + length;
    }
    take(Part::Plain(&text[at..]));
    Ok(())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn variables_become_answers_and_two_dollars_one() {
        let answers = |name: &str| (name == "A").then(|| "1".to_owned());
        for (text, out) in [
            ("$A", "1"),
            ("${A}b", "1b"),
            ("$Ab-$B-", "--"),
            ("$$A $$$A", "$A $1"),
            ("a${1}b", "ab"),
            ("a", "a"),
            ("", ""),
        ] {
            assert_eq!(interpolate(text, answers).as_deref(), Ok(out), "{text}");
        }
    }

    #[test]
    fn anything_else_behind_a_dollar_is_an_error_with_its_place() {
        for (text, offset) in [("a$", 1), ("${A:-b}", 0), ("${}", 0), ("${A", 0), ("$1", 0), ("é$ ", 2), ("$A${", 2)] {
            assert_eq!(interpolate(text, |_| None).unwrap_err().offset, offset, "{text}");
        }
        assert_eq!(references("$A ${B} $$C $"), [("A", 0..2), ("B", 3..7)]);
    }

    proptest! {
        #[test]
        fn no_text_makes_it_panic(text in "[${}A-B0é ]{0,20}") {
            let _ = interpolate(&text, |name| Some(name.to_owned()));
        }

        #[test]
        fn what_is_escaped_comes_back(text in any::<String>()) {
            prop_assert_eq!(interpolate(&text.replace('$', "$$"), |_| None), Ok(text));
        }
    }
}
