//! Whether another host has the identity that Rancher gives this one.
//!
//! An agent that was cloned with its machine makes two hosts one to Rancher: both are told the same UUID and the same
//! address. Whoever acted on that would take a live host's place. So a monitor asks at the address which Rancher says is
//! its own: there it must meet itself. Where nobody answers, as behind address translation, nothing is learned.

use std::net::{IpAddr, SocketAddr, UdpSocket};
use std::time::Duration;

use reqwest::redirect::Policy;
use reqwest::{Client, ClientBuilder, RequestBuilder};
use serde::{Deserialize, Serialize};
use tokio::sync::Mutex;
use tokio::time::Instant;

use super::admission::Admission;
use super::call::{self, CallError};
use super::introduction::Introduction;
use swarmkit_settings::{HEALTH_PORT, IDENTITY_PATH};

/// What a question may take.
const ASK: Duration = Duration::from_secs(1);
/// What an answer may hold, in bytes.
const LARGEST: usize = 64 << 10;
/// For how long an answer is good.
const FRESH: Duration = Duration::from_secs(5);
/// The same of none: a port that is closed takes the whole time to say nothing.
const SILENT: Duration = Duration::from_secs(30);

/// How many periods old the latest reconcile of a monitor that acts may be.
const FRESH_PERIODS: u64 = 3;

/// What a monitor tells those who ask who it is.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Identity {
    /// What tells this process from all others.
    pub nonce: String,
    /// The UUID of the host that it takes itself for.
    pub host: String,
    /// The name of its machine, for people.
    #[serde(default)]
    pub hostname: String,
    /// Where its host stands: see [`super::plan::Stage`].
    #[serde(default)]
    pub stage: String,
    /// Why, in one line.
    #[serde(default)]
    pub reason: String,
    /// How old the latest reconcile is at which it could act for the swarm, in milliseconds; none if it is not the one, or cannot.
    #[serde(default)]
    pub lease_ago_ms: Option<u64>,
    /// The node that its engine is; empty if it is none, or does not say.
    #[serde(default)]
    pub node: String,
    /// How old the latest reconcile is at which its engine was a manager of a swarm that has a leader, in milliseconds; none if it
    /// is none.
    #[serde(default)]
    pub serves_ago_ms: Option<u64>,
    /// What else it tells of its host, and of the swarm.
    #[serde(default)]
    pub about: Introduction,
}

impl Identity {
    /// What of it the other monitors need, and so whoever asks is told.
    pub fn for_anybody(self) -> Self {
        Self { reason: String::new(), about: Introduction::default(), ..self }
    }
}

/// A client to ask monitors with. What answers there may be anything: nobody else is asked in its place, and no connection
/// is kept.
pub fn client(limit: Duration) -> ClientBuilder {
    call::plain_client().connect_timeout(limit).pool_max_idle_per_host(0).redirect(Policy::none())
}

/// Asks the monitor at an address who it is.
///
/// # Errors
/// As every call.
pub async fn ask(client: &Client, what: &str, ip: IpAddr, limit: Duration) -> Result<Identity, CallError> {
    ask_and_hear(client, what, ip, limit, |_| {}).await
}

/// The same, with the date of the answer told to `date`.
///
/// # Errors
/// As every call.
pub async fn ask_and_hear(
    client: &Client,
    what: &str,
    ip: IpAddr,
    limit: Duration,
    date: impl FnOnce(&str),
) -> Result<Identity, CallError> {
    call::json_and_date(what, limit, LARGEST, request(client, ip), date).await
}

/// The same with all that it tells those who may look.
///
/// # Errors
/// As every call.
pub async fn ask_in_full(
    client: &Client,
    ip: IpAddr,
    limit: Duration,
    admission: &Admission,
) -> Result<Identity, CallError> {
    call::json("its monitor", limit, LARGEST, admission.ask(request(client, ip))).await
}

fn request(client: &Client, ip: IpAddr) -> RequestBuilder {
    client.get(format!("http://{}{IDENTITY_PATH}", SocketAddr::new(ip, HEALTH_PORT)))
}

/// Who answers at the address that Rancher says is this host's.
pub struct Mirror {
    client: Client,
    latest: Mutex<Option<Latest>>,
    /// What was asked when another answered last, and what that means.
    met: Mutex<Option<(Asked, String)>>,
}

/// The host that this one takes itself for, and the address.
type Asked = (String, IpAddr);

struct Latest {
    asked: Asked,
    at: Instant,
    answer: Option<Identity>,
}

impl Mirror {
    /// Nobody is asked yet.
    ///
    /// # Errors
    /// The client cannot be made.
    pub fn new() -> Result<Self, reqwest::Error> {
        let client = client(ASK).build()?;
        Ok(Self { client, latest: Mutex::new(None), met: Mutex::new(None) })
    }

    /// Why this host cannot be the one that Rancher takes it for, if that is so. Who has met another there once goes on
    /// saying so while nobody answers: the other may be rebooting.
    pub async fn contradiction(&self, own: &Identity, address: &str) -> Option<String> {
        let ip: IpAddr = address.parse().ok()?;
        let asked = (own.host.clone(), ip);
        let answer = self.answer(own, ip).await;
        let mut met = self.met.lock().await;
        match &answer {
            Some(other) => *met = contradiction(own, ip, other).map(|why| (asked, why)),
            None if is_here(ip) => *met = None,
            None => {}
        }
        met.as_ref().filter(|(of, _)| *of == (own.host.clone(), ip)).map(|(_, why)| why.clone())
    }

