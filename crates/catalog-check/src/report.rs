//! Findings, and how rules report them.

use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};
use std::path::{Path, PathBuf};

use serde::Serialize;

use super::rule::Rule;
use rancher_catalog::source::{Reading, YamlFile};
use rancher_catalog::yaml::{Node, Position, Span};

/// How bad a finding is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Good to know; no defect.
    Note,
    /// It works, but not as its author will have meant.
    Warning,
    /// Rancher fails on it, drops it, or does something else.
    Error,
}

impl Severity {
    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Note => "note",
            Self::Warning => "warning",
            Self::Error => "error",
        }
    }
}

/// A change to a file by which a finding is gone: the bytes of a range are replaced.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fix {
    /// From where, in bytes.
    pub start: usize,
    /// To where, in bytes.
    pub end: usize,
    /// By what.
    pub replacement: String,
}

/// A place in a file, and what makes it right where there is one safe answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// Where it begins.
    pub start: Position,
    /// Where it ends, in the same line; 0 for one character.
    pub end_column: u32,
    /// The change.
    pub fix: Option<Fix>,
}

/// What a rule found.
#[derive(Debug, Clone)]
pub struct Finding {
    /// The rule.
    pub rule: &'static Rule,
    /// The file or folder.
    pub path: PathBuf,
    /// Where in it; line 0 for the file or folder as a whole.
    pub start: Position,
    /// Where it ends, in the same line, for a marker.
    pub end_column: u32,
    /// What is wrong.
    pub message: String,
    /// What makes it right, where there is one safe answer.
    pub fix: Option<Fix>,
    /// The beginning of the line that it is about, for those who print it.
    pub line_text: Option<String>,
    /// Where else in the file the same is so, in order: what is told once a file.
    pub also: Vec<Place>,
}

impl Finding {
    /// All changes that it takes.
    pub fn fixes(&self) -> impl Iterator<Item = &Fix> {
        self.fix.iter().chain(self.also.iter().filter_map(|place| place.fix.as_ref()))
    }

    /// Where it is: the path, and the line if it is about one.
    pub fn place(&self) -> String {
        match self.start.line {
            0 => self.path.display().to_string(),
            line => format!("{}:{line}", self.path.display()),
        }
    }

    /// All lines that it is about; none for the file or folder as a whole.
    pub fn lines(&self) -> impl Iterator<Item = u32> {
        let first = Some(self.start.line).filter(|line| *line > 0);
        first.into_iter().chain(self.also.iter().map(|place| place.start.line))
    }
}

/// Collects the findings of one template.
#[derive(Debug, Default)]
pub struct Report {
    /// What was found.
    pub findings: Vec<Finding>,
    rule: Option<&'static Rule>,
    /// The findings of the present rule, by a hash of what tells them apart.
    seen: HashMap<u64, Vec<usize>>,
    hasher: RandomState,
}

impl Report {
    /// The rule on whose behalf findings are reported from now on.
    pub(super) fn begin(&mut self, rule: &'static Rule) {
        self.rule = Some(rule);
        self.seen.clear();
    }

    /// Takes out what was found; the next rule begins with nothing.
    pub(super) fn take(&mut self) -> Vec<Finding> {
        self.seen.clear();
        std::mem::take(&mut self.findings)
    }

    fn push(
        &mut self,
        path: &Path,
        start: Position,
        end_column: u32,
        message: String,
        line_text: Option<String>,
    ) -> usize {
        let Some(rule) = self.rule else { return 0 };
        // A template is read once for each of its answers, and each reading finds the same again.
        let alike = self.seen.entry(self.hasher.hash_one((start.line, path, &message))).or_default();
        let same = |at: &&usize| {
            self.findings
                .get(**at)
                .is_some_and(|other| other.start.line == start.line && other.message == message && other.path == path)
        };
        if let Some(at) = alike.iter().find(same) {
            return *at;
        }
        alike.push(self.findings.len());
        self.findings.push(Finding {
            rule,
            path: path.to_owned(),
            start,
            end_column,
            message,
            fix: None,
            line_text,
            also: Vec::new(),
        });
        self.findings.len() - 1
    }

