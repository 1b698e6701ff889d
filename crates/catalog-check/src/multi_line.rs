//! Which lines of a file are in scalars of several lines, where white space is a part of a value.

use rancher_catalog::source::{ReadDocument, YamlFile};
use rancher_catalog::yaml::{Node, NodeKind, Position};

/// The lines of a file that are in scalars of several lines, in any document that the file becomes.
pub(super) struct MultiLine {
    /// First and last line, in order; no two overlap.
    ranges: Vec<(u32, u32)>,
}

impl MultiLine {
    /// Those of a file, of the scalars that are wanted: told whether each is plain. Of a file that cannot be read, all.
    pub fn of(file: &YamlFile, wanted: impl Fn(bool) -> bool) -> Self {
        let mut ranges = Vec::new();
        let mut add = |document: &ReadDocument, line_of: &dyn Fn(u32) -> u32| match document {
            Ok(document) => document.root.iter().for_each(|root| collect(root, &wanted, line_of, &mut ranges)),
            Err(_) => ranges.push((0, u32::MAX)),
        };
        if file.is_template() {
            for reading in &file.readings {
                let line_of = |line| reading.place(file, Position { line, ..Position::default() }).line;
                add(&reading.document, &line_of);
            }
            if file.readings.is_empty() {
                ranges.push((0, u32::MAX));
            }
        } else {
            add(file.raw(), &|line| line);
        }
        ranges.sort_unstable();
        // Readings overlap, and what came through an alias stands where its anchor does.
        ranges.dedup_by(|next, before| {
            let overlaps = next.0 <= before.1;
            if overlaps {
                before.1 = before.1.max(next.1);
            }
            overlaps
        });
        Self { ranges }
    }

    fn around(&self, line: u32) -> Option<(u32, u32)> {
        let at = self.ranges.partition_point(|(_, last)| *last < line);
        self.ranges.get(at).copied().filter(|(first, _)| *first <= line)
    }

    /// Whether a line is in one of them.
    pub fn holds(&self, line: u32) -> bool {
        self.around(line).is_some()
    }

    /// Whether a line is in one of them, and not the one in which it begins.
    pub fn holds_within(&self, line: u32) -> bool {
        self.around(line).is_some_and(|(first, _)| first < line)
    }
}

fn collect(node: &Node, wanted: &impl Fn(bool) -> bool, line_of: &dyn Fn(u32) -> u32, found: &mut Vec<(u32, u32)>) {
    match &node.kind {
        NodeKind::Scalar { plain, .. } => {
            let (first, last) = (line_of(node.span.start.line), line_of(node.span.end.line));
            if first < last && wanted(*plain) {
                found.push((first, last));
            }
        }
        NodeKind::List(items) => items.iter().for_each(|item| collect(item, wanted, line_of, found)),
        NodeKind::Map(entries) => entries.iter().for_each(|(key, value)| {
            collect(key, wanted, line_of, found);
            collect(value, wanted, line_of, found);
        }),
    }
}
