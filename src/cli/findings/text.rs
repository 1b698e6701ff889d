//! For people: grouped by file, each with its line and a marker; why and how once a rule.

use std::collections::BTreeSet;

use rancher_catalog::hidden::seen_in_a_line;

use super::{Told, count, place, shown, silenced};
use crate::cli::output::{BAD, GOOD, HEADING, Text, WARNING};
use catalog_check::fix::Fixed;
use catalog_check::{Checked, Finding, Severity};

/// The most characters of a line that are shown.
const WIDTH: usize = 160;
/// So many entries that a baseline can lose are named.
const GONE: usize = 10;

/// All that is told, part by part.
pub(in crate::cli) fn text(told: &Told, with_summary: bool) -> impl Iterator<Item = Text> {
    // With --diff the change is what was asked for, and not what it is about.
    let lines = told.diff.is_none().then(|| lines(&told.checked)).into_iter().flatten();
    lines.chain(with_summary.then(|| end(told)))
}

/// What stands below the findings.
fn end(told: &Told) -> Text {
    let mut out = Text::default();
    if told.diff.is_none() && !told.checked.findings.is_empty() {
        out.plain("\n");
    }
    let word = if told.diff.is_some() { "would fix" } else { "fixed" };
    for fixed in &told.fixed {
        let (path, place) = (shown(&fixed.path), place_of(fixed));
        out.styled(GOOD, word).plain(&format!(" {}: {}{place}\n", seen_in_a_line(&path), fixed.rule));
    }
    if let Some((file, gone)) = &told.baseline {
        for entry in gone.iter().take(GONE) {
            let line = format!("{}: {}: {}", entry.path, entry.rule, entry.message);
            out.plain(&format!("gone from the catalog, still in {}: ", shown(file)));
            out.plain(&format!("{}\n", seen_in_a_line(&line)));
        }
        if gone.len() > GONE {
            out.plain(&format!("and {} more\n", gone.len() - GONE));
        }
    }
    out.plain(&summary(told));
    out
}

/// The findings alone.
pub(in crate::cli) fn all_lines(checked: &Checked) -> Text {
    let mut out = Text::default();
    lines(checked).for_each(|line| {
        out.text(&line);
    });
    out
}

fn lines(checked: &Checked) -> impl Iterator<Item = Text> {
    let mut explained = BTreeSet::new();
    let mut file = None;
    checked.findings.iter().map(move |finding| {
        let mut out = Text::default();
        if file.replace(&finding.path).is_some_and(|before| *before != finding.path) {
            out.plain("\n");
        }
        one(finding, explained.insert(finding.rule.id), &mut out);
        out
    })
}

fn one(finding: &Finding, explain: bool, out: &mut Text) {
    let style = match finding.rule.severity {
        Severity::Error => BAD,
        Severity::Warning => WARNING,
        Severity::Note => GOOD,
    };
    let path = shown(&finding.path);
    let path = seen_in_a_line(&path);
    let place = place(&path, finding);
    out.styled(HEADING, &place).plain(": ").styled(style, finding.rule.severity.name());
    out.plain(&format!("[{}]: {}\n", finding.rule.id, seen_in_a_line(&finding.message)));
    if let Some(line) = finding.line_text.as_ref().filter(|line| !line.trim().is_empty()) {
        let number = finding.start.line.to_string();
        let margin = " ".repeat(number.len());
        // What is shown for a character may take several columns.
        let columns: Vec<usize> = std::iter::once(1)
            .chain(line.trim_end().chars().take(WIDTH).scan(1, |column, c| {
                *column += seen_in_a_line(c.encode_utf8(&mut [0; 4])).chars().count();
                Some(*column)
            }))
            .collect();
        let last = columns.len() - 1;
        let start = (finding.start.column as usize).saturating_sub(1).min(last);
        let end = (finding.end_column as usize).saturating_sub(1).clamp(start, last);
        let width = (columns[end] - columns[start]).max(1);
        let printed: String = line.trim_end().chars().take(WIDTH).collect();
        out.plain(&format!("  {number} | {}\n", seen_in_a_line(&printed)));
        out.plain(&format!("  {margin} | {}", " ".repeat(columns[start] - 1)))
            .styled(style, &"^".repeat(width))
            .plain("\n");
    }
    if explain {
        out.plain(&format!("    why: {}\n    fix: {}\n", finding.rule.why, finding.rule.fix));
    }
}

/// Where a rule fixed something: `in lines 4, 7-9`.
fn place_of(fixed: &Fixed) -> String {
    let mut ranges: Vec<(u32, u32)> = Vec::new();
    for line in fixed.lines.iter().copied().filter(|line| *line > 0) {
        match ranges.last_mut() {
            Some((_, last)) if *last + 1 == line => *last = line,
            _ => ranges.push((line, line)),
        }
    }
    let one = |(first, last): &(u32, u32)| if first == last { first.to_string() } else { format!("{first}-{last}") };
    match ranges.as_slice() {
        [] => String::new(),
        [(first, last)] if first == last => format!(" in line {first}"),
        ranges => format!(" in lines {}", ranges.iter().map(one).collect::<Vec<_>>().join(", ")),
    }
}

fn summary(told: &Told) -> String {
    let checked = &told.checked;
    let plural = |count: usize, word: &str| format!("{count} {word}{}", if count == 1 { "" } else { "s" });
    let counts: Vec<String> = [Severity::Error, Severity::Warning, Severity::Note]
        .into_iter()
        .map(|severity| (count(&checked.findings, severity), severity.name()))
        .filter(|(count, _)| *count > 0)
        .map(|(count, word)| plural(count, word))
        .collect();
    let found = match (counts.is_empty(), told.level) {
        (false, _) => counts.join(", "),
        (true, Severity::Error) => "no errors".to_owned(),
        (true, _) => "nothing found".to_owned(),
    };
    let mut out =
        format!("{found} in {}, {}", plural(checked.templates, "template"), plural(checked.versions.len(), "version"));
    if let Some((ran, all)) = told.rules {
        out.push_str(&format!(" by {ran} of {all} rules"));
    }
    let (allowed, in_baseline) = silenced(checked);
    if allowed > 0 {
        out.push_str(&format!("; {allowed} silenced"));
    }
    if in_baseline > 0 {
        out.push_str(&format!("; {in_baseline} in the baseline"));
    }
    let gone = told.baseline.as_ref().map_or(0, |(_, gone)| gone.iter().map(|entry| entry.count).sum());
    if gone > 0 {
        out.push_str(&format!("; {gone} gone: --write-baseline removes them there"));
    }
    let fixed: usize = told.fixed.iter().map(|fixed| fixed.places).sum();
    match (&told.diff, fixed) {
        (Some(_), _) => out.push_str(&format!("; {fixed} would be fixed, nothing was written")),
        (None, 1..) => out.push_str(&format!("; {fixed} fixed")),
        (None, 0) => {}
    }
    if told.left_alone > 0 {
        let word = if told.left_alone == 1 { "that is" } else { "that are" };
        out.push_str(&format!("; {} {word} published left alone (--fix-published)", told.left_alone));
    }
    let open = checked.findings.iter().filter(|finding| finding.fixes().next().is_some()).count();
    let open = open.saturating_sub(told.left_alone);
    if open > 0 && told.diff.is_none() {
        out.push_str(&format!("; --fix fixes {open}"));
    }
    out.push('\n');
    out
}