    /// About a file or folder as a whole.
    pub fn path(&mut self, path: &Path, message: impl Into<String>) {
        self.push(path, Position::default(), 0, message.into(), None);
    }

    /// About a place in a file's own text.
    pub fn at(&mut self, file: &YamlFile, start: Position, end_column: u32, message: impl Into<String>) {
        self.place(file, start, end_column, message.into());
    }

    fn place(&mut self, file: &YamlFile, start: Position, end_column: u32, message: String) -> usize {
        let line = beginning_of(file, start.line);
        self.push(&file.path, start, end_column.max(start.column + 1), message, Some(line))
    }

    /// About a file in which the same is so in many places: the first is told, the others are counted.
    pub(super) fn once(&mut self, file: &YamlFile, places: Vec<Place>, message: &str) {
        let mut places = places.into_iter();
        let Some(first) = places.next() else { return };
        let at = self.place(file, first.start, first.end_column, message.to_owned());
        if let Some(finding) = self.findings.get_mut(at) {
            finding.fix = offered(file, first.fix);
            finding.also = places.map(|place| Place { fix: offered(file, place.fix), ..place }).collect();
        }
    }

    /// As [`Report::at`], with a change that makes it right.
    pub fn at_with_fix(
        &mut self,
        file: &YamlFile,
        start: Position,
        end_column: u32,
        message: impl Into<String>,
        fix: Fix,
    ) {
        let at = self.place(file, start, end_column, message.into());
        if let Some(finding) = self.findings.get_mut(at) {
            finding.fix = offered(file, Some(fix));
        }
    }

    /// As [`Report::at_with_fix`], but the change is offered only if the file then means the same.
    pub fn at_with_neutral_fix(
        &mut self,
        file: &YamlFile,
        start: Position,
        end_column: u32,
        message: impl Into<String>,
        fix: Fix,
    ) {
        let text = format!("{}{}{}", &file.text[..fix.start], fix.replacement, &file.text[fix.end..]);
        if file.means_the_same(&text) {
            self.at_with_fix(file, start, end_column, message, fix);
        } else {
            self.at(file, start, end_column, message);
        }
    }

    /// About a value of a file's own text.
    pub fn node(&mut self, file: &YamlFile, node: &Node, message: impl Into<String>) {
        self.at(file, node.span.start, end_column(node.span), message);
    }

    /// About an unquoted value that YAML takes for something else than text. Quotes fix it where Rancher then reads the
    /// same; where they change what it reads, what is meant is the author's to say.
    pub fn retyped(&mut self, file: &YamlFile, node: &Node, text: &str, message: impl Into<String>) {
        if rancher_catalog::catalog_service::text_of(&node.to_value()) == text {
            let start = node.span.start.offset;
            let fix = Fix { start, end: start + text.len(), replacement: format!("'{text}'") };
            self.at_with_fix(file, node.span.start, end_column(node.span), message, fix);
        } else {
            self.node(file, node, message);
        }
    }

    /// About a value of a reading of a file, which may be rendered.
    pub fn in_reading(&mut self, file: &YamlFile, reading: &Reading, node: &Node, message: impl Into<String>) {
        let start = reading.place(file, node.span.start);
        let end = if reading.line_map.is_some() { 0 } else { end_column(node.span) };
        self.at(file, start, if end == 0 { file.line_end(start.line) } else { end }, message);
    }
}

/// A change to a file, whose places are counted in bytes: where the text is not that of the file they would be others.
fn offered(file: &YamlFile, fix: Option<Fix>) -> Option<Fix> {
    fix.filter(|_| file.not_utf8_at.is_none())
}

/// So much of a line as people look at: one line may be the whole file, and there may be as many findings in it.
pub(super) fn beginning_of(file: &YamlFile, line: u32) -> String {
    const MOST: usize = 200;
    let line = file.line(line);
    line.char_indices().nth(MOST).map_or(line, |(at, _)| &line[..at]).to_owned()
}

/// The column behind a value, if it ends in the line that it begins in.
fn end_column(span: Span) -> u32 {
    if span.end.line == span.start.line { span.end.column } else { 0 }
}
