//! Taking a compose file apart: its form, its services, its other sections (the executor's `CreateRawConfig`).

use std::collections::HashSet;

use super::raw::{Key, Kind, Raw, RawMap, Way, get, merged_entries};
use super::{Answers, Cause, File, Teller, fields, quoted};
use crate::yaml::{Node, NodeKind};

/// The two forms of a compose file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    /// Without a version: every key at the top is a service.
    One,
    /// With `version: '2'`.
    Two,
}

/// A service of one file.
#[derive(Debug, Clone)]
pub(super) struct RawService<'a> {
    pub name: &'a str,
    /// Its name's place.
    pub at: &'a Node,
    pub keys: RawMap<'a>,
}

/// What a file holds.
#[derive(Debug)]
pub(super) struct Part<'a> {
    pub form: Form,
    /// The root of the file, where there is one.
    pub root: Option<&'a Node>,
    pub services: Vec<RawService<'a>>,
    /// Of the second form: containers that belong to no service; nothing comes of them.
    pub containers: Vec<RawService<'a>>,
}

/// The sections whose entries become services, beside `services` itself.
const SERVICE_SECTIONS: [&str; 7] = [
    "load_balancers",
    "storage_drivers",
    "network_drivers",
    "virtual_machines",
    "external_services",
    "aliases",
    "containers",
];
/// All sections that a file of the second form is looked through for.
const SECTIONS: [&str; 13] = [
    "services",
    "containers",
    "load_balancers",
    "storage_drivers",
    "network_drivers",
    "virtual_machines",
    "external_services",
    "aliases",
    "dependencies",
    "volumes",
    "networks",
    "secrets",
    "hosts",
];

/// Whether a file of the second form is looked through for a section.
pub fn is_section(name: &str) -> bool {
    SECTIONS.contains(&name)
}

/// Whether the entries of a section become services.
pub fn holds_services(name: &str) -> bool {
    name == "services" || SERVICE_SECTIONS.contains(&name)
}

/// Whether variables are replaced in a section of the second form.
pub fn is_interpolated(name: &str) -> bool {
    holds_services(name) || matches!(name, "volumes" | "networks")
}

type Entries<'a> = Vec<(Key<'a>, &'a Node)>;

/// Reads a file. `None` where its version is not understood.
pub(super) fn read<'a>(root: Option<&'a Node>, answers: &Answers, teller: &mut Teller<'_, 'a>) -> Option<Part<'a>> {
    let mut part = Part { form: Form::One, root, services: Vec::new(), containers: Vec::new() };
    let Some(root) = root.filter(|root| !is_null(root)) else { return Some(part) };
    if !matches!(root.kind, NodeKind::Map(_)) {
        teller.tell(Cause::Layout, root, "the file is no map of keys: Rancher cannot read it");
        return None;
    }
    let entries = merged_entries(root);
    part.form = form(&entries, teller)?;
    let mut sections: Vec<(&str, Entries<'a>)> = Vec::new();
    for name in SECTIONS {
        if name == "services" && part.form == Form::One {
            // What it holds is looked at as the keys of a service of that name.
            continue;
        }
        let mut held: Option<Entries<'a>> = None;
        let mut all = Vec::new();
        each(root, &mut |key, value| {
            if key.text == name {
                all.push((key.at, value));
            }
        });
        for (key, node) in all {
            match &node.kind {
                NodeKind::Map(_) => {
                    if holds_services(name) {
                        each(node, &mut |key, value| _ = is_service(key, value, teller));
                    }
                    laid_on(&mut held, merged_entries(node));
                }
                _ if is_null(node) => held = None,
                // That is told where catalog-service reads it.
                _ if teller.file == File::Rancher && name == "services" => {}
                _ => {
                    teller.tell(Cause::Layout, key, format!("`{name}` holds {}; it must be a map of names", says(node)))
                }
            }
        }
        sections.extend(held.map(|held| (name, held)));
    }
    if part.form == Form::One {
        let services: Entries<'a> = entries.iter().filter(|(key, _)| key.text != ".catalog").cloned().collect();
        if let Some((_, node)) = entries.iter().find(|(key, _)| key.text == ".catalog")
            && !matches!(node.kind, NodeKind::Map(_))
            && !is_null(node)
        {
            teller.tell(Cause::Layout, node, "`.catalog` must be a map of keys");
        }
        each(root, &mut |key, value| {
            if key.text != ".catalog" {
                is_service(key, value, teller);
            }
        });
        part.services = take(&services, &[], answers, teller);
        // Beside the block of the older form an empty one of the newer is a service of that name.
        let empty = services.iter().find(|(key, node)| key.text == "catalog" && is_null(node));
        if let Some((key, _)) = empty.filter(|_| teller.file == File::Rancher && services.len() < entries.len()) {
            part.services.push(RawService { name: key.text, at: key.at, keys: Vec::new() });
        }
    } else if let Some((_, services)) = sections.iter().find(|(name, _)| *name == "services") {
        part.services = take(services, &[], answers, teller);
    }
    for name in SERVICE_SECTIONS {
        let Some((_, entries)) = sections.iter().find(|(section, _)| *section == name) else { continue };
        if name == "containers" {
            part.containers = take(entries, &[], answers, teller);
        } else {
            let more = special(name, entries, answers, teller);
            part.services.retain(|service| !more.iter().any(|other| other.name == service.name));
            part.services.extend(more);
        }
    }
    for (name, section) in [
        ("dependencies", fields::DEPENDENCY),
        ("volumes", fields::VOLUME),
        ("networks", fields::NETWORK),
        ("secrets", fields::SECRET),
        ("hosts", fields::HOST),
    ] {
        let Some((_, entries)) = sections.iter().find(|(section, _)| *section == name) else { continue };
        let way = Way { filled: is_interpolated(name), merges: true, ..Way::default() };
        for (key, node) in entries {
            let value = Raw::of(node, way, answers, teller);
            fields::check_entry(name, key, &value, section, teller);
        }
    }
    Some(part)
}

