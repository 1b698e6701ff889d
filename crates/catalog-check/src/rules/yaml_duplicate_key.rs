//! A key stands twice in one map.

use crate::report::{Report, Severity};
use crate::rule::{Edit, Example, Rule};
use crate::view::yaml_files;
use rancher_catalog::source::TemplateSource;
use rancher_catalog::yaml::Problem;

/// See [`Rule::why`].
pub const RULE: Rule = Rule {
    id: "yaml-duplicate-key",
    severity: Severity::Warning,
    finds: "A key stands twice in one map.",
    why: "Rancher takes the last one and says nothing; stricter tools refuse the file.",
    fix: "Remove the one that is not meant.",
    refused_by: None,
    fires: Example(&[Edit::Replace(
        "1/docker-compose.yml",
        "    image: example/web:1.1.0\n",
        "    image: example/web:1.0.0\n    image: example/web:1.1.0\n",
    )]),
    quiet: Example(&[]),
    check,
};

fn check(template: &TemplateSource, report: &mut Report) {
    for file in yaml_files(template) {
        let documents =
            file.raw().iter().map(|document| (None, document)).chain(
                file.readings.iter().filter_map(|reading| Some((Some(reading), reading.document.as_ref().ok()?))),
            );
        for (reading, document) in documents {
            for problem in &document.problems {
                if let Problem::DuplicateKey { key, first, again } = problem {
                    let place = |position| reading.map_or(position, |reading| reading.place(file, position));
                    let (first, again) = (place(*first), place(*again));
                    let end = again.column + u32::try_from(key.chars().count()).unwrap_or(0);
                    report.at(file, again, end, format!("`{key}` stands here again, after line {}", first.line));
                }
            }
        }
    }
}
