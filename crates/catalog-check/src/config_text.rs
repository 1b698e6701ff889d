//! The text of a gen-catalog.toml, and what is said of one that has another shape than is due.

use std::ops::Range;

use rancher_catalog::model::Repository;
use toml::Spanned;
use toml::de::{DeString, DeTable, DeValue};

use super::config::{Allow, CatalogConfig, NamedCatalog, NextVersion, OfTemplate, SetSeverity};
use super::nearest::is_it;
use super::report::Severity;
use super::rules;
use super::run::Audience;

/// What can stand at the top, in an allowance and in what a template has of its own.
const AT_TOP: [&str; 7] = ["catalog", "for", "registry", "version", "severities", "template", "allow"];
const IN_ALLOW: [&str; 3] = ["rule", "reason", "path"];
const IN_TEMPLATE: [&str; 3] = ["path", "version", "owners"];
/// How bad a finding can be set to be, and the word for a rule that does not run.
pub(super) const SEVERITIES: [(&str, Option<Severity>); 4] = [
    ("error", Some(Severity::Error)),
    ("warning", Some(Severity::Warning)),
    ("note", Some(Severity::Note)),
    ("off", None),
];
/// What the next version can be.
pub(super) const VERSIONS: [(&str, NextVersion); 4] = [
    ("follow", NextVersion::Follow),
    ("patch", NextVersion::Patch),
    ("minor", NextVersion::Minor),
    ("major", NextVersion::Major),
];

/// Why a text cannot be used, and where.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Wrong {
    pub line: usize,
    pub column: usize,
    pub reason: String,
}

type Read<T> = Result<T, Wrong>;

/// Reads a text.
pub(super) fn read(text: &str) -> Read<CatalogConfig> {
    let file = Text::of(text);
    let table = DeTable::parse(text).map_err(|error| file.no_toml(error.span(), error.message()))?;
    let mut config = CatalogConfig::default();
    for (key, value) in table.get_ref() {
        let (name, span) = (key.get_ref().as_ref(), value.span());
        match (name, value.get_ref()) {
            ("for", DeValue::String(name)) => config.audience = file.audience(name, span)?,
            ("catalog", DeValue::String(path)) => {
                let place = file.at(span.clone(), "");
                let path = file.path(name, path, span)?;
                config.catalog = Some(NamedCatalog { path, line: place.line, column: place.column });
            }
            ("registry", DeValue::String(registry)) => config.registry = Some(file.registry(registry, span)?),
            ("version", DeValue::String(word)) => config.version = Some(file.word(name, word, &VERSIONS, span)?),
            ("for" | "catalog" | "registry" | "version", other) => return Err(file.no_text(name, other, span)),
            ("severities", DeValue::Table(rules)) => {
                config.severities =
                    rules.iter().map(|(rule, value)| file.severity(rule, value)).collect::<Read<_>>()?;
            }
            ("severities", _) => {
                let reason = "`severities` is a table: write [severities], and below it RULE = \"warning\"";
                return Err(file.at(key.span(), reason));
            }
            ("allow", DeValue::Array(entries)) => {
                for entry in entries.iter() {
                    let DeValue::Table(keys) = entry.get_ref() else {
                        return Err(file.at(entry.span(), "an allowance is a table: begin it with [[allow]]"));
                    };
                    config.allow.push(file.allowance(keys, entry.span())?);
                }
            }
            ("template", DeValue::Array(entries)) => {
                for entry in entries.iter() {
                    let DeValue::Table(keys) = entry.get_ref() else {
                        return Err(file.at(entry.span(), "this is a table: begin it with [[template]]"));
                    };
                    let of_template = file.of_template(keys, entry.span())?;
                    if let Some(first) = config.templates.iter().find(|other| other.path == of_template.path) {
                        let reason = format!(
                            "{:?} has a [[template]] already, in line {}: write all that concerns it there",
                            first.path, first.line
                        );
                        return Err(file.at(entry.span(), reason));
                    }
                    config.templates.push(of_template);
                }
            }
            ("allow" | "template", _) => {
                let reason =
                    format!("`{name}` is a list, with an [[{name}]] above each entry: two brackets on either side");
                return Err(file.at(key.span(), reason));
            }
            ("rule" | "reason" | "path", _) => {
                return Err(file.at(key.span(), format!("`{name}` belongs to an allowance: write [[allow]] above it")));
            }
            ("owners", _) => {
                return Err(file.at(key.span(), "`owners` belongs to a template: write [[template]] above it"));
            }
            _ => return Err(file.unknown(key, &AT_TOP, "at the top")),
        }
    }
    Ok(config)
}

/// The form of an owner, as a regular expression; [`is_owner`] is the same.
pub(super) const OWNER: &str = "^(@[A-Za-z0-9._-]+(/[A-Za-z0-9._-]+)?|[A-Za-z0-9._+-]+@[A-Za-z0-9._-]+)$";

fn is_owner(text: &str) -> bool {
    let is_name = |name: &str, more: &str| {
        !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || "._-".contains(c) || more.contains(c))
    };
    match text.split_once('@') {
        Some(("", name)) => {
            let (name, team) = name.split_once('/').map_or((name, None), |(name, team)| (name, Some(team)));
            is_name(name, "") && team.is_none_or(|team| is_name(team, ""))
        }
        Some((name, host)) => is_name(name, "+") && is_name(host, ""),
        None => false,
    }
}

struct Text<'t> {
    text: &'t str,
    line_starts: Vec<usize>,
}

impl<'t> Text<'t> {
    fn of(text: &'t str) -> Self {
        let behind_breaks = text.match_indices('\n').map(|(at, _)| at + 1);
        Self { text, line_starts: std::iter::once(0).chain(behind_breaks).collect() }
    }

