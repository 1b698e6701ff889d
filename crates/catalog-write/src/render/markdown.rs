//! Texts of others in a README: what they hold is read, and never taken for Markdown, HTML or an order to a terminal.

use rancher_catalog::hidden::acts;

/// A text in a line or a cell of a table.
pub(super) fn prose(text: &str) -> String {
    let mut out = String::new();
    for c in in_a_line(text).chars() {
        match c {
            // Within a word an underscore stays what it is.
            '\\' | '`' | '*' | '[' | ']' | '|' => out.extend(['\\', c]),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '&' => out.push_str("&amp;"),
            _ => out.push(c),
        }
    }
    out
}

/// A text as code, in a line or a cell of a table: fenced by more backticks than it has in a row.
pub(super) fn code(text: &str) -> String {
    let text = in_a_line(text).replace('|', "\\|");
    let longest = text.split(|c| c != '`').map(str::len).max().unwrap_or_default();
    let fence = "`".repeat(longest + 1);
    let space = if text.starts_with('`') || text.ends_with('`') { " " } else { "" };
    format!("{fence}{space}{text}{space}{fence}")
}

fn in_a_line(text: &str) -> String {
    let seen: String = text.chars().map(|c| if c.is_whitespace() { ' ' } else { c }).filter(|c| !acts(*c)).collect();
    seen.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_in_a_text_acts() {
        for (text, wanted) in [
            ("Plain text, with DB_USER & co.", "Plain text, with DB_USER &amp; co."),
            ("<img src=x onerror=alert(1)>", "&lt;img src=x onerror=alert(1)&gt;"),
            ("[click](javascript:x) ![](http://a)", "\\[click\\](javascript:x) !\\[\\](http://a)"),
            ("a\u{1b}[31mb\n# c\t|\u{202e}`", "a\\[31mb # c \\|\\`"),
            ("<!-- ", "&lt;!--"),
        ] {
            assert_eq!(prose(text), wanted, "{text:?}");
        }
        for (text, wanted) in [
            ("a b", "`a b`"),
            ("a`b", "``a`b``"),
            ("``a``", "``` ``a`` ```"),
            ("a|b", "`a\\|b`"),
            ("a\n\n<b>\u{7}", "`a <b>`"),
        ] {
            assert_eq!(code(text), wanted, "{text:?}");
        }
    }
}
