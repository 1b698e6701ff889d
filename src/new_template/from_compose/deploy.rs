//! `deploy`, which engines in a swarm obey: what Rancher's own keys and labels say as well.

use serde_yaml::{Mapping, Value};

use super::super::NewError;
use super::super::draft::START_ONCE;
use super::layers::entries;
use super::probe::milliseconds;
use super::reader::{Place, Reader};
use rancher_catalog::model::label_names;
use rancher_catalog::yaml::Node;

const AFFINITY: &str = "io.rancher.scheduler.affinity:host_label";
/// Not two containers of a service on one host; the names are put in by Rancher, not from answers.
const APART: (&str, &str) = (
    "io.rancher.scheduler.affinity:container_label_ne",
    "io.rancher.stack_service.name=$${stack_name}/$${service_name}",
);
/// A period of the engine's scheduler, in microseconds.
const PERIOD: f64 = 100_000.0;

/// Reads `deploy`.
///
/// # Errors
/// A dollar begins no variable.
pub(super) fn read(reader: &mut Reader<'_>, service: &str, deploy: &Node) -> Result<(), NewError> {
    for (key, value) in entries(deploy) {
        let name = key.text().unwrap_or_default();
        match name {
            "mode" => match reader.fixed("deploy.mode", value).as_str() {
                "global" => {
                    reader.service(service).put("labels", label_names::GLOBAL, "true");
                    reader.becomes(key, format!("deploy.mode: global becomes the label {}", label_names::GLOBAL));
                }
                "replicated" | "" => {}
                other => reader
                    .left_out(key, format!("deploy.mode: {other} is left out: Rancher keeps what it launches running")),
            },
            "replicas" => {
                if scale(reader, service, "deploy.replicas", value)? {
                    reader.becomes(key, "deploy.replicas becomes `scale` in rancher-compose.yml");
                }
            }
            "placement" => placement(reader, service, value),
            "resources" => resources(reader, service, value)?,
            "restart_policy" => {
                let condition = value.get("condition");
                match condition.map(|node| reader.fixed("deploy.restart_policy.condition", node)).as_deref() {
                    Some("none" | "on-failure") => {
                        reader.service(service).put("labels", START_ONCE, "true");
                        reader.becomes(key, format!("deploy.restart_policy becomes the label {START_ONCE}: Rancher starts again whatever ended"));
                    }
                    _ => reader.left_out(key, "deploy.restart_policy is left out: Rancher starts again whatever ended"),
                }
            }
            "update_config" => update(reader, service, value),
            "labels" => reader
                .left_out(key, "deploy.labels is left out: a service of Rancher has only the labels of its containers"),
            _ if name.starts_with("x-") => {}
            _ => reader.left_out(key, format!("deploy.{name} is left out: Rancher has nothing like it")),
        }
    }
    Ok(())
}

/// Sets how many containers there are, and says whether it could.
///
/// # Errors
/// A dollar begins no variable.
pub(super) fn scale(reader: &mut Reader<'_>, service: &str, key: &str, value: &Node) -> Result<bool, NewError> {
    let place = Place { service, key: "scale", is_needed: true, at: value.span.start };
    let text = reader.text(value, place)?;
    if text.parse::<i64>().is_ok_and(|number| number < 0) {
        reader.left_out(value, format!("`{key}: {text}` is left out: replicas must be 0 or more"));
        return Ok(false);
    }
    let scale = text.parse::<i64>().map_or_else(|_| Value::from(text.clone()), Value::from);
    reader.service(service).rancher.insert("scale".into(), scale);
    Ok(true)
}

fn placement(reader: &mut Reader<'_>, service: &str, placement: &Node) {
    let (mut on, mut not_on) = (Vec::new(), Vec::new());
    for item in placement.get("constraints").map_or(&[][..], Node::items) {
        let text = reader.fixed("deploy.placement.constraints", item);
        let split = |sign: &str| text.split_once(sign).map(|(name, value)| (name.trim(), value.trim()));
        let (name, value, is_equal) = match (split("!="), split("==")) {
            (Some((name, value)), _) => (name, value, false),
            (None, Some((name, value))) => (name, value, true),
            (None, None) => {
                reader.left_out(item, format!("the constraint {text:?} is left out: it is no NAME == VALUE"));
                continue;
            }
        };
        let label = name.strip_prefix("node.labels.").or_else(|| name.strip_prefix("engine.labels."));
        let is_plain = |text: &str| !text.is_empty() && !text.contains([',', '$', '{', '=']);
        match label.filter(|label| is_plain(label) && is_plain(value)) {
            Some(label) => {
                let list = if is_equal { &mut on } else { &mut not_on };
                list.push(format!("{label}={value}"));
                let sign = if is_equal { "with" } else { "without" };
                reader.becomes(item, format!("the constraint becomes: on hosts {sign} the host label {label}={value}"));
            }
            None => reader.left_out(
                item,
                format!("the constraint {text:?} is left out: Rancher chooses hosts by their labels; give those hosts one, and name it in {AFFINITY}"),
            ),
        }
    }
    for (list, end) in [(on, ""), (not_on, "_ne")] {
        if !list.is_empty() {
            reader.service(service).put("labels", &format!("{AFFINITY}{end}"), list.join(","));
        }
    }
    for (key, value) in entries(placement) {
        match key.text().unwrap_or_default() {
            "constraints" => {}
            of @ "max_replicas_per_node" if reader.fixed(&format!("deploy.placement.{of}"), value) == "1" => {
                reader.service(service).put("labels", APART.0, APART.1);
                reader.becomes(key, format!("deploy.placement.max_replicas_per_node becomes the label {}", APART.0));
            }
            name => reader.left_out(key, format!("deploy.placement.{name} is left out: Rancher has nothing like it")),
        }
    }
}

