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
        })?;
        loop {
            match self.expect_one_swarm(managers.min(self.hosts.len())) {
                Ok(()) => return Ok(start.elapsed()),
                Err(what) if start.elapsed() > LIMIT => return Err(what),
                Err(_) => thread::sleep(Duration::from_millis(10)),
            }
        }
    }
}
