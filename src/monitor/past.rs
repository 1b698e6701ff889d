//! For how long some things have been as they are: time enters the plan as data, so that the plan needs no clock.

use std::time::{Duration, Instant};

use serde::Serialize;

use super::observe::Observation;
use super::record::{Acting, Claim};

/// For how long some things have been as they are, in milliseconds.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Past {
    /// For how long no swarm has been recorded.
    pub unrecorded_ms: u64,
    /// For how long the claim that stands has stood, as Rancher's API told.
    pub claim_ms: u64,
    /// For how long the acting monitor has given no new sign of life.
    pub beat_ms: u64,
    /// How long ago this monitor gave a sign of life as the acting one; none given is long ago.
    pub own_beat_ms: u64,
    /// The longest look at Rancher's API so far.
    pub slowest_ms: u64,
}

/// A value, and since when it is what it is.
#[derive(Debug)]
struct Since<T> {
    value: T,
    since: Instant,
}

impl<T: PartialEq> Since<T> {
    fn see(&mut self, value: T, now: Instant) {
        if self.value != value {
            *self = Self { value, since: now };
        }
    }

    fn ms(&self, now: Instant) -> u64 {
        ms(now.saturating_duration_since(self.since))
    }
}

/// Milliseconds, as many as fit.
pub fn ms(time: Duration) -> u64 {
    time.as_millis().try_into().unwrap_or(u64::MAX)
}

/// Remembers what was seen, from look to look.
#[derive(Debug)]
pub struct Memory {
    unrecorded: Since<bool>,
    claim: Since<Option<Claim>>,
    beat: Since<Option<Acting>>,
    own_beat: Option<Instant>,
    slowest_ms: u64,
}

impl Memory {
    /// Nothing is remembered.
    pub fn new(now: Instant) -> Self {
        Self {
            unrecorded: Since { value: true, since: now },
            claim: Since { value: None, since: now },
            beat: Since { value: None, since: now },
            own_beat: None,
            slowest_ms: 0,
        }
    }

    /// What the next plan shall know.
    pub fn past(&self, now: Instant) -> Past {
        Past {
            unrecorded_ms: if self.unrecorded.value { self.unrecorded.ms(now) } else { 0 },
            claim_ms: self.claim.ms(now),
            beat_ms: self.beat.ms(now),
            own_beat_ms: self.own_beat.map_or(u64::MAX, |beat| ms(now.saturating_duration_since(beat))),
            slowest_ms: self.slowest_ms,
        }
    }

    /// Takes in what a look saw.
    pub fn see(&mut self, seen: &Observation, now: Instant) {
        let told = seen.rancher.as_ref().and_then(|rancher| rancher.as_ref().ok()).map(|rancher| &rancher.record);
        if let Some(record) = told {
            self.claim.see(record.claim.clone(), now);
        }
        let read = seen.metadata.as_ref().ok().and_then(|metadata| metadata.record.as_ref().ok());
        if let Some(record) = told.or(read) {
            self.unrecorded.see(record.cluster.is_none(), now);
            self.beat.see(record.acting.clone(), now);
        }
    }

    /// A look at Rancher's API took this long.
    pub fn looked(&mut self, took_ms: u64) {
        self.slowest_ms = self.slowest_ms.max(took_ms);
    }

    /// A sign of life was given.
    pub fn beaten(&mut self, now: Instant) {
        self.own_beat = Some(now);
    }
}
