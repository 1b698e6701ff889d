//! Rancher's API: the hosts of the environment with their labels, and the service's metadata. Unlike rancher-metadata it
//! is never late; but a PUT replaces a whole map, and of two writers the later one wins.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use reqwest::{Certificate, Client, RequestBuilder, Url};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::call::{self, CallError, null_as_default};
use super::clock::Clock;
use super::labels::DesiredLabels;
use super::record::Record;
use super::surroundings::texts;
use swarmkit_settings::AGENT_CA_FOLDER;

/// What a page of a list may hold, in bytes: that of 1,000 hosts takes about 3 MB.
const LARGEST_PAGE: usize = 32 << 20;
/// The same of one object, which is read whole to be given back whole.
const LARGEST_OBJECT: usize = 8 << 20;
/// What a call may take.
pub const LIMIT: Duration = Duration::from_secs(10);
/// The state of a service in which a change is stored, and nobody is told of it: an upgrade that nobody has finished.
const UNTOLD: &str = "upgraded";
/// Those in which changes are refused.
const REFUSE_WRITES: [&str; 5] =
    ["upgrading", "finishing-upgrade", "canceling-upgrade", "canceled-upgrade", "rolling-back"];
/// Pages of a list at the most: a million hosts.
const PAGES: usize = 1000;

/// A host, as the API has it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct HostEntry {
    /// Its UUID.
    pub uuid: String,
    /// Its name: for people.
    #[serde(default, deserialize_with = "null_as_default", skip_serializing_if = "String::is_empty")]
    pub hostname: String,
    /// Its address.
    #[serde(default)]
    pub agent_ip_address: Option<String>,
    /// Its state: `active`, `inactive`, `removed`, …; in `/v2-beta` also that its agent is away.
    #[serde(default)]
    pub state: String,
    /// The state of its agent. In `/v1` this alone says that a host is lost: `disconnected`, `reconnecting`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub agent_state: Option<String>,
    /// Its labels.
    #[serde(default, deserialize_with = "texts", serialize_with = "super::shown::labels")]
    pub labels: BTreeMap<String, String>,
}

impl HostEntry {
    /// Whether it is there and takes containers, as far as either form of the API tells. While its labels are written it
    /// is `updating-active`.
    pub fn is_active(&self) -> bool {
        let agent = self.agent_state.as_deref().unwrap_or_default();
        ["active", "updating-active"].contains(&self.state.as_str()) && ["", "active"].contains(&agent)
    }

    /// How it stands, for people: its own state, or that of its agent where that is what keeps it from being active.
    pub fn standing(&self) -> &str {
        let agent = self.agent_state.as_deref().filter(|agent| !["", "active"].contains(agent));
        agent.filter(|_| self.state == "active").unwrap_or(&self.state)
    }

    /// Whether it is removed, or about to be.
    pub fn is_gone(&self) -> bool {
        ["removed", "removing", "purged", "purging"].contains(&self.state.as_str())
    }
}

