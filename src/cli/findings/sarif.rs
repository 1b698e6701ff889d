//! SARIF 2.1.0, which code hosts show beside the lines.

use std::collections::BTreeMap;

use serde::{Serialize, Serializer};
use serde_json::{Value, json};

use super::{Told, in_repository};
use catalog_check::{Finding, Rule, Silence};

/// A log of one run; each result is put into words when it is printed.
#[derive(Serialize)]
pub(in crate::cli) struct Log<'a> {
    #[serde(rename = "$schema")]
    schema: &'static str,
    version: &'static str,
    runs: [Run<'a>; 1],
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Run<'a> {
    tool: Value,
    invocations: [Value; 1],
    column_kind: &'static str,
    #[serde(serialize_with = "results")]
    results: Results<'a>,
}

struct Results<'a> {
    told: &'a Told,
    /// Where each rule stands among those that are described.
    index: BTreeMap<&'a str, usize>,
}

pub(in crate::cli) fn sarif(told: &Told) -> Log<'_> {
    let checked = &told.checked;
    let silenced = checked.silenced.iter().map(|silenced| &silenced.finding);
    let rules: BTreeMap<&str, &Rule> =
        checked.findings.iter().chain(silenced).map(|finding| (finding.rule.id, finding.rule)).collect();
    let index: BTreeMap<&str, usize> = rules.keys().enumerate().map(|(at, id)| (*id, at)).collect();
    let descriptors: Vec<Value> = rules
        .values()
        .map(|rule| {
            json!({
                "id": rule.id,
                "shortDescription": { "text": rule.finds },
                "fullDescription": { "text": rule.why },
                "help": { "text": rule.fix },
                "defaultConfiguration": { "level": rule.severity.name() },
            })
        })
        .collect();
    let notifications: Vec<Value> = told
        .baseline
        .iter()
        .flat_map(|(_, gone)| gone)
        .map(|entry| {
            let text = format!("the baseline can lose {} in {}: {}", entry.rule, entry.path, entry.message);
            json!({ "level": "note", "message": { "text": text } })
        })
        .collect();
    let tool = json!({ "driver": {
        "name": "gen-catalog",
        "version": env!("CARGO_PKG_VERSION"),
        "informationUri": env!("CARGO_PKG_REPOSITORY"),
        "rules": descriptors,
    }});
    Log {
        schema: "https://json.schemastore.org/sarif-2.1.0.json",
        version: "2.1.0",
        runs: [Run {
            tool,
            invocations: [json!({ "executionSuccessful": true, "toolExecutionNotifications": notifications })],
            column_kind: "unicodeCodePoints",
            results: Results { told, index },
        }],
    }
}

fn results<S: Serializer>(results: &Results<'_>, serializer: S) -> Result<S::Ok, S::Error> {
    let Results { told, index } = results;
    let result = |finding: &Finding| {
        json!({
            "ruleId": finding.rule.id,
            "ruleIndex": index[finding.rule.id],
            "level": finding.rule.severity.name(),
            "message": { "text": finding.message },
            "locations": [location(finding)],
        })
    };
    let found = told.checked.findings.iter().map(|finding| {
        let mut value = result(finding);
        if told.baseline.is_some() {
            value["baselineState"] = "new".into();
        }
        value
    });
    let silenced = told.checked.silenced.iter().map(|silenced| {
        let mut value = result(&silenced.finding);
        let kind = if matches!(silenced.by, Silence::Comment(_)) { "inSource" } else { "external" };
        value["suppressions"] = json!([{ "kind": kind, "status": "accepted", "justification": silenced.reason }]);
        if told.baseline.is_some() {
            value["baselineState"] = if silenced.by == Silence::Baseline { "unchanged" } else { "new" }.into();
        }
        value
    });
    serializer.collect_seq(found.chain(silenced))
}

fn location(finding: &Finding) -> Value {
    let artifact = json!({ "uri": uri(&in_repository(&finding.path)) });
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
    if path.starts_with('/') {
        out.push_str("file://");
    }
    for byte in path.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~/".contains(&byte) {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
    out
}
