//! The whole swarm as one plain value, for whoever looks: the page, `swarmkit-mon status`, and its JSON. It is put together of
//! what each host's monitor tells of itself, and holds no key, no token and no host's labels.
//!
//! | file | part |
//! |---|---|
//! | `gather` | asks the monitors of all hosts |
//! | `names` | hosts by their names, where texts have IDs |
//! | `text` | the overview for a terminal |
//! | `page` | the same for a browser |

mod gather;
mod names;
pub mod page;
mod text;

use std::collections::BTreeMap;

use serde::Serialize;

use super::identity::Identity;
use super::introduction::{Event, ManagerTold, SwarmTold, plain};
use super::plan::Stage;
use super::voters::Voters;
pub use gather::{Said, gather};
use names::Names;
pub use text::since;

/// How many lines of each kind are kept.
const MOST: usize = 100;
/// How many events are.
const MOST_EVENTS: usize = 20;

/// What stands where a node's address is not told. Leaders of engines before Docker 20.10 list themselves so
/// (<https://github.com/moby/moby/issues/35437>).
const NOT_TOLD: [&str; 5] = ["", "0.0.0.0", "127.0.0.1", "::", "::1"];
/// What to do about an engine that the others do not hear.
const OPEN_PORTS: &str =
    "open 2377/tcp, 7946/tcp and udp and 4789/udp between it and the managers, and restart its engine";

/// What is kept of a reason, in characters.
const LONGEST: usize = 600;

/// A host, as rancher-metadata tells of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Known {
    /// Its UUID.
    pub uuid: String,
    /// Its name.
    pub name: String,
    /// Its address.
    pub address: String,
    /// The node that its label says that it is.
    pub node: Option<String>,
    /// Whether its label says that it manages.
    pub is_manager: bool,
}

/// The swarm, for whoever looks.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Overview {
    /// Whether each host is in the swarm and answers, one monitor acts, and there is a quorum.
    pub well: bool,
    /// How it stands, in one sentence.
    pub headline: String,
    /// What that means for the managers, in one sentence.
    pub bearing: String,
    /// The managers, as one of them sees them; none if no manager tells.
    pub managers: Option<Managers>,
    /// The hosts whose monitors act: one, once all is well.
    pub lease: Vec<String>,
    /// How many nodes there are, by their state.
    pub nodes: BTreeMap<String, usize>,
    /// The newest backup that any host has.
    pub backup: Option<NewestBackup>,
    /// What waits for a person.
    pub needs: Vec<Need>,
    /// What is being done.
    pub under_way: Vec<Line>,
    /// What a person should know.
    pub noticed: Vec<Line>,
    /// The hosts: managers first, then those that are not well.
    pub hosts: Vec<Row>,
    /// What was done last, on any host, the latest first.
    pub events: Vec<Happened>,
}

/// The newest backup.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct NewestBackup {
    /// The host that has it.
    pub host: String,
    /// How old it is, in milliseconds.
    pub age_ms: u64,
}

/// The managers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Managers {
    /// How many there shall be, are, and answer.
    #[serde(flatten)]
    pub voters: Voters,
    /// How many it takes to change anything.
    pub quorum: usize,
    /// How many may still be lost while the others go on.
    pub may_be_lost: usize,
    /// The host that leads, as far as is known.
    pub leader: Option<String>,
    /// The host whose view this is.
    pub seen_by: String,
}

/// A host.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Row {
    /// Its name.
    pub name: String,
    /// Its address.
    pub address: String,
    /// `manager`, `worker` or `none`, as its engine says, else as its label does.
    pub role: String,
    /// Whether it leads.
    pub leads: bool,
    /// Whether its monitor acts for all.
    pub acts: bool,
    /// Whether its monitor answers.
    pub answers: bool,
    /// Its node's state, as a manager sees it: `ready`, `down`, …
    pub node_state: Option<String>,
    /// Whether the leader reaches it; of managers alone.
    pub reached: Option<bool>,
    /// Where it stands; `silent` if its monitor does not answer.
    pub stage: String,
    /// Why.
    pub reason: String,
    /// For how long it has stood there, in milliseconds.
    pub stage_ms: Option<u64>,
    /// The version of its engine.
    pub engine_version: String,
    /// The version of its monitor.
    pub version: String,
    /// What is wrong with it.
    pub trouble: Option<String>,
}