    /// Whether the monitor at an address says that it acts, and could within the last periods.
    pub async fn acts(&self, ip: IpAddr, period_ms: u64) -> bool {
        let limit = period_ms.saturating_mul(FRESH_PERIODS);
        self.ask(ip).await.is_some_and(|other| other.lease_ago_ms.is_some_and(|ms| ms <= limit))
    }

    async fn ask(&self, ip: IpAddr) -> Option<Identity> {
        ask(&self.client, "identity", ip, ASK).await.ok()
    }

    async fn answer(&self, own: &Identity, ip: IpAddr) -> Option<Identity> {
        let mut latest = self.latest.lock().await;
        let asked = (own.host.clone(), ip);
        let is_good = |latest: &&Latest| {
            latest.asked == asked && latest.at.elapsed() < if latest.answer.is_some() { FRESH } else { SILENT }
        };
        if let Some(latest) = latest.as_ref().filter(is_good) {
            return latest.answer.clone();
        }
        let answer = self.ask(ip).await;
        *latest = Some(Latest { asked, at: Instant::now(), answer: answer.clone() });
        answer
    }
}

fn contradiction(own: &Identity, ip: IpAddr, other: &Identity) -> Option<String> {
    let name = |identity: &Identity| match identity.hostname.as_str() {
        "" => "a host without a name".to_owned(),
        name => name.escape_default().to_string(),
    };
    let (own_name, other_name) = (name(own), name(other));
    if other.nonce == own.nonce {
        None
    } else if other.host == own.host {
        Some(format!(
            "two hosts have one Rancher identity ({}): this one, {own_name}, and {other_name}, which answers at {ip}. \
             One was cloned from the other with its agent: nothing is done here. On the clone remove the agent's \
             container and /var/lib/rancher/state, and add the host to Rancher anew",
            own.host
        ))
    } else {
        Some(format!(
            "Rancher says that this host, {own_name} ({}), has the address {ip}, where {other_name} ({}) answers: \
             nothing is done here until each has its own. Start the agent with CATTLE_AGENT_IP set to this host's address",
            own.host,
            other.host.escape_default()
        ))
    }
}

/// Whether an address is this machine's: only such a one can be bound to.
fn is_here(ip: IpAddr) -> bool {
    UdpSocket::bind(SocketAddr::new(ip, 0)).is_ok()
}

/// Whether this host still has the address that its node is known by, and not the one that Rancher says is its own: then
/// it has not moved, whatever Rancher says.
pub fn has_stayed(node: &str, told: &str) -> bool {
    let is_here = |text: &str| text.parse().is_ok_and(is_here);
    node != told && is_here(node) && !is_here(told)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn identity(nonce: &str, host: &str, hostname: &str) -> Identity {
        Identity { nonce: nonce.into(), host: host.into(), hostname: hostname.into(), ..Identity::default() }
    }

    #[test]
    fn whoever_meets_another_at_its_own_address_says_who_both_are() {
        let ip = IpAddr::from([10, 0, 0, 4]);
        let own = identity("n5", "host-4", "h5");
        assert_eq!(contradiction(&own, ip, &own), None);
        let twice = contradiction(&own, ip, &identity("n4", "host-4", "h4")).unwrap();
        assert!(twice.contains("two hosts have one Rancher identity (host-4): this one, h5, and h4,"), "{twice}");
        let taken = contradiction(&own, ip, &identity("n3", "host-3", "h3")).unwrap();
        assert!(taken.contains("has the address 10.0.0.4, where h3 (host-3) answers"), "{taken}");
    }

    #[test]
    fn whoever_is_asked_sends_nobody_elsewhere() {
        use std::io::{Read, Write};
        let elsewhere = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let there = elsewhere.local_addr().unwrap();
        elsewhere.set_nonblocking(true).unwrap();
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        std::thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            let _ = stream.read(&mut [0; 4096]);
            let head = format!("HTTP/1.1 302 Found\r\nLocation: http://{there}/identity\r\nContent-Length: 0\r\n\r\n");
            let _ = stream.write_all(head.as_bytes());
        });
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let client = client(ASK).build().unwrap();
        let request = client.get(format!("http://{address}/identity"));
        let answer = runtime.block_on(call::json::<Identity>("identity", ASK, LARGEST, request));
        assert_eq!(answer.unwrap_err().status(), Some(302));
        assert!(elsewhere.accept().is_err(), "nobody came");
    }

    #[test]
    fn a_host_has_stayed_while_it_has_its_address_and_not_the_one_that_is_told() {
        assert!(has_stayed("127.0.0.1", "192.0.2.7"));
        assert!(!has_stayed("192.0.2.7", "127.0.0.1"));
        assert!(!has_stayed("192.0.2.7", "192.0.2.8"), "behind address translation it has neither");
        assert!(!has_stayed("127.0.0.1", "127.0.0.2"), "it has both");
        assert!(!has_stayed("127.0.0.1", "127.0.0.1"));
    }
}
