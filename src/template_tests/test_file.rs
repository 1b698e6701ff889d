//! A test file, read.

use std::collections::HashMap;
use std::path::{Path as FilePath, PathBuf};

use rancher_catalog::model::Version;
use rancher_catalog::tests_folder::is_looked_at;
use rancher_catalog::yaml::{Document, Node, NodeKind, Position, Typed};
use serde_yaml::Value;

use super::keys::{FILE, FILES};
use super::path::Path;
use super::shape::{self, Wrong};

/// So many tests are read of one file.
const MOST_TESTS: usize = 5000;
/// So many items can be looked for at once.
const MOST_ITEMS: usize = 1000;
/// The longest name of a snapshot.
const LONGEST_NAME: usize = 100;

/// A test file.
#[derive(Debug)]
pub(super) struct TestFile {
    pub path: PathBuf,
    pub tests: Vec<Test>,
}

/// A text and where it stands.
#[derive(Debug, Clone)]
pub(super) struct Said {
    pub text: String,
    pub at: Position,
}

/// A test.
#[derive(Debug)]
pub(super) struct Test {
    pub name: String,
    pub at: Position,
    pub revision: Option<Said>,
    pub answers: Vec<(String, Said)>,
    pub stack: Stack,
    pub rancher: Option<Said>,
    pub expectations: Vec<Expectation>,
    pub refused: Option<(Refused, Position)>,
    pub upgrade: Option<Upgrade>,
}

/// What a template sees of the stack.
#[derive(Debug, Default)]
pub(super) struct Stack {
    pub name: Option<String>,
    pub version: Option<String>,
    pub previous_version: Option<String>,
    pub environment: Option<String>,
}

/// Whether Rancher shall refuse it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Refused {
    /// It shall not.
    No,
    /// It shall, whatever is said.
    Yes,
    /// It shall, and say so.
    Saying(String),
}

/// What is expected of the files.
#[derive(Debug)]
pub(super) struct Expectation {
    pub at: Position,
    pub wanted: Wanted,
}

