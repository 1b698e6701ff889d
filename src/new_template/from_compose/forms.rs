//! The forms that values of a compose file have: texts, lists, maps of what. What has another one is taken out before anything
//! is read, and told.

use rancher_catalog::hidden::seen_in_a_line;
use rancher_catalog::yaml::{Node, NodeKind, Position, Typed};

/// The form of a value. An empty one fits everywhere, but for items of lists.
enum Form {
    /// A text, a number or a truth value.
    Scalar,
    List(&'static Form),
    Map(&'static Form),
    /// A map of these keys; whoever reads it tells the others.
    Keys(&'static [(&'static str, Form)]),
    /// A map of these keys; others are taken out.
    OnlyKeys(&'static [(&'static str, Form)]),
    Either(&'static [Form]),
}

use Form::{Either, Keys, List, Map, OnlyKeys, Scalar};

const TEXTS: Form = List(&Scalar);
const ONE_OR_MORE: Form = Either(&[Scalar, List(&Scalar)]);
const PAIRS: Form = Either(&[List(&Scalar), Map(&Scalar)]);
const EXTERNAL: Form = Either(&[Scalar, OnlyKeys(&[("name", Scalar)])]);

const ENV_FILE: Form = OnlyKeys(&[("path", Scalar)]);
const DEPENDENCY: Form = Keys(&[("condition", Scalar)]);
const EXTENDS: Form = OnlyKeys(&[("file", Scalar), ("service", Scalar)]);
const LOGGING: Form = OnlyKeys(&[("driver", Scalar), ("options", Map(&Scalar))]);
const HEALTH_CHECK: Form = OnlyKeys(&[
    ("disable", Scalar),
    ("interval", Scalar),
    ("retries", Scalar),
    ("start_period", Scalar),
    ("test", ONE_OR_MORE),
    ("timeout", Scalar),
]);
const MOUNT: Form = OnlyKeys(&[
    ("bind", OnlyKeys(&[("create_host_path", Scalar)])),
    ("destination", Scalar),
    ("dst", Scalar),
    ("read_only", Scalar),
    ("readonly", Scalar),
    ("source", Scalar),
    ("src", Scalar),
    ("target", Scalar),
    ("tmpfs", OnlyKeys(&[("size", Scalar)])),
    ("type", Scalar),
    ("volume", OnlyKeys(&[("nocopy", Scalar), ("subpath", Scalar)])),
]);
const RESOURCES: Form = Keys(&[("cpus", Scalar), ("memory", Scalar)]);
const DEPLOY: Form = Keys(&[
    ("mode", Scalar),
    ("placement", Keys(&[("constraints", TEXTS), ("max_replicas_per_node", Scalar)])),
    ("replicas", Scalar),
    ("resources", Keys(&[("limits", RESOURCES), ("reservations", RESOURCES)])),
    ("restart_policy", OnlyKeys(&[("condition", Scalar)])),
    ("update_config", Map(&Scalar)),
]);