/// Why the API cannot be used at all.
#[derive(Debug, thiserror::Error)]
pub enum SetupError {
    /// A variable is missing or wrong.
    #[error("{0}")]
    Variable(String),
    /// The client cannot be made.
    #[error("no client for Rancher's API: {0}")]
    Client(#[from] reqwest::Error),
}

/// Rancher's API.
pub struct Rancher {
    client: Client,
    url: Url,
    access_key: String,
    secret_key: String,
    clock: Arc<Clock>,
}

impl Rancher {
    /// The one that the environment variables name: `CATTLE_URL`, `CATTLE_ACCESS_KEY`, `CATTLE_SECRET_KEY`, and for a
    /// private authority `CATTLE_CA_CERT` (a certificate, or a file with some) or the file that the agent left.
    ///
    /// # Errors
    /// A variable is missing or wrong; none of the keys is ever shown.
    pub fn from_environment(environment: impl Fn(&str) -> Option<String>) -> Result<Self, SetupError> {
        let needed = |name: &str| {
            environment(name).filter(|value| !value.trim().is_empty()).ok_or_else(|| {
                SetupError::Variable(format!(
                    "{name} is missing: Rancher gives it to a container with the labels \
                     io.rancher.container.create_agent and io.rancher.container.agent.role"
                ))
            })
        };
        let (url, access_key, secret_key) =
            (needed("CATTLE_URL")?, needed("CATTLE_ACCESS_KEY")?, needed("CATTLE_SECRET_KEY")?);
        let url = Url::parse(url.trim().trim_end_matches('/'))
            .ok()
            .filter(|url| matches!(url.scheme(), "http" | "https") && url.has_host())
            .ok_or_else(|| SetupError::Variable("CATTLE_URL is not an address of http or https".to_owned()))?;
        let mut builder = call::client().connect_timeout(LIMIT / 2);
        if url.scheme() == "https" {
            builder = trust(builder, environment("CATTLE_CA_CERT").as_deref())?;
        }
        Ok(Self { client: builder.build()?, url, access_key, secret_key, clock: Arc::default() })
    }

    /// How far this host's clock is from that of the API.
    pub fn clock(&self) -> &Arc<Clock> {
        &self.clock
    }

    fn request(&self, method: reqwest::Method, url: Url) -> RequestBuilder {
        self.client
            .request(method, url)
            .basic_auth(&self.access_key, Some(&self.secret_key))
            .header("Accept", "application/json")
    }

    fn at(&self, path: &str, query: Option<&str>) -> Url {
        let mut url = self.url.clone();
        url.set_path(&format!("{}/{path}", self.url.path().trim_end_matches('/')));
        url.set_query(query);
        url
    }

    /// Every host of the environment.
    ///
    /// # Errors
    /// As every call.
    pub async fn hosts(&self) -> Result<Vec<HostEntry>, CallError> {
        self.collection("hosts", "limit=1000", LARGEST_PAGE).await
    }

    async fn collection<T: serde::de::DeserializeOwned>(
        &self,
        kind: &str,
        query: &str,
        largest: usize,
    ) -> Result<Vec<T>, CallError> {
        let what = format!("rancher: GET /{kind}");
        let unreadable = |reason: &str| CallError::Unreadable { what: what.clone(), reason: reason.to_owned() };
        let mut url = self.at(kind, Some(query));
        let mut all = Vec::new();
        for _ in 0..PAGES {
            let hear = |date: &str| self.clock.hear(date, "Rancher's", SystemTime::now());
            let request = self.request(reqwest::Method::GET, url);
            let page: Page<T> = call::json_and_date(&what, LIMIT, largest, request, hear).await?;
            if page.kind != "collection" {
                return Err(unreadable("it is no collection"));
            }
            all.extend(page.data);
            let Some(next) = page.pagination.and_then(|pagination| pagination.next) else { return Ok(all) };
            // Behind a proxy the server may name itself otherwise: only the marker of the next page is taken, and the
            // keys go nowhere else.
            let next = Url::parse(&next).map_err(|_| unreadable("the address of its next page is none"))?;
            url = self.at(kind, next.query());
        }
        Err(unreadable("it has too many pages"))
    }

    /// The one object of a kind with a UUID, whole.
    async fn object(&self, kind: &str, uuid: &str) -> Result<Object, CallError> {
        let what = format!("rancher: GET /{kind}?uuid");
        let mut query = Url::clone(&self.url);
        query.query_pairs_mut().clear().append_pair("uuid", uuid);
        let mut found: Vec<Map<String, Value>> =
            self.collection(kind, query.query().unwrap_or_default(), LARGEST_OBJECT).await?;
        found.retain(|object| object.get("uuid").and_then(Value::as_str) == Some(uuid));
        let missing = |reason: &str| CallError::Unreadable { what: what.clone(), reason: reason.to_owned() };
        let fields = found.into_iter().next().ok_or_else(|| missing(&format!("there is none with UUID {uuid}")))?;
        let text = |key: &str| fields.get(key).and_then(Value::as_str).map(str::to_owned);
        let (Some(id), Some(account)) = (text("id"), text("accountId")) else {
            return Err(missing("it has no id or no accountId"));
        };
        Ok(Object { path: format!("projects/{account}/{kind}/{id}"), fields })
    }

