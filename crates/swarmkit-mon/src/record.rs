//! What the monitors of an environment tell each other: one value in the metadata of their service.
//!
//! The initiator writes its claim there; after that the lease holder alone writes, all others read. Every container of
//! the environment can read it, so a join token stands in it only sealed, for one host, for as long as that host needs
//! it.

use std::collections::BTreeMap;

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};

/// The key in the service's metadata. Other keys there are not touched.
pub const KEY: &str = "swarmkit";

/// How many heartbeats a record may be behind another to be taken for an older state of it, and not for a new one.
pub(super) const OLDER: u64 = 1_000;
/// How many epochs there can be of each count.
const MARKS: u64 = 1 << 20;
/// What an epoch is below: beyond it JSON's readers do not all tell a number exactly. By going on alone nobody comes near it.
const EPOCHS: u64 = 1 << 53;

/// What is recorded of the swarm. What later monitors add to it is kept.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Record {
    /// Who is about to make, or to adopt, the swarm.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub claim: Option<Claim>,
    /// The swarm's cluster ID. Once it stands here no other swarm is ever made.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cluster: Option<String>,
    /// Grows each time that a manager of the swarm goes on alone: see [`Record::next_epoch`]. Managers of an earlier
    /// epoch that come back as a majority would be a second swarm with the same cluster ID; this is what tells the
    /// two apart.
    #[serde(default, skip_serializing_if = "is_zero", deserialize_with = "epoch")]
    pub epoch: u64,
    /// Where its managers are joined, as `address:port`, sorted.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub managers: Vec<String>,
    /// Which host is which node: node IDs by the host's UUID.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub members: BTreeMap<String, String>,
    /// The nodes that vote as managers, sorted; and the one that is about to, so that none votes which is not among them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub voters: Vec<String>,
    /// Nodes of the swarm that are no host's, sorted.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub others: Vec<String>,
    /// Nodes that a host was before it joined anew: the host's UUID by node ID.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub former: BTreeMap<String, String>,
    /// Nodes that have been down for longer than the grace period, sorted.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub lost: Vec<String>,
    /// Who is about to force a new cluster, after the quorum was lost for good.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub recovery: Option<Claim>,
    /// The lease holder and its heartbeat.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lease: Option<Lease>,
    /// Join tokens by the UUID of the host that each is sealed to.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub tokens: BTreeMap<String, SealedToken>,
    /// What this version does not know.
    #[serde(flatten)]
    pub further: Map<String, Value>,
}

fn unreadable(error: &serde_json::Error) -> String {
    format!("the service's metadata has a `{KEY}` that is no record, to be fixed or removed there: {error}")
}

fn epoch<'de, D: Deserializer<'de>>(from: D) -> Result<u64, D::Error> {
    let epoch = u64::deserialize(from)?;
    if epoch < EPOCHS {
        Ok(epoch)
    } else {
        Err(D::Error::custom(format!("the epoch {epoch}, which is not below 2^53")))
    }
}

fn is_zero(number: &u64) -> bool {
    *number == 0
}

/// A host's word that it will make the swarm.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Claim {
    /// The host's UUID.
    pub host: String,
    /// What tells this claim from others of the same host.
    pub nonce: String,
}

/// The lease holder.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Lease {
    /// Its host's UUID; empty in what was kept of a record, which is no heartbeat.
    pub host: String,
    /// It grows with each heartbeat.
    pub heartbeat: u64,
}

/// A worker's join token that one host alone can open.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct SealedToken {
    /// The public key that it is sealed to, as the host published it.
    pub key: String,
    /// Tells which token it is, without telling the token: see [`super::seal::mark`].
    pub mark: String,
    /// The sealed token.
    pub sealed: String,
}

impl Record {
    /// Reads it from a service's metadata. None there is an empty one.
    ///
    /// # Errors
    /// What stands there is not a record: nobody may take that for "no swarm".
    pub fn read(metadata: &Map<String, Value>) -> Result<Self, String> {
        match metadata.get(KEY) {
            None | Some(Value::Null) => Ok(Self::default()),
            Some(value) => Self::deserialize(value).map_err(|error| unreadable(&error)),
        }
    }

    /// Reads it from its text.
    ///
    /// # Errors
    /// As [`Self::read`].
    pub fn parse(text: &str) -> Result<Self, String> {
        match serde_json::from_str(text) {
            Ok(value) => Self::read(&Map::from_iter([(KEY.to_owned(), value)])),
            Err(error) => Err(unreadable(&error)),
        }
    }

    /// Whether it says nothing of a swarm: none was recorded yet, or Rancher has written other metadata over the record.
    pub fn is_blank(&self) -> bool {
        self.cluster.is_none() && self.claim.is_none() && self.recovery.is_none()
    }

    /// What a manager keeps of it, in case that it is lost: all that tells whose swarm this is, and who votes in it. What
    /// changes with each write, or is made anew by whoever acts, is left out. Of the heartbeats a round number is kept
    /// that they have not reached: those who have not seen that the record was lost would take lower ones for old.
    pub fn kept(&self) -> Self {
        let round = |lease: &Lease| Lease {
            host: String::new(),
            heartbeat: lease.heartbeat.div_ceil(OLDER).saturating_mul(OLDER),
        };
        Self {
            claim: None,
            managers: Vec::new(),
            others: Vec::new(),
            lost: Vec::new(),
            lease: self.lease.as_ref().map(round),
            tokens: BTreeMap::new(),
            ..self.clone()
        }
    }