/// Goes through all that stands in a map, what comes of it or not, in the order in which go-yaml reads it: what `<<` merges
/// too.
fn each<'a>(map: &'a Node, take: &mut impl FnMut(Key<'a>, &'a Node)) {
    for (key, value) in map.entries() {
        let NodeKind::Scalar { value: typed, text, plain } = &key.kind else { continue };
        match &value.kind {
            NodeKind::List(items) if *plain && text == "<<" => items.iter().rev().for_each(|item| each(item, take)),
            _ if *plain && text == "<<" => each(value, take),
            _ => take(Key { text, is_text: typed.is_text(), at: key }, value),
        }
    }
}

/// Whether something has the kind of a service; where it has not, Rancher cannot read the file, be there another of its name.
fn is_service<'a>(key: Key<'a>, node: &'a Node, teller: &mut Teller<'_, 'a>) -> bool {
    let is_map = matches!(node.kind, NodeKind::Map(_));
    // That the catalog block is none is told where catalog-service reads it.
    if !is_map && teller.file == File::Rancher && key.text == "catalog" {
        return false;
    }
    if !is_map && !is_null(node) {
        let message = format!("the service `{}` holds {}; it must be a map of keys", key.text, says(node));
        teller.tell(Cause::Layout, key.at, message);
        return false;
    }
    true
}

/// A section that stands twice is read as one: of equal names the last counts.
fn laid_on<'a>(held: &mut Option<Entries<'a>>, more: Entries<'a>) {
    let Some(held) = held else {
        *held = Some(more);
        return;
    };
    let names: HashSet<&str> = more.iter().map(|(key, _)| key.text).collect();
    held.retain(|(key, _)| !names.contains(key.text));
    held.extend(more);
}

/// The form of a file, by the text of its version.
fn form<'a>(entries: &Entries<'a>, teller: &mut Teller<'_, 'a>) -> Option<Form> {
    let services = entries.iter().find(|(key, _)| key.text == "services");
    let version = entries.iter().find(|(key, _)| key.text == "version");
    let absent = |teller: &mut Teller<'_, 'a>| {
        let Some((key, _)) = services else { return Some(Form::One) };
        let message =
            "the file has no version, so Rancher takes `services` for the name of a service: add `version: '2'`";
        teller.tell(Cause::FormVersion, key.at, message);
        None
    };
    let Some((key, node)) = version else { return absent(teller) };
    let NodeKind::Scalar { text, .. } = &node.kind else {
        teller.tell(Cause::FormVersion, key.at, "`version` must be the text '2', or be left out");
        return None;
    };
    if is_null(node) {
        return absent(teller);
    }
    match text.as_str() {
        "2" => Some(Form::Two),
        // That is told where catalog-service reads it.
        _ if teller.file == File::Rancher => None,
        "3" => {
            teller.tell(Cause::FormVersion, node, "Rancher does not support version 3 of compose files: write '2'");
            None
        }
        other => {
            let message = format!("Rancher does not know the version {}: only '2', or none at all", quoted(other));
            teller.tell(Cause::FormVersion, node, message);
            None
        }
    }
}

