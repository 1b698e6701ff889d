//! A draft of what an image on disk says of itself.

use std::collections::BTreeMap;
use std::path::Path;

use super::draft::Draft;
use super::image_variables::is_own;
use super::questions::{Use, one_line};
use super::remark::What;
use super::secret_names::holds_secret;
use super::secret_text::secrets_in;
use super::skeleton::{variable_name, without_secrets};
use super::wishes::Parts;
use super::{NewError, Port, TemplateName, from_compose::probe, skeleton};
use crate::release::described_image::{self, DescribedImage, RunConfig};
use rancher_catalog::hidden::acts;
use rancher_catalog::model::ImageReference;

/// More of one kind no honest image has.
const MOST: usize = 100;
/// The longest text that is taken over.
const LONGEST: usize = 400;

/// Drafts the template of an image on disk.
///
/// # Errors
/// The image cannot be read, or nothing tells by what name it is pulled.
pub(super) fn draft(
    path: &Path,
    named: Option<&ImageReference>,
    name: &TemplateName,
    parts: &Parts,
) -> Result<Draft, NewError> {
    let image = described_image::read(path, named.map(ToString::to_string).as_deref())?;
    let mut draft = Draft::new(path.display().to_string());
    let reference = named.cloned().map_or_else(|| own_name(path, &image), Ok)?;
    draft.facts.title = label(&image.run, "title");
    draft.facts.description = label(&image.run, "description");
    draft.facts.url = label(&image.run, "url").filter(|url| url.starts_with("https://") || url.starts_with("http://"));
    draft.facts.version = label(&image.run, "version");
    let mut parts = parts.clone();
    ports(&mut draft, &image.run, &mut parts);
    volumes(&mut draft, &image.run, &mut parts);
    health(&mut draft, &image.run, &mut parts);
    let asked = variables(&mut draft, &image.run, &parts, &name.service());
    skeleton::add(&mut draft, name, &reference, &parts)?;
    if let Some(service) = draft.services.get_mut(&name.service()) {
        for (variable, value) in asked {
            service.put("environment", &variable, value);
        }
    }
    Ok(draft)
}

/// The name by which the image is pulled, as its archive has it.
fn own_name(path: &Path, image: &DescribedImage) -> Result<ImageReference, NewError> {
    let usable: Vec<ImageReference> = image
        .names
        .iter()
        .filter_map(|name| familiar(name).parse::<ImageReference>().ok())
        .filter(|name| name.tag.as_deref().is_some_and(|tag| tag != "latest"))
        .collect();
    usable.into_iter().next().ok_or_else(|| {
        let names = if image.names.is_empty() {
            "it has no name".to_owned()
        } else {
            let shown: Vec<&str> = image.names.iter().take(5).map(String::as_str).collect();
            format!("it is called {}", shown.join(", "))
        };
        NewError::Asked(format!(
            "{} does not tell by which name and tag hosts pull the image ({names}): give --image REPOSITORY:TAG",
            path.display()
        ))
    })
}

/// A name as people write it: `docker.io/library/web:1` is `web:1`.
fn familiar(name: &str) -> &str {
    let short = name.strip_prefix("docker.io/").or_else(|| name.strip_prefix("index.docker.io/")).unwrap_or(name);
    short.strip_prefix("library/").filter(|_| short.len() < name.len()).unwrap_or(short)
}

/// What a label of the image says, on one line.
fn label(run: &RunConfig, name: &str) -> Option<String> {
    let text = run.labels.as_ref()?.get(&format!("org.opencontainers.image.{name}"))?;
    let plain: String = text.chars().filter(|c| c.is_whitespace() || !acts(*c)).take(LONGEST).collect();
    Some(one_line(&plain)).filter(|text| !text.is_empty() && secrets_in(text).is_empty())
}

/// Says what of a kind is not looked at.
fn tell_more(draft: &mut Draft, count: usize, what: &str) {
    if count > MOST {
        let more = count - MOST;
        draft.remarks.tell(What::LeftOut, None, format!("{more} more {what} are left out: the image has {count}"));
    }
}

fn ports(draft: &mut Draft, run: &RunConfig, parts: &mut Parts) {
    tell_more(draft, run.exposed_ports.as_ref().map_or(0, BTreeMap::len), "ports");
    for exposed in run.exposed_ports.iter().flat_map(|ports| ports.keys()).take(MOST) {
        match exposed.parse::<Port>() {
            Ok(port)
                if parts.ports.iter().any(|given| (given.private, given.is_udp) == (port.private, port.is_udp)) => {}
            Ok(mut port) => {
                while parts.ports.iter().any(|other| (other.public, other.is_udp) == (port.public, port.is_udp)) {
                    port.public = port.public.wrapping_add(1).max(1024);
                }
                draft.remarks.tell(
                    What::Asked,
                    None,
                    format!("port {exposed} is published at a port that is asked for"),
                );
                parts.ports.push(port);
            }
            Err(_) => {
                draft.remarks.tell(
                    What::LeftOut,
                    None,
                    format!("port {exposed} is left out: Rancher takes tcp and udp"),
                );
            }
        }
    }
}

