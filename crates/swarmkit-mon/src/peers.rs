//! What the monitors beside the swarm's managers say. An engine does not tell a worker whether the swarm can be changed, nor a
//! manager that sees no leader whether the others have one; so the monitors ask each other.
//!
//! While the one that holds the lease says so, it alone is asked; else all managers' hosts are.

use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use reqwest::Client;
use serde::Serialize;
use tokio::net::TcpStream;
use tokio::sync::{Notify, watch};
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep, timeout};

use super::clock::Clock;
use super::identity::{self, Identity};
use super::observe::{Observation, Sources};
use super::plan::{Plan, Stage};
use swarmkit_settings::SWARM_PORT;

/// How often they are asked.
const PERIOD: Duration = Duration::from_secs(4);
/// Of how many hosts they are asked so often; of more it is more seldom, so that they are asked no more in all.
const MOST_AT_ONCE: usize = 250;
/// What an answer may take.
const ASK: Duration = Duration::from_millis(1_500);
/// How many periods old what an answer says may be.
const FRESH_PERIODS: u64 = 3;
/// How old it may be in any case, in milliseconds: on a busy machine a reconcile takes its time.
const FRESH_MS: u64 = 20_000;
/// For how long the hosts' names are good.
const NAMES: Duration = Duration::from_secs(60);
/// How many managers are asked.
const MOST: usize = 16;

/// A manager's host, as this one finds it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Peer {
    /// Its node.
    pub node: String,
    /// The host's name; its address where that is not known.
    pub name: String,
    /// Its address.
    pub address: String,
    /// What its monitor says; `None` if that does not answer.
    pub said: Option<Said>,
    /// Whether the swarm's port can be reached there; `None` if it was not tried.
    pub is_open: Option<bool>,
}

impl Peer {
    /// Whether its engine is a manager of a swarm that has a leader.
    pub fn serves(&self) -> bool {
        self.said.as_ref().is_some_and(|said| said.serves)
    }

    /// Whether its engine is no manager that could vote: its monitor says so, or says nothing.
    pub fn is_lost(&self) -> bool {
        let gone = [Stage::NoEngine.name(), Stage::Broken.name(), Stage::Locked.name()];
        self.said.as_ref().is_none_or(|said| gone.contains(&said.stage.as_str()))
    }
}

impl std::fmt::Display for Peer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if self.name == self.address {
            write!(f, "{}", self.name)
        } else {
            write!(f, "{} ({})", self.name, self.address)
        }
    }
}

/// What a monitor says of its host.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Said {
    /// Where its host stands: the name of a [`Stage`].
    pub stage: String,
    /// Whether its engine is a manager of a swarm that has a leader.
    pub serves: bool,
}

/// Who is to be asked, as the latest reconcile has it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Asked {
    /// The managers that the record tells, without this host's, and where they are.
    voters: BTreeMap<String, IpAddr>,
    /// The one whose monitor holds the lease.
    lease: Option<String>,
    /// Whether nobody is to be asked, as this host has no place in the swarm.
    is_refused: bool,
    /// Whether the swarm's port is to be tried too.
    tries_port: bool,
    hosts: usize,
    period_ms: u64,
}

impl Asked {
    /// Takes in an observation and its plan. What a reconcile does not tell stays as it was.
    pub fn see(&mut self, seen: &Observation, plan: &Plan) {
        self.period_ms = seen.wanted.period_ms;
        self.is_refused = seen.refusal.is_some();
        self.tries_port = seen.engine_is_up && matches!(plan.stage, Stage::NoLeader | Stage::CutOff | Stage::NoQuorum);
        let Ok(metadata) = &seen.metadata else { return };
        let Ok(record) = &metadata.record else { return };
        self.hosts = metadata.monitors.len();
        let own = record.members.get(&metadata.host);
        let ip = |addr: &str| addr.parse::<SocketAddr>().ok().map(|addr| addr.ip());
        let peers = seen.engine.iter().flat_map(|info| &info.swarm.remote_managers);
        let told = seen.swarm_view().into_iter().flat_map(|swarm| &swarm.nodes);
        let told = told.filter_map(|node| Some((&node.id, ip(&node.manager.as_ref()?.addr)?)));
        let known: BTreeMap<&String, IpAddr> =
            peers.filter_map(|peer| Some((&peer.node_id, ip(&peer.addr)?))).chain(told).collect();
        let voters = record.voters.iter().filter(|node| Some(*node) != own).take(MOST);
        self.voters = voters
            .filter_map(|node| {
                let ip = known.get(node).copied().or_else(|| self.voters.get(node).copied())?;
                Some((node.clone(), ip))
            })
            .collect();
        self.lease = record.lease.as_ref().and_then(|lease| record.members.get(&lease.host)).cloned();
    }

