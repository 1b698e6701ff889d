//! What a person should know of the way from what was given to the template.

use std::collections::HashSet;

use super::secret_text::told;
use rancher_catalog::yaml::Position;

/// What became of something.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum What {
    /// It says the same in Rancher's words, or what comes next to it.
    Becomes,
    /// It is a question now.
    Asked,
    /// Rancher has nothing like it.
    LeftOut,
}

/// One line of that.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Remark {
    /// The file that it is about.
    pub path: String,
    /// Where in it; nothing for the file as a whole.
    pub position: Option<Position>,
    /// What became of it.
    pub what: What,
    /// In words.
    pub message: String,
}

impl Remark {
    /// The place, as editors understand it.
    pub fn place(&self) -> String {
        match self.position {
            Some(position) => format!("{}:{position}", self.path),
            None => self.path.clone(),
        }
    }
}

/// All remarks on one file.
#[derive(Debug)]
pub(super) struct Remarks {
    path: String,
    /// The other file that it is about just now.
    beside: Option<String>,
    pub(super) all: Vec<Remark>,
    told: HashSet<Remark>,
}

impl Remarks {
    pub(super) fn on(path: impl Into<String>) -> Self {
        Self { path: path.into(), beside: None, all: Vec::new(), told: HashSet::new() }
    }

    /// From now on it is about another file, or about the one that it began with.
    pub(super) fn turn_to(&mut self, beside: Option<String>) {
        self.beside = beside;
    }

    pub(super) fn tell(&mut self, what: What, position: Option<Position>, message: impl Into<String>) {
        let path = self.beside.as_ref().unwrap_or(&self.path).clone();
        let remark = Remark { path, position, what, message: told(&message.into()) };
        // One value may be come to on several ways: by an anchor, or by a service that is extended.
        if self.told.insert(remark.clone()) {
            self.all.push(remark);
        }
    }

    /// In the order of the file, and then of those beside it.
    pub(super) fn into_sorted(mut self) -> Vec<Remark> {
        let own = self.path.clone();
        self.all.sort_by_cached_key(|remark| {
            let beside = if remark.path == own { String::new() } else { remark.path.clone() };
            (beside, remark.position.map(|position| (position.line, position.column)))
        });
        self.all
    }
}
