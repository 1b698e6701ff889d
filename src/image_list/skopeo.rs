//! The images in the form that `skopeo sync --src yaml` takes.

use std::collections::{BTreeMap, BTreeSet};

use rancher_catalog::model::ImageReference;
use rancher_catalog::yaml;

/// The registry of images that name none.
const HUB: &str = "docker.io";

/// A file for `skopeo sync --src yaml`: registry → repository → tags and digests.
pub fn skopeo<'i>(images: impl IntoIterator<Item = &'i str>) -> String {
    let mut all: BTreeMap<String, BTreeMap<String, BTreeSet<String>>> = BTreeMap::new();
    for reference in images.into_iter().filter_map(|image| image.parse::<ImageReference>().ok()) {
        let repository = reference.repository;
        let registry = repository.registry.unwrap_or_else(|| HUB.to_owned());
        // What Docker adds to an official image of its hub.
        let is_official = registry == HUB && !repository.path.contains('/');
        let path = if is_official { format!("library/{}", repository.path) } else { repository.path };
        // Of a tag and a digest the digest decides.
        let version = reference.digest.or(reference.tag).unwrap_or_else(|| "latest".to_owned());
        all.entry(registry).or_default().entry(path).or_default().insert(version);
    }
    let mut out = String::new();
    for (registry, repositories) in all {
        out.push_str(&format!("{}:\n  images:\n", yaml::key(&registry.into())));
        for (path, versions) in repositories {
            out.push_str(&format!("    {}:\n", yaml::key(&path.into())));
            for version in versions {
                // Quoted whatever it is: a tag such as 1.10 is a number to some.
                out.push_str(&format!("      - \"{version}\"\n"));
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn images_are_sorted_by_registry_and_repository() {
        let digest = format!("sha256:{}", "a".repeat(64));
        let pinned = format!("r.example:5000/a/b:1@{digest}");
        let text = skopeo(["redis:3", "redis", "rancher/net:v1.10", "rancher/net:v1.9", pinned.as_str(), "no image"]);
        let wanted = format!(
            "docker.io:\n  images:\n    library/redis:\n      - \"3\"\n      - \"latest\"\n    rancher/net:\n      - \
             \"v1.10\"\n      - \"v1.9\"\nr.example:5000:\n  images:\n    a/b:\n      - \"{digest}\"\n"
        );
        assert_eq!(text, wanted);
        assert_eq!(skopeo([]), "");
    }
}