/// What waits for a person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Need {
    /// On which host.
    pub host: String,
    /// The host's address.
    pub address: String,
    /// What is wrong.
    pub wrong: String,
    /// What to do.
    pub what: String,
    /// The command to type on that host, if there is one.
    pub command: Option<String>,
}

/// A line about a host.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Line {
    /// The host.
    pub host: String,
    /// What is so.
    pub text: String,
}

/// An event, and where it happened.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Happened {
    /// The host.
    pub host: String,
    /// What happened.
    #[serde(flatten)]
    pub event: Event,
}

fn is_good(stage: &str) -> bool {
    [Stage::Member, Stage::LeaseHolder].iter().any(|good| good.name() == stage)
}

/// How much one who tells of the swarm knows of it: the one who acts knows most, then the one that sees the most managers.
fn rank(said: &Identity) -> Option<(bool, usize)> {
    said.about.swarm.as_ref().map(|swarm| (said.lease_ago_ms.is_some(), swarm.voters.reachable))
}

/// What is told of the swarm by whoever knows most of it.
fn best_view(answers: &[Said]) -> Option<(&Known, &SwarmTold)> {
    let views = answers.iter().filter_map(|(known, said)| {
        let said = said.as_ref().ok()?;
        Some((known, said.about.swarm.as_ref()?, rank(said)))
    });
    views.max_by_key(|(.., rank)| *rank).map(|(known, swarm, _)| (known, swarm))
}

impl Overview {
    /// What the monitors of these hosts say, or why one says nothing, put together.
    pub fn of(answers: Vec<Said>) -> Self {
        let names = Names::of(answers.iter().map(|(known, _)| known));
        let view = best_view(&answers);
        let managers = view.map(|(known, swarm)| Managers {
            voters: swarm.voters,
            quorum: swarm.voters.quorum(),
            may_be_lost: swarm.voters.may_be_lost(),
            leader: swarm.managers.iter().find(|manager| manager.leads).map(|manager| names.of_manager(manager)),
            seen_by: names.name(known),
        });
        let swarm = view.map(|(_, swarm)| swarm.clone());
        let mut all = Self {
            well: false,
            headline: String::new(),
            bearing: String::new(),
            managers,
            lease: Vec::new(),
            nodes: swarm.as_ref().map(|swarm| swarm.nodes.clone()).unwrap_or_default(),
            backup: None,
            needs: Vec::new(),
            under_way: Vec::new(),
            noticed: Vec::new(),
            hosts: Vec::with_capacity(answers.len()),
            events: Vec::new(),
        };
        for (known, said) in answers {
            all.add(&names, swarm.as_ref(), known, said);
        }
        all.hosts.sort_by(|one, other| {
            let order = |row: &Row| (row.role != "manager", row.trouble.is_none());
            (order(one), &one.name, &one.address).cmp(&(order(other), &other.name, &other.address))
        });
        all.events.sort_by_key(|happened| happened.event.ago_ms);
        all.events.truncate(MOST_EVENTS);
        all.judge();
        all
    }

    /// What one host's monitor alone knows, and why it knows no more.
    pub fn alone(own: Identity, why: &str) -> Self {
        let known = Known {
            uuid: own.host.clone(),
            name: if own.hostname.is_empty() { "this host".to_owned() } else { own.hostname.clone() },
            address: String::new(),
            node: None,
            is_manager: own.about.role == "manager",
        };
        let mut alone = Self::of(vec![(known, Ok(Identity { about: own.about.bounded(), ..own }))]);
        alone.well = false;
        alone.headline = "This is one host alone: rancher-metadata does not tell the others.".to_owned();
        alone.bearing = plain(why, LONGEST);
        alone
    }

    /// As JSON.
    pub fn json(&self) -> String {
        // Plain data always has a form in JSON.
        serde_json::to_string_pretty(self).unwrap_or_default() + "\n"
    }

