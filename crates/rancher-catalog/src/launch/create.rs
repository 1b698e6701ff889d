//! Making what services are created from (the executor's `createLaunchConfigs`), and the rules of older load balancers.

use std::collections::HashSet;

use super::made::{Placed, Service, Services, primaries, sidekicks};
use super::{Cause, Told, build, forms, ports, quoted, shape};

/// The image that is a word for an older load balancer.
const OLD_BALANCER: &str = "rancher/load-balancer-service";

/// Looks at each service that is created, with its sidekicks.
pub(super) fn check<'a>(services: &Services<'a>, told: &mut Vec<Told<'a>>) {
    let primaries = primaries(services);
    let mut looked_at: HashSet<&str> = HashSet::new();
    for service in services.iter().filter(|service| !primaries.contains_key(service.name)) {
        let group = sidekicks(service).into_iter().filter_map(|name| services.get(name));
        for member in std::iter::once(service).chain(group) {
            if looked_at.insert(member.name) {
                container(member, told);
            }
        }
        let is_made = |name: &str| services.get(name).is_some() && !primaries.contains_key(name);
        if service.image() == OLD_BALANCER {
            old_balancer(service, is_made, told);
        } else if service.image() != "rancher/external-service"
            && service.balancer.iter().flatten().any(|rule| rule.source_port != 0)
        {
            for rule in service.balancer.iter().flatten().filter_map(|rule| rule.service.as_ref()) {
                // What is not there at all was told before.
                if services.get(&rule.text).is_some() && !is_made(&rule.text) || own_name_alone(&rule.text, services) {
                    no_target(rule, told);
                }
            }
        }
    }
}

/// Whether a text has no stack in it, and yet is no service: `web:alias`.
fn own_name_alone(text: &str, services: &Services<'_>) -> bool {
    let name = text.split(':').next().unwrap_or_default();
    !text.contains('/') && text.contains(':') && services.has(name)
}

fn no_target<'a>(placed: &Placed<'a>, told: &mut Vec<Told<'a>>) {
    let message = format!("a load balancer cannot lead to {}: it is no service of its own", quoted(&placed.text));
    placed.tell(Cause::Reference, told, message);
}

fn container<'a>(service: &Service<'a>, told: &mut Vec<Told<'a>>) {
    if let Some(restart) = service.restart.as_ref().filter(|restart| !forms::is_restart_policy(&restart.text)) {
        let message = format!(
            "`restart` is {}; it must be no, always, unless-stopped, on-failure or on-failure:NUMBER",
            quoted(&restart.text)
        );
        restart.tell(Cause::TextForm, told, message);
    }
    for (name, list) in [("ports", &service.ports), ("expose", &service.expose)] {
        for placed in list {
            if let Some(why) = ports::executor_refuses(&placed.text) {
                placed.tell(Cause::PortForm, told, shape::port(name, &placed.text, &why, &placed.value));
            }
        }
    }
    for device in service.devices.iter().filter(|device| !forms::is_device(&device.text)) {
        let message = format!("the device {} has not the form HOST[:CONTAINER[:rwm]]", quoted(&device.text));
        device.tell(Cause::TextForm, told, message);
    }
    for weight in service.weights.iter().filter(|weight| !forms::is_weight(&weight.text)) {
        let message = format!("{} has no whole number for a weight", quoted(&weight.text));
        weight.tell(Cause::TextForm, told, message);
    }
    for rate in service.rates.iter().filter(|rate| !forms::is_rate(&rate.text)) {
        let message = format!("{} has not the form DEVICE:NUMBER", quoted(&rate.text));
        rate.tell(Cause::TextForm, told, message);
    }
    if let Some(context) = service.build.as_ref().filter(|context| !build::is_address(&context.text)) {
        let message =
            "`build` names files that Rancher does not have: name an image, or the address of a git repository";
        context.tell(Cause::FileNotThere, told, message.to_owned());
    }
}

/// The executor makes the rules of an older load balancer of its ports, its links and its labels.
fn old_balancer<'a>(service: &Service<'a>, is_made: impl Fn(&str) -> bool, told: &mut Vec<Told<'a>>) {
    let mut has_rule = false;
    for port in &service.ports {
        match balancer_port(&port.text) {
            true => has_rule = true,
            false => {
                let message = format!("a load balancer does not take the port {}", quoted(&port.text));
                port.tell(Cause::PortForm, told, message);
            }
        }
    }
    let selects = service.label("io.rancher.service.selector.link").is_some();
    for port in &service.expose {
        match balancer_port(&port.text) {
            true => has_rule = true,
            false if selects => {
                let message = format!("a load balancer does not take the port {}", quoted(&port.text));
                port.tell(Cause::PortForm, told, message);
            }
            // The executor passes over the error, and over all exposed ports.
            false => break,
        }
    }
    let first = |text: &str| text.split(':').next().unwrap_or_default().to_owned();
    let links = service.links.iter().chain(&service.external_links);
    for link in links.clone().filter(|_| has_rule) {
        let name = first(&link.text);
        if !name.is_empty() && !name.contains('/') && !is_made(&name) {
            no_target(link, told);
        }
    }
    for link in links {
        let name = first(&link.text).trim().to_owned();
        let is_found = name.contains('/') || is_made(&name);
        let label = service.label(&format!("io.rancher.loadbalancer.target.{name}")).filter(|_| is_found);
        if let Some(label) = label.filter(|label| !label.text.split(',').all(is_target)) {
            let message = format!("{} is no list of targets: [host][:port][/path][=port]", quoted(&label.text));
            label.tell(Cause::TextForm, told, message);
        }
    }
    if let Some(label) = service.label("io.rancher.loadbalancer.ssl.ports")
        && !label.text.split(',').all(|port| port.parse::<i32>().is_ok())
    {
        let message =
            format!("{} is no list of port numbers with a comma and no blank between two", quoted(&label.text));
        label.tell(Cause::TextForm, told, message);
    }
}

/// Whether the executor makes a rule of a port (its `convertLb`).
fn balancer_port(text: &str) -> bool {
    let leading = |text: &str| {
        let digits = text.len() - text.trim_start_matches(|c: char| c.is_ascii_digit()).len();
        text[..digits].parse::<i32>().is_ok()
    };
    match text.split(':').collect::<Vec<_>>().as_slice() {
        [one] => leading(one),
        [source, target] => source.parse::<i32>().is_ok() && leading(target),
        _ => true,
    }
}

/// Whether the executor reads a target of a label (its `convertLbLabel`).
fn is_target(text: &str) -> bool {
    let text = text.trim_matches([' ', '\t', '\n']);
    if text.is_empty() {
        return false;
    }
    let digits = |text: &str| text.len() - text.trim_start_matches(|c: char| c.is_ascii_digit()).len();
    let fits = |text: &str| text.is_empty() || text.parse::<i32>().is_ok();
    let mut rest = text;
    if !rest.starts_with(|c: char| c.is_ascii_digit()) {
        let end = rest.find(['=', ':', '/']).unwrap_or(rest.len());
        rest = &rest[end..];
        rest = rest.strip_prefix(['=', ':']).unwrap_or(rest);
    }
    let (source, behind) = rest.split_at(digits(rest));
    let behind = behind.split_once('=').map_or("", |(_, behind)| behind);
    fits(source) && fits(&behind[..digits(behind)])
}