    async fn put(&self, kind: &str, object: &Object) -> Result<(), CallError> {
        let request = self.request(reqwest::Method::PUT, self.at(&object.path, None)).json(&object.fields);
        let what = format!("rancher: PUT /{kind}");
        match call::json::<serde::de::IgnoredAny>(&what, LIMIT, LARGEST_OBJECT, request).await {
            Err(CallError::Refused { what, status: 409, message }) => {
                let state = object.state();
                let message = format!("{message}: in Rancher its state is `{state}`");
                Err(CallError::Refused { what, status: 409, message })
            }
            answer => answer.map(drop),
        }
    }

    /// The record in a service's metadata.
    ///
    /// # Errors
    /// As every call. An unreadable record is an unreadable answer.
    pub async fn record(&self, service: &str) -> Result<Record, CallError> {
        self.object("services", service).await?.record()
    }

    /// The record in a service's metadata, the keys there whose values hold a join token for all to read, and whether it can
    /// be changed now.
    ///
    /// # Errors
    /// As [`Self::record`].
    pub async fn service(&self, service: &str) -> Result<(Record, Vec<String>, bool), CallError> {
        let object = self.object("services", service).await?;
        let plain = object.map("metadata").into_iter().filter(|(_, value)| holds_a_token(value)).map(|(key, _)| key);
        Ok((object.record()?, plain.collect(), !REFUSE_WRITES.contains(&object.state())))
    }

    /// Takes values that hold a join token out of a service's metadata.
    ///
    /// # Errors
    /// As every call.
    pub async fn withdraw_plain_tokens(&self, service: &str) -> Result<(), CallError> {
        let mut object = self.object("services", service).await?;
        let mut metadata = object.map("metadata");
        metadata.retain(|_, value| !holds_a_token(value));
        object.fields.insert("metadata".to_owned(), Value::Object(metadata));
        self.put("services", &object).await
    }

    /// Changes the record in a service's metadata: reads it, lets `change` make a new one of it, writes that, reads it
    /// back. Answers with the record that then stands, which is another one where somebody else wrote meanwhile.
    /// `change` answers with `None` if nothing shall be written.
    ///
    /// # Errors
    /// As every call. What was to be written may stand there all the same.
    pub async fn change_record(
        &self,
        service: &str,
        change: impl FnOnce(&Record) -> Option<Record>,
    ) -> Result<Record, CallError> {
        let mut object = self.object("services", service).await?;
        let before = object.record()?;
        let Some(after) = change(&before).filter(|after| *after != before) else { return Ok(before) };
        let mut metadata = object.map("metadata");
        after.write(&mut metadata);
        object.fields.insert("metadata".to_owned(), Value::Object(metadata));
        self.put("services", &object).await?;
        self.record(service).await
    }

    /// Makes Rancher tell what it has stored and told nobody of: any change of the environment does that. This one is a
    /// label of a host, which that host's monitor takes away again.
    ///
    /// # Errors
    /// As every call.
    pub async fn have_told(&self, service: &str, host: &str, word: &str) -> Result<(), CallError> {
        if self.object("services", service).await?.state() == UNTOLD {
            self.change_label(host, super::labels::TOUCHED, |_| Some(word.to_owned())).await?;
        }
        Ok(())
    }

