//! The variable of a question stands without quotes and is a boolean or a number to YAML, and the compose files use it as it is written.

use crate::report::{Report, Severity};
use crate::rule::{Edit, Example, RefusedBy, Rule};
use crate::used_variables::UsedVariables;
use crate::view::{has_compose, questions, retyped};
use rancher_catalog::catalog_service::field;
use rancher_catalog::source::TemplateSource;

/// See [`Rule::why`].
pub const RULE: Rule = Rule {
    id: "question-variable-retyped",
    severity: Severity::Error,
    finds: "The variable of a question stands without quotes and is a boolean or a number to YAML, and the compose files use it as it is written.",
    why: "YAML reads a bare `N`, `y`, `on` or `010` as a boolean or a number: the question then asks for `false`, `true` or `8`, and `${N}` is always empty.",
    fix: "Quote the variable where the question names it, or choose another name.",
    refused_by: Some(RefusedBy {
        part: "the compose executor",
        words: "it says nothing: the variable has no answer, and is replaced by nothing",
    }),
    fires: Example(&[
        Edit::Replace("1/rancher-compose.yml", "variable: SIZE", "variable: Y"),
        Edit::Replace("1/docker-compose.yml", "${SIZE}", "${Y}"),
    ]),
    quiet: Example(&[
        Edit::Replace("1/rancher-compose.yml", "variable: SIZE", "variable: 'Y'"),
        Edit::Replace("1/docker-compose.yml", "${SIZE}", "${Y}"),
    ]),
    check,
};

fn check(template: &TemplateSource, report: &mut Report) {
    for version in template.versions.iter().filter(|_| has_compose(template)) {
        let retyped: Vec<_> = questions(version)
            .into_iter()
            .filter_map(|(file, question)| {
                let (_, node) = field(question, "variable")?;
                Some((file, node, retyped(node)?))
            })
            .collect();
        if retyped.is_empty() {
            continue;
        }
        let used = UsedVariables::of(version);
        for (file, node, (written, read)) in retyped {
            if used.names(written) {
                report.node(file, node, format!("Rancher reads this variable as {read:?}: ${{{written}}} stays empty"));
            }
        }
    }
}
