//! What services say of each other. Who shares another one's network or volumes is its sidekick in Rancher: on the same host, and
//! started with it.

use std::collections::{BTreeSet, HashMap, HashSet};

use indexmap::{IndexMap, IndexSet};

use super::super::NewError;
use super::super::draft::SIDEKICKS;
use super::Services;
use super::layers::{Key, entries};
use super::reader::{Place, Reader};
use rancher_catalog::yaml::{Node, NodeKind};

/// Reads `depends_on`, of either form.
pub(super) fn depends_on(reader: &mut Reader<'_>, own: &str, at: &Node, value: &Node) {
    let mut others: Vec<&str> = value.items().iter().filter_map(Node::text).collect();
    let mut waits = Vec::new();
    for (name, held) in entries(value) {
        let name = name.text().unwrap_or_default();
        others.push(name);
        match held.get("condition").and_then(Node::text) {
            Some("service_healthy") => waits.push(format!("until {name} is healthy")),
            Some("service_completed_successfully") => waits.push(format!("until {name} has ended")),
            _ => {}
        }
    }
    let waiting = if waits.is_empty() { String::new() } else { format!(" It does not wait {}:", waits.join(", ")) };
    let more = if waits.is_empty() { "" } else { " let the program try again." };
    reader.left_out(
        at,
        format!(
            "`depends_on` is left out: Rancher starts services in no order; {own} reaches {} by name.{waiting}{more}",
            others.join(", ")
        ),
    );
    for other in others {
        alias(reader, own, other);
    }
}

/// Lets a service be reached by the name that it had.
fn alias(reader: &mut Reader<'_>, own: &str, other: &str) {
    let Some(new) = reader.names.get(other).cloned() else { return };
    if new != other && new != own {
        reader.service(own).add("links", format!("{new}:{other}"));
    }
}

/// Reads `links`.
///
/// # Errors
/// A dollar begins no variable.
pub(super) fn links(reader: &mut Reader<'_>, own: &str, key: &Key<'_>) -> Result<(), NewError> {
    for item in key.layers.iter().flat_map(|layer| layer.items()) {
        let place = Place { service: own, key: "links", is_needed: true, at: item.span.start };
        let text = reader.text(item, place)?;
        let (name, alias) = text.split_once(':').map_or((text.as_str(), None), |(name, alias)| (name, Some(alias)));
        let new = reader.renamed(name);
        let alias = alias.or((new != name).then_some(name));
        let link = alias.map_or_else(|| new.clone(), |alias| format!("{new}:{alias}"));
        reader.service(own).add("links", link);
    }
    Ok(())
}

/// Reads the networks of a service.
pub(super) fn networks(reader: &mut Reader<'_>, own: &str, value: &Node) {
    for (name, held) in entries(value) {
        let name = name.text().unwrap_or_default();
        for (key, value) in entries(held) {
            match key.text().unwrap_or_default() {
                "aliases" => {
                    let names: Vec<&str> =
                        value.items().iter().filter_map(Node::text).filter(|alias| *alias != own).collect();
                    if !names.is_empty() {
                        let link = format!("{own}:{}", names[0]);
                        reader.left_out(
                            key,
                            format!(
                                "the aliases {} are left out: give those who use them `links: ['{link}']`",
                                names.join(", ")
                            ),
                        );
                    }
                }
                other if other.starts_with("x-") => {}
                other => reader
                    .left_out(key, format!("`networks.{name}.{other}` is left out: Rancher gives addresses itself")),
            }
        }
    }
}

