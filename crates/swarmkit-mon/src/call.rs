//! One call over HTTP: within a time limit, of a bounded size, and with an error document never taken for data.

use std::time::Duration;

use reqwest::header::DATE;
use reqwest::{Client, ClientBuilder, RequestBuilder, StatusCode};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer};
use tokio::time::Instant;

/// What is kept of an error's text, in characters.
const LONGEST_MESSAGE: usize = 300;

/// What to do about a certificate that is not trusted.
const UNTRUSTED: &str = "; the certificate of a private authority is taken from CATTLE_CA_CERT, or from what Rancher's agent left on the host";

/// Reads what may be null as if it were not there.
///
/// # Errors
/// As the type's own.
pub fn null_as_default<'de, D: Deserializer<'de>, T: Default + Deserialize<'de>>(from: D) -> Result<T, D::Error> {
    Ok(Option::deserialize(from)?.unwrap_or_default())
}

/// Why a call brought nothing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CallError {
    /// There is no one there, or the connection broke.
    #[error("{what}: cannot be reached: {reason}")]
    Unreachable {
        /// The call.
        what: String,
        /// What the network says.
        reason: String,
    },
    /// No answer in time.
    #[error("{what}: no answer within {limit_ms} ms")]
    TimedOut {
        /// The call.
        what: String,
        /// The limit in milliseconds.
        limit_ms: u128,
    },
    /// An answer that says no.
    #[error("{what}: refused with {status}: {message}")]
    Refused {
        /// The call.
        what: String,
        /// The status of HTTP.
        status: u16,
        /// What it says.
        message: String,
    },
    /// An answer that is not what was asked for.
    #[error("{what}: unreadable answer: {reason}")]
    Unreadable {
        /// The call.
        what: String,
        /// What is wrong with it.
        reason: String,
    },
}

impl CallError {
    /// The status of an answer that says no.
    pub fn status(&self) -> Option<u16> {
        match self {
            Self::Refused { status, .. } => Some(*status),
            _ => None,
        }
    }
}

/// The start of every client: no proxy of the environment between a host and what is on it, and the cryptography that
/// the client asks for even where it speaks plain HTTP. A process has one provider of it; a second one is refused, and
/// the first serves.
pub fn client() -> ClientBuilder {
    let _ = rustls::crypto::ring::default_provider().install_default();
    Client::builder().no_proxy().pool_max_idle_per_host(2)
}

/// The same of a client that speaks plain HTTP alone. It trusts nobody, and so has no authorities to keep in memory.
pub fn plain_client() -> ClientBuilder {
    client().tls_certs_only(std::iter::empty())
}

/// Makes a call and reads the JSON of its answer, of so many bytes at the most.
///
/// # Errors
/// No connection, no answer in time, a status that is not 2xx, a document of type `error` (Rancher's API), one that is
/// too large, one that does not have what is asked for.
pub async fn json<T: DeserializeOwned>(
    what: &str,
    limit: Duration,
    largest: usize,
    request: RequestBuilder,
) -> Result<T, CallError> {
    json_and_date(what, limit, largest, request, |_| {}).await
}

/// The same, with the date of the answer told to `date`, whatever the answer is.
///
/// # Errors
/// As [`json`].
pub async fn json_and_date<T: DeserializeOwned>(
    what: &str,
    limit: Duration,
    largest: usize,
    request: RequestBuilder,
    date: impl FnOnce(&str),
) -> Result<T, CallError> {
    let body = within(what, limit, largest, request, date).await?;
    // Read typed: a document's tree would take many times its size.
    if let Ok(ErrorDocument { kind: Kind::Error, status }) = serde_json::from_slice(&body) {
        let status = status.unwrap_or(500);
        return Err(CallError::Refused { what: what.to_owned(), status, message: message(&body) });
    }
    serde_json::from_slice(&body)
        .map_err(|error| CallError::Unreadable { what: what.to_owned(), reason: error.to_string() })
}

/// What tells an error of Rancher's API from data.
#[derive(Deserialize)]
struct ErrorDocument {
    #[serde(rename = "type")]
    kind: Kind,
    #[serde(default)]
    status: Option<u16>,
}

#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
enum Kind {
    Error,
}

