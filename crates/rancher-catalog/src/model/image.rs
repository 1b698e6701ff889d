//! The reference of a container image, taken apart: `registry/repository:tag@digest`.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// `rancher/swarmkit`, `registry.example.com:5000/team/swarmkit`: an image's name without tag and digest.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Repository {
    /// The registry's host, with its port: the first component, where it holds a `.` or a `:`, or is `localhost`.
    pub registry: Option<String>,
    /// The path in the registry.
    pub path: String,
}

/// A whole reference: a repository with a tag, a digest, both or neither (grammar: Docker's `distribution/reference`).
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct ImageReference {
    /// Where and what.
    pub repository: Repository,
    /// The tag; none means `latest`.
    pub tag: Option<String>,
    /// The digest, `sha256:` and 64 hexadecimal digits.
    pub digest: Option<String>,
}

impl Repository {
    /// The same in another registry.
    #[must_use]
    pub fn in_registry(self, registry: &str) -> Self {
        Self { registry: Some(registry.to_owned()), ..self }
    }
}

/// Why a text is no image reference.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{given}` is not an image reference: {reason}")]
pub struct ImageError {
    given: String,
    reason: String,
}

impl ImageReference {
    /// Checks a digest by itself.
    ///
    /// # Errors
    /// It is not `sha256:` and 64 hexadecimal digits in lower case.
    pub fn check_digest(digest: &str) -> Result<(), ImageError> {
        let fail = |reason: String| Err(ImageError { given: digest.to_owned(), reason });
        let Some(hex) = digest.strip_prefix("sha256:") else {
            return fail("a digest begins with `sha256:`".to_owned());
        };
        if hex.len() != 64 {
            return fail(format!("a sha256 digest has 64 hexadecimal digits, this one has {}", hex.chars().count()));
        }
        match hex.chars().find(|c| !matches!(c, '0'..='9' | 'a'..='f')) {
            Some(c) => fail(format!("`{c}` is not a hexadecimal digit in lower case")),
            None => Ok(()),
        }
    }
}

fn split_registry(name: &str) -> (Option<&str>, &str) {
    match name.split_once('/') {
        Some((first, rest)) if first.contains(['.', ':']) || first == "localhost" => (Some(first), rest),
        _ => (None, name),
    }
}

fn check_registry(registry: &str) -> Result<(), String> {
    let (host, port) = registry.split_once(':').map_or((registry, None), |(host, port)| (host, Some(port)));
    let label = |part: &str| {
        !part.is_empty()
            && part.chars().all(|c| c.is_ascii_alphanumeric() || c == '-')
            && !part.starts_with('-')
            && !part.ends_with('-')
    };
    if !host.split('.').all(label) {
        return Err(format!("`{host}` is not the name of a host"));
    }
    if let Some(port) = port
        && port.parse::<u16>().map_or(true, |port| port == 0)
    {
        return Err(format!("`{port}` is not a port"));
    }
    Ok(())
}

fn check_path(path: &str) -> Result<(), String> {
    for component in path.split('/') {
        if component.is_empty() {
            return Err("a part of the name is empty".to_owned());
        }
        if let Some(c) = component.chars().find(|c| !matches!(c, 'a'..='z' | '0'..='9' | '.' | '_' | '-')) {
            let hint = if c.is_ascii_uppercase() { " (names are in lower case)" } else { "" };
            return Err(format!("`{c}` cannot stand in a name{hint}"));
        }
        let separator = |c: char| matches!(c, '.' | '_' | '-');
        let doubled = ["..", "._", "_.", ".-", "-.", "_-", "-_", "___"].iter().any(|run| component.contains(run));
        if component.starts_with(separator) || component.ends_with(separator) || doubled {
            return Err(format!("`{component}`: `.`, `_`, `__` and `-` stand between letters or digits"));
        }
    }
    Ok(())
}

impl FromStr for Repository {
    type Err = ImageError;

    fn from_str(text: &str) -> Result<Self, ImageError> {
        let fail = |reason: String| ImageError { given: text.to_owned(), reason };
        if text.is_empty() {
            return Err(fail("it is empty".to_owned()));
        }
        let (registry, path) = split_registry(text);
        if path.contains('@') {
            return Err(fail("a repository alone is wanted, without a digest".to_owned()));
        }
        if path.contains(':') {
            return Err(fail("a repository alone is wanted, without a tag".to_owned()));
        }
        if let Some(registry) = registry {
            check_registry(registry).map_err(fail)?;
        }
        check_path(path).map_err(fail)?;
        if text.len() > 255 {
            return Err(fail("a name has 255 characters at the most".to_owned()));
        }
        Ok(Self { registry: registry.map(str::to_owned), path: path.to_owned() })
    }
}

