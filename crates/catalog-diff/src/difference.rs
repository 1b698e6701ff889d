//! One difference between two versions, as plain data.

use serde::Serialize;

/// What a difference is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Group {
    /// Which version people are offered first.
    DefaultVersion,
    /// Services that appear or go.
    Services,
    /// Images.
    Image,
    /// What containers may do on their host.
    Rights,
    /// What the UI asks.
    Questions,
    /// Health checks.
    HealthCheck,
    /// Which Rancher offers the version, to whom, from which version.
    Rancher,
    /// Stacks of an environment template.
    Stacks,
    /// Labels.
    Labels,
    /// Volumes.
    Volumes,
    /// Ports.
    Ports,
    /// Networks, names and links.
    Network,
    /// Environment variables.
    Environment,
    /// Commands.
    Command,
    /// How many containers, and where.
    Scale,
    /// Everything else that a service is set to.
    Settings,
    /// Titles, descriptions, README and icon.
    Texts,
}

impl Group {
    /// Its heading.
    pub fn title(self) -> &'static str {
        match self {
            Self::DefaultVersion => "Default version",
            Self::Services => "Services",
            Self::Image => "Image",
            Self::Rights => "Rights",
            Self::Questions => "Questions",
            Self::HealthCheck => "Health check",
            Self::Rancher => "Rancher versions",
            Self::Stacks => "Stacks",
            Self::Labels => "Labels",
            Self::Volumes => "Volumes",
            Self::Ports => "Ports",
            Self::Network => "Network",
            Self::Environment => "Environment",
            Self::Command => "Command",
            Self::Scale => "Scale and scheduling",
            Self::Settings => "Settings",
            Self::Texts => "Texts",
        }
    }
}

/// How something differs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum How {
    /// It is new; of a right: gained.
    Added,
    /// It is gone; of a right: lost.
    Removed,
    /// It has another value.
    Changed,
}

/// A difference.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Difference {
    /// What it is about.
    pub group: Group,
    /// The service, the question's variable, the volume, …; empty for the version as a whole.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub subject: String,
    /// The key; empty where the subject itself appears or goes.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub what: String,
    /// How.
    pub how: How,
    /// The value before.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub before: Option<String>,
    /// The value after.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub after: Option<String>,
    /// The answer with which alone it shows, where the files are Go templates.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub with_answer: Option<String>,
}
