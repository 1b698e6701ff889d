//! What is left out where an observation is shown, in `/status` and by `swarmkit-mon plan`: keys, tokens, and all labels that
//! are not the monitors' own.

use std::collections::BTreeMap;

use serde::{Serialize, Serializer};

use super::labels::{KEY, OURS};
use super::observe::Seen;
use super::record::Record;

/// Shows the monitors' own labels, but for keys and tokens.
///
/// # Errors
/// As the serializer's.
pub fn labels<S: Serializer>(labels: &BTreeMap<String, String>, to: S) -> Result<S::Ok, S::Error> {
    to.collect_map(labels.iter().filter(|(name, _)| *name != KEY && OURS.contains(&name.as_str())))
}

/// Shows whose keys they are.
///
/// # Errors
/// As the serializer's.
pub fn hosts<S: Serializer>(keys: &BTreeMap<String, String>, to: S) -> Result<S::Ok, S::Error> {
    to.collect_seq(keys.keys())
}

/// Shows a record without its tokens.
///
/// # Errors
/// As the serializer's.
pub fn record<S: Serializer>(record: &Record, to: S) -> Result<S::Ok, S::Error> {
    without_tokens(record).serialize(to)
}

/// The same of one that was asked for.
///
/// # Errors
/// As the serializer's.
pub fn seen_record<S: Serializer>(record: &Seen<Record>, to: S) -> Result<S::Ok, S::Error> {
    record.as_ref().map(without_tokens).serialize(to)
}

fn without_tokens(record: &Record) -> Record {
    Record { tokens: BTreeMap::new(), ..record.clone() }
}
