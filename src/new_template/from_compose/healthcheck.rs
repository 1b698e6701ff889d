//! The health check of a service, which becomes Rancher's own where that can ask the same.

use super::super::NewError;
use super::super::templated::literal;
use super::probe::{self, milliseconds};
use super::reader::{Place, Reader};
use rancher_catalog::yaml::Node;

/// Reads it.
///
/// # Errors
/// A dollar begins no variable.
pub(super) fn read(reader: &mut Reader<'_>, own: &str, at: &Node, value: &Node) -> Result<(), NewError> {
    let is_off = value.get("disable").and_then(Node::text) == Some("true");
    let test: Vec<String> = match value.get("test") {
        Some(test) if !test.items().is_empty() => {
            test.items().iter().map(|item| reader.fixed("healthcheck.test", item)).collect()
        }
        Some(test) => vec![reader.fixed("healthcheck.test", test)],
        None => Vec::new(),
    };
    if is_off || test.first().is_some_and(|word| word == "NONE") {
        return Ok(());
    }
    let mut number = |name: &str, read: fn(&str) -> Option<u64>, what: &str| {
        let node = value.get(name).filter(|node| !node.is_null())?;
        let full = format!("healthcheck.{name}");
        let text = reader.fixed(&full, node);
        let number = read(&text);
        if number.is_none() {
            reader.left_out(node, format!("`{full}` is left out: {text:?} is no {what}"));
        }
        number
    };
    let mut time = |name: &str| number(name, milliseconds, "duration");
    let (interval, timeout, starting) = (time("interval"), time("timeout"), time("start_period"));
    let retries = number("retries", |text| text.parse().ok(), "whole number");
    let times = probe::Times { interval, timeout, starting, retries };
    match probe::check(&test, &times) {
        Some((check, why)) => {
            reader.becomes(at, format!("`healthcheck` becomes `health_check` in rancher-compose.yml: {}{why}", check.asks()));
            let mut value = check.to_value();
            if let Some(path) = &check.path {
                let place = Place { service: own, key: "healthcheck", is_needed: true, at: at.span.start };
                let path = reader.converted(&literal(path), place)?;
                value["request_line"] = format!("GET {path} HTTP/1.0").into();
            }
            reader.service(own).set_health_check(value);
        }
        None => reader.left_out(
            at,
            "`healthcheck` is left out: Rancher runs no command, it asks a port; add a `health_check` to rancher-compose.yml",
        ),
    }
    Ok(())
}
