//! What is asked of an image: `NAME=TAG`, `NAME=@DIGEST`, `NAME=REPOSITORY:TAG`.

use std::str::FromStr;

use rancher_catalog::model::ImageReference;

use super::mention::Behind;

/// An image, by some name, and what it becomes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ImageWish {
    /// A service, a repository, its last part, or a repository with a tag.
    pub name: String,
    /// Another repository, if it changes too.
    pub repository: Option<String>,
    /// What shall stand behind the repository.
    pub behind: Behind,
}

impl FromStr for ImageWish {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (name, wanted) = text.split_once('=').filter(|(name, wanted)| !name.is_empty() && !wanted.is_empty()).ok_or(
            "NAME=TAG is wanted, NAME=@sha256:… or NAME=REPOSITORY:TAG; NAME is a service, a repository or its last part",
        )?;
        // Of a tag alone, or a digest alone, what is wrong is told as of a whole reference.
        let whole = match wanted {
            _ if wanted.contains('/') => wanted.to_owned(),
            _ if wanted.starts_with('@') => format!("x{wanted}"),
            _ => format!("x:{wanted}"),
        };
        let read = ImageReference::from_str(&whole).map_err(|error| {
            let error = error.to_string();
            error.split_once("reference: ").map_or(error.clone(), |(_, reason)| format!("`{wanted}`: {reason}"))
        })?;
        if read.tag.is_none() && read.digest.is_none() {
            return Err(format!("`{wanted}` has neither a tag nor a digest: Rancher would take `latest` of it"));
        }
        let repository = wanted.contains('/').then(|| read.repository.to_string());
        let behind = Behind::Fixed { tag: read.tag, digest: read.digest };
        Ok(Self { name: name.to_owned(), repository, behind })
    }
}

/// The repository of a reference as it is written, and what stands behind it.
pub fn split(reference: &str) -> (&str, Behind) {
    let (name, digest) = reference.split_once('@').map_or((reference, None), |(name, digest)| (name, Some(digest)));
    let last = name.rfind('/').map_or(0, |at| at + 1);
    let (repository, tag) = match name[last..].split_once(':') {
        Some((part, tag)) => (&name[..last + part.len()], Some(tag)),
        None => (name, None),
    };
    if [tag, digest].into_iter().flatten().any(|text| text.contains(['$', '{'])) {
        return (repository, Behind::Open);
    }
    (repository, Behind::Fixed { tag: tag.map(str::to_owned), digest: digest.map(str::to_owned) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wish_names_an_image_and_what_it_becomes() {
        let digest = format!("sha256:{}", "a".repeat(64));
        let tag = |tag: &str| Behind::Fixed { tag: Some(tag.to_owned()), digest: None };
        for (text, name, repository, behind) in [
            ("web=1.2".to_owned(), "web", None, tag("1.2")),
            ("r.example:5000/a/b=v1".to_owned(), "r.example:5000/a/b", None, tag("v1")),
            ("a/b:1=2".to_owned(), "a/b:1", None, tag("2")),
            (format!("web=@{digest}"), "web", None, Behind::Fixed { tag: None, digest: Some(digest.clone()) }),
            (
                format!("web=1@{digest}"),
                "web",
                None,
                Behind::Fixed { tag: Some("1".to_owned()), digest: Some(digest.clone()) },
            ),
            ("web=a/c:2".to_owned(), "web", Some("a/c"), tag("2")),
        ] {
            let repository = repository.map(str::to_owned);
            assert_eq!(text.parse(), Ok(ImageWish { name: name.to_owned(), repository, behind }), "{text}");
        }
    }

    #[test]
    fn what_is_wrong_with_a_wish_is_said() {
        for (text, says) in [
            ("web", "NAME=TAG is wanted"),
            ("=1", "NAME=TAG is wanted"),
            ("web=", "NAME=TAG is wanted"),
            ("web=a b", "`a b`: `a b` is not a tag"),
            ("web=-x", "is not a tag"),
            ("web=@sha256:abc", "64 hexadecimal digits"),
            ("web=a/b", "neither a tag nor a digest"),
            ("web=A/b:1", "lower case"),
        ] {
            let error = text.parse::<ImageWish>().unwrap_err();
            assert!(error.contains(says), "{text}: {error}");
        }
    }

    #[test]
    fn a_reference_is_taken_apart_as_it_is_written() {
        for (text, repository, behind) in [
            ("a/b:1", "a/b", ":1"),
            ("r.example:5000/a/b", "r.example:5000/a/b", ""),
            ("${R}/b:1", "${R}/b", ":1"),
            ("a/b:${T}", "a/b", ":…"),
            ("b@sha256:0", "b", "@sha256:0"),
        ] {
            let (found, rest) = split(text);
            assert_eq!((found, rest.written().as_str()), (repository, behind), "{text}");
        }
    }
}
