//! The services of a version: rancher-compose laid over docker-compose, as far as it decides what can be made of them.

use std::borrow::Cow;
use std::collections::HashMap;

use super::layout::Part;
use super::raw::{Kind, Raw, RawMap};
use super::{Cause, File, Told};
use crate::yaml::Node;

/// A text and its place.
#[derive(Debug, Clone)]
pub(super) struct Placed<'a> {
    pub text: Cow<'a, str>,
    pub file: File,
    pub value: Raw<'a>,
}

impl<'a> Placed<'a> {
    fn of(value: &Raw<'a>, file: File) -> Option<Self> {
        let text = match &value.kind {
            Kind::Text(text) => text.clone(),
            _ => Cow::Owned(value.scalar_text()?.into_owned()),
        };
        Some(Self { text, file, value: value.clone() })
    }

    pub fn tell(&self, cause: Cause, told: &mut Vec<Told<'a>>, message: String) {
        tell(cause, self.file, self.value.at, told, message);
    }
}

/// Says it once of each place.
pub(super) fn tell<'a>(cause: Cause, file: File, at: &'a Node, told: &mut Vec<Told<'a>>, message: String) {
    if !told.iter().rev().take(50).any(|told| std::ptr::eq(told.at, at) && told.cause == cause) {
        told.push(Told { cause, file, at, message });
    }
}

/// A rule of a load balancer.
#[derive(Debug, Clone)]
pub(super) struct PortRule<'a> {
    pub file: File,
    pub at: &'a Node,
    pub source_port: i64,
    pub service: Option<Placed<'a>>,
    pub selector: bool,
}

/// A service.
#[derive(Debug)]
pub(super) struct Service<'a> {
    pub name: &'a str,
    /// Where its name stands first, and in which file.
    pub at: &'a Node,
    pub file: File,
    pub image: Option<Placed<'a>>,
    /// Whether an image is named at all, be it in a way that is not taken.
    pub names_image: bool,
    /// What it is built from.
    pub build: Option<Placed<'a>>,
    pub labels: HashMap<Cow<'a, str>, Placed<'a>>,
    pub links: Vec<Placed<'a>>,
    pub external_links: Vec<Placed<'a>>,
    pub depends_on: Vec<Placed<'a>>,
    pub ports: Vec<Placed<'a>>,
    pub expose: Vec<Placed<'a>>,
    pub volumes_from: Vec<Placed<'a>>,
    pub external_ips: Vec<Placed<'a>>,
    /// Whether the file that counts last has a list of addresses for it, be it an empty one.
    pub lists_addresses: bool,
    pub devices: Vec<Placed<'a>>,
    pub weights: Vec<Placed<'a>>,
    pub rates: Vec<Placed<'a>>,
    pub network_mode: Option<Placed<'a>>,
    pub hostname: Option<Placed<'a>>,
    pub restart: Option<Placed<'a>>,
    /// The rules of its load balancer; `None` where it has no `lb_config`.
    pub balancer: Option<Vec<PortRule<'a>>>,
    pub is_driver: bool,
    /// Whether it extends a service of a file that is not there: what that has is not known.
    pub is_extended: bool,
}

impl<'a> Service<'a> {
    fn new(name: &'a str, at: &'a Node, file: File) -> Self {
        Self {
            name,
            at,
            file,
            image: None,
            names_image: false,
            build: None,
            labels: HashMap::new(),
            links: Vec::new(),
            external_links: Vec::new(),
            depends_on: Vec::new(),
            ports: Vec::new(),
            expose: Vec::new(),
            volumes_from: Vec::new(),
            external_ips: Vec::new(),
            lists_addresses: false,
            devices: Vec::new(),
            weights: Vec::new(),
            rates: Vec::new(),
            network_mode: None,
            hostname: None,
            restart: None,
            balancer: None,
            is_driver: false,
            is_extended: false,
        }
    }

    pub fn image(&self) -> &str {
        self.image.as_ref().map_or("", |image| &image.text)
    }