fn volumes(draft: &mut Draft, run: &RunConfig, parts: &mut Parts) {
    tell_more(draft, run.volumes.as_ref().map_or(0, BTreeMap::len), "volumes");
    let given = |parts: &Parts, path: &str| parts.volumes.iter().any(|volume| volume.rsplit(':').next() == Some(path));
    for path in run.volumes.iter().flat_map(|volumes| volumes.keys()).take(MOST) {
        let path = path.trim_end_matches('/');
        let is_plain = path.starts_with('/') && !path.contains(|c: char| c.is_whitespace() || c == ':' || acts(c));
        if !is_plain {
            draft.remarks.tell(What::LeftOut, None, format!("the volume {path:?} is left out: that is no path"));
        } else if !given(parts, path) {
            draft.remarks.tell(What::Becomes, None, format!("the volume {path} becomes a named one, which lasts"));
            parts.volumes.push(path.to_owned());
        }
    }
}

fn health(draft: &mut Draft, run: &RunConfig, parts: &mut Parts) {
    let Some(own) = run.healthcheck.as_ref().filter(|_| parts.health_check.is_none()) else { return };
    let words: Vec<String> = own.test.clone().unwrap_or_default();
    if matches!(words.first().map(String::as_str), None | Some("" | "NONE")) {
        return;
    }
    let milliseconds = |nanoseconds: Option<i64>| nanoseconds.and_then(|time| u64::try_from(time / 1_000_000).ok());
    let times = probe::Times {
        interval: milliseconds(own.interval),
        timeout: milliseconds(own.timeout),
        starting: milliseconds(own.start_period),
        retries: own.retries.and_then(|retries| u64::try_from(retries).ok()),
    };
    match probe::check(&words, &times) {
        Some((check, why)) => {
            draft.remarks.tell(What::Becomes, None, format!("HEALTHCHECK becomes {}{why}", check.asks()));
            parts.health_check = Some(check);
        }
        None => draft.remarks.tell(
            What::LeftOut,
            None,
            "HEALTHCHECK is left out: Rancher runs no command, it asks a port; give --health-check PORT/path",
        ),
    }
}

/// The variables that a person may want to set: each is asked for, with the image's own value as the default.
fn variables(draft: &mut Draft, run: &RunConfig, parts: &Parts, service: &str) -> Vec<(String, String)> {
    let mut asked = Vec::new();
    let mut own = Vec::new();
    tell_more(draft, run.env.as_ref().map_or(0, Vec::len), "variables");
    for pair in run.env.iter().flatten().take(MOST) {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '-');
        if parts.environment.iter().any(|given| given.name == name) {
            continue;
        }
        if name.is_empty() || !name.chars().all(is_plain) {
            let name = if name.chars().count() > LONGEST { "…" } else { name };
            draft.remarks.tell(What::LeftOut, None, format!("the variable {name:?} is left out: that is no name"));
            continue;
        }
        // No name that YAML takes for a key is longer than that.
        if name.len() > LONGEST {
            let message = format!("a variable with a name of {} letters is left out", name.len());
            draft.remarks.tell(What::LeftOut, None, message);
            continue;
        }
        if is_own(name, value) || value.len() > LONGEST || value.chars().any(acts) {
            own.push(name);
            continue;
        }
        let question = variable_name(name);
        let place = Use { service, key: "environment", is_needed: false };
        if !holds_secret(name, value) && !secrets_in(value).is_empty() {
            draft.remarks.tell(What::Asked, None, format!("{name}: what looks like a secret in it is asked for"));
            asked.push((name.to_owned(), without_secrets(draft, service, ("environment", name), value)));
            continue;
        }
        if holds_secret(name, value) {
            draft.questions.ask_secret(&question, place);
            draft.remarks.tell(What::Asked, None, format!("{name} is asked for; what the image sets is not copied"));
        } else {
            draft.questions.ask(&question, Some(value), place);
            draft.questions.allow_blank(&question);
            draft.remarks.tell(What::Asked, None, format!("{name} is asked for, as the image sets it"));
        }
        asked.push((name.to_owned(), format!("${{{question}}}")));
    }
    if !own.is_empty() {
        draft.remarks.tell(What::LeftOut, None, format!("{}: left to the image", own.join(", ")));
    }
    asked
}
