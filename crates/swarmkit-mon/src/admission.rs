//! Who may see more on the health port than whether the host is healthy: everybody, or those who say a token.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hyper::header::{AUTHORIZATION, HeaderMap};
use reqwest::RequestBuilder;
use sha2::{Digest, Sha256};
use swarmkit_settings::Secret;

/// The token, if one is set.
#[derive(Debug, Clone, Default)]
pub struct Admission(Secret);

impl Admission {
    /// With the token of the settings.
    pub fn new(token: &Secret) -> Self {
        Self(token.clone())
    }

    /// Whether whoever sent this may see all: as the password of any user, as browsers say it, or as a bearer token.
    pub fn admits(&self, headers: &HeaderMap) -> bool {
        let Some(token) = self.0.get() else { return true };
        let said = headers.get(AUTHORIZATION).and_then(|value| value.to_str().ok()).and_then(said);
        said.is_some_and(|said| is_same(&said, token))
    }

    /// A question to another monitor, which has the same token.
    pub fn ask(&self, request: RequestBuilder) -> RequestBuilder {
        match self.0.get() {
            Some(token) => request.bearer_auth(token),
            None => request,
        }
    }
}

fn said(header: &str) -> Option<String> {
    let (scheme, rest) = header.split_once(' ')?;
    let rest = rest.trim();
    if scheme.eq_ignore_ascii_case("bearer") {
        return Some(rest.to_owned());
    }
    let pair = scheme.eq_ignore_ascii_case("basic").then(|| STANDARD.decode(rest).ok())??;
    String::from_utf8(pair).ok()?.split_once(':').map(|(_, password)| password.to_owned())
}

/// How long it takes tells nothing of the token: what is compared are digests.
fn is_same(said: &str, token: &str) -> bool {
    Sha256::digest(said) == Sha256::digest(token)
}

#[cfg(test)]
mod tests {
    use swarmkit_settings::Settings;

    use super::*;

    const TOKEN: &str = "0123456789abcdef";

    fn admission(token: &str) -> Admission {
        let given = Settings::resolve(|setting| (setting.variable == "STATUS_TOKEN").then(|| token.to_owned()));
        Admission::new(&given.unwrap().status_token)
    }

    fn saying(header: &str) -> HeaderMap {
        HeaderMap::from_iter([(AUTHORIZATION, header.parse().unwrap())])
    }

    #[test]
    fn whoever_says_the_token_is_let_in_and_nobody_else() {
        let admission = admission(TOKEN);
        let basic = |pair: &str| format!("Basic {}", STANDARD.encode(pair));
        for good in [format!("Bearer {TOKEN}"), format!("bearer  {TOKEN}"), basic(&format!("any:{TOKEN}"))] {
            assert!(admission.admits(&saying(&good)), "{good}");
        }
        let half = &TOKEN[..8];
        for bad in [
            format!("Bearer {half}"),
            format!("Bearer {TOKEN}x"),
            "Bearer".to_owned(),
            "Bearer ".to_owned(),
            TOKEN.to_owned(),
            format!("Digest {TOKEN}"),
            basic(TOKEN),
            basic(&format!("{TOKEN}:")),
            basic(&format!("any:{half}")),
            format!("Basic any:{TOKEN}"),
        ] {
            assert!(!admission.admits(&saying(&bad)), "{bad}");
        }
        assert!(!admission.admits(&HeaderMap::new()));
    }

    #[test]
    fn without_a_token_everybody_is_let_in_and_none_is_sent() {
        let admission = admission("");
        assert!(admission.admits(&HeaderMap::new()) && admission.admits(&saying("Bearer x")));
        let request = admission.ask(crate::call::client().build().unwrap().get("http://127.0.0.1/")).build().unwrap();
        assert!(request.headers().get(AUTHORIZATION).is_none());
    }

    #[test]
    fn what_one_monitor_asks_another_lets_in() {
        let admission = admission(TOKEN);
        let request = admission.ask(crate::call::client().build().unwrap().get("http://127.0.0.1/")).build().unwrap();
        assert!(admission.admits(request.headers()));
        assert!(!format!("{admission:?}").contains(TOKEN));
    }
}
