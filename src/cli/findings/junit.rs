//! JUnit's XML, which CI servers show as test results: as Jenkins' schema (junit-10.xsd) has it, which GitLab and the
//! others read too.
//!
//! A template is a test suite. A file in which a rule finds something is a test case, and so is each version in which
//! nothing is found: a server then shows what is new, what is fixed, and how many are good. A finding that makes the exit
//! code 1 is a failure; others are told in the output of a case that passes; what is silenced is skipped.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use rancher_catalog::hidden::{acts, seen};

use super::{Told, in_repository, place, why_silent};
use catalog_check::{Finding, Severity, Silenced};

/// A test case.
enum Case<'a> {
    /// A version in which nothing is found.
    Good(&'a Path),
    /// What is told of a rule and a file.
    Told { path: &'a Path, rule: &'a str, found: Vec<&'a Finding>, silenced: Vec<&'a Silenced> },
}

/// What came of one.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Outcome {
    Passed,
    Failed,
    Skipped,
}

/// The document, part by part: it may be much longer than what it tells of.
pub(in crate::cli) fn junit(told: &Told) -> impl Iterator<Item = String> {
    let strict = told.strict;
    let suites = suites(told);
    let total = |wanted: Option<Outcome>| suites.values().map(|cases| count(cases, wanted, strict)).sum::<usize>();
    let head = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites name=\"gen-catalog check\" tests=\"{}\" failures=\"{}\" errors=\"0\">\n",
        total(None),
        total(Some(Outcome::Failed)),
    );
    let parts = suites.into_iter().flat_map(move |(name, cases)| {
        let opening = format!(
            "  <testsuite name=\"{}\" tests=\"{}\" failures=\"{}\" errors=\"0\" skipped=\"{}\">\n",
            escaped(&name),
            cases.len(),
            count(&cases, Some(Outcome::Failed), strict),
            count(&cases, Some(Outcome::Skipped), strict),
        );
        let cases = cases.into_iter().map(move |case| case.text(strict));
        std::iter::once(opening).chain(cases).chain(std::iter::once("  </testsuite>\n".to_owned()))
    });
    std::iter::once(head).chain(parts).chain(std::iter::once("</testsuites>\n".to_owned()))
}

fn count(cases: &[Case<'_>], wanted: Option<Outcome>, strict: bool) -> usize {
    cases.iter().filter(|case| wanted.is_none_or(|wanted| case.outcome(strict) == wanted)).count()
}

/// The cases of each suite, by its name.
fn suites(told: &Told) -> BTreeMap<String, Vec<Case<'_>>> {
    type Both<'a> = (Vec<&'a Finding>, Vec<&'a Silenced>);
    let mut told_of: BTreeMap<(&Path, &str), Both<'_>> = BTreeMap::new();
    for finding in &told.checked.findings {
        told_of.entry((&finding.path, finding.rule.id)).or_default().0.push(finding);
    }
    for silenced in &told.checked.silenced {
        let finding = &silenced.finding;
        told_of.entry((&finding.path, finding.rule.id)).or_default().1.push(silenced);
    }
    let templates: BTreeSet<&Path> = told.checked.versions.iter().filter_map(|version| version.parent()).collect();
    let mut suites: BTreeMap<String, Vec<Case<'_>>> = BTreeMap::new();
    for version in &told.checked.versions {
        let suite = suites.entry(suite_of(version, &templates)).or_default();
        let next = told_of.range((version.as_path(), "")..).next();
        if !next.is_some_and(|((path, _), _)| path.starts_with(version)) {
            suite.push(Case::Good(version));
        }
    }
    for ((path, rule), (found, silenced)) in told_of {
        suites.entry(suite_of(path, &templates)).or_default().push(Case::Told { path, rule, found, silenced });
    }
    suites
}

