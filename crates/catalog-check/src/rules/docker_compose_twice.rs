//! A version has both docker-compose.yml and docker-compose.yml.tpl.

use crate::report::{Report, Severity};
use crate::rule::{Edit, Example, Rule};
use rancher_catalog::source::TemplateSource;

/// See [`Rule::why`].
pub const RULE: Rule = Rule {
    id: "docker-compose-twice",
    severity: Severity::Warning,
    finds: "A version has both docker-compose.yml and docker-compose.yml.tpl.",
    why: "Rancher launches the .tpl, other tools the .yml.",
    fix: "Keep one.",
    refused_by: None,
    fires: Example(&[Edit::Write(
        "1/docker-compose.yml.tpl",
        "version: '2'\nservices:\n  web:\n    image: example/web:1.1.0\n    environment:\n      COLOR: ${COLOR}\n      SIZE: ${SIZE}\n",
    )]),
    quiet: Example(&[]),
    check,
};

fn check(template: &TemplateSource, report: &mut Report) {
    for version in template.versions.iter().filter(|version| version.docker_compose_twice) {
        report.path(&version.path, "there are both docker-compose.yml and docker-compose.yml.tpl");
    }
}
