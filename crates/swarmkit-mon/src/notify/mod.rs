//! Events out: what waits for a person, and when that is over, to an address of the operator's.
//!
//! It works beside the loop, from what is known already: a receiver that is slow, gone or hostile costs the swarm nothing. The
//! address may hold a password, and so is never told: not in a log, not in an error.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use reqwest::{Client, StatusCode, Url};
use serde::Serialize;
use tokio::time::Instant;

use super::call;
use super::past::ms;
use super::rancher;
use super::status::Status;
use swarmkit_settings::Secret;

/// How often it is looked whether anything waits for a person.
const LOOK: Duration = Duration::from_secs(2);
/// For how long it must not have been so to be over: what comes and goes is told once.
const OVER: Duration = Duration::from_secs(15);
/// What the receiver may take to answer.
const LIMIT: Duration = Duration::from_secs(10);
/// The pause after the first failure; each time it is twice as long.
const PAUSE: Duration = Duration::from_secs(1);
/// The longest pause.
const LONGEST_PAUSE: Duration = Duration::from_secs(300);
/// After how long a message is not worth sending any more.
const STALE: Duration = Duration::from_secs(3600);
/// How many messages wait at the most; beyond that the oldest is dropped.
const MOST: usize = 100;
/// The least time that a node must be away, in milliseconds, whatever the grace period.
const AWAY_MS: u64 = 60_000;

/// What is said of a certificate that is not trusted.
const UNTRUSTED: &str = "the receiver's certificate is not trusted: it is of another name, or out of date, or of a private authority, \
     which is trusted as that of Rancher's API is (CATTLE_CA_CERT, or what the agent left on the host)";

/// Why nothing can be told.
#[derive(Debug, thiserror::Error)]
pub enum SetupError {
    /// It is no address. It is not shown.
    #[error("NOTIFY_URL is not an address of http or https (it is not shown, as it may hold a password)")]
    Address,
    /// The private authority's certificate.
    #[error("NOTIFY_URL: {0}")]
    Authority(#[from] rancher::SetupError),
    /// The client cannot be made.
    #[error("no client for NOTIFY_URL: {0}")]
    Client(reqwest::Error),
}

/// Something that waits for a person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Need {
    /// The host, by its name.
    pub host: String,
    /// Where it stands, or `away` of one that others miss.
    pub stage: String,
    /// What is wrong.
    pub wrong: String,
    /// What to do.
    pub what: String,
    /// The command to type on that host, if there is one.
    pub command: Option<String>,
}

/// What is sent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
struct Message {
    /// `needs_person`, or `over`.
    event: &'static str,
    /// The same of both events of one need, whichever monitor tells it.
    id: String,
    /// All of it in one line, for people.
    text: String,
    #[serde(flatten)]
    need: Need,
    /// For how long it has been so, in seconds.
    for_s: u64,
    /// The version of the monitor.
    version: &'static str,
}

/// What waits for a person, as this monitor knows it, by an ID: on its own host, and, where it acts for all, nodes that are away.
struct Needs {
    open: BTreeMap<String, Need>,
    /// Whether it knows of other hosts too.
    of_all: bool,
}

const AWAY: &str = "/away";

fn needs(status: &Status, name: &mut String) -> Needs {
    let mut open = BTreeMap::new();
    let Some((seen, plan)) = status.seen().zip(status.plan()) else { return Needs { open, of_all: false } };
    if let Ok(info) = &seen.engine {
        name.clone_from(&info.name);
    }
    let host = seen.metadata.as_ref().map_or("", |metadata| &metadata.host);
    if let Some(advice) = status.need() {
        let need = Need {
            host: if name.is_empty() { host.to_owned() } else { name.clone() },
            stage: plan.stage.name().to_owned(),
            wrong: plan.reason.clone(),
            what: advice.what.to_owned(),
            command: advice.command.map(str::to_owned),
        };
        open.insert(format!("{name}/{}", plan.stage.name()), need);
    }
    let of_all = status.holds_lease();
    let nodes = seen.swarm_view().filter(|_| of_all).into_iter().flat_map(|swarm| &swarm.nodes);
    for node in nodes {
        let away = seen.past.down_ms.get(&node.id).copied().unwrap_or_default();
        if away >= AWAY_MS.max(seen.wanted.grace_ms) {
            let need = Need {
                host: node.description.hostname.clone(),
                stage: AWAY.trim_start_matches('/').to_owned(),
                wrong: format!("the managers have not reached its node for {} s", away / 1000),
                what: "Start the host. If it runs, open the network to it. If it is gone for good, remove \
                       it from Rancher."
                    .to_owned(),
                command: None,
            };
            open.insert(format!("{}{AWAY}", node.id), need);
        }
    }
    Needs { open, of_all }
}

struct Open {
    need: Need,
    since: Instant,
    gone: Option<Instant>,
}

/// What is open, and what is still to be sent.
#[derive(Default)]
struct Watch {
    name: String,
    open: BTreeMap<String, Open>,
    queue: VecDeque<(Instant, Message)>,
}

