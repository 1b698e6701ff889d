//! What the monitor knows and does, for `/status` and `swarmkit-mon plan`. It holds no secret.

use std::collections::VecDeque;
use std::time::Instant;

use serde::Serialize;
use serde_json::{Value, json};

use super::label_writer;
use super::observe::Observation;
use super::past::ms;
use super::plan::Plan;

/// How many of the last actions are kept.
const ACTIONS: usize = 20;

/// What was done, for people.
#[derive(Debug, Clone)]
pub struct Done {
    /// When.
    pub at: Instant,
    /// What.
    pub what: String,
    /// Why.
    pub why: String,
    /// What went wrong, if anything did.
    pub error: Option<String>,
}

/// The latest observation, and what came of it.
#[derive(Debug, Default)]
pub struct Status {
    latest: Option<(Observation, Plan, Instant)>,
    actions: VecDeque<Done>,
    /// How the host's labels stand.
    pub labels: label_writer::Progress,
    /// Why the record could not be written at the last try, if that is so.
    pub cannot_write: Option<String>,
    /// How many reconciles there were.
    pub reconciles: u64,
    /// How many changes were made.
    pub changes: u64,
    /// How many were not, though they were planned.
    pub failures: u64,
}

impl Status {
    /// Takes in a reconcile and its plan.
    pub fn reconciled(&mut self, seen: Observation, plan: Plan) {
        self.reconciles += 1;
        self.latest = Some((seen, plan, Instant::now()));
    }

    /// Takes in an action.
    pub fn action(&mut self, done: Done) {
        if done.error.is_some() {
            self.failures += 1;
        } else {
            self.changes += 1;
        }
        self.actions.push_back(done);
        if self.actions.len() > ACTIONS {
            self.actions.pop_front();
        }
    }

    /// The latest plan.
    pub fn plan(&self) -> Option<&Plan> {
        self.latest.as_ref().map(|(_, plan, _)| plan)
    }

    /// The latest observation.
    pub fn seen(&self) -> Option<&Observation> {
        self.latest.as_ref().map(|(seen, ..)| seen)
    }

    /// Whether this monitor is the one that acts, and could at the latest reconcile: Rancher's API answers it, lists its host, and
    /// has not refused the last write for another reason than an upgrade.
    pub fn holds_lease(&self) -> bool {
        let Some((seen, plan, _)) = &self.latest else { return false };
        let host = seen.metadata.as_ref().map_or("", |metadata| &metadata.host);
        let is_listed = seen.rancher_view().is_some_and(|view| view.registered(host).is_some());
        plan.stage == super::plan::Stage::LeaseHolder && is_listed && self.cannot_write.is_none()
    }

    /// How old the latest reconcile is, in milliseconds.
    pub fn age_ms(&self) -> Option<u64> {
        self.latest.as_ref().map(|(_, _, at)| ms(at.elapsed()))
    }

    /// All of it, as `/status` says it.
    pub fn text(&self) -> String {
        format!("{:#}\n", self.json())
    }

    /// All of it.
    fn json(&self) -> Value {
        let actions: Vec<Value> = self
            .actions
            .iter()
            .map(|done| json!({ "ago_ms": ms(done.at.elapsed()), "what": done.what, "why": done.why, "error": done.error }))
            .collect();
        json!({
            "version": env!("CARGO_PKG_VERSION"),
            "reconciled_ago_ms": self.age_ms(),
            "reconciles": self.reconciles,
            "changes": self.changes,
            "failures": self.failures,
            "labels": self.labels,
            "plan": self.plan(),
            "view": self.seen(),
            "last_actions": actions,
        })
    }
}

/// A reconcile and its plan, as `swarmkit-mon plan` prints them in JSON.
#[derive(Serialize)]
pub struct Preview<'a> {
    /// What is seen.
    pub view: &'a Observation,
    /// What would be done.
    pub plan: &'a Plan,
}
