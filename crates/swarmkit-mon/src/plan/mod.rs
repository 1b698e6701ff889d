//! What to do: a pure function of what was seen. No clock, no network, no randomness.
//!
//! What it never does, whatever it sees: cost the swarm its quorum; make a second swarm while a first one is known to
//! live; touch a swarm that it cannot prove to be this environment's; act on a view that it has acted on.
//!
//! | file | part |
//! |---|---|
//! | `stage`, `change` | where a host stands, and what is done |
//! | `outside` | this host's engine is in no swarm: wait, init one, or join |
//! | `inside` | it is in one: does it belong, and does this monitor act? |
//! | `claim` | may this host make, or record, a swarm? |
//! | `desired_record` | what the lease holder writes into the record |
//! | `hosts_of_nodes` | which host each node is of |
//! | `roles` | who shall be a manager |
//! | `availability` | which nodes take tasks: managers as set, hosts under maintenance not |
//! | `node_labels` | host labels that become labels of the host's node |
//! | `pause` | has an operator paused the daemon? |
//! | `removal` | which nodes leave the swarm: of hosts that were removed, and twins |
//! | `orphaned` | this host's engine has lost its place: does it leave and join anew? |
//! | `reach` | do the managers' monitors say that the swarm has a leader, or a quorum? |
//! | `quorum` | most managers are lost: may this one go on alone? |
//! | `doubt` | does anybody act? A host that has to know asks |

mod availability;
mod change;
mod claim;
mod desired_record;
mod doubt;
mod hosts_of_nodes;
mod inside;
mod network_conflicts;
mod node_labels;
mod orphaned;
mod outside;
mod pause;
mod quorum;
mod reach;
mod removal;
mod roles;
mod stage;
mod warning;

use std::net::IpAddr;

use serde::Serialize;

use super::engine::{LocalNodeState, SwarmInfo};
use super::labels::{self, DesiredLabels};
use super::observe::{MetadataView, Observation, RancherView, Seen};
use super::state::State;

pub(super) use inside::silence_ms;

pub use availability::DRAINED;
pub use change::{Change, KINDS, NodeChange};
pub use claim::said_to_be_inside;
pub use desired_record::DesiredRecord;
pub use node_labels::FROM_HOST;
pub use roles::odd_at_most;
pub use stage::{Advice, Stage};
use stage::{PASSING_MS, SEE_METADATA, SEE_RANCHER};
pub use warning::{Warning, WarningKind, markdown_table as table_of_warnings};

/// From which time on a claim that nobody follows up is void, in milliseconds.
pub const CLAIM_EXPIRY_MS: u64 = 30_000;
/// For how long hosts that cannot be the first leave Rancher's API alone while there is no swarm, in milliseconds.
const PATIENCE_MS: u64 = 20_000;
/// How many periods may pass between two heartbeats of the lease holder.
const HEARTBEAT_PERIODS: u64 = 2;
/// How many periods without one make the next manager's monitor act, for each place in the row.
const SILENT_PERIODS: u64 = 8;
/// How soon to reconcile again while something is under way, in milliseconds.
const SOON_MS: u64 = 50;
/// How soon to ask rancher-metadata again, in milliseconds, while it does not answer: it is on this host, and answers at
/// once when it is back.
const AGAIN_MS: u64 = 1_000;
/// How soon to ask again whether Rancher's API bears out what rancher-metadata says, in milliseconds.
const UNCONFIRMED_MS: u64 = 5_000;
/// For how long a host waits for its join token by rancher-metadata alone, in milliseconds. Of a service whose upgrade is
/// not finished Rancher stores a change and tells nobody.
const TOKENLESS_MS: u64 = 10_000;

