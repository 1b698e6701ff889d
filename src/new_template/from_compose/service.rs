//! One service of a compose file, key by key.

use serde_yaml::{Mapping, Value};

use super::super::NewError;
use super::super::draft::START_ONCE;
use super::super::secret_text::{is_option, option};
use super::super::wishes::Named;
use super::keys::{NOTHING, Shape, instead, shape};
use super::layers::{Key, entries, laid};
use super::probe::milliseconds;
use super::reader::{Place, Reader};
use super::{Services, deploy, environment, healthcheck, image, ports, shared, volumes};
use catalog_check::is_it;
use rancher_catalog::model::label_names;
use rancher_catalog::schema::service_keys;
use rancher_catalog::yaml::{Node, NodeKind, Typed};

/// So many services may extend each other.
const DEEPEST: usize = 16;

/// Reads a service into the draft.
///
/// # Errors
/// A dollar begins no variable.
pub(super) fn read(
    reader: &mut Reader<'_>,
    services: &Services<'_>,
    name: &Node,
    node: &Node,
    images: &[Named],
    profiles: &[String],
) -> Result<(), NewError> {
    let old = name.text().unwrap_or_default();
    let own = reader.renamed(old);
    let mut layers = Vec::new();
    extended(reader, services, node, &mut layers);
    reader.count(layers.iter().map(|layer| size(layer)).sum(), name.span.start)?;
    let keys = laid(&layers);
    let key = |name: &str| keys.iter().find(|key| key.name == name);
    if let Some(of) = key("profiles") {
        let named: Vec<&str> = of.value().items().iter().filter_map(Node::text).collect();
        if !named.is_empty() && !named.iter().any(|name| profiles.iter().any(|wanted| wanted == name)) {
            let profile = named[0];
            reader.left_out(
                of.at,
                format!(
                    "the service {old} is left out: it is of the profile {profile}; `--profile {profile}` takes it in"
                ),
            );
            return Ok(());
        }
    }
    if own != old {
        reader.becomes(
            name,
            format!("the service {old} becomes {own}: Rancher's names are of letters, digits and single hyphens"),
        );
    }
    reader.service(&own).place = Some(name.span.start);
    image::read(reader, &own, old, name, &keys, images)?;
    environment::read(reader, &own, key("env_file"), key("environment"))?;
    for key in &keys {
        reader.service(&own).places.insert(key.name.to_owned(), key.at.span.start);
        one(reader, services, &own, key)?;
    }
    reader.service(&own).complete();
    Ok(())
}

/// How many values there are in one.
fn size(node: &Node) -> usize {
    match &node.kind {
        NodeKind::Scalar { .. } => 1,
        NodeKind::List(items) => 1 + items.iter().map(size).sum::<usize>(),
        NodeKind::Map(entries) => 1 + entries.iter().map(|(_, value)| size(value)).sum::<usize>(),
    }
}

/// A service and those that it extends, the first of them first.
fn extended<'a>(reader: &mut Reader<'_>, services: &Services<'a>, node: &'a Node, layers: &mut Vec<&'a Node>) {
    layers.insert(0, node);
    let Some((key, extends)) = entries(node).into_iter().find(|(key, _)| key.text() == Some("extends")) else { return };
    let named = extends.get("service").or(Some(extends)).and_then(Node::text).unwrap_or_default();
    if let Some(file) = extends.get("file").and_then(Node::text) {
        reader.left_out(
            key,
            format!("`extends` is left out: write what `{named}` of {file} has into this file, and run again"),
        );
        return;
    }
    match services.by_name.get(named) {
        Some(base) if layers.len() < DEEPEST && !layers.iter().any(|layer| std::ptr::eq(*layer, *base)) => {
            reader.becomes(key, format!("`extends`: what {named} has stands in the service itself"));
            extended(reader, services, base, layers);
        }
        Some(_) => reader.left_out(key, format!("`extends` is left out: {named} leads back, or too far")),
        None => reader.left_out(key, format!("`extends` is left out: there is no service {named}")),
    }
}

