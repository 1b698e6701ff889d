//! How soon the next reconcile follows: a plain value, which the loop and the simulator share.

use super::observe::Observation;
use super::plan::{Plan, Stage};

/// The first pause after something failed, in milliseconds.
pub const FIRST_PAUSE_MS: u64 = 200;
/// How many reconciles may see the same before they become rarer.
const PATIENCE: u32 = 10;

/// When to reconcile, as the plans so far have it.
#[derive(Debug)]
pub struct Pace {
    period_ms: u64,
    pause_ms: u64,
    /// How many reconciles in a row have seen the same.
    streak: u32,
    reported: Option<(Stage, String)>,
    requeue_after_ms: Option<u64>,
    changes: bool,
    is_blind: bool,
}

impl Pace {
    /// That of a monitor which reconciles at least once in a period.
    pub fn new(period_ms: u64) -> Self {
        Self {
            period_ms,
            pause_ms: FIRST_PAUSE_MS,
            streak: 0,
            reported: None,
            requeue_after_ms: None,
            changes: false,
            is_blind: false,
        }
    }

    /// Takes in a plan that is about to be carried out. Answers whether its stage or reason is new.
    pub fn see(&mut self, seen: &Observation, plan: &Plan) -> bool {
        let is_same = |(stage, reason): &(Stage, String)| *stage == plan.stage && *reason == plan.reason;
        let is_new = !self.reported.as_ref().is_some_and(is_same);
        if is_new {
            self.reported = Some((plan.stage, plan.reason.clone()));
        }
        self.streak = if is_new { 0 } else { self.streak.saturating_add(1) };
        self.requeue_after_ms = plan.requeue_after_ms;
        self.changes = plan.change.is_some();
        self.is_blind = seen.metadata.is_err();
        is_new
    }

    /// How long to wait for news, in milliseconds, once the plan was carried out, or was not.
    pub fn wait_ms(&mut self, is_done: bool) -> u64 {
        self.pause_ms =
            if is_done { FIRST_PAUSE_MS } else { (self.pause_ms * 2).min(self.period_ms.max(FIRST_PAUSE_MS)) };
        match self.requeue_after_ms {
            _ if !is_done => self.pause_ms,
            // What has changed is observed at once; a change that changes nothing is not made all the time.
            _ if self.changes && self.streak == 0 => 0,
            // What is on this host costs nothing to ask.
            Some(soon) if self.is_blind => soon,
            None if self.changes => self.patient(FIRST_PAUSE_MS),
            Some(soon) => self.patient(soon),
            None => self.period_ms,
        }
    }

    /// Whether news end the wait: they do not make a failing call succeed.
    pub fn takes_news(&self) -> bool {
        self.pause_ms == FIRST_PAUSE_MS
    }

    /// Reconciles that see the same again and again become rarer.
    fn patient(&self, soon_ms: u64) -> u64 {
        let further = self.streak.saturating_sub(PATIENCE).min(60);
        let wait = soon_ms as f64 * 1.25_f64.powi(further.try_into().unwrap_or_default());
        (wait as u64).min(self.period_ms)
    }
}
