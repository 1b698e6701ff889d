//! What a container may do on its host, as a set: so that two versions of a service show what was gained and lost.

use std::collections::BTreeSet;

use rancher_catalog::model::{Field, Scalar, Service, Templated, label_names};

/// The capabilities that Docker gives a container which asks for none.
const ORDINARY_CAPABILITIES: [&str; 14] = [
    "AUDIT_WRITE",
    "CHOWN",
    "DAC_OVERRIDE",
    "FOWNER",
    "FSETID",
    "KILL",
    "MKNOD",
    "NET_BIND_SERVICE",
    "NET_RAW",
    "SETFCAP",
    "SETGID",
    "SETPCAP",
    "SETUID",
    "SYS_CHROOT",
];

/// A right, in words that stand behind "gains" and "loses".
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Right {
    /// In words.
    pub text: String,
    /// Whether it is nothing to mention of a new service: every container has it unless it is taken away, or it comes
    /// with another right.
    pub ordinary: bool,
}

/// Several capabilities that are gained or lost together, in one text.
pub(super) fn together(texts: &[String]) -> Option<String> {
    let names: Option<Vec<&str>> = texts.iter().map(|text| text.strip_prefix(CAPABILITY)).collect();
    let names = names.filter(|names| names.len() > 1)?;
    if names == ORDINARY_CAPABILITIES {
        return Some("all capabilities that Docker gives by itself".to_owned());
    }
    Some(format!("capabilities {}", names.join(", ")))
}

/// Whether a right is a capability.
pub(super) fn is_capability(text: &str) -> bool {
    text.starts_with(CAPABILITY)
}

const CAPABILITY: &str = "capability ";

/// The rights of a service.
pub fn rights(service: &Service) -> BTreeSet<Right> {
    let mut held = BTreeSet::new();
    if is_true(&service.privileged) {
        held.insert(more("privileged: everything that root on the host may do"));
        // What it may as well ask for in other words.
        held.extend(["SELinux", "seccomp", "AppArmor"].map(|system| ordinary(unconfined(system))));
    } else if let Some(variable) = variable(&service.privileged) {
        held.insert(more(format!("privileged where {variable} says so")));
    }
    capabilities(service, &mut held);
    security_options(service, &mut held);
    if !is_true(&service.read_only) {
        held.insert(ordinary("writing into its own root file system"));
    }
    for (key, value, what) in [
        ("network", service.network_mode.value().or(service.net.value()), "the host's network"),
        ("pid", service.pid.value(), "the host's processes (pid: host)"),
        ("ipc", service.ipc.value(), "the host's shared memory (ipc: host)"),
        ("uts", service.uts.value(), "the host's name (uts: host)"),
    ] {
        match value.map(Scalar::text).as_deref() {
            Some("host") => drop(held.insert(more(what))),
            // Another container's network shows among networks.
            Some(other) if key != "network" => drop(held.insert(more(format!("{key}: {other}")))),
            _ => {}
        }
    }
    for device in list(&service.devices) {
        held.insert(more(format!("the host's device {}", device.split(':').next().unwrap_or_default())));
    }
    for volume in list(&service.volumes) {
        held.extend(host_path(&volume));
    }
    let labels = service.labels.value();
    if labels.and_then(|labels| labels.get(label_names::CREATE_AGENT)).as_deref() == Some("true") {
        let role = labels.and_then(|labels| labels.get(label_names::AGENT_ROLE));
        let role = role.map_or_else(|| "its own".to_owned(), |role| format!("role {role}"));
        held.insert(more(format!("a key of Rancher's API ({role})")));
    }
    held
}

fn capabilities(service: &Service, held: &mut BTreeSet<Right>) {
    let named = |field: &Field<Vec<Scalar>>| -> BTreeSet<String> {
        list(field).iter().map(|name| name.trim_start_matches("CAP_").to_ascii_uppercase()).collect()
    };
    let (added, dropped) = (named(&service.cap_add), named(&service.cap_drop));
    if added.contains("ALL") {
        held.insert(more("all capabilities"));
    }
    for name in ORDINARY_CAPABILITIES {
        let taken = dropped.contains("ALL") || dropped.contains(name);
        if !taken || added.contains(name) || added.contains("ALL") {
            held.insert(ordinary(format!("{CAPABILITY}{name}")));
        }
    }
    for name in added.iter().filter(|name| *name != "ALL" && !ORDINARY_CAPABILITIES.contains(&name.as_str())) {
        held.insert(more(format!("{CAPABILITY}{name}")));
    }
}

