//! The images of a version, and which one somebody means by a name.

use std::collections::{BTreeMap, BTreeSet};

use super::image_wish::{ImageWish, split};
use super::mention::Behind;
use catalog_check::nearest;
use rancher_catalog::source::VersionSource;
use rancher_catalog::yaml::Node;

/// The images of a version's services, whatever is answered: what each repository is named by.
#[derive(Debug, Default)]
pub struct Images {
    /// Of each service the references that it may have.
    services: BTreeMap<String, BTreeSet<(String, Behind)>>,
}

/// What a name means.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Meant {
    /// The repository as it is written.
    pub repository: String,
    /// What stands behind it where the name says so; empty for all.
    pub only: BTreeSet<Behind>,
}

impl Meant {
    /// A repository by its own name, with what stands behind it there.
    fn named(repository: String, behind: Behind) -> Self {
        Self { repository, only: Some(behind).filter(Behind::is_fixed).into_iter().collect() }
    }
}

/// Why a name means no image, in whole sentences.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NoImage(pub String);

impl Images {
    /// Those of a version that is expanded.
    pub fn of(version: &VersionSource) -> Self {
        let mut images = Self::default();
        let readings = version.docker_compose.iter().flat_map(|file| &file.readings);
        for root in readings.filter_map(|reading| reading.document.as_ref().ok()?.root.as_ref()) {
            images.add(root);
            if let Some(services) = root.get("services") {
                images.add(services);
            }
        }
        images
    }

    fn add(&mut self, services: &Node) {
        for (name, service) in services.entries() {
            if let (Some(name), Some(image)) = (name.text(), service.get("image").and_then(Node::text)) {
                let (repository, behind) = split(image.trim());
                if !repository.is_empty() {
                    self.services.entry(name.to_owned()).or_default().insert((repository.to_owned(), behind));
                }
            }
        }
    }

    /// All repositories, each with what stands behind it.
    pub fn repositories(&self) -> BTreeMap<&str, BTreeSet<&Behind>> {
        let mut all: BTreeMap<&str, BTreeSet<&Behind>> = BTreeMap::new();
        for (repository, behind) in self.services.values().flatten() {
            all.entry(repository).or_default().insert(behind);
        }
        all
    }

    /// What a wish means by its name. `stands` tells whether a repository that no answer leads to stands in the files.
    ///
    /// # Errors
    /// Nothing, or more than one image.
    pub fn meant(&self, wish: &ImageWish, stands: impl Fn(&str) -> bool) -> Result<Meant, NoImage> {
        let all = self.repositories();
        let (named, behind) = split(&wish.name);
        let of_repository = all.keys().find(|known| short(known) == short(named)).map(|known| (*known).to_owned());
        let of_repository = of_repository.or_else(|| stands(named).then(|| named.to_owned()));
        let of_repository = of_repository.map(|repository| Meant::named(repository, behind));
        let of_service = self.services.get(&wish.name).map(|references| references.iter().collect::<Vec<_>>());
        match (of_repository, of_service) {
            (Some(meant), Some(references)) if references.iter().any(|(other, _)| *other != meant.repository) => {
                Err(NoImage(format!(
                    "`{}` is a repository, and a service with another image: name {}",
                    wish.name,
                    either(references.iter().map(|(repository, _)| repository.clone()).chain([format!("{named}:TAG")]))
                )))
            }
            (Some(meant), _) => Ok(meant),
            (None, Some(references)) => {
                let repositories: BTreeSet<&String> = references.iter().map(|(repository, _)| repository).collect();
                let mut named = repositories.iter();
                match (named.next(), named.next()) {
                    (Some(repository), None) => Ok(Meant {
                        repository: (*repository).clone(),
                        only: references.iter().map(|(_, behind)| behind.clone()).collect(),
                    }),
                    _ => Err(NoImage(format!(
                        "the service {} has several images, by what is answered: name {}",
                        wish.name,
                        either(repositories.into_iter().cloned())
                    ))),
                }
            }
            (None, None) => self.by_last_part(&wish.name),
        }
    }

    fn by_last_part(&self, name: &str) -> Result<Meant, NoImage> {
        let all = self.repositories();
        let (named, behind) = split(name);
        let alike: Vec<&str> = all.keys().copied().filter(|repository| last_part(repository) == named).collect();
        match alike.as_slice() {
            [one] => Ok(Meant::named((*one).to_owned(), behind)),
            [] => Err(NoImage(self.unknown(name))),
            several => Err(NoImage(format!(
                "`{name}` is the end of several repositories: name {}",
                either(several.iter().map(|name| (*name).to_owned()))
            ))),
        }
    }

