//! The faults, drawn from a seed.

use std::fmt;

use crate::dice::Dice;
use crate::lab::{Fault as Wrong, Filter, Kind, Lab};

/// Whom a fault strikes, found out when it does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Whom {
    /// The raft leader's host.
    Leader,
    /// Another manager's; which of them, the number says.
    Manager(u64),
    /// A worker's.
    Worker(u64),
}

/// How Rancher fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trouble {
    /// Metadata or the API answers nothing.
    Hangs(Kind),
    /// It answers with an error.
    Says(Kind, u16),
    /// It takes no connection.
    Refuses(Kind),
}

/// A fault. Numbers are seconds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fault {
    /// Power off, until the others have what they need without it.
    Lost(Whom),
    /// Power off for a time.
    Reboots(Whom, u64),
    /// `kill -9` of the monitor, which is started again after a time.
    MonitorKilled(Whom, u64),
    /// `kill -9` of the engine alone.
    EngineKilled(Whom, u64),
    /// The engine is restarted in good order. The monitor may live on, as containers do with `live-restore`.
    EngineRestarts(Whom, bool),
    /// The engine answers nothing for a time.
    EngineHangs(Whom, u64),
    /// A host is cut off from all others, but not from Rancher.
    CutOff(Whom, u64),
    /// A host is cut off from Rancher alone.
    NoRancher(Whom, u64),
    /// These hosts are cut off from the others.
    Split([usize; 2], u64),
    /// A host is removed from Rancher, switched off, and later registered anew; its disk may be empty by then.
    Removed(Whom, bool),
    /// All managers but one are switched off and removed from Rancher, and later registered anew.
    QuorumLost,
    /// A worker's node is removed by hand.
    NodeRemoved(u64),
    /// A manager is made a worker by hand.
    DemotedByHand(u64),
    /// A worker leaves by hand.
    LeftByHand(u64),
    /// An engine loses its state, and the monitor its own.
    Wiped(Whom),
    /// A host comes back with another address.
    Moved(Whom),
    /// All hosts are off at the same time.
    AllReboot,
    /// All monitors are replaced at the same time, as an upgrade does.
    AllMonitorsKilled,
    /// Rancher fails for a time.
    Rancher(Trouble, u64),
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self:?}")
    }
}

fn pick<T: Copy>(dice: &mut Dice, from: &[T]) -> T {
    from[dice.below(from.len() as u64) as usize]
}

impl Whom {
    fn draw(dice: &mut Dice) -> Self {
        match dice.below(3) {
            0 => Self::Leader,
            1 => Self::Manager(dice.below(8)),
            _ => Self::Worker(dice.below(8)),
        }
    }
}

impl Trouble {
    fn draw(dice: &mut Dice) -> Self {
        let kind = pick(dice, &[Kind::Metadata, Kind::Api]);
        match dice.below(3) {
            0 => Self::Hangs(kind),
            1 => Self::Says(kind, if kind == Kind::Api { pick(dice, &[401, 503]) } else { pick(dice, &[404, 503]) }),
            _ => Self::Refuses(kind),
        }
    }

    pub(super) fn begin(self, lab: &Lab) {
        let all = |kind: Kind| if kind == Kind::Api { Filter::api() } else { Filter::metadata() };
        match self {
            Self::Hangs(kind) => drop(lab.rancher.fault(all(kind), Wrong::hang())),
            Self::Says(kind, status) => drop(lab.rancher.fault(all(kind), Wrong::status(status))),
            Self::Refuses(kind) => lab.rancher.refuse(kind),
        }
    }

    pub(super) fn end(self, lab: &Lab) {
        match self {
            Self::Hangs(_) | Self::Says(..) => lab.rancher.clear_faults(),
            Self::Refuses(kind) => lab.rancher.accept(kind),
        }
    }
}

impl Fault {
    /// For how many seconds it lasts, where it ends by itself.
    pub(super) fn lasts(&self) -> u64 {
        match self {
            Self::Reboots(_, seconds)
            | Self::MonitorKilled(_, seconds)
            | Self::EngineKilled(_, seconds)
            | Self::EngineHangs(_, seconds)
            | Self::CutOff(_, seconds)
            | Self::NoRancher(_, seconds)
            | Self::Split(_, seconds)
            | Self::Rancher(_, seconds) => *seconds,
            _ => 0,
        }
    }

    fn draw(dice: &mut Dice) -> Self {
        let whom = Whom::draw(dice);
        let seconds = 1 + dice.below(40);
        match dice.below(21) {
            0 | 1 => Self::Lost(whom),
            2 => Self::Reboots(whom, seconds),
            3 => Self::MonitorKilled(whom, seconds / 3),
            4 => Self::EngineKilled(whom, seconds / 3),
            5 => Self::EngineRestarts(whom, dice.one_in(2)),
            6 => Self::EngineHangs(whom, seconds),
            7 | 8 => Self::CutOff(whom, seconds),
            9 => Self::NoRancher(whom, seconds),
            10 => {
                let first = dice.below(5) as usize;
                Self::Split([first, (first + 1 + dice.below(4) as usize) % 5], seconds)
            }
            11 | 12 => Self::Removed(whom, dice.one_in(2)),
            13 => Self::NodeRemoved(dice.below(8)),
            14 => Self::DemotedByHand(dice.below(8)),
            15 => Self::LeftByHand(dice.below(8)),
            16 => Self::Wiped(whom),
            17 => Self::Moved(whom),
            18 if dice.one_in(2) => Self::AllReboot,
            18 => Self::AllMonitorsKilled,
            19 => Self::QuorumLost,
            _ => Self::Rancher(Trouble::draw(dice), seconds),
        }
    }
}

/// A fault, and what may be wrong with Rancher for so many seconds from then on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    pub fault: Fault,
    pub with: Option<(Trouble, u64)>,
}

impl Step {
    /// The next one.
    pub fn draw(dice: &mut Dice) -> Self {
        let fault = Fault::draw(dice);
        let with = dice.one_in(4).then(|| (Trouble::draw(dice), 1 + dice.below(30)));
        Self { with: with.filter(|_| !matches!(fault, Fault::Rancher(..))), fault }
    }
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.with {
            None => write!(f, "{}", self.fault),
            Some((trouble, seconds)) => write!(f, "{}, with Rancher({trouble:?}, {seconds})", self.fault),
        }
    }
}
