//! Takes secrets out of what is shown to strangers: what this process was given, join tokens, keys, passwords in addresses, and the
//! values of labels that are not the monitors' own.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value};

use super::labels::{DOUBT, LEFT, NODE, PART};
use super::plan::DRAINED;

/// What stands in a secret's place.
pub const GONE: &str = "(taken out)";
/// What this process is given that is secret, all of it.
const GIVEN: [&str; 5] =
    ["CATTLE_ACCESS_KEY", "CATTLE_SECRET_KEY", "NOTIFY_URL", "STATUS_TOKEN", "CATTLE_AGENT_INSTANCE_AUTH"];
/// How the tokens and keys of swarms begin.
const TOKENS: [&str; 2] = ["SWMTKN-", "SWMKEY-"];
/// Labels whose values say only what the monitors say.
const OURS: [&str; 5] = [PART, NODE, LEFT, DOUBT, DRAINED];
/// What the names of fields have in them whose values are secret.
const SECRET: [&str; 8] = ["secret", "password", "passwd", "token", "sealed", "credential", "nonce", "auth"];
/// A shorter one would take words out of sentences.
const SHORTEST: usize = 4;

/// What is secret here.
pub struct Scrub {
    secrets: Vec<String>,
}

impl Scrub {
    /// With what this process was given.
    pub fn new(environment: impl Fn(&str) -> Option<String>) -> Self {
        let given = |name: &str| environment(name).map(|value| value.trim().to_owned()).unwrap_or_default();
        let mut secrets: Vec<String> = GIVEN.iter().map(|name| given(name)).collect();
        let pair = format!("{}:{}", given(GIVEN[0]), given(GIVEN[1]));
        secrets.push(STANDARD.encode(pair));
        // Parts of an address stand elsewhere without the rest.
        let address = given("NOTIFY_URL");
        secrets
            .extend(address.split(['/', '?', '&', '=', '@', ':']).filter(|part| part.len() >= 12).map(str::to_owned));
        let user = address.split_once("://").and_then(|(_, rest)| rest.split_once('@')).map_or("", |(user, _)| user);
        secrets.extend(user.split(':').skip(1).map(str::to_owned));
        secrets.retain(|secret| secret.len() >= SHORTEST);
        secrets.sort_by_key(|secret| std::cmp::Reverse(secret.len()));
        Self { secrets }
    }

    /// A text without them.
    pub fn text(&self, text: &str) -> String {
        let mut text = self.secrets.iter().fold(text.to_owned(), |text, secret| text.replace(secret, GONE));
        for token in TOKENS {
            text = without_words(&text, token);
        }
        without_blocks(&without_users(&text))
    }

    /// A document without them.
    pub fn json(&self, value: Value) -> Value {
        match value {
            Value::String(text) => Value::String(self.text(&text)),
            Value::Array(list) => list.into_iter().map(|value| self.json(value)).collect(),
            Value::Object(fields) => {
                Value::Object(fields.into_iter().map(|(name, value)| self.field(name, value)).collect())
            }
            other => other,
        }
    }

    fn field(&self, name: String, value: Value) -> (String, Value) {
        let lower = name.to_lowercase();
        let is_secret = lower == "key" || SECRET.iter().any(|part| lower.contains(part));
        let value = match value {
            Value::Object(labels) if lower == "labels" => Value::Object(own_labels(labels)),
            value @ (Value::Bool(_) | Value::Null | Value::Number(_)) => value,
            _ if is_secret => Value::from(GONE),
            value => self.json(value),
        };
        (self.text(&name), value)
    }
}

/// Labels with the values of the monitors' own.
fn own_labels(labels: Map<String, Value>) -> Map<String, Value> {
    let shown = |name: &str, value: Value| if OURS.contains(&name) { value } else { Value::from(GONE) };
    labels.into_iter().map(|(name, value)| (name.clone(), shown(&name, value))).collect()
}

