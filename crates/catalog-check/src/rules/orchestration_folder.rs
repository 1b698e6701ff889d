//! A Swarm orchestration is in a folder that is not named swarm.

use crate::report::{Report, Severity};
use crate::rule::{Edit, Example, Rule};
use crate::view::is_orchestration;
use rancher_catalog::source::TemplateSource;

/// See [`Rule::why`].
pub const RULE: Rule = Rule {
    id: "orchestration-folder",
    severity: Severity::Warning,
    finds: "A Swarm orchestration is in a folder that is not named swarm.",
    why: "Rancher's UI takes an environment for a Swarm one by the name of the folder alone (infra*swarm).",
    fix: "Name the folder `swarm`.",
    refused_by: None,
    fires: Example(&[
        Edit::Replace("config.yml", "name: Example", "name: Swarm"),
        Edit::Replace("config.yml", "category: Applications", "category: Orchestration"),
    ]),
    quiet: Example(&[
        Edit::Replace("config.yml", "name: Example", "name: Swarm"),
        Edit::Replace("config.yml", "category: Applications", "category: Orchestration"),
        Edit::Folder("infra-templates/swarm"),
    ]),
    check,
};

fn check(template: &TemplateSource, report: &mut Report) {
    let Some(Ok(config)) = template.config_model() else { return };
    let name = config.name.value().map(ToString::to_string).unwrap_or_default().to_lowercase();
    if is_orchestration(template) && name.starts_with("swarm") && template.base == "infra" && template.folder != "swarm"
    {
        report
            .path(&template.path, format!("the folder of a Swarm orchestration is `swarm`, not `{}`", template.folder));
    }
}
