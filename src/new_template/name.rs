//! What a template is called, and where it belongs in a catalog.

use std::fmt;
use std::str::FromStr;

use rancher_catalog::source::is_base;

/// The longest name.
const LONGEST: usize = 63;

/// Where a template belongs: Rancher parts a catalog by the folders at its top.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// What people launch: `templates/`.
    Stack,
    /// What an environment itself needs: `infra-templates/`.
    Infra,
    /// What is launched in environments of Mesos: `mesos-templates/`.
    Mesos,
    /// The same of Swarm: `swarm-templates/`.
    Swarm,
}

impl Kind {
    /// Its folder in a catalog.
    pub fn folder(self) -> &'static str {
        match self {
            Self::Stack => "templates",
            Self::Infra => "infra-templates",
            Self::Mesos => "mesos-templates",
            Self::Swarm => "swarm-templates",
        }
    }

    /// The heading under which such a template is listed, unless another one is asked for.
    pub(super) fn category(self) -> &'static str {
        if self == Self::Infra { "Infrastructure" } else { "Applications" }
    }
}

/// The name of a template's folder: Rancher makes ids of it, and its catalogs' CI takes no other.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TemplateName(String);

impl TemplateName {
    /// A title made of it: `my-app` is `My App`.
    pub fn title(&self) -> String {
        let word = |word: &str| {
            let mut letters = word.chars();
            letters.next().map_or(String::new(), |first| first.to_uppercase().chain(letters).collect())
        };
        let words: Vec<String> = self.0.split('-').filter(|part| !part.is_empty()).map(word).collect();
        if words.is_empty() { self.0.clone() } else { words.join(" ") }
    }

    /// The name of a service that is made of it.
    pub fn service(&self) -> String {
        service_name(&self.0).unwrap_or_else(|| "app".to_owned())
    }
}

impl FromStr for TemplateName {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if is_base(text) {
            let why = "to Rancher a folder of this name holds templates, and is none: give the template another name";
            return Err(why.to_owned());
        }
        let is_plain = text.chars().all(|c| c.is_ascii_alphanumeric() || c == '-');
        if is_plain && (1..=LONGEST).contains(&text.len()) && !text.starts_with('-') {
            return Ok(Self(text.to_owned()));
        }
        let hint = match service_name(text) {
            Some(plain) if !text.is_empty() => format!("; `{plain}` would do"),
            _ => String::new(),
        };
        Err(format!("a template's name is of 1 to {LONGEST} letters, digits and hyphens{hint}"))
    }
}

impl fmt::Display for TemplateName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A name as Rancher takes it for a service: letters, digits and single hyphens between. Nothing where none is left.
pub(super) fn service_name(text: &str) -> Option<String> {
    let mut name = String::new();
    for c in text.chars() {
        let c = if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '-' };
        if c != '-' || !(name.is_empty() || name.ends_with('-')) {
            name.push(c);
        }
    }
    name.truncate(LONGEST);
    let name = name.trim_end_matches('-');
    if name.is_empty() { None } else { Some(name.to_owned()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_made_a_title_and_a_service() {
        let name: TemplateName = "my-App--2-".parse().unwrap();
        assert_eq!((name.title().as_str(), name.service().as_str()), ("My App 2", "my-app-2"));
        assert_eq!("--".parse::<TemplateName>().unwrap_err().matches("letters").count(), 1);
        assert!("my_app".parse::<TemplateName>().unwrap_err().ends_with("; `my-app` would do"));
        assert!("a".repeat(64).parse::<TemplateName>().is_err() && "".parse::<TemplateName>().is_err());
        assert_eq!(service_name("ä_"), None);
    }
}
