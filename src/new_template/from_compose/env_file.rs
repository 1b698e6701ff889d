//! Files of variables: `.env` beside a compose file, and those that a service names; read as compose reads them.

/// A variable of such a file. Its value is as a compose file would have it: two dollars stand for one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Line {
    /// Where it begins, from 1.
    pub number: u32,
    pub name: String,
    /// A name alone has none.
    pub value: Option<String>,
}

/// The variables of a text, and the lines that cannot be read, with why.
pub(super) fn variables(text: &str) -> (Vec<Line>, Vec<(u32, &'static str)>) {
    let (mut found, mut odd) = (Vec::new(), Vec::new());
    let mut rest = text.trim_start_matches('\u{feff}');
    let mut number = 1_u32;
    while !rest.is_empty() {
        let end = rest.find('\n').unwrap_or(rest.len());
        let behind = rest.get(end + 1..).unwrap_or_default();
        let line = rest[..end].trim();
        if line.is_empty() || line.starts_with('#') {
            (rest, number) = (behind, number + 1);
            continue;
        }
        let line = match line.strip_prefix("export") {
            Some(exported) if exported.starts_with(char::is_whitespace) => exported.trim_start(),
            _ => line,
        };
        let (name, value) = match line.find(['=', ':']) {
            Some(at) => (line[..at].trim_end(), Some(line[at + 1..].trim_start())),
            None => (line.split(" #").next().unwrap_or(line).trim_end(), None),
        };
        let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '-');
        if name.is_empty() || !name.chars().all(is_plain) {
            odd.push((number, "it is no NAME=VALUE"));
            (rest, number) = (behind, number + 1);
            continue;
        }
        let name = name.to_owned();
        let quote = value.and_then(|value| value.chars().next()).filter(|c| matches!(c, '"' | '\''));
        let (Some(value), Some(quote)) = (value, quote) else {
            let value = value.map(|value| plain(value).to_owned());
            found.push(Line { number, name, value });
            (rest, number) = (behind, number + 1);
            continue;
        };
        // The quote may span lines, so that it is looked for in all that is left.
        let start = value.as_ptr() as usize - rest.as_ptr() as usize + 1;
        let Some(close) = closing(&rest[start..], quote) else {
            odd.push((number, "the quote that begins there has no end; it and what stands behind it are left out"));
            break;
        };
        let inner = &rest[start..start + close];
        let value = if quote == '"' { unescaped(inner) } else { inner.replace('$', "$$") };
        found.push(Line { number, name, value: Some(value) });
        number += u32::try_from(inner.matches('\n').count()).unwrap_or_default();
        rest = &rest[start + close + 1..];
        let end = rest.find('\n').unwrap_or(rest.len());
        let more = rest[..end].trim();
        if !more.is_empty() && !more.starts_with('#') {
            odd.push((number, "what stands behind the closing quote is left out"));
        }
        (rest, number) = (rest.get(end + 1..).unwrap_or_default(), number + 1);
    }
    (found, odd)
}

/// A value without quotes ends at a comment behind a blank.
fn plain(value: &str) -> &str {
    let is_comment = |at: &usize| *at == 0 || value[..*at].ends_with([' ', '\t']);
    let end = value.match_indices('#').map(|(at, _)| at).find(is_comment).unwrap_or(value.len());
    value[..end].trim_end()
}

fn closing(text: &str, quote: char) -> Option<usize> {
    let mut is_escaped = false;
    for (at, c) in text.char_indices() {
        if c == quote && !is_escaped {
            return Some(at);
        }
        is_escaped = c == '\\' && !is_escaped;
    }
    None
}

fn unescaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut letters = text.chars();
    while let Some(c) = letters.next() {
        if c != '\\' {
            out.push(c);
            continue;
        }
        match letters.next() {
            Some('n') => out.push('\n'),
            Some('r') => out.push('\r'),
            Some('t') => out.push('\t'),
            Some('$') => out.push_str("$$"),
            Some(c @ ('"' | '\\')) => out.push(c),
            Some(c) => out.extend(['\\', c]),
            None => out.push('\\'),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::variables;

    #[test]
    fn lines_are_variables() {
        let text = "\u{feff}\n# c\nA=1\nexport B = \"x # y\" \nC='z$' # c\nD=a b # c\nE\nF=\nbad name=1\n=x\nG=\"a\nb\\\"\\n\" \
                    # c\nH='-\n-'\nI=a#b\nJ: k\nK=\"a\" b\nL=\"never\nends=1\n";
        let (found, odd) = variables(text);
        let found: Vec<(u32, &str, Option<&str>)> =
            found.iter().map(|line| (line.number, line.name.as_str(), line.value.as_deref())).collect();
        let wanted = [
            (3, "A", Some("1")),
            (4, "B", Some("x # y")),
            (5, "C", Some("z$$")),
            (6, "D", Some("a b")),
            (7, "E", None),
            (8, "F", Some("")),
            (11, "G", Some("a\nb\"\n")),
            (13, "H", Some("-\n-")),
            (15, "I", Some("a#b")),
            (16, "J", Some("k")),
            (17, "K", Some("a")),
        ];
        assert_eq!(found, wanted);
        assert_eq!(odd.iter().map(|(number, _)| *number).collect::<Vec<_>>(), [9, 10, 17, 18]);
    }
}
