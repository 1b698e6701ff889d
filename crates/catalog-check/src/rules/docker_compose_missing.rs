//! A version has no docker-compose file, or an environment template no project.yml.

use crate::report::{Report, Severity};
use crate::rule::{Edit, Example, RefusedBy, Rule};
use crate::view::{has_compose, is_looked_at, stated_version};
use rancher_catalog::source::TemplateSource;

/// See [`Rule::why`].
pub const RULE: Rule = Rule {
    id: "docker-compose-missing",
    severity: Severity::Error,
    finds: "A version has no docker-compose file, or an environment template no project.yml.",
    why: "There is nothing to launch.",
    fix: "Add docker-compose.yml or docker-compose.yml.tpl; project.yml for an environment template.",
    refused_by: Some(RefusedBy {
        part: "the UI",
        words: "it has nothing to hand to the compose executor: the stack is empty",
    }),
    fires: Example(&[Edit::Remove("1/docker-compose.yml")]),
    quiet: Example(&[]),
    check,
};

fn check(template: &TemplateSource, report: &mut Report) {
    for version in template.versions.iter().filter(|version| is_looked_at(version)) {
        let names = || version.files.iter().map(|file| file.rsplit('/').next().unwrap_or_default());
        let is_link = |wanted: &str| template.unreadable.iter().any(|file| file.path == version.path.join(wanted));
        let is_there = |wanted: &str| names().any(|name| name == wanted) || is_link(wanted);
        // Nobody can launch what Rancher drops.
        if stated_version(version).is_none() {
            continue;
        }
        if template.base == "project" {
            if !is_there("project.yml") {
                report.path(&version.path, "there is no project.yml");
            }
        } else if has_compose(template) && !is_there("docker-compose.yml") && !is_there("docker-compose.yml.tpl") {
            match names().find(|name| name.to_ascii_lowercase().starts_with("docker-compose.y")) {
                Some(name) => report.path(
                    &version.path.join(name),
                    "Rancher looks for docker-compose.yml and docker-compose.yml.tpl alone",
                ),
                None => report.path(&version.path, "there is no docker-compose.yml and no docker-compose.yml.tpl"),
            }
        }
    }
}
