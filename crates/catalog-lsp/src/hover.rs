//! What the thing under a cursor is: a finding explained, and a key as the model describes it.

use catalog_check::Finding;
use lsp_types::{Hover, HoverContents, MarkupContent, MarkupKind, Position};
use rancher_catalog::schema::schema;

use crate::cursor::key_at;
use crate::diagnostics::ranges;
use crate::documents::Document;
use crate::schema_path;

/// What is told of a place; `None` where there is nothing to tell.
pub(crate) fn hover(document: &Document, findings: &[Finding], position: Position) -> Option<Hover> {
    let mut parts: Vec<String> = key(document, position).into_iter().collect();
    let here = findings
        .iter()
        .filter(|finding| ranges(document, finding).any(|range| range.start <= position && position <= range.end));
    parts.extend(here.map(explained));
    parts.dedup();
    let value = parts.join("\n\n---\n\n");
    let contents = HoverContents::Markup(MarkupContent { kind: MarkupKind::Markdown, value });
    (!parts.is_empty()).then_some(Hover { contents, range: None })
}

fn key(document: &Document, position: Position) -> Option<String> {
    let kind = document.place.as_ref()?.kind?;
    let (path, key) = key_at(&document.text, document.lines.offset(&document.text, position))?;
    let keys = schema_path::keys(&schema(kind), &path);
    let about = keys.get(&key).filter(|about| !about.is_empty())?;
    Some(format!("**`{key}`**: {about}"))
}

fn explained(finding: &Finding) -> String {
    let rule = finding.rule;
    let refused = rule.refused_by.filter(|by| by.part != catalog_check::RefusedBy::NOBODY);
    let refused = refused.map(|by| format!("\n\nRefused by {}: `{}`", by.part, by.words)).unwrap_or_default();
    format!("**`{}`**: {}\n\n{}\n\n{}{refused}", rule.id, rule.finds, rule.why, rule.fix)
}
