//! An operator has paused the daemon by a host label: it looks, answers and tells, and changes nothing.

use crate::labels;
use crate::observe::Observation;

use super::{Plan, WarningKind};

/// Whether the daemon is paused here, and by which label; another monitor may act for the swarm then.
pub(super) fn is_paused_here(seen: &Observation) -> bool {
    own_label(seen).is_some_and(labels::is_yes)
}

fn own_label(seen: &Observation) -> Option<&str> {
    seen.metadata.as_ref().ok()?.labels.get(labels::PAUSE).map(String::as_str)
}

fn says_all(value: &str) -> bool {
    value.trim().eq_ignore_ascii_case(labels::PAUSE_ALL)
}

/// Why nothing is changed, if that is so. Only who asks Rancher's API for the hosts knows the labels of the others; whoever
/// changes more than its own engine does.
fn reason(seen: &Observation) -> Option<String> {
    let label = labels::PAUSE;
    let own = own_label(seen);
    if own.is_some_and(says_all) {
        return Some(format!("paused on all hosts by this host's label {label}"));
    }
    let hosts = seen.rancher_view().into_iter().flat_map(|view| view.registered_hosts());
    let all = hosts.filter(|host| host.labels.get(label).is_some_and(|value| says_all(value))).map(|host| &host.uuid);
    match all.min() {
        Some(host) => Some(format!("paused on all hosts by the label {label} of host {host}")),
        None => own.filter(|value| labels::is_yes(value)).map(|_| format!("paused on this host by its label {label}")),
    }
}

/// The plan without its changes, if the daemon is paused. What this host is, it goes on to say and to remember: by that
/// others know of the swarm.
pub(super) fn heeded(seen: &Observation, mut plan: Plan) -> Plan {
    if let Some(value) = own_label(seen).filter(|value| !labels::is_yes(value) && !says_all(value)) {
        let what =
            format!("the host label {} is `{value}`, which pauses nothing: allowed is true or all", labels::PAUSE);
        plan.warnings.push(WarningKind::PauseLabel.of(what));
    }
    let Some(reason) = reason(seen) else { return plan };
    plan.reason = match &plan.change {
        Some(change) => format!("{reason}: it would {change}; {}", plan.reason),
        None => format!("{reason}; {}", plan.reason),
    };
    plan.paused = true;
    plan.warnings.push(WarningKind::Paused.of(format!("{reason}: nothing is healed until that is taken away")));
    plan.change = None;
    plan.desired_record = None;
    plan.gives_heartbeat = false;
    // Nothing becomes of it soon; that the label is gone is news.
    plan.requeue_after_ms = plan.requeue_after_ms.map(|ms| ms.max(super::AGAIN_MS));
    plan
}