    fn add(&mut self, names: &Names, swarm: Option<&SwarmTold>, known: Known, said: Result<Identity, String>) {
        let host = names.name(&known);
        let mut row = Row { name: known.name.clone(), address: known.address.clone(), ..Row::default() };
        let mut moved_from = None;
        row.role = if known.is_manager { "manager" } else { "worker" }.to_owned();
        if let Some((node, swarm)) = known.node.as_ref().zip(swarm) {
            let manager = swarm.managers.iter().find(|manager| manager.node.node == *node);
            let away = swarm.away.iter().find(|away| away.node == *node).map(|away| away.state.clone());
            row.leads = manager.is_some_and(|manager| manager.leads);
            row.reached = manager.map(|manager| manager.reached);
            row.node_state = away.or_else(|| Some("ready".to_owned()));
            let told = swarm.managers.iter().map(|manager| &manager.node).chain(&swarm.away);
            let told = told.filter(|told| told.node == *node && !NOT_TOLD.contains(&told.address.as_str()));
            moved_from = told.map(|told| told.address.clone()).find(|address| *address != known.address);
            // Rancher may not have told it yet.
            moved_from = moved_from.filter(|_| !known.address.is_empty());
        }
        match said {
            Err(why) => self.add_silent(&host, &mut row, why, moved_from),
            Ok(said) => self.add_told(names, &host, &mut row, said),
        }
        self.hosts.push(row);
    }

    /// `moved_from` is the address of its node, where that is another one than Rancher's.
    fn add_silent(&mut self, host: &str, row: &mut Row, why: String, moved_from: Option<String>) {
        row.stage = "silent".to_owned();
        let (why, what) = match (row.node_state.as_deref(), moved_from) {
            (_, Some(node)) => (
                format!("Rancher says that its address is {}, its node has {node}, and {why}", row.address),
                "See which address the host has. If it is the node's, set CATTLE_AGENT_IP to it on the host's agent. If it is \
                 Rancher's, see that the host runs. Do not remove it from Rancher.",
            ),
            (Some("ready"), None) if row.reached != Some(false) => (
                why,
                "Its engine is in the swarm and answers; only its monitor does not: see in Rancher that the container runs, and \
                 that 2378/tcp is open between the hosts.",
            ),
            (Some(state), None) => (
                format!("its node is {}, and {why}", if row.reached == Some(false) { "unreachable" } else { state }),
                "Start the host. If it runs, open the network to it. If it is gone for good, remove it from Rancher: its node is \
                 then taken out.",
            ),
            (None, None) => (
                why,
                "See that the host runs, that its container swarmkit-mon does, and that 2378/tcp is open between the hosts. If \
                 it is gone for good, remove it from Rancher.",
            ),
        };
        row.reason.clone_from(&why);
        row.trouble = Some(why.clone());
        self.need(host, row, why, what.to_owned(), None);
    }

    fn add_told(&mut self, names: &Names, host: &str, row: &mut Row, said: Identity) {
        let about = said.about;
        row.answers = true;
        row.acts = said.lease_ago_ms.is_some();
        row.reason = names.said(&said.reason);
        row.stage_ms = Some(about.stage_ms);
        row.version = about.version;
        row.engine_version = about.engine_version;
        if !about.role.is_empty() {
            row.role = about.role;
        }
        if row.acts {
            self.lease.push(host.to_owned());
        }
        row.trouble = match row.node_state.as_deref() {
            _ if !is_good(&said.stage) => Some(row.reason.clone()),
            // Its reason says why it cannot.
            _ if said.stage == Stage::LeaseHolder.name() && !row.acts => Some(row.reason.clone()),
            Some(state @ ("down" | "disconnected")) => {
                Some(format!("its engine runs, and the managers call its node {state}: if that lasts, {OPEN_PORTS}"))
            }
            _ if row.reached == Some(false) => {
                Some(format!("its engine runs, and the leader does not reach it: if that lasts, {OPEN_PORTS}"))
            }
            _ => None,
        };
        row.stage = said.stage;
        let line = |text: &str| Line { host: host.to_owned(), text: names.said(text) };
        if let Some(need) = about.need {
            row.trouble.get_or_insert_with(|| row.reason.clone());
            self.need(host, row, row.reason.clone(), need.what, need.command);
        }
        self.under_way
            .extend(about.under_way.iter().map(|text| line(text)).take(MOST.saturating_sub(self.under_way.len())));
        self.noticed.extend(about.warnings.iter().map(|text| line(text)).take(MOST.saturating_sub(self.noticed.len())));
        if let Some(age_ms) = about.backup_ms
            && self.backup.as_ref().is_none_or(|newest| age_ms < newest.age_ms)
        {
            self.backup = Some(NewestBackup { host: host.to_owned(), age_ms });
        }
        for mut event in about.events {
            for text in [&mut event.what, &mut event.why].into_iter().chain(&mut event.error) {
                *text = names.said(text);
            }
            self.events.push(Happened { host: host.to_owned(), event });
        }
        if self.events.len() > MOST * MOST_EVENTS {
            self.events.sort_by_key(|happened| happened.event.ago_ms);
            self.events.truncate(MOST_EVENTS);
        }
    }

