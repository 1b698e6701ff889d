//! What of the plans is logged: where the host stands and why, once; louder where a person is needed, and that it is over.

use tokio::time::Instant;

use super::past::ms;
use super::plan::{Plan, Stage, Warning};

/// How many reasons of one stage are remembered as said.
const MOST: usize = 30;

/// What was logged so far.
#[derive(Debug, Default)]
pub struct Journal {
    stands: Option<Stands>,
    warned: Vec<Warning>,
}

#[derive(Debug)]
struct Stands {
    stage: Stage,
    since: Instant,
    /// Since when something holds it up where all is well otherwise.
    held_up: Option<Instant>,
    /// The reasons that were said, since they may take turns.
    said: Vec<String>,
    /// Whether it was said that a person is needed.
    is_loud: bool,
}

/// How loud a line is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Line {
    /// A change.
    Info,
    /// It has not passed by itself in the time that it may take.
    Warn,
    /// It does not pass by itself.
    Error,
}

impl Journal {
    /// Logs what is new.
    pub fn log(&mut self, plan: &Plan, now: Instant) {
        let (stage, reason) = (plan.stage.name(), plan.reason.as_str());
        if let Some((was, since)) = self.over(plan) {
            tracing::info!(stage = was.name(), after_s = ms(now - since) / 1000, "is over");
        }
        let line = self.line(plan, now);
        let to_do = plan.advice().map_or("", |advice| advice.what);
        let see = plan.stage.see();
        match line {
            Some(Line::Info) => tracing::info!(stage, reason, "stands"),
            Some(Line::Warn) => tracing::warn!(stage, reason, to_do, see, "stands still"),
            Some(Line::Error) => tracing::error!(stage, reason, to_do, see, "stands"),
            None => {}
        }
        for warning in plan.warnings.iter().filter(|warning| !self.warned.contains(warning)) {
            let see = warning.kind.see();
            tracing::warn!(kind = warning.kind.name(), warning = warning.text, see, "noticed");
        }
        self.warned.clone_from(&plan.warnings);
    }

    /// What a person was told of and is over, and since when it was.
    fn over(&mut self, plan: &Plan) -> Option<(Stage, Instant)> {
        let stands = self.stands.as_mut().filter(|stands| stands.is_loud)?;
        let is_over = match stands.held_up {
            Some(_) => !plan.is_held_up(),
            None => stands.stage != plan.stage,
        };
        is_over.then(|| {
            stands.is_loud = false;
            (stands.stage, stands.held_up.unwrap_or(stands.since))
        })
    }

    /// The line for where the host stands; none if nothing is new.
    fn line(&mut self, plan: &Plan, now: Instant) -> Option<Line> {
        let is_same = self.stands.as_ref().is_some_and(|stands| stands.stage == plan.stage);
        if !is_same {
            // What holds it up goes on wherever it stands, and so does that it was told.
            let before = self.stands.as_ref().filter(|stands| stands.held_up.is_some() && plan.is_held_up());
            let (held_up, is_loud) = before.map_or((None, false), |before| (before.held_up, before.is_loud));
            self.stands = Some(Stands { stage: plan.stage, since: now, held_up, said: Vec::new(), is_loud });
        }
        let stands = self.stands.as_mut()?;
        stands.held_up = plan.is_held_up().then(|| stands.held_up.unwrap_or(now));
        let need = plan.need(ms(now - stands.held_up.unwrap_or(stands.since)));
        let is_new = !stands.said.contains(&plan.reason);
        if is_new {
            if stands.said.len() == MOST {
                stands.said.remove(0);
            }
            stands.said.push(plan.reason.clone());
        }
        match need.filter(|_| !stands.is_loud) {
            Some(need) => {
                stands.is_loud = true;
                Some(if need.after_ms == 0 { Line::Error } else { Line::Warn })
            }
            None => is_new.then_some(Line::Info),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn plan(stage: Stage, reason: &str) -> Plan {
        Plan::new(stage, reason)
    }

    #[test]
    fn what_needs_a_person_is_an_error_once_and_reasons_that_take_turns_are_said_once() {
        let (mut journal, start) = (Journal::default(), Instant::now());
        let mut line = |stage, reason, second| journal.line(&plan(stage, reason), start + Duration::from_secs(second));
        assert_eq!(line(Stage::Member, "a worker", 0), Some(Line::Info));
        assert_eq!(line(Stage::NoQuorum, "h1 does not answer", 1), Some(Line::Error));
        assert_eq!(line(Stage::NoQuorum, "it is asked", 2), Some(Line::Info));
        assert_eq!(line(Stage::NoQuorum, "h1 does not answer", 4), None);
        assert_eq!(line(Stage::NoQuorum, "it is asked", 6), None);
        assert_eq!(line(Stage::Member, "a worker", 9), Some(Line::Info));
        assert_eq!(line(Stage::NoQuorum, "h1 does not answer", 99), Some(Line::Error), "it is another time");
    }

    #[test]
    fn what_passes_by_itself_is_a_warning_only_once_it_has_not() {
        let (mut journal, start) = (Journal::default(), Instant::now());
        let mut line = |stage, second| journal.line(&plan(stage, "why"), start + Duration::from_secs(second));
        assert_eq!(line(Stage::WaitToken, 0), Some(Line::Info));
        assert_eq!(line(Stage::WaitToken, 60), None);
        assert_eq!(line(Stage::WaitToken, 121), Some(Line::Warn));
        assert_eq!(line(Stage::WaitToken, 180), None);
    }

    #[test]
    fn one_that_is_held_up_where_all_is_well_warns_once_it_has_been_for_long_and_says_that_it_is_over() {
        let (mut journal, start) = (Journal::default(), Instant::now());
        let held_up = plan(Stage::LeaseHolder, "cannot").advise("See that it can.");
        let at = |second| start + Duration::from_secs(second);
        assert_eq!(journal.line(&plan(Stage::LeaseHolder, "acts"), at(0)), Some(Line::Info));
        // How long it has been the lease holder does not matter.
        assert_eq!(journal.line(&held_up, at(5_000)), Some(Line::Info));
        assert_eq!(journal.line(&held_up, at(5_119)), None);
        assert_eq!(journal.line(&held_up, at(5_120)), Some(Line::Warn));
        assert_eq!(journal.line(&held_up, at(5_300)), None);
        assert_eq!(journal.over(&held_up), None);
        assert_eq!(journal.over(&plan(Stage::LeaseHolder, "acts")), Some((Stage::LeaseHolder, at(5_000))));
        assert_eq!(journal.line(&plan(Stage::LeaseHolder, "acts"), at(5_400)), None);
        assert_eq!(journal.over(&plan(Stage::LeaseHolder, "acts")), None, "it is said once");
    }
}
