//! A service has a key that Rancher's compose schema does not know.

use crate::report::{Report, Severity};
use crate::rule::{Edit, Example, Rule};
use crate::view::docker_services;
use rancher_catalog::model::Service;
use rancher_catalog::source::TemplateSource;

/// See [`Rule::why`].
pub const RULE: Rule = Rule {
    id: "service-unknown-key",
    severity: Severity::Error,
    finds: "A service has a key that Rancher's compose schema does not know.",
    why: "Rancher refuses the whole stack.",
    mend: "Correct its name.",
    refused_by: None,
    fires: Example(&[Edit::Replace(
        "1/docker-compose.yml",
        "    image: example/web:1.1.0\n",
        "    image: example/web:1.1.0\n    priviledged: true\n",
    )]),
    quiet: Example(&[]),
    check,
};

fn check(template: &TemplateSource, report: &mut Report) {
    for version in &template.versions {
        for service in docker_services(version) {
            let Ok(typed) = serde_yaml::from_value::<Service>(service.node.to_value()) else { continue };
            for name in typed.other.keys() {
                if let Some((key, _)) = service.node.entry(name) {
                    report.in_reading(
                        service.file,
                        service.reading,
                        key,
                        format!("Rancher does not know `{name}` in a service"),
                    );
                }
            }
        }
    }
}
