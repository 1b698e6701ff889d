//! What the monitor knows and does, for `/status` and `swarmkit-mon plan`. It holds no secret.

use std::collections::{BTreeMap, VecDeque};

use serde::Serialize;
use serde_json::{Value, json};
use tokio::time::Instant;

use super::backup::schedule::Backups;
use super::engine::Node;
use super::label_writer;
use super::observe::Observation;
use super::past::ms;
use super::plan::{self, Advice, Plan, Stage};
use super::voters::Voters;

/// How many of the last actions are kept.
const ACTIONS: usize = 20;

/// What is done beside changes: the state file is written, and the record; a backup is made.
const BESIDE: [&str; 3] = ["remember", "publish", "backup"];

/// What kinds of actions there are, as metrics count them.
pub fn kinds() -> impl Iterator<Item = &'static str> {
    plan::KINDS.into_iter().chain(BESIDE)
}

/// What was done, for people.
#[derive(Debug, Clone)]
pub struct Done {
    /// When.
    pub at: Instant,
    /// Of which kind: see [`kinds`].
    pub kind: &'static str,
    /// What.
    pub what: String,
    /// Why.
    pub why: String,
    /// What went wrong, if anything did.
    pub error: Option<String>,
}

/// How often something was done, and was not.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub struct Outcomes {
    /// Done.
    pub done: u64,
    /// Planned, and not done.
    pub failed: u64,
}

/// How many reconciles did not get an answer, of each that is asked.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub struct Unanswered {
    /// This host's engine, about itself or its swarm.
    pub engine: u64,
    /// rancher-metadata.
    pub metadata: u64,
    /// Rancher's API.
    pub rancher: u64,
}

/// The latest observation, and what came of it.
#[derive(Debug, Default)]
pub struct Status {
    latest: Option<(Observation, Plan, Instant)>,
    /// Where the host stands, and since when.
    stands: Option<(Stage, Instant)>,
    /// Since when something holds it up where all is well otherwise.
    held_up: Option<Instant>,
    actions: VecDeque<Done>,
    /// How many actions of each kind were done, and were not.
    pub by_kind: BTreeMap<&'static str, Outcomes>,
    /// How many reconciles did not get an answer.
    pub unanswered: Unanswered,
    /// How the host's labels stand.
    pub labels: label_writer::Progress,
    /// Why the record could not be written at the last try, if that is so.
    pub cannot_write: Option<String>,
    /// How this host's backups stand.
    pub backups: Backups,
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
        let now = Instant::now();
        if self.stands.is_none_or(|(stage, _)| stage != plan.stage) {
            self.stands = Some((plan.stage, now));
        }
        self.held_up = plan.is_held_up().then(|| self.held_up.unwrap_or(now));
        self.unanswered.engine += u64::from(seen.engine.is_err() || matches!(seen.swarm, Some(Err(_))));
        self.unanswered.metadata += u64::from(seen.metadata.is_err());
        self.unanswered.rancher += u64::from(matches!(seen.rancher, Some(Err(_))));
        self.latest = Some((seen, plan, now));
    }

    /// Takes in an action.
    pub fn action(&mut self, done: Done) {
        let outcomes = self.by_kind.entry(done.kind).or_default();
        if done.error.is_some() {
            self.failures += 1;
            outcomes.failed += 1;
        } else {
            self.changes += 1;
            outcomes.done += 1;
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
        plan.stage == Stage::LeaseHolder && is_listed && self.cannot_write.is_none()
    }

    /// How old the latest reconcile is, in milliseconds.
    pub fn age_ms(&self) -> Option<u64> {
        self.latest.as_ref().map(|(_, _, at)| ms(at.elapsed()))
    }

    /// Why the host stands where it does, and what keeps the one that acts from writing it down.
    pub fn reason(&self) -> String {
        let Some(plan) = self.plan() else { return String::new() };
        match &self.cannot_write {
            Some(error) if plan.stage == Stage::LeaseHolder => {
                format!("{}; the record cannot be written: {error}", plan.reason)
            }
            _ => plan.reason.clone(),
        }
    }

    /// For how long the host has stood where it does, in milliseconds.
    pub fn stands_ms(&self) -> Option<u64> {
        self.stands.map(|(_, since)| ms(since.elapsed()))
    }

    /// What a person has to do about this host, if it waits for one.
    pub fn need(&self) -> Option<Advice> {
        // What is about to be changed passes by itself.
        let stood_ms = self.held_up.map(|since| ms(since.elapsed())).or(self.stands_ms())?;
        self.plan().filter(|plan| plan.change.is_none())?.need(stood_ms)
    }

    /// Whether this host's engine manages, or did when it was last heard of.
    pub fn is_manager(&self) -> bool {
        let Some(seen) = self.seen() else { return false };
        match &seen.engine {
            Ok(info) => info.swarm.control_available,
            Err(_) => seen.own.state.member.as_ref().is_some_and(|member| member.manager),
        }
    }

    /// Whether this host's node leads the swarm.
    pub fn is_leader(&self) -> bool {
        let own = self.seen().and_then(|seen| seen.engine.as_ref().ok().zip(seen.swarm_view()));
        own.is_some_and(|(info, swarm)| swarm.node(&info.swarm.node_id).is_some_and(Node::leads))
    }

    /// Whether this host is one to make a backup: it manages a swarm that answers, and the one that leads leaves it to the others
    /// while there are others.
    pub fn may_be_backed_up(&self) -> bool {
        let voters = self.seen().filter(|_| self.is_manager()).and_then(Voters::seen);
        voters.is_some_and(|voters| !self.is_leader() || voters.reachable == 1)
    }

    /// How long ago this manager noticed that somebody acts, in milliseconds; `None` on a worker.
    pub fn heartbeat_age_ms(&self) -> Option<u64> {
        let seen = self.seen().filter(|_| self.is_manager())?;
        if self.holds_lease() {
            return self.age_ms();
        }
        let before = seen.past.heartbeat_ms.min(seen.past.lease_ms);
        Some(before.saturating_add(self.age_ms()?))
    }

    /// What was done last, the latest first.
    pub fn latest_actions(&self) -> impl Iterator<Item = &Done> {
        self.actions.iter().rev()
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
            "backups": self.backups,
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
