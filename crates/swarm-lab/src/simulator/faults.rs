//! What goes wrong, when, and for how long.

use swarmkit_mon::state::State;

use super::api::{Mood, Upgrade};
use super::host::{Ailment, Engine, Seat};
use super::{Dice, Event, Settings, Simulation};

/// Whom a fault strikes, chosen when it does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Target {
    Host(usize),
    Leader,
    Manager(usize),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// The engine dies, and what runs on it, monitor too.
    KillEngine,
    KillMonitor,
    /// The engine hangs.
    Freeze,
    /// The host reaches no other one.
    Cut,
    /// Some hosts reach no others.
    Partition,
    CutApi,
    CutMetadata,
    ApiSilent,
    ApiSlow,
    MetadataFrozen,
    /// Removed from Rancher, and registered anew later.
    Remove,
    /// Gone for good, and removed from Rancher later.
    Lose,
    /// The engine forgets what it was.
    Wipe,
    /// Another address.
    Move,
    /// Somebody takes a worker's node out of the swarm.
    RemoveNode,
    /// Somebody takes a host's labels away.
    Unlabel,
    /// All hosts lose their power.
    KillAll,
    /// Most managers are gone, and removed from Rancher later; later still they are back, and registered anew.
    Disaster,
    /// A manager is in error, and its manager has stopped, or votes all the same.
    Ail(Ailment),
    /// MANAGER_SCALE is another one, and all monitors start anew.
    Scale(usize),
    /// The service is upgraded.
    Upgrade(Upgrade),
    /// Rancher writes other metadata over the record.
    Overwrite,
    /// All monitors start anew, as the containers of an upgrade do.
    StartAnew,
}

impl Kind {
    /// Whether it is nothing but Rancher's dealing with the service: no reason to change a role.
    fn is_of_the_service(self) -> bool {
        matches!(self, Self::Upgrade(_) | Self::Overwrite | Self::StartAnew)
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fault {
    pub kind: Kind,
    pub target: Target,
    pub for_ms: u64,
}

impl std::fmt::Display for Fault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:?} {:?} for {} s", self.kind, self.target, self.for_ms / 1000)
    }
}

/// The faults that a seed makes.
pub fn schedule(settings: &Settings, dice: &mut Dice) -> Vec<(u64, Fault)> {
    let mut faults = Vec::new();
    if settings.fault_every_ms == 0 {
        return faults;
    }
    let mut at = dice.below(settings.fault_every_ms * 2);
    while at < settings.trouble_ms {
        let number = dice.below(settings.hosts as u64) as usize;
        let target = match dice.below(4) {
            0 => Target::Leader,
            1 => Target::Manager(number),
            _ => Target::Host(number),
        };
        let kind = match dice.below(36) {
            0..=5 => Kind::KillEngine,
            6..=8 => Kind::KillMonitor,
            9 | 10 => Kind::Freeze,
            11..=13 => Kind::Cut,
            14 | 15 => Kind::Partition,
            16 => Kind::CutApi,
            17 => Kind::CutMetadata,
            18 => Kind::ApiSilent,
            19 => Kind::ApiSlow,
            20 => Kind::MetadataFrozen,
            21..=23 => Kind::Remove,
            24 => Kind::Lose,
            25 | 26 => Kind::Wipe,
            27 => Kind::Move,
            28 | 29 => Kind::RemoveNode,
            30 => Kind::Unlabel,
            31 => Kind::KillAll,
            32 => Kind::Disaster,
            33 => Kind::Ail(Ailment::Halted),
            34 => Kind::Ail(Ailment::Failing),
            _ => Kind::Scale([1, 3, 3, 5, 7][dice.below(5) as usize]),
        };
        let for_ms = match dice.below(4) {
            0 => dice.below(5_000),
            1 => dice.below(30_000),
            2 => dice.below(180_000),
            _ => dice.below(900_000),
        };
        faults.push((at, Fault { kind, target, for_ms }));
        at += 1 + dice.below(settings.fault_every_ms * 2);
    }
    let upgrades = upgrades(settings, dice, &faults);
    faults.extend(upgrades);
    faults
}

