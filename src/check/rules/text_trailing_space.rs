//! A line ends in white space.

use crate::catalog::source::TemplateSource;
use crate::catalog::source::YamlFile;
use crate::check::report::Fix;
use crate::check::report::{Report, Severity};
use crate::check::rule::{Edit, Example, Rule};
use crate::check::view::yaml_files;
use crate::yaml::{Document, Node, NodeKind, Position, ReadError};

/// See [`Rule::why`].
pub const RULE: Rule = Rule {
    id: "text-trailing-space",
    severity: Severity::Note,
    finds: "A line ends in white space.",
    why: "It is invisible, and within a multi-line value it counts.",
    mend: "Remove it.",
    fires: Example(&[Edit::Replace("config.yml", "category: Applications", "category: Applications  ")]),
    quiet: Example(&[]),
    check,
};

fn check(template: &TemplateSource, report: &mut Report) {
    for file in yaml_files(template) {
        let mut offset = 0;
        let mut blocks = None;
        for (number, line) in (1u32..).zip(file.text.split_inclusive('\n')) {
            let body = line.trim_end_matches('\n');
            let line_text = body.trim_end_matches('\r');
            let kept = line_text.trim_end_matches([' ', '\t']);
            if kept.len() < line_text.len() {
                let start = Position {
                    line: number,
                    column: u32::try_from(kept.chars().count()).unwrap_or(0) + 1,
                    offset: offset + kept.len(),
                };
                let end = start.column + u32::try_from(line_text.len() - kept.len()).unwrap_or(0);
                // Within a block scalar the white space is a part of the value: that is the author's to decide.
                if within(blocks.get_or_insert_with(|| blocks_of(file)), number) {
                    report.at(file, start, end, "white space at the end of a line of a multi-line value");
                } else {
                    let (from, to) = (offset + kept.len(), offset + line_text.len());
                    let fix = Fix { start: from, end: to, replacement: String::new() };
                    report.at_with_fix(file, start, end, "white space at the end of the line", fix);
                }
            }
            offset += line.len();
        }
    }
}

/// The lines of scalars of several lines, first and last, in order, in any document that a file becomes; of a file that
/// cannot be read, all lines.
fn blocks_of(file: &YamlFile) -> Vec<(u32, u32)> {
    fn collect(node: &Node, line_of: &impl Fn(u32) -> u32, found: &mut Vec<(u32, u32)>) {
        match &node.kind {
            NodeKind::Scalar { .. } => {
                let (first, last) = (line_of(node.span.start.line), line_of(node.span.end.line));
                if first < last {
                    found.push((first, last));
                }
            }
            NodeKind::List(items) => items.iter().for_each(|item| collect(item, line_of, found)),
            NodeKind::Map(entries) => entries.iter().for_each(|(key, value)| {
                collect(key, line_of, found);
                collect(value, line_of, found);
            }),
        }
    }
    let mut found = Vec::new();
    let mut add = |document: &Result<Document, ReadError>, line_of: &dyn Fn(u32) -> u32| match document {
        Ok(document) => document.root.iter().for_each(|root| collect(root, &line_of, &mut found)),
        Err(_) => found.push((0, u32::MAX)),
    };
    if file.is_template() {
        for reading in &file.readings {
            add(&reading.document, &|line| reading.place(file, Position { line, ..Position::default() }).line);
        }
        if file.readings.is_empty() {
            found.push((0, u32::MAX));
        }
    } else {
        add(&file.raw, &|line| line);
    }
    found.sort_unstable();
    // Readings overlap, and what came through an alias stands where its anchor does.
    found.dedup_by(|next, before| {
        let overlaps = next.0 <= before.1;
        if overlaps {
            before.1 = before.1.max(next.1);
        }
        overlaps
    });
    found
}

fn within(blocks: &[(u32, u32)], line: u32) -> bool {
    let at = blocks.partition_point(|(_, last)| *last < line);
    blocks.get(at).is_some_and(|(first, _)| *first <= line)
}
