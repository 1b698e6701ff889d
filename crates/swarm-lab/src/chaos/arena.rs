//! A lab with a swarm and a service in it, to which harm is done.

use std::cell::Cell;
use std::path::PathBuf;
use std::thread;
use std::time::{Duration, Instant};

use super::fault::{Fault, Step, Whom};
use crate::lab::{self, Host, Lab};
use crate::well::{are_well, have_managers, is_the_only_swarm, is_well};

/// How many managers there shall be.
pub const MANAGERS: usize = 3;
/// How many tasks the service has.
const REPLICAS: usize = 4;
/// What a fault may need, to be over when nothing is wrong any more, on a machine that has more to do.
const BOUND: Duration = Duration::from_secs(120);
/// How often is looked.
const LOOK: Duration = Duration::from_millis(250);
/// For how long a swarm may be without a leader, though all was well a moment before.
const ELECTION: Duration = Duration::from_secs(30);
/// The host numbers from which moved hosts take their addresses; see [`Lab::move_host`].
const ADDRESSES: std::ops::Range<u8> = 100..250;

/// How a fault was healed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Healed {
    /// After which time the swarm itself showed that a manager is gone: that it reaches it no more, and does not hear it.
    pub shown: Option<Duration>,
    /// After which time it called it down.
    pub down: Option<Duration>,
    /// After which time the other hosts had all managers again, without the one that was struck.
    pub repaired: Option<Duration>,
    /// How long it took until all was well, from when nothing was wrong any more.
    pub well: Duration,
    /// The same from the strike on, but for the time that the fault was meant to last.
    pub whole: Duration,
}

impl Healed {
    /// What it took to have what is wanted again.
    pub fn took(&self) -> Duration {
        self.repaired.unwrap_or(self.whole)
    }
}

/// A lab with a swarm and a service in it.
pub struct Arena {
    pub lab: Lab,
    cluster: String,
    service: String,
    address: Cell<u8>,
}

impl Arena {
    /// Makes it of so many hosts. Every other one's monitor is another program, where one is given: so it is half way
    /// through an upgrade.
    pub fn start(hosts: usize, settings: &[(&str, &str)], beside: Option<&str>) -> Result<Self, String> {
        let lab = Lab::start(hosts);
        lab.start_monitors(settings);
        if let Some(program) = beside {
            lab.hosts.iter().step_by(2).for_each(|host| host.start_in_its_place(settings, &[program]));
        }
        within(&lab, BOUND, || is_well(&lab, MANAGERS))?;
        for host in &lab.hosts {
            host.engine.import_busybox()?;
        }
        let cluster = lab.clusters().into_iter().flatten().next().ok_or("no cluster")?;
        let manager = lab.leader().ok_or("no leader")?;
        let made = lab.hosts[manager].engine.create_sleeper("sleeper", REPLICAS as u64, None)?;
        let service = made["ID"].as_str().unwrap_or_default().to_owned();
        let arena = Self { lab, cluster, service, address: Cell::new(ADDRESSES.start) };
        arena.well_within(BOUND)?;
        Ok(arena)
    }

    /// All is as it shall be: the swarm and what Rancher knows of it, and the service with its tasks.
    pub fn is_well(&self) -> Result<(), String> {
        is_well(&self.lab, MANAGERS)?;
        is_the_only_swarm(&self.lab, &self.cluster)?;
        let services = self.lab.list("/services")?;
        if !matches!(services.as_slice(), [one] if one["ID"] == self.service.as_str()) {
            return Err(format!("the services are {services:?}"));
        }
        let running: usize = self.lab.hosts.iter().map(|host| self.tasks(host)).sum::<Result<usize, String>>()?;
        if running == REPLICAS { Ok(()) } else { Err(format!("{running} of {REPLICAS} tasks run")) }
    }

    /// How many containers of the service run on a host.
    fn tasks(&self, host: &Host) -> Result<usize, String> {
        let containers = host.engine.get("/containers/json")?.good()?;
        let all = containers.as_array().ok_or_else(|| format!("/containers/json: {containers}"))?;
        let ours = |id: &serde_json::Value| id["Labels"]["com.docker.swarm.service.id"] == self.service.as_str();
        Ok(all.iter().filter(|container| ours(container)).count())
    }