/// What to do, and why.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Plan {
    /// Where this host stands, in one word.
    pub stage: Stage,
    /// Why, on what view: one line.
    pub reason: String,
    /// What a person does about it, where that is not what the stage asks for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub to_do: Option<&'static str>,
    /// A change to this host's engine or to the swarm; one a reconcile, so that none is made on a stale view.
    pub change: Option<Change>,
    /// What to write into the record, if it has to change.
    pub desired_record: Option<DesiredRecord>,
    /// Whether a heartbeat is to be given with it.
    pub gives_heartbeat: bool,
    /// What this host shall remember, if that has changed.
    pub remember: Option<State>,
    /// The labels that this host shall have; `None` leaves them as they are.
    pub labels: Option<DesiredLabels>,
    /// What should be known of to a person: settings that do not fit, hosts that say odd things.
    pub warnings: Vec<Warning>,
    /// Whether an operator has paused it.
    pub paused: bool,
    /// When to reconcile again at the latest, in milliseconds, if that is sooner than the period.
    pub requeue_after_ms: Option<u64>,
}

impl Plan {
    pub(crate) fn new(stage: Stage, reason: impl Into<String>) -> Self {
        Self {
            stage,
            reason: reason.into(),
            to_do: None,
            change: None,
            desired_record: None,
            gives_heartbeat: false,
            remember: None,
            labels: None,
            warnings: Vec::new(),
            paused: false,
            requeue_after_ms: None,
        }
    }

    pub(crate) fn advise(mut self, what: impl Into<Option<&'static str>>) -> Self {
        self.to_do = what.into();
        self
    }

    /// Whether something holds it up where all is well otherwise: since when is told apart from how long it stands there.
    pub fn is_held_up(&self) -> bool {
        self.to_do.is_some() && self.stage.advice().is_none()
    }

    /// What a person does about a host that stands there for so long; `None` where all is well.
    pub fn advice(&self) -> Option<Advice> {
        let usual = self.stage.advice();
        let asked = |what| Advice { after_ms: usual.map_or(PASSING_MS, |usual| usual.after_ms), what, command: None };
        self.to_do.map(asked).or(usual)
    }

    /// What a person has to do about a host that has stood there for so long, in milliseconds; `None` while it may pass by itself.
    pub fn need(&self, stood_ms: u64) -> Option<Advice> {
        self.advice().filter(|advice| stood_ms >= advice.after_ms)
    }

    fn change(mut self, change: Change) -> Self {
        self.change = Some(change);
        self
    }

    fn labels(mut self, desired: DesiredLabels) -> Self {
        self.labels = Some(desired);
        self
    }

    fn requeue_after(mut self, after_ms: u64) -> Self {
        self.requeue_after_ms = Some(self.requeue_after_ms.map_or(after_ms, |earlier| earlier.min(after_ms)));
        self
    }

    fn requeue_soon(self) -> Self {
        self.requeue_after(SOON_MS)
    }

    /// A host that waits is not heard as long as its labels cannot be written: that is what it waits for.
    pub fn without_labels(&mut self, error: &str) {
        let speaks = matches!(self.stage, Stage::WaitLeader | Stage::WaitToken);
        if speaks && self.labels.is_some() && !self.reason.contains(error) {
            self.reason = format!("{}; its host labels cannot be written: {error}", self.reason);
        }
    }

    /// While a write of this monitor's own may still land, a swarm is not left: it would bring back the record of one that
    /// is no more. Nor is a role changed: it may tell of other voters than the record did when this was planned.
    pub fn while_publishing(&mut self) {
        let waits = matches!(self.change, Some(Change::Leave { .. } | Change::Promote(_) | Change::Demote(_)));
        if waits {
            self.change = None;
            self.requeue_after_ms = Some(SOON_MS);
        }
    }

    /// While a backup is put in place nothing else is done on this host.
    pub fn while_restoring(&mut self, waits: String) {
        self.reason = waits;
        (self.change, self.remember, self.desired_record) = (None, None, None);
        self.gives_heartbeat = false;
        self.requeue_after_ms = Some(AGAIN_MS);
    }

    /// Whether nothing is to be done.
    pub fn is_quiet(&self) -> bool {
        self.change.is_none() && self.desired_record.is_none() && self.remember.is_none()
    }
}

