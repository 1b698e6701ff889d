//! The questions of a version, as far as they are typed: a file that is none yet has variables already.

/// The variables that the questions in a rancher-compose.yml ask for, and what they ask.
pub(crate) fn variables(text: &str) -> Vec<(String, String)> {
    let mut variables: Vec<(String, String)> = Vec::new();
    for line in text.lines() {
        let line = line.trim_start().trim_start_matches("- ").trim_start();
        let value = |key: &str| Some(line.strip_prefix(key)?.strip_prefix(':')?.trim().trim_matches(['"', '\'']));
        if let Some(name) = value("variable").filter(|name| !name.is_empty() && !name.contains(' ')) {
            if variables.iter().all(|(known, _)| known != name) {
                variables.push((name.to_owned(), String::new()));
            }
        } else if let (Some(label), Some((_, about))) = (value("label"), variables.last_mut())
            && about.is_empty()
        {
            label.clone_into(about);
        }
    }
    variables
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn variables_are_found_in_a_file_that_is_half_written() {
        let text = ".catalog:\n  questions:\n  - variable: \"A\"\n    label: How many\n  - variable: B\n    type: [\n";
        let pair = |name: &str, about: &str| (name.to_owned(), about.to_owned());
        assert_eq!(variables(text), [pair("A", "How many"), pair("B", "")]);
        assert_eq!(variables("variable:\n- variable: a b\n"), []);
    }
}