fn resources(reader: &mut Reader<'_>, service: &str, resources: &Node) -> Result<(), NewError> {
    for (section, held) in entries(resources) {
        let of = section.text().unwrap_or_default();
        for (key, value) in entries(held) {
            let name = key.text().unwrap_or_default();
            let full = format!("deploy.resources.{of}.{name}");
            match (of, name) {
                ("limits", "memory") => memory(reader, service, key, value, ("mem_limit", &full))?,
                ("reservations", "memory") => memory(reader, service, key, value, ("mem_reservation", &full))?,
                ("limits", "cpus") => cpus(reader, service, key, value, &full),
                ("reservations", "cpus") => match cpu_count(&reader.fixed(&full, value)) {
                    Some(count) => {
                        reader.service(service).set("milli_cpu_reservation", whole(count * 1000.0));
                        reader.becomes(key, format!("{full} becomes `milli_cpu_reservation`"));
                    }
                    None => reader.left_out(key, format!("{full} is left out: it is no number")),
                },
                _ => reader.left_out(key, format!("{full} is left out: Rancher has nothing like it")),
            }
        }
    }
    Ok(())
}

fn memory(
    reader: &mut Reader<'_>,
    service: &str,
    key: &Node,
    value: &Node,
    (own, full): (&str, &str),
) -> Result<(), NewError> {
    let place = Place { service, key: "memory", is_needed: true, at: value.span.start };
    let text = reader.text(value, place)?;
    let value = text.parse::<u64>().map_or_else(|_| Value::from(text.clone()), Value::from);
    reader.service(service).set(own, value);
    reader.becomes(key, format!("{full} becomes `{own}`"));
    Ok(())
}

/// Sets the share of the processors that a container may have.
pub(super) fn cpus(reader: &mut Reader<'_>, service: &str, key: &Node, value: &Node, full: &str) {
    match cpu_count(&reader.fixed(full.trim_matches('`'), value)) {
        Some(count) => {
            let own = reader.service(service);
            own.set("cpu_period", whole(PERIOD));
            own.set("cpu_quota", whole(count * PERIOD));
            reader.becomes(key, format!("{full} becomes `cpu_quota` of a `cpu_period`"));
        }
        None => reader.left_out(key, format!("{full} is left out: it is no number")),
    }
}

fn cpu_count(text: &str) -> Option<f64> {
    text.parse::<f64>().ok().filter(|count| *count > 0.0 && *count < 10_000.0)
}

#[allow(clippy::cast_possible_truncation, reason = "it is bounded")]
fn whole(number: f64) -> i64 {
    number.round() as i64
}

fn update(reader: &mut Reader<'_>, service: &str, update: &Node) {
    let mut strategy = Mapping::new();
    for (key, value) in entries(update) {
        let name = key.text().unwrap_or_default();
        let text = reader.fixed(&format!("deploy.update_config.{name}"), value);
        let (own, value) = match name {
            "parallelism" => ("batch_size", text.parse::<u32>().ok().filter(|size| *size > 0).map(Value::from)),
            "delay" => ("interval_millis", milliseconds(&text).map(Value::from)),
            "order" => ("start_first", Some(Value::from(text == "start-first"))),
            _ => ("", None),
        };
        match value {
            Some(value) => {
                strategy.insert(own.into(), value);
                reader.becomes(
                    key,
                    format!("deploy.update_config.{name} becomes `upgrade_strategy.{own}` in rancher-compose.yml"),
                );
            }
            None => {
                reader.left_out(key, format!("deploy.update_config.{name} is left out: Rancher has nothing like it"))
            }
        }
    }
    if !strategy.is_empty() {
        reader.service(service).rancher.insert("upgrade_strategy".into(), strategy.into());
    }
}