impl std::fmt::Display for Plan {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        writeln!(f, "stands: {}: {}", self.stage.name(), self.reason)?;
        for warning in &self.warnings {
            writeln!(f, "noticed: {warning}")?;
        }
        if let Some(change) = &self.change {
            writeln!(f, "would do: {change}")?;
        }
        if let Some(desired_record) = &self.desired_record {
            writeln!(f, "would record: {} nodes of swarm {}", desired_record.members.len(), desired_record.cluster)?;
        }
        if let Some(desired) = &self.labels {
            let text = |label: Option<&str>| label.unwrap_or("none").to_owned();
            writeln!(f, "host labels: {}={}", labels::PART, text(desired.part))?;
        }
        if self.is_quiet() { writeln!(f, "nothing to do") } else { Ok(()) }
    }
}

/// What a reconcile needs of Rancher's API.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Asked {
    /// The record alone: a thousand hosts that wait need not be told of a thousand hosts each.
    Record,
    /// Hosts and record.
    All,
}

/// What a reconcile needs of Rancher's API: before there is a swarm, for the one that acts, when a swarm has no quorum, and
/// when rancher-metadata does not tell a host what it waits for.
pub fn asks_rancher(seen: &Observation) -> Option<Asked> {
    let metadata = seen.metadata.as_ref().ok().filter(|_| seen.refusal.is_none())?;
    if quorum::is_in_question(seen) {
        return Some(Asked::All);
    }
    let engine = seen.engine.as_ref().ok()?;
    let needed = match engine.swarm.local_node_state {
        LocalNodeState::Inactive => match &metadata.record {
            Ok(record) if record.cluster.is_none() => {
                let first = outside::could_be_first(metadata) || seen.past.unrecorded_ms >= PATIENCE_MS;
                first.then_some(Asked::All)
            }
            // An address that rancher-metadata does not know is asked for elsewhere.
            Ok(_) if metadata.agent_ip.is_empty() => Some(Asked::All),
            Ok(_) => (seen.past.tokenless_ms >= TOKENLESS_MS).then_some(Asked::Record),
            Err(_) => None,
        },
        LocalNodeState::Active if inside::acts(seen, &engine.swarm.node_id) => Some(Asked::All),
        _ => None,
    };
    match needed {
        Some(Asked::All) => needed,
        // Whichever wants more: a token in a label is nothing to the record.
        _ => needed.max(to_confirm(metadata, &judge(seen))),
    }
}

/// What has to be asked before a host leaves its swarm or joins one: what rancher-metadata says is no reason until the API
/// says the same. A token that was handed over stands in a label.
fn to_confirm(metadata: &MetadataView, plan: &Plan) -> Option<Asked> {
    match plan.change {
        // Another host's label may pause it.
        Some(Change::Leave { .. }) => Some(Asked::All),
        Some(Change::Join { .. }) if metadata.labels.contains_key(labels::TOKEN) => Some(Asked::All),
        Some(Change::Join { .. }) => Some(Asked::Record),
        _ => None,
    }
}

/// What to do.
pub fn plan(seen: &Observation) -> Plan {
    if let Some(reason) = &seen.refusal {
        return Plan::new(Stage::Refused, reason);
    }
    let plan = confirmed(seen, judge(seen));
    let plan = match &seen.metadata {
        Ok(metadata) => doubt::asked(seen, metadata, plan),
        Err(_) => plan,
    };
    let mut plan = pause::heeded(seen, plan);
    if plan.remember.is_none() {
        plan.remember = keeps_later(seen);
    }
    let trouble = Some(plan.stage).filter(|stage| stage.is_trouble()).map(Stage::name);
    let told = seen.metadata.as_ref().map(|metadata| &metadata.labels);
    let says = |label: &str| told.as_ref().ok().and_then(|labels| labels.get(label)).map(String::as_str);
    // By its label alone others know of a swarm whose record is gone, and make no second one.
    let is_unsaid = told.is_ok() && (says(labels::NODE).is_none() || says(labels::TROUBLE) != trouble);
    let is_silent = matches!(plan.stage, Stage::NoQuorum | Stage::NoEngine | Stage::NoLeader | Stage::CutOff);
    if is_unsaid && plan.labels.is_none() && is_silent {
        plan.labels = doubt::as_member(seen);
    }
    if let Some(labels) = &mut plan.labels {
        labels.trouble = trouble;
    }
    plan
}

