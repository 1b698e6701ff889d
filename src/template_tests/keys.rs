//! What may stand in a test file: the one table that files are held against, and that their JSON schema is made of.

use serde_json::{Map, Value, json};

/// What a value must be.
#[derive(Debug, Clone, Copy)]
pub(super) enum Shape {
    /// A text; a number or a boolean is taken as it is written.
    Text,
    /// The same, or nothing: the empty text.
    Answer,
    /// `true`, `false` or a text.
    TextOrTruth,
    /// Anything.
    Anything,
    /// A list.
    List(&'static Shape),
    /// A map of any keys.
    Map(&'static Shape),
    /// A map of the compose files.
    PerFile(&'static Shape),
    /// A map of known keys.
    Keys(&'static [Key]),
}

/// A key that is known.
#[derive(Debug)]
pub(super) struct Key {
    pub name: &'static str,
    pub shape: Shape,
    pub must: bool,
    /// What it is for.
    pub says: &'static str,
}

const fn key(name: &'static str, shape: Shape, says: &'static str) -> Key {
    Key { name, shape, must: false, says }
}

const fn must(name: &'static str, shape: Shape, says: &'static str) -> Key {
    Key { name, shape, must: true, says }
}

/// The files that a stack gets.
pub(super) const FILES: [&str; 2] = ["docker-compose.yml", "rancher-compose.yml"];

const ANSWERS: Shape = Shape::Map(&Shape::Answer);
const PATHS: Shape = Shape::Map(&Shape::Anything);
const SERVICES: Shape = Shape::List(&Shape::Text);

/// A whole file.
pub(super) const FILE: Shape =
    Shape::Keys(&[must("tests", Shape::List(&Shape::Keys(TEST)), "The tests, each with a name of its own.")]);

/// A test.
const TEST: &[Key] = &[
    must("name", Shape::Text, "What is promised, in words."),
    key(
        "revision",
        Shape::Text,
        "The revision: a folder's name, or a version. Without it the default version of config.yml, else the newest.",
    ),
    key("answers", ANSWERS, "Answers to questions, as they are typed. What is not answered has its default."),
    key("stack", Shape::Keys(STACK), "The stack, where a template looks at it."),
    key(
        "rancher",
        Shape::Text,
        "The version of Rancher, which must be offered the revision. Before 1.6 it runs no templates.",
    ),
    key("expect", Shape::PerFile(&PATHS), "Values by their paths in a file; null is for what is not there."),
    key(
        "contains",
        Shape::PerFile(&PATHS),
        "By its path a list with the item or items, a map with at least these keys, or a text with the part.",
    ),
    key("whole", Shape::PerFile(&Shape::Anything), "Whole files; the order of keys does not matter."),
    key("snapshot", Shape::Text, "The name of a snapshot: whole files in tests/snapshots, written by --update."),
    key(
        "refused",
        Shape::TextOrTruth,
        "That Rancher refuses it: true, or a part of what is then said; false is for what is taken, whatever comes of it.",
    ),
    key("upgrade", Shape::Keys(UPGRADE), "A stack with the answers is upgraded: all else is about what it has then."),
];

const STACK: &[Key] = &[
    key("name", Shape::Answer, "Its name: `.Stack.Name`; without it `stack`."),
    key("version", Shape::Answer, "The version that is launched: `.Stack.Version`; without it that of the revision."),
    key("previous_version", Shape::Answer, "The version that is upgraded from: `.Stack.PreviousVersion`."),
    key("environment", Shape::Answer, "The environment's name: `.Environment.Name`; without it `Default`."),
];

const UPGRADE: &[Key] = &[
    must("from", Shape::Text, "The revision that runs, with the answers of the test."),
    key("to", Shape::Text, "The revision that it becomes; without it the same as that of a test without an upgrade."),
    key("answers", ANSWERS, "Answers that are given at the upgrade; the others stay."),
    key("recreates", SERVICES, "The services whose containers are replaced: these, and no others."),
    key("keeps", SERVICES, "Services whose containers are not replaced."),
    key("starts", SERVICES, "The services that are new: these, and no others."),
    key("leaves", SERVICES, "The services that Rancher leaves behind: these, and no others."),
];

/// The JSON schema (draft 2020-12) of a test file.
pub fn schema() -> Value {
    let mut schema = of(&FILE);
    schema["$schema"] = "https://json-schema.org/draft/2020-12/schema".into();
    schema["title"] = "Tests of a template".into();
    schema
}

fn of(shape: &Shape) -> Value {
    match shape {
        Shape::Text => json!({ "type": ["string", "number", "boolean"] }),
        Shape::Answer => json!({ "type": ["string", "number", "boolean", "null"] }),
        Shape::TextOrTruth => json!({ "type": ["string", "boolean"] }),
        Shape::Anything => json!(true),
        Shape::List(item) => json!({ "type": "array", "items": of(item) }),
        Shape::Map(value) => json!({ "type": "object", "additionalProperties": of(value) }),
        Shape::PerFile(value) => {
            let files: Map<String, Value> = FILES.iter().map(|name| ((*name).to_owned(), of(value))).collect();
            json!({ "type": "object", "properties": files, "additionalProperties": false })
        }
        Shape::Keys(keys) => {
            let mut properties = Map::new();
            for key in *keys {
                let mut value = of(&key.shape);
                if let Some(value) = value.as_object_mut() {
                    value.insert("description".to_owned(), key.says.into());
                }
                properties.insert(key.name.to_owned(), value);
            }
            let required: Vec<&str> = keys.iter().filter(|key| key.must).map(|key| key.name).collect();
            json!({
                "type": "object",
                "properties": properties,
                "required": required,
                "additionalProperties": false,
            })
        }
    }
}