/// What becomes of the service: upgrades of it, and records that are written over, also while the quorum is lost.
fn upgrades(settings: &Settings, dice: &mut Dice, faults: &[(u64, Fault)]) -> Vec<(u64, Fault)> {
    let mut all = Vec::new();
    let fault = |kind: Kind, for_ms: u64| Fault { kind, target: Target::Leader, for_ms };
    let mut at = dice.below(settings.fault_every_ms * 6);
    while at < settings.trouble_ms {
        let long = dice.below(2) * dice.below(600_000) + dice.below(60_000);
        match dice.below(8) {
            0 | 1 => all.push((at, fault(Kind::Overwrite, 0))),
            2 => all.push((at, fault(Kind::Upgrade(Upgrade::UnderWay), long))),
            3 => all.push((at, fault(Kind::Upgrade(Upgrade::Done), long))),
            4 => {
                all.push((at, fault(Kind::Overwrite, 0)));
                all.push((at + dice.below(5_000), fault(Kind::StartAnew, 0)));
            }
            _ => {
                let under_way = dice.below(120_000);
                if dice.one_in(2) {
                    all.push((at, fault(Kind::Overwrite, 0)));
                }
                all.push((at, fault(Kind::Upgrade(Upgrade::UnderWay), under_way)));
                all.push((at + dice.below(under_way + 1), fault(Kind::StartAnew, 0)));
                all.push((at + under_way, fault(Kind::Upgrade(Upgrade::Done), long)));
            }
        }
        at += 1 + dice.below(settings.fault_every_ms * 8);
    }
    for (at, disaster) in faults.iter().filter(|(_, fault)| fault.kind == Kind::Disaster) {
        if dice.one_in(2) {
            all.push((at + dice.below(disaster.for_ms + 240_000), fault(Kind::Overwrite, 0)));
        }
    }
    all.retain(|(at, _)| *at < settings.trouble_ms);
    all
}

impl Simulation {
    fn struck(&self, target: Target) -> usize {
        let group = (0..self.groups.len()).rfind(|group| self.groups[*group].leader.is_some());
        let voters = |group: usize| {
            let of = &self.groups[group];
            of.voters().filter_map(|voter| of.host_of.get(&voter.id).copied()).collect::<Vec<_>>()
        };
        match (target, group) {
            (Target::Leader, Some(group)) => {
                let of = &self.groups[group];
                of.leader.as_ref().and_then(|leader| of.host_of.get(leader)).copied().unwrap_or_default()
            }
            (Target::Manager(number), Some(group)) => {
                let voters = voters(group);
                voters.get(number % voters.len().max(1)).copied().unwrap_or_default()
            }
            (Target::Host(number) | Target::Manager(number), _) => number,
            (Target::Leader, None) => 0,
        }
    }

    /// Whether a host may be lost for good, and its swarm go on: an operator who destroys more is a disaster, which is a
    /// fault of its own.
    fn can_be_lost(&self, at: usize) -> bool {
        let left = self.hosts.iter().filter(|host| !host.lost).count();
        let Some(seat) = self.hosts[at].engine.seat() else { return left > 2 };
        let of = &self.groups[seat.group];
        let kept = of.voters().filter(|voter| {
            let host = of.host_of.get(&voter.id).copied();
            host.is_some_and(|host| host != at && self.is_well_as(host, seat.group, &voter.id))
        });
        // The last ones of a swarm that another has gone on without are nobody's loss.
        left > 2 && (of.superseded || kept.count() * 2 > of.voters().count())
    }

    /// Whether a host's engine votes, and another one that does is well.
    fn can_ail(&self, at: usize) -> bool {
        let Some(seat) =
            self.hosts[at].engine.seat().filter(|seat| seat.manages && !seat.pending && seat.ails.is_none())
        else {
            return false;
        };
        let of = &self.groups[seat.group];
        // One that has moved never votes again, and nobody can tell.
        let mut hosts = of.voters().filter_map(|voter| of.host_of.get(&voter.id));
        let moved = hosts.any(|host| self.hosts[*host].has_moved());
        !moved
            && of.node(&seat.node).is_some_and(|node| node.manager.is_some())
            && of.voters().any(|voter| {
                let host = of.host_of.get(&voter.id).copied();
                // Who has not been recorded cannot know who is counted on.
                let recorded = self.api.record.voters.contains(&voter.id);
                recorded && host.is_some_and(|host| host != at && self.is_well_as(host, seat.group, &voter.id))
            })
    }

    /// Whether a manager is there, with or without a quorum, that has kept the record of its swarm, or there is no swarm. If
    /// none is, what comes back first is taken for the swarm, and nobody can know better.
    fn is_kept(&self) -> bool {
        let present = |group: usize| {
            self.hosts.iter().any(|host| {
                let sits = host.engine.seat().is_some_and(|seat| seat.group == group && seat.manages);
                sits && host.answers() && host.monitor.is_some()
            })
        };
        (0..self.groups.len()).filter(|group| !self.groups[*group].superseded).all(present)
    }

