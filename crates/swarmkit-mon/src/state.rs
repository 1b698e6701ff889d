//! What a host must remember when its container, its engine or its machine starts anew: a small file in the state
//! folder.

use std::fs;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::engine::SwarmInfo;
use super::record::Record;

/// The file's name in the state folder.
pub const FILE: &str = "swarmkit-mon.json";
/// The largest file that is read, in bytes: a manager keeps who the members of its swarm are, up to thousands of hosts.
const LARGEST: u64 = 2 << 20;

/// What is remembered.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct State {
    /// The nonce of the claim under which this host is about to make a swarm. It is written before the swarm is made,
    /// so that a swarm found after a crash can be told to be our own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub init: Option<String>,
    /// The cluster ID of the swarm that this host made.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub made: Option<String>,
    /// The ID of the node that the engine was, if it has left to join anew.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub left: Option<String>,
    /// The cluster ID of the recorded swarm that the engine is about to join, or joins.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub joining: Option<String>,
    /// The recorded swarm that the engine was last seen in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub member: Option<Member>,
    /// What a manager keeps of the record of that swarm, should it be lost: see [`Record::kept`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub record: Option<Record>,
}

/// A place in a recorded swarm.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Member {
    /// The swarm's cluster ID.
    pub cluster: String,
    /// The node's ID.
    pub node: String,
    /// Whether it managed.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub manager: bool,
    /// Which epoch of the swarm it was: see [`super::record::Record::epoch`].
    #[serde(default)]
    pub epoch: u64,
}

/// Where a host is, or is about to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Membership<'a> {
    /// The swarm's cluster ID.
    pub cluster: &'a str,
    /// The node's ID; empty if the engine broke down before it was told.
    pub node: &'a str,
}

impl State {
    /// What was kept of the record of the swarm that the engine is in.
    pub fn kept_record(&self, engine: Option<&SwarmInfo>) -> Option<&Record> {
        let place = self.place(engine)?;
        self.record.as_ref().filter(|record| record.cluster.as_deref() == Some(place.cluster))
    }

    /// The place that this host's engine has, by what the host remembers; `None` if the engine is in no swarm, or in one
    /// that is not known to be the recorded one. An engine that does not answer, or whose node has broken down, does not
    /// tell which node it is.
    pub fn place<'a>(&'a self, engine: Option<&'a SwarmInfo>) -> Option<Membership<'a>> {
        let told = engine.map(|engine| engine.node_id.as_str());
        let stuck = engine.is_some_and(SwarmInfo::is_stuck);
        let of_member = |node: &str| match told {
            None => true,
            Some("") => stuck,
            Some(told) => told == node,
        };
        match (&self.member, &self.joining) {
            (Some(member), _) if of_member(&member.node) => {
                Some(Membership { cluster: &member.cluster, node: &member.node })
            }
            (_, Some(cluster)) if stuck || told.is_some_and(|node| !node.is_empty()) => {
                Some(Membership { cluster, node: told.unwrap_or_default() })
            }
            _ => None,
        }
    }
}

/// Why the state cannot be read or written.
#[derive(Debug, thiserror::Error)]
#[error("the state file {path} {what}")]
pub struct StateError {
    path: String,
    what: String,
}

/// The file.
#[derive(Debug, Clone)]
pub struct StateFile {
    folder: PathBuf,
}

impl StateFile {
    /// The one in a folder.
    pub fn new(folder: &Path) -> Self {
        Self { folder: folder.to_owned() }
    }

    fn path(&self) -> PathBuf {
        self.folder.join(FILE)
    }

    fn error(&self, what: String) -> StateError {
        StateError { path: self.path().display().to_string(), what }
    }

    /// Reads it. None there is an empty one.
    ///
    /// # Errors
    /// It is there and cannot be read, or is not such a file.
    pub fn read(&self) -> Result<State, StateError> {
        let path = self.path();
        match fs::metadata(&path) {
            Ok(about) if !about.is_file() || about.len() > LARGEST => {
                return Err(self.error("is not a small file".to_owned()));
            }
            Ok(_) => {}
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(State::default()),
            Err(error) => return Err(self.error(format!("cannot be read: {error}"))),
        }
        let text = fs::read(&path).map_err(|error| self.error(format!("cannot be read: {error}")))?;
        // Read as an object first: a struct would be read from a list too.
        serde_json::from_slice(&text)
            .and_then(|fields: serde_json::Map<String, serde_json::Value>| serde_json::from_value(fields.into()))
            .map_err(|error| self.error(format!("is damaged: {error}")))
    }

    /// Writes it, whole or not at all.
    ///
    /// # Errors
    /// The folder cannot be written, or is full; then the file is as it was.
    pub fn write(&self, state: &State) -> Result<(), StateError> {
        let text = serde_json::to_vec_pretty(state).map_err(io::Error::from);
        let written = text.and_then(|text| whole_file::write_secret(&self.path(), text));
        written.map_err(|error| self.error(format!("cannot be written: {error}")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_and_nothing_else_is_left() {
        let folder = tempfile::tempdir().unwrap();
        let file = StateFile::new(folder.path());
        assert_eq!(file.read().unwrap(), State::default());
        let member = Member { cluster: "c".into(), node: "n".into(), manager: true, epoch: 2 };
        let state = State { made: Some("c".into()), member: Some(member), ..State::default() };
        file.write(&state).unwrap();
        assert_eq!(file.read().unwrap(), state);
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn a_damaged_file_is_an_error_that_names_it() {
        let folder = tempfile::tempdir().unwrap();
        let file = StateFile::new(folder.path());
        for text in ["", "{", "[]", r#"{"made":3}"#, &"x".repeat(3_000_000)] {
            fs::write(folder.path().join(FILE), text).unwrap();
            assert!(file.read().unwrap_err().to_string().contains("swarmkit-mon.json"), "{text:.20}");
        }
        fs::remove_file(folder.path().join(FILE)).unwrap();
        fs::create_dir(folder.path().join(FILE)).unwrap();
        assert!(file.read().is_err());
    }

    #[test]
    fn a_folder_that_is_not_there_is_an_error_and_nothing_is_made() {
        let folder = tempfile::tempdir().unwrap();
        let file = StateFile::new(&folder.path().join("none"));
        assert!(file.write(&State::default()).is_err());
        assert!(!folder.path().join("none").exists());
    }
}
