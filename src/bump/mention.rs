//! Where a text names an image: `repository`, with a tag, a digest, both or neither behind it.

use std::ops::Range;

/// A place that names an image.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mention {
    /// The whole of it, in bytes.
    pub place: Range<usize>,
    /// What stands behind the repository.
    pub behind: Behind,
}

/// What stands behind a repository.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Behind {
    /// A tag, a digest, both or neither.
    Fixed {
        /// The tag.
        tag: Option<String>,
        /// The digest, with `sha256:`.
        digest: Option<String>,
    },
    /// Something that is known only once a stack is launched: a variable or an action of a template.
    Open,
}

impl Behind {
    /// Whether there is a tag or a digest.
    pub fn is_fixed(&self) -> bool {
        matches!(self, Self::Fixed { tag, digest } if tag.is_some() || digest.is_some())
    }

    /// The tag.
    pub fn tag(&self) -> Option<&str> {
        if let Self::Fixed { tag, .. } = self { tag.as_deref() } else { None }
    }

    /// As it is written behind a repository.
    pub fn written(&self) -> String {
        match self {
            Self::Fixed { tag, digest } => {
                let tag = tag.as_ref().map(|tag| format!(":{tag}")).unwrap_or_default();
                let digest = digest.as_ref().map(|digest| format!("@{digest}")).unwrap_or_default();
                format!("{tag}{digest}")
            }
            Self::Open => ":…".to_owned(),
        }
    }
}

/// All places of a text that name a repository, and no longer name that only begins or ends alike.
pub fn mentions(text: &[u8], repository: &str) -> Vec<Mention> {
    let wanted = repository.as_bytes();
    let mut found = Vec::new();
    let mut at = 0;
    while let Some(next) = text.get(at..).and_then(|rest| find(rest, wanted)) {
        let start = at + next;
        let end = start + wanted.len();
        let is_begun = start.checked_sub(1).map(|before| text[before]).is_some_and(is_before);
        let mention = if is_begun { None } else { read(text, start, end) };
        at = mention.as_ref().map_or(start + 1, |mention| mention.place.end.max(start + 1));
        found.extend(mention);
    }
    found
}

fn find(text: &[u8], wanted: &[u8]) -> Option<usize> {
    let first = *wanted.first()?;
    let mut at = 0;
    while let Some(next) = text[at..].iter().position(|byte| *byte == first) {
        if text[at + next..].starts_with(wanted) {
            return Some(at + next);
        }
        at += next + 1;
    }
    None
}

/// A sign before a repository with which it belongs to a longer name.
fn is_before(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || !byte.is_ascii() || matches!(byte, b'_' | b'.' | b'-' | b'/' | b'}' | b'$' | b'@')
}

fn is_tag(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.' | b'-')
}

/// Whether a variable or an action begins here.
fn is_open(rest: &[u8]) -> bool {
    rest.starts_with(b"$") || rest.starts_with(b"{{")
}

fn read(text: &[u8], start: usize, repository_end: usize) -> Option<Mention> {
    let rest = |at: usize| text.get(at..).unwrap_or_default();
    let (mut end, mut tag, mut digest) = (repository_end, None, None);
    let open = |end: usize| Some(Mention { place: start..end, behind: Behind::Open });
    match rest(end) {
        [b':', behind @ ..] if is_open(behind) => return open(end),
        [b':', first, ..] if first.is_ascii_alphanumeric() || *first == b'_' => {
            let length = rest(end + 1).iter().take_while(|byte| is_tag(**byte)).count();
            let name = &text[end + 1..end + 1 + length];
            match rest(end + 1 + length) {
                // It was the port of a registry.
                [b'/', ..] => return None,
                behind if is_open(behind) => return open(end),
                _ => {}
            }
            // The end of a sentence.
            let name = name.strip_suffix(b".").unwrap_or(name);
            tag = Some(String::from_utf8_lossy(name).into_owned());
            end += 1 + name.len();
        }
        behind if is_open(behind) => return open(end),
        // A full stop may be the end of a sentence.
        [byte, next, ..] if (is_tag(*byte) || *byte == b'/') && (*byte != b'.' || is_tag(*next) || *next == b'/') => {
            return None;
        }
        [byte] if (is_tag(*byte) && *byte != b'.') || *byte == b'/' => return None,
        _ => {}
    }
    if let Some(behind) = rest(end).strip_prefix(b"@") {
        if is_open(behind) {
            return open(end);
        }
        if let Some(hex) = behind.strip_prefix(b"sha256:") {
            let length = hex.iter().take_while(|byte| byte.is_ascii_hexdigit()).count();
            let written = &behind[..b"sha256:".len() + length];
            digest = Some(String::from_utf8_lossy(written).into_owned());
            end += 1 + written.len();
        }
    }
    Some(Mention { place: start..end, behind: Behind::Fixed { tag, digest } })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn all(text: &str, repository: &str) -> Vec<String> {
        let told = |mention: Mention| format!("{} {}", &text[mention.place.clone()], mention.behind.written());
        mentions(text.as_bytes(), repository).into_iter().map(told).collect()
    }

    #[test]
    fn a_repository_is_found_with_what_stands_behind_it() {
        let digest = format!("sha256:{}", "0123456789abcdef".repeat(4));
        let (with, told) = (format!("a/b:1@{digest} a/b@{digest}"), format!("a/b:1@{digest} :1@{digest}"));
        assert_eq!(all(&with, "a/b"), [told, format!("a/b@{digest} @{digest}")]);
        assert_eq!(all("image: a/b:v1.2 # a/b:v1", "a/b"), ["a/b:v1.2 :v1.2", "a/b:v1 :v1"]);
        assert_eq!(all("\"a/b:1\", 'a/b:2', (a/b:3).", "a/b"), ["a/b:1 :1", "a/b:2 :2", "a/b:3 :3"]);
        assert_eq!(all("It uses a/b:v1. And a/b.", "a/b"), ["a/b:v1 :v1", "a/b "]);
        assert_eq!(all("r.example:5000/a:1 r.example:5000/a", "r.example:5000/a").len(), 2);
        assert_eq!(all("${R}/web:1.0", "${R}/web"), ["${R}/web:1.0 :1.0"]);
    }

    #[test]
    fn what_is_known_at_launch_alone_is_open() {
        for text in ["a/b:${TAG}", "a/b:$TAG", "a/b:v1-${ARCH}", "a/b:{{ .Values.TAG }}", "a/b${TAG}", "a/b@${DIGEST}"]
        {
            assert_eq!(
                mentions(text.as_bytes(), "a/b").first().map(|found| &found.behind),
                Some(&Behind::Open),
                "{text}"
            );
        }
    }

    #[test]
    fn a_longer_name_is_another_one() {
        for text in
            ["xa/b:1", "x/a/b:1", "a/b-c:1", "a/b/c:1", "a/bc", "r.example/a/b:1", "a/b.c:1", "a/b:5000/c:1", "éa/b"]
        {
            assert_eq!(all(text, "a/b"), [""; 0], "{text}");
        }
    }

    proptest! {
        #[test]
        fn places_are_in_the_text_and_in_order(text in "[ab/:@${}. \n]{0,40}", repository in "[ab/]{1,3}") {
            let found = mentions(text.as_bytes(), &repository);
            for mention in &found {
                prop_assert!(text[mention.place.clone()].starts_with(&repository));
            }
            for pair in found.windows(2) {
                prop_assert!(pair[0].place.end <= pair[1].place.start);
            }
        }
    }
}