    /// Whether a host's engine can go on as this node, and is not about to be given up.
    fn is_well_as(&self, host: usize, group: usize, node: &str) -> bool {
        let host = &self.hosts[host];
        if host.struck.iter().any(|number| self.faults()[*number].1.kind == Kind::Disaster) {
            return false;
        }
        let sits = |of: &Seat| of.group == group && of.node == node && of.ails.is_none();
        host.engine.seat().is_some_and(sits) && !host.has_moved() && !host.lost && host.is_registered
    }

    /// A fault strikes now that is none of the seed's.
    pub fn strike(&mut self, fault: Fault) {
        self.faults.push((self.now, fault));
        self.fault(self.faults.len() - 1);
    }

    pub fn fault(&mut self, number: usize) {
        let (_, fault) = self.faults()[number];
        let at = self.struck(fault.target);
        self.say(|| format!("FAULT {number}: {fault}: host {at}"));
        let counts = if fault.kind.is_of_the_service() { &mut self.tally.upgrades } else { &mut self.tally.faults };
        *counts += 1;
        let mut all = vec![at];
        match fault.kind {
            Kind::KillEngine => self.kill_hosts(&[at]),
            Kind::KillMonitor => self.kill_monitor(at),
            Kind::Freeze => {
                self.hosts[at].frozen = true;
                self.hosts_changed(&[at]);
            }
            Kind::Cut => {
                self.hosts[at].side = 1 + (number % 200) as u8;
                self.hosts_changed(&[at]);
            }
            Kind::Partition => {
                let side = 1 + (number % 200) as u8;
                let many = (self.hosts.len() as u64 / 2).max(1);
                let many = self.between(1, many) as usize;
                all = (0..many).map(|more| (at + more) % self.hosts.len()).collect();
                for host in &all {
                    self.hosts[*host].side = side;
                }
                self.hosts_changed(&all);
            }
            Kind::CutApi => {
                self.hosts[at].api_cut = true;
                self.agent_follows(at);
            }
            Kind::CutMetadata => self.hosts[at].metadata_cut = true,
            Kind::ApiSilent => self.api.mood = Mood::Silent,
            Kind::ApiSlow => self.api.mood = Mood::Slow,
            Kind::MetadataFrozen => self.api.frozen = true,
            Kind::Remove if self.can_be_lost(at) => self.deregister(at),
            Kind::Lose if self.can_be_lost(at) => {
                self.hosts[at].lost = true;
                self.kill_hosts(&[at]);
            }
            Kind::Wipe if self.can_be_lost(at) => {
                self.kill_hosts(&[at]);
                self.hosts[at].engine = Engine::Out;
                if self.one_in(2) {
                    self.hosts[at].state = State::default();
                    self.wiped.insert(at);
                }
                self.hosts_changed(&[at]);
            }
            Kind::Move if self.can_be_lost(at) => {
                self.kill_hosts(&[at]);
                self.hosts[at].address = (self.moved_to)(at, number);
                let entry = self.hosts[at].entry;
                self.api.hosts[entry].agent_ip_address = Some(self.hosts[at].address.clone());
                self.metadata_changes();
            }
            Kind::RemoveNode => self.remove_by_hand(at),
            Kind::Unlabel => {
                let entry = self.hosts[at].entry;
                self.api.hosts[entry].labels.clear();
                self.metadata_changes();
            }
            Kind::KillAll => {
                all = (0..self.hosts.len()).collect();
                self.kill_hosts(&all);
            }
            Kind::Disaster => all = self.disaster(),
            Kind::Ail(ailment) if self.can_ail(at) => {
                if let Engine::In(seat) = &mut self.hosts[at].engine {
                    seat.ails = Some(ailment);
                }
                self.hosts_changed(&[at]);
                self.wake(at, 100);
            }
            Kind::Scale(managers) => {
                self.wanted.managers = managers;
                self.start_all_monitors_anew();
            }
            Kind::StartAnew => return self.start_all_monitors_anew(),
            Kind::Overwrite if self.is_kept() => return self.overwrite_record(),
            Kind::Upgrade(upgrade) => {
                self.api.upgrades.push((number, upgrade));
                self.metadata_changes();
                return self.after(fault.for_ms, Event::Heal(number));
            }
            Kind::Remove | Kind::Lose | Kind::Wipe | Kind::Move | Kind::Overwrite | Kind::Ail(_) => {
                self.say(|| "it would cost the swarm for good: left out".to_owned());
                return;
            }
        }
        for host in all {
            self.hosts[host].struck.push(number);
        }
        self.after(fault.for_ms, Event::Heal(number));
    }

