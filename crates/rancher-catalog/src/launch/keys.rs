//! The keys of a service, as the executor's two schemas and its types have them.

use super::fields::{self, Fields};
use super::layout::Form;
use super::number::Number;

/// What may stand at a key.
#[derive(Debug, Clone, Copy)]
pub(super) enum Shape {
    /// A text.
    Text,
    /// A text or nothing.
    TextOrNothing,
    /// A boolean.
    Bool,
    /// A number, or a text that is one.
    Number(Number),
    /// A whole number, and no text.
    Whole,
    /// The same from -1000 to 1000.
    Score,
    /// A list of different texts.
    Texts,
    /// A text, or a list of different texts.
    TextOrTexts,
    /// A command: a text that is split as a shell does, or a list of texts.
    Command,
    /// A map or a list of `key=value`.
    Pairs(Pairs),
    /// A list of different ports.
    Ports,
    /// A list of different names or numbers of groups.
    Groups,
    /// What is built, of the first form: a path.
    BuildPath,
    /// What is built, of the second form.
    Build,
    /// The service that is extended.
    Extends,
    /// The same, or a text, which is not looked at.
    ExtendsOrText,
    /// Networks by name.
    Networks,
    /// Secrets by name.
    Secrets,
    /// Limits of processes.
    Ulimits,
    /// Where output goes.
    Logging,
    /// A map of texts.
    TextMap,
    /// A map of anything.
    Map,
    /// A list of anything.
    List,
    /// A map with keys of its own.
    Fields(Fields),
    /// A list of such maps.
    FieldsList(Fields),
}

/// What the values of a map are that may be a list too.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Pairs {
    /// Texts, whole numbers, or nothing.
    Any,
    /// Texts alone.
    Texts,
    /// The schema lets a map through, and then only a list can be taken.
    ListAlone,
}

const BOTH: (bool, bool) = (true, true);
const ONE: (bool, bool) = (true, false);
const TWO: (bool, bool) = (false, true);