fn one(reader: &mut Reader<'_>, services: &Services<'_>, own: &str, key: &Key<'_>) -> Result<(), NewError> {
    let (value, at) = (key.value(), key.at);
    if value.is_null() && !matches!(key.name, "image" | "build" | "environment") {
        return Ok(());
    }
    let place = Place { service: own, key: key.name, is_needed: true, at: value.span.start };
    match key.name {
        "image" | "build" | "environment" | "env_file" | "extends" | "profiles" => {}
        "command" | "entrypoint" => command(reader, own, key)?,
        "ports" | "expose" => port_list(reader, own, key)?,
        "volumes" => volumes::read(reader, own, key)?,
        "labels" => labels(reader, own, key)?,
        "deploy" => deploy::read(reader, own, value)?,
        "scale" => {
            if deploy::scale(reader, own, "scale", value)? {
                reader.becomes(at, "`scale` goes into rancher-compose.yml");
            }
        }
        "cpus" => deploy::cpus(reader, own, at, value, "`cpus`"),
        "healthcheck" => healthcheck::read(reader, own, at, value)?,
        "restart" => restart(reader, own, at, value)?,
        "depends_on" => shared::depends_on(reader, own, at, value),
        "links" => shared::links(reader, own, key)?,
        "volumes_from" | "network_mode" | "net" | "pid" | "ipc" => shared::read(reader, services, own, key)?,
        "networks" => shared::networks(reader, own, value),
        "secrets" => secrets(reader, own, value),
        "extra_hosts" => extra_hosts(reader, own, key)?,
        "logging" | "log_driver" | "log_opt" => logging(reader, own, key)?,
        "pull_policy" => match reader.fixed(key.name, value).as_str() {
            "always" => {
                reader.service(own).put("labels", label_names::PULL_IMAGE, "always");
                reader.becomes(at, format!("pull_policy: always becomes the label {}", label_names::PULL_IMAGE));
            }
            _ => reader.left_out(at, "`pull_policy` is left out: Rancher's hosts pull what they have not"),
        },
        "stop_grace_period" => match milliseconds(&reader.filled(value)) {
            Some(_) => {
                let text = reader.text(value, place)?;
                let text = if text.bytes().all(|byte| byte.is_ascii_digit()) { format!("{text}s") } else { text };
                reader.service(own).set(key.name, text);
            }
            None => reader.left_out(at, format!("`stop_grace_period` is left out: {}", instead(key.name))),
        },
        name if name.starts_with("x-") => {}
        name => match shape(name) {
            Some(shape) => by_shape(reader, own, key, shape)?,
            None => {
                let why = instead(name);
                let known = service_keys().iter().map(String::as_str).filter(|_| why == NOTHING);
                reader.left_out(at, format!("`{name}` is left out: {why}{}", is_it(known, name)));
            }
        },
    }
    Ok(())
}

fn by_shape(reader: &mut Reader<'_>, own: &str, key: &Key<'_>, shape: Shape) -> Result<(), NewError> {
    let (name, value) = (key.name, key.value());
    let place = Place { service: own, key: name, is_needed: true, at: value.span.start };
    match shape {
        Shape::Text => {
            let text = reader.text(value, place)?;
            reader.service(own).set(name, text);
        }
        Shape::Number => {
            let text = reader.text(value, place)?;
            let number = text.parse::<i64>().map_or_else(|_| Value::from(text.clone()), Value::from);
            reader.service(own).set(name, number);
        }
        Shape::Bool | Shape::Whole => {
            let text = reader.fixed(name, value);
            let truth = match text.as_str() {
                "true" | "yes" | "on" | "True" => Some(true),
                "false" | "no" | "off" | "False" => Some(false),
                _ => None,
            };
            let set = match shape {
                Shape::Bool => truth.map(Value::from),
                _ => text.parse::<i64>().ok().map(Value::from),
            };
            match set {
                Some(set) => reader.service(own).set(name, set),
                None => {
                    reader.left_out(value, format!("`{name}` is left out: {text:?} is none that Rancher takes there"))
                }
            }
        }
        Shape::Texts => {
            for layer in &key.layers {
                let items = if let NodeKind::List(items) = &layer.kind {
                    items.as_slice()
                } else {
                    std::slice::from_ref(*layer)
                };
                for item in items {
                    let text = reader.text(item, place)?;
                    reader.service(own).add(name, text);
                }
            }
        }
        Shape::Pairs => {
            for layer in &key.layers {
                for (of, value, at) in environment::pairs(layer) {
                    let place = Place { at: at.span.start, ..place };
                    let text = reader.converted_of(&of, &value.unwrap_or_default(), place)?;
                    reader.service(own).put(name, &of, text);
                }
            }
        }
        Shape::Limits => {
            for layer in &key.layers {
                for (of, limit) in entries(layer) {
                    let of = of.text().unwrap_or_default();
                    let limit = limits(reader, &format!("{name}.{of}"), limit);
                    reader.service(own).put(name, of, limit);
                }
            }
        }
        Shape::Ranchers => {
            let value = of_rancher(reader, "", value, place)?;
            reader.service(own).rancher.insert(name.into(), value);
            reader.becomes(key.at, format!("`{name}` goes into rancher-compose.yml"));
        }
    }
    Ok(())
}

