//! What an address asks beside its path.

use crate::versions::{RANCHERS, is_rancher};

/// Pairs of a name and a value, in order.
#[derive(Debug, Clone, Default)]
pub struct Query(pub Vec<(String, String)>);

impl Query {
    /// The value of a name; of several the last.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().rev().find(|(own, _)| own == name).map(|(_, value)| value.as_str())
    }

    fn given_rancher(&self) -> Option<&str> {
        self.get("rancherVersion").filter(|version| !version.is_empty())
    }

    /// The version of Rancher that a page is made for.
    pub(crate) fn rancher(&self) -> &str {
        self.given_rancher().filter(|version| is_rancher(version)).unwrap_or(RANCHERS[0])
    }

    /// What was given as a version of Rancher and is none.
    pub(crate) fn no_rancher(&self) -> Option<&str> {
        self.given_rancher().filter(|version| !is_rancher(version))
    }
}
