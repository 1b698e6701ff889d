//! The environment over time: as it is, as metadata shows it, and what is about to show.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::METADATA_DELAY;
use super::environment::Environment;
use super::faults::{Fault, Filter};
use super::log::Asked;

type Hook = Box<dyn FnOnce(&mut Environment) + Send>;

/// All that the stand-in knows.
pub struct World {
    pub environment: Environment,
    /// What metadata shows.
    pub visible: Arc<Environment>,
    pub version: u64,
    /// What it will show, and when.
    pub coming: VecDeque<(Instant, Arc<Environment>)>,
    pub delay: Duration,
    pub behind: Duration,
    pub faults: Vec<(u64, Filter, Fault)>,
    pub next_fault: u64,
    pub hooks: Vec<(Filter, Hook)>,
    pub log: Vec<Asked>,
    /// Every host label and all service metadata that ever were, as JSON.
    pub written: Vec<String>,
}

impl World {
    /// One that metadata shows as it is.
    pub fn new(environment: Environment) -> Self {
        Self {
            visible: Arc::new(environment.clone()),
            environment,
            version: 1,
            coming: VecDeque::new(),
            delay: METADATA_DELAY,
            behind: Duration::ZERO,
            faults: Vec::new(),
            next_fault: 0,
            hooks: Vec::new(),
            log: Vec::new(),
            written: Vec::new(),
        }
    }

    /// Changes the environment, if the change changes anything. Metadata is told.
    pub fn change<T>(&mut self, change: impl FnOnce(&mut Environment) -> T) -> T {
        let before = self.environment.clone();
        let result = self.change_unheard(change);
        if self.environment != before {
            let due = Instant::now() + self.delay;
            let due = self.coming.back().map_or(due, |(last, _)| due.max(*last));
            self.coming.push_back((due, Arc::new(self.environment.clone())));
        }
        result
    }

    /// Changes the environment, and metadata is not told: what is changed shows with the next change that it is told of.
    pub fn change_unheard<T>(&mut self, change: impl FnOnce(&mut Environment) -> T) -> T {
        let result = change(&mut self.environment);
        let labels: Vec<_> = self.environment.hosts.iter().map(|host| &host.labels).collect();
        let metadata: Vec<_> = self.environment.services.iter().map(|service| &service.metadata).collect();
        let written = serde_json::to_string(&(labels, metadata)).unwrap();
        if self.written.last() != Some(&written) {
            self.written.push(written);
        }
        result
    }

    /// What metadata shows now, and when that changes next.
    pub fn look(&mut self) -> (Arc<Environment>, u64, Option<Instant>) {
        let now = Instant::now();
        while self.coming.front().is_some_and(|(due, _)| *due <= now) {
            self.visible = self.coming.pop_front().unwrap().1;
            self.version += 1;
        }
        (self.visible.clone(), self.version, self.coming.front().map(|(due, _)| *due))
    }
}
