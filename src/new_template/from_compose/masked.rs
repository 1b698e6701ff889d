//! A text of a compose file as Rancher gets it: what in it nobody else should read is a question.

use super::super::remark::What;
use super::super::secret_names::{holds_secret, is_secret};
use super::super::secret_text::secrets_in;
use super::reader::{Place, Reader};
use super::variables::{Part, Variable};

/// Stands for a variable while secrets are looked for.
const MARK: char = '\u{f8ff}';

/// A text in its letters, with variables as one letter each, by their places.
struct Marked {
    text: String,
    variables: Vec<(usize, Variable)>,
}

impl Marked {
    fn within(&self, from: usize, to: usize) -> Vec<&Variable> {
        self.variables.iter().filter(|(at, _)| (from..to).contains(at)).map(|(_, variable)| variable).collect()
    }
}

/// The text of parts, with Rancher's variables for those of compose and for secrets.
pub(super) fn text(reader: &mut Reader<'_>, name: &str, parts: Vec<Part>, place: Place<'_>) -> String {
    let marked = marked(reader, name, parts, place);
    let is_plain = marked.variables.is_empty();
    let is_whole = if is_plain { holds_secret(name, &marked.text) } else { is_secret(name) };
    let mut out = String::with_capacity(marked.text.len());
    if is_whole {
        secret(reader, name, &marked, (0, marked.text.len()), place, &mut out);
        return out;
    }
    let mut from = 0;
    for found in secrets_in(&marked.text) {
        plain(reader, &marked, (from, found.at.start), place, &mut out);
        let of = if name.is_empty() { found.name.to_uppercase() } else { format!("{name}_{}", found.name) };
        secret(reader, &of, &marked, (found.at.start, found.at.end), place, &mut out);
        from = found.at.end;
    }
    plain(reader, &marked, (from, marked.text.len()), place, &mut out);
    out
}

fn marked(reader: &mut Reader<'_>, name: &str, parts: Vec<Part>, place: Place<'_>) -> Marked {
    let mut marked = Marked { text: String::new(), variables: Vec::new() };
    for part in parts {
        match part {
            Part::Plain(text) => marked.text.push_str(&text),
            Part::Dollar => marked.text.push('$'),
            Part::Variable(variable) => {
                marked.variables.push((marked.text.len(), variable));
                marked.text.push(MARK);
            }
            Part::Alternative(text) => {
                let (before, word) = text.split_once('+').unwrap_or((&text, ""));
                let is_hidden = is_secret(name) || word.contains('$') || !secrets_in(word).is_empty();
                let shown = if is_hidden { format!("{before}+…}}") } else { text.clone() };
                let message = format!("`{shown}` is left out: Rancher cannot tell whether a variable has a value");
                reader.draft.remarks.tell(What::LeftOut, Some(place.at), message);
            }
        }
    }
    marked
}

fn plain(reader: &mut Reader<'_>, marked: &Marked, (from, to): (usize, usize), place: Place<'_>, out: &mut String) {
    let variables = marked.within(from, to);
    let mut next = variables.iter();
    let mut places = marked.variables.iter().filter(|(at, _)| (from..to).contains(at)).map(|(at, _)| *at).peekable();
    for (at, c) in marked.text[from..to].char_indices() {
        if places.next_if_eq(&(from + at)).is_some() {
            if let Some(variable) = next.next() {
                reader.ask(variable, false, place);
                out.push_str(&format!("${{{}}}", variable.name));
            }
        } else if c == '$' {
            out.push_str("$$");
        } else {
            out.push(c);
        }
    }
}

/// What is a secret from one place to another.
fn secret(
    reader: &mut Reader<'_>,
    name: &str,
    marked: &Marked,
    (from, to): (usize, usize),
    place: Place<'_>,
    out: &mut String,
) {
    let held = &marked.text[from..to];
    let variables = marked.within(from, to);
    let is_sign = |c: char| c == MARK || !(c.is_alphanumeric() || c == '$');
    if variables.is_empty() || !held.chars().all(is_sign) {
        // What is made of both cannot be told apart: all of it is asked for.
        let mut value = String::new();
        let mut known = variables.iter();
        for c in held.chars() {
            match known.as_slice().first().filter(|_| c == MARK) {
                Some(variable) => {
                    value.push_str(&format!("${{{}}}", variable.name));
                    known.next();
                }
                None => value.push(c),
            }
        }
        out.push_str(&reader.secret(name, &value, place));
        return;
    }
    for variable in &variables {
        // `TOKEN: ${TTL:-30}` is as little a secret as what has that value itself.
        let default = reader.default_of(variable);
        let is_hidden = default.is_none_or(|text| holds_secret(name, &text));
        reader.ask(variable, is_hidden, place);
    }
    let mut next = variables.iter();
    for c in held.chars() {
        match c {
            MARK => next.next().iter().for_each(|variable| out.push_str(&format!("${{{}}}", variable.name))),
            _ => out.push(c),
        }
    }
}
