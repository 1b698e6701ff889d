//! The variables of a compose file, as compose knows them: `$NAME`, `${NAME:-default}`, `${NAME:?message}` and the like. Each
//! becomes one of Rancher's, which has no defaults, and a question that has.

use std::collections::BTreeMap;

use super::super::secret_names::is_secret;

/// So deep a default may stand in another.
const DEEPEST: usize = 16;

/// What a variable is without a value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Otherwise {
    /// Empty.
    Empty,
    /// This.
    Default(String),
    /// It must have one; and why.
    Required(String),
}

/// A variable in a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Variable {
    pub name: String,
    pub otherwise: Otherwise,
    /// Whether its default names another variable.
    pub nests: bool,
    /// Whether one of those has the name of a secret.
    pub hides: bool,
}

/// A part of a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Part {
    Plain(String),
    Dollar,
    Variable(Variable),
    /// `${NAME:+text}`, as it is written.
    Alternative(String),
}

/// Takes a text apart; what its defaults name themselves has the values that are known.
///
/// # Errors
/// A dollar begins no variable; what stands there.
pub(super) fn parts(text: &str, known: &BTreeMap<String, String>) -> Result<Vec<Part>, String> {
    parts_within(text, known, 0)
}

fn parts_within(text: &str, known: &BTreeMap<String, String>, depth: usize) -> Result<Vec<Part>, String> {
    let mut parts = Vec::new();
    let mut rest = text;
    while let Some(at) = rest.find('$') {
        if at > 0 {
            parts.push(Part::Plain(rest[..at].to_owned()));
        }
        let behind = &rest[at + 1..];
        let broken = || rest[at..].chars().take(24).collect::<String>();
        if let Some(behind) = behind.strip_prefix('$') {
            parts.push(Part::Dollar);
            rest = behind;
        } else if behind.starts_with('{') {
            let end = closing(behind).ok_or_else(broken)?;
            parts.push(braced(&behind[1..end], known, depth).ok_or_else(broken)?);
            rest = &behind[end + 1..];
        } else {
            let name = name(behind).ok_or_else(broken)?;
            parts.push(Part::Variable(Variable {
                name: name.to_owned(),
                otherwise: Otherwise::Empty,
                nests: false,
                hides: false,
            }));
            rest = &behind[name.len()..];
        }
    }
    if !rest.is_empty() {
        parts.push(Part::Plain(rest.to_owned()));
    }
    Ok(parts)
}

/// The name at the beginning of a text.
fn name(text: &str) -> Option<&str> {
    let end = text.find(|c: char| c != '_' && !c.is_ascii_alphanumeric()).unwrap_or(text.len());
    Some(&text[..end]).filter(|name| !name.is_empty() && !name.starts_with(|c: char| c.is_ascii_digit()))
}

/// The brace that closes the one at the beginning.
fn closing(text: &str) -> Option<usize> {
    let mut depth = 0_usize;
    let bytes = text.as_bytes();
    for (at, byte) in bytes.iter().enumerate() {
        match byte {
            b'{' if at == 0 || bytes[at - 1] == b'$' => depth += 1,
            b'}' => {
                depth -= 1;
                if depth == 0 {
                    return Some(at);
                }
            }
            _ => {}
        }
    }
    None
}

fn braced(inner: &str, known: &BTreeMap<String, String>, depth: usize) -> Option<Part> {
    let name = name(inner)?;
    let rest = &inner[name.len()..];
    let variable =
        |otherwise, nests, hides| Part::Variable(Variable { name: name.to_owned(), otherwise, nests, hides });
    if rest.is_empty() {
        return Some(variable(Otherwise::Empty, false, false));
    }
    let (sign, word) = rest.strip_prefix(':').unwrap_or(rest).split_at_checked(1)?;
    if depth >= DEEPEST {
        return None;
    }
    let nests = word.contains('$');
    let held = parts_within(word, known, depth + 1).ok()?;
    let hides = held.iter().any(|part| match part {
        Part::Variable(of) => of.hides || is_secret(&of.name),
        Part::Alternative(_) => true,
        _ => false,
    });
    let word = joined(held, known);
    match sign {
        "-" => Some(variable(Otherwise::Default(word), nests, hides)),
        "?" => Some(variable(Otherwise::Required(word), nests, hides)),
        "+" => Some(Part::Alternative(format!("${{{inner}}}"))),
        _ => None,
    }
}

/// A text with all its variables replaced.
pub(super) fn filled(text: &str, known: &BTreeMap<String, String>, depth: usize) -> Option<String> {
    Some(joined(parts_within(text, known, depth).ok()?, known))
}

fn joined(parts: Vec<Part>, known: &BTreeMap<String, String>) -> String {
    let mut out = String::new();
    for part in parts {
        match part {
            Part::Plain(text) => out.push_str(&text),
            Part::Dollar => out.push('$'),
            Part::Alternative(_) => {}
            Part::Variable(variable) => out.push_str(&match (known.get(&variable.name), variable.otherwise) {
                (Some(value), _) if !value.is_empty() => value.clone(),
                (_, Otherwise::Default(default)) => default,
                _ => String::new(),
            }),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn one(text: &str) -> Part {
        let known = BTreeMap::from([("KNOWN".to_owned(), "here".to_owned())]);
        let parts = parts(text, &known).unwrap();
        assert_eq!(parts.len(), 1, "{parts:?}");
        parts.into_iter().next().unwrap()
    }

    #[test]
    fn all_forms_of_compose_are_known() {
        let variable =
            |otherwise, nests| Part::Variable(Variable { name: "A".to_owned(), otherwise, nests, hides: false });
        assert_eq!(one("$A"), variable(Otherwise::Empty, false));
        assert_eq!(one("${A}"), variable(Otherwise::Empty, false));
        assert_eq!(one("${A:-x y}"), variable(Otherwise::Default("x y".to_owned()), false));
        assert_eq!(one("${A-}"), variable(Otherwise::Default(String::new()), false));
        assert_eq!(one("${A:?say it}"), variable(Otherwise::Required("say it".to_owned()), false));
        assert_eq!(one("${A:-${B:-c}/$KNOWN}"), variable(Otherwise::Default("c/here".to_owned()), true));
        assert_eq!(one("${A:+x}"), Part::Alternative("${A:+x}".to_owned()));
        assert_eq!(one("$$"), Part::Dollar);
        for bad in ["$", "a $ b", "${", "${A", "${A!x}", "${}", "$1", "${A:}"] {
            assert!(parts(bad, &BTreeMap::new()).is_err(), "{bad}");
        }
    }

    proptest! {
        #[test]
        fn no_text_makes_it_panic(text in "[${}A:?+é-]{0,40}") {
            let _ = parts(&text, &BTreeMap::new());
        }
    }
}