/// What this host shall remember if what it has kept of its swarm's record is behind: of an earlier epoch, or not what
/// Rancher's API says, which is never late. Managers that were left behind, or cut off, would put theirs in the place of
/// one that is written over, and act by it.
fn keeps_later(seen: &Observation) -> Option<State> {
    let kept = seen.own.state.kept_record(seen.engine.as_ref().ok().map(|info| &info.swarm))?;
    let told = seen.rancher_view().map(|view| &view.record);
    let read = seen.metadata.as_ref().ok().and_then(|metadata| metadata.record.as_ref().ok());
    let record = told.or(read).filter(|record| record.cluster == kept.cluster && !seen.record_is_gone)?;
    let is_same = record.epoch == kept.epoch && record.recovery.is_none();
    let is_behind = record.epoch > kept.epoch || (told.is_some() && is_same && record.voters != kept.voters);
    is_behind.then(|| State { record: Some(record.kept()), ..seen.own.state.clone() })
}

/// A plan to leave a swarm or to join one, if Rancher's API bears it out: anybody on the host's bridge can answer in
/// rancher-metadata's place, and it can be late. By whom and with what to join is what the API says.
fn confirmed(seen: &Observation, plan: Plan) -> Plan {
    let leaves = match plan.change {
        Some(Change::Leave { .. }) => true,
        Some(Change::Join { .. }) => false,
        _ => return plan,
    };
    let stays = |reason: String| match leaves {
        true => Plan::new(Stage::Member, reason).requeue_after(UNCONFIRMED_MS),
        false => {
            Plan::new(Stage::WaitToken, reason).labels(waiting(seen, labels::WAIT_TOKEN)).requeue_after(UNCONFIRMED_MS)
        }
    };
    let view = match rancher(seen) {
        Ok(view) => view,
        Err(why) => return stays(format!("{}; not before Rancher's API says the same: {why}", plan.reason)),
    };
    let mut by_api = seen.clone();
    if let Ok(metadata) = &mut by_api.metadata {
        metadata.record = Ok(view.record.clone());
        let own = view.hosts.iter().find(|host| host.uuid == metadata.host);
        metadata.labels = own.map(|host| host.labels.clone()).unwrap_or_default();
    }
    let by_api = judge(&by_api);
    match (&by_api.change, leaves) {
        (Some(Change::Join { .. }), false) => by_api,
        (change, true) if *change == plan.change => plan,
        _ => {
            let (would, does) = if leaves { ("leave its swarm", "it stays") } else { ("join a swarm", "it waits") };
            let told =
                format!("rancher-metadata tells another record than Rancher's API, by which this host would {would}");
            let mut stays = stays(format!("{told}: {does}"));
            stays.warnings.push(doubted(&told));
            stays
        }
    }
}

/// A warning of what rancher-metadata tells and Rancher's API does not.
fn doubted(told: &str) -> Warning {
    WarningKind::MetadataDiffers.of(format!("{told}: it is late, or somebody else answers in its place"))
}

