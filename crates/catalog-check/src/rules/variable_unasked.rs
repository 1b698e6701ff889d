//! A compose file uses a variable that no question asks for.

use std::collections::HashSet;

use crate::report::{Report, Severity};
use crate::rule::{Edit, Example, Rule};
use crate::view::{
    asked_variables, docker_services, has_compose, question_value, questions, rancher_services, retyped, texts,
};
use rancher_catalog::go_template::Template;
use rancher_catalog::interpolation::references;
use rancher_catalog::source::TemplateSource;
use rancher_catalog::yaml::Position;

/// See [`Rule::why`].
pub const RULE: Rule = Rule {
    id: "variable-unasked",
    severity: Severity::Warning,
    finds: "A compose file uses a variable that no question asks for.",
    why: "It becomes empty when the stack is launched from the catalog.",
    fix: "Add the question, or correct the name; `$$` stands for a dollar.",
    refused_by: None,
    fires: Example(&[Edit::Replace("1/docker-compose.yml", "SIZE: ${SIZE}", "SIZE: ${SIZE}-${SIZ}")]),
    quiet: Example(&[]),
    check,
};

fn check(template: &TemplateSource, report: &mut Report) {
    for version in template.versions.iter().filter(|_| has_compose(template)) {
        // Where the questions cannot be read, that is told.
        let Some(asked) = asked_variables(version) else { continue };
        let written: HashSet<&str> = questions(version)
            .iter()
            .filter_map(|(_, question)| Some(retyped(question_value(question, "variable")?)?.0))
            .collect();
        let asked: HashSet<&str> = asked.iter().map(String::as_str).collect();
        let is_asked = |name: &str| asked.contains(name) || written.contains(name);
        for service in docker_services(version).iter().chain(&rancher_services(version)) {
            texts(service.node, &mut |node, text| {
                for (name, _) in references(text) {
                    if !is_asked(name) {
                        report.in_reading(
                            service.file,
                            service.reading,
                            node,
                            format!("no question asks for {name}: it will be empty"),
                        );
                    }
                }
            });
        }
        for file in version.docker_compose.iter().chain(&version.rancher_compose) {
            for reference in
                file.template.iter().flat_map(Template::references).filter(|reference| !is_asked(&reference.name))
            {
                let start = Position { line: reference.line, column: reference.column, offset: 0 };
                let end = reference.column + u32::try_from(".Values.".len() + reference.name.len()).unwrap_or(0);
                report.at(file, start, end, format!("no question asks for {}: it will be empty", reference.name));
            }
        }
    }
}