    /// Changes one label of a host: reads it, lets `change` make a new value of it, writes that. `None` writes nothing.
    ///
    /// # Errors
    /// As every call.
    pub async fn change_label(
        &self,
        host: &str,
        name: &str,
        change: impl FnOnce(Option<&str>) -> Option<String>,
    ) -> Result<(), CallError> {
        let mut object = self.object("hosts", host).await?;
        let mut labels = object.map("labels");
        let Some(value) = change(labels.get(name).and_then(Value::as_str)) else { return Ok(()) };
        labels.insert(name.to_owned(), Value::String(value));
        object.fields.insert("labels".to_owned(), Value::Object(labels));
        self.put("hosts", &object).await
    }

    /// Changes our labels of a host: reads them, changes ours, writes, reads them back. Answers with all labels of the
    /// host as they then are; where somebody else wrote meanwhile what is desired may not be met.
    ///
    /// # Errors
    /// As every call.
    pub async fn change_labels(
        &self,
        host: &str,
        desired: &DesiredLabels,
    ) -> Result<BTreeMap<String, String>, CallError> {
        let mut object = self.object("hosts", host).await?;
        let mut labels = object.labels();
        if desired.is_met(&labels) {
            return Ok(labels);
        }
        // Labels of others go back just as they came.
        let mut all = object.map("labels");
        desired.apply(&mut labels);
        all.retain(|name, _| labels.contains_key(name));
        for (name, value) in labels {
            if super::labels::OURS.contains(&name.as_str()) {
                all.insert(name, Value::String(value));
            }
        }
        object.fields.insert("labels".to_owned(), Value::Object(all));
        self.put("hosts", &object).await?;
        Ok(self.object("hosts", host).await?.labels())
    }
}

/// Whether a value of a service's metadata is, or holds, a join token.
fn holds_a_token(value: &Value) -> bool {
    match value {
        Value::String(text) => text.contains("SWMTKN-"),
        Value::Array(values) => values.iter().any(holds_a_token),
        Value::Object(values) => values.values().any(holds_a_token),
        _ => false,
    }
}

/// Trust in a private authority, beside the public ones where the machine has those.
pub(super) fn trust(
    builder: reqwest::ClientBuilder,
    given: Option<&str>,
) -> Result<reqwest::ClientBuilder, SetupError> {
    let file = |path: &str| {
        std::fs::read(path)
            .map_err(|error| SetupError::Variable(format!("the certificate file {path} cannot be read: {error}")))
    };
    let agents = Path::new(AGENT_CA_FOLDER).join("ca.crt");
    let pem = match given.map(str::trim).filter(|text| !text.is_empty()) {
        Some(text) if text.starts_with("-----BEGIN") => text.as_bytes().to_vec(),
        Some(path) => file(path)?,
        None if agents.exists() => file(&agents.display().to_string())?,
        None => return Ok(builder),
    };
    let certificates = Certificate::from_pem_bundle(&pem).ok().filter(|all| !all.is_empty()).ok_or_else(|| {
        SetupError::Variable("CATTLE_CA_CERT, or the agent's file, holds no certificate in PEM form".to_owned())
    })?;
    // An image without public authorities has only the private one to trust.
    let public = call::client().tls_certs_merge(certificates.clone()).build().is_ok();
    Ok(if public { builder.tls_certs_merge(certificates) } else { builder.tls_certs_only(certificates) })
}

#[derive(Deserialize)]
struct Page<T> {
    #[serde(rename = "type", default)]
    kind: String,
    data: Vec<T>,
    #[serde(default)]
    pagination: Option<Pagination>,
}

#[derive(Deserialize)]
struct Pagination {
    next: Option<String>,
}

/// An object with all that the API says of it, as a PUT takes it back.
struct Object {
    path: String,
    fields: Map<String, Value>,
}

impl Object {
    fn map(&self, key: &str) -> Map<String, Value> {
        self.fields.get(key).and_then(Value::as_object).cloned().unwrap_or_default()
    }

    fn state(&self) -> &str {
        self.fields.get("state").and_then(Value::as_str).unwrap_or_default()
    }

