//! Holding the services of a file against the keys of its form, and laying a service over the one that it extends.

use std::collections::HashMap;

use super::layout::{Form, Part, RawService};
use super::raw::{Kind, Raw, RawMap, get};
use super::{Cause, Teller, keys, quoted, retyped, shape};

/// The most services that extend each other in a row and are looked at; Rancher has no such limit.
const DEEPEST: usize = 100;

/// Looks at the services of a file, and gives them as they are with what they extend.
pub(super) fn checked<'a>(mut part: Part<'a>, teller: &mut Teller<'_, 'a>) -> Part<'a> {
    for service in part.services.iter().chain(part.containers.iter().filter(|_| part.form == Form::Two)) {
        check(service, part.form, teller);
    }
    if part.form == Form::One {
        part.containers.clear();
    }
    for services in [&mut part.services, &mut part.containers] {
        let extends =
            |service: &RawService<'_>| get(&service.keys, "extends").is_some_and(|e| e.get("service").is_some());
        if !services.iter().any(extends) {
            services.iter().for_each(|service| files(&service.keys, teller));
            continue;
        }
        let by_name: HashMap<&str, &RawService<'a>> = services.iter().map(|service| (service.name, service)).collect();
        let extended: Vec<RawMap<'a>> = services
            .iter()
            .map(|service| extended(service, &by_name, &mut vec![service.name], teller).unwrap_or_default())
            .collect();
        for (service, keys) in services.iter_mut().zip(extended) {
            if !keys.is_empty() {
                service.keys = keys;
            }
        }
    }
    part
}

fn check<'a>(service: &RawService<'a>, form: Form, teller: &mut Teller<'_, 'a>) {
    let is_name = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
    if service.name.is_empty() || !service.name.chars().all(is_name) {
        let why = if service.name.contains('$') { "; variables are not filled in there" } else { "" };
        let message = format!(
            "{} is no name for a service: it holds letters, digits and single hyphens{why}",
            quoted(service.name)
        );
        teller.tell(Cause::ServiceName, service.at, message);
    }
    let unknown = |key: &str| keys::shape(key, form).is_none();
    if matches!(service.name, "catalog" | ".catalog") && service.keys.iter().any(|(key, _)| unknown(key.text)) {
        let message = if form == Form::One {
            "without a version Rancher takes `catalog` for the name of a service: write `.catalog`, or add `version: '2'`"
        } else {
            "Rancher takes this for the name of a service: the catalog block stands beside `services`, not in it"
        };
        teller.tell(Cause::FormVersion, service.at, message);
        return;
    }
    for (key, value) in &service.keys {
        match keys::shape(key.text, form) {
            Some(known) => {
                shape::check(key, value, known, teller);
                retyped::tell(key.text, value, teller);
            }
            None => teller.tell(Cause::UnknownKey, key.at, keys::not_taken(key.text, form)),
        }
    }
    if let Some((key, _)) = service.keys.iter().find(|(key, _)| key.text == "memswap_limit")
        && get(&service.keys, "mem_limit").is_none()
    {
        teller.tell(Cause::KeyAlone, key.at, "`memswap_limit` needs `mem_limit` beside it");
    }
}

/// Files that stand in a service: the server has none.
fn files<'a>(keys: &RawMap<'a>, teller: &mut Teller<'_, 'a>) {
    let Some(value) = get(keys, "env_file") else { return };
    let is_none = matches!(&value.kind, Kind::List(items) if items.is_empty());
    if !is_none {
        let message = "`env_file` names a file that Rancher does not have: write what it holds to `environment`";
        teller.tell(Cause::FileNotThere, value.at, message);
    }
}

fn extended<'a>(
    service: &RawService<'a>,
    by_name: &HashMap<&str, &RawService<'a>>,
    path: &mut Vec<&'a str>,
    teller: &mut Teller<'_, 'a>,
) -> Option<RawMap<'a>> {
    files(&service.keys, teller);
    let Some(extends) = get(&service.keys, "extends") else { return Some(service.keys.clone()) };
    let text = |key: &str| extends.get(key).and_then(Raw::text).unwrap_or_default();
    let (name, file) = (text("service"), text("file"));
    if name.is_empty() {
        return Some(service.keys.clone());
    }
    if !file.is_empty() {
        let message = "`extends` names a file that Rancher does not have: write out what it holds";
        teller.tell(Cause::FileNotThere, extends.at, message);
        return None;
    }
    let Some(base) = by_name.get(name) else {
        teller.tell(Cause::Reference, extends.at, format!("there is no service `{name}` to extend"));
        return None;
    };
    if path.contains(&base.name) {
        teller.tell(Cause::Circle, extends.at, format!("`{name}` extends itself, or by way of others"));
        return None;
    }
    if path.len() >= DEEPEST {
        return None;
    }
    path.push(base.name);
    let under = extended(base, by_name, path, teller);
    path.pop();
    let mut under = under?;
    for key in ["links", "volumes_from"] {
        if get(&under, key).is_some() {
            let message = format!("`{name}` has `{key}`: a service that has them cannot be extended");
            teller.tell(Cause::Conflict, extends.at, message);
        }
    }
    for (key, value) in &service.keys {
        match key.text {
            "image" => under.retain(|(key, _)| key.text != "build"),
            "build" => under.retain(|(key, _)| key.text != "image"),
            _ => {}
        }
        match under.iter_mut().find(|(known, _)| known.text == key.text) {
            Some((_, known)) => *known = laid_over(known, value),
            None => under.push((key.clone(), value.clone())),
        }
    }
    Some(under)
}

/// Lists are joined, maps are joined key by key, and of anything else the upper one counts.
fn laid_over<'a>(under: &Raw<'a>, over: &Raw<'a>) -> Raw<'a> {
    match (&under.kind, &over.kind) {
        (Kind::List(a), Kind::List(b)) => {
            let items = a.iter().chain(b).cloned().collect();
            Raw { kind: Kind::List(items), at: over.at }
        }
        (Kind::Map(a), Kind::Map(b)) => {
            let only = a.iter().filter(|(key, _)| !b.iter().any(|(other, _)| other.text == key.text));
            Raw { kind: Kind::Map(only.chain(b).cloned().collect()), at: over.at }
        }
        _ => over.clone(),
    }
}
