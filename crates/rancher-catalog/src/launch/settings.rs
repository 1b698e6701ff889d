//! What is passed over without a word: stacks that will be empty, parts of a file that nobody looks at.

use super::fields::{self, Field};
use super::keys::{self, Shape};
use super::labels;
use super::layout::{Form, Part, is_section};
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
                value.entries().iter().for_each(|(key, _)| labels::check(key.text, key.at, teller));
                for item in value.items() {
                    if let Some(text) = item.text() {
                        labels::check(text.split('=').next().unwrap_or_default().trim(), item.at, teller);
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
