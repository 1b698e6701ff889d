//! Maps with keys of their own: below a service those that are Rancher's, and the other sections of a file. Here the
//! executor's types alone decide: other keys are passed over.

use super::raw::{Key, Kind, Raw};
use super::{Cause, Teller, quoted, retyped};

/// What a field is.
#[derive(Debug, Clone, Copy)]
pub(super) enum Field {
    /// A text; any single value becomes one.
    Text,
    /// A whole number.
    Whole,
    /// A boolean.
    Bool,
    /// A list of texts.
    Texts,
    /// A map of texts.
    TextMap,
    /// A map of anything.
    Map,
    /// A map with keys of its own.
    Fields(Fields),
    /// A list of such maps.
    FieldsList(Fields),
    /// A boolean, or a map with a name.
    External,
    /// Any value; maps below have texts as keys.
    Dynamic,
}

/// The keys of a map, and what they are.
pub(super) type Fields = &'static [(&'static str, Field)];

use Field::{Bool, Dynamic, External, FieldsList, Map, Text, TextMap, Texts, Whole};

pub(super) const HEALTH_CHECK: Fields = &[
    ("port", Whole),
    ("request_line", Text),
    ("interval", Whole),
    ("response_timeout", Whole),
    ("healthy_threshold", Whole),
    ("unhealthy_threshold", Whole),
    ("initializing_timeout", Whole),
    ("reinitializing_timeout", Whole),
    ("strategy", Text),
    ("name", Text),
    ("recreate_on_quorum_strategy_config", Field::Fields(&[("quorum", Whole)])),
];
pub(super) const BALANCER: Fields = &[
    ("certs", Texts),
    ("default_cert", Text),
    ("port_rules", FieldsList(PORT_RULE)),
    ("config", Text),
    ("stickiness_policy", Field::Fields(STICKINESS)),
];
const PORT_RULE: Fields = &[
    ("source_port", Whole),
    ("protocol", Text),
    ("path", Text),
    ("hostname", Text),
    ("service", Text),
    ("target_port", Whole),
    ("priority", Whole),
    ("backend_name", Text),
    ("selector", Text),
    ("region", Text),
    ("environment", Text),
    ("weight", Whole),
];
const STICKINESS: Fields = &[
    ("name", Text),
    ("cookie", Text),
    ("domain", Text),
    ("indirect", Bool),
    ("nocache", Bool),
    ("postonly", Bool),
    ("mode", Text),
];
pub(super) const OLD_BALANCER: Fields = &[
    ("haproxy_config", Field::Fields(&[("global", Text), ("defaults", Text)])),
    ("lb_cookie_stickiness_policy", Field::Fields(STICKINESS)),
];
pub(super) const SCALE_POLICY: Fields = &[("increment", Whole), ("max", Whole), ("min", Whole)];
pub(super) const UPGRADE_STRATEGY: Fields = &[
    ("batch_size", Whole),
    ("interval_millis", Whole),
    ("start_first", Bool),
    ("launch_config", Map),
    ("previous_launch_config", Map),
    ("secondary_launch_configs", FieldsList(&[])),
    ("previous_secondary_launch_configs", FieldsList(&[])),
];
pub(super) const DISK: Fields = &[
    ("driver", Text),
    ("name", Text),
    ("opts", Map),
    ("read_iops", Whole),
    ("root", Bool),
    ("size", Text),
    ("write_iops", Whole),
];
pub(super) const STORAGE_DRIVER: Fields = &[
    ("account_id", Text),
    ("block_device_path", Text),
    ("created", Text),
    ("data", Map),
    ("description", Text),
    ("kind", Text),
    ("name", Text),
    ("remove_time", Text),
    ("removed", Text),
    ("scope", Text),
    ("service_id", Text),
    ("state", Text),
    ("transitioning", Text),
    ("transitioning_message", Text),
    ("transitioning_progress", Whole),
    ("uuid", Text),
    ("volume_access_mode", Text),
    ("volume_capabilities", Texts),
];
pub(super) const NETWORK_DRIVER: Fields = &[
    ("account_id", Text),
    ("cni_config", Map),
    ("created", Text),
    ("data", Map),
    ("default_network", Field::Fields(DEFAULT_NETWORK)),
    ("description", Text),
    ("kind", Text),
    ("name", Text),
    ("network_metadata", Map),
    ("remove_time", Text),
    ("removed", Text),
    ("service_id", Text),
    ("state", Text),
    ("transitioning", Text),
    ("transitioning_message", Text),
    ("transitioning_progress", Whole),
    ("uuid", Text),
];
const DEFAULT_NETWORK: Fields = &[
    ("account_id", Text),
    ("created", Text),
    ("data", Map),
    ("default_policy_action", Text),
    ("description", Text),
    ("dns", Texts),
    ("dns_search", Texts),
    ("host_ports", Bool),
    ("kind", Text),
    ("metadata", Map),
    ("name", Text),
    ("policy", FieldsList(&[])),
    ("remove_time", Text),
    ("removed", Text),
    ("state", Text),
    ("subnets", FieldsList(SUBNET)),
    ("transitioning", Text),
    ("transitioning_message", Text),
    ("transitioning_progress", Whole),
    ("uuid", Text),
];
const SUBNET: Fields = &[
    ("account_id", Text),
    ("cidr_size", Whole),
    ("created", Text),
    ("data", Map),
    ("description", Text),
    ("end_address", Text),
    ("gateway", Text),
    ("kind", Text),
    ("name", Text),
    ("network_address", Text),
    ("network_id", Text),
    ("remove_time", Text),
    ("removed", Text),
    ("start_address", Text),
    ("state", Text),
    ("transitioning", Text),
    ("transitioning_message", Text),
    ("transitioning_progress", Whole),
    ("uuid", Text),
];
pub(super) const VOLUME: Fields =
    &[("driver", Text), ("driver_opts", TextMap), ("external", External), ("per_container", Bool)];
