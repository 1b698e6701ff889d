//! For people: grouped by file, each with its line and a marker; why and how once a rule.

use std::collections::BTreeSet;
use std::fmt::Write;

use super::{count, shown};
use crate::cli::output::{BAD, GOOD, HEADING, WARNING};
use catalog_check::{Checked, Finding, Severity};

pub(in crate::cli) fn text(checked: &Checked, fixed: usize, with_summary: bool) -> String {
    let mut out = String::new();
    let mut explained = BTreeSet::new();
    let mut file = None;
    for finding in &checked.findings {
        if file != Some(&finding.path) {
            if file.is_some() {
                out.push('\n');
            }
            file = Some(&finding.path);
        }
        one(finding, explained.insert(finding.rule.id), &mut out);
    }
    if with_summary {
        if !checked.findings.is_empty() {
            out.push('\n');
        }
        summary(checked, fixed, &mut out);
    }
    out
}

fn one(finding: &Finding, explain: bool, out: &mut String) {
    let style = match finding.rule.severity {
        Severity::Error => BAD,
        Severity::Warning => WARNING,
        Severity::Note => GOOD,
    };
    let path: String = shown(&finding.path).chars().map(harmless).collect();
    let place =
        if finding.start.line == 0 { path } else { format!("{path}:{}:{}", finding.start.line, finding.start.column) };
    let severity = finding.rule.severity.name();
    // Writing to a string cannot fail.
    let _ = writeln!(
        out,
        "{HEADING}{place}{HEADING:#}: {style}{severity}{style:#}[{}]: {}",
        finding.rule.id,
        finding.message.chars().map(harmless).collect::<String>()
    );
    if let Some(line) = finding.line_text.as_ref().filter(|line| !line.trim().is_empty()) {
        let number = finding.start.line.to_string();
        let margin = " ".repeat(number.len());
        let printed: String = line.trim_end().chars().take(160).map(harmless).collect();
        let length = printed.chars().count() + 1;
        let start = (finding.start.column as usize).clamp(1, length);
        let end = (finding.end_column as usize).clamp(start + 1, length.max(start + 1));
        let _ = writeln!(out, "  {number} | {printed}");
        let _ = writeln!(out, "  {margin} | {}{style}{}{style:#}", " ".repeat(start - 1), "^".repeat(end - start));
    }
    if explain {
        let _ = writeln!(out, "    why: {}", finding.rule.why);
        let _ = writeln!(out, "    mend: {}", finding.rule.mend);
    }
}

/// What a file holds must not govern the terminal.
fn harmless(c: char) -> char {
    match c {
        '\t' => ' ',
        c if c.is_control() => '\u{fffd}',
        c => c,
    }
}

fn summary(checked: &Checked, fixed: usize, out: &mut String) {
    let plural = |count: usize, word: &str| format!("{count} {word}{}", if count == 1 { "" } else { "s" });
    let counts: Vec<String> = [Severity::Error, Severity::Warning, Severity::Note]
        .into_iter()
        .map(|severity| (count(&checked.findings, severity), severity.name()))
        .filter(|(count, _)| *count > 0)
        .map(|(count, word)| plural(count, word))
        .collect();
    let found = if counts.is_empty() { "nothing found".to_owned() } else { counts.join(", ") };
    let _ =
        write!(out, "{found} in {}, {}", plural(checked.templates, "template"), plural(checked.versions, "version"));
    if checked.silenced > 0 {
        let _ = write!(out, "; {} silenced", checked.silenced);
    }
    if fixed > 0 {
        let _ = write!(out, "; {fixed} mended");
    }
    let open = checked.findings.iter().filter(|finding| finding.fix.is_some()).count();
    if open > 0 {
        let _ = write!(out, "; --fix mends {open}");
    }
    out.push('\n');
}
