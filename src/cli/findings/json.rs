//! For programs.

use serde::{Serialize, Serializer};
use serde_json::{Value, json};

use super::{Told, count, shown, silenced};
use catalog_check::baseline::Entry;
use catalog_check::{Checked, Finding, Severity, Silence, Silenced};

/// A report; each finding is put into words when it is printed.
#[derive(Serialize)]
pub(in crate::cli) struct Report<'a> {
    #[serde(serialize_with = "findings")]
    findings: &'a [Finding],
    #[serde(serialize_with = "all_silenced")]
    silenced: &'a [Silenced],
    fixed: Vec<Value>,
    diff: Option<&'a str>,
    gone: Option<&'a [Entry]>,
    summary: Value,
}

fn findings<S: Serializer>(all: &&[Finding], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_seq(all.iter().map(finding))
}

fn all_silenced<S: Serializer>(all: &&[Silenced], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_seq(all.iter().map(|silenced| {
        let (by, line) = match silenced.by {
            Silence::Comment(line) => ("comment", Some(line)),
            Silence::Config(line) => ("gen-catalog.toml", Some(line)),
            Silence::Baseline => ("baseline", None),
        };
        let mut value = finding(&silenced.finding);
        value["silenced"] = json!({ "by": by, "line": line, "reason": silenced.reason });
        value
    }))
}

pub(in crate::cli) fn json(told: &Told) -> Report<'_> {
    let fixed: Vec<Value> = told
        .fixed
        .iter()
        .map(|fixed| {
            json!({ "path": shown(&fixed.path), "rule": fixed.rule, "lines": fixed.lines, "places": fixed.places })
        })
        .collect();
    let mut summary = summary(&told.checked);
    let places: usize = told.fixed.iter().map(|fixed| fixed.places).sum();
    summary["fixed"] = if told.diff.is_none() { places.into() } else { 0.into() };
    summary["left_alone"] = told.left_alone.into();
    summary["level"] = told.level.name().into();
    summary["rules"] = told.rules.map(|(ran, _)| ran).into();
    Report {
        findings: &told.checked.findings,
        silenced: &told.checked.silenced,
        fixed,
        diff: told.diff.as_deref(),
        gone: told.baseline.as_ref().map(|(_, gone)| gone.as_slice()),
        summary,
    }
}

/// How much of what was found.
pub(in crate::cli) fn summary(checked: &Checked) -> Value {
    let (allowed, in_baseline) = silenced(checked);
    json!({
        "errors": count(&checked.findings, Severity::Error),
        "warnings": count(&checked.findings, Severity::Warning),
        "notes": count(&checked.findings, Severity::Note),
        "silenced": allowed,
        "in_baseline": in_baseline,
        "fixed": 0,
        "templates": checked.templates,
        "versions": checked.versions.len(),
    })
}

fn finding(finding: &Finding) -> Value {
    let place = finding.start.line > 0;
    json!({
        "rule": finding.rule.id,
        "severity": finding.rule.severity,
        "path": shown(&finding.path),
        "line": place.then_some(finding.start.line),
        "column": place.then_some(finding.start.column),
        "end_column": place.then_some(finding.end_column),
        "message": finding.message,
        "why": finding.rule.why,
        "fix": finding.rule.fix,
        "fixable": finding.fixes().next().is_some(),
    })
}