/// Without words that begin so.
fn without_words(text: &str, beginning: &str) -> String {
    let is_inside = |letter: char| letter.is_ascii_alphanumeric() || "-_+/=".contains(letter);
    let mut parts = text.split(beginning);
    let mut kept = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        kept.push_str(GONE);
        kept.push_str(part.trim_start_matches(is_inside));
    }
    kept
}

/// Without the names and passwords in addresses.
fn without_users(text: &str) -> String {
    let mut parts = text.split("://");
    let mut kept = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        kept.push_str("://");
        let end = part.find(|letter: char| letter.is_whitespace() || "/?#\"'<>".contains(letter)).unwrap_or(part.len());
        match part[..end].rfind('@') {
            Some(at) => {
                kept.push_str(GONE);
                kept.push_str(&part[at..]);
            }
            None => kept.push_str(part),
        }
    }
    kept
}

/// Without what stands between the marks of a private key.
fn without_blocks(text: &str) -> String {
    let mut kept = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(start) = rest.find("-----BEGIN ") {
        kept.push_str(&rest[..start]);
        kept.push_str(GONE);
        let after = &rest[start..];
        let end = after.find("-----END ").map_or(after.len(), |end| {
            let last = &after[end + "-----END ".len()..];
            let close = last.find("-----").map_or(last.len(), |close| close + "-----".len());
            end + "-----END ".len() + close
        });
        rest = &after[end..];
    }
    kept.push_str(rest);
    kept
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn scrub() -> Scrub {
        Scrub::new(|name| {
            let value = match name {
                "CATTLE_ACCESS_KEY" => "ACCESSKEY1",
                "CATTLE_SECRET_KEY" => "secretkey2",
                "NOTIFY_URL" => "https://user:hookpass3@hooks.example/T0123456789ABC/x",
                _ => return None,
            };
            Some(value.to_owned())
        })
    }

    #[test]
    fn what_is_secret_is_taken_out_of_texts_and_the_rest_is_left() {
        let scrub = scrub();
        let key = "-----BEGIN EC PRIVATE KEY-----\nMHcCAQ\n-----END EC PRIVATE KEY-----";
        let basic = STANDARD.encode("ACCESSKEY1:secretkey2");
        let text = format!(
            "joins with SWMTKN-1-3pu6hszjas19xyp7ghgosyx9k8atbfcr8p2is99znpy26u2lkl-1awxwuwd3z9j1z3puu7rcgdbx, ACCESSKEY1 \
             secretkey2 {basic} at http://me:pw4@rancher:8080/v1 {key} SWMKEY-1-7c37Cc8654o6p38HnroywCi19pllOnGtbdZEgtKxZu8; \
             https://hooks.example/T0123456789ABC/x hookpass3"
        );
        assert_eq!(
            scrub.text(&text),
            format!(
                "joins with {GONE}, {GONE} {GONE} {GONE} at http://{GONE}@rancher:8080/v1 {GONE} {GONE}; \
                 https://{GONE}/{GONE}/x {GONE}"
            )
        );
        for whole in ["", "node h7wxp9jp4px4hvti1canc696f is ready", "user@host, a://b/c@d", "-----END"] {
            assert_eq!(scrub.text(whole), whole);
        }
    }

    #[test]
    fn what_is_secret_is_taken_out_of_documents_by_the_names_of_fields_and_of_labels() {
        let document = json!({
            "Labels": { "swarm": "manager", "owner": "alice" },
            "deep": [{ "labels": { "swarmkit.node": "n", "swarmkit.key": "k" }, "JoinTokens": { "Worker": "w" } }],
            "takes_writes": true, "token": null, "SecretCount": 3, "key": "k", "reason": "secretkey2 is refused"
        });
        assert_eq!(
            scrub().json(document),
            json!({
                "Labels": { "swarm": "manager", "owner": GONE },
                "deep": [{ "labels": { "swarmkit.node": "n", "swarmkit.key": GONE }, "JoinTokens": GONE }],
                "takes_writes": true, "token": null, "SecretCount": 3, "key": GONE, "reason": format!("{GONE} is refused")
            })
        );
    }
}