/// The suite of a path: the template that it is in.
fn suite_of(path: &Path, templates: &BTreeSet<&Path>) -> String {
    let template = path.ancestors().find(|folder| templates.contains(folder));
    template.or(path.parent()).map_or_else(|| ".".to_owned(), in_repository)
}

fn fails(finding: &Finding, strict: bool) -> bool {
    match finding.rule.severity {
        Severity::Error => true,
        Severity::Warning => strict,
        Severity::Note => false,
    }
}

impl Case<'_> {
    fn outcome(&self, strict: bool) -> Outcome {
        match self {
            Self::Told { found, .. } if found.iter().any(|finding| fails(finding, strict)) => Outcome::Failed,
            Self::Told { found, silenced, .. } if found.is_empty() && !silenced.is_empty() => Outcome::Skipped,
            _ => Outcome::Passed,
        }
    }

    fn text(&self, strict: bool) -> String {
        let Self::Told { path, rule, found, silenced } = self else {
            let Self::Good(version) = self else { return String::new() };
            let path = in_repository(version);
            return element(&path, &path, "");
        };
        let path = in_repository(path);
        let told = |findings: &[&Finding]| findings.iter().map(|finding| one(&path, finding)).collect::<String>();
        let (failures, others): (Vec<&Finding>, Vec<&Finding>) =
            found.iter().copied().partition(|finding| fails(finding, strict));
        let mut body = String::new();
        if let Some(first) = failures.first() {
            let more = if failures.len() > 1 { format!(" (and {} more)", failures.len() - 1) } else { String::new() };
            body.push_str(&format!(
                "      <failure type=\"{}\" message=\"{}\">{}</failure>\n",
                first.rule.severity.name(),
                escaped(&format!("{}{more}", first.message)),
                in_element(&format!("{}why: {}\nfix: {}\n", told(&failures), first.rule.why, first.rule.fix))
            ));
        } else if let (true, Some(silenced)) = (others.is_empty(), silenced.first()) {
            let message = format!("{} ({})", silenced.finding.message, why_silent(silenced));
            body.push_str(&format!("      <skipped message=\"{}\"/>\n", escaped(&message)));
        }
        if !others.is_empty() {
            body.push_str(&format!("      <system-out>{}</system-out>\n", in_element(&told(&others))));
        }
        element(&path, &format!("{rule}: {path}"), &body)
    }
}

/// A test case in a file.
pub(in crate::cli) fn element(path: &str, name: &str, body: &str) -> String {
    // Servers take what is before the last full stop for a package, and group by it: a path has its own.
    let class = path.replace('.', "_").replace('/', ".");
    let opening = format!("    <testcase name=\"{}\" classname=\"{}\"", escaped(name), escaped(&class));
    match body {
        "" => format!("{opening}/>\n"),
        body => format!("{opening}>\n{body}    </testcase>\n"),
    }
}

fn one(path: &str, finding: &Finding) -> String {
    let place = place(path, finding);
    let mut out = format!("{place}: {}: {}\n", finding.rule.severity.name(), finding.message);
    if let Some(line) = finding.line_text.as_ref().filter(|line| !line.trim().is_empty()) {
        out.push_str(&format!("    {}\n", line.trim_end().chars().take(160).collect::<String>()));
    }
    out
}

/// A text between tags: its line breaks are those of the file.
pub(in crate::cli) fn in_element(text: &str) -> String {
    text.split('\n').map(escaped).collect::<Vec<_>>().join("\n")
}

/// A text in XML. What XML 1.0 cannot hold at all is shown; what acts is written by its number.
pub(in crate::cli) fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\n' | '\t' => out.push_str(&format!("&#{};", u32::from(c))),
            '\0'..' ' => out.push_str(&seen(&c.to_string())),
            '\u{fffe}' | '\u{ffff}' => out.push('\u{fffd}'),
            c if acts(c) => out.push_str(&format!("&#x{:X};", u32::from(c))),
            c => out.push(c),
        }
    }
    out
}