impl FromStr for ImageReference {
    type Err = ImageError;

    fn from_str(text: &str) -> Result<Self, ImageError> {
        let fail = |reason: String| ImageError { given: text.to_owned(), reason };
        let (rest, digest) = text.split_once('@').map_or((text, None), |(rest, digest)| (rest, Some(digest)));
        if let Some(digest) = digest {
            Self::check_digest(digest).map_err(|error| fail(error.reason))?;
        }
        let name_end = rest.rfind('/').map_or(0, |at| at + 1);
        let (name, tag) = match rest[name_end..].split_once(':') {
            Some((last, tag)) => (&rest[..name_end + last.len()], Some(tag)),
            None => (rest, None),
        };
        if let Some(tag) = tag {
            let word = |c: char| c.is_ascii_alphanumeric() || c == '_';
            let holds =
                tag.len() <= 128 && tag.starts_with(word) && tag.chars().all(|c| word(c) || c == '.' || c == '-');
            if !holds {
                let rule = "a tag is 1 to 128 letters, digits, `_`, `.` or `-`, and begins with none of the last two";
                return Err(fail(format!("`{tag}` is not a tag: {rule}")));
            }
        }
        let repository = name.parse().map_err(|error: ImageError| fail(error.reason))?;
        Ok(Self { repository, tag: tag.map(str::to_owned), digest: digest.map(str::to_owned) })
    }
}

impl fmt::Display for Repository {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(registry) = &self.registry {
            write!(f, "{registry}/")?;
        }
        f.write_str(&self.path)
    }
}

impl fmt::Display for ImageReference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.repository.fmt(f)?;
        if let Some(tag) = &self.tag {
            write!(f, ":{tag}")?;
        }
        if let Some(digest) = &self.digest {
            write!(f, "@{digest}")?;
        }
        Ok(())
    }
}

/// The image of a service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Image {
    /// A reference.
    Reference(ImageReference),
    /// A text with variables, or one that is no reference; kept as it is.
    Text(String),
}

impl Image {
    /// The reference, where the text is one.
    pub fn reference(&self) -> Option<&ImageReference> {
        if let Self::Reference(reference) = self { Some(reference) } else { None }
    }
}

impl From<&str> for Image {
    fn from(text: &str) -> Self {
        text.parse().map_or_else(|_| Self::Text(text.to_owned()), Self::Reference)
    }
}

impl fmt::Display for Image {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Reference(reference) => reference.fmt(f),
            Self::Text(text) => f.write_str(text),
        }
    }
}

impl Serialize for Image {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Image {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Self::from(String::deserialize(deserializer)?.as_str()))
    }
}

impl JsonSchema for Image {
    fn schema_name() -> Cow<'static, str> {
        "Image".into()
    }
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "registry/repository:tag@digest",
            "type": "string",
            "pattern": "^[A-Za-z0-9.$][^\\s]*$"
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reference_is_taken_apart_and_printed_the_same() {
        let digest = format!("sha256:{}", "0123456789abcdef".repeat(4));
        for (text, registry, path, tag) in [
            ("busybox", None, "busybox", None),
            ("rancher/swarmkit:v2.0.0", None, "rancher/swarmkit", Some("v2.0.0")),
            ("localhost/x:1", Some("localhost"), "x", Some("1")),
            ("r.example:5000/a/b__c", Some("r.example:5000"), "a/b__c", None),
        ] {
            for (text, digest) in [(text.to_owned(), None), (format!("{text}@{digest}"), Some(digest.clone()))] {
                let reference: ImageReference = text.parse().unwrap();
                assert_eq!(reference.to_string(), text);
                assert_eq!(reference.repository.registry.as_deref(), registry);
                assert_eq!(reference.repository.path, path);
                assert_eq!(reference.tag.as_deref(), tag);
                assert_eq!(reference.digest, digest);
            }
        }
    }

    #[test]
    fn what_is_wrong_with_a_reference_is_said() {
        let short = "x@sha256:abc";
        for (text, says) in [
            ("", "empty"),
            ("Rancher/x", "lower case"),
            ("a//b", "empty"),
            ("a:", "is not a tag"),
            ("a:-x", "is not a tag"),
            ("a/-b", "stand between"),
            ("a b", "cannot stand"),
            ("h.example:port/x", "is not a port"),
            (short, "64 hexadecimal digits"),
            ("x@md5:abc", "begins with `sha256:`"),
        ] {
            let error = text.parse::<ImageReference>().unwrap_err().to_string();
            assert!(error.contains(says), "{text}: {error}");
        }
        assert!("a:tag".parse::<Repository>().unwrap_err().to_string().contains("without a tag"));
    }
}
