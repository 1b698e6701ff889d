//! What a monitor tells of its host and of the swarm to whoever asks: where the host stands, whether it waits for a person, and
//! on a manager how the others are. It is small whatever the swarm's size, and holds no secret.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::engine::NodeState;
use super::observe::{Observation, SwarmView};
use super::past::ms;
use super::status::Status;
use super::voters::Voters;

/// How many nodes that are not ready are named.
const MOST_AWAY: usize = 50;
/// How many managers are.
const MOST_MANAGERS: usize = 32;
/// How many warnings are told.
const MOST_WARNINGS: usize = 5;
/// How many of the last actions are told.
const MOST_EVENTS: usize = 8;
/// What is kept of a text, in characters.
const LONGEST: usize = 400;
/// The same of a name.
const LONGEST_NAME: usize = 100;

/// What it tells.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Introduction {
    /// The version of the monitor.
    pub version: String,
    /// The version of the engine; empty while it does not answer.
    pub engine_version: String,
    /// What the engine says that it is: `manager`, `worker` or `none`; empty while it does not answer.
    pub role: String,
    /// For how long the host has stood where it does, in milliseconds.
    pub stage_ms: u64,
    /// What waits for a person, if anything does.
    pub need: Option<Need>,
    /// What is being done, if anything is.
    pub under_way: Option<String>,
    /// What a person should know.
    pub warnings: Vec<String>,
    /// The swarm, as this host's engine sees it; none if it is no manager, or its swarm does not answer.
    pub swarm: Option<SwarmTold>,
    /// What was done last, the latest first.
    pub events: Vec<Event>,
    /// How old the newest backup on this host is, in milliseconds; none if there is none.
    pub backup_ms: Option<u64>,
}

/// What waits for a person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Need {
    /// What to do.
    pub what: String,
    /// The command to type on that host, if there is one.
    #[serde(default)]
    pub command: Option<String>,
}

/// The swarm, as a manager sees it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SwarmTold {
    /// How many managers there shall be, are, and answer.
    pub voters: Voters,
    /// The managers.
    pub managers: Vec<ManagerTold>,
    /// How many nodes there are, by their state.
    pub nodes: BTreeMap<String, usize>,
    /// Nodes that are not ready; of many the first ones.
    pub away: Vec<NodeTold>,
}

/// A manager, as another one sees it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ManagerTold {
    /// Its node.
    #[serde(flatten)]
    pub node: NodeTold,
    /// Whether it leads.
    pub leads: bool,
    /// Whether the leader reaches it.
    pub reached: bool,
}

/// A node, as a manager sees it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NodeTold {
    /// Its ID.
    pub node: String,
    /// The name of its machine.
    pub hostname: String,
    /// The address from which it speaks.
    pub address: String,
    /// `ready`, `down`, `disconnected` or `unknown`.
    pub state: String,
}

/// Something that was done, or was to be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Event {
    /// How long ago, in milliseconds.
    pub ago_ms: u64,
    /// What.
    pub what: String,
    /// Why.
    pub why: String,
    /// What went wrong, if anything did.
    #[serde(default)]
    pub error: Option<String>,
}

/// A text from elsewhere, in one line that drives no terminal and stays in its column, of so many characters.
pub fn plain(text: &str, longest: usize) -> String {
    let is_format = |letter| matches!(letter, '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}');
    let shown = |letter: char| if letter.is_control() || is_format(letter) { '\u{fffd}' } else { letter };
    let mut letters = text.chars();
    let mut kept: String = letters.by_ref().take(longest).map(shown).collect();
    if letters.next().is_some() {
        kept.push('…');
    }
    kept
}

fn line(text: &str) -> String {
    plain(text, LONGEST)
}

fn name(text: &str) -> String {
    plain(text, LONGEST_NAME)
}

impl Introduction {
    /// Of this monitor, as it stands.
    pub fn of(status: &Status) -> Self {
        let seen = status.seen();
        let engine = seen.and_then(|seen| seen.engine.as_ref().ok());
        let plan = status.plan();
        let stage_ms = status.stands_ms().unwrap_or_default();
        let need = status.need();
        let actions = status.latest_actions().take(MOST_EVENTS);
        let warnings = plan.into_iter().flat_map(|plan| &plan.warnings);
        Self {
            version: env!("CARGO_PKG_VERSION").to_owned(),
            engine_version: engine.map(|info| name(&info.server_version)).unwrap_or_default(),
            role: seen.map(role).unwrap_or_default().to_owned(),
            stage_ms,
            under_way: plan.filter(|plan| need.is_none() && !plan.is_quiet()).map(|plan| line(&plan.reason)),
            need: need.map(|advice| Need { what: advice.what.to_owned(), command: advice.command.map(str::to_owned) }),
            warnings: warnings.take(MOST_WARNINGS).map(|warning| line(&warning.text)).collect(),
            swarm: seen.and_then(|seen| seen.swarm_view().map(|swarm| SwarmTold::of(swarm, seen.wanted.managers))),
            backup_ms: status.backups.age_ms(),
            events: actions
                .map(|done| Event {
                    ago_ms: ms(done.at.elapsed()),
                    what: name(&done.what),
                    why: line(&done.why),
                    error: done.error.as_deref().map(line),
                })
                .collect(),
        }
    }

