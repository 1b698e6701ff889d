//! Who may ask, and what a page may do: no page of another site reads this one under a name of its own, and nothing of a
//! catalog can act.

use std::net::IpAddr;

use axum::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, HOST, HeaderName, HeaderValue, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS,
};
use axum::http::{HeaderMap, Method};
use axum::response::Response;

use super::host_name;

/// What a page may load and do.
const POLICY: &str = "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; connect-src 'self'; \
                      form-action 'self'; base-uri 'none'; frame-ancestors 'none'";
/// The same for what a catalog holds, should anybody open it alone.
pub(super) const POLICY_OF_FILES: &str =
    "default-src 'none'; style-src 'unsafe-inline'; sandbox; frame-ancestors 'none'";

/// The names by which it may be called. An address is always good: a name of another site that leads here is not one.
#[derive(Debug, Clone)]
pub(super) struct Hosts(Vec<String>);

impl Hosts {
    pub(super) fn new(named: Vec<String>) -> Self {
        Self(named)
    }

    /// Whether a request calls it by one of them, and comes from no other site.
    pub(super) fn welcomes(&self, headers: &HeaderMap) -> bool {
        let mut hosts = headers.get_all(HOST).iter();
        let (Some(host), None) = (hosts.next(), hosts.next()) else { return false };
        host.to_str().is_ok_and(|host| self.is_one(host))
    }

    fn is_one(&self, host: &str) -> bool {
        host_name::in_header(host)
            .is_some_and(|name| name == "localhost" || name.parse::<IpAddr>().is_ok() || self.0.contains(&name))
    }
}

/// Whether nothing can be changed by what is asked.
pub(super) fn only_reads(method: &Method) -> bool {
    matches!(*method, Method::GET | Method::HEAD)
}

/// Puts the headers that keep a page in its place to an answer that has none of its own.
pub(super) fn guarded(mut answer: Response) -> Response {
    let headers = answer.headers_mut();
    headers.entry(CONTENT_SECURITY_POLICY).or_insert(HeaderValue::from_static(POLICY));
    headers.entry(CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    for (name, value) in
        [("cross-origin-opener-policy", "same-origin"), ("cross-origin-resource-policy", "same-origin")]
    {
        headers.insert(HeaderName::from_static(name), HeaderValue::from_static(value));
    }
    answer
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_and_known_names_are_welcome_and_other_names_are_not() {
        let hosts = Hosts::new(vec!["build.example".to_owned()]);
        for (host, welcome) in [
            ("127.0.0.1:8093", true),
            ("localhost", true),
            ("LOCALHOST:1", true),
            ("[::1]:8093", true),
            ("192.0.2.7:8093", true),
            ("build.example:8093", true),
            ("rebind.example:8093", false),
            ("127.0.0.1.rebind.example", false),
            ("localhost.rebind.example", false),
            ("localhost:1@rebind.example", false),
            ("localhost:\"><x", false),
            ("", false),
        ] {
            let mut headers = HeaderMap::new();
            headers.append(HOST, host.parse().unwrap());
            assert_eq!(hosts.welcomes(&headers), welcome, "{host}");
            headers.append(HOST, "localhost".parse().unwrap());
            assert!(!hosts.welcomes(&headers), "{host} twice");
        }
        assert!(!hosts.welcomes(&HeaderMap::new()));
    }
}
