//! Values without quotes that YAML reads as something else than is written, where Rancher says nothing of it.

use super::raw::Raw;
use super::{Cause, Teller};
use crate::go_template::fraction;
use crate::yaml::{NodeKind, Typed};

/// How far below a text is wanted a value stands.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Wanted {
    /// Rancher makes a text of whatever stands here.
    Text,
    /// What it is to YAML stays so.
    Same,
}

/// Tells of the values of a key of a service, or of an entry of a section.
pub(super) fn tell<'a>(key: &str, value: &Raw<'a>, teller: &mut Teller<'_, 'a>) {
    match key {
        // Of labels a rule of its own tells all that is no text.
        "labels" => {}
        "environment" | "build" | "ports" | "expose" | "group_add" => look(value, Wanted::Text, teller),
        "logging" | "log_opt" | "options" | "opts" | "driver_opts" => look(value, Wanted::Text, teller),
        // A mode is an octal number.
        "secrets" => {}
        _ => look(value, Wanted::Same, teller),
    }
}

fn look<'a>(value: &Raw<'a>, wanted: Wanted, teller: &mut Teller<'_, 'a>) {
    value.items().iter().for_each(|item| look(item, wanted, teller));
    for (key, value) in value.entries() {
        match key.text {
            _ if wanted == Wanted::Text => look(value, wanted, teller),
            "driver_opts" | "options" | "opts" => look(value, Wanted::Text, teller),
            _ => look(value, wanted, teller),
        }
    }
    // What is refused here is told already.
    if teller.told.iter().rev().take(50).any(|told| std::ptr::eq(told.at, value.at)) {
        return;
    }
    let NodeKind::Scalar { value: typed, text, plain: true } = &value.at.kind else { return };
    let (kind, read) = match typed {
        Typed::Bool(read) => ("a boolean", read.to_string()),
        Typed::Number(number) if number.is_f64() => ("a number", fraction(number.as_f64().unwrap_or_default())),
        Typed::Number(number) => ("a number", number.to_string()),
        Typed::Text | Typed::Null => return,
    };
    if wanted == Wanted::Text && read != *text {
        let message =
            format!("YAML reads `{text}` as {kind}, and Rancher makes `{read}` of it: put in quotes what is meant");
        teller.tell(Cause::Retyped, value.at, message);
    } else if is_octal(text) && text.trim_start_matches(['-', '+', '0', '_']) != read.trim_start_matches('-') {
        let message =
            format!("YAML reads `{text}` as an octal number, {read}: leave out the zero in front, or write {read}");
        teller.tell(Cause::Retyped, value.at, message);
    }
}

/// Whether a number is read with the base 8 for its zero in front.
fn is_octal(text: &str) -> bool {
    let digits = text.trim_start_matches(['-', '+']);
    digits.len() > 1 && digits.starts_with('0') && digits.bytes().all(|byte| matches!(byte, b'0'..=b'7' | b'_'))
}