/// Takes services, without some keys.
fn take<'a>(
    entries: &Entries<'a>,
    without: &[&str],
    answers: &Answers,
    teller: &mut Teller<'_, 'a>,
) -> Vec<RawService<'a>> {
    let mut services = Vec::with_capacity(entries.len());
    for (key, node) in entries {
        if !is_service(key.clone(), node, teller) {
            continue;
        }
        let keys = merged_entries(node).into_iter().filter(|(key, _)| !without.contains(&key.text));
        let keys = keys.map(|(key, value)| {
            let way = Way {
                filled: true,
                texts: matches!(key.text, "environment" | "labels"),
                numbers: fields::is_ranchers_own(key.text),
                merges: fields::is_ranchers_own(key.text) || matches!(key.text, "logging" | "log_opt"),
            };
            (key, Raw::of(value, way, answers, teller))
        });
        // Of a key that is nothing Go makes an empty text.
        let name = if is_null(key.at) { "" } else { key.text };
        services.push(RawService { name, at: key.at, keys: keys.collect() });
    }
    services
}

/// Services of a section of their own, made into plain ones.
fn special<'a>(
    section: &str,
    entries: &Entries<'a>,
    answers: &Answers,
    teller: &mut Teller<'_, 'a>,
) -> Vec<RawService<'a>> {
    let (into, known): (&str, fields::Fields) = match section {
        "load_balancers" => ("lb_config", fields::BALANCER),
        "storage_drivers" => ("storage_driver", fields::STORAGE_DRIVER),
        "network_drivers" => ("network_driver", fields::NETWORK_DRIVER),
        _ => ("", &[]),
    };
    // An alias of nothing is left out, whatever else it holds.
    let names_services = |node: &Node| merged_entries(node).iter().any(|(key, _)| key.text == "services");
    let made = entries.iter().filter(|(_, node)| section != "aliases" || names_services(node)).cloned().collect();
    // What Rancher puts something else in the place of is looked at by nobody.
    let replaced: &[&str] = match section {
        "external_services" => &["image"],
        "aliases" => &["image", "links"],
        _ => &[],
    };
    let mut services = take(&made, replaced, answers, teller);
    for service in &mut services {
        let node = entries.iter().find(|(key, _)| key.text == service.name).map_or(service.at, |(_, node)| *node);
        let way = Way { filled: true, numbers: true, texts: false, merges: true };
        let moved: RawMap<'a> = merged_entries(node)
            .into_iter()
            .filter(|(key, _)| !into.is_empty() && known.iter().any(|(name, _)| *name == key.text))
            .map(|(key, value)| (key, Raw::of(value, way, answers, teller)))
            .collect();
        if !moved.is_empty() {
            let key = Key { text: into_key(into), is_text: true, at: service.at };
            match service.keys.iter_mut().find(|(key, _)| key.text == into) {
                Some((_, Raw { kind: Kind::Map(entries), .. })) => {
                    entries.retain(|(key, _)| get(&moved, key.text).is_none());
                    entries.extend(moved);
                }
                Some((_, value)) => {
                    let message = format!("`{into}` holds {}; it must be a map of keys", value.says());
                    teller.tell(Cause::ValueKind, value.at, message);
                }
                None => service.keys.push((key, Raw { kind: Kind::Map(moved), at: service.at })),
            }
        }
        let alias = |text: &'static str, name: &'static str| {
            let key = Key { text: name, is_text: true, at: service.at };
            (key, Raw { kind: Kind::Text(text.into()), at: service.at })
        };
        match section {
            "external_services" if is_null(node) => {
                teller.tell(Cause::Layout, service.at, "an external service holds nothing");
            }
            "external_services" => {
                service.keys.push(alias("rancher/external-service", "image"));
            }
            "aliases" => {
                service.keys.push(alias("rancher/dns-service", "image"));
                if let Some((key, _)) = service.keys.iter_mut().find(|(key, _)| key.text == "services") {
                    key.text = "links";
                }
            }
            _ => {}
        }
    }
    services
}

fn into_key(name: &str) -> &'static str {
    match name {
        "lb_config" => "lb_config",
        "storage_driver" => "storage_driver",
        _ => "network_driver",
    }
}

pub(super) fn is_null(node: &Node) -> bool {
    node.is_null()
}

fn says(node: &Node) -> &'static str {
    match node.kind {
        NodeKind::List(_) => "a list",
        NodeKind::Map(_) => "a map",
        NodeKind::Scalar { .. } => "a single value",
    }
}
