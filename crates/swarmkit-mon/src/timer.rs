//! For how long something has been so.

use tokio::time::Instant;

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

/// Milliseconds, as many as fit.
pub fn ms(time: Duration) -> u64 {
    time.as_millis().try_into().unwrap_or(u64::MAX)
}

fn ms_since(since: Instant, now: Instant) -> u64 {
    ms(now.saturating_duration_since(since))
}

/// What tells for how long something has been so.
pub trait Timer {
    /// What it tells.
    type Elapsed;

    /// One that begins now.
    fn begin(now: Instant) -> Self;

    /// For how long, in milliseconds.
    fn elapsed(&self, now: Instant) -> Self::Elapsed;
}

/// A value, and since when it is what it is.
#[derive(Debug)]
pub struct Since<T> {
    pub(super) value: T,
    since: Instant,
}

impl<T: PartialEq> Since<T> {
    /// Answers whether it is another one than before.
    pub fn see(&mut self, value: T, now: Instant) -> bool {
        let changed = self.value != value;
        if changed {
            *self = Self { value, since: now };
        }
        changed
    }
}

impl<T: Default> Timer for Since<T> {
    type Elapsed = u64;

    fn begin(now: Instant) -> Self {
        Self { value: T::default(), since: now }
    }

    fn elapsed(&self, now: Instant) -> u64 {
        ms_since(self.since, now)
    }
}

/// Since when something is so, while it is.
#[derive(Debug, Clone, Copy)]
pub struct While(Option<Instant>);

impl While {
    /// Answers whether that has changed.
    pub fn see(&mut self, is_so: bool, now: Instant) -> bool {
        let changed = self.0.is_some() != is_so;
        if changed {
            self.0 = is_so.then_some(now);
        }
        changed
    }

    /// Whether it is so.
    pub fn is_so(&self) -> bool {
        self.0.is_some()
    }
}

impl Timer for While {
    type Elapsed = u64;

    fn begin(_: Instant) -> Self {
        Self(None)
    }

    fn elapsed(&self, now: Instant) -> u64 {
        self.0.map_or(0, |since| ms_since(since, now))
    }
}

/// When something last happened.
#[derive(Debug)]
pub struct Last(Option<Instant>);

impl Last {
    /// It happens now.
    pub fn happens(&mut self, now: Instant) {
        self.0 = Some(now);
    }
}

impl Timer for Last {
    type Elapsed = u64;

    fn begin(_: Instant) -> Self {
        Self(None)
    }

    /// What never happened is long ago.
    fn elapsed(&self, now: Instant) -> u64 {
        self.0.map_or(u64::MAX, |last| ms_since(last, now))
    }
}

/// Since when each of some things has been so.
#[derive(Debug, Default)]
pub struct Each(BTreeMap<String, Instant>);

impl Each {
    /// Takes in all that are so.
    pub fn see(&mut self, so: BTreeSet<&String>, now: Instant) {
        self.0.retain(|name, _| so.contains(name));
        for name in so {
            self.0.entry(name.clone()).or_insert(now);
        }
    }

    /// Whether one is so.
    pub fn has(&self, name: &str) -> bool {
        self.0.contains_key(name)
    }

    /// One begins to be so, also where it was before.
    pub fn begin_one(&mut self, name: &str, now: Instant) {
        self.0.insert(name.to_owned(), now);
    }

    /// These are not so any more.
    pub fn end(&mut self, ends: impl Fn(&str) -> bool) {
        self.0.retain(|name, _| !ends(name));
    }
}

impl Timer for Each {
    type Elapsed = BTreeMap<String, u64>;

    fn begin(_: Instant) -> Self {
        Self::default()
    }

    fn elapsed(&self, now: Instant) -> BTreeMap<String, u64> {
        self.0.iter().map(|(name, since)| (name.clone(), ms_since(*since, now))).collect()
    }
}
