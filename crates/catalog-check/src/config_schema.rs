//! The JSON schema of gen-catalog.toml, for editors: it takes what [`super::config`] takes.

use serde_json::{Map, Value, json};

use super::config_text::{OWNER, SEVERITIES, VERSIONS};
use super::rules;
use super::run::Audience;

/// A folder below: no part is empty, `.` or `..`; one slash may end it.
const FOLDER: &str = r"^(?!\.\.?(/|$))[^/\x00]+(/(?!\.\.?(/|$))[^/\x00]+)*/?$";
/// A registry's host with a dot, a port, or both.
const REGISTRY: &str = r"^(localhost|(?=[^/]*[.:])[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?(\.[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?)*)(:[1-9][0-9]{0,4})?$";

/// The schema (draft 2020-12).
pub fn schema() -> Value {
    let severities: Map<String, Value> = rules::every()
        .map(|rule| {
            let possible = SEVERITIES.iter().filter(|(_, severity)| rules::can_be(rule, *severity));
            let words: Vec<&str> = possible.map(|(word, _)| *word).collect();
            (rule.id.to_owned(), json!({ "description": rule.finds, "enum": words }))
        })
        .collect();
    let rules: Vec<&str> = rules::every().map(|rule| rule.id).collect();
    let versions = VERSIONS.map(|(word, _)| word);
    let text =
        |description: &str, pattern: &str| json!({ "description": description, "type": "string", "pattern": pattern });
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "gen-catalog.toml",
        "description": "A catalog of Rancher 1.x, or the project that it lies in, as gen-catalog takes it",
        "type": "object",
        "properties": {
            "catalog": text("Where the catalog lies below this file; absent: it is this folder", FOLDER),
            "for": {
                "description": "For whom the catalog is",
                "enum": [Audience::Rancher.name(), Audience::Community.name()],
            },
            "registry": text("The registry that the images of next versions are named in, with a dot or a port", REGISTRY),
            "version": {
                "description": "What grows in the next version of a template where nobody says; `follow`: as the image's tag",
                "enum": versions,
            },
            "severities": {
                "description": "How bad the findings of rules are; what Rancher refuses stays an error",
                "type": "object",
                "properties": severities,
                "additionalProperties": false,
            },
            "template": {
                "type": "array",
                "items": {
                    "type": "object",
                    "properties": {
                        "path": text("A template, or a folder of them; the longest one counts", FOLDER),
                        "version": { "enum": versions },
                        "owners": {
                            "description": "Who is told of a release: @name, @organisation/team or an address",
                            "type": "array",
                            "items": { "type": "string", "pattern": OWNER },
                        },
                    },
                    "required": ["path"],
                    "additionalProperties": false,
                },
            },
            "allow": {
                "type": "array",
                "items": {
                    "type": "object",
                    "properties": {
                        "rule": { "enum": rules },
                        "path": { "description": "A template, a version or a file; absent: everywhere", "type": "string" },
                        "reason": { "type": "string", "pattern": r"\S" },
                    },
                    "required": ["rule", "reason"],
                    "additionalProperties": false,
                },
            },
        },
        "additionalProperties": false,
    })
}