    fn pause(&self) -> Duration {
        PERIOD.mul_f64((self.hosts as f64 / MOST_AT_ONCE as f64).max(1.0))
    }
}

/// Asks for as long as it is polled, and wakes the loop when an answer is another one than before.
pub async fn run(
    sources: Arc<Sources>,
    mut asked: watch::Receiver<Asked>,
    told: watch::Sender<Option<Vec<Peer>>>,
    wake: Arc<Notify>,
) {
    let Ok(client) = identity::client(ASK).build() else {
        return std::future::pending().await;
    };
    let mut names = Names::default();
    loop {
        let now = asked.borrow_and_update().clone();
        let found = if now.is_refused || now.voters.is_empty() {
            None
        } else {
            let mut found = ask(&client, &now, &sources.clock).await;
            names.put(&sources, &mut found).await;
            Some(found)
        };
        let changed = told.send_if_modified(|before| {
            let changed = *before != found;
            *before = found;
            changed
        });
        if changed {
            wake.notify_one();
        }
        tokio::select! {
            () = sleep(now.pause()) => {}
            // Whoever sees no leader any more asks at once.
            Ok(_) = asked.wait_for(|next| next.tries_port && !now.tries_port) => {}
        }
    }
}

async fn ask(client: &Client, asked: &Asked, clock: &Clock) -> Vec<Peer> {
    let limit = asked.period_ms.saturating_mul(FRESH_PERIODS).max(FRESH_MS);
    if let Some((node, ip)) = asked.lease.as_ref().and_then(|node| asked.voters.get_key_value(node)) {
        let ((peer, holds), date) = one(client, node, *ip, asked.tries_port, limit).await;
        if holds {
            clock.hear(&date, &format!("that of the manager on {peer}"), SystemTime::now());
            return vec![peer];
        }
    }
    let mut all = JoinSet::new();
    for (node, ip) in asked.voters.clone() {
        let (client, tries_port) = (client.clone(), asked.tries_port);
        all.spawn(async move { one(&client, &node, ip, tries_port, limit).await.0.0 });
    }
    let mut peers = all.join_all().await;
    peers.sort_by(|one, other| one.node.cmp(&other.node));
    peers
}

/// Asks one. Also answers whether its monitor holds the lease, and the date of its answer.
async fn one(client: &Client, node: &str, ip: IpAddr, tries_port: bool, limit_ms: u64) -> ((Peer, bool), String) {
    let open = async {
        if !tries_port {
            return None;
        }
        Some(timeout(ASK, TcpStream::connect(SocketAddr::new(ip, SWARM_PORT))).await.is_ok_and(|made| made.is_ok()))
    };
    let mut date = String::new();
    let asked = identity::ask_and_hear(client, "a manager's monitor", ip, ASK, |told| told.clone_into(&mut date));
    let (said, is_open) = tokio::join!(asked, open);
    (judge(node, ip, said.ok(), is_open, limit_ms), date)
}

/// What an answer tells of a manager, and whether its monitor holds the lease. Another node's answer tells nothing of it.
fn judge(node: &str, ip: IpAddr, said: Option<Identity>, is_open: Option<bool>, limit_ms: u64) -> (Peer, bool) {
    let name = said.as_ref().map(|said| said.hostname.as_str()).filter(|name| !name.is_empty());
    let address = ip.to_string();
    let name = name.map_or_else(|| address.clone(), |name| super::introduction::plain(name, 100));
    let is_fresh = |ago_ms: Option<u64>| ago_ms.is_some_and(|ms| ms <= limit_ms);
    let holds = said.as_ref().is_some_and(|said| said.node == node && is_fresh(said.lease_ago_ms));
    let said = said.filter(|said| said.node.is_empty() || said.node == node).map(|said| Said {
        stage: super::introduction::plain(&said.stage, 100),
        serves: is_fresh(said.serves_ago_ms) && said.node == node,
    });
    (Peer { node: node.to_owned(), name, address, said, is_open }, holds)
}