    fn need(&mut self, host: &str, row: &Row, wrong: String, what: String, command: Option<String>) {
        if self.needs.len() < MOST {
            let (host, address) = (host.to_owned(), row.address.clone());
            self.needs.push(Need { host, address, wrong, what, command });
        }
    }

    /// How many hosts are not well.
    pub fn troubled(&self) -> usize {
        self.hosts.iter().filter(|row| row.trouble.is_some()).count()
    }

    fn judge(&mut self) {
        let (all, troubled) = (self.hosts.len(), self.troubled());
        let has_quorum = self.managers.as_ref().is_some_and(|managers| managers.voters.has_quorum());
        let is_cut_off = !has_quorum && self.hosts.iter().any(|row| row.stage == Stage::CutOff.name());
        if is_cut_off {
            // From here it cannot be told whether those who are silent need anything.
            let silent = |need: &Need| self.hosts.iter().any(|row| !row.answers && row.address == need.address);
            self.needs.retain(|need| !silent(need));
        }
        self.well = all > 0 && troubled == 0 && has_quorum && self.lease.len() == 1;
        let is_forming = !has_quorum
            && self.hosts.iter().all(|row| !row.answers || ["none", ""].contains(&row.role.as_str()))
            && self.hosts.iter().any(|row| row.answers);
        let hosts = |count: usize| if count == 1 { "1 host".to_owned() } else { format!("{count} hosts") };
        self.headline = match self.lease.len() {
            _ if all == 0 => "Rancher lists no host.".to_owned(),
            _ if !has_quorum && is_forming => "No swarm yet: it is being formed.".to_owned(),
            _ if is_cut_off => {
                "This host is cut off from the swarm, which goes on without it: the page of another host tells how it is."
                    .to_owned()
            }
            _ if !has_quorum => {
                "No manager that answers has a quorum: what runs keeps running, nothing can be changed.".to_owned()
            }
            _ if troubled == all => "No host is well.".to_owned(),
            _ if troubled > 0 => {
                format!("{} of {} {} not well.", troubled, hosts(all), if troubled == 1 { "is" } else { "are" })
            }
            0 => "No monitor acts for the swarm: what is lost is not replaced.".to_owned(),
            1 if all == 1 => "The host is well.".to_owned(),
            1 => format!("All {} are well.", hosts(all)),
            many => format!("The monitors of {many} hosts act for the swarm; one does in a moment."),
        };
        self.bearing = match &self.managers {
            None => String::new(),
            Some(Managers { voters, quorum, .. }) if !voters.has_quorum() => {
                format!("{} of {} managers answer; it takes {quorum}.", voters.reachable, voters.present)
            }
            Some(Managers { voters, may_be_lost: 0, .. }) if voters.present == 1 => {
                "There is one manager, and it may not be lost.".to_owned()
            }
            Some(Managers { voters, may_be_lost: 0, .. }) => {
                format!("The swarm can lose none of the {} managers that answer.", voters.reachable)
            }
            Some(Managers { voters, may_be_lost, .. }) => {
                format!("The swarm can lose {may_be_lost} of its {} managers.", voters.present)
            }
        };
    }
}

impl Names {
    fn of_manager(&self, manager: &ManagerTold) -> String {
        self.find(&manager.node.node).map_or_else(|| manager.node.hostname.clone(), str::to_owned)
    }
}

#[cfg(test)]
mod tests;