    fn unknown(&self, name: &str) -> String {
        let all = self.repositories();
        if all.is_empty() {
            return format!("there is no image `{name}`: no service has one");
        }
        let lasts = all.keys().map(|repository| last_part(repository));
        let names = self.services.keys().map(String::as_str).chain(all.keys().copied()).chain(lasts);
        let meant = nearest(names, name).map(|name| format!("; is `{name}` meant?")).unwrap_or_default();
        let listed = all.iter().map(|(repository, behind)| {
            let behind: Vec<String> = behind.iter().map(|behind| format!("{repository}{}", behind.written())).collect();
            behind.join(", ")
        });
        let services: Vec<&str> = self.services.keys().map(String::as_str).collect();
        format!(
            "there is no image `{name}`{meant} (images: {}; services: {})",
            listed.collect::<Vec<_>>().join(", "),
            services.join(", ")
        )
    }
}

/// A repository without what Docker adds by itself.
fn short(repository: &str) -> &str {
    let inner = repository.strip_prefix("docker.io/").or_else(|| repository.strip_prefix("index.docker.io/"));
    let inner = inner.unwrap_or(repository);
    inner.strip_prefix("library/").unwrap_or(inner)
}

fn last_part(repository: &str) -> &str {
    repository.rsplit('/').next().unwrap_or_default()
}

fn either(names: impl Iterator<Item = String>) -> String {
    names.map(|name| format!("`{name}`")).collect::<Vec<_>>().join(" or ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use rancher_catalog::yaml::Document;

    const TEXT: &str = "version: '2'\nservices:\n  web:\n    image: a/web:1\n  side:\n    image: a/web:0\n  \
                        db:\n    image: r.example:5000/db:9\n  db2:\n    image: other/db:9\n  cache:\n    image: redis:3\n  \
                        redis:\n    image: b/redis:3\n";

    fn images() -> Images {
        let mut images = Images::default();
        images.add(Document::read(TEXT).unwrap().root.unwrap().get("services").unwrap());
        images
    }

    fn meant(name: &str) -> Result<String, String> {
        let wish = format!("{name}=2").parse().unwrap();
        let meant = images().meant(&wish, |repository| repository == "hidden/x").map_err(|NoImage(why)| why)?;
        let only: Vec<String> = meant.only.iter().map(Behind::written).collect();
        Ok(format!("{} {}", meant.repository, only.join(" ")).trim_end().to_owned())
    }

    #[test]
    fn a_name_is_a_repository_a_service_or_a_last_part() {
        for (name, wanted) in [
            ("a/web", "a/web"),
            ("a/web:0", "a/web :0"),
            ("docker.io/a/web", "a/web"),
            ("side", "a/web :0"),
            ("web", "a/web :1"),
            ("cache", "redis :3"),
            ("r.example:5000/db", "r.example:5000/db"),
            ("hidden/x", "hidden/x"),
        ] {
            assert_eq!(meant(name).as_deref(), Ok(wanted), "{name}");
        }
        let one = Images { services: [("x".to_owned(), [("a/b".to_owned(), Behind::Open)].into())].into() };
        let found = one.meant(&"b=1".parse().unwrap(), |_| false);
        assert_eq!(found.unwrap().repository, "a/b");
    }

    #[test]
    fn what_means_nothing_or_several_is_told_with_the_choices() {
        for (name, says) in [
            ("a/wbe", "there is no image `a/wbe`; is `a/web` meant? (images: a/web:0, a/web:1"),
            ("redis", "`redis` is a repository, and a service with another image: name `b/redis` or `redis:TAG`"),
            ("xyz", "services: cache, db, db2, redis, side, web)"),
        ] {
            let error = meant(name).unwrap_err();
            assert!(error.contains(says), "{name}: {error}");
        }
        let two = [("x".to_owned(), [("a/b".to_owned(), Behind::Open), ("c/b".to_owned(), Behind::Open)].into())];
        let two = Images { services: two.into() };
        let NoImage(error) = two.meant(&"b=1".parse().unwrap(), |_| false).unwrap_err();
        assert_eq!(error, "`b` is the end of several repositories: name `a/b` or `c/b`");
    }
}