    fn well_within(&self, limit: Duration) -> Result<Duration, String> {
        within(&self.lab, limit, || self.is_well())
    }

    fn others(&self, but: usize) -> Vec<usize> {
        (0..self.lab.hosts.len()).filter(|index| *index != but).collect()
    }

    fn find(&self, whom: Whom) -> Result<&Host, String> {
        let mut leader = None;
        // What healed a moment ago may be followed by another election.
        within(&self.lab, ELECTION, || {
            leader = self.lab.leader();
            leader.map(drop).ok_or_else(|| "no leader".to_owned())
        })?;
        let leader = leader.ok_or("no leader")?;
        let managers = self.lab.managers();
        let nth = |all: Vec<usize>, at: u64| all.get(at as usize % all.len().max(1)).copied();
        let index = match whom {
            Whom::Leader => Some(leader),
            Whom::Manager(at) => nth(managers.into_iter().filter(|index| *index != leader).collect(), at),
            Whom::Worker(at) => nth((0..self.lab.hosts.len()).filter(|index| !managers.contains(index)).collect(), at),
        };
        Ok(&self.lab.hosts[index.ok_or_else(|| format!("there is no {whom:?}"))?])
    }

    /// Lets time go by, and checks that nobody makes another swarm meanwhile.
    fn pass(&self, seconds: u64) -> Result<(), String> {
        let start = Instant::now();
        while start.elapsed() < Duration::from_secs(seconds) {
            is_the_only_swarm(&self.lab, &self.cluster)?;
            thread::sleep(LOOK * 2);
        }
        Ok(())
    }

    /// Does what a step says; all is well when it answers.
    ///
    /// # Errors
    /// What was not so in time, with a report of the lab.
    pub fn strike(&self, step: &Step) -> Result<Healed, String> {
        let Some((trouble, seconds)) = step.with else { return self.strike_with(&step.fault, 0) };
        thread::scope(|scope| {
            trouble.begin(&self.lab);
            let lab = &self.lab;
            scope.spawn(move || {
                thread::sleep(Duration::from_secs(seconds));
                trouble.end(lab);
            });
            self.strike_with(&step.fault, seconds)
        })
    }

    /// The same of a fault, while Rancher may be of no help for so many seconds.
    fn strike_with(&self, fault: &Fault, seconds: u64) -> Result<Healed, String> {
        // A swarm that goes on alone first waits for the others, and then until it calls them down.
        let many = if *fault == Fault::QuorumLost { 2 } else { 1 };
        let (start, bound) = (Instant::now(), BOUND * many + Duration::from_secs(seconds));
        let mut healed = self.do_harm(fault, bound)?;
        healed.well = self.well_within(bound)?;
        healed.whole = start.elapsed().saturating_sub(Duration::from_secs(fault.lasts()));
        Ok(healed)
    }