/// Each key, in which of the two forms, and its shape. In the order of the alphabet.
const KEYS: &[(&str, (bool, bool), Shape)] = &[
    ("blkio_weight", BOTH, Shape::Number(Number::Whole)),
    ("blkio_weight_device", BOTH, Shape::Texts),
    ("build", ONE, Shape::BuildPath),
    ("build", TWO, Shape::Build),
    ("cap_add", BOTH, Shape::Texts),
    ("cap_drop", BOTH, Shape::Texts),
    ("certs", BOTH, Shape::Texts),
    ("cgroup_parent", BOTH, Shape::Text),
    ("command", BOTH, Shape::Command),
    ("config", TWO, Shape::Text),
    ("container_name", BOTH, Shape::Text),
    ("cpu_period", BOTH, Shape::Number(Number::Whole)),
    ("cpu_quota", BOTH, Shape::Number(Number::Whole)),
    ("cpu_shares", BOTH, Shape::Number(Number::Whole)),
    ("cpuset", BOTH, Shape::Text),
    ("default_cert", BOTH, Shape::Text),
    ("depends_on", TWO, Shape::Texts),
    ("description", BOTH, Shape::Text),
    ("device_read_bps", BOTH, Shape::Pairs(Pairs::Any)),
    ("device_read_iops", BOTH, Shape::Pairs(Pairs::Any)),
    ("device_write_bps", BOTH, Shape::Pairs(Pairs::Any)),
    ("device_write_iops", BOTH, Shape::Pairs(Pairs::Any)),
    ("devices", BOTH, Shape::Texts),
    ("disks", BOTH, Shape::FieldsList(fields::DISK)),
    ("dns", BOTH, Shape::TextOrTexts),
    ("dns_opt", BOTH, Shape::Pairs(Pairs::ListAlone)),
    ("dns_search", BOTH, Shape::TextOrTexts),
    ("dockerfile", ONE, Shape::Text),
    ("domainname", BOTH, Shape::Text),
    ("drain_timeout_ms", BOTH, Shape::Number(Number::Whole)),
    ("entrypoint", BOTH, Shape::Command),
    ("env_file", BOTH, Shape::TextOrTexts),
    ("environment", BOTH, Shape::Pairs(Pairs::Any)),
    ("expose", BOTH, Shape::Ports),
    ("extends", ONE, Shape::ExtendsOrText),
    ("extends", TWO, Shape::Extends),
    ("external_ips", BOTH, Shape::Texts),
    ("external_links", BOTH, Shape::Texts),
    ("extra_hosts", BOTH, Shape::Pairs(Pairs::ListAlone)),
    ("group_add", BOTH, Shape::Groups),
    ("health_check", BOTH, Shape::Fields(fields::HEALTH_CHECK)),
    ("hostname", BOTH, Shape::Text),
    ("image", BOTH, Shape::Text),
    ("init", BOTH, Shape::Bool),
    ("ipc", BOTH, Shape::Text),
    ("isolation", BOTH, Shape::Text),
    ("labels", BOTH, Shape::Pairs(Pairs::Texts)),
    ("lb_config", BOTH, Shape::Fields(fields::BALANCER)),
    ("links", BOTH, Shape::Texts),
    ("load_balancer_config", BOTH, Shape::Fields(fields::OLD_BALANCER)),
    ("log_driver", ONE, Shape::Text),
    ("log_opt", ONE, Shape::TextMap),
    ("logging", TWO, Shape::Logging),
    ("mac_address", BOTH, Shape::Text),
    ("mem_limit", BOTH, Shape::Number(Number::Size)),
    // The executor's type of the first form has no such key: it is not read.
    ("mem_reservation", ONE, Shape::Number(Number::Unread)),
    ("mem_reservation", TWO, Shape::Number(Number::Size)),
    ("mem_swappiness", BOTH, Shape::Whole),
    ("memory", BOTH, Shape::Number(Number::Size)),
    ("memswap_limit", BOTH, Shape::Number(Number::Size)),
    ("metadata", BOTH, Shape::Map),
    ("milli_cpu_reservation", BOTH, Shape::Number(Number::Whole)),
    ("net", ONE, Shape::Text),
    ("network_driver", BOTH, Shape::Fields(fields::NETWORK_DRIVER)),
    ("network_mode", TWO, Shape::Text),
    ("networks", TWO, Shape::Networks),
    ("oom_kill_disable", BOTH, Shape::Bool),
    ("oom_score_adj", BOTH, Shape::Score),
    ("pid", BOTH, Shape::TextOrNothing),
    ("port_rules", TWO, Shape::List),
    ("ports", BOTH, Shape::Ports),
    ("privileged", BOTH, Shape::Bool),
    ("read_only", BOTH, Shape::Bool),
    ("restart", BOTH, Shape::Text),
    ("retain_ip", BOTH, Shape::Bool),
    ("scale", BOTH, Shape::Number(Number::Whole)),
    ("scale_policy", BOTH, Shape::Fields(fields::SCALE_POLICY)),
    ("secrets", TWO, Shape::Secrets),
    ("security_opt", BOTH, Shape::Texts),
    ("shm_size", BOTH, Shape::Number(Number::Size)),
    ("start_on_create", BOTH, Shape::Bool),
    ("stdin_open", BOTH, Shape::Bool),
    ("stickiness_policy", TWO, Shape::Map),
    ("stop_grace_period", BOTH, Shape::Number(Number::Duration)),
    ("stop_signal", BOTH, Shape::Text),
    ("storage_driver", BOTH, Shape::Fields(fields::STORAGE_DRIVER)),
    ("sysctls", BOTH, Shape::Pairs(Pairs::Texts)),
    ("tmpfs", TWO, Shape::TextOrTexts),
    ("tty", BOTH, Shape::Bool),
    ("type", BOTH, Shape::Text),
    ("ulimits", BOTH, Shape::Ulimits),
    ("upgrade_strategy", BOTH, Shape::Fields(fields::UPGRADE_STRATEGY)),
    ("user", BOTH, Shape::Text),
    ("userdata", BOTH, Shape::Text),
    ("uts", BOTH, Shape::Text),
    ("vcpu", BOTH, Shape::Number(Number::Whole)),
    ("volume_driver", BOTH, Shape::Text),
    ("volumes", BOTH, Shape::Texts),
    ("volumes_from", BOTH, Shape::Texts),
    ("working_dir", BOTH, Shape::Text),
];