/// The keys of a service that are read.
const SERVICE: Form = Keys(&[
    ("blkio_weight_device", ONE_OR_MORE),
    ("cap_add", ONE_OR_MORE),
    ("cap_drop", ONE_OR_MORE),
    ("cgroup_parent", Scalar),
    ("command", ONE_OR_MORE),
    ("cpu_period", Scalar),
    ("cpu_quota", Scalar),
    ("cpu_shares", Scalar),
    ("cpus", Scalar),
    ("cpuset", Scalar),
    ("depends_on", Either(&[TEXTS, Map(&DEPENDENCY)])),
    ("deploy", DEPLOY),
    ("devices", ONE_OR_MORE),
    ("dns", ONE_OR_MORE),
    ("dns_opt", ONE_OR_MORE),
    ("dns_search", ONE_OR_MORE),
    ("domainname", Scalar),
    ("entrypoint", ONE_OR_MORE),
    ("env_file", Either(&[Scalar, List(&Either(&[Scalar, ENV_FILE]))])),
    ("environment", PAIRS),
    ("expose", TEXTS),
    ("extends", Either(&[Scalar, EXTENDS])),
    ("external_links", ONE_OR_MORE),
    ("extra_hosts", PAIRS),
    ("group_add", ONE_OR_MORE),
    ("healthcheck", HEALTH_CHECK),
    ("hostname", Scalar),
    ("image", Scalar),
    ("init", Scalar),
    ("ipc", Scalar),
    ("isolation", Scalar),
    ("labels", PAIRS),
    ("links", TEXTS),
    ("log_driver", Scalar),
    ("log_opt", Map(&Scalar)),
    ("logging", LOGGING),
    ("mac_address", Scalar),
    ("mem_limit", Scalar),
    ("mem_reservation", Scalar),
    ("mem_swappiness", Scalar),
    ("memswap_limit", Scalar),
    ("net", Scalar),
    ("network_mode", Scalar),
    ("networks", Either(&[TEXTS, Map(&Keys(&[("aliases", TEXTS)]))])),
    ("oom_kill_disable", Scalar),
    ("oom_score_adj", Scalar),
    ("pid", Scalar),
    ("ports", List(&Either(&[Scalar, Map(&Scalar)]))),
    ("privileged", Scalar),
    ("profiles", TEXTS),
    ("pull_policy", Scalar),
    ("read_only", Scalar),
    ("restart", Scalar),
    ("scale", Scalar),
    ("secrets", List(&Either(&[Scalar, Map(&Scalar)]))),
    ("security_opt", ONE_OR_MORE),
    ("shm_size", Scalar),
    ("stdin_open", Scalar),
    ("stop_grace_period", Scalar),
    ("stop_signal", Scalar),
    ("sysctls", PAIRS),
    ("tmpfs", ONE_OR_MORE),
    ("tty", Scalar),
    ("ulimits", Map(&Either(&[Scalar, Map(&Scalar)]))),
    ("user", Scalar),
    ("uts", Scalar),
    ("volume_driver", Scalar),
    ("volumes", List(&Either(&[Scalar, MOUNT]))),
    ("volumes_from", ONE_OR_MORE),
    ("working_dir", Scalar),
]);

/// The sections beside the services that are read.
const SECTIONS: &[(&str, Form)] = &[
    ("networks", Map(&Keys(&[("driver", Scalar)]))),
    ("secrets", Map(&OnlyKeys(&[("environment", Scalar), ("external", EXTERNAL), ("file", Scalar), ("name", Scalar)]))),
    (
        "volumes",
        Map(&Keys(&[
            ("driver", Scalar),
            ("driver_opts", Map(&Scalar)),
            ("external", EXTERNAL),
            ("name", Scalar),
            ("per_container", Scalar),
        ])),
    ),
];

/// What was taken out: where it stood, and what and why.
pub(super) type Misfit = (Position, String);

/// Takes out of a compose file what has a form that nobody reads.
pub(super) fn keep_what_fits(root: &mut Node, is_sectioned: bool) -> Vec<Misfit> {
    let mut found = Vec::new();
    let NodeKind::Map(entries) = &mut root.kind else { return found };
    if !is_sectioned {
        of_services(entries, |name| !name.starts_with("x-"), &mut found);
        return found;
    }
    entries.retain_mut(|(key, value)| match key.text().unwrap_or_default() {
        "services" => {
            if let NodeKind::Map(entries) = &mut value.kind {
                of_services(entries, |_| true, &mut found);
            }
            true
        }
        name => match SECTIONS.iter().find(|(section, _)| *section == name) {
            Some((section, form)) => kept(key.span.start, value, form, &Path::top(section), &mut found),
            None => true,
        },
    });
    found
}

fn of_services(entries: &mut Vec<(Node, Node)>, is_service: impl Fn(&str) -> bool, found: &mut Vec<Misfit>) {
    for (name, service) in entries {
        let name = name.text().unwrap_or_default();
        if is_service(name) {
            fit(service, &SERVICE, &Path { keys: Vec::new(), service: Some(name) }, found);
        }
    }
}

