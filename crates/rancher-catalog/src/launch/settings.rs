//! What is passed over without a word: stacks that will be empty, parts of a file that nobody looks at.

use super::fields::{self, Field};
use super::keys::{self, Shape};
use super::labels;
use super::layout::{Form, Part, is_section};
use super::made::{SIDEKICKS, Services, primaries};
use super::raw::{Kind, Raw, merged_entries};
use super::{Cause, File, Teller, Told};
use crate::yaml::{Node, NodeKind};

/// Says that nothing will be launched.
pub(super) fn nothing_launched<'a>(docker: Option<&'a Node>, rancher: Option<&'a Node>, told: &mut Vec<Told<'a>>) {
    let file = if docker.is_some() { File::Docker } else { File::Rancher };
    let Some(at) = docker.or(rancher) else { return };
    let at = at.entry("services").map_or(at, |(key, _)| key);
    let message = "there is no service: Rancher makes a stack with nothing in it".to_owned();
    told.push(Told { cause: Cause::NothingLaunched, file, at, message });
}

/// Tells of services that are never launched: the executor makes nothing of a sidekick but beside the service that lists it, and
/// so nothing of one whose only service is a sidekick itself, be it its own.
pub(super) fn never_launched<'a>(services: &Services<'a>, told: &mut Vec<Told<'a>>) {
    let primaries = primaries(services);
    for service in services.iter() {
        let Some(of) = primaries.get(service.name) else { continue };
        let Some(other) = of.first().filter(|_| of.iter().all(|name| primaries.contains_key(name))) else { continue };
        let message = if *other == service.name {
            format!("`{other}` is its own sidekick: Rancher launches neither it nor what else is beside it")
        } else {
            format!("`{}` is a sidekick of `{other}`, which is one itself: Rancher never launches it", service.name)
        };
        let label = services.get(other).and_then(|other| other.label(SIDEKICKS));
        match label {
            Some(label) => label.tell(Cause::NothingLaunched, told, message),
            None => service.tell(Cause::NothingLaunched, told, message),
        }
    }
}

/// Looks for keys that nobody reads.
pub(super) fn passed_over<'a>(part: &Part<'a>, teller: &mut Teller<'_, 'a>) {
    if part.form == Form::Two
        && let Some(root) = part.root
    {
        for (key, value) in merged_entries(root) {
            let is_known = is_section(key.text)
                || matches!(key.text, "version" | "catalog" | ".catalog")
                || key.text.starts_with("x-");
            if is_known {
                continue;
            }
            let looks = matches!(value.kind, NodeKind::Map(_)) && value.get("image").is_some();
            let what = if looks { "the service " } else { "" };
            let message = format!(
                "{what}`{}` stands beside `services`: in a file of version 2 Rancher never looks at it",
                key.text
            );
            teller.tell(Cause::PassedOver, key.at, message);
        }
    }
    for service in &part.services {
        for (key, value) in &service.keys {
            // What a health check holds has a rule of its own.
            if let Some(Shape::Fields(known)) = keys::shape(key.text, part.form).filter(|_| key.text != "health_check")
            {
                unread(key.text, value, known, teller);
            }
            if key.text == "labels" {
                for (key, value) in value.entries() {
                    labels::check(key.text, key.at, teller);
                    labels::truth(key.text, value.scalar_text().as_deref(), value.at, teller);
                }
                for item in value.items() {
                    if let Some(text) = item.text() {
                        let (name, value) = text.split_once('=').unwrap_or((text, ""));
                        labels::check(name.trim(), item.at, teller);
                        labels::truth(name.trim(), Some(value.trim()), item.at, teller);
                    }
                }
            }
        }
    }
}

fn unread<'a>(name: &str, value: &Raw<'a>, known: fields::Fields, teller: &mut Teller<'_, 'a>) {
    for (key, value) in value.entries() {
        let name = format!("{name}.{}", key.text);
        match known.iter().find(|(known, _)| *known == key.text) {
            None if !known.is_empty() => {
                teller.tell(Cause::PassedOver, key.at, format!("Rancher does not look at `{name}`"));
            }
            Some((_, Field::Fields(known))) => unread(&name, value, known, teller),
            Some((_, Field::FieldsList(known))) => {
                let maps = value.items().iter().filter(|item| matches!(item.kind, Kind::Map(_)));
                maps.for_each(|item| unread(&name, item, known, teller));
            }
            _ => {}
        }
    }
}
