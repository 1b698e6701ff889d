//! Two revisions that follow each other have the same docker-compose file, byte for byte.

use crate::report::{Report, Severity};
use crate::rule::{Edit, Example, Rule};
use rancher_catalog::source::TemplateSource;

/// See [`Rule::why`].
pub const RULE: Rule = Rule {
    id: "versions-identical",
    severity: Severity::Note,
    finds: "Two revisions that follow each other have the same docker-compose file, byte for byte.",
    why: "The newer one may have been copied and not changed.",
    fix: "Check that what is new is in rancher-compose.yml alone.",
    refused_by: None,
    fires: Example(&[Edit::Write(
        "0/docker-compose.yml",
        "version: '2'\nservices:\n  web:\n    image: example/web:1.1.0\n    environment:\n      COLOR: ${COLOR}\n      SIZE: ${SIZE}\n    labels:\n      io.rancher.container.pull_image: always\n    ports:\n      - '8080:80'\n",
    )]),
    quiet: Example(&[]),
    check,
};

fn check(template: &TemplateSource, report: &mut Report) {
    for pair in template.versions.windows(2) {
        if let (Some(before), Some(after)) = (&pair[0].docker_compose, &pair[1].docker_compose)
            && before.text == after.text
            && !after.text.is_empty()
        {
            report.path(&after.path, format!("it is the same as that of revision {}", pair[0].name));
        }
    }
}
