//! Comparisons in words: plain for a terminal, Markdown for a pull request.
//!
//! Every value comes from a file that anyone may have written. In Markdown it stands in a code span, where it can be
//! neither a link nor a mention; in both, what is no printable character is escaped.

use std::fmt::Write;

use super::comparison::{TemplateComparison, VersionComparison, VersionName};
use super::difference::{Difference, Group, How};
use super::upgrade::Upgrade;

/// Values longer than this stand in lines of their own.
const SHORT: usize = 60;
/// Values are cut to this many characters: the text diff has them whole.
const LONGEST: usize = 300;

/// How a line is marked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mark {
    /// A heading.
    Heading,
    /// Something new, or gained.
    Plus,
    /// Something gone, or lost.
    Minus,
    /// Anything else.
    Plain,
}

/// A line of plain text and how it is marked.
pub type Line = (Mark, String);

impl VersionName {
    /// `v1.2.3 (revision 4)`.
    pub fn text(&self) -> String {
        let version = self.version.as_deref().map_or_else(|| "no version".to_owned(), escaped);
        format!("{version} (revision {})", escaped(&self.revision))
    }
}

/// A comparison of versions, in plain words; without the text diff.
pub fn version_lines(comparison: &VersionComparison) -> Vec<Line> {
    let (before, after) = (comparison.before.text(), comparison.after.text());
    let mut lines = vec![(Mark::Heading, format!("{}: {before} -> {after}", escaped(&comparison.template)))];
    let mut plain = |text: String| lines.push((Mark::Plain, text));
    if let Some(upgrade) = &comparison.upgrade {
        plain(format!("An {}.", upgrade_in_words(upgrade)));
        for reason in &upgrade.reasons {
            let subject = if reason.subject.is_empty() { String::new() } else { format!("{}: ", reason.subject) };
            plain(format!("  {}", escaped(&format!("{subject}{}", reason.text))));
        }
    }
    for unread in &comparison.unread {
        plain(format!("not compared, as it cannot be read: {}", escaped(unread)));
    }
    if comparison.differences.is_empty() {
        plain("Nothing changes in meaning.".to_owned());
    }
    lines.extend(difference_lines(&comparison.differences));
    lines
}

/// `upgrade of a running stack …`, in plain words.
pub fn upgrade_in_words(upgrade: &Upgrade) -> String {
    format!("upgrade of a running stack {}", escaped(&upgrade.summary))
}

/// A comparison of templates, in plain words; without the text diff.
pub fn template_lines(comparison: &TemplateComparison) -> Vec<Line> {
    let mut lines = vec![(Mark::Heading, escaped(&comparison.template))];
    for (mark, sign, versions) in [(Mark::Plus, '+', &comparison.added), (Mark::Minus, '-', &comparison.removed)] {
        lines.extend(versions.iter().map(|version| (mark, format!("  {sign} {}", version.text()))));
    }
    lines.extend(difference_lines(&comparison.differences));
    for version in &comparison.versions {
        lines.push((Mark::Plain, String::new()));
        lines.extend(version_lines(version));
    }
    lines
}

fn difference_lines(differences: &[Difference]) -> Vec<Line> {
    let mut lines = Vec::new();
    let mut group = None;
    for difference in differences {
        if group != Some(difference.group) {
            group = Some(difference.group);
            lines.push((Mark::Heading, format!("  {}", difference.group.title())));
        }
        let (mark, sign) = match difference.how {
            How::Added => (Mark::Plus, '+'),
            How::Removed => (Mark::Minus, '-'),
            How::Changed => (Mark::Plain, '~'),
        };
        let words = Words::of(difference);
        let head = format!("    {sign} {}{}{}", escaped(&words.label), words.verb, words.condition(escaped));
        let (before, after) = (words.before.map(escaped), words.after.map(escaped));
        match (before, after) {
            (Some(before), Some(after)) if before.len() + after.len() > SHORT => {
                lines.push((mark, format!("{head}:")));
                lines.push((Mark::Minus, format!("      - {before}")));
                lines.push((Mark::Plus, format!("      + {after}")));
            }
            (Some(before), Some(after)) => lines.push((mark, format!("{head}: {before} -> {after}"))),
            (Some(value), None) | (None, Some(value)) => lines.push((mark, format!("{head}: {value}"))),
            (None, None) => lines.push((mark, head)),
        }
    }
    lines
}

