//! What this build is: its versions, and the commit that it was built from. `build.rs` finds that out.

use std::fmt;

/// The version of the package, of the image and of both programs.
pub const VERSION: &str = env!("CARGO_PKG_VERSION");
/// The version of the catalog entry: the package's, with the `v` of all published ones.
pub const CATALOG_VERSION: &str = concat!("v", env!("CARGO_PKG_VERSION"));
/// What stands for a commit that is not known.
pub const UNKNOWN: &str = "unknown";

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