    fn at(&self, span: Range<usize>, reason: impl Into<String>) -> Wrong {
        let before = self.text.get(..span.start).unwrap_or(self.text);
        let line = self.line_starts.partition_point(|start| *start <= before.len());
        let line_start = self.line_starts[line - 1];
        Wrong { line, column: before[line_start..].chars().count() + 1, reason: reason.into() }
    }

    fn audience(&self, name: &str, span: Range<usize>) -> Read<Audience> {
        let all = [Audience::Rancher, Audience::Community];
        all.into_iter().find(|audience| audience.name() == name).ok_or_else(|| {
            let meant = is_it(all.map(Audience::name), name);
            self.at(span, format!("`for` is {name:?}; it can be \"rancher\" or \"community\"{meant}"))
        })
    }

    /// A folder below that of the file: over `..` it would be another one.
    fn path(&self, name: &str, path: &str, span: Range<usize>) -> Read<String> {
        let given = path.strip_suffix('/').unwrap_or(path);
        let is_plain = |part: &str| !matches!(part, "" | "." | "..") && !part.contains('\0');
        if !given.split('/').all(is_plain) {
            let reason = format!("`{name}` is {path:?}; it must be a folder below, without `.` and `..` in it");
            return Err(self.at(span, reason));
        }
        Ok(given.to_owned())
    }

    fn registry(&self, name: &str, span: Range<usize>) -> Read<String> {
        let read = format!("{name}/x").parse::<Repository>().ok();
        match read.filter(|read| read.registry.as_deref() == Some(name)) {
            Some(_) => Ok(name.to_owned()),
            None => {
                let wanted = "it must be the name of a registry, with a dot or a port: \"mirror.example.com:5000\"";
                Err(self.at(span, format!("`registry` is {name:?}; {wanted}")))
            }
        }
    }

    fn word<T: Copy>(&self, name: &str, word: &str, known: &[(&str, T)], span: Range<usize>) -> Read<T> {
        known.iter().find(|(known, _)| *known == word).map(|(_, value)| *value).ok_or_else(|| {
            let listed: Vec<String> = known.iter().map(|(known, _)| format!("{known:?}")).collect();
            let meant = is_it(known.iter().map(|(known, _)| *known), word);
            self.at(span, format!("`{name}` is {word:?}; it can be {}{meant}", listed.join(", ")))
        })
    }

    fn severity(&self, rule: &Spanned<DeString<'_>>, value: &Spanned<DeValue<'_>>) -> Read<SetSeverity> {
        let name = rule.get_ref().as_ref();
        let Some(known) = rules::by_id(name) else {
            return Err(self.at(rule.span(), rules::no_such_rule(name)));
        };
        let DeValue::String(word) = value.get_ref() else {
            return Err(self.no_text(name, value.get_ref(), value.span()));
        };
        let severity = self.word(name, word, &SEVERITIES, value.span())?;
        if !rules::can_be(known, severity) {
            let part = known.refused_by.map_or("Rancher", |refused| refused.part);
            let reason = format!(
                "`{name}` finds what {part} refuses: it stays an error. Where that is known and good, allow it with a reason \
                 ([[allow]])"
            );
            return Err(self.at(value.span(), reason));
        }
        let line = u32::try_from(self.at(rule.span(), "").line).unwrap_or(0);
        Ok(SetSeverity { rule: name.to_owned(), severity, line })
    }

    fn of_template(&self, keys: &DeTable<'_>, span: Range<usize>) -> Read<OfTemplate> {
        let (mut path, mut version, mut owners) = (None, None, Vec::new());
        for (key, value) in keys {
            let name = key.get_ref().as_ref();
            match (name, value.get_ref()) {
                ("path", DeValue::String(text)) => path = Some(self.path(name, text, value.span())?),
                ("version", DeValue::String(word)) => {
                    version = Some(self.word(name, word, &VERSIONS, value.span())?);
                }
                ("owners", DeValue::Array(all)) => {
                    owners = all.iter().map(|owner| self.owner(owner)).collect::<Read<_>>()?;
                }
                ("path" | "version", other) => return Err(self.no_text(name, other, value.span())),
                ("owners", _) => {
                    return Err(self.at(value.span(), "`owners` must be a list: owners = [\"@example/team\"]"));
                }
                _ => return Err(self.unknown(key, &IN_TEMPLATE, "of a template")),
            }
        }
        let wanted = "this template has no `path`: infra-templates/NAME";
        let path = path.ok_or_else(|| self.at(span.clone(), wanted))?;
        let line = u32::try_from(self.at(span, "").line).unwrap_or(0);
        Ok(OfTemplate { path, version, owners, line })
    }

    /// A name that a code host tells, or an address: it goes into the text of a pull request.
    fn owner(&self, owner: &Spanned<DeValue<'_>>) -> Read<String> {
        let DeValue::String(name) = owner.get_ref() else {
            return Err(self.no_text("owners", owner.get_ref(), owner.span()));
        };
        if !is_owner(name) {
            let reason = format!("{name:?} is no owner: @name, @organisation/team or an address is");
            return Err(self.at(owner.span(), reason));
        }
        Ok(name.to_string())
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
        let span = span.unwrap_or(self.text.len()..self.text.len());
        let mut wrong = self.at(span, "");
        let line = self.text.lines().nth(wrong.line - 1).unwrap_or_default().trim();
        let (key, value) = line.split_once('=').map_or((line, None), |(key, value)| (key.trim(), Some(value.trim())));
        wrong.reason = match value {
            _ if kind.contains("duplicate") => format!("`{}` is here twice", key.trim_matches(['[', ']'])),
            _ if line.starts_with('[') => {
                "this begins no table: write [severities], or [[allow]] above each allowance".to_owned()
            }
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
