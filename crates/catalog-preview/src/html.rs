//! Pages of plain data: the templates, and everything that is put into them escaped.

use std::sync::OnceLock;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use minijinja::syntax::SyntaxConfig;
use minijinja::value::Serde;
use minijinja::{AutoEscape, Environment, UndefinedBehavior};
use serde::Serialize;
use sha2::{Digest, Sha256};

use crate::PageError;
use crate::card::Card;
use crate::icon::Icon;
use crate::links::encoded;

/// The largest icon that is a part of a page, and what all of a page have together, in bytes.
const LARGEST_INLINE: usize = 24_000;
const ALL_INLINE: usize = 80_000;

/// What the pages look like.
pub const STYLE: &str = include_str!("../assets/preview.css");
/// What makes forms answer at once, and pages follow their files.
pub const SCRIPT: &str = include_str!("../assets/preview.js");
/// The picture in a browser's tab.
pub const FAVICON: &str = include_str!("../assets/favicon.svg");

macro_rules! templates {
    ($($name:literal),* $(,)?) => {
        [$(($name, include_str!(concat!("../templates/", $name)))),*]
    };
}

const TEMPLATES: [(&str, &str); 19] = templates![
    "base.html",
    "choices.html",
    "editing.html",
    "entry.html",
    "environments.html",
    "error.html",
    "findings.html",
    "findings_page.html",
    "found.html",
    "list.html",
    "matrix.html",
    "parts.html",
    "questions.html",
    "readme.html",
    "result.html",
    "upgrade.html",
    "upgraded.html",
    "version.html",
    "whole.html",
];

fn environment() -> &'static Environment<'static> {
    static ENVIRONMENT: OnceLock<Environment<'static>> = OnceLock::new();
    ENVIRONMENT.get_or_init(|| {
        let mut environment = Environment::new();
        let syntax = SyntaxConfig::builder().trim_blocks(true).lstrip_blocks(true).build();
        environment.set_syntax(syntax.expect("the usual delimiters"));
        environment.add_filter("encoded", |text: &str| encoded(text));
        environment.set_undefined_behavior(UndefinedBehavior::Strict);
        environment.set_auto_escape_callback(|_| AutoEscape::Html);
        for (name, text) in TEMPLATES {
            environment.add_template(name, text).unwrap_or_else(|error| panic!("{name}: {error:#}"));
        }
        environment
    })
}

/// Renders a page.
///
/// # Errors
/// A template is wrong.
pub fn render(template: &str, page: &impl Serialize) -> Result<String, PageError> {
    let rendered = environment().get_template(template).and_then(|template| template.render(Serde(page)));
    rendered.map_err(|error| PageError::Template(format!("{error:#}")))
}

/// What pages that are files may do: show themselves, and nothing else.
pub fn policy_of_files() -> String {
    let digest = STANDARD.encode(Sha256::digest(STYLE.as_bytes()));
    format!("default-src 'none'; style-src 'sha256-{digest}'; img-src data:; base-uri 'none'; form-action 'none'")
}

/// An icon as a part of a page, where it is small enough.
pub fn inline_icon(icon: &Icon) -> Option<String> {
    let is_shown = icon.bytes.len() <= LARGEST_INLINE && icon.kind.starts_with("image/");
    is_shown.then(|| format!("data:{};base64,{}", icon.kind, STANDARD.encode(&icon.bytes)))
}

/// Leaves out the largest icons of a page, until it is no larger than a page may be.
pub fn keep_within(cards: &mut [Card]) {
    let size = |card: &Card| card.icon.as_ref().map_or(0, String::len);
    let mut by_size: Vec<usize> = (0..cards.len()).collect();
    by_size.sort_by_key(|at| size(&cards[*at]));
    let mut left = ALL_INLINE;
    for at in by_size {
        match left.checked_sub(size(&cards[at])) {
            Some(rest) => left = rest,
            None => cards[at].icon = None,
        }
    }
}
