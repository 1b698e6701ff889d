//! Characters that are not seen but act: on a terminal, or on whoever reads a line.

use std::borrow::Cow;

use unicode_general_category::{GeneralCategory, get_general_category};

/// Whether a character acts instead of being seen: controls (C0, DEL, C1), format characters (among them those that turn
/// the direction of a text), and the separators of lines and paragraphs. Line breaks and tabs are such too.
pub fn acts(c: char) -> bool {
    !matches!(c, ' '..='~')
        && matches!(
            get_general_category(c),
            GeneralCategory::Control
                | GeneralCategory::Format
                | GeneralCategory::LineSeparator
                | GeneralCategory::ParagraphSeparator
        )
}

/// A text with what acts in it as `\u{1b}`; line breaks and tabs stay.
pub fn seen(text: &str) -> Cow<'_, str> {
    escaped(text, |c| acts(c) && c != '\n' && c != '\t')
}

/// The same in one line: a tab is a space, a line break is seen too.
pub fn seen_in_a_line(text: &str) -> Cow<'_, str> {
    match escaped(text, |c| acts(c) && c != '\t') {
        text if text.contains('\t') => text.replace('\t', " ").into(),
        text => text,
    }
}

fn escaped(text: &str, wanted: impl Fn(char) -> bool) -> Cow<'_, str> {
    if !text.contains(&wanted) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        if wanted(c) { out.extend(c.escape_unicode()) } else { out.push(c) }
    }
    out.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_acts_is_shown_and_the_rest_is_left_alone() {
        assert_eq!(seen("a\u{1b}[31mb\u{7}\r\n\tc\u{9b}d\u{7f}"), "a\\u{1b}[31mb\\u{7}\\u{d}\n\tc\\u{9b}d\\u{7f}");
        for c in "\u{61c}\u{200b}\u{200e}\u{202e}\u{2066}\u{2069}\u{2028}\u{2029}\u{ad}\u{feff}\u{e0041}".chars() {
            assert_eq!(seen(&c.to_string()), c.escape_unicode().to_string());
        }
        let plain = "Größe → 日本語, naïve — 100 % 😀";
        assert!(matches!(seen(plain), Cow::Borrowed(text) if text == plain));
        assert_eq!(seen_in_a_line("a\tb\nc"), "a b\\u{a}c");
    }
}
