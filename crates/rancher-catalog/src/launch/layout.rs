//! Taking a compose file apart: its form, its services, its other sections (the executor's `CreateRawConfig`).

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
        let Some((key, node)) = entries.iter().find(|(key, _)| key.text == name) else { continue };
        if name == "services" && part.form == Form::One {
            // What it holds is looked at as the keys of a service of that name.
            continue;
        }
        match &node.kind {
            NodeKind::Map(_) => sections.push((name, merged_entries(node))),
            _ if is_null(node) => {}
            // That is told where catalog-service reads it.
            _ if teller.file == File::Rancher && name == "services" => {}
            _ => {
                teller.tell(Cause::Layout, key.at, format!("`{name}` holds {}; it must be a map of names", says(node)))
            }
        }
    }
    if part.form == Form::One {
        let services: Entries<'a> = entries.iter().filter(|(key, _)| key.text != ".catalog").cloned().collect();
        if let Some((_, node)) = entries.iter().find(|(key, _)| key.text == ".catalog")
            && !matches!(node.kind, NodeKind::Map(_))
            && !is_null(node)
        {
            teller.tell(Cause::Layout, node, "`.catalog` must be a map of keys");
        }
        part.services = take(&services, answers, teller);
        // Beside the block of the older form an empty one of the newer is a service of that name.
        let empty = services.iter().find(|(key, node)| key.text == "catalog" && is_null(node));
        if let Some((key, _)) = empty.filter(|_| teller.file == File::Rancher && services.len() < entries.len()) {
            part.services.push(RawService { name: key.text, at: key.at, keys: Vec::new() });
        }
    } else if let Some((_, services)) = sections.iter().find(|(name, _)| *name == "services") {
        part.services = take(services, answers, teller);
    }
    for name in SERVICE_SECTIONS {
        let Some((_, entries)) = sections.iter().find(|(section, _)| *section == name) else { continue };
        if name == "containers" {
            part.containers = take(entries, answers, teller);
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

fn take<'a>(entries: &Entries<'a>, answers: &Answers, teller: &mut Teller<'_, 'a>) -> Vec<RawService<'a>> {
    let mut services = Vec::with_capacity(entries.len());
    for (key, node) in entries {
        let is_map = matches!(node.kind, NodeKind::Map(_));
        // That the catalog block is none is told where catalog-service reads it.
        if !is_map && teller.file == File::Rancher && key.text == "catalog" {
            continue;
        }
        if !is_map && !is_null(node) {
            let message = format!("the service `{}` holds {}; it must be a map of keys", key.text, says(node));
            teller.tell(Cause::Layout, key.at, message);
            continue;
        }
        let keys = merged_entries(node).into_iter().map(|(key, value)| {
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
    let mut services = take(entries, answers, teller);
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
                service.keys.retain(|(key, _)| key.text != "image");
                let image = alias("rancher/external-service", "image");
                service.keys.push(image);
            }
            "aliases" => {
                let image = alias("rancher/dns-service", "image");
                service.keys.retain(|(key, _)| !matches!(key.text, "image" | "links"));
                service.keys.push(image);
                if let Some((key, _)) = service.keys.iter_mut().find(|(key, _)| key.text == "services") {
                    key.text = "links";
                }
            }
            _ => {}
        }
    }
    if section == "aliases" {
        // An alias of nothing is left out.
        services.retain(|service| get(&service.keys, "links").is_some());
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
