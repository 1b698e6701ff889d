//! The environment template: which stacks an environment gets.

use std::path::Path;

use super::entry::{document, newest_by_config};
use super::parts::Parts;

/// The catalog that the rendered files are published in, by the name that Rancher has for it.
const CATALOG: &str = "community";

/// What an environment made of the template has.
#[derive(Debug, Default, PartialEq)]
pub struct Environment {
    /// The stacks of the rendered catalog: the stack's name and the template's folder.
    pub stacks: Vec<(String, String)>,
    /// Whether containers can look up rancher-metadata by its name.
    pub has_names: bool,
    /// Whether health checks are made.
    pub has_health_checks: bool,
}

impl Environment {
    /// Reads the template in a catalog's folder.
    pub fn read(catalog: &Path, folder: &str) -> Result<Self, String> {
        let template = catalog.join("project-templates").join(folder);
        let (revision, _) = newest_by_config(&template, "System")?;
        let mut project = Parts::of("project.yml", document(&revision.join("project.yml"))?)?;
        // What a person reads on the page.
        for key in ["name", "description"] {
            project.text(key)?;
        }
        let mut environment = Self::default();
        for stack in project.list("stacks")? {
            let mut stack = Parts::of("a stack of project.yml", stack)?;
            let (name, id) = (stack.text("name")?, stack.text("templateId")?);
            stack.end()?;
            environment.add(catalog, name, &id)?;
        }
        project.end()?;
        Ok(environment)
    }

    /// Stacks of others are stood in for by the lab, as far as the rendered entry has to do with them.
    fn add(&mut self, catalog: &Path, name: String, id: &str) -> Result<(), String> {
        match id {
            // rancher-metadata and the DNS server that knows its name.
            "library:infra*network-services" => self.has_names = true,
            "library:infra*healthcheck" => self.has_health_checks = true,
            // Networks of containers that have their own, placement by resources, a page to look at swarms: nothing that a
            // container on the host's network has to do with.
            "library:infra*ipsec" | "library:infra*scheduler" | "community:infra*portainer" => {}
            other => {
                let own = other.split_once(':').filter(|(of, _)| *of == CATALOG);
                let folder = own.and_then(|(_, template)| template.strip_prefix("infra*"));
                let folder = folder.filter(|folder| catalog.join("infra-templates").join(folder).is_dir());
                let folder = folder.ok_or_else(|| format!("project.yml: there is no template {other}"))?;
                self.stacks.push((name, folder.to_owned()));
            }
        }
        Ok(())
    }
}