/// Makes a call and reads its answer.
///
/// # Errors
/// As [`json`], less what is about JSON.
pub async fn bytes(what: &str, limit: Duration, largest: usize, request: RequestBuilder) -> Result<Vec<u8>, CallError> {
    within(what, limit, largest, request, |_| {}).await
}

async fn within(
    what: &str,
    limit: Duration,
    largest: usize,
    request: RequestBuilder,
    date: impl FnOnce(&str),
) -> Result<Vec<u8>, CallError> {
    let start = Instant::now();
    let outcome = tokio::time::timeout(limit, read(what, largest, request, date)).await;
    tracing::trace!(call = what, took_ms = start.elapsed().as_millis(), "called");
    outcome.unwrap_or_else(|_| Err(CallError::TimedOut { what: what.to_owned(), limit_ms: limit.as_millis() }))
}

async fn read(
    what: &str,
    largest: usize,
    request: RequestBuilder,
    date: impl FnOnce(&str),
) -> Result<Vec<u8>, CallError> {
    let mut response = request.send().await.map_err(|error| unreachable(what, &error))?;
    if let Some(told) = response.headers().get(DATE).and_then(|told| told.to_str().ok()) {
        date(told);
    }
    let status = response.status();
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(|error| unreachable(what, &error))? {
        if body.len() + chunk.len() > largest {
            return Err(CallError::Unreadable { what: what.to_owned(), reason: format!("more than {largest} bytes") });
        }
        body.extend_from_slice(&chunk);
    }
    good(what, status, &body)?;
    Ok(body)
}

/// Whether a status is good.
///
/// # Errors
/// [`CallError::Refused`] if it is not.
pub fn good(what: &str, status: StatusCode, body: &[u8]) -> Result<(), CallError> {
    if status.is_success() {
        return Ok(());
    }
    Err(CallError::Refused { what: what.to_owned(), status: status.as_u16(), message: message(body) })
}

/// The innermost cause, which says more than the layers around it, and without the address that was called: it may
/// carry a name and a password.
pub fn unreachable(what: &str, error: &reqwest::Error) -> CallError {
    let mut cause: &dyn std::error::Error = error;
    while let Some(inner) = cause.source() {
        cause = inner;
    }
    let advice = if is_untrusted(error) { UNTRUSTED } else { "" };
    CallError::Unreachable { what: what.to_owned(), reason: format!("{cause}{advice}") }
}

/// Whether a certificate is behind an error. An I/O error does not name what it wraps as its cause.
pub fn is_untrusted(error: &reqwest::Error) -> bool {
    let mut cause: Option<&(dyn std::error::Error + 'static)> = Some(error);
    while let Some(error) = cause {
        if let Some(tls) = error.downcast_ref() {
            return matches!(tls, rustls::Error::InvalidCertificate(_));
        }
        let wrapped = error.downcast_ref::<std::io::Error>().and_then(std::io::Error::get_ref);
        cause = match wrapped {
            Some(inner) => Some(inner),
            None => error.source(),
        };
    }
    false
}

/// What an error document says in one line: Docker's and Rancher's `message`, else the text.
fn message(body: &[u8]) -> String {
    let text = String::from_utf8_lossy(&body[..body.len().min(64 * 1024)]);
    let said = serde_json::from_str::<serde_json::Value>(&text).ok().and_then(|value| {
        let of = |key: &str| {
            value.get(key).and_then(|said| said.as_str()).filter(|said| !said.is_empty()).map(str::to_owned)
        };
        of("message").or_else(|| of("detail")).or_else(|| of("code"))
    });
    let line = said.unwrap_or_else(|| text.into_owned());
    let line = line.split_whitespace().collect::<Vec<_>>().join(" ");
    line.chars().take(LONGEST_MESSAGE).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_is_told_in_the_words_of_the_one_who_refuses() {
        assert_eq!(message(br#"{"message":"swarm  is\nlocked"}"#), "swarm is locked");
        assert_eq!(message(br#"{"type":"error","status":401,"code":"Unauthorized"}"#), "Unauthorized");
        assert_eq!(message(b"Not found\n"), "Not found");
        assert_eq!(message(&[0xff; 2000]).chars().count(), LONGEST_MESSAGE);
        assert!(good("x", StatusCode::NO_CONTENT, b"").is_ok());
        assert_eq!(good("x", StatusCode::CONFLICT, b"late").unwrap_err().status(), Some(409));
    }
}
