//! The numbers of the revisions have a gap.

use crate::report::{Report, Severity};
use crate::rule::{Edit, Example, Rule};
use rancher_catalog::source::TemplateSource;

/// See [`Rule::why`].
pub const RULE: Rule = Rule {
    id: "revision-gap",
    severity: Severity::Note,
    finds: "The numbers of the revisions have a gap.",
    why: "A folder may have been lost, or renumbered, which breaks the stacks that know it.",
    fix: "If it was published, bring it back.",
    refused_by: None,
    fires: Example(&[Edit::Write(
        "4/rancher-compose.yml",
        "version: '2'\ncatalog:\n  version: v1.1.0\n  minimum_rancher_version: v1.6.0\n",
    )]),
    quiet: Example(&[]),
    check,
};

fn check(template: &TemplateSource, report: &mut Report) {
    let numbers: Vec<u32> = template.versions.iter().filter_map(|version| Some(version.revision?.0)).collect();
    for pair in numbers.windows(2) {
        // The first folder of an entry may have any number: what came before was published elsewhere.
        if pair[1] > pair[0] + 1 {
            let missing: Vec<String> = (pair[0] + 1..pair[1]).take(5).map(|number| number.to_string()).collect();
            report.path(
                &template.path.join(pair[1].to_string()),
                format!("before this revision there is no {}", missing.join(", ")),
            );
        }
    }
}