/// Reads what makes a service a sidekick of another one: `volumes_from`, and namespaces that are another one's.
///
/// # Errors
/// A dollar begins no variable.
pub(super) fn read(reader: &mut Reader<'_>, services: &Services<'_>, own: &str, key: &Key<'_>) -> Result<(), NewError> {
    let items: Vec<&Node> = match &key.value().kind {
        NodeKind::List(_) => key.layers.iter().flat_map(|layer| layer.items()).collect(),
        _ => vec![key.value()],
    };
    for item in items {
        let place = Place { service: own, key: key.name, is_needed: true, at: item.span.start };
        let text = reader.text(item, place)?;
        if key.name != "volumes_from" && !text.contains(':') {
            match (key.name, text.as_str()) {
                ("network_mode" | "net", "default") => {}
                ("network_mode" | "net", _) => reader.service(own).set("network_mode", text),
                (name, _) => reader.service(own).set(name, text),
            }
            continue;
        }
        let plain = text.strip_prefix("service:").or_else(|| text.strip_prefix("container:")).unwrap_or(&text);
        let (other, is_read_only) = match plain.split_once(':') {
            Some((other, mode)) => (other, mode == "ro"),
            None => (plain, false),
        };
        let is_there = services.by_name.contains_key(other);
        let new = reader.renamed(other);
        if !is_there || new == own || matches!(key.name, "pid" | "ipc") {
            let what = if matches!(key.name, "pid" | "ipc") {
                "Rancher shares no other namespaces than the network"
            } else {
                "it is no service of this file"
            };
            reader.left_out(item, format!("`{}: {text}` is left out: {what}", key.name));
            continue;
        }
        if is_read_only {
            reader.left_out(item, "`:ro` is left out: Rancher lets a sidekick write to all volumes");
        }
        if key.name == "volumes_from" {
            reader.service(own).add("volumes_from", new.clone());
        } else {
            reader.service(own).set("network_mode", format!("container:{new}"));
        }
        let name = if key.name == "volumes_from" { "volumes_from" } else { "network_mode" };
        reader.becomes(item, format!("{own} becomes a sidekick of {new}: it runs beside it on the same host"));
        reader.shares.push((own.to_owned(), new, name));
    }
    Ok(())
}

/// Makes sidekicks of those who share. A sidekick has one service that it belongs to, and none of its own.
pub(super) fn join(reader: &mut Reader<'_>) {
    let shares = std::mem::take(&mut reader.shares);
    let mut belongs: HashMap<&str, &str> = HashMap::new();
    for (own, other, _) in &shares {
        belongs.entry(own).or_insert(other);
    }
    let lists = reader.draft.services.values().filter_map(|service| service.label(SIDEKICKS));
    let mut listed: HashSet<String> =
        lists.flat_map(|list| list.split(',')).map(|name| name.trim().to_owned()).collect();
    let mut joined: IndexMap<&str, Vec<&str>> = IndexMap::new();
    for (own, other, _) in &shares {
        let primary = primary_of(other, &mut belongs);
        let is_known = reader.draft.services.contains_key(primary) && reader.draft.services.contains_key(own);
        if is_known && primary != own && listed.insert(own.clone()) {
            joined.entry(primary).or_default().push(own);
        }
    }
    for (primary, sidekicks) in joined {
        reader.service(primary).take_sidekicks(&sidekicks);
        // How many there are, its service says.
        for own in sidekicks {
            reader.service(own).rancher.remove("scale");
        }
    }
    mentions(reader);
}

/// Who belongs to a sidekick belongs to its service. Ways that were gone are made short, and circles are opened.
fn primary_of<'s>(name: &'s str, belongs: &mut HashMap<&'s str, &'s str>) -> &'s str {
    let mut way = IndexSet::new();
    let mut primary = name;
    while let Some(next) = belongs.get(primary).copied() {
        if !way.insert(primary) {
            belongs.remove(primary);
            break;
        }
        primary = next;
    }
    for name in way.into_iter().filter(|name| *name != primary) {
        belongs.insert(name, primary);
    }
    primary
}

/// A service whose name changed is reached by the old one too, by those that name it in their variables or command.
fn mentions(reader: &mut Reader<'_>) {
    let is_changed = |(old, new): (&&str, &String)| (**old != **new).then(|| (*old).to_owned());
    let changed: BTreeSet<String> = reader.names.iter().filter_map(is_changed).collect();
    if changed.is_empty() {
        return;
    }
    let mut found: Vec<(String, String)> = Vec::new();
    for (own, service) in &reader.draft.services {
        let texts = ["environment", "command", "entrypoint"].iter().filter_map(|key| service.docker.get(*key));
        let texts: Vec<String> = texts.map(rancher_catalog::yaml::document).collect();
        let named: BTreeSet<&str> = texts.iter().flat_map(|text| words(text)).collect();
        found.extend(named.into_iter().filter(|word| changed.contains(*word)).map(|old| (own.clone(), old.to_owned())));
    }
    for (own, old) in found {
        alias(reader, &own, &old);
    }
}

/// What may be the names of services in a text.
fn words(text: &str) -> impl Iterator<Item = &str> {
    let is_part = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-' | '.');
    text.split(move |c: char| !is_part(c)).filter(|word| !word.is_empty())
}
