//! What Cattle refuses of the services that the executor hands it.

use std::collections::{HashMap, HashSet};

use super::made::{Placed, Service, Services, primaries, sidekicks};
use super::{Cause, Told, ports, quoted, shape};

/// The longest name of a service.
const LONGEST_NAME: usize = 63;
/// The port of the load balancer's own health check.
const BALANCERS_OWN_PORT: i64 = 42;

/// Looks at all services.
pub(super) fn check<'a>(services: &Services<'a>, told: &mut Vec<Told<'a>>) {
    let primaries = primaries(services);
    let mut names: HashMap<String, &str> = HashMap::new();
    let mut in_order: Vec<&Service<'a>> = services.iter().collect();
    in_order.sort_by_key(|service| service.name);
    for service in in_order {
        name(service, told);
        if let Some(other) = names.insert(service.name.to_lowercase(), service.name) {
            let message = format!(
                "`{other}` and `{}` are one name: it makes no difference how letters are written",
                service.name
            );
            service.tell(Cause::ServiceName, told, message);
        }
        if !primaries.contains_key(service.name) {
            group(service, services, told);
        }
        for port in &service.ports {
            if let Some(why) = ports::cattle_refuses(&port.text) {
                port.tell(Cause::PortForm, told, shape::port("ports", &port.text, &why, &port.value));
            }
        }
        if let (Some(address), Some(_)) = (service.external_ips.first(), &service.hostname) {
            let message = format!("`{}` has both `external_ips` and `hostname`: it can have one alone", service.name);
            address.tell(Cause::Conflict, told, message);
        }
        if let Some(mode) = &service.network_mode
            && mode.text.contains(':')
            && !mode.text.starts_with("container:")
        {
            let message =
                format!("Rancher has no network {}; the network of another is `container:NAME`", quoted(&mode.text));
            mode.tell(Cause::SidekickGroup, told, message);
        }
    }
}

fn name<'a>(service: &Service<'a>, told: &mut Vec<Told<'a>>) {
    let name = service.name;
    let is_plain = name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    if name.len() > LONGEST_NAME {
        let message =
            format!("{} has {} letters; a name of a service has {LONGEST_NAME} at most", quoted(name), name.len());
        service.tell(Cause::ServiceName, told, message);
    } else if name.is_empty() || !is_plain || name.starts_with('-') || name.ends_with('-') || name.contains("--") {
        let message = format!("{} is no name for a service: it holds letters, digits and single hyphens", quoted(name));
        service.tell(Cause::ServiceName, told, message);
    }
}

fn group<'a>(service: &Service<'a>, services: &Services<'a>, told: &mut Vec<Told<'a>>) {
    if service.image().starts_with("rancher/lb-service-haproxy") {
        for rule in service.balancer.iter().flatten() {
            let problem = match (&rule.service, rule.selector) {
                (None, false) => Some("a rule of the load balancer has neither `service` nor `selector`".to_owned()),
                (Some(_), true) => Some("a rule of the load balancer has both `service` and `selector`".to_owned()),
                _ => (rule.source_port == BALANCERS_OWN_PORT)
                    .then(|| format!("the port {BALANCERS_OWN_PORT} belongs to the load balancer's own health check")),
            };
            if let Some(message) = problem {
                super::made::tell(Cause::BalancerRule, rule.file, rule.at, told, message);
            }
        }
    }
    let mut names = vec![service.name];
    names.extend(sidekicks(service));
    let members: HashSet<&str> = names.iter().copied().collect();
    let mut refers: HashMap<&str, Vec<(&str, &Placed<'a>)>> = HashMap::new();
    for member in names.iter().filter_map(|name| services.get(name)) {
        let volumes = member.volumes_from.iter().map(|placed| (placed.text.as_ref(), placed, "volumes_from"));
        let network = member.network_mode.iter().filter_map(|placed| {
            let name =
                placed.text.strip_prefix("container:").filter(|name| !name.is_empty() || placed.text.ends_with(':'))?;
            Some((name, placed, "network_mode"))
        });
        for (target, placed, key) in volumes.chain(network) {
            refers.entry(member.name).or_default().push((target, placed));
            if !members.contains(target) {
                let message = outside(key, target, member.name, service.name, services);
                placed.tell(Cause::SidekickGroup, told, message);
            }
        }
    }
    circle(&members, &refers, told);
    let has_other = service.build.is_some() || service.is_driver || service.is_extended || service.lists_addresses;
    if !service.names_image && service.image().is_empty() && !has_other && service.hostname.is_none() {
        let message = match service.file {
            super::File::Docker => format!("`{}` has no image", service.name),
            super::File::Rancher => {
                format!("docker-compose has no service `{}`: without an image it cannot be made", service.name)
            }
        };
        service.tell(Cause::ImageMissing, told, message);
    } else if service.names_image && service.image().is_empty() && !has_other && service.hostname.is_none() {
        service.tell(Cause::ImageMissing, told, format!("the image of `{}` is empty", service.name));
    }
}

fn outside(key: &str, target: &str, member: &str, primary: &str, services: &Services<'_>) -> String {
    let plain = target.trim_start_matches("container:").split(':').next().unwrap_or_default();
    if plain != target && services.get(plain).is_some() {
        return format!("`{key}` takes the name of a service alone: {} is none", quoted(target));
    }
    if services.get(target).is_none() {
        return format!("there is no service {}", quoted(target));
    }
    if member == primary {
        return format!(
            "`{target}` is no sidekick of `{member}`: list it in the label io.rancher.sidekicks of `{member}`"
        );
    }
    format!(
        "`{target}` and `{member}` are not in one group: list both in the label io.rancher.sidekicks of `{primary}`"
    )
}

/// Volumes and networks must not lead back.
fn circle<'a>(members: &HashSet<&str>, refers: &HashMap<&str, Vec<(&str, &Placed<'a>)>>, told: &mut Vec<Told<'a>>) {
    // Taken away one after the other, those that refer to nobody; what stays is in a circle, or leads to one.
    let mut left: HashMap<&str, usize> = members.iter().map(|name| (*name, 0)).collect();
    let mut referred_by: HashMap<&str, Vec<&str>> = HashMap::new();
    for (name, to) in refers {
        for (to, _) in to.iter().filter(|(to, _)| members.contains(to)) {
            *left.entry(name).or_default() += 1;
            referred_by.entry(to).or_default().push(name);
        }
    }
    let mut gone: Vec<&str> = left.iter().filter(|(_, to)| **to == 0).map(|(name, _)| *name).collect();
    while let Some(name) = gone.pop() {
        left.remove(name);
        for other in referred_by.get(name).into_iter().flatten() {
            let to = left.entry(other).or_default();
            *to -= 1;
            if *to == 0 {
                gone.push(other);
            }
        }
    }
    if let Some(name) = left.keys().min()
        && let Some((to, placed)) = refers.get(name).and_then(|to| to.iter().find(|(to, _)| left.contains_key(to)))
    {
        let message = format!("`{name}` and `{to}` share volumes or the network in a circle");
        placed.tell(Cause::Circle, told, message);
    }
}