    fn start_all_monitors_anew(&mut self) {
        for host in 0..self.hosts.len() {
            if self.hosts[host].monitor.is_some() {
                self.kill_monitor(host);
                let ms = self.between(500, 20_000);
                self.after(ms, Event::StartMonitor { host });
            }
        }
    }

    fn kill_hosts(&mut self, hosts: &[usize]) {
        for at in hosts {
            self.hosts[*at].engine_up = false;
            self.kill_monitor(*at);
        }
        self.hosts_changed(hosts);
    }

    fn disaster(&mut self) -> Vec<usize> {
        let Some(group) = (0..self.groups.len()).rfind(|group| self.groups[*group].leader.is_some()) else {
            return Vec::new();
        };
        let of = &self.groups[group];
        let voters = of.voters().filter_map(|voter| Some((*of.host_of.get(&voter.id)?, voter.id.clone())));
        let voters: Vec<(usize, String)> = voters.collect();
        let many = voters.len() / 2 + 1;
        let well = |(host, node): &(usize, String)| self.is_well_as(*host, group, node);
        if !voters[many.min(voters.len())..].iter().any(well) {
            return Vec::new();
        }
        let lost: Vec<usize> = voters[..many].iter().map(|(host, _)| *host).collect();
        self.kill_hosts(&lost);
        lost
    }

    fn remove_by_hand(&mut self, at: usize) {
        let Some(seat) = self.hosts[at].engine.seat().cloned() else { return };
        let of = &mut self.groups[seat.group];
        let votes = of
            .node(&seat.node)
            .is_some_and(|node| node.manager.is_some() || node.spec.role == swarmkit_mon::engine::Role::Manager);
        if !votes && of.leader.is_some() {
            of.nodes.retain(|node| node.id != seat.node);
            of.host_of.remove(&seat.node);
            of.unreached.remove(&seat.node);
            self.wake_managers(seat.group);
        }
    }

    pub fn heal(&mut self, number: usize) {
        if self.peace {
            return;
        }
        let (_, fault) = self.faults()[number];
        let all: Vec<usize> = (0..self.hosts.len()).filter(|host| self.hosts[*host].struck.contains(&number)).collect();
        self.say(|| format!("ENDS {number}: {fault}: hosts {all:?}"));
        if fault.kind == Kind::Disaster && all.iter().any(|host| self.hosts[*host].is_registered) {
            // First the operator gives them up.
            for host in all {
                self.deregister(host);
            }
            return self.after(fault.for_ms + 120_000, Event::Heal(number));
        }
        match fault.kind {
            Kind::ApiSilent | Kind::ApiSlow => self.api.mood = Mood::Quick,
            Kind::MetadataFrozen => self.api.frozen = false,
            Kind::Upgrade(_) => {
                self.api.upgrades.retain(|(other, _)| *other != number);
                self.metadata_changes();
            }
            _ => {}
        }
        for &at in &all {
            self.hosts[at].struck.retain(|other| *other != number);
            match fault.kind {
                Kind::Freeze => self.hosts[at].frozen = false,
                Kind::Cut | Kind::Partition => self.hosts[at].side = 0,
                Kind::CutApi => self.hosts[at].api_cut = false,
                Kind::CutMetadata => self.hosts[at].metadata_cut = false,
                Kind::Lose => self.deregister(at),
                _ => {}
            }
            self.back_to_normal(at);
        }
        self.hosts_changed(&all);
    }

    /// A host is on again, registered, and has its monitor: unless it is lost for good.
    fn back_to_normal(&mut self, at: usize) {
        if self.hosts[at].lost {
            return;
        }
        if !self.hosts[at].is_registered {
            self.register(at);
        }
        if !self.hosts[at].engine_up {
            self.engine_starts(at);
        }
        let ms = self.between(500, 5_000);
        self.after(ms, Event::StartMonitor { host: at });
    }

    /// Nothing is wrong any more, and no more will be.
    pub fn make_peace(&mut self) {
        self.say(|| "PEACE".to_owned());
        self.peace = true;
        self.api.mood = Mood::Quick;
        self.api.frozen = false;
        self.api.upgrades.clear();
        self.metadata_changes();
        for at in 0..self.hosts.len() {
            let host = &mut self.hosts[at];
            (host.frozen, host.side, host.api_cut, host.metadata_cut) = (false, 0, false, false);
            if host.lost {
                self.deregister(at);
            }
        }
        let all: Vec<usize> = (0..self.hosts.len()).collect();
        for at in &all {
            self.back_to_normal(*at);
        }
        self.hosts_changed(&all);
    }
}