    /// What another one tells of itself, in bounds: it may be anything that answers there.
    pub fn bounded(mut self) -> Self {
        for text in [&mut self.version, &mut self.engine_version, &mut self.role] {
            *text = name(text);
        }
        if let Some(need) = &mut self.need {
            need.what = line(&need.what);
            need.command = need.command.as_deref().map(name);
        }
        self.under_way = self.under_way.as_deref().map(line);
        self.warnings.truncate(MOST_WARNINGS);
        for warning in &mut self.warnings {
            *warning = line(warning);
        }
        if let Some(swarm) = &mut self.swarm {
            swarm.managers.truncate(MOST_MANAGERS);
            swarm.away.truncate(MOST_AWAY);
            swarm.nodes.retain(|state, _| NODE_STATES.iter().any(|(_, word)| word == state));
            for node in swarm.managers.iter_mut().map(|manager| &mut manager.node).chain(&mut swarm.away) {
                for text in [&mut node.node, &mut node.hostname, &mut node.address, &mut node.state] {
                    *text = name(text);
                }
            }
        }
        self.events.truncate(MOST_EVENTS);
        for event in &mut self.events {
            event.what = name(&event.what);
            event.why = line(&event.why);
            event.error = event.error.as_deref().map(line);
        }
        self
    }
}

fn role(seen: &Observation) -> &'static str {
    match &seen.engine {
        Err(_) => "",
        Ok(info) if info.swarm.control_available => "manager",
        Ok(info) if info.swarm.node_id.is_empty() => "none",
        Ok(_) => "worker",
    }
}

/// The states of nodes, in Docker's words.
const NODE_STATES: [(NodeState, &str); 4] = [
    (NodeState::Ready, "ready"),
    (NodeState::Down, "down"),
    (NodeState::Disconnected, "disconnected"),
    (NodeState::Unknown, "unknown"),
];

fn state(state: NodeState) -> &'static str {
    NODE_STATES.iter().find(|(of, _)| *of == state).map_or("unknown", |(_, word)| word)
}

impl SwarmTold {
    fn of(swarm: &SwarmView, wanted: usize) -> Self {
        let told = |node: &super::engine::Node| NodeTold {
            node: name(&node.id),
            hostname: name(&node.description.hostname),
            address: name(&node.status.addr),
            state: state(node.status.state).to_owned(),
        };
        let mut nodes: BTreeMap<&str, usize> = BTreeMap::new();
        for node in &swarm.nodes {
            *nodes.entry(state(node.status.state)).or_default() += 1;
        }
        let nodes = nodes.into_iter().map(|(state, count)| (state.to_owned(), count)).collect();
        let managers = swarm.nodes.iter().filter_map(|node| {
            let manager = node.manager.as_ref()?;
            Some(ManagerTold { node: told(node), leads: manager.leader, reached: manager.is_reached() })
        });
        let away = swarm.nodes.iter().filter(|node| node.status.state != NodeState::Ready);
        Self {
            voters: Voters::of(swarm, wanted),
            managers: managers.take(MOST_MANAGERS).collect(),
            nodes,
            away: away.take(MOST_AWAY).map(told).collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_anybody_may_answer_is_cut_to_size() {
        let odd = "\u{1b}[2J\u{202e}x".repeat(1000);
        let event = Event { ago_ms: 0, what: odd.clone(), why: odd.clone(), error: Some(odd.clone()) };
        let node = NodeTold { node: odd.clone(), hostname: odd.clone(), address: odd.clone(), state: odd.clone() };
        let hostile = Introduction {
            version: odd.clone(),
            engine_version: odd.clone(),
            role: odd.clone(),
            need: Some(Need { what: odd.clone(), command: Some(odd.clone()) }),
            under_way: Some(odd.clone()),
            warnings: vec![odd.clone(); 100],
            swarm: Some(SwarmTold {
                voters: Voters { wanted: usize::MAX, present: usize::MAX, reachable: usize::MAX },
                managers: vec![ManagerTold { node: node.clone(), leads: true, reached: true }; 100],
                nodes: (0..1000).map(|number| (format!("{number}{odd}"), 1)).collect(),
                away: vec![node; 1000],
            }),
            events: vec![event; 100],
            ..Introduction::default()
        };
        let text = serde_json::to_string(&hostile.bounded()).unwrap();
        assert!(text.len() < 150_000, "{}", text.len());
        assert!(!text.contains("\\u001b") && !text.contains('\u{202e}'));
    }
}