/// A comparison of versions as Markdown, headings from the given level down; without the text diff.
pub fn version_markdown(comparison: &VersionComparison, level: usize) -> String {
    let mut out = String::new();
    // Writing to a string cannot fail.
    if let Some(upgrade) = &comparison.upgrade {
        let _ = writeln!(out, "**An upgrade of a running stack {}.**\n", prose(&upgrade.summary));
        for reason in &upgrade.reasons {
            let subject =
                if reason.subject.is_empty() { String::new() } else { format!("{}: ", code(&reason.subject)) };
            let _ = writeln!(out, "- {subject}{}", prose(&reason.text));
        }
        if !upgrade.reasons.is_empty() {
            out.push('\n');
        }
    }
    for unread in &comparison.unread {
        let _ = writeln!(out, "Not compared, as it cannot be read: {}\n", code(unread));
    }
    if comparison.differences.is_empty() {
        out.push_str("Nothing changes in meaning.\n");
    }
    out + &differences_markdown(&comparison.differences, level)
}

/// A comparison of templates as Markdown; without the text diff.
pub fn template_markdown(comparison: &TemplateComparison, level: usize) -> String {
    let heading = "#".repeat(level);
    let mut out = format!("{heading} {}\n\n", code(&comparison.template));
    for (word, versions) in [("New", &comparison.added), ("Removed", &comparison.removed)] {
        for version in versions {
            let _ = writeln!(out, "- {word}: {}", code(&version.text()));
        }
    }
    out.push_str(&differences_markdown(&comparison.differences, level + 1));
    for version in &comparison.versions {
        let (before, after) = (code(&version.before.text()), code(&version.after.text()));
        let _ = writeln!(out, "\n{heading}# {before} → {after}\n");
        out.push_str(&version_markdown(version, level + 2));
    }
    out
}

fn differences_markdown(differences: &[Difference], level: usize) -> String {
    let mut out = String::new();
    let mut group: Option<Group> = None;
    for difference in differences {
        if group != Some(difference.group) {
            group = Some(difference.group);
            let _ = writeln!(out, "\n{} {}\n", "#".repeat(level), difference.group.title());
        }
        let words = Words::of(difference);
        let verb = match difference.how {
            How::Added => "➕ ",
            How::Removed => "➖ ",
            How::Changed => "",
        };
        let mut label = String::new();
        if !words.label.is_empty() {
            label = code(&words.label) + words.verb;
        }
        let value = match (words.before.map(code), words.after.map(code)) {
            (Some(before), Some(after)) => format!(": {before} → {after}"),
            (Some(value), None) | (None, Some(value)) => format!(": {value}"),
            (None, None) => String::new(),
        };
        let _ = writeln!(out, "- {verb}{label}{value}{}", words.condition(code));
    }
    out
}

/// The text diff of a comparison, file by file.
pub fn text_diff<'c>(files: impl IntoIterator<Item = &'c super::comparison::FileDiff>) -> String {
    files.into_iter().map(|file| file.diff.as_str()).collect()
}

/// A text diff as a fenced block, cut to a number of bytes.
pub fn fenced_diff(diff: &str, most: usize) -> String {
    let mut end = diff.len().min(most);
    while !diff.is_char_boundary(end) {
        end -= 1;
    }
    let end = if end < diff.len() { diff[..end].rfind('\n').map_or(0, |at| at + 1) } else { end };
    let fence = fence(diff, 3);
    let cut = if end < diff.len() { "\nThe rest is left out here; the commit has it.\n" } else { "" };
    format!("{fence}diff\n{}{fence}\n{cut}", &diff[..end])
}