fn judge(seen: &Observation) -> Plan {
    let metadata = seen.metadata.as_ref();
    let engine = match (&seen.engine, metadata) {
        (Ok(info), _) => &info.swarm,
        (Err(reason), _) if !seen.engine_is_up => return Plan::new(Stage::NoEngine, reason).requeue_after(AGAIN_MS),
        // A manager without a leader does not even tell about itself.
        (Err(reason), Ok(metadata)) => {
            return quorum::plan(seen, metadata, reason).unwrap_or_else(|| reach::silent(seen, reason));
        }
        (Err(reason), Err(_)) => return reach::silent(seen, reason).requeue_after(AGAIN_MS),
    };
    if engine.local_node_state == LocalNodeState::Locked {
        return Plan::new(Stage::Locked, "the engine waits for the key that unlocks its swarm: docker swarm unlock");
    }
    let metadata = match metadata {
        Ok(metadata) => metadata,
        Err(reason) => {
            let stage =
                if engine.local_node_state == LocalNodeState::Active { Stage::Member } else { Stage::NoMetadata };
            return Plan::new(stage, format!("Rancher does not say yet who this host is: {reason}"))
                .advise(SEE_METADATA)
                .requeue_after(AGAIN_MS);
        }
    };
    if engine.local_node_state == LocalNodeState::Inactive {
        return outside::plan(seen, metadata);
    }
    if let Some(plan) = orphaned::plan(seen, engine, metadata) {
        return plan;
    }
    match engine.local_node_state {
        LocalNodeState::Active => inside::plan(seen, engine, metadata),
        LocalNodeState::Pending => pending(seen, engine, metadata),
        _ => broken(seen, engine),
    }
}

fn broken(seen: &Observation, engine: &SwarmInfo) -> Plan {
    let plan =
        Plan::new(Stage::Broken, format!("the engine's swarm is in error: {}", engine.error)).requeue_after(5_000);
    let Some(place) = seen.own.state.place(Some(engine)).filter(|place| !place.node.is_empty()) else { return plan };
    if seen.past.stuck_ms < orphaned::BROKEN_MS {
        return plan;
    }
    let part = if engine.control_available { labels::BROKEN_MANAGER } else { labels::BROKEN };
    plan.labels(DesiredLabels { part: Some(part), node: Some(place.node.to_owned()), ..DesiredLabels::default() })
}

fn pending(seen: &Observation, engine: &SwarmInfo, metadata: &MetadataView) -> Plan {
    let error = Some(engine.error.as_str()).filter(|error| !error.is_empty());
    let reason = error.map_or("the engine joins".to_owned(), |error| format!("the engine joins: {error}"));
    if let Some(plan) = quorum::plan(seen, metadata, &reason) {
        return plan;
    }
    let plan = Plan::new(Stage::Join, reason).requeue_after(1_000);
    // An engine that was a member is one again in a moment; its labels tell the truth until then.
    if seen.own.state.member.is_some() { plan } else { plan.labels(waiting(seen, labels::WAIT_JOIN)) }
}

/// The labels of a host that waits for something.
fn waiting(seen: &Observation, part: &'static str) -> DesiredLabels {
    let state = &seen.own.state;
    // Whoever finds the host's node ready all the same would take it for another host with this one's identity.
    let left = state.left.clone().or_else(|| state.member.as_ref().map(|member| member.node.clone()));
    DesiredLabels { part: Some(part), key: Some(seen.own.key.clone()), left, ..DesiredLabels::default() }
}

/// The address under which other hosts reach this one.
fn advertised(metadata: &MetadataView, rancher: Option<&RancherView>) -> Result<IpAddr, String> {
    let told = rancher.and_then(|view| view.hosts.iter().find(|host| host.uuid == metadata.host));
    let address = Some(metadata.agent_ip.as_str())
        .filter(|address| !address.is_empty())
        .or(told.and_then(|host| host.agent_ip_address.as_deref()).map(str::trim).filter(|address| !address.is_empty()))
        .ok_or(
            "Rancher does not tell this host's address yet (agent_ip; CATTLE_AGENT_IP sets it on the host's agent)",
        )?;
    address.parse().map_err(|_| format!("this host's address is told as `{address}`, which is no IP address"))
}

/// Rancher's view, where a plan needs it.
fn rancher(seen: &Observation) -> Seen<&RancherView> {
    match &seen.rancher {
        Some(Ok(view)) => Ok(view),
        Some(Err(reason)) => Err(reason.clone()),
        None => Err("Rancher's API was not asked".to_owned()),
    }
}
