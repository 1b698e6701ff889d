//! The text of a gen-catalog.toml, and what is said of one that has another shape than is due.

use std::ops::Range;

use toml::Spanned;
use toml::de::{DeString, DeTable, DeValue};

use super::config::Allow;
use super::nearest::is_it;
use super::rules;
use super::run::Audience;

/// What can stand at the top, and in an allowance.
const AT_TOP: [&str; 2] = ["for", "allow"];
const IN_ALLOW: [&str; 3] = ["rule", "reason", "path"];

/// Why a text cannot be used, and where.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Wrong {
    pub line: usize,
    pub column: usize,
    pub reason: String,
}

type Read<T> = Result<T, Wrong>;

/// Reads a text.
pub(super) fn read(text: &str) -> Read<(Audience, Vec<Allow>)> {
    let file = Text(text);
    let table = DeTable::parse(text).map_err(|error| file.no_toml(error.span(), error.message()))?;
    let (mut audience, mut allow) = (Audience::default(), Vec::new());
    for (key, value) in table.get_ref() {
        match (key.get_ref().as_ref(), value.get_ref()) {
            ("for", DeValue::String(name)) => audience = file.audience(name, value.span())?,
            ("for", other) => return Err(file.no_text("for", other, value.span())),
            ("allow", DeValue::Array(entries)) => {
                for entry in entries.iter() {
                    let DeValue::Table(keys) = entry.get_ref() else {
                        return Err(file.at(entry.span(), "an allowance is a table: begin it with [[allow]]"));
                    };
                    allow.push(file.allowance(keys, entry.span())?);
                }
            }
            ("allow", _) => {
                let reason = "`allow` is a list, with an [[allow]] above each entry: two brackets on either side";
                return Err(file.at(key.span(), reason));
            }
            (name @ ("rule" | "reason" | "path"), _) => {
                return Err(file.at(key.span(), format!("`{name}` belongs to an allowance: write [[allow]] above it")));
            }
            _ => return Err(file.unknown(key, &AT_TOP, "at the top")),
        }
    }
    Ok((audience, allow))
}

struct Text<'t>(&'t str);

impl Text<'_> {
    fn at(&self, span: Range<usize>, reason: impl Into<String>) -> Wrong {
        let before = self.0.get(..span.start).unwrap_or(self.0);
        let line_start = before.rfind('\n').map_or(0, |at| at + 1);
        Wrong {
            line: before.matches('\n').count() + 1,
            column: before[line_start..].chars().count() + 1,
            reason: reason.into(),
        }
    }

    fn audience(&self, name: &str, span: Range<usize>) -> Read<Audience> {
        let all = [Audience::Rancher, Audience::Community];
        all.into_iter().find(|audience| audience.name() == name).ok_or_else(|| {
            let meant = is_it(all.map(Audience::name), name);
            self.at(span, format!("`for` is {name:?}; it can be \"rancher\" or \"community\"{meant}"))
        })
    }

    fn allowance(&self, keys: &DeTable<'_>, span: Range<usize>) -> Read<Allow> {
        let (mut rule, mut reason, mut path) = (None, None, None);
        for (key, value) in keys {
            let name = key.get_ref().as_ref();
            let place = match name {
                "rule" => &mut rule,
                "reason" => &mut reason,
                "path" => &mut path,
                _ => return Err(self.unknown(key, &IN_ALLOW, "in an allowance")),
            };
            match value.get_ref() {
                DeValue::String(text) => *place = Some((text.to_string(), value.span())),
                other => return Err(self.no_text(name, other, value.span())),
            }
        }
        let missing = |name: &str, says: &str| self.at(span.clone(), format!("this allowance has no `{name}`: {says}"));
        let (rule, at_rule) = rule.ok_or_else(|| missing("rule", "`gen-catalog rules` lists them"))?;
        let (reason, at_reason) =
            reason.ok_or_else(|| missing("reason", "say why what the rule finds is good here"))?;
        if rules::by_id(&rule).is_none() {
            return Err(self.at(at_rule, rules::no_such_rule(&rule)));
        }
        if reason.trim().is_empty() {
            return Err(self.at(at_reason, format!("the reason for allowing `{rule}` is empty")));
        }
        let line = u32::try_from(self.at(at_rule, "").line).unwrap_or(0);
        Ok(Allow { rule, path: path.map(|(path, _)| path), reason, line })
    }

    fn unknown(&self, key: &Spanned<DeString<'_>>, known: &[&str], place: &str) -> Wrong {
        let name = key.get_ref();
        let listed = known.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
        let meant = is_it(known.iter().copied(), name);
        self.at(key.span(), format!("there is no `{name}` {place}, where {listed} can stand{meant}"))
    }

    fn no_text(&self, name: &str, value: &DeValue<'_>, span: Range<usize>) -> Wrong {
        let kind = match value {
            DeValue::Integer(_) | DeValue::Float(_) => "a number",
            DeValue::Boolean(_) => "true or false",
            DeValue::Datetime(_) => "a date",
            DeValue::Array(_) => "a list",
            DeValue::Table(_) => "a table",
            DeValue::String(_) => "text",
        };
        self.at(span, format!("`{name}` is {kind}; it must be one text, in quotes"))
    }

    /// What is no TOML at all: the line tells what it may be.
    fn no_toml(&self, span: Option<Range<usize>>, kind: &str) -> Wrong {
        let span = span.unwrap_or(self.0.len()..self.0.len());
        let mut wrong = self.at(span, "");
        let line = self.0.lines().nth(wrong.line - 1).unwrap_or_default().trim();
        let (key, value) = line.split_once('=').map_or((line, None), |(key, value)| (key.trim(), Some(value.trim())));
        wrong.reason = match value {
            _ if kind.contains("duplicate") => format!("`{}` is here twice", key.trim_matches(['[', ']'])),
            _ if line.starts_with('[') => "this begins no table: write [[allow]] above each allowance".to_owned(),
            None if line.is_empty() => "a text or a list that began above does not end".to_owned(),
            None => format!("{line:?} is neither [[allow]] nor NAME = \"TEXT\""),
            Some("") => format!("`{key}` has no value: write {key} = \"TEXT\""),
            Some(value) if !value.starts_with(['"', '\'', '[', '{']) => {
                format!("the value of `{key}` needs quotes: {key} = {value:?}")
            }
            Some(_) => {
                format!("the value of `{key}` is no text in quotes: a quote is missing, or something stands behind it")
            }
        };
        wrong
    }
}
