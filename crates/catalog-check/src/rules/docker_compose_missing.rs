//! A version has no docker-compose file, or an environment template no project.yml.

use crate::report::{Report, Severity};
use crate::rule::{Edit, Example, Rule};
use crate::view::has_compose;
use rancher_catalog::source::TemplateSource;

/// See [`Rule::why`].
pub const RULE: Rule = Rule {
    id: "docker-compose-missing",
    severity: Severity::Error,
    finds: "A version has no docker-compose file, or an environment template no project.yml.",
    why: "There is nothing to launch.",
    mend: "Add docker-compose.yml or docker-compose.yml.tpl; project.yml for an environment template.",
    refused_by: None,
    fires: Example(&[Edit::Remove("1/docker-compose.yml")]),
    quiet: Example(&[]),
    check,
};

fn check(template: &TemplateSource, report: &mut Report) {
    for version in template.versions.iter().filter(|version| version.revision.is_some()) {
        let named = |wanted: &str| version.files.iter().any(|name| name.starts_with(wanted));
        if template.base == "project" {
            if !named("project.yml") {
                report.path(&version.path, "there is no project.yml");
            }
        } else if has_compose(template) && !named("docker-compose.yml") {
            report.path(&version.path, "there is no docker-compose.yml and no docker-compose.yml.tpl");
        }
    }
}
