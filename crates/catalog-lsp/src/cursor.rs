//! Where a cursor is in YAML that is being typed, and so may be none yet: by how far its lines are indented.

/// A step on the way to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Step {
    /// The value of a key.
    Key(String),
    /// An item of a list.
    Item,
}

/// What stands at a cursor.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum At {
    /// A key, or what may become one.
    Key,
    /// The value of a key.
    Value(String),
    /// The name of a variable: `${NAME`.
    Variable,
}

/// Where it is.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Cursor {
    /// The way to what holds the key, or the item, that it is at.
    pub(crate) path: Vec<Step>,
    /// What it is at.
    pub(crate) at: At,
    /// What is typed of it so far.
    pub(crate) typed: String,
}

/// A line that says where it is: the column of its `-`, that of its key, and the key.
struct Line<'t> {
    dash: Option<usize>,
    column: usize,
    key: Option<&'t str>,
    /// What follows the key.
    value: Option<&'t str>,
    rest: &'t str,
}

fn read(line: &str) -> Option<Line<'_>> {
    let trimmed = line.trim_start_matches(' ');
    let mut column = line.len() - trimmed.len();
    if trimmed.is_empty() || trimmed.starts_with('#') {
        return None;
    }
    let mut rest = trimmed;
    let mut dash = None;
    while let Some(item) = rest.strip_prefix('-').filter(|item| item.is_empty() || item.starts_with(' ')) {
        dash.get_or_insert(column);
        let inside = item.trim_start_matches(' ');
        column += rest.len() - inside.len();
        rest = inside;
    }
    let parts = rest.split_once(": ").or_else(|| Some((rest.strip_suffix(':')?, "")));
    let parts = parts.filter(|(key, _)| !key.starts_with(['{', '[', '|', '>']));
    let (key, value) = parts.map_or((None, None), |(key, value)| (Some(unquoted(key)), Some(value)));
    Some(Line { dash, column, key, value, rest })
}

fn unquoted(text: &str) -> &str {
    text.trim().trim_matches(['"', '\''])
}

/// What a cursor is at, so many bytes into a text.
pub(crate) fn cursor(text: &str, offset: usize) -> Cursor {
    let (above, before) = match text[..offset].rfind('\n') {
        Some(end) => (&text[..end], &text[end + 1..offset]),
        None => ("", &text[..offset]),
    };
    let own = read(before).unwrap_or(Line { dash: None, column: before.len(), key: None, value: None, rest: "" });
    let path = path(above, &own);
    let variable = before.rfind("${").map(|at| &before[at + 2..]).filter(|name| !name.contains(['}', ':', ' ']));
    let (at, typed) = match (variable, own.key, own.value) {
        (Some(name), ..) => (At::Variable, name),
        (None, Some(key), Some(value)) => (At::Value(key.to_owned()), value),
        _ => (At::Key, own.rest),
    };
    Cursor { path, at, typed: typed.to_owned() }
}

/// The way to the key in a line, if the cursor is at it.
pub(crate) fn key_at(text: &str, offset: usize) -> Option<(Vec<Step>, String)> {
    let start = text[..offset].rfind('\n').map_or(0, |end| end + 1);
    let line = text[start..].split(['\n', '\r']).next().unwrap_or_default();
    let own = read(line)?;
    let key = own.key?;
    let end = own.column + key.len() + 2;
    ((own.column..=end).contains(&(offset - start))).then(|| (path(&text[..start], &own), key.to_owned()))
}

/// The way to a line, by the lines above it.
fn path(above: &str, own: &Line<'_>) -> Vec<Step> {
    let mut path = Vec::new();
    let (mut keys_below, mut dashes_below) = (own.column, own.column);
    if let Some(dash) = own.dash {
        path.push(Step::Item);
        (keys_below, dashes_below) = (dash + 1, dash);
    }
    for line in above.lines().rev() {
        if keys_below == 0 {
            break;
        }
        let Some(line) = read(line) else { continue };
        if let Some(key) = line.key.filter(|_| line.column < keys_below) {
            path.push(Step::Key(key.to_owned()));
            (keys_below, dashes_below) = (line.column, line.column);
        }
        if let Some(dash) = line.dash.filter(|dash| *dash < dashes_below) {
            path.push(Step::Item);
            (keys_below, dashes_below) = (dash + 1, dash);
        }
    }
    path.reverse();
    path
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str =
        "version: '2'\nservices:\n  web:\n    image: nginx:${TAG}\n    # so\n    labels:\n      a: b\n    \n";

    fn at(text: &str) -> Cursor {
        let offset = text.find('|').unwrap();
        cursor(&text.replacen('|', "", 1), offset)
    }

    fn keys(path: &[Step]) -> String {
        let names = path.iter().map(|step| match step {
            Step::Key(key) => key.as_str(),
            Step::Item => "-",
        });
        names.collect::<Vec<_>>().join("/")
    }

    #[test]
    fn a_key_is_found_by_how_far_it_is_indented() {
        let found = at(&TEXT.replace("    \n", "    hea|\n"));
        assert_eq!((keys(&found.path).as_str(), found.at, found.typed.as_str()), ("services/web", At::Key, "hea"));
        let found = at(&TEXT.replace("    \n", "    |\n"));
        assert_eq!((keys(&found.path).as_str(), found.at, found.typed.as_str()), ("services/web", At::Key, ""));
        let found = at(&TEXT.replace("      a: b", "      io.ra|"));
        assert_eq!((keys(&found.path).as_str(), found.typed.as_str()), ("services/web/labels", "io.ra"));
        assert_eq!(keys(&at("|").path), "");
    }

    #[test]
    fn items_of_lists_are_steps_however_they_are_indented() {
        for text in [
            ".catalog:\n  questions:\n    - variable: A\n      type: int\n    - variable: B\n      |",
            ".catalog:\n  questions:\n  - variable: A\n    type: int\n  - variable: B\n    |",
            ".catalog:\n  questions:\n  - variable: A\n    type: int\n  - |",
        ] {
            assert_eq!(keys(&at(text).path), ".catalog/questions/-", "{text}");
        }
        assert_eq!(keys(&at("web:\n  links:\n  - |").path), "web/links/-");
    }

    #[test]
    fn variables_and_values_are_told_from_keys() {
        let found = at("web:\n  image: nginx:${TA|");
        assert_eq!((found.at, found.typed.as_str()), (At::Variable, "TA"));
        let found = at("web:\n  privileged: t|");
        assert_eq!((found.at, found.typed.as_str()), (At::Value("privileged".into()), "t"));
        assert_eq!(at("web:\n  image: ${TAG}:|").at, At::Value("image".into()));
    }

    #[test]
    fn the_key_under_a_cursor_is_found_and_no_value_is() {
        let offset = TEXT.find("image").unwrap();
        let (path, key) = key_at(TEXT, offset + 2).unwrap();
        assert_eq!((keys(&path).as_str(), key.as_str()), ("services/web", "image"));
        assert_eq!(key_at(TEXT, TEXT.find("nginx").unwrap() + 2), None);
    }

    #[test]
    fn any_text_has_cursors() {
        let texts = ["- - - a:\n\t- b\n:\n-\n  -x: y\n", "é: ü\n  𝄞: [a,\n b: {c", "\r\n\r\na:\r\n  b"];
        for text in texts {
            for (offset, _) in text.char_indices() {
                let _ = (cursor(text, offset), key_at(text, offset));
            }
        }
    }
}
