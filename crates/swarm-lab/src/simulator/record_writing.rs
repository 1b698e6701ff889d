//! What runs beside a monitor's loop: the record, as the daemon's `record_writer` writes it, and the labels of hosts.

use std::collections::BTreeMap;

use swarmkit_mon::hand_over::HandOver;
use swarmkit_mon::labels;
use swarmkit_mon::plan::DesiredRecord;
use swarmkit_mon::record::Record;

use super::{Event, Simulation};

/// The daemon's first pause after a write that failed, in milliseconds.
const FIRST_PAUSE_MS: u64 = 250;
/// The longest.
const LONGEST_PAUSE_MS: u64 = 30_000;
/// The longest while the service cannot be changed.
const UPGRADE_PAUSE_MS: u64 = 5_000;

/// What is to be published.
#[derive(Clone)]
pub struct Request {
    pub desired_record: DesiredRecord,
    pub heartbeat: bool,
    /// When the reconcile began that asks for it, in milliseconds.
    pub looked: u64,
}

/// How the writing of the record stands.
pub struct Publishing {
    pub request: Option<Request>,
    /// Something is on its way that may still land.
    pub busy: bool,
    rests: bool,
    pause_ms: u64,
    /// When the last heartbeat was given, in milliseconds.
    heartbeat: Option<u64>,
}

impl Default for Publishing {
    fn default() -> Self {
        Self { request: None, busy: false, rests: false, pause_ms: FIRST_PAUSE_MS, heartbeat: None }
    }
}

/// What came of a request.
pub enum Outcome {
    /// The record says so already.
    Nothing,
    /// It was written, for all that is known.
    Written(Box<Record>),
    /// The service cannot be changed.
    Refused(Box<DesiredRecord>),
    Failed,
}

pub fn sealed(mark: &str, key: &str) -> String {
    format!("{mark}.for.{key}")
}

impl Simulation {
    pub fn beside(&mut self, at: usize, process: u64, took: u64) {
        let entry = self.hosts[at].entry;
        let Some(monitor) = self.hosts[at].monitor.as_mut().filter(|monitor| monitor.process == process) else {
            return;
        };
        let unmet = monitor.desired.as_ref().is_some_and(|desired| !desired.is_met(&self.api.hosts[entry].labels));
        let labels = unmet && !monitor.labelling;
        let publishing = &mut monitor.publishing;
        let publishes = publishing.request.is_some() && !publishing.busy && !publishing.rests;
        publishing.busy |= publishes;
        monitor.labelling |= labels;
        if labels {
            let late = took + self.call_api(at).unwrap_or(10_000) * 2;
            self.after(late, Event::Labels { host: at, process });
        }
        if publishes {
            self.after(took + 5, Event::Publish { host: at, process });
        }
    }

    pub fn publish(&mut self, at: usize, process: u64) {
        let took = self.call_api(at);
        let Some(monitor) = self.monitor(at, process) else { return };
        let Some(request) = monitor.publishing.request.take() else {
            monitor.publishing.busy = false;
            return;
        };
        let desired_record = request.desired_record.clone();
        let mut outcome = if took.is_some() { self.record_to_write(at, request) } else { Outcome::Failed };
        let mut took = took.unwrap_or(10_000);
        if let Outcome::Written(record) = &outcome {
            let record = Record::clone(record);
            self.tally.api_requests += 2;
            self.look_at_writes();
            if self.put_record(at, process, took, record) {
                took *= 2;
            } else {
                outcome = Outcome::Refused(Box::new(desired_record));
            }
        }
        self.after(took, Event::Published { host: at, process, outcome: Box::new(outcome) });
    }

    fn record_to_write(&self, at: usize, request: Request) -> Outcome {
        let (Some(group), Some(monitor)) = (self.governs(at), &self.hosts[at].monitor) else { return Outcome::Failed };
        let Request { desired_record, heartbeat, looked } = request;
        let (group, record) = (&self.groups[group], &self.api.record);
        let another = group.cluster != desired_record.cluster || group.mark() != desired_record.token;
        if another || !desired_record.may_be_written(record, &monitor.nonce) {
            return Outcome::Failed;
        }
        // A heartbeat that was given since the reconcile is the one that it asks for.
        let heartbeat = heartbeat && monitor.publishing.heartbeat.is_none_or(|heartbeat| heartbeat < looked);
        if desired_record.is_published(record) && !heartbeat {
            return Outcome::Nothing;
        }
        Outcome::Written(Box::new(desired_record.write(record, |_, key| Some(sealed(&desired_record.token, key)))))
    }

    pub fn published(&mut self, at: usize, process: u64, outcome: Outcome) {
        let now = self.now;
        let instant = self.instant();
        let stands = matches!(&outcome, Outcome::Written(record) if **record == self.api.record);
        let Some(monitor) = self.monitor(at, process) else { return };
        let publishing = &mut monitor.publishing;
        publishing.busy = false;
        if stands {
            publishing.heartbeat = Some(now);
            publishing.pause_ms = FIRST_PAUSE_MS;
            monitor.memory.heartbeat_given(instant);
        } else if !matches!(outcome, Outcome::Nothing) {
            if matches!(outcome, Outcome::Refused(_)) {
                publishing.pause_ms = publishing.pause_ms.min(UPGRADE_PAUSE_MS);
            }
            publishing.rests = true;
            let pause = publishing.pause_ms;
            publishing.pause_ms = (pause * 2).min(LONGEST_PAUSE_MS);
            self.after(pause, Event::Rested { host: at, process });
        }
        if let Outcome::Refused(desired_record) = outcome {
            self.hand_over(at, &desired_record);
        }
        self.beside(at, process, 0);
    }

    pub fn rested(&mut self, at: usize, process: u64) {
        if let Some(monitor) = self.monitor(at, process) {
            monitor.publishing.rests = false;
            self.beside(at, process, 0);
        }
    }

    /// Gives the hosts that wait their token by a label. All labels of a host are read, and written some time after.
    fn hand_over(&mut self, at: usize, desired_record: &DesiredRecord) {
        let DesiredRecord { cluster, managers, token, waiting, .. } = desired_record;
        if self.governs(at).is_none_or(|group| self.groups[group].mark() != *token) {
            return;
        }
        for (host, key) in waiting {
            let Some(took) = self.call_api(at) else { continue };
            let Some(entry) = self.api.hosts.iter().position(|entry| entry.uuid == *host) else { continue };
            let mut labels: BTreeMap<String, String> = self.api.hosts[entry].labels.clone();
            let given = labels.get(labels::TOKEN).and_then(|label| HandOver::read(label, key));
            if given.is_some_and(|given| given.mark == *token && given.managers == *managers) {
                continue;
            }
            self.say(|| format!("host {at}: hands the token over to {host} by its label"));
            self.tally.handed_over += 1;
            let given = HandOver::new(cluster, managers, key, token, sealed(token, key));
            labels.insert(labels::TOKEN.to_owned(), given.to_string());
            self.after(took, Event::LandLabels { entry, labels });
        }
    }

    pub fn write_labels(&mut self, at: usize, process: u64) {
        let entry = self.hosts[at].entry;
        let answers = self.call_api(at).is_some();
        let Some(monitor) = self.monitor(at, process) else { return };
        monitor.labelling = false;
        let desired = monitor.desired.clone();
        if let Some(desired) = desired.filter(|_| answers) {
            self.tally.api_requests += 2;
            desired.apply(&mut self.api.hosts[entry].labels);
            self.metadata_changes();
        }
    }
}