    fn do_harm(&self, fault: &Fault, bound: Duration) -> Result<Healed, String> {
        let lab = &self.lab;
        match fault {
            Fault::Lost(whom) => return self.lose(self.find(*whom)?, bound),
            Fault::Reboots(whom, seconds) => {
                let host = self.find(*whom)?;
                host.kill_host();
                self.pass(*seconds)?;
                host.start_host();
            }
            Fault::MonitorKilled(whom, seconds) => {
                let host = self.find(*whom)?;
                host.monitor.kill();
                self.pass(*seconds)?;
                host.resume_monitor();
            }
            Fault::EngineKilled(whom, seconds) => {
                let host = self.find(*whom)?;
                host.engine.kill();
                self.pass(*seconds)?;
                host.engine.start();
                host.engine.wait_until_ready();
            }
            Fault::EngineRestarts(whom, lives) => {
                let host = self.find(*whom)?;
                host.engine.stop();
                if !lives {
                    host.monitor.kill();
                }
                host.engine.start();
                host.engine.wait_until_ready();
                if !lives {
                    host.resume_monitor();
                }
            }
            Fault::EngineHangs(whom, seconds) => {
                let host = self.find(*whom)?;
                host.engine.freeze();
                let passed = self.pass(*seconds);
                host.engine.thaw();
                passed?;
            }
            Fault::CutOff(whom, seconds) => self.cut(&[self.find(*whom)?.index], *seconds)?,
            Fault::Split(side, seconds) => self.cut(side, *seconds)?,
            Fault::NoRancher(whom, seconds) => {
                let host = self.find(*whom)?;
                lab.cut_rancher(host);
                self.pass(*seconds)?;
                lab.heal_rancher(host);
            }
            Fault::Removed(whom, empty) => return self.remove(self.find(*whom)?, *empty, bound),
            Fault::QuorumLost => return self.lose_quorum(bound),
            Fault::NodeRemoved(at) => {
                let (host, leader) = (self.find(Whom::Worker(*at))?, self.find(Whom::Leader)?);
                let node = node_of(host)?;
                leader.engine.delete(&format!("/nodes/{node}?force=1"))?.good()?;
                self.joins_anew(host, &node, bound)?;
            }
            Fault::DemotedByHand(at) => {
                let (host, leader) = (self.find(Whom::Manager(*at))?, self.find(Whom::Leader)?);
                let mut node = leader.engine.get(&format!("/nodes/{}", node_of(host)?))?.good()?;
                let update = format!("/nodes/{}/update?version={}", node_of(host)?, node["Version"]["Index"]);
                node["Spec"]["Role"] = "worker".into();
                leader.engine.post(&update, &node["Spec"])?.good()?;
            }
            Fault::LeftByHand(at) => {
                let host = self.find(Whom::Worker(*at))?;
                let node = node_of(host)?;
                host.engine.post("/swarm/leave", &serde_json::Value::Null)?.good()?;
                self.joins_anew(host, &node, bound)?;
            }
            Fault::Wiped(whom) => {
                let host = self.find(*whom)?;
                let node = node_of(host)?;
                host.wipe();
                host.start_host();
                host.engine.import_busybox()?;
                self.joins_anew(host, &node, bound)?;
            }
            Fault::Moved(whom) => {
                let host = self.find(*whom)?;
                let node = node_of(host)?;
                host.kill_host();
                let address = self.address.get();
                self.address.set(if address + 1 < ADDRESSES.end { address + 1 } else { ADDRESSES.start });
                lab.move_host(host, address);
                host.start_host();
                self.joins_anew(host, &node, bound)?;
            }
            Fault::AllReboot => {
                all(lab, Host::kill_host);
                all(lab, Host::start_host);
            }
            Fault::AllMonitorsKilled => {
                all(lab, |host| host.monitor.kill());
                all(lab, Host::resume_monitor);
            }
            Fault::Rancher(trouble, seconds) => {
                trouble.begin(lab);
                let passed = self.pass(*seconds);
                trouble.end(lab);
                passed?;
            }
        }
        Ok(Healed::default())
    }

    fn cut(&self, side: &[usize], seconds: u64) -> Result<(), String> {
        self.lab.cut(side);
        let passed = self.pass(seconds);
        self.lab.heal(side);
        passed
    }

    /// A host is off until the others have all managers again.
    fn lose(&self, host: &Host, bound: Duration) -> Result<Healed, String> {
        let lab = &self.lab;
        let node = node_of(host)?;
        let rest = self.others(host.index);
        let start = Instant::now();
        host.kill_host();
        let mut healed = Healed::default();
        within(lab, bound, || {
            let since = || Some(start.elapsed());
            let nodes = lab.nodes()?;
            let lost = nodes.iter().find(|other| other.id == node).ok_or("its node was removed")?;
            if lost.state == "down" && healed.down.is_none() {
                healed.down = since();
            }
            let unreachable = lost.reachability.as_deref() != Some("reachable") && lost.state != "ready";
            if healed.shown.is_none() && (unreachable || healed.down.is_some()) {
                healed.shown = since();
            }
            if healed.repaired.is_none() {
                have_managers(lab, &rest, MANAGERS)?;
                healed.repaired = since();
            }
            if healed.down.is_some() { Ok(()) } else { Err("the swarm does not call it down".to_owned()) }
        })?;
        is_the_only_swarm(&self.lab, &self.cluster)?;
        host.start_host();
        Ok(healed)
    }