fn in_form(forms: (bool, bool), form: Form) -> bool {
    if form == Form::One { forms.0 } else { forms.1 }
}

/// What may stand at a key of a service.
pub(super) fn shape(name: &str, form: Form) -> Option<Shape> {
    let from = KEYS.partition_point(|(key, ..)| *key < name);
    let same = KEYS[from..].iter().take_while(|(key, ..)| *key == name);
    same.filter(|(_, forms, _)| in_form(*forms, form)).map(|(.., shape)| *shape).next()
}

/// Why a key is not taken, in the author's words.
pub(super) fn not_taken(name: &str, form: Form) -> String {
    let other = if form == Form::One { Form::Two } else { Form::One };
    if shape(name, other).is_some() {
        let instead = match name {
            "net" => "; write `network_mode`",
            "log_driver" | "log_opt" => "; write `logging` with `driver` and `options`",
            "dockerfile" => "; it stands below `build`",
            "network_mode" => "; write `net`, or add `version: '2'` and put the services below `services`",
            "logging" => {
                "; write `log_driver` and `log_opt`, or add `version: '2'` and put the services below `services`"
            }
            _ if form == Form::One => "; add `version: '2'` and put the services below `services`",
            _ => "",
        };
        let which = if form == Form::One { "without a version" } else { "of version 2" };
        return format!("`{name}` is no key of a service in a file {which}{instead}");
    }
    match nearest(name, form) {
        Some(near) => format!("Rancher does not know `{name}` in a service; `{near}` is meant?"),
        None => format!("Rancher does not know `{name}` in a service"),
    }
}

/// A key that differs in a letter or two.
fn nearest(name: &str, form: Form) -> Option<&'static str> {
    let most = match name.len() {
        0..=3 => return None,
        4..=6 => 1,
        _ => 2,
    };
    let known = KEYS.iter().filter(|(_, forms, _)| in_form(*forms, form));
    known.map(|(key, ..)| (distance(name, key), *key)).filter(|(far, _)| *far <= most).min().map(|(_, key)| key)
}

/// How many letters have to be changed, added or taken away.
pub(super) fn distance(a: &str, b: &str) -> usize {
    if a.len().abs_diff(b.len()) > 3 {
        return usize::MAX;
    }
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.bytes().enumerate() {
        let mut before = row[0];
        row[0] = i + 1;
        for (j, y) in b.bytes().enumerate() {
            let above = row[j + 1];
            row[j + 1] = (before + usize::from(x != y)).min(above + 1).min(row[j] + 1);
            before = above;
        }
    }
    row[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_stand_in_order() {
        assert!(KEYS.is_sorted_by(|a, b| a.0 <= b.0));
    }

    #[test]
    fn each_form_has_the_keys_of_its_schema() {
        for (name, one, two) in
            [("net", true, false), ("depends_on", false, true), ("image", true, true), ("deploy", false, false)]
        {
            assert_eq!((shape(name, Form::One).is_some(), shape(name, Form::Two).is_some()), (one, two), "{name}");
        }
    }

    #[test]
    fn a_key_that_is_almost_one_is_recognised() {
        assert!(not_taken("priviledged", Form::Two).contains("`privileged`"));
        assert!(not_taken("net", Form::Two).contains("`network_mode`"));
        assert!(!not_taken("deploy", Form::Two).contains("meant"));
    }
}
