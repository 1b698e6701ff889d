//! Letters and words as sprig's helper library (goutils) and Go's `unicode` change them.

use super::lex::is_alphanumeric;
use crate::go_encoding::runes;

/// Go's upper case of one character. Where Unicode has only a longer one, Go keeps the character.
pub(super) fn upper(c: char) -> char {
    let mut upper = c.to_uppercase();
    match (upper.next(), upper.next()) {
        (Some(one), None) => one,
        _ => c,
    }
}

pub(super) fn lower(c: char) -> char {
    c.to_lowercase().next().unwrap_or(c)
}

/// Upper case but for the letters that are two in one.
fn title_of(c: char) -> char {
    match c {
        'Ǆ' | 'ǅ' | 'ǆ' => 'ǅ',
        'Ǉ' | 'ǈ' | 'ǉ' => 'ǈ',
        'Ǌ' | 'ǋ' | 'ǌ' => 'ǋ',
        'Ǳ' | 'ǲ' | 'ǳ' => 'ǲ',
        c => upper(c),
    }
}

pub(super) fn mapped(text: &[u8], mut with: impl FnMut(char) -> char) -> String {
    runes(text).map(|(c, _)| c.map_or('\u{fffd}', &mut with)).collect()
}

/// `strings.Title`
pub(super) fn title(text: &[u8]) -> String {
    let mut before = ' ';
    mapped(text, |c| {
        let separates = if before.is_ascii() {
            !before.is_ascii_alphanumeric() && before != '_'
        } else {
            !is_alphanumeric(before) && before.is_whitespace()
        };
        before = c;
        if separates { title_of(c) } else { c }
    })
}

pub(super) fn untitle(text: &[u8]) -> String {
    let mut begins = true;
    mapped(text, |c| {
        let changes = begins && !c.is_whitespace();
        begins = c.is_whitespace();
        if changes { lower(c) } else { c }
    })
}

pub(super) fn swap_case(text: &[u8]) -> String {
    let mut after_space = true;
    mapped(text, |c| {
        if c.is_uppercase() || matches!(c, 'ǅ' | 'ǈ' | 'ǋ' | 'ǲ') {
            after_space = false;
            lower(c)
        } else if c.is_lowercase() {
            if std::mem::take(&mut after_space) { title_of(c) } else { upper(c) }
        } else {
            after_space = c.is_whitespace();
            c
        }
    })
}

/// The first byte of each word, as a character.
pub(super) fn initials(text: &[u8]) -> String {
    let mut after_gap = true;
    let mut out = String::new();
    for c in text.iter().copied().map(char::from) {
        let is_gap = c.is_whitespace();
        if after_gap && !is_gap {
            out.push(c);
        }
        after_gap = is_gap;
    }
    out
}

/// Without white space; where there is some, each byte that stays becomes a character.
pub(super) fn without_space(text: &[u8]) -> Vec<u8> {
    let kept: String = text.iter().copied().map(char::from).filter(|c| !c.is_whitespace()).collect();
    if kept.chars().count() == text.len() { text.to_vec() } else { kept.into_bytes() }
}

/// goutils' `AbbreviateFull`
pub(super) fn abbreviate(text: &[u8], offset: i64, width: i64) -> Vec<u8> {
    if offset == 0 && width < 4 {
        return text.to_vec();
    }
    let Some(width) = usize::try_from(width).ok().filter(|width| *width >= 4) else { return Vec::new() };
    if text.len() <= width {
        return text.to_vec();
    }
    let kept = width - 3;
    let mut offset = usize::try_from(offset).unwrap_or(0).min(text.len());
    if text.len() - offset < kept {
        offset = text.len() - kept;
    }
    if offset <= 4 {
        return [&text[..kept], b"..."].concat();
    }
    if width < 7 {
        return Vec::new();
    }
    if offset + kept < text.len() {
        let inner = &text[offset..];
        let short = if kept < 4 {
            Vec::new()
        } else if inner.len() <= kept {
            inner.to_vec()
        } else {
            [&inner[..kept - 3], b"..."].concat()
        };
        return [b"...", &short[..]].concat();
    }
    [b"...", &text[text.len() - kept..]].concat()
}

/// goutils' `WrapCustom`. Behind a long word that is not broken it loses a letter, and so does this.
pub(super) fn wrap(text: &[u8], width: usize, sign: &[u8], breaks_words: bool) -> Vec<u8> {
    let width = width.max(1);
    let mut out = Vec::with_capacity(text.len());
    let mut at = 0;
    while text.len().saturating_sub(at) > width {
        if text[at] == b' ' {
            at += 1;
            continue;
        }
        let end = at + width;
        if let Some(space) = text[at..=end].iter().rposition(|byte| *byte == b' ') {
            out.extend_from_slice(&text[at..at + space]);
            out.extend_from_slice(sign);
            at += space + 1;
        } else if breaks_words {
            out.extend_from_slice(&text[at..end]);
            out.extend_from_slice(sign);
            at = end;
        } else {
            let space = text[end..].iter().position(|byte| *byte == b' ').map_or(end - 1, |space| space + end);
            out.extend_from_slice(&text[at..space]);
            out.extend_from_slice(sign);
            at = space + 1;
        }
    }
    out.extend_from_slice(&text[at..]);
    out
}
