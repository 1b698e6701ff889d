//! What was asked of the stand-in, by whom.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::time::Instant;

use super::faults::Kind;

/// A request.
#[derive(Debug, Clone)]
pub struct Asked {
    pub at: Instant,
    pub source: IpAddr,
    pub kind: Kind,
    pub method: String,
    /// The path without its query.
    pub path: String,
    pub query: String,
    pub body: String,
    /// What was answered; `None` where nothing was, or not yet.
    pub status: Option<u16>,
}

impl Asked {
    /// Whether it is a PUT to a service that was taken in.
    pub fn writes_a_service(&self) -> bool {
        self.kind == Kind::Api
            && self.method == "PUT"
            && self.path.contains("/services/")
            && self.status.is_none_or(|status| status == 200)
    }
}

/// How often something was asked: by source, kind, method and path.
pub type Counts = BTreeMap<(IpAddr, Kind, String, String), usize>;

/// Counts requests.
pub fn counts<'a>(asked: impl IntoIterator<Item = &'a Asked>) -> Counts {
    let mut counts = Counts::new();
    for one in asked {
        *counts.entry((one.source, one.kind, one.method.clone(), one.path.clone())).or_default() += 1;
    }
    counts
}