struct Words<'d> {
    label: String,
    verb: &'static str,
    before: Option<&'d str>,
    after: Option<&'d str>,
    with_answer: Option<&'d str>,
}

impl<'d> Words<'d> {
    fn of(difference: &'d Difference) -> Self {
        let mut label: Vec<&str> = vec![&difference.subject, &difference.what];
        let verb = match difference.how {
            _ if difference.group != Group::Rights || !difference.what.is_empty() => "",
            How::Added => " gains",
            How::Removed | How::Changed => " loses",
        };
        label.retain(|word| !word.is_empty());
        let empty_as_words =
            |value: &'d Option<String>| value.as_deref().map(|value| if value.is_empty() { "(empty)" } else { value });
        Self {
            label: label.join(" "),
            verb,
            before: empty_as_words(&difference.before),
            after: empty_as_words(&difference.after),
            with_answer: difference.with_answer.as_deref(),
        }
    }

    fn condition(&self, shown: fn(&str) -> String) -> String {
        self.with_answer.map(|answer| format!(" (with {})", shown(answer))).unwrap_or_default()
    }
}

/// A text with what is not printable escaped, cut if it is long.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for (at, c) in text.trim_end_matches('\n').chars().enumerate() {
        if at == LONGEST {
            out.push('…');
            break;
        }
        match c {
            '\n' => out.push_str("\\n"),
            '\t' => out.push_str("\\t"),
            // Also what turns the direction of text, with which one thing can be shown as another.
            '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => {
                let _ = write!(out, "{}", c.escape_unicode());
            }
            c if c.is_control() => {
                let _ = write!(out, "{}", c.escape_default());
            }
            c => out.push(c),
        }
    }
    out
}

/// A text as a code span that it cannot leave.
pub fn code(text: &str) -> String {
    let text = escaped(text);
    let fence = fence(&text, 1);
    let space = if text.starts_with('`') || text.ends_with('`') || text.is_empty() { " " } else { "" };
    format!("{fence}{space}{text}{space}{fence}")
}

/// A text of our own that may quote values: what Markdown would read is escaped.
fn prose(text: &str) -> String {
    let text = escaped(text);
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if matches!(c, '\\' | '`' | '*' | '_' | '[' | ']' | '<' | '>' | '#' | '|' | '~') {
            out.push('\\');
        }
        out.push(c);
        if c == '@' {
            // No one is called by a mention.
            out.push('\u{200b}');
        }
    }
    out
}

/// More backticks than stand together in a text, and at least some.
fn fence(text: &str, least: usize) -> String {
    let longest = text.split(|c| c != '`').map(str::len).max().unwrap_or(0);
    "`".repeat(if longest == 0 && least == 1 { 1 } else { (longest + 1).max(least) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_cannot_leave_its_code_span_nor_a_diff_its_block() {
        assert_eq!(code("a"), "`a`");
        assert_eq!(code("a`b"), "``a`b``");
        assert_eq!(code("`"), "`` ` ``");
        assert_eq!(code("a\n# b\u{202e}\u{1b}"), "`a\\n# b\\u{202e}\\u{1b}`");
        assert!(fenced_diff("+```\n", 100).starts_with("````diff\n+```\n````\n"));
        assert_eq!(prose("@a *b* <i>"), "@\u{200b}a \\*b\\* \\<i\\>");
    }

    #[test]
    fn a_long_diff_is_cut_at_a_line_and_says_so() {
        let cut = fenced_diff("+é\n+b\n+c\n", 7);
        assert_eq!(cut, "```diff\n+é\n+b\n```\n\nThe rest is left out here; the commit has it.\n");
    }
}