/// The way to a value.
#[derive(Clone)]
struct Path<'p> {
    keys: Vec<&'p str>,
    service: Option<&'p str>,
}

impl<'p> Path<'p> {
    fn top(section: &'p str) -> Self {
        Self { keys: vec![section], service: None }
    }

    fn below<'q>(&self, key: &'q str) -> Path<'q>
    where
        'p: 'q,
    {
        let mut keys: Vec<&'q str> = self.keys.clone();
        keys.push(key);
        Path { keys, service: self.service }
    }

    fn words(&self) -> String {
        let name = self.keys.join(".");
        let name = seen_in_a_line(&name);
        match self.service {
            Some(service) => format!("`{name}` of {}", seen_in_a_line(service)),
            None => format!("`{name}`"),
        }
    }
}

/// Whether a value fits, once what does not fit in it is taken out; where not, it is told.
fn kept(at: Position, value: &mut Node, form: &Form, path: &Path<'_>, found: &mut Vec<Misfit>) -> bool {
    if fit(value, form, path, found) {
        return true;
    }
    found.push((at, format!("{} is left out: it must be {}, not {}", path.words(), wanted(form), what(value))));
    false
}

fn fit(node: &mut Node, form: &Form, path: &Path<'_>, found: &mut Vec<Misfit>) -> bool {
    if node.is_null() {
        return true;
    }
    match (form, &mut node.kind) {
        (Scalar, NodeKind::Scalar { .. }) => true,
        (Either(forms), kind) => {
            let of_kind = forms.iter().find(|form| is_of_kind(form, kind));
            of_kind.is_some_and(|form| fit(node, form, path, found))
        }
        (List(form), NodeKind::List(items)) => {
            items.retain_mut(|item| {
                let at = item.span.start;
                let fits = !item.is_null() && fit(item, form, path, found);
                if !fits {
                    let words = path.words();
                    let message =
                        format!("a part of {words} is left out: it must be {}, not {}", wanted(form), what(item));
                    found.push((at, message));
                }
                fits
            });
            true
        }
        (Map(_) | Keys(_) | OnlyKeys(_), NodeKind::Map(entries)) => {
            entries.retain_mut(|(key, value)| {
                let at = key.span.start;
                let name = key.text().unwrap_or_default();
                let path = path.below(name);
                match form {
                    Map(form) => kept(at, value, form, &path, found),
                    Keys(keys) | OnlyKeys(keys) => match keys.iter().find(|(key, _)| *key == name) {
                        Some((_, form)) => kept(at, value, form, &path, found),
                        None if matches!(form, Keys(_)) || name.starts_with("x-") => true,
                        None => {
                            found.push((at, format!("{} is left out: Rancher has nothing like it", path.words())));
                            false
                        }
                    },
                    _ => true,
                }
            });
            true
        }
        _ => false,
    }
}

fn is_of_kind(form: &Form, kind: &NodeKind) -> bool {
    match form {
        Scalar => matches!(kind, NodeKind::Scalar { .. }),
        List(_) => matches!(kind, NodeKind::List(_)),
        Map(_) | Keys(_) | OnlyKeys(_) => matches!(kind, NodeKind::Map(_)),
        Either(forms) => forms.iter().any(|form| is_of_kind(form, kind)),
    }
}

fn wanted(form: &Form) -> String {
    match form {
        Scalar => "a text or a number".to_owned(),
        List(_) => "a list".to_owned(),
        Map(_) | Keys(_) | OnlyKeys(_) => "a map".to_owned(),
        Either(forms) => forms.iter().map(wanted).collect::<Vec<_>>().join(" or "),
    }
}

fn what(node: &Node) -> &'static str {
    match &node.kind {
        NodeKind::List(_) => "a list",
        NodeKind::Map(_) => "a map",
        NodeKind::Scalar { value, .. } => match value {
            Typed::Null => "nothing",
            Typed::Bool(_) => "true or false",
            Typed::Number(_) => "a number",
            Typed::Text => "a text",
        },
    }
}
