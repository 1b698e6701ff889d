//! For programs.

use serde_json::{Value, json};

use super::{count, shown};
use catalog_check::{Checked, Severity};

pub(in crate::cli) fn json(checked: &Checked, fixed: usize) -> Value {
    let findings: Vec<Value> = checked
        .findings
        .iter()
        .map(|finding| {
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
                "mend": finding.rule.mend,
                "fixable": finding.fix.is_some(),
            })
        })
        .collect();
    json!({
        "findings": findings,
        "summary": {
            "errors": count(&checked.findings, Severity::Error),
            "warnings": count(&checked.findings, Severity::Warning),
            "notes": count(&checked.findings, Severity::Note),
            "silenced": checked.silenced,
            "fixed": fixed,
            "templates": checked.templates,
            "versions": checked.versions,
        },
    })
}
