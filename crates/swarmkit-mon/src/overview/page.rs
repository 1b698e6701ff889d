//! The overview for a browser: one page that needs no script, nothing from elsewhere, and renews itself.

use std::sync::LazyLock;

use askama::Template;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hyper::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, HeaderName, HeaderValue, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS,
    X_FRAME_OPTIONS,
};
use sha2::{Digest, Sha256};

use super::{Overview, Row};
use crate::server::Answer;

/// What the page is.
pub const HTML: &str = "text/html; charset=utf-8";

const STYLE: &str = include_str!("../../templates/page.css");
/// The mark of the page, in the browser's tab.
const ICON: &str = "data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 16 16'%3E%3Cg \
     fill='%230e7c86'%3E%3Ccircle cx='8' cy='3.4' r='2.6'/%3E%3Ccircle cx='3.2' cy='11.8' r='2.6'/%3E%3Ccircle cx='12.8' \
     cy='11.8' r='2.6'/%3E%3C/g%3E%3C/svg%3E";
/// After how many seconds it is renewed.
const RENEWED: u64 = 10;
/// How many hosts it shows: managers and those that are not well come first.
const MOST_HOSTS: usize = 500;

/// Only its own style and its own mark; nothing else is run, loaded, framed or sent.
static POLICY: LazyLock<String> = LazyLock::new(|| {
    let digest = STANDARD.encode(Sha256::digest(STYLE));
    format!(
        "default-src 'none'; style-src 'sha256-{digest}'; img-src data:; base-uri 'none'; form-action 'none'; \
         frame-ancestors 'none'"
    )
});

#[derive(Template)]
#[template(path = "page.html")]
struct Page<'a> {
    all: &'a Overview,
    seen_from: &'a str,
    style: &'static str,
    icon: &'static str,
    renewed: u64,
    version: &'static str,
}

impl Page<'_> {
    fn shown(&self) -> &[Row] {
        &self.all.hosts[..self.all.hosts.len().min(MOST_HOSTS)]
    }

    fn left_out(&self) -> usize {
        self.all.hosts.len() - self.shown().len()
    }

    fn nodes(&self) -> String {
        // What a host tells may be any number.
        let all = self.all.nodes.values().fold(0_usize, |all, nodes| all.saturating_add(*nodes));
        let ready = self.all.nodes.get("ready").copied().unwrap_or_default();
        format!("{ready} of {all} ready")
    }

    /// A mark for each manager: whether it answers, and whether with it there is a quorum.
    fn pips(&self) -> Vec<&'static str> {
        let Some(managers) = &self.all.managers else { return Vec::new() };
        let most = managers.voters.present.min(32);
        (0..most)
            .map(|at| match (at < managers.voters.reachable, at < managers.quorum) {
                (true, true) => "there needed",
                (true, false) => "there spare",
                (false, true) => "away needed",
                (false, false) => "away spare",
            })
            .collect()
    }
}

impl Row {
    /// How its line looks.
    fn look(&self) -> &'static str {
        match (&self.trouble, self.answers) {
            (None, _) => "good",
            (Some(_), true) => "unsure",
            (Some(_), false) => "bad",
        }
    }
}

/// The page, as it is seen from a host.
pub fn html(all: &Overview, seen_from: &str) -> String {
    let page = Page { all, seen_from, style: STYLE, icon: ICON, renewed: RENEWED, version: env!("CARGO_PKG_VERSION") };
    // Writing to a text does not fail.
    page.render().unwrap_or_default()
}

/// The answer with what keeps a browser from doing anything but to show it.
pub fn guarded(mut answer: Answer) -> Answer {
    let fixed: [(HeaderName, &'static str); 4] = [
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (X_FRAME_OPTIONS, "DENY"),
        (REFERRER_POLICY, "no-referrer"),
        (CACHE_CONTROL, "no-store"),
    ];
    for (name, value) in fixed {
        answer.headers_mut().insert(name, HeaderValue::from_static(value));
    }
    if let Ok(policy) = HeaderValue::from_str(&POLICY) {
        answer.headers_mut().insert(CONTENT_SECURITY_POLICY, policy);
    }
    answer
}
