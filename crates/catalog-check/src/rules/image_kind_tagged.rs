//! An image that is a word for a kind of service has a tag.

use crate::report::{Report, Severity};
use crate::rule::{Edit, Example, RefusedBy, Rule};
use crate::view::{has_compose, images};
use rancher_catalog::launch::SERVICE_KINDS;
use rancher_catalog::source::TemplateSource;

/// See [`Rule::why`].
pub const RULE: Rule = Rule {
    id: "image-kind-tagged",
    severity: Severity::Error,
    finds: "An image that is a word for a kind of service has a tag or a registry.",
    why: "Rancher compares the whole text: `rancher/dns-service` is an alias, with a tag it is a container of an image that \
          nobody can pull.",
    fix: "Write the word alone.",
    refused_by: Some(RefusedBy {
        part: "no part when the stack is made: the hosts, when they pull the image",
        words: "the service stays in the state Activating: the image is not found",
    }),
    fires: Example(&[Edit::Replace("1/docker-compose.yml", "example/web:1.1.0", "rancher/dns-service:latest")]),
    quiet: Example(&[Edit::Replace("1/docker-compose.yml", "example/web:1.1.0", "rancher/dns-service")]),
    check,
};

fn check(template: &TemplateSource, report: &mut Report) {
    if !has_compose(template) {
        return;
    }
    for version in &template.versions {
        for (service, node, _) in images(version) {
            let text = node.text().unwrap_or_default();
            let bare = text.split('@').next().unwrap_or_default();
            let bare = bare.strip_prefix("docker.io/").unwrap_or(bare);
            let word = bare.split(':').next().unwrap_or_default();
            if word != text && SERVICE_KINDS.contains(&word) {
                let message = format!("`{text}` is no kind of service: write `{word}` alone");
                report.in_reading(service.file, service.reading, node, message);
            }
        }
    }
}
