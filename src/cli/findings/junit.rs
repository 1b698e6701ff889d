//! JUnit's XML, which CI servers show as test results: as Jenkins' schema (junit-10.xsd) has it, which GitLab and the
//! others read too.
//!
//! A template is a test suite. A file in which a rule finds something is a test case, and so is each version in which
//! nothing is found: a server then shows what is new, what is fixed, and how many are good. A finding that makes the exit
//! code 1 is a failure; others are told in the output of a case that passes; what is silenced is skipped.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use rancher_catalog::hidden::{acts, seen};

use super::{Told, in_repository, why_silent};
use catalog_check::{Finding, Severity, Silenced};

/// What is told of a rule and a file.
#[derive(Default)]
struct Case<'a> {
    found: Vec<&'a Finding>,
    silenced: Vec<&'a Silenced>,
}

pub(in crate::cli) fn junit(told: &Told) -> String {
    let mut cases: BTreeMap<(PathBuf, &str), Case<'_>> = BTreeMap::new();
    for finding in &told.checked.findings {
        cases.entry((finding.path.clone(), finding.rule.id)).or_default().found.push(finding);
    }
    for silenced in &told.checked.silenced {
        let finding = &silenced.finding;
        cases.entry((finding.path.clone(), finding.rule.id)).or_default().silenced.push(silenced);
    }
    let templates: BTreeSet<&Path> = told.checked.versions.iter().filter_map(|version| version.parent()).collect();
    let mut suites: BTreeMap<String, Suite> = BTreeMap::new();
    for version in &told.checked.versions {
        let path = in_repository(version);
        let suite = suites.entry(suite_of(version, &templates)).or_default();
        if !cases.range((version.clone(), "")..).next().is_some_and(|((path, _), _)| path.starts_with(version)) {
            suite.add(&path, &path, None, "");
        }
    }
    for ((path, rule), case) in &cases {
        let suite = suites.entry(suite_of(path, &templates)).or_default();
        suite.add_case(&in_repository(path), rule, case, told.strict);
    }
    let total = |of: fn(&Suite) -> usize| suites.values().map(of).sum::<usize>();
    let mut out = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites name=\"gen-catalog check\" tests=\"{}\" failures=\"{}\" errors=\"0\">\n",
        total(|suite| suite.tests),
        total(|suite| suite.failures),
    );
    for (name, suite) in &suites {
        out.push_str(&format!(
            "  <testsuite name=\"{}\" tests=\"{}\" failures=\"{}\" errors=\"0\" skipped=\"{}\">\n{}  </testsuite>\n",
            escaped(name),
            suite.tests,
            suite.failures,
            suite.skipped,
            suite.cases
        ));
    }
    out.push_str("</testsuites>\n");
    out
}

/// The suite of a path: the template that it is in.
fn suite_of(path: &Path, templates: &BTreeSet<&Path>) -> String {
    let template = path.ancestors().find(|folder| templates.contains(folder));
    template.or(path.parent()).map_or_else(|| ".".to_owned(), in_repository)
}

#[derive(Default)]
struct Suite {
    tests: usize,
    failures: usize,
    skipped: usize,
    cases: String,
}

impl Suite {
    fn add_case(&mut self, path: &str, rule: &str, case: &Case<'_>, strict: bool) {
        let fails = |finding: &&Finding| match finding.rule.severity {
            Severity::Error => true,
            Severity::Warning => strict,
            Severity::Note => false,
        };
        let told = |findings: &[&Finding]| findings.iter().map(|finding| one(path, finding)).collect::<String>();
        let (failures, others): (Vec<&Finding>, Vec<&Finding>) = case.found.iter().copied().partition(fails);
        let mut body = String::new();
        let mut result = None;
        if let Some(first) = failures.first() {
            let more = if failures.len() > 1 { format!(" (and {} more)", failures.len() - 1) } else { String::new() };
            body.push_str(&format!(
                "      <failure type=\"{}\" message=\"{}\">{}</failure>\n",
                first.rule.severity.name(),
                escaped(&format!("{}{more}", first.message)),
                in_element(&format!("{}why: {}\nfix: {}\n", told(&failures), first.rule.why, first.rule.fix))
            ));
            result = Some(false);
        } else if let (true, Some(silenced)) = (others.is_empty(), case.silenced.first()) {
            let message = format!("{} ({})", silenced.finding.message, why_silent(silenced));
            body.push_str(&format!("      <skipped message=\"{}\"/>\n", escaped(&message)));
            result = Some(true);
        }
        if !others.is_empty() {
            body.push_str(&format!("      <system-out>{}</system-out>\n", in_element(&told(&others))));
        }
        self.add(path, &format!("{rule}: {path}"), result, &body);
    }

    /// Adds a case; a result is that it was skipped, or that it failed.
    fn add(&mut self, path: &str, name: &str, skipped: Option<bool>, body: &str) {
        self.tests += 1;
        self.failures += usize::from(skipped == Some(false));
        self.skipped += usize::from(skipped == Some(true));
        // Servers take what is before the last full stop for a package, and group by it: a path has its own.
        let class = path.replace('.', "_").replace('/', ".");
        let opening = format!("    <testcase name=\"{}\" classname=\"{}\"", escaped(name), escaped(&class));
        self.cases.push_str(&opening);
        match body {
            "" => self.cases.push_str("/>\n"),
            body => self.cases.push_str(&format!(">\n{body}    </testcase>\n")),
        }
    }
}

fn one(path: &str, finding: &Finding) -> String {
    let place = match finding.start.line {
        0 => path.to_owned(),
        line => format!("{path}:{line}:{}", finding.start.column),
    };
    let mut out = format!("{place}: {}: {}\n", finding.rule.severity.name(), finding.message);
    if let Some(line) = finding.line_text.as_ref().filter(|line| !line.trim().is_empty()) {
        out.push_str(&format!("    {}\n", line.trim_end().chars().take(160).collect::<String>()));
    }
    out
}

/// A text between tags: its line breaks are those of the file.
fn in_element(text: &str) -> String {
    text.split('\n').map(escaped).collect::<Vec<_>>().join("\n")
}

/// A text in XML. What XML 1.0 cannot hold at all is shown; what acts is written by its number.
fn escaped(text: &str) -> String {
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