    /// A host is removed from Rancher, and switched off some seconds later, as people do. It comes back as a new one.
    fn remove(&self, host: &Host, empty: bool, bound: Duration) -> Result<Healed, String> {
        let lab = &self.lab;
        let node = node_of(host)?;
        let start = Instant::now();
        host.stop_monitor();
        lab.rancher.remove_host(&host.uuid(), Duration::from_millis(100));
        self.pass(3)?;
        host.engine.kill();
        let rest = self.others(host.index);
        within(lab, bound, || {
            have_managers(lab, &rest, MANAGERS)?;
            let still = lab.nodes()?.into_iter().find(|other| other.id == node);
            still.map_or(Ok(()), |node| Err(format!("{node:?} is still there")))
        })?;
        let repaired = Some(start.elapsed());
        if empty {
            host.wipe();
        }
        lab.register(host);
        host.start_host();
        if empty {
            host.engine.import_busybox()?;
        }
        self.joins_anew(host, &node, bound)?;
        Ok(Healed { repaired, ..Healed::default() })
    }

    /// One manager is left, and an operator says that the others are gone for good.
    fn lose_quorum(&self, bound: Duration) -> Result<Healed, String> {
        let lab = &self.lab;
        let managers = lab.managers();
        let lost: Vec<&Host> = managers.iter().skip(1).map(|index| &lab.hosts[*index]).collect();
        let start = Instant::now();
        for host in &lost {
            host.kill_host();
            lab.rancher.set_host_state(&host.uuid(), lab::HostState::Removed);
        }
        let rest: Vec<usize> = (0..lab.hosts.len()).filter(|at| lost.iter().all(|host| host.index != *at)).collect();
        within(lab, bound, || are_well(lab, &rest, MANAGERS))?;
        let repaired = Some(start.elapsed());
        for host in lost {
            lab.register(host);
            host.start_host();
        }
        Ok(Healed { repaired, ..Healed::default() })
    }

    /// The host's engine is another node than it was.
    fn joins_anew(&self, host: &Host, before: &str, bound: Duration) -> Result<(), String> {
        within(&self.lab, bound, || match node_of(host)? {
            node if node == before => Err(format!("host {} is still node {node}", host.index)),
            _ => Ok(()),
        })
        .map(|_| ())
    }

    /// Copies what all engines and monitors have logged to where it stays; where that is.
    pub(super) fn save_logs(&self, seed: u64) -> std::io::Result<PathBuf> {
        let folder = std::env::temp_dir().join(format!("swarmkit-chaos-{seed}"));
        std::fs::create_dir_all(&folder)?;
        for host in &self.lab.hosts {
            std::fs::copy(host.log_path(), folder.join(format!("monitor{}.log", host.index)))?;
            std::fs::copy(host.engine.log_path(), folder.join(format!("engine{}.log", host.index)))?;
        }
        Ok(folder)
    }
}

/// The node that a host's engine is.
fn node_of(host: &Host) -> Result<String, String> {
    let node = host.swarm()?["NodeID"].as_str().unwrap_or_default().to_owned();
    if node.is_empty() { Err(format!("host {} is no node", host.index)) } else { Ok(node) }
}

fn all(lab: &Lab, act: impl Fn(&Host) + Sync) {
    thread::scope(|scope| {
        for host in &lab.hosts {
            scope.spawn(|| act(host));
        }
    });
}

/// Looks until it is good; how long that took.
fn within(lab: &Lab, limit: Duration, mut look: impl FnMut() -> Result<(), String>) -> Result<Duration, String> {
    let start = Instant::now();
    loop {
        let Err(what) = look() else { return Ok(start.elapsed()) };
        if start.elapsed() >= limit {
            return Err(format!("not within {limit:?}: {what}\n{}", lab.report()));
        }
        thread::sleep(LOOK);
    }
}
