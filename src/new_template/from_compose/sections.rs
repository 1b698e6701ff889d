//! What stands beside the services of a compose file: volumes, networks, secrets, and what Rancher has not.

use serde_yaml::{Mapping, Value};

use super::super::NewError;
use super::super::skeleton::local;
use super::layers::entries;
use super::reader::{Place, Reader};
use catalog_check::is_it;
use rancher_catalog::yaml::Node;

/// Reads all of it.
///
/// # Errors
/// A dollar begins no variable.
pub(super) fn read(reader: &mut Reader<'_>, root: &Node, is_sectioned: bool) -> Result<(), NewError> {
    for (key, value) in entries(root) {
        let name = key.text().unwrap_or_default();
        match name {
            _ if name.starts_with("x-") => {
                reader.left_out(
                    key,
                    format!("`{name}` is left out: where it is used, what it holds stands in its place"),
                );
            }
            _ if !is_sectioned => {}
            "services" => {}
            "version" => match value.text() {
                Some("2") => {}
                other => {
                    let other = other.unwrap_or_default();
                    reader.becomes(key, format!("version {other} becomes '2', the one that Rancher 1.6 reads"));
                }
            },
            "name" => reader.left_out(key, "`name` is left out: a stack gets its name when it is launched"),
            "volumes" => volumes(reader, value)?,
            "networks" => networks(reader, value),
            "secrets" => secrets(reader, value),
            "configs" => reader.left_out(
                key,
                "`configs` is left out: Rancher has none; put the files into the image, or their values into variables",
            ),
            "include" => {
                reader.left_out(key, "`include` is left out: write its services into this file, and run again")
            }
            _ => {
                let meant = is_it(["services", "volumes", "networks", "secrets"], name);
                reader.left_out(key, format!("`{name}` is left out: Rancher looks at no such section{meant}"));
            }
        }
    }
    Ok(())
}

fn volumes(reader: &mut Reader<'_>, section: &Node) -> Result<(), NewError> {
    for (key, held) in entries(section) {
        let name = key.text().unwrap_or_default();
        reader.volumes.insert(name.to_owned());
        let mut volume = Mapping::new();
        let place = Place { service: name, key: "volumes", is_needed: true, at: key.span.start };
        let is_external = held.get("external").is_some_and(|node| !matches!(node.text(), Some("false")));
        for (of, value) in entries(held) {
            match of.text().unwrap_or_default() {
                "driver" => {
                    volume.insert("driver".into(), reader.text(value, place)?.into());
                }
                "driver_opts" => {
                    let mut options = Mapping::new();
                    for (option, value) in entries(value) {
                        let option = option.text().unwrap_or_default();
                        let text = reader.text_of(option, value, place)?;
                        options.insert(option.into(), text.into());
                    }
                    volume.insert("driver_opts".into(), options.into());
                }
                "per_container" => {
                    volume.insert("per_container".into(), (value.text() == Some("true")).into());
                }
                "external" => {}
                "name" if is_external => {}
                "name" => reader
                    .left_out(of, format!("volumes.{name}.name is left out: Rancher names volumes after their stack")),
                other if other.starts_with("x-") => {}
                other => {
                    reader.left_out(of, format!("volumes.{name}.{other} is left out: Rancher has nothing like it"))
                }
            }
        }
        let volume = if is_external {
            let external = held.get("external").and_then(|external| external.get("name")).or_else(|| held.get("name"));
            let external =
                external.map_or_else(|| name.to_owned(), |named| reader.fixed(&format!("volumes.{name}.name"), named));
            reader
                .becomes(key, format!("the volume {external} must be in the environment before the stack is launched"));
            let external = Mapping::from_iter([("name".into(), Value::from(external))]);
            Value::Mapping([("external".into(), external.into())].into_iter().collect())
        } else if volume.contains_key("driver") {
            Value::Mapping(volume)
        } else {
            let mut whole = local();
            if let Value::Mapping(whole) = &mut whole {
                whole.extend(volume);
            }
            whole
        };
        reader.draft.volumes.insert(name.into(), volume);
    }
    Ok(())
}

fn networks(reader: &mut Reader<'_>, section: &Node) {
    for (key, held) in entries(section) {
        let name = key.text().unwrap_or_default();
        let mut lost: Vec<String> = Vec::new();
        for (of, value) in entries(held) {
            match (of.text().unwrap_or_default(), value.text()) {
                ("driver", Some(driver)) => lost.push(format!("its driver {driver}")),
                ("internal", Some("true")) => lost.push("that it is internal".to_owned()),
                ("external", Some("false")) => {}
                ("external", _) => lost.push("that it is there already".to_owned()),
                ("ipam", _) => lost.push("its addresses".to_owned()),
                ("name", Some(_)) => {}
                (other, _) if other.starts_with("x-") => {}
                (other, _) => lost.push(format!("`{other}`")),
            }
        }
        let with = if lost.is_empty() { String::new() } else { format!(", and with it {}", lost.join(", ")) };
        reader.left_out(
            key,
            format!(
                "the network {name} is left out{with}: in Rancher all services of a stack reach each other by name"
            ),
        );
    }
}

fn secrets(reader: &mut Reader<'_>, section: &Node) {
    for (key, held) in entries(section) {
        let name = key.text().unwrap_or_default();
        let external = held.get("external").and_then(|external| external.get("name")).or_else(|| held.get("name"));
        let own =
            external.map_or_else(|| name.to_owned(), |named| reader.fixed(&format!("secrets.{name}.name"), named));
        let from = match (held.get("file"), held.get("environment")) {
            (Some(file), _) => format!(" with what {} holds", reader.filled(file)),
            (None, Some(variable)) => format!(" with what {} holds", reader.filled(variable)),
            (None, None) => String::new(),
        };
        reader.becomes(
            key,
            format!(
                "the secret {own} must be made in Rancher{from} before the stack is launched (Infrastructure, Secrets)"
            ),
        );
        reader.secret_names.insert(name.to_owned(), own.clone());
        let external = Mapping::from_iter([("external".into(), Value::from(own.clone()))]);
        reader.draft.secrets.insert(own.into(), external.into());
    }
}
