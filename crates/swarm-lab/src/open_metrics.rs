//! A strict look at a text of OpenMetrics 1.0.

use std::collections::{BTreeMap, BTreeSet};

/// The values by name and labels, as they are written; what is wrong with the text otherwise.
pub fn read(text: &str) -> Result<BTreeMap<String, f64>, String> {
    let body = text.strip_suffix("# EOF\n").ok_or("it does not end with # EOF")?;
    let mut families = BTreeSet::new();
    let mut described = BTreeSet::new();
    let (mut family, mut kind) = (String::new(), String::new());
    let mut samples = BTreeMap::new();
    for line in body.lines() {
        if let Some(rest) = line.strip_prefix("# ") {
            let words: Vec<&str> = rest.splitn(3, ' ').collect();
            let [word, name, said] = words[..] else { return Err(format!("odd: {line}")) };
            if name != family {
                if !families.insert(name.to_owned()) {
                    return Err(format!("{name} is described twice: {line}"));
                }
                (family, kind) = (name.to_owned(), String::new());
            }
            if !described.insert((word.to_owned(), name.to_owned())) {
                return Err(format!("a second {word} of {name}"));
            }
            match word {
                "TYPE" if ["gauge", "counter", "info"].contains(&said) => said.clone_into(&mut kind),
                "HELP" if !said.trim().is_empty() => {}
                "UNIT" if name.ends_with(&format!("_{said}")) => {}
                _ => return Err(format!("odd: {line}")),
            }
            continue;
        }
        let (series, value) = line.rsplit_once(' ').ok_or_else(|| format!("odd: {line:?}"))?;
        let value: f64 = value.parse().map_err(|_| format!("no number: {line}"))?;
        let (name, labels) = series.split_once('{').unwrap_or((series, "}"));
        let suffix = match kind.as_str() {
            "counter" => "_total",
            "info" => "_info",
            _ => "",
        };
        if kind.is_empty() || name != format!("{family}{suffix}") {
            return Err(format!("{line} is not of {kind} {family}"));
        }
        if name.contains(|letter: char| !letter.is_ascii_alphanumeric() && letter != '_') {
            return Err(format!("odd name: {line}"));
        }
        let labels = labels.strip_suffix('}').ok_or_else(|| format!("odd labels: {line}"))?;
        for label in labels.split(',').filter(|label| !label.is_empty()) {
            let (_, value) = label.split_once('=').ok_or_else(|| format!("odd label: {line}"))?;
            if value.len() < 2 || !value.starts_with('"') || !value.ends_with('"') {
                return Err(format!("odd label: {line}"));
            }
        }
        if samples.insert(series.to_owned(), value).is_some() {
            return Err(format!("{series} twice"));
        }
    }
    Ok(samples)
}
