//! rancher-metadata: what Rancher tells the containers of a host. It can be late, and is never written to.
//!
//! A container on the host's network has no address of its own there: the server sees docker0's, which is no
//! container's, and then tells of the host alone. So `self/host` is all that is believed of `self`; which service this
//! monitor belongs to is found by [`OwnService`].

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use reqwest::Client;
use serde::de::DeserializeOwned;
use tokio::task::JoinSet;

use super::call::{self, CallError};
use super::own_service::{self, Listed, OwnService};
use super::surroundings::{Host, Service, ServiceContainer, Surroundings};

/// Where it answers, inside of every host.
pub const ADDRESS: &str = "http://rancher-metadata.rancher.internal";
/// The version of its documents.
const VERSION: &str = "2016-07-29";
/// What a question may take.
const ASK: Duration = Duration::from_secs(5);
/// After which time without an answer it is asked once more, beside: what was asked while it was away is never answered.
/// Each time it is twice as long, as one that is slow gets no quicker by it.
const ASK_BESIDE: Duration = Duration::from_secs(1);
/// The longest that one wait for news takes, in seconds.
const WAIT_S: u64 = 60;

/// The most that a document of one host, or of one container, may hold, in bytes.
const LARGEST_HOST: usize = 1 << 20;
/// The same of a service: a container takes some 1.5 kB, so these are thousands of hosts.
const LARGEST_SERVICE: usize = 8 << 20;
/// The same of the list of all services' names.
const LARGEST_LIST: usize = 4 << 20;
/// How many services of one name are told apart.
const MOST_RIVALS: usize = 8;
/// The longest version: Rancher's own has 36 characters.
const LONGEST_VERSION: usize = 128;

/// rancher-metadata.
#[derive(Clone)]
pub struct Metadata {
    client: Client,
    address: Arc<str>,
    own: Arc<OwnService>,
}

impl Metadata {
    /// The one at an address. It is not called yet.
    ///
    /// # Errors
    /// The client cannot be made.
    pub fn new(address: &str) -> Result<Self, reqwest::Error> {
        let client = call::plain_client().connect_timeout(ASK).build()?;
        Ok(Self { client, address: address.into(), own: Arc::default() })
    }

    /// This host and this monitor's service. `container` is the UUID of this monitor's container in Rancher, `None` if
    /// it runs in none, or why that is not known.
    ///
    /// # Errors
    /// As every call; what is not known yet; what cannot be told apart.
    pub async fn surroundings(&self, container: Result<Option<String>, String>) -> Result<Surroundings, CallError> {
        first_answer(|| {
            let (metadata, container) = (self.clone(), container.clone());
            async move { metadata.ask(&container).await }
        })
        .await
    }

    async fn ask(&self, container: &Result<Option<String>, String>) -> Result<Surroundings, CallError> {
        let (host, listed) = tokio::try_join!(self.host(), self.listed())?;
        let service = self.own_service(container, &host, &listed).await?;
        let rivals = self.rivals(&service, &listed).await?;
        Ok(Surroundings { host, service, rivals })
    }

    /// This host.
    ///
    /// # Errors
    /// As every call; what is not known yet.
    pub async fn host(&self) -> Result<Host, CallError> {
        let host: Option<Host> = self.json("self/host", LARGEST_HOST).await?;
        host.ok_or_else(|| unreadable("self/host", "it does not list this host"))
    }

    /// All hosts of the environment.
    ///
    /// # Errors
    /// As every call.
    pub async fn hosts(&self) -> Result<Vec<Host>, CallError> {
        self.json("hosts", LARGEST_SERVICE).await
    }

    /// The names of all services. The same text for all of them costs little, so that it can be asked at each reconcile.
    async fn listed(&self) -> Result<Vec<Listed>, CallError> {
        let request = self.client.get(self.url("services"));
        let text = call::bytes(&what("services"), ASK, LARGEST_LIST, request).await?;
        Ok(own_service::listed(&String::from_utf8_lossy(&text)))
    }

    async fn own_service(
        &self,
        container: &Result<Option<String>, String>,
        host: &Host,
        listed: &[Listed],
    ) -> Result<Service, CallError> {
        if let Some(known) = self.own.known() {
            match self.service(&known).await {
                Ok(service) if service.uuid == known => return Ok(service),
                // It is another one by now, or none.
                Ok(_) | Err(CallError::Refused { status: 404, .. }) => self.own.forget(),
                Err(error) => return Err(error),
            }
        }
        let service = match container {
            Err(why) => return Err(unreadable("containers", &format!("which one this is, is not known: {why}"))),
            Ok(Some(container)) => self.service_of(container, host).await?,
            Ok(None) => self.service(own_service::only(listed).map_err(|why| unreadable("services", &why))?).await?,
        };
        self.own.found(&service.uuid);
        Ok(service)
    }