/// What is expected.
#[derive(Debug)]
pub(super) enum Wanted {
    /// A value at a path; null where there is none.
    Value { file: &'static str, path: Path, shown: String, value: Value },
    /// A part of what is at a path.
    Part { file: &'static str, path: Path, shown: String, value: Value },
    /// A whole file.
    Whole { file: &'static str, value: Value },
    /// A snapshot of both files.
    Snapshot(String),
}

/// An upgrade.
#[derive(Debug)]
pub(super) struct Upgrade {
    pub from: Said,
    pub to: Option<Said>,
    pub answers: Vec<(String, Said)>,
    /// The whole of the services to which something happens: what, which, and where that is said.
    pub all: Vec<(Happens, Vec<String>, Position)>,
    pub keeps: Vec<Said>,
}

/// What an upgrade does to a service.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Happens {
    Recreates,
    Starts,
    Leaves,
}

/// Reads a test file.
pub(super) fn read(path: &FilePath, bytes: Vec<u8>) -> Result<TestFile, Wrong> {
    let first = Position { line: 1, column: 1, offset: 0 };
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    if is_looked_at(&name) {
        let reason = format!("Rancher would take a file of the name {name} for a part of the template: rename it");
        return Err(Wrong::new(first, reason));
    }
    let text = String::from_utf8(bytes).map_err(|error| {
        let before = &error.as_bytes()[..error.utf8_error().valid_up_to()];
        let line = 1 + before.iter().filter(|byte| **byte == b'\n').count();
        let at = Position { line: u32::try_from(line).unwrap_or(u32::MAX), column: 1, offset: before.len() };
        Wrong::new(at, "this is not UTF-8: save the file as that")
    })?;
    let document = Document::read(&text).map_err(|error| Wrong::new(error.position, error.message))?;
    shape::check(&document, &FILE)?;
    let tests = document.root.as_ref().and_then(|root| root.get("tests")).map_or(&[][..], Node::items);
    match tests.get(MOST_TESTS) {
        Some(more) => {
            let reason = format!("a file holds at most {MOST_TESTS} tests: move this one and those below into another");
            return Err(Wrong::new(more.span.start, reason));
        }
        None if tests.is_empty() => return Err(Wrong::new(first, "there is no test in `tests`")),
        None => {}
    }
    let tests: Vec<Test> = tests.iter().map(test).collect::<Result<_, _>>()?;
    let mut names = HashMap::new();
    for test in &tests {
        if let Some(line) = names.insert(test.name.as_str(), test.at.line) {
            let reason = format!("there is a test of this name in line {line} already: {:?}", test.name);
            return Err(Wrong::new(test.at, reason));
        }
    }
    Ok(TestFile { path: path.to_owned(), tests })
}

fn said(node: &Node) -> Said {
    Said { text: node.text().unwrap_or_default().to_owned(), at: node.span.start }
}

fn texts(node: Option<&Node>) -> Vec<(String, Said)> {
    let entries = node.map_or(&[][..], Node::entries);
    entries.iter().map(|(key, value)| (key.text().unwrap_or_default().to_owned(), answer(value))).collect()
}

/// An answer as it is typed; nothing is the empty text.
fn answer(node: &Node) -> Said {
    match &node.kind {
        NodeKind::Scalar { value: Typed::Null, .. } => Said { text: String::new(), at: node.span.start },
        _ => said(node),
    }
}

fn list(node: Option<&Node>) -> Vec<Said> {
    node.map_or(&[][..], Node::items).iter().map(said).collect()
}

fn test(node: &Node) -> Result<Test, Wrong> {
    let name = node.get("name").map(said).unwrap_or(Said { text: String::new(), at: node.span.start });
    let at = name.at;
    if name.text.trim().is_empty() || name.text.contains('\n') {
        return Err(Wrong::new(at, "the name of a test is one line, and not empty"));
    }
    let stack = node.get("stack");
    let of_stack = |key: &str| stack.and_then(|stack| stack.get(key)).map(|node| answer(node).text);
    let refused = node.get("refused").map(|node| {
        let refused = match &node.kind {
            NodeKind::Scalar { value: Typed::Bool(true), .. } => Refused::Yes,
            NodeKind::Scalar { value: Typed::Bool(false), .. } => Refused::No,
            _ => Refused::Saying(node.text().unwrap_or_default().to_owned()),
        };
        (refused, node.span.start)
    });
    if let Some((Refused::Saying(text), at)) = &refused
        && text.trim().is_empty()
    {
        return Err(Wrong::new(
            *at,
            "`refused` is an empty text, which every refusal holds: write true, or what is said",
        ));
    }
    let rancher = node.get("rancher").map(said);
    if let Some(rancher) = rancher.as_ref().filter(|rancher| Version::from(rancher.text.as_str()).semver().is_err()) {
        let reason = format!("`rancher` is {:?}: three numbers are wanted, such as v1.6.30", rancher.text);
        return Err(Wrong::new(rancher.at, reason));
    }
    let test = Test {
        name: name.text,
        at,
        revision: node.get("revision").map(said),
        answers: texts(node.get("answers")),
        stack: Stack {
            name: of_stack("name"),
            version: of_stack("version"),
            previous_version: of_stack("previous_version"),
            environment: of_stack("environment"),
        },
        rancher,
        expectations: expectations(node)?,
        refused,
        upgrade: node.get("upgrade").map(upgrade),
    };
    if let (Some(revision), Some(upgrade)) = (&test.revision, &test.upgrade) {
        let named = upgrade.to.as_ref().map_or_else(|| revision.text.clone(), |to| to.text.clone());
        let reason =
            format!("an upgrade names its revisions itself: write `to: {named}` in `upgrade`, and no `revision`");
        return Err(Wrong::new(revision.at, reason));
    }
    let is_refused = matches!(test.refused, Some((Refused::Yes | Refused::Saying(_), _)));
    let of_upgrade = test.upgrade.as_ref().is_some_and(|upgrade| !upgrade.all.is_empty() || !upgrade.keeps.is_empty());
    if is_refused && (of_upgrade || !test.expectations.is_empty()) {
        let reason = "of what is refused nothing comes: a test expects a refusal, or something of the files, not both";
        return Err(Wrong::new(test.at, reason));
    }
    if test.refused.is_none() && test.expectations.is_empty() && !of_upgrade {
        let reason = "this test expects nothing: write `expect`, `contains`, `whole` or `snapshot`; or `refused: false`, \
                      if it is enough that Rancher takes it";
        return Err(Wrong::new(test.at, reason));
    }
    Ok(test)
}

fn expectations(test: &Node) -> Result<Vec<Expectation>, Wrong> {
    let mut all = Vec::new();
    let mut by_path = |key: &str, is_part: bool| -> Result<(), Wrong> {
        for (file, paths) in per_file(test, key) {
            for (path, value) in paths.entries() {
                let at = path.span.start;
                let shown = path.text().unwrap_or_default().to_owned();
                let path = Path::read(&shown).map_err(|reason| Wrong::new(at, reason))?;
                let value = value.to_value();
                let wanted = if is_part {
                    if value.is_null() || is_empty(&value) {
                        return Err(Wrong::new(at, format!("all contains nothing: say what `{shown}` shall contain")));
                    }
                    if value.as_sequence().is_some_and(|items| items.len() > MOST_ITEMS) {
                        return Err(Wrong::new(
                            at,
                            format!("`contains` takes at most {MOST_ITEMS} items: use `expect`"),
                        ));
                    }
                    Wanted::Part { file, path, shown, value }
                } else {
                    Wanted::Value { file, path, shown, value }
                };
                all.push(Expectation { at, wanted });
            }
        }
        Ok(())
    };
    by_path("expect", false)?;
    by_path("contains", true)?;
    for (file, value) in per_file(test, "whole") {
        all.push(Expectation { at: value.span.start, wanted: Wanted::Whole { file, value: value.to_value() } });
    }
    if let Some(name) = test.get("snapshot") {
        let (text, at) = (name.text().unwrap_or_default(), name.span.start);
        let is_sign = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
        if text.is_empty() || text.len() > LONGEST_NAME || !text.chars().all(is_sign) || text.starts_with('.') {
            let reason = format!("{text:?} is no name for a snapshot: use letters, digits, `-` and `_`");
            return Err(Wrong::new(at, reason));
        }
        if FILES.iter().any(|file| is_looked_at(&format!("{text}.{file}"))) {
            return Err(Wrong::new(
                at,
                format!("Rancher would take `{text}` for a part of the template: name it otherwise"),
            ));
        }
        all.push(Expectation { at, wanted: Wanted::Snapshot(text.to_owned()) });
    }
    Ok(all)
}

fn per_file<'n>(test: &'n Node, key: &str) -> Vec<(&'static str, &'n Node)> {
    let entries = test.get(key).map_or(&[][..], Node::entries);
    let of = |(name, value): &'n (Node, Node)| Some((*FILES.iter().find(|file| name.text() == Some(file))?, value));
    entries.iter().filter_map(of).collect()
}

fn is_empty(value: &Value) -> bool {
    match value {
        Value::String(text) => text.is_empty(),
        Value::Sequence(items) => items.is_empty(),
        Value::Mapping(map) => map.is_empty(),
        _ => false,
    }
}

fn upgrade(node: &Node) -> Upgrade {
    let all = [("recreates", Happens::Recreates), ("starts", Happens::Starts), ("leaves", Happens::Leaves)];
    let all = all.into_iter().filter_map(|(key, happens)| {
        let node = node.get(key)?;
        Some((happens, list(Some(node)).into_iter().map(|said| said.text).collect(), node.span.start))
    });
    Upgrade {
        from: node.get("from").map(said).unwrap_or(Said { text: String::new(), at: node.span.start }),
        to: node.get("to").map(said),
        answers: texts(node.get("answers")),
        all: all.collect(),
        keeps: list(node.get("keeps")),
    }
}
