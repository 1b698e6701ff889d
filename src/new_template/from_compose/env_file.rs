//! Files of variables: `.env` beside a compose file, and those that a service names.

/// The variables of a text: `NAME=value` in each line, with or without `export` and quotes; comments and blank lines are none.
/// A name alone has no value.
pub(super) fn variables(text: &str) -> Vec<(String, Option<String>)> {
    let mut found = Vec::new();
    for line in text.lines() {
        let line = line.trim().trim_start_matches('\u{feff}');
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let line = line.strip_prefix("export ").unwrap_or(line);
        let (name, value) = line.split_once('=').map_or((line, None), |(name, value)| (name, Some(value)));
        let name = name.trim();
        let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '-');
        if !name.is_empty() && name.chars().all(is_plain) {
            found.push((name.to_owned(), value.map(unquoted)));
        }
    }
    found
}

fn unquoted(value: &str) -> String {
    let value = value.trim();
    for quote in ['"', '\''] {
        if let Some(inner) = value.strip_prefix(quote)
            && let Some(end) = inner.find(quote)
        {
            return inner[..end].to_owned();
        }
    }
    value.split(" #").next().unwrap_or_default().trim_end().to_owned()
}

#[cfg(test)]
mod tests {
    use super::variables;

    #[test]
    fn lines_are_variables() {
        let text = "\n# c\nA=1\nexport B = \"x # y\" \nC='z' # c\nD=a b # c\nE\nF=\nbad name=1\n=x\n";
        let found: Vec<(String, Option<String>)> = variables(text);
        let found: Vec<(&str, Option<&str>)> = found.iter().map(|(n, v)| (n.as_str(), v.as_deref())).collect();
        let wanted = [
            ("A", Some("1")),
            ("B", Some("x # y")),
            ("C", Some("z")),
            ("D", Some("a b")),
            ("E", None),
            ("F", Some("")),
        ];
        assert_eq!(found, wanted);
    }
}
