//! A version in a catalog block is a number or a boolean to YAML where Rancher wants a string.

use crate::report::{Report, Severity};
use crate::rule::{Edit, Example, Rule};
use crate::view::catalog_node;
use rancher_catalog::catalog_service::field;
use rancher_catalog::source::TemplateSource;
use rancher_catalog::yaml::{NodeKind, Typed};

/// See [`Rule::why`].
pub const RULE: Rule = Rule {
    id: "config-not-text",
    severity: Severity::Warning,
    finds: "A version in a catalog block is a number or a boolean to YAML where Rancher wants a string.",
    why: "Rancher makes a string of it: an unquoted 1.10 becomes 1.1, and yes becomes true.",
    fix: "Quote it.",
    refused_by: None,
    fires: Example(&[
        Edit::Replace("1/rancher-compose.yml", "  version: v1.1.0", "  version: 1.10"),
        Edit::Replace("config.yml", "version: v1.1.0", "version: '1.10'"),
    ]),
    quiet: Example(&[
        Edit::Replace("1/rancher-compose.yml", "  version: v1.1.0", "  version: '1.10'"),
        Edit::Replace("config.yml", "version: v1.1.0", "version: 1.10"),
    ]),
    check,
};

fn check(template: &TemplateSource, report: &mut Report) {
    for (file, node) in template.versions.iter().filter_map(catalog_node) {
        for key in ["version", "minimum_rancher_version", "maximum_rancher_version", "upgrade_from"] {
            let Some((_, value)) = field(node, key) else { continue };
            if let NodeKind::Scalar { value: Typed::Bool(_) | Typed::Number(_), text, plain: true } = &value.kind {
                let message = format!(
                    "{key} is no string to YAML: Rancher reads {}",
                    rancher_catalog::catalog_service::text_of(&value.to_value())
                );
                report.retyped(file, value, text, message);
            }
        }
    }
}