impl Watch {
    /// Takes in what waits for a person now.
    fn see(&mut self, needs: Needs, now: Instant) {
        let Needs { open, of_all } = needs;
        // Who does not act for all any more does not know; whoever does now tells of it.
        self.open.retain(|id, _| of_all || open.contains_key(id) || !id.ends_with(AWAY));
        for (id, need) in open.iter().filter(|(id, _)| !self.open.contains_key(*id)).collect::<Vec<_>>() {
            self.open.insert(id.clone(), Open { need: need.clone(), since: now, gone: None });
            self.put("needs_person", id, need.clone(), 0, now);
        }
        let mut over = Vec::new();
        for (id, known) in &mut self.open {
            match (open.contains_key(id), known.gone) {
                (true, _) => known.gone = None,
                (false, None) => known.gone = Some(now),
                (false, Some(gone)) if now.duration_since(gone) >= OVER => over.push(id.clone()),
                (false, Some(_)) => {}
            }
        }
        for id in over {
            if let Some(Open { need, since, gone }) = self.open.remove(&id) {
                let for_s = ms(gone.unwrap_or(now).duration_since(since)) / 1000;
                self.put("over", &id, need, for_s, now);
            }
        }
    }

    fn put(&mut self, event: &'static str, id: &str, need: Need, for_s: u64, now: Instant) {
        let text = match (event, &need.command) {
            ("over", _) => format!("{}: it is over after {for_s} s ({})", need.host, need.stage),
            (_, None) => format!("{} waits for a person: {}. {}", need.host, need.wrong, need.what),
            (_, Some(command)) => {
                format!("{} waits for a person: {}. {} On that host: {command}", need.host, need.wrong, need.what)
            }
        };
        let version = env!("CARGO_PKG_VERSION");
        if self.queue.len() == MOST {
            self.queue.pop_front();
            tracing::warn!(most = MOST, "too many notifications wait: the oldest is dropped");
        }
        self.queue.push_back((now, Message { event, id: id.to_owned(), text, need, for_s, version }));
    }
}

/// Why a message did not arrive.
#[derive(Debug, PartialEq, Eq)]
struct Failure {
    why: String,
    /// Whether to send it again makes sense.
    passes: bool,
}

/// Tells the receiver.
pub struct Notifier {
    client: Client,
    address: Url,
}

impl Notifier {
    /// The one at this address; `authority` is a private authority's certificate that is trusted too, as for Rancher's API.
    ///
    /// # Errors
    /// It is no address; the certificate is none.
    pub fn new(address: &Secret, authority: Option<&str>) -> Result<Option<Self>, SetupError> {
        let Some(address) = address.get() else { return Ok(None) };
        let address = Url::parse(address).ok().filter(|url| matches!(url.scheme(), "http" | "https") && url.has_host());
        let address = address.ok_or(SetupError::Address)?;
        let mut client = call::client().connect_timeout(LIMIT / 2).pool_max_idle_per_host(0);
        // Where a redirection leads is not what the operator said.
        client = client.redirect(reqwest::redirect::Policy::none());
        if address.scheme() == "https" {
            client = rancher::trust(client, authority)?;
        }
        Ok(Some(Self { client: client.build().map_err(SetupError::Client)?, address }))
    }

    async fn send(&self, message: &Message) -> Result<(), Failure> {
        let sent = tokio::time::timeout(LIMIT, self.client.post(self.address.clone()).json(message).send()).await;
        let failure = |why: String, passes| Err(Failure { why, passes });
        match sent {
            Err(_) => failure(format!("no answer within {} s", LIMIT.as_secs()), true),
            // It would tell the name that the certificate is not for, which is the receiver's, and those that it is for.
            Ok(Err(error)) if call::is_untrusted(&error) => failure(UNTRUSTED.to_owned(), true),
            Ok(Err(error)) => failure(call::unreachable("the receiver", &error).to_string(), true),
            // What else it answers is not read: it may have no end.
            Ok(Ok(answer)) => match answer.status() {
                status if status.is_success() => Ok(()),
                status if status.is_redirection() => {
                    failure(format!("it redirects ({}), which is not followed", status.as_u16()), false)
                }
                status => {
                    let passes = status.is_server_error()
                        || [StatusCode::REQUEST_TIMEOUT, StatusCode::TOO_MANY_REQUESTS].contains(&status);
                    failure(format!("it answers {}", status.as_u16()), passes)
                }
            },
        }
    }
}

/// Tells what waits for a person, for as long as it is polled.
pub async fn run(notifier: Option<Notifier>, status: Arc<RwLock<Status>>) {
    let Some(notifier) = notifier else { return std::future::pending().await };
    let mut watch = Watch::default();
    let mut pause = PAUSE;
    let mut next = Instant::now();
    loop {
        tokio::time::sleep(LOOK).await;
        let needs = needs(&status.read().unwrap_or_else(PoisonError::into_inner), &mut watch.name);
        watch.see(needs, Instant::now());
        while Instant::now() >= next
            && let Some((queued, message)) = watch.queue.front()
        {
            match notifier.send(message).await {
                Ok(()) => {
                    tracing::info!(event = message.event, id = message.id, "notified");
                    pause = PAUSE;
                }
                Err(Failure { why, passes }) if passes && queued.elapsed() < STALE => {
                    tracing::warn!(event = message.event, error = why, again_in_ms = ms(pause), "not notified");
                    next = Instant::now() + pause;
                    pause = (pause * 2).min(LONGEST_PAUSE);
                    break;
                }
                Err(Failure { why, .. }) => {
                    tracing::warn!(event = message.event, error = why, "not notified, and given up");
                }
            }
            watch.queue.pop_front();
        }
    }
}

#[cfg(test)]
mod tests;
