//! The maintainer is not of the form `First Last <mail@example.com>`.

use crate::report::{Report, Severity};
use crate::rule::{Edit, Example, Rule};
use rancher_catalog::source::TemplateSource;

/// See [`Rule::why`].
pub const RULE: Rule = Rule {
    id: "maintainer-form",
    severity: Severity::Note,
    finds: "The maintainer is not of the form `First Last <mail@example.com>`.",
    why: "The community catalog's CI refuses it: two to five words, then an address in angle brackets.",
    fix: "Write it in that form.",
    refused_by: None,
    fires: Example(&[Edit::Replace("config.yml", "Jane Doe <jane@example.com>", "jane@example.com")]),
    quiet: Example(&[]),
    check,
};

fn check(template: &TemplateSource, report: &mut Report) {
    let Some(file) = &template.config else { return };
    let root = file.raw().as_ref().ok().and_then(|document| document.root.as_ref());
    let Some(node) = root.and_then(|root| root.get("maintainer")) else { return };
    let Some(text) = node.text().filter(|text| !text.is_empty()) else { return };
    if !is_maintainer(text) {
        report.node(
            file,
            node,
            "the maintainer is not of the form `First Last <mail@example.com>`, with 2 to 5 words before the address",
        );
    }
}

/// Whether a maintainer has the form that the community catalog's CI wants: `^([\\S]+ ){2,5}<[^@]+@[^@]+\\.[^@]+>$`
pub fn is_maintainer(text: &str) -> bool {
    let Some((words, address)) = text.split_once(" <") else { return false };
    let words: Vec<&str> = words.split(' ').collect();
    let Some((name, host)) = address.strip_suffix('>').and_then(|address| address.split_once('@')) else {
        return false;
    };
    (2..=5).contains(&words.len())
        && words.iter().all(|word| !word.is_empty() && !word.contains(char::is_whitespace))
        && !name.is_empty()
        && !host.contains('@')
        && host.rsplit_once('.').is_some_and(|(domain, end)| !domain.is_empty() && !end.is_empty())
}
