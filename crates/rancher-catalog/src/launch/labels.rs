//! Labels that are spelt so that Rancher does not act on them.

use super::keys::distance;
use super::{Cause, Teller, quoted};
use crate::yaml::Node;

const PREFIX: &str = "io.rancher.";

/// Labels that Rancher 1.6 and its own services act on, below `io.rancher.`.
const KNOWN: &[&str] = &[
    "cni.link_mtu_overhead",
    "container.agent.role",
    "container.agent.volumes_strategy",
    "container.agent_id",
    "container.agent_service.drain_provider",
    "container.agent_service.ipsec",
    "container.agent_service.kubernetes_stack",
    "container.agent_service.labels_provider",
    "container.agent_service.metadata",
    "container.agent_service.scheduling",
    "container.agent_service.vxlan",
    "container.create_agent",
    "container.create_agent_label",
    "container.dns",
    "container.dns.priority",
    "container.hostname_override",
    "container.mac_address",
    "container.name",
    "container.network",
    "container.pull_image",
    "container.requested_ip",
    "container.start_once",
    "container.system",
    "container.uuid",
    "loadbalancer.proxy-protocol.ports",
    "loadbalancer.ssl.ports",
    "network.arpsync",
    "network.cni.binary",
    "network.l2flat.interface",
    "network.macsync",
    "project.name",
    "project_service.name",
    "service.allocate.skip.serialize",
    "service.external_dns",
    "service.external_dns_name_template",
    "service.selector.container",
    "service.selector.link",
    "service.ui_link.label",
    "service.wait_for_healthcheck",
    "sidekicks",
    "stack.name",
    "stack_service.name",
    "websocket.proxy.port",
    "websocket.proxy.scheme",
];

/// What the scheduler's affinities are to.
const AFFINITIES: [&str; 3] = ["container", "container_label", "host_label"];

/// The labels of a service that Rancher acts on.
pub fn known_labels() -> impl Iterator<Item = String> {
    KNOWN
        .iter()
        .map(|known| format!("{PREFIX}{known}"))
        .chain(of_scheduler().map(|own| format!("{PREFIX}scheduler.{own}")))
}

/// Those of the scheduler, below `scheduler.`.
fn of_scheduler() -> impl Iterator<Item = String> {
    let ends = ["", "_ne", "_soft", "_soft_ne"];
    let affinities = AFFINITIES.iter().flat_map(move |kind| ends.map(|end| format!("affinity:{kind}{end}")));
    affinities.chain(std::iter::once("global".to_owned()))
}

/// Looks at a label of a service.
pub(super) fn check<'a>(name: &str, at: &'a Node, teller: &mut Teller<'_, 'a>) {
    let near = match name.strip_prefix(PREFIX) {
        Some(own) if own.starts_with("scheduler.") => match scheduler(own) {
            Some(near) => near,
            None => return,
        },
        Some(own) if KNOWN.contains(&own) => return,
        Some(own) => match misspelt_scheduler(own).or_else(|| Some(format!("{PREFIX}{}", nearest(own)?))) {
            Some(near) => near,
            None => return,
        },
        None => match misspelt_prefix(name) {
            Some(rest) => format!("{PREFIX}{rest}"),
            None => return,
        },
    };
    teller.tell(Cause::PassedOver, at, format!("Rancher does not act on the label `{name}`; `{near}` is meant?"));
}

/// Labels that say yes by the text `true` alone, whatever the case of its letters.
const TRUTHS: [&str; 4] = ["container.create_agent", "container.dns", "container.start_once", "scheduler.global"];

/// Looks at the value of a label that is true or false.
pub(super) fn truth<'a>(name: &str, value: Option<&str>, at: &'a Node, teller: &mut Teller<'_, 'a>) {
    let is_one = name.strip_prefix(PREFIX).is_some_and(|own| TRUTHS.contains(&own));
    let value = value.unwrap_or_default();
    if is_one && !["true", "false"].iter().any(|word| value.eq_ignore_ascii_case(word)) {
        let message = format!(
            "the label `{name}` is {}: to Rancher all but `true` is no, as if the label were not there",
            quoted(value)
        );
        teller.tell(Cause::PassedOver, at, message);
    }
}

/// A label that differs in a letter or two.
fn nearest(own: &str) -> Option<&'static str> {
    let near = KNOWN.iter().map(|known| (distance(own, known), *known)).filter(|(far, _)| *far <= 2).min();
    near.map(|(_, known)| known)
}

/// What is meant by a label of almost `scheduler`.
fn misspelt_scheduler(own: &str) -> Option<String> {
    let (group, rest) = own.split_once(['.', ':'])?;
    let behind = format!("scheduler.{rest}");
    let is_meant = distance(group, "scheduler") <= 2 && (rest.starts_with("affinity:") || rest == "global");
    is_meant.then(|| scheduler(&behind).unwrap_or(format!("{PREFIX}{behind}")))
}

/// What stands behind a beginning that is almost `io.rancher.` and belongs to a label that is known.
fn misspelt_prefix(name: &str) -> Option<&str> {
    let (at, _) = name.match_indices('.').nth(1)?;
    let (prefix, rest) = name.split_at(at + 1);
    let is_known = || KNOWN.contains(&rest) || rest.starts_with("scheduler.") && scheduler(rest).is_none();
    (distance(prefix, PREFIX) <= 2 && is_known()).then_some(rest)
}

/// What is meant by a label of the scheduler that it does not act on: it knows `global`, and affinities with or without
/// `_soft` and `_ne`.
fn scheduler(own: &str) -> Option<String> {
    let behind = own.strip_prefix("scheduler.").unwrap_or(own);
    if behind == "global" || behind.starts_with("require_any") {
        return None;
    }
    let all: Vec<String> = of_scheduler().collect();
    if all.iter().any(|known| known == behind) {
        return None;
    }
    let near = all.iter().min_by_key(|known| distance(behind, known).min(100));
    near.map(|near| format!("{PREFIX}scheduler.{near}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_of_the_scheduler_are_known() {
        for known in ["scheduler.global", "scheduler.affinity:host_label_soft_ne", "scheduler.affinity:container"] {
            assert_eq!(scheduler(known), None, "{known}");
        }
        for (odd, meant) in [
            ("scheduler.afinity:host_label", "io.rancher.scheduler.affinity:host_label"),
            ("scheduler.affinity:host_labels", "io.rancher.scheduler.affinity:host_label"),
            ("scheduler.globl", "io.rancher.scheduler.global"),
        ] {
            assert_eq!(scheduler(odd).as_deref(), Some(meant));
        }
        for (odd, meant) in [
            ("schedular.affinity:host_label", "io.rancher.scheduler.affinity:host_label"),
            ("sheduler.affinity:host_labl_ne", "io.rancher.scheduler.affinity:host_label_ne"),
            ("schedule.global", "io.rancher.scheduler.global"),
        ] {
            assert_eq!(misspelt_scheduler(odd).as_deref(), Some(meant));
        }
        assert_eq!(misspelt_scheduler("schedules.x"), None);
        assert_eq!(nearest("sidekick"), Some("sidekicks"));
        assert_eq!(nearest("something.else"), None);
        assert_eq!(misspelt_prefix("io.rancer.sidekicks"), Some("sidekicks"));
        assert_eq!(misspelt_prefix("com.example.sidekicks"), None);
    }
}
