//! The folder of a template's tests: Rancher passes over it, and so do all but those who run them.

use crate::source::VersionSource;

/// The folder's name, in that of the template.
pub const TESTS: &str = "tests";

/// Whether a folder holds tests and nothing that Rancher would look at, or that is meant for it.
pub(crate) fn holds_tests_alone(folder: &VersionSource) -> bool {
    folder.name == TESTS && !folder.files.iter().any(|file| is_looked_at(file))
}

/// Whether Rancher, or its author, takes a file for a part of the template, wherever it stands.
pub fn is_looked_at(file: &str) -> bool {
    let name = file.rsplit('/').next().unwrap_or_default();
    // The catalog service walks all folders for these two, and keeps the ones that it comes to last.
    name == "config.yml"
        || name.starts_with("catalogIcon")
        || name.starts_with("docker-compose.")
        || matches!(name, "rancher-compose.yml" | "project.yml")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_rancher_takes_for_its_own_is_no_test() {
        for (file, looked_at) in [
            ("answers.yml", false),
            ("snapshots/default.docker-compose.yml", false),
            ("README.md", false),
            ("config.yml", true),
            ("snapshots/config.yml", true),
            ("catalogIcon-old.svg", true),
            ("1/docker-compose.yml.tpl", true),
            ("rancher-compose.yml", true),
        ] {
            assert_eq!(is_looked_at(file), looked_at, "{file}");
        }
    }
}
