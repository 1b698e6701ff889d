//! What may be typed at a cursor: keys, values that can be counted, the questions' variables, and Rancher's labels.

use lsp_types::{CompletionItem, CompletionItemKind, CompletionTextEdit, Documentation, Position, Range, TextEdit};
use rancher_catalog::launch::known_labels;
use rancher_catalog::schema::schema;
use serde_json::Value;

use crate::cursor::{At, Cursor, Step, cursor};
use crate::documents::Document;
use crate::label_values::{as_text, label_values};
use crate::schema_path;

/// What may be typed there. `variables` are those of the version's questions.
pub(crate) fn completions(
    document: &Document,
    position: Position,
    variables: &[(String, String)],
) -> Vec<CompletionItem> {
    let Some(kind) = document.place.as_ref().and_then(|place| place.kind) else { return Vec::new() };
    let offset = document.lines.offset(&document.text, position);
    let cursor = in_list_of_labels(cursor(&document.text, offset));
    let replaced = Range { start: document.lines.position(&document.text, offset - cursor.typed.len()), end: position };
    let item = |label: &str, new_text: String, kind: CompletionItemKind, about: &str| CompletionItem {
        label: label.to_owned(),
        kind: Some(kind),
        filter_text: Some(label.to_owned()),
        documentation: Some(about)
            .filter(|about| !about.is_empty())
            .map(|about| Documentation::String(about.to_owned())),
        text_edit: Some(CompletionTextEdit::Edit(TextEdit { range: replaced, new_text })),
        ..CompletionItem::default()
    };
    match &cursor.at {
        At::Variable => {
            let closes = !document.text[offset..].starts_with('}');
            let end = if closes { "}" } else { "" };
            let all = variables.iter();
            all.map(|(name, about)| item(name, format!("{name}{end}"), CompletionItemKind::VARIABLE, about)).collect()
        }
        At::Key if is_in_labels(&cursor) => {
            let end = if is_in_list(&cursor) { "=" } else { ": " };
            let text = |label: &str| format!("{label}{end}");
            known_labels().map(|label| item(&label, text(&label), CompletionItemKind::PROPERTY, "")).collect()
        }
        At::Key => {
            let schema = schema(kind);
            let keys = schema_path::keys(&schema, &cursor.path);
            let text = |key: &str| format!("{key}{}", after(&schema, &cursor.path, key));
            keys.iter().map(|(key, about)| item(key, text(key), CompletionItemKind::FIELD, about)).collect()
        }
        At::Value(label) if is_in_labels(&cursor) => {
            let behind = &document.text[offset..];
            let of_value = |value: &&str| {
                let text =
                    if is_in_list(&cursor) { (*value).to_owned() } else { as_text(value, &cursor.typed, behind) };
                // An editor holds it against what is typed, with a quote if that begins with one.
                let is_quoted = cursor.typed.starts_with(['"', '\'']);
                let filter = if is_quoted { text.clone() } else { (*value).to_owned() };
                CompletionItem { filter_text: Some(filter), ..item(value, text, CompletionItemKind::VALUE, "") }
            };
            label_values(label).iter().map(of_value).collect()
        }
        At::Value(key) => {
            let path = [cursor.path.as_slice(), &[Step::Key(key.clone())]].concat();
            let values = schema_path::values(&schema(kind), &path);
            values.iter().map(|value| item(value, value.clone(), CompletionItemKind::VALUE, "")).collect()
        }
    }
}

fn is_in_labels(cursor: &Cursor) -> bool {
    let keys: Vec<&Step> = cursor.path.iter().filter(|step| **step != Step::Item).collect();
    matches!(keys.last(), Some(Step::Key(key)) if key == "labels")
}

fn is_in_list(cursor: &Cursor) -> bool {
    cursor.path.last() == Some(&Step::Item)
}

/// In a list a label and its value are one text: `- label=value`, which may be in quotes.
fn in_list_of_labels(cursor: Cursor) -> Cursor {
    if !(cursor.at == At::Key && is_in_list(&cursor) && is_in_labels(&cursor)) {
        return cursor;
    }
    let typed = cursor.typed.trim_start_matches(['"', '\'']);
    let (at, typed) = match typed.split_once('=') {
        Some((label, value)) => (At::Value(label.to_owned()), value.to_owned()),
        None => (At::Key, typed.to_owned()),
    };
    Cursor { at, typed, ..cursor }
}

/// What is typed after a key: a value follows in its line, or all else below it.
fn after(schema: &Value, path: &[Step], key: &str) -> &'static str {
    let path = [path, &[Step::Key(key.to_owned())]].concat();
    let forms = schema_path::forms(schema, &path);
    let is = |kind: &str| {
        forms.iter().any(|form| match form.get("type") {
            Some(Value::String(only)) => only == kind,
            Some(Value::Array(any)) => any.iter().any(|one| one == kind),
            _ => false,
        })
    };
    let is_plain = ["string", "number", "integer", "boolean"].into_iter().any(is) || forms.is_empty();
    if !is_plain && (is("object") || is("array")) { ":" } else { ": " }
}
