//! A service refers to another one that is not there.

use std::collections::HashSet;

use crate::report::{Report, Severity};
use crate::rule::{Edit, Example, Rule};
use crate::view::docker_services;
use rancher_catalog::source::{Reading, TemplateSource};
use rancher_catalog::yaml::Node;

/// See [`Rule::why`].
pub const RULE: Rule = Rule {
    id: "service-reference",
    severity: Severity::Error,
    finds: "A service refers to another one that is not there.",
    why: "Rancher refuses the stack.",
    mend: "Correct the name.",
    refused_by: None,
    fires: Example(&[Edit::Replace(
        "1/docker-compose.yml",
        "    image: example/web:1.1.0\n",
        "    image: example/web:1.1.0\n    links:\n      - db\n",
    )]),
    quiet: Example(&[]),
    check,
};

fn check(template: &TemplateSource, report: &mut Report) {
    for version in &template.versions {
        let services = docker_services(version);
        let known: HashSet<(*const Reading, &str)> =
            services.iter().map(|service| (std::ptr::from_ref(service.reading), service.name)).collect();
        for service in &services {
            let known = |name: &str| known.contains(&(std::ptr::from_ref(service.reading), name));
            let mut refers = |node: &Node, name: &str| {
                let name = name.trim();
                if !name.is_empty() && !name.contains('$') && !known(name) {
                    report.in_reading(service.file, service.reading, node, format!("there is no service `{name}`"));
                }
            };
            for key in ["links", "volumes_from", "depends_on"] {
                for item in service.node.get(key).map_or(&[][..], Node::items) {
                    let text = item.text().unwrap_or_default();
                    // `container:` is one of another stack, or of none.
                    if !(key == "volumes_from" && text.starts_with("container:")) {
                        refers(item, text.split(':').next().unwrap_or_default());
                    }
                }
            }
            for key in ["network_mode", "net"] {
                let Some(node) = service.node.get(key) else { continue };
                if let Some(name) =
                    node.text().and_then(|text| text.strip_prefix("container:").or(text.strip_prefix("service:")))
                {
                    refers(node, name);
                }
            }
            if let (Some(names), Some(node)) = (service.label("io.rancher.sidekicks"), service.node.get("labels")) {
                names.split(',').for_each(|name| refers(node, name));
            }
        }
    }
}
