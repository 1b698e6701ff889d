//! What makes a finding right, as a change that the editor offers.

use std::collections::HashMap;

use catalog_check::{Finding, Fix};
use lsp_types::{CodeAction, CodeActionKind, Range, TextEdit, Uri, WorkspaceEdit};

use crate::diagnostics::ranges;
use crate::documents::Document;

/// The fixes of what is found within a range, and all of the file at once where there are several.
pub(crate) fn quick_fixes(document: &Document, findings: &[Finding], wanted: Range) -> Vec<CodeAction> {
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
    let all = apart(findings.iter().flat_map(Finding::fixes).collect());
    if all.len() > 1 {
        let edits = all.into_iter().map(|fix| edit(document, fix)).collect();
        let title = "fix all that gen-catalog can fix in this file".to_owned();
        actions.push(action(document, title, CodeActionKind::SOURCE_FIX_ALL, edits));
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