    fn record(&self) -> Result<Record, CallError> {
        Record::read(&self.map("metadata"))
            .map_err(|reason| CallError::Unreadable { what: "rancher: GET /services?uuid".to_owned(), reason })
    }

    fn labels(&self) -> BTreeMap<String, String> {
        texts(Value::Object(self.map("labels"))).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn setup(variables: &[(&str, &str)]) -> Result<Rancher, String> {
        let find = |name: &str| variables.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned());
        Rancher::from_environment(find).map_err(|error| error.to_string())
    }

    const KEYS: [(&str, &str); 2] = [("CATTLE_ACCESS_KEY", "key"), ("CATTLE_SECRET_KEY", "hidden")];

    #[test]
    fn what_is_missing_is_named_and_no_key_is_shown() {
        assert!(setup(&KEYS).err().unwrap().contains("CATTLE_URL is missing"));
        for url in ["rancher", "ftp://rancher/v1", "http://", "file:///etc/passwd"] {
            let error = setup(&[KEYS[0], KEYS[1], ("CATTLE_URL", url)]).err().unwrap();
            assert!(error.contains("not an address") && !error.contains("hidden"), "{error}");
        }
        assert!(setup(&[("CATTLE_URL", "http://r/v1"), KEYS[0], ("CATTLE_SECRET_KEY", " ")]).is_err());
        assert!(setup(&[("CATTLE_URL", "http://r/v1"), KEYS[0], KEYS[1]]).is_ok());
    }

    #[test]
    fn a_certificate_that_is_none_is_refused() {
        let with =
            |certificate| setup(&[KEYS[0], KEYS[1], ("CATTLE_URL", "https://r/v1"), ("CATTLE_CA_CERT", certificate)]);
        assert!(with("/nowhere/ca.crt").err().unwrap().contains("/nowhere/ca.crt cannot be read"));
        assert!(with("-----BEGIN CERTIFICATE-----\nnone\n-----END CERTIFICATE-----").is_err());
    }

    #[test]
    fn addresses_keep_the_path_of_the_api() {
        let rancher = setup(&[KEYS[0], KEYS[1], ("CATTLE_URL", "http://r:8080/v2-beta/")]).ok().unwrap();
        assert_eq!(rancher.at("hosts", Some("uuid=u")).as_str(), "http://r:8080/v2-beta/hosts?uuid=u");
        assert_eq!(rancher.at("projects/1a5/hosts/1h1", None).as_str(), "http://r:8080/v2-beta/projects/1a5/hosts/1h1");
    }

    #[test]
    fn states_of_a_host_are_told_apart_in_both_forms_of_the_api() {
        let said = |document: &str| serde_json::from_str::<HostEntry>(document).unwrap();
        for (document, is_active, standing) in [
            (r#"{"uuid":"u","state":"active","agentState":"active"}"#, true, "active"),
            (r#"{"uuid":"u","state":"active","agentState":null}"#, true, "active"),
            (r#"{"uuid":"u","state":"updating-active","agentState":"active"}"#, true, "updating-active"),
            (r#"{"uuid":"u","state":"active","agentState":"disconnected"}"#, false, "disconnected"),
            (r#"{"uuid":"u","state":"active","agentState":"reconnecting"}"#, false, "reconnecting"),
            (r#"{"uuid":"u","state":"disconnected"}"#, false, "disconnected"),
            (r#"{"uuid":"u","state":"inactive","agentState":"active"}"#, false, "inactive"),
        ] {
            let host = said(document);
            assert_eq!((host.is_active(), host.standing(), host.is_gone()), (is_active, standing, false), "{document}");
        }
        let host = |state: &str| HostEntry {
            uuid: "u".into(),
            hostname: String::new(),
            agent_ip_address: None,
            agent_state: None,
            state: state.into(),
            labels: BTreeMap::new(),
        };
        assert!(host("active").is_active() && !host("inactive").is_active() && !host("inactive").is_gone());
        assert!(host("removed").is_gone() && host("purged").is_gone());
    }
}