/// The names of hosts that say nothing themselves.
#[derive(Default)]
struct Names {
    known: BTreeMap<String, String>,
    asked: Option<Instant>,
}

impl Names {
    async fn put(&mut self, sources: &Sources, peers: &mut [Peer]) {
        for peer in peers.iter().filter(|peer| peer.name != peer.address) {
            self.known.insert(peer.address.clone(), peer.name.clone());
        }
        let nameless = |known: &BTreeMap<String, String>, peers: &[Peer]| {
            peers.iter().any(|peer| peer.name == peer.address && !known.contains_key(&peer.address))
        };
        let is_due = self.asked.is_none_or(|at| at.elapsed() >= NAMES);
        if nameless(&self.known, peers) && is_due {
            self.asked = Some(Instant::now());
            for host in sources.metadata.hosts().await.unwrap_or_default() {
                if peers.iter().any(|peer| peer.address == host.agent_ip) && !host.hostname.is_empty() {
                    self.known.insert(host.agent_ip, super::introduction::plain(&host.hostname, 100));
                }
            }
        }
        for peer in peers.iter_mut().filter(|peer| peer.name == peer.address) {
            if let Some(name) = self.known.get(&peer.address) {
                peer.name.clone_from(name);
            }
        }
        if self.known.len() > 4 * MOST {
            self.known.clear();
        }
    }
}

#[cfg(test)]
mod tests {
    use swarmkit_settings::HEALTH_PORT;
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    use tokio::net::TcpListener;

    use super::*;

    #[test]
    fn the_clock_of_the_one_that_acts_is_heard_and_no_others() {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            // One that nobody has.
            let mut bound = None;
            for number in 1..250 {
                let ip = IpAddr::from([127, 44, 7, number]);
                bound = TcpListener::bind((ip, HEALTH_PORT)).await.ok().map(|listener| (ip, listener));
                if bound.is_some() {
                    break;
                }
            }
            let (ip, listener) = bound.unwrap();
            let body = r#"{"nonce":"x","host":"u1","hostname":"h1","node":"n1","lease_ago_ms":5}"#;
            let answer = format!(
                "HTTP/1.1 200 OK\r\nDate: Sun, 06 Nov 1994 08:49:37 GMT\r\nConnection: close\r\nContent-Length: {}\r\n\r\n{body}",
                body.len()
            );
            tokio::spawn(async move {
                while let Ok((mut stream, _)) = listener.accept().await {
                    let _ = stream.read(&mut [0; 1024]).await;
                    let _ = stream.write_all(answer.as_bytes()).await;
                }
            });
            let client = identity::client(ASK).build().unwrap();
            let heard = async |lease: Option<&str>| {
                let clock = Clock::default();
                let asked = Asked {
                    voters: [("n1".to_owned(), ip)].into(),
                    lease: lease.map(str::to_owned),
                    period_ms: 30_000,
                    ..Asked::default()
                };
                assert!(ask(&client, &asked, &clock).await[0].said.is_some());
                clock.warning().unwrap_or_default()
            };
            let told = heard(Some("n1")).await;
            assert!(told.contains(&format!("ahead of that of the manager on h1 ({ip})")), "{told}");
            assert_eq!(heard(None).await, "", "no other one is the measure");
        });
    }

    #[test]
    fn what_another_node_answers_tells_nothing_of_a_manager() {
        let ip = IpAddr::from([10, 0, 0, 4]);
        let said = |node: &str| Identity {
            node: node.into(),
            stage: "lease_holder".into(),
            lease_ago_ms: Some(5),
            serves_ago_ms: Some(5),
            ..Identity::default()
        };
        let (peer, holds) = judge("n1", ip, Some(said("n1")), None, 90_000);
        assert!(holds && peer.serves());
        // The one that holds the lease is asked alone, and so no other one may pass for it.
        let (peer, holds) = judge("n1", ip, Some(said("n2")), None, 90_000);
        assert!(!holds && !peer.serves() && peer.said.is_none());
        let (peer, holds) = judge("n1", ip, Some(said("")), None, 90_000);
        assert!(!holds && !peer.serves() && peer.said.is_some());
        let (peer, holds) = judge("n1", ip, Some(said("n1")), None, 4);
        assert!(!holds && !peer.serves(), "what it says is old");
        let (peer, holds) = judge("n1", ip, None, None, 90_000);
        assert!(!holds && peer.is_lost());
    }
}
