//! What this build is: its versions, and the commit that it was built from. `build.rs` finds that out.

use std::fmt;

/// The version of the package, of the image and of both programs.
pub const VERSION: &str = env!("CARGO_PKG_VERSION");
/// The version of the catalog entry: the package's, with the `v` of all published ones.
pub const CATALOG_VERSION: &str = concat!("v", env!("CARGO_PKG_VERSION"));
/// What stands for a commit that is not known.
pub const UNKNOWN: &str = "unknown";

/// Whether a text is the whole name of a commit, and nothing beside it.
pub fn is_commit(text: &str) -> bool {
    matches!(text.len(), 40 | 64) && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// How the note of a daemon begins.
const NOTE_BEGIN: &str = "[swarmkit-mon is version ";
/// What the daemon has in it, for whoever cannot run it: it may be for another machine.
pub const NOTE: &str = concat!(
    "[swarmkit-mon is version ",
    env!("CARGO_PKG_VERSION"),
    ", of commit ",
    env!("SWARMKIT_BUILD_COMMIT"),
    ", changed ",
    env!("SWARMKIT_BUILD_CHANGED"),
    "]"
);

/// What a daemon says of itself by its note.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Noted {
    /// Its version.
    pub version: String,
    /// Its commit, as [`BuiltFrom`] shows it.
    pub commit: String,
}

/// Reads the note in a program; `None` in what is no daemon.
pub fn noted(program: &[u8]) -> Option<Noted> {
    let begin = NOTE_BEGIN.as_bytes();
    let mut at = 0;
    while let Some(found) = program[at..].windows(begin.len()).position(|part| part == begin) {
        at += found + begin.len();
        let rest = &program[at..program.len().min(at + 200)];
        let text = rest.iter().position(|byte| *byte == b']').and_then(|end| std::str::from_utf8(&rest[..end]).ok());
        if let Some((version, rest)) = text.and_then(|text| text.split_once(", of commit "))
            && let Some((commit, changed)) = rest.split_once(", changed ")
            && !version.contains([' ', '['])
        {
            let commit = match (commit, changed) {
                ("", _) => UNKNOWN.to_owned(),
                (commit, "true") => format!("{commit}, with changes"),
                (commit, _) => commit.to_owned(),
            };
            return Some(Noted { version: version.to_owned(), commit });
        }
    }
    None
}

/// The commit that the programs were built from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BuiltFrom {
    /// Its sources and no others.
    Commit(&'static str),
    /// Its sources, with changes that were not committed.
    Changed(&'static str),
    /// Nobody told the build, and it was in no clone.
    Unknown,
}

impl BuiltFrom {
    /// What this build was told or found.
    pub fn this() -> Self {
        match (env!("SWARMKIT_BUILD_COMMIT"), env!("SWARMKIT_BUILD_CHANGED")) {
            ("", _) => Self::Unknown,
            (commit, "true") => Self::Changed(commit),
            (commit, _) => Self::Commit(commit),
        }
    }

    /// The commit, if it alone made the programs.
    pub fn commit(self) -> Option<&'static str> {
        if let Self::Commit(commit) = self { Some(commit) } else { None }
    }
}

impl fmt::Display for BuiltFrom {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Commit(commit) => f.write_str(commit),
            Self::Changed(commit) => write!(f, "{commit}, with changes"),
            Self::Unknown => f.write_str(UNKNOWN),
        }
    }
}

/// What `--version` prints behind the program's name: the version, the catalog version and the commit, a line each.
pub fn long_version() -> String {
    format!("{VERSION}\ncatalog {CATALOG_VERSION}\ncommit {}", BuiltFrom::this())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_note_says_what_the_program_does() {
        let inside = |text: &str| noted(format!("\0x{NOTE_BEGIN}{NOTE_BEGIN}{text}\0y").as_bytes());
        assert_eq!(noted(NOTE.as_bytes()).unwrap().commit, BuiltFrom::this().to_string());
        let noted = Noted { version: "1.0.0".to_owned(), commit: "abc, with changes".to_owned() };
        assert_eq!(inside("1.0.0, of commit abc, changed true]"), Some(noted));
        assert_eq!(inside("1.0.0, of commit , changed ]").unwrap().commit, UNKNOWN);
        assert_eq!((inside("1.0.0]"), inside("")), (None, None));
    }
}
