//! What direct, all-knowing calls need to form a swarm: the floor for anything that has to find out first.

use std::thread;
use std::time::{Duration, Instant};

use serde_json::json;

use super::{Host, Lab};

/// How long it may take.
const LIMIT: Duration = Duration::from_secs(60);

impl Lab {
    /// Forms a swarm of all hosts, the first ones its managers, all joining together; how long it took until all nodes
    /// were ready and all managers reachable.
    pub fn form_directly(&self, managers: usize) -> Result<Duration, String> {
        let start = Instant::now();
        self.join_directly(managers)?;
        self.wait_for(managers, start)
    }

    /// The same by the steps that the monitors take: all others join as workers, then one after the other becomes a
    /// manager, each when the one before is reachable.
    pub fn form_directly_by_promotions(&self, managers: usize) -> Result<Duration, String> {
        let start = Instant::now();
        self.join_directly(1)?;
        let mut took = self.wait_for(1, start)?;
        let leader = &self.hosts[0].engine;
        for (at, host) in self.hosts.iter().enumerate().take(managers).skip(1) {
            let node = host.swarm()?["NodeID"].as_str().unwrap_or_default().to_owned();
            let mut seen = leader.get(&format!("/nodes/{node}"))?.good()?;
            let version = seen["Version"]["Index"].clone();
            seen["Spec"]["Role"] = "manager".into();
            leader.post(&format!("/nodes/{node}/update?version={version}"), &seen["Spec"])?.good()?;
            took = self.wait_for(at + 1, start)?;
        }
        Ok(took)
    }

    fn join_directly(&self, managers: usize) -> Result<(), String> {
        let (first, others) = self.hosts.split_first().ok_or("no host")?;
        let listen = "0.0.0.0:2377";
        let advertise = first.address().to_string();
        let init = json!({"ListenAddr": listen, "AdvertiseAddr": advertise});
        first.engine.post("/swarm/init", &init)?.good()?;
        let tokens = first.engine.get("/swarm")?.good()?["JoinTokens"].take();
        let join = |host: &Host| {
            let role = if host.index < managers { "Manager" } else { "Worker" };
            let join = json!({
                "ListenAddr": listen, "AdvertiseAddr": host.address().to_string(), "JoinToken": tokens[role],
                "RemoteAddrs": [format!("{advertise}:2377")],
            });
            host.engine.post("/swarm/join", &join)?.good().map_err(|error| format!("host {}: {error}", host.index))
        };
        thread::scope(|scope| {
            let joins: Vec<_> = others.iter().map(|host| scope.spawn(|| join(host))).collect();
            joins.into_iter().try_for_each(|join_thread| join_thread.join().unwrap().map(|_| ()))
        })
    }

    fn wait_for(&self, managers: usize, start: Instant) -> Result<Duration, String> {
        loop {
            match self.expect_one_swarm(managers.min(self.hosts.len())) {
                Ok(()) => return Ok(start.elapsed()),
                Err(what) if start.elapsed() > LIMIT => return Err(what),
                Err(_) => thread::sleep(Duration::from_millis(10)),
            }
        }
    }
}