    async fn service_of(&self, container: &str, host: &Host) -> Result<Service, CallError> {
        let path = format!("containers/{container}");
        let container: ServiceContainer = match self.json(&path, LARGEST_HOST).await {
            Err(CallError::Refused { status: 404, .. }) => {
                return Err(unreadable(&path, "it does not list this monitor's container yet"));
            }
            answer => answer?,
        };
        if container.host_uuid.as_ref().is_some_and(|uuid| *uuid != host.uuid) {
            return Err(unreadable(&path, "this monitor's container is on another host, by what it lists"));
        }
        let service = container.service_uuid.as_deref();
        self.service(service.ok_or_else(|| unreadable(&path, "the container is not of a service yet"))?).await
    }

    /// A service by its UUID or its name.
    async fn service(&self, which: &str) -> Result<Service, CallError> {
        self.json(&format!("services/{which}"), LARGEST_SERVICE).await
    }

    /// The other services of that name: of another stack of this entry.
    async fn rivals(&self, own: &Service, listed: &[Listed]) -> Result<Vec<Service>, CallError> {
        let same: Vec<&Listed> = listed.iter().filter(|other| other.name == own.name).collect();
        let mut rivals = Vec::new();
        if same.len() > 1 {
            for other in same.into_iter().take(MOST_RIVALS) {
                let service = self.service(&other.index.to_string()).await?;
                // Their order is another one after each change.
                if service.name == own.name && service.uuid != own.uuid {
                    rivals.push(service);
                }
            }
        }
        Ok(rivals)
    }

    async fn json<T: DeserializeOwned>(&self, path: &str, largest: usize) -> Result<T, CallError> {
        let request = self.client.get(self.url(path)).header("Accept", "application/json");
        call::json(&what(path), ASK, largest, request).await
    }

    fn url(&self, path: &str) -> String {
        format!("{}/{VERSION}/{path}", self.address)
    }

    /// Waits until anything has changed since `known`, a minute at most, and answers with what is then known.
    ///
    /// # Errors
    /// As every call; an answer that is no version.
    pub async fn news(&self, known: &str) -> Result<String, CallError> {
        let parameters = [("wait", "true"), ("value", known), ("maxWait", &WAIT_S.to_string())];
        let address = reqwest::Url::parse_with_params(&self.url("version"), parameters)
            .map_err(|error| unreadable("version", &error.to_string()))?;
        let limit = Duration::from_secs(WAIT_S) + ASK;
        let answer = call::bytes(&what("version"), limit, LONGEST_VERSION, self.client.get(address)).await?;
        let version = String::from_utf8_lossy(&answer).trim().to_owned();
        // It goes into the next address.
        if version.is_empty() || !version.chars().all(|letter| letter.is_ascii_graphic()) {
            return Err(unreadable("version", "it is no version"));
        }
        Ok(version)
    }
}

fn what(path: &str) -> String {
    // UUIDs and places in a list are of no use to a reader.
    let kind = match path.split_once('/') {
        Some((kind @ ("services" | "containers"), _)) => kind,
        _ => path,
    };
    format!("metadata: GET /{kind}")
}

fn unreadable(path: &str, reason: &str) -> CallError {
    CallError::Unreadable { what: what(path), reason: reason.to_owned() }
}

/// The first answer of several tries, each begun where those before it have had none for a while.
async fn first_answer<T, F>(ask: impl Fn() -> F) -> Result<T, CallError>
where
    T: Send + 'static,
    F: Future<Output = Result<T, CallError>> + Send + 'static,
{
    let mut tries = JoinSet::new();
    let end = tokio::time::Instant::now() + ASK;
    let mut beside = ASK_BESIDE;
    loop {
        tries.spawn(ask());
        let next = (tokio::time::Instant::now() + beside).min(end);
        beside *= 2;
        match tokio::time::timeout_at(next, tries.join_next()).await {
            Ok(Some(Ok(answer))) => return answer,
            Ok(_) => return Err(unreadable("self/host", "the question was broken off")),
            Err(_) if next < end => {}
            Err(_) => {
                return Err(CallError::TimedOut { what: what("self/host"), limit_ms: ASK.as_millis() });
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering};

    use super::*;

    #[test]
    fn what_is_not_answered_is_asked_once_more_beside() {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build().unwrap();
        runtime.block_on(async {
            let asked = Arc::new(AtomicU32::new(0));
            let start = tokio::time::Instant::now();
            let answer = first_answer(|| {
                let asked = Arc::clone(&asked);
                async move {
                    // The server is away for the first two.
                    if asked.fetch_add(1, Ordering::SeqCst) < 2 { std::future::pending().await } else { Ok(7) }
                }
            });
            assert_eq!(answer.await, Ok(7));
            assert_eq!(start.elapsed(), ASK_BESIDE * 3);
            let never: Result<(), CallError> = first_answer(std::future::pending).await;
            assert!(matches!(never, Err(CallError::TimedOut { .. })));
            assert_eq!(start.elapsed(), ASK_BESIDE * 3 + ASK);
        });
    }
}
