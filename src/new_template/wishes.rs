//! What is asked for.

use std::path::PathBuf;
use std::str::FromStr;

use super::{HealthCheck, Kind, Port, TemplateName};
use rancher_catalog::model::{Config, DockerCompose, ImageReference, RancherCompose, Version};

/// What a new template shall be.
#[derive(Debug, Clone)]
pub struct Wishes {
    /// Its name.
    pub name: TemplateName,
    /// Where it belongs.
    pub kind: Kind,
    /// What it is made from.
    pub source: Source,
    /// What the catalog says of it.
    pub about: About,
    /// What its service has besides.
    pub parts: Parts,
}

/// What a template is made from.
#[derive(Debug, Clone)]
pub enum Source {
    /// An image, by its name.
    Image(ImageReference),
    /// An image on disk; the name is what it shall be pulled by, where that is not in it.
    ImageOnDisk(PathBuf, Option<ImageReference>),
    /// A plain compose file; images by the names of its services, and the profiles that are wanted.
    Compose {
        /// The file.
        file: PathBuf,
        /// Images that take the place of what stands there.
        images: Vec<Named>,
        /// The profiles that are wanted.
        profiles: Vec<String>,
    },
    /// The model of a version, with what it says of its template.
    Model {
        /// docker-compose.yml.
        docker_compose: Box<DockerCompose>,
        /// rancher-compose.yml.
        rancher_compose: Box<RancherCompose>,
        /// config.yml.
        config: Option<Box<Config>>,
        /// README.md.
        readme: Option<String>,
    },
}

/// What the catalog says of a template. What is not given is taken from the source, or made up of the name.
#[derive(Debug, Clone, Default)]
pub struct About {
    /// Its title.
    pub title: Option<String>,
    /// A sentence on it.
    pub description: Option<String>,
    /// Its first version.
    pub version: Option<Version>,
    /// The oldest Rancher that it is for.
    pub minimum_rancher_version: Option<Version>,
    /// Who looks after it.
    pub maintainer: Option<String>,
    /// The heading under which it is listed.
    pub category: Option<String>,
}

/// What the service of an image has besides.
#[derive(Debug, Clone, Default)]
pub struct Parts {
    /// Ports that are published.
    pub ports: Vec<Port>,
    /// Variables of its environment; one without a value is asked for.
    pub environment: Vec<Pair>,
    /// Volumes: a path in the container, or `name:path`.
    pub volumes: Vec<String>,
    /// Whether it runs once on every host.
    pub global: bool,
    /// How Rancher finds out whether it is well.
    pub health_check: Option<HealthCheck>,
    /// Containers that run beside each of its own.
    pub sidekicks: Vec<Named>,
}

impl Parts {
    /// The option of the first part that is asked for, if any is.
    pub fn first_option(&self) -> Option<&'static str> {
        let given = [
            (!self.ports.is_empty(), "--port"),
            (!self.environment.is_empty(), "--env"),
            (!self.volumes.is_empty(), "--volume"),
            (self.global, "--global"),
            (self.health_check.is_some(), "--health-check"),
            (!self.sidekicks.is_empty(), "--sidekick"),
        ];
        given.into_iter().find_map(|(is_given, option)| is_given.then_some(option))
    }
}

/// A service and its image: `NAME=IMAGE`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Named {
    /// The service.
    pub name: String,
    /// The image.
    pub image: ImageReference,
}

impl FromStr for Named {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (name, image) = text.split_once('=').ok_or("NAME=IMAGE is wanted, such as logs=example/logs:1.0")?;
        if name.is_empty() {
            return Err("there is no name in front of the `=`".to_owned());
        }
        Ok(Self { name: name.to_owned(), image: pinned(image)? })
    }
}

/// An image, or one for a service: `IMAGE` or `SERVICE=IMAGE`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Image {
    /// The image of the template's service.
    Own(ImageReference),
    /// That of a service of a compose file.
    Of(Named),
}

impl FromStr for Image {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if text.contains('=') { text.parse().map(Self::Of) } else { pinned(text).map(Self::Own) }
    }
}

/// A reference with a tag that stays, or a digest.
fn pinned(text: &str) -> Result<ImageReference, String> {
    let reference: ImageReference = text.parse().map_err(|error| format!("{error}"))?;
    match (&reference.tag, &reference.digest) {
        (None, None) => Err(format!("name a tag, such as {text}:1.0: without one Docker takes `latest`")),
        (Some(tag), None) if tag == "latest" => {
            Err("`latest` is whatever was built last: name a tag that stays, or a digest".to_owned())
        }
        _ => Ok(reference),
    }
}

/// A variable: `NAME=VALUE`, or `NAME` alone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pair {
    /// Its name.
    pub name: String,
    /// Its value.
    pub value: Option<String>,
}

impl FromStr for Pair {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (name, value) = text.split_once('=').map_or((text, None), |(name, value)| (name, Some(value.to_owned())));
        let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '-');
        if name.is_empty() || !name.chars().all(is_plain) {
            return Err("NAME=VALUE is wanted, or NAME alone for a question".to_owned());
        }
        Ok(Self { name: name.to_owned(), value })
    }
}