/// A value of Rancher's own as it stands, with its variables.
fn of_rancher(reader: &mut Reader<'_>, name: &str, value: &Node, place: Place<'_>) -> Result<Value, NewError> {
    Ok(match &value.kind {
        NodeKind::List(items) => {
            let items: Result<Vec<Value>, NewError> =
                items.iter().map(|item| of_rancher(reader, name, item, place)).collect();
            items?.into()
        }
        NodeKind::Map(_) => {
            let mut map = Mapping::new();
            for (key, value) in entries(value) {
                let name = key.text().unwrap_or_default();
                let value = of_rancher(reader, name, value, place)?;
                map.insert(name.into(), value);
            }
            map.into()
        }
        NodeKind::Scalar { text, .. } => match reader.text_of(name, value, place)? {
            same if same == *text || value.is_null() => value.to_value(),
            other => other.into(),
        },
    })
}

fn limits(reader: &mut Reader<'_>, name: &str, limit: &Node) -> Value {
    let mut number = |name: &str, node: &Node| {
        let text = reader.fixed(name, node);
        text.parse::<i64>().map_or_else(|_| Value::from(text), Value::from)
    };
    match &limit.kind {
        NodeKind::Map(_) => {
            let pairs = entries(limit).into_iter().map(|(key, value)| (key.text().unwrap_or_default(), value));
            Value::Mapping(pairs.map(|(key, value)| (key.into(), number(&format!("{name}.{key}"), value))).collect())
        }
        _ => number(name, limit),
    }
}

fn command(reader: &mut Reader<'_>, own: &str, key: &Key<'_>) -> Result<(), NewError> {
    let value = key.value();
    let place = Place { service: own, key: key.name, is_needed: false, at: value.span.start };
    let command: Value = match &value.kind {
        NodeKind::List(items) => {
            let mut texts = Vec::new();
            let mut named = None;
            for item in items {
                let written = item.text().unwrap_or_default();
                // What stands behind `--token` is one, but for another option.
                let name = named.take().filter(|_| !is_option(written)).unwrap_or_default();
                texts.push(Value::from(reader.text_of(name, item, place)?));
                named = option(written);
            }
            texts.into()
        }
        _ => reader.text(value, place)?.into(),
    };
    let is_empty = match &command {
        Value::Sequence(items) => items.is_empty(),
        other => other.as_str().is_none_or(|text| text.trim().is_empty()),
    };
    if is_empty {
        reader.left_out(key.at, format!("`{}` is left out: it is empty, and Rancher takes the image's own", key.name));
    } else {
        reader.service(own).set(key.name, command);
    }
    Ok(())
}

fn port_list(reader: &mut Reader<'_>, own: &str, key: &Key<'_>) -> Result<(), NewError> {
    let name = key.name;
    for item in key.layers.iter().flat_map(|layer| layer.items()) {
        let place = Place { service: own, key: name, is_needed: true, at: item.span.start };
        let text = if ports::is_long(item) {
            let (short, others) = match ports::short(item) {
                Ok(short) => short,
                Err(why) => {
                    reader.left_out(item, format!("{why}: it is left out"));
                    continue;
                }
            };
            for other in others {
                reader.left_out(item, format!("`{other}` of the port {short} is left out: Rancher publishes on the host that a container is on"));
            }
            if ports::has_range_of_variables(&short) {
                reader.fixed_text(name, &short, item)
            } else {
                reader.converted(&short, place)?
            }
        } else if ports::has_range_of_variables(item.text().unwrap_or_default()) {
            reader.fixed(name, item)
        } else {
            reader.text(item, place)?
        };
        match ports::each(&text) {
            ports::Ports::Each(ports) => {
                reader.count(ports.len(), item.span.start)?;
                if ports.len() > 1 {
                    reader.becomes(
                        item,
                        format!("the range {text} becomes {} ports, as Rancher takes no ranges", ports.len()),
                    );
                }
                ports.into_iter().for_each(|port| reader.service(own).add(name, port));
            }
            ports::Ports::None(why) => reader.left_out(item, format!("the port {text} is left out: {why}")),
        }
    }
    Ok(())
}

fn labels(reader: &mut Reader<'_>, own: &str, key: &Key<'_>) -> Result<(), NewError> {
    for layer in &key.layers {
        for (name, value, at) in environment::pairs(layer) {
            let place = Place { service: own, key: "labels", is_needed: false, at: at.span.start };
            let text = reader.converted_of(&name, &value.unwrap_or_default(), place)?;
            reader.service(own).put("labels", &name, text);
        }
    }
    Ok(())
}