    pub fn label(&self, name: &str) -> Option<&Placed<'a>> {
        self.labels.get(name)
    }

    /// Tells of the service as a whole.
    pub fn tell(&self, cause: Cause, told: &mut Vec<Told<'a>>, message: String) {
        tell(cause, self.file, self.at, told, message);
    }

    fn lay(&mut self, keys: &RawMap<'a>, file: File) {
        let mut has_balancer = false;
        // Of an empty list nothing is left once another file is laid over it.
        self.lists_addresses = !self.external_ips.is_empty();
        // An image takes the place of what is built, and what is built that of an image.
        if keys.iter().any(|(key, value)| key.text == "image" && !is_empty(value)) {
            self.build = None;
        }
        if keys.iter().any(|(key, value)| matches!(key.text, "build" | "dockerfile") && builds(value)) {
            self.image = None;
            self.names_image = false;
        }
        for (key, value) in keys {
            let one = || Placed::of(value, file).filter(|placed| !placed.text.is_empty());
            let all = || value.items().iter().filter_map(|item| Placed::of(item, file));
            match key.text {
                "image" => {
                    self.names_image = true;
                    self.image = one().or(self.image.take());
                }
                "build" => {
                    let context = if let Kind::Map(_) = value.kind { value.get("context") } else { Some(value) };
                    let context = context.and_then(|context| Placed::of(context, file));
                    self.build = context.filter(|context| !context.text.is_empty()).or(self.build.take());
                }
                "labels" => self.lay_labels(value, file),
                "links" => self.links.extend(all()),
                "external_links" => self.external_links.extend(all()),
                "depends_on" => self.depends_on.extend(all()),
                "ports" => self.ports.extend(all()),
                "expose" => self.expose.extend(all()),
                "volumes_from" => self.volumes_from.extend(all()),
                "external_ips" => {
                    self.lists_addresses |= matches!(value.kind, Kind::List(_));
                    self.external_ips.extend(all());
                }
                "devices" => self.devices.extend(all()),
                "blkio_weight_device" => self.weights.extend(all()),
                "device_read_bps" | "device_read_iops" | "device_write_bps" | "device_write_iops" => {
                    self.rates.extend(all());
                    self.rates.extend(value.entries().iter().map(|(key, value)| {
                        let rate = value.scalar_text().map(|rate| format!(":{rate}")).unwrap_or_default();
                        let text = format!("{}{rate}", key.text).into();
                        Placed { text, file, value: Raw { kind: Kind::Null, at: key.at } }
                    }));
                }
                "network_mode" | "net" => self.network_mode = one().or(self.network_mode.take()),
                "hostname" => self.hostname = one().or(self.hostname.take()),
                "restart" => self.restart = one().or(self.restart.take()),
                "lb_config" if matches!(value.kind, Kind::Map(_)) => {
                    has_balancer = true;
                    self.balancer = Some(port_rules(value, file));
                }
                "extends" => {
                    self.is_extended = value.get("file").and_then(Raw::text).is_some_and(|file| !file.is_empty())
                }
                "storage_driver" | "network_driver" => self.is_driver |= matches!(value.kind, Kind::Map(_)),
                _ => {}
            }
        }
        if file == File::Rancher && !has_balancer {
            // The executor lays an absent `lb_config` over one that is there.
            self.balancer = None;
        }
    }

    fn lay_labels(&mut self, value: &Raw<'a>, file: File) {
        for item in value.items() {
            let Some(placed) = Placed::of(item, file) else { continue };
            let text = placed.text.trim();
            let (name, own) = text.split_once('=').unwrap_or((text, ""));
            let (name, own) = (name.to_owned().into(), own.to_owned().into());
            self.labels.insert(name, Placed { text: own, ..placed });
        }
        for (key, value) in value.entries() {
            let placed = Placed::of(value, file).unwrap_or_else(|| Placed {
                text: "".into(),
                file,
                value: Raw { kind: Kind::Null, at: key.at },
            });
            self.labels.insert(key.text.into(), placed);
        }
    }
}

fn is_empty(value: &Raw<'_>) -> bool {
    value.text() == Some("")
}

/// Whether a value of `build` says anything.
fn builds(value: &Raw<'_>) -> bool {
    match &value.kind {
        Kind::Map(entries) => entries.iter().any(|(_, value)| match &value.kind {
            Kind::Map(entries) => !entries.is_empty(),
            Kind::List(items) => !items.is_empty(),
            _ => !is_empty(value),
        }),
        _ => !is_empty(value),
    }
}

fn port_rules<'a>(config: &Raw<'a>, file: File) -> Vec<PortRule<'a>> {
    let rules = config.get("port_rules").map_or(&[][..], Raw::items);
    let rule = |rule: &Raw<'a>| {
        let text = |key: &str| {
            rule.get(key).and_then(|value| Placed::of(value, file)).filter(|placed| !placed.text.is_empty())
        };
        let source_port = match rule.get("source_port").map(|port| &port.kind) {
            Some(Kind::Int(port)) => *port,
            #[allow(clippy::cast_possible_truncation, reason = "the executor cuts it off too")]
            Some(Kind::Float(port)) => *port as i64,
            _ => 0,
        };
        PortRule { file, at: rule.at, source_port, service: text("service"), selector: text("selector").is_some() }
    };
    rules.iter().map(rule).collect()
}

/// All services of a version.
#[derive(Debug, Default)]
pub(super) struct Services<'a> {
    list: Vec<Service<'a>>,
    by_name: HashMap<&'a str, usize>,
    /// Names of containers that belong to no service.
    containers: Vec<&'a str>,
}

impl<'a> Services<'a> {
    /// Takes those of a file.
    pub fn take(&mut self, file: File, part: &Part<'a>) {
        for service in &part.services {
            let at = *self.by_name.entry(service.name).or_insert_with(|| {
                self.list.push(Service::new(service.name, service.at, file));
                self.list.len() - 1
            });
            self.list[at].lay(&service.keys, file);
        }
        self.containers.extend(part.containers.iter().map(|container| container.name));
    }

    pub fn iter(&self) -> impl Iterator<Item = &Service<'a>> {
        self.list.iter()
    }

    pub fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// The service of a name.
    pub fn get(&self, name: &str) -> Option<&Service<'a>> {
        self.by_name.get(name).map(|at| &self.list[*at])
    }

    /// Where the service of a name stands in the list.
    pub fn index(&self, name: &str) -> Option<usize> {
        self.by_name.get(name).copied()
    }

    /// Whether a link to this name leads somewhere.
    pub fn has(&self, name: &str) -> bool {
        self.by_name.contains_key(name) || self.containers.contains(&name)
    }
}

/// The label that lists the sidekicks of a service.
pub(super) const SIDEKICKS: &str = "io.rancher.sidekicks";

/// The names that a label lists.
pub(super) fn sidekicks<'s>(service: &'s Service<'_>) -> Vec<&'s str> {
    let label = service.label(SIDEKICKS);
    label.map_or_else(Vec::new, |label| label.text.trim().split(',').map(str::trim).collect())
}

/// Which service is whose sidekick: the names of its services.
pub(super) fn primaries<'s>(services: &'s Services<'_>) -> HashMap<&'s str, Vec<&'s str>> {
    let mut primaries: HashMap<&str, Vec<&str>> = HashMap::new();
    for service in services.iter() {
        for sidekick in sidekicks(service) {
            primaries.entry(sidekick).or_default().push(service.name);
        }
    }
    primaries
}
