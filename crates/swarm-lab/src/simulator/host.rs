//! A host: its engine, what it remembers, and what ails it.

use swarmkit_mon::engine::SwarmInfo;
use swarmkit_mon::record::Record;
use swarmkit_mon::state::State;

use super::monitors::Monitor;

pub struct Host {
    pub entry: usize,
    pub is_registered: bool,
    /// When its monitor's container was made.
    pub age: u64,
    pub address: String,
    /// Whether the machine is on and the engine runs and answers.
    pub engine_up: bool,
    pub frozen: bool,
    /// Hosts reach those of the same side.
    pub side: u8,
    pub api_cut: bool,
    /// Whether Rancher has noticed that its agent is away.
    pub is_disconnected: bool,
    /// Counts what its agent suffers.
    pub agent_turn: u64,
    pub metadata_cut: bool,
    /// The machine is gone for good.
    pub lost: bool,
    pub engine: Engine,
    pub state: State,
    /// The latest epoch that this host was told of while it was a manager of the recorded swarm.
    pub heard_epoch: u64,
    pub monitor: Option<Monitor>,
    pub processes: u64,
    /// When it last changed from outside, in milliseconds.
    pub troubled_ms: u64,
    /// The faults that it suffers from, by number.
    pub struck: Vec<usize>,
}

impl Host {
    pub fn new(at: usize) -> Self {
        Self {
            entry: 0,
            is_registered: false,
            age: 0,
            address: format!("10.{}.{}.{}", at / 60_000, at / 240 % 250, at % 240 + 1),
            engine_up: true,
            frozen: false,
            side: 0,
            api_cut: false,
            is_disconnected: false,
            agent_turn: 0,
            metadata_cut: false,
            lost: false,
            engine: Engine::default(),
            state: State::default(),
            heard_epoch: 0,
            monitor: None,
            processes: 0,
            troubled_ms: 0,
            struck: Vec::new(),
        }
    }

    /// Whether its address is another one than its engine's: it is never reached as that node again.
    pub fn has_moved(&self) -> bool {
        self.engine.seat().is_some_and(|seat| seat.address != self.address)
    }

    pub fn answers(&self) -> bool {
        self.engine_up && !self.frozen && !self.lost
    }

    /// Hears what a record tells of the epoch of the swarm that it manages.
    pub fn hear(&mut self, engine: Option<&SwarmInfo>, record: &Record) {
        self.heard_epoch = match self.state.kept_record(engine) {
            Some(kept) if kept.cluster == record.cluster => record.epoch.max(self.heard_epoch),
            Some(_) => self.heard_epoch,
            None => 0,
        };
    }

    /// Whether Rancher hears nothing of its agent, which its engine runs.
    pub fn is_unheard(&self) -> bool {
        !self.answers() || self.api_cut
    }
}

/// An engine's own idea of where it is.
#[derive(Default, Clone)]
pub enum Engine {
    #[default]
    Out,
    In(Seat),
}

#[derive(Clone)]
pub struct Seat {
    pub group: usize,
    pub node: String,
    /// Whether it takes itself for a manager.
    pub manages: bool,
    /// The host through which it joined, until the engine is started anew.
    pub via: Option<usize>,
    pub ails: Option<Ailment>,
    /// It was started anew and has not found its swarm yet.
    pub pending: bool,
    pub address: String,
}

/// How an engine's swarm can be in error.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ailment {
    /// It broke down as it became a manager, and does not tell which node it is.
    BrokenDown,
    /// Its manager has stopped, though the others count it.
    Halted,
    /// It manages, and votes.
    Failing,
}

impl Engine {
    pub fn seat(&self) -> Option<&Seat> {
        match self {
            Self::In(seat) => Some(seat),
            Self::Out => None,
        }
    }
}

impl Seat {
    /// Whether it takes part in its swarm, whatever it says of itself.
    pub fn is_alive(&self) -> bool {
        matches!(self.ails, None | Some(Ailment::Failing))
    }
}