    /// The record, or what was kept of it if it is gone.
    pub fn or_kept<'a>(&'a self, kept: Option<&'a Self>) -> &'a Self {
        kept.filter(|_| self.is_blank()).unwrap_or(self)
    }

    /// The record with a claim, as of one in which another claim was seen, or none. `None` if it is not that one any more,
    /// or if a swarm is recorded: then there is nothing to claim.
    pub fn claimed(&self, seen: Option<&Claim>, claim: Claim) -> Option<Self> {
        let as_seen = self.cluster.is_none() && self.claim.as_ref() == seen;
        as_seen.then(|| Self { claim: Some(claim), ..self.clone() })
    }

    /// The record with a claim to force a new cluster of the recorded swarm, as of one in which another such claim was
    /// seen, or none. `None` if it is not that one any more.
    pub fn recovering(&self, cluster: &str, seen: Option<&Claim>, claim: Claim) -> Option<Self> {
        let as_seen = self.cluster.as_deref() == Some(cluster) && self.recovery.as_ref() == seen;
        as_seen.then(|| Self { recovery: Some(claim), ..self.clone() })
    }

    /// The record as it must be before its swarm is forced into a new epoch: nobody of the earlier one acts any more.
    /// `None` unless this claim stands.
    ///
    /// No two claims make the same epoch: if two managers went on alone in spite of all, the one with the lower one
    /// is told by it that it is none any more. Its count is in the upper bits, and the whole is a number that JSON's
    /// readers all can tell exactly.
    pub fn next_epoch(&self, cluster: &str, claim: &Claim) -> Option<Self> {
        let stands = self.cluster.as_deref() == Some(cluster) && self.recovery.as_ref() == Some(claim);
        stands.then(|| Self { epoch: self.epoch_by(&claim.nonce), ..self.clone() })
    }

    /// The epoch that the process with this nonce would begin: above the present one, and no other process's.
    pub fn epoch_by(&self, nonce: &str) -> u64 {
        let digest = Sha256::digest(nonce.as_bytes());
        let mark = digest.iter().take(4).fold(0, |mark, byte| (mark << 8) | u64::from(*byte)) % MARKS;
        (self.epoch / MARKS + 1) * MARKS + mark
    }

    /// The host that is a node, by its UUID.
    pub fn host_of(&self, node: &str) -> Option<&String> {
        self.members.iter().find(|(_, member)| *member == node).map(|(host, _)| host)
    }

    /// Whether a node is one of the recorded swarm. The host that says so is looked at first: there may be thousands.
    pub fn knows(&self, node: &str, host: &str) -> bool {
        let is = |known: &String| known == node;
        self.members.get(host).is_some_and(is)
            || self.members.values().chain(&self.others).any(is)
            || self.former.contains_key(node)
    }

    /// Whether the one with this claim may make, or record, a swarm.
    pub fn is_free_for(&self, claim: &Claim) -> bool {
        self.cluster.is_none() && self.claim.as_ref() == Some(claim)
    }

    /// Writes it into a service's metadata, and leaves the rest of that as it is.
    pub fn write(&self, metadata: &mut Map<String, Value>) {
        // A record is plain data, which always has a form in JSON.
        let value = serde_json::to_value(self).unwrap_or(Value::Null);
        metadata.insert(KEY.to_owned(), value);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn metadata(text: &str) -> Map<String, Value> {
        serde_json::from_str(text).unwrap()
    }

    #[test]
    fn no_record_is_an_empty_one_and_a_broken_one_is_an_error() {
        assert_eq!(Record::read(&metadata("{}")), Ok(Record::default()));
        assert_eq!(Record::read(&metadata(r#"{"swarmkit":null}"#)), Ok(Record::default()));
        let odd = r#"{"swarmkit":{"cluster":"c","epoch":18446744073709551615}}"#;
        assert!(Record::read(&metadata(odd)).unwrap_err().contains("not below 2^53"));
        for broken in [r#"{"swarmkit":"x"}"#, r#"{"swarmkit":{"cluster":7}}"#, r#"{"swarmkit":[]}"#] {
            assert!(Record::read(&metadata(broken)).unwrap_err().contains("no record"), "{broken}");
        }
    }

    #[test]
    fn no_two_claims_make_the_same_epoch_and_each_is_above_the_last() {
        let claimed = |epoch: u64, nonce: &str| {
            let claim = Claim { host: "h".into(), nonce: nonce.into() };
            let recovery = Some(claim.clone());
            let record = Record { cluster: Some("c".into()), epoch, recovery, ..Record::default() };
            record.next_epoch("c", &claim).unwrap().epoch
        };
        let (one, other) = (claimed(0, "one"), claimed(0, "other"));
        assert!(one != other && one > 0 && other > 0);
        for nonce in ["one", "other", "third"] {
            assert!(claimed(one.max(other), nonce) > one.max(other));
            assert!(claimed(one.min(other), nonce) > one.max(other));
        }
    }

    #[test]
    fn what_others_wrote_is_kept() {
        let mut all = metadata(r#"{"token":"theirs","swarmkit":{"cluster":"c","later":{"a":1}}}"#);
        let mut record = Record::read(&all).unwrap();
        record.members.insert("host".into(), "node".into());
        record.write(&mut all);
        let wanted = r#"{"token":"theirs","swarmkit":{"cluster":"c","members":{"host":"node"},"later":{"a":1}}}"#;
        assert_eq!(all, metadata(wanted));
    }
}
