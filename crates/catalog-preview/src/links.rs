//! Where the pages are: at a server, or as files that lead to each other.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use crate::catalog::Place;

const IN_A_PATH: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');

/// A part of an address.
pub fn encoded(text: &str) -> String {
    utf8_percent_encode(text, IN_A_PATH).to_string()
}

/// Answers as the query of an address; empty without any.
pub fn query<'a>(pairs: impl IntoIterator<Item = (&'a str, &'a str)>) -> String {
    let pairs: Vec<String> =
        pairs.into_iter().map(|(name, value)| format!("{}={}", encoded(name), encoded(value))).collect();
    if pairs.is_empty() { String::new() } else { format!("?{}", pairs.join("&")) }
}

/// Where pages are, seen from one of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Links {
    /// At a server.
    Live,
    /// As files, so many folders above this one.
    Files {
        /// How deep the page lies.
        depth: usize,
    },
}

impl Links {
    /// Whether pages answer what is asked of them.
    pub fn is_live(self) -> bool {
        self == Self::Live
    }

    fn top(self) -> String {
        match self {
            Self::Live => "/".to_owned(),
            Self::Files { depth } => "../".repeat(depth),
        }
    }

    /// The list of the catalog's templates.
    pub fn list(self) -> String {
        if self.is_live() { self.top() } else { format!("{}index.html", self.top()) }
    }

    /// A page beside it: `environments` or `findings`.
    pub fn page(self, name: &str) -> String {
        format!("{}{name}{}", self.top(), if self.is_live() { "" } else { ".html" })
    }

    /// A template.
    pub fn entry(self, place: &Place) -> String {
        let (above, folder) = (encoded(&place.above), encoded(&place.folder));
        format!("{}catalog/{above}/{folder}{}", self.top(), if self.is_live() { "" } else { ".html" })
    }

    /// A version of a template. Among files it is a part of the template's page.
    pub fn version(self, place: &Place, revision: &str) -> String {
        if self.is_live() { format!("{}/{}", self.entry(place), encoded(revision)) } else { self.entry(place) }
    }

    /// The icon of a template.
    pub fn icon(self, place: &Place) -> String {
        format!("{}icons/{}/{}", self.top(), encoded(&place.above), encoded(&place.folder))
    }
}