pub(super) const NETWORK: Fields = &[
    ("driver", Text),
    ("driver_opts", TextMap),
    ("external", External),
    ("ipam", Field::Fields(&[("driver", Text), ("config", FieldsList(IPAM))])),
];
const IPAM: Fields = &[("subnet", Text), ("ip_range", Text), ("gateway", Text), ("aux_addresses", TextMap)];
pub(super) const SECRET: Fields = &[("file", Text), ("external", Text)];
pub(super) const HOST: Fields = &[("count", Whole), ("template", Text), ("", Dynamic)];
pub(super) const DEPENDENCY: Fields = &[("name", Text), ("template", Text), ("version", Text)];

/// Whether texts below a key of a service that are whole numbers become numbers.
pub(super) fn is_ranchers_own(key: &str) -> bool {
    matches!(
        key,
        "lb_config"
            | "load_balancer_config"
            | "certs"
            | "disks"
            | "external_ips"
            | "health_check"
            | "scale_policy"
            | "upgrade_strategy"
            | "storage_driver"
            | "network_driver"
    )
}

/// Looks at an entry of a section: a volume, a network, a secret, a host.
pub(super) fn check_entry<'a>(
    section: &str,
    key: &Key<'a>,
    value: &Raw<'a>,
    fields: Fields,
    teller: &mut Teller<'_, 'a>,
) {
    let name = format!("{section}.{}", key.text);
    match &value.kind {
        // Rancher's own program ends at an empty one of these.
        Kind::Null if matches!(section, "secrets" | "hosts" | "dependencies") => {
            teller.tell(Cause::Layout, key.at, format!("`{name}` holds nothing: Rancher's executor fails at it"));
        }
        _ => check(&name, value, Field::Fields(fields), teller),
    }
    retyped::tell(section, value, teller);
}

/// Looks at the value of a field.
pub(super) fn check<'a>(name: &str, value: &Raw<'a>, field: Field, teller: &mut Teller<'_, 'a>) {
    let wanted = match (field, &value.kind) {
        (_, Kind::Null)
        | (Text, Kind::Bool(_) | Kind::Int(_) | Kind::Large(_) | Kind::Float(_) | Kind::Text(_))
        | (Whole, Kind::Int(_))
        | (Bool | External, Kind::Bool(_))
        | (Map, Kind::Map(_)) => return,
        (Whole, Kind::Float(value)) if *value <= 9_223_372_036_854_775_807.0 => return,
        (Texts, Kind::List(items)) => {
            return items.iter().for_each(|item| check(name, item, Text, teller));
        }
        (TextMap, Kind::Map(entries)) => {
            for (key, value) in entries {
                check(&format!("{name}.{}", key.text), value, Text, teller);
            }
            return;
        }
        (FieldsList(fields), Kind::List(items)) => {
            for (at, item) in items.iter().enumerate() {
                check(&format!("{name}[{at}]"), item, Field::Fields(fields), teller);
            }
            return;
        }
        (Field::Fields(fields), Kind::Map(entries)) => {
            let dynamic = fields.iter().find(|(known, _)| known.is_empty());
            for (key, value) in entries {
                let known = fields.iter().find(|(known, _)| *known == key.text).or(dynamic);
                if let Some((_, field)) = known {
                    check(&format!("{name}.{}", key.text), value, *field, teller);
                }
            }
            return;
        }
        (External, Kind::Map(_)) => {
            let Some(own) = value.get("name") else { return };
            return check(&format!("{name}.name"), own, Text, teller);
        }
        (Dynamic, _) => return text_keys(value, teller),
        (Text, _) => "a text",
        (Whole, _) => "a whole number",
        (Bool, _) => "true or false, without quotes",
        (External, _) => "true, or a map with a `name`",
        (Texts | FieldsList(_), _) => "a list",
        (TextMap | Map | Field::Fields(_), _) => "a map",
    };
    let cause = match (field, &value.kind) {
        (Whole, Kind::Text(_)) => Cause::NumberForm,
        _ => Cause::ValueKind,
    };
    let given = value.text().map_or_else(|| value.says().into(), quoted);
    let hint = match (field, value.is_filled()) {
        (Whole, true) if value.text() == Some("") => " (with the answers as they stand)",
        (Bool, true) => " (a variable always gives text; `{{ .Values.NAME }}` gives what is answered)",
        _ => "",
    };
    let given = if given == "``" { "an empty text".into() } else { given };
    teller.tell(cause, value.at, format!("`{name}` is {given}; it must be {wanted}{hint}"));
}

/// Rancher's executor fails at a key below that YAML reads as a number or a boolean.
pub(super) fn text_keys<'a>(value: &Raw<'a>, teller: &mut Teller<'_, 'a>) {
    value.items().iter().for_each(|item| text_keys(item, teller));
    for (key, value) in value.entries() {
        if !key.is_text {
            let message = format!("the key `{}` is no text to YAML: put it in quotes", key.text);
            teller.tell(Cause::ValueKind, key.at, message);
        }
        text_keys(value, teller);
    }
}
