//! SARIF 2.1.0, which code hosts show beside the lines.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::shown;
use catalog_check::{Checked, Finding, Rule};

pub(in crate::cli) fn sarif(checked: &Checked) -> Value {
    let rules: BTreeMap<&str, &Rule> = checked.findings.iter().map(|finding| (finding.rule.id, finding.rule)).collect();
    let index = |id: &str| rules.keys().position(|known| *known == id);
    let results: Vec<Value> = checked
        .findings
        .iter()
        .map(|finding| {
            json!({
                "ruleId": finding.rule.id,
                "ruleIndex": index(finding.rule.id),
                "level": finding.rule.severity.name(),
                "message": { "text": finding.message },
                "locations": [location(finding)],
            })
        })
        .collect();
    let descriptors: Vec<Value> = rules
        .values()
        .map(|rule| {
            json!({
                "id": rule.id,
                "shortDescription": { "text": rule.finds },
                "fullDescription": { "text": rule.why },
                "help": { "text": rule.mend },
                "defaultConfiguration": { "level": rule.severity.name() },
            })
        })
        .collect();
    json!({
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": { "driver": {
                "name": "gen-catalog",
                "version": env!("CARGO_PKG_VERSION"),
                "informationUri": env!("CARGO_PKG_REPOSITORY"),
                "rules": descriptors,
            }},
            "columnKind": "unicodeCodePoints",
            "results": results,
        }],
    })
}

fn location(finding: &Finding) -> Value {
    let artifact = json!({ "uri": uri(&shown(&finding.path)) });
    if finding.start.line == 0 {
        return json!({ "physicalLocation": { "artifactLocation": artifact } });
    }
    json!({ "physicalLocation": {
        "artifactLocation": artifact,
        "region": {
            "startLine": finding.start.line,
            "startColumn": finding.start.column,
            "endColumn": finding.end_column.max(finding.start.column + 1),
        },
    }})
}

/// A path as a reference: what is not allowed there is escaped byte by byte.
fn uri(path: &str) -> String {
    let mut out = String::with_capacity(path.len());
    for byte in path.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~/".contains(&byte) {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
    out
}
