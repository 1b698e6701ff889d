//! What makes a finding right, as a change that the editor offers.

use std::collections::HashMap;

use catalog_check::{Finding, Fix};
use lsp_types::{CodeAction, CodeActionKind, Range, TextEdit, Uri, WorkspaceEdit};

use crate::diagnostics::ranges;
use crate::documents::Document;

/// The fixes of what is found within a range, and all of the file at once: where there are several, or where an editor asks for
/// kinds, as it does when it saves a file.
pub(crate) fn quick_fixes(
    document: &Document,
    findings: &[Finding],
    range: Range,
    only: Option<&[CodeActionKind]>,
) -> Vec<CodeAction> {
    let is_asked = |kind| only.is_none_or(|only| only.iter().any(|asked| is_of(&kind, asked)));
    let mut actions = Vec::new();
    if is_asked(CodeActionKind::QUICKFIX) {
        actions.extend(within(document, findings, range));
    }
    let all = apart(findings.iter().flat_map(Finding::fixes).collect());
    let least = if only.is_some() { 1 } else { 2 };
    if all.len() >= least && is_asked(CodeActionKind::SOURCE_FIX_ALL) {
        let edits = all.into_iter().map(|fix| edit(document, fix)).collect();
        let title = "fix all that gen-catalog can fix in this file".to_owned();
        actions.push(action(document, title, CodeActionKind::SOURCE_FIX_ALL, edits));
    }
    actions
}

/// Whether a kind is one, or of one, that is asked for: `source.fixAll` is of `source`, and all are of the empty one.
fn is_of(kind: &CodeActionKind, asked: &CodeActionKind) -> bool {
    let rest = kind.as_str().strip_prefix(asked.as_str());
    rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('.') || *asked == CodeActionKind::EMPTY)
}

fn within(document: &Document, findings: &[Finding], wanted: Range) -> Vec<CodeAction> {
    let mut actions = Vec::new();
    for finding in findings {
        let fixes = std::iter::once(finding.fix.as_ref()).chain(finding.also.iter().map(|place| place.fix.as_ref()));
        for (range, fix) in ranges(document, finding).zip(fixes) {
            if let Some(fix) = fix.filter(|_| range.start <= wanted.end && wanted.start <= range.end) {
                let title = format!("{}: {}", finding.rule.id, title(document, fix));
                actions.push(action(document, title, CodeActionKind::QUICKFIX, vec![edit(document, fix)]));
            }
        }
    }
    actions
}

/// Those that do not touch each other, in order: of two that do the first.
fn apart(mut fixes: Vec<&Fix>) -> Vec<&Fix> {
    fixes.sort_by_key(|fix| (fix.start, fix.end));
    let mut end = None;
    fixes.retain(|fix| {
        let is_apart = end.is_none_or(|end| fix.start > end);
        if is_apart {
            end = Some(fix.end);
        }
        is_apart
    });
    fixes
}

fn title(document: &Document, fix: &Fix) -> String {
    let is = document.text.get(fix.start..fix.end).unwrap_or_default().trim();
    let becomes = fix.replacement.trim();
    let short = |text: &str| text.len() < 60 && !text.contains('\n');
    match (is, becomes) {
        ("", "") if fix.start == fix.end && fix.replacement.contains('\n') => "insert a line break".to_owned(),
        ("", "") if !fix.replacement.is_empty() => "fix it".to_owned(),
        (_, "") => "remove it".to_owned(),
        ("", becomes) if short(becomes) => format!("insert `{becomes}`"),
        (is, becomes) if short(is) && short(becomes) => format!("`{is}` becomes `{becomes}`"),
        _ => "fix it".to_owned(),
    }
}

fn edit(document: &Document, fix: &Fix) -> TextEdit {
    let at = |offset| document.lines.position(&document.text, offset);
    TextEdit { range: Range { start: at(fix.start), end: at(fix.end) }, new_text: fix.replacement.clone() }
}

fn action(document: &Document, title: String, kind: CodeActionKind, edits: Vec<TextEdit>) -> CodeAction {
    #[allow(clippy::mutable_key_type, reason = "the type of the protocol")]
    let changes: HashMap<Uri, Vec<TextEdit>> = HashMap::from([(document.uri.clone(), edits)]);
    let edit = WorkspaceEdit { changes: Some(changes), ..WorkspaceEdit::default() };
    CodeAction { title, kind: Some(kind), edit: Some(edit), ..CodeAction::default() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn title_of(text: &str, start: usize, end: usize, replacement: &str) -> String {
        let document = Document::new("file:///a".parse().unwrap(), 1, text.to_owned());
        title(&document, &Fix { start, end, replacement: replacement.to_owned() })
    }

    #[test]
    fn a_title_says_what_the_fix_does() {
        assert_eq!(title_of("a: b", 4, 4, "\n"), "insert a line break");
        assert_eq!(title_of("a: b  \n", 4, 6, ""), "remove it");
        assert_eq!(title_of("a: true", 3, 7, "'true'"), "`true` becomes `'true'`");
        assert_eq!(title_of("a: b", 4, 4, "\nc: d"), "insert `c: d`");
        assert_eq!(title_of("a:\tb", 2, 3, " "), "fix it");
    }

    #[test]
    fn a_kind_is_of_all_that_it_begins_with() {
        let is_fix_all = |asked: &'static str| is_of(&CodeActionKind::SOURCE_FIX_ALL, &CodeActionKind::new(asked));
        assert!(["", "source", "source.fixAll"].into_iter().all(is_fix_all));
        assert!(!["sour", "source.fixAll.eslint", "quickfix"].into_iter().any(is_fix_all));
    }
}