fn security_options(service: &Service, held: &mut BTreeSet<Right>) {
    let options = list(&service.security_opt);
    let normal: Vec<String> = options.iter().map(|option| option.replacen(':', "=", 1)).collect();
    if !normal.iter().any(|option| matches!(option.as_str(), "no-new-privileges" | "no-new-privileges=true")) {
        held.insert(ordinary("rights through programs with a setuid bit"));
    }
    for option in normal {
        held.extend(match option.as_str() {
            "no-new-privileges" | "no-new-privileges=true" | "no-new-privileges=false" => None,
            "label=disable" => Some(more(unconfined("SELinux"))),
            "seccomp=unconfined" => Some(more(unconfined("seccomp"))),
            "apparmor=unconfined" => Some(more(unconfined("AppArmor"))),
            other => Some(more(format!("security option {other}"))),
        });
    }
}

fn unconfined(system: &str) -> String {
    format!("freedom from {system}")
}

/// A volume that is a path of the host.
fn host_path(volume: &str) -> Option<Right> {
    let mut parts = volume.split(':');
    let (host, _container) = (parts.next()?, parts.next()?);
    let mode = parts.next().unwrap_or_default();
    if !host.starts_with(['/', '.', '~']) {
        return None;
    }
    if host.ends_with("/docker.sock") {
        return Some(more(format!("the host's Docker through {host}: as much as root on the host")));
    }
    let verb = if mode.split(',').any(|word| word == "ro") { "reading" } else { "reading and writing" };
    Some(more(format!("{verb} {host} of the host")))
}

fn more(text: impl Into<String>) -> Right {
    Right { text: text.into(), ordinary: false }
}

fn ordinary(text: impl Into<String>) -> Right {
    Right { text: text.into(), ordinary: true }
}

fn is_true(field: &Field<Templated<bool>>) -> bool {
    field.value().and_then(Templated::value) == Some(&true)
        || matches!(field.value(), Some(Templated::Text(text)) if text == "true")
}

fn variable(field: &Field<Templated<bool>>) -> Option<&str> {
    match field.value() {
        Some(Templated::Text(text)) if text.contains('$') => Some(text),
        _ => None,
    }
}

fn list(field: &Field<Vec<Scalar>>) -> Vec<String> {
    field.value().map(|items| items.iter().map(ToString::to_string).collect()).unwrap_or_default()
}

/// Whether a key of a service is told in rights alone.
pub(super) fn told_by_rights(key: &str) -> bool {
    matches!(
        key,
        "privileged" | "cap_add" | "cap_drop" | "security_opt" | "read_only" | "pid" | "ipc" | "uts" | "devices"
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use rancher_catalog::yaml::read_as;

    fn gained_and_lost(before: &str, after: &str) -> (Vec<String>, Vec<String>) {
        let (before, after): (Service, Service) = (read_as(before).unwrap(), read_as(after).unwrap());
        let texts = |service| rights(&service).into_iter().map(|right| right.text).collect::<BTreeSet<String>>();
        let (before, after) = (texts(before), texts(after));
        (after.difference(&before).cloned().collect(), before.difference(&after).cloned().collect())
    }

    #[test]
    fn what_takes_a_right_away_is_a_loss_and_what_gives_one_a_gain() {
        for (key, gained, lost) in [
            ("privileged: false", "", ""),
            ("cap_add: [NET_ADMIN]", "capability NET_ADMIN", ""),
            ("cap_add: [CAP_CHOWN]", "", ""),
            ("cap_drop: [mknod]", "", "capability MKNOD"),
            ("read_only: true", "", "root file system"),
            ("security_opt: ['no-new-privileges:true']", "", "setuid"),
            ("security_opt: ['label:disable']", "freedom from SELinux", ""),
            ("network_mode: host", "the host's network", ""),
            ("net: host", "the host's network", ""),
            ("pid: host", "processes", ""),
            ("volumes: ['/var/run/docker.sock:/var/run/docker.sock']", "as much as root", ""),
            ("volumes: ['/etc:/etc:ro']", "reading /etc of the host", ""),
            ("volumes: ['data:/data']", "", ""),
            ("devices: ['/dev/fuse:/dev/fuse']", "/dev/fuse", ""),
            ("labels: {io.rancher.container.create_agent: 'true'}", "Rancher's API", ""),
        ] {
            let (more, less) = gained_and_lost("image: x", key);
            for (found, wanted) in [(more, gained), (less, lost)] {
                if wanted.is_empty() {
                    assert!(found.is_empty(), "{key}: {found:?}");
                } else {
                    assert_eq!(found.len(), 1, "{key}: {found:?}");
                    assert!(found[0].contains(wanted), "{key}: {found:?}");
                }
            }
        }
        let (gained, lost) = gained_and_lost("privileged: true", "security_opt: ['label=disable']");
        assert!(gained.is_empty() && lost.len() == 3, "{gained:?} {lost:?}");
        let (gained, lost) = gained_and_lost("image: x", "cap_drop: [ALL]\ncap_add: [CHOWN]");
        assert_eq!((gained.len(), lost.len()), (0, 13), "{lost:?}");
    }
}