fn restart(reader: &mut Reader<'_>, own: &str, at: &Node, value: &Node) -> Result<(), NewError> {
    let is_false = matches!(value.kind, NodeKind::Scalar { value: Typed::Bool(false), .. });
    let text = reader.fixed("restart", value);
    match text.as_str() {
        _ if is_false || text == "no" => {
            reader.service(own).put("labels", START_ONCE, "true");
            reader.becomes(
                at,
                format!("`restart: no` becomes the label {START_ONCE}: Rancher starts again whatever ended"),
            );
        }
        "always" | "unless-stopped" => reader.service(own).set("restart", text),
        _ if text.starts_with("on-failure") => {
            reader.service(own).set("restart", text);
            reader.service(own).put("labels", START_ONCE, "true");
            reader.becomes(
                at,
                format!(
                    "`restart: on-failure` stays, with the label {START_ONCE}: Rancher starts again whatever ended"
                ),
            );
        }
        _ => reader.left_out(at, format!("`restart` is left out: {text:?} is no policy")),
    }
    Ok(())
}

fn secrets(reader: &mut Reader<'_>, own: &str, value: &Node) {
    for item in value.items() {
        let source = item.get("source").unwrap_or(item).text().unwrap_or_default().to_owned();
        let name = reader.secret_names.get(&source).cloned().unwrap_or_else(|| source.clone());
        if name.is_empty() || !reader.draft.secrets.contains_key(name.as_str()) {
            reader.left_out(item, format!("the secret {source} is left out: the file has none of that name"));
            continue;
        }
        let mut secret = Mapping::new();
        for (key, value) in entries(item) {
            let key_name = key.text().unwrap_or_default();
            let text = reader.fixed(&format!("secrets.{key_name}"), value);
            match key_name {
                "source" => {}
                of @ ("target" | "uid" | "gid") => {
                    secret.insert(of.into(), text.into());
                }
                "mode" => {
                    // YAML has read an octal number here.
                    let mode = value.to_value().as_u64().map_or(text, |mode| format!("{mode:04o}"));
                    secret.insert("mode".into(), mode.into());
                }
                other => reader.left_out(key, format!("`secrets.{other}` is left out: Rancher has nothing like it")),
            }
        }
        let target_is_missing = !secret.contains_key("target") && name != source;
        if target_is_missing {
            secret.insert("target".into(), source.into());
        }
        if secret.is_empty() {
            reader.service(own).add("secrets", name);
        } else {
            let mut whole = Mapping::from_iter([("source".into(), Value::from(name))]);
            whole.extend(secret);
            reader.service(own).add("secrets", Value::Mapping(whole));
        }
    }
}

fn extra_hosts(reader: &mut Reader<'_>, own: &str, key: &Key<'_>) -> Result<(), NewError> {
    for layer in &key.layers {
        let pairs: Vec<(String, &Node)> = match &layer.kind {
            NodeKind::Map(_) => {
                let texts = |node: &Node| node.text().unwrap_or_default().to_owned();
                entries(layer)
                    .into_iter()
                    .map(|(name, value)| (format!("{}:{}", texts(name), texts(value)), value))
                    .collect()
            }
            _ => {
                layer.items().iter().map(|item| (item.text().unwrap_or_default().replacen('=', ":", 1), item)).collect()
            }
        };
        for (text, at) in pairs {
            if text.ends_with(":host-gateway") {
                reader.left_out(at, format!("{text} is left out: the engines of Rancher 1.6 do not know host-gateway"));
                continue;
            }
            let place = Place { service: own, key: "extra_hosts", is_needed: true, at: at.span.start };
            let text = reader.converted(&text, place)?;
            reader.service(own).add("extra_hosts", text);
        }
    }
    Ok(())
}

fn logging(reader: &mut Reader<'_>, own: &str, key: &Key<'_>) -> Result<(), NewError> {
    let value = key.value();
    let place = Place { service: own, key: "logging", is_needed: true, at: value.span.start };
    let (driver, options) = match key.name {
        "log_driver" => (Some(value), None),
        "log_opt" => (None, Some(value)),
        _ => (value.get("driver"), value.get("options")),
    };
    if let Some(driver) = driver.filter(|driver| !driver.is_null()) {
        let text = reader.text(driver, place)?;
        reader.service(own).put("logging", "driver", text);
    }
    let mut held = Mapping::new();
    for (name, value) in options.map(entries).unwrap_or_default() {
        let name = name.text().unwrap_or_default();
        let text = reader.text_of(name, value, place)?;
        held.insert(name.into(), text.into());
    }
    if !held.is_empty() {
        reader.service(own).put("logging", "options", Value::Mapping(held));
    }
    Ok(())
}
