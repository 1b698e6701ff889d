//! Holding the values of a service against their shapes: what the executor's schemas refuse, and what passes them and
//! cannot be taken by its types.

use super::forms::words;
use super::keys::{Pairs, Shape};
use super::raw::{Key, Kind, Raw};
use super::{Cause, Teller, fields, ports, quoted};

/// Looks at the value of a key of a service.
pub(super) fn check<'a>(key: &Key<'a>, value: &Raw<'a>, shape: Shape, teller: &mut Teller<'_, 'a>) {
    let name = key.text;
    fields::text_keys(value, teller);
    match (shape, &value.kind) {
        (Shape::Text | Shape::BuildPath, Kind::Text(_))
        | (Shape::TextOrNothing, Kind::Text(_) | Kind::Null)
        | (Shape::Bool, Kind::Bool(_))
        | (Shape::Map, Kind::Map(_))
        | (Shape::List, Kind::List(_)) => {}
        (Shape::Number(number), Kind::Int(_) | Kind::Large(_) | Kind::Float(_) | Kind::Text(_)) => {
            if !number.takes(value) {
                let wanted = number.wanted();
                teller.tell(Cause::NumberForm, value.at, format!("`{name}` is {}; it must be {wanted}", shown(value)));
            } else if number.overflows(value) {
                let message = format!(
                    "`{name}` is {}, which is more than 64 bits hold: Rancher makes another number of it, without a word",
                    shown(value)
                );
                teller.tell(Cause::Retyped, value.at, message);
            }
        }
        (Shape::Whole | Shape::Score, Kind::Text(_)) => {
            wrong(name, value, "a whole number, without quotes", Cause::NumberForm, teller);
        }
        (Shape::Whole | Shape::Score, _) if whole(value).is_some() => {
            if matches!(shape, Shape::Score) && whole(value).is_some_and(|score| !(-1000..=1000).contains(&score)) {
                wrong(name, value, "a number from -1000 to 1000", Cause::NumberForm, teller);
            }
        }
        (Shape::Texts, Kind::List(items)) => texts(name, items, true, teller),
        (Shape::TextOrTexts, Kind::Text(text)) if is_taken(text) => {}
        (Shape::TextOrTexts, Kind::List(items)) => texts(name, items, true, teller),
        (Shape::Command, Kind::Text(text)) if is_taken(text) => {
            if let Err(why) = words(text) {
                teller.tell(Cause::CommandLine, value.at, format!("`{name}` cannot be split into words: {why}"));
            }
        }
        (Shape::Command, Kind::List(items)) => texts(name, items, false, teller),
        (Shape::TextOrTexts | Shape::Command, Kind::Text(_)) => {
            wrong(name, value, "left out, or say something", Cause::ValueKind, teller);
        }
        (Shape::Pairs(_), Kind::List(items)) => texts(name, items, true, teller),
        (Shape::Pairs(pairs), Kind::Map(entries)) => map_of_pairs(key, value, entries, pairs, teller),
        (Shape::Ports, Kind::List(items)) => port_list(name, items, teller),
        (Shape::Groups, Kind::List(items)) => numbers_or_texts(name, items, teller),
        (Shape::Build, Kind::Text(text)) if is_taken(text) => {}
        (Shape::Build, Kind::Map(entries)) => build(entries, teller),
        (Shape::ExtendsOrText, Kind::Text(_)) => {}
        (Shape::Extends | Shape::ExtendsOrText, Kind::Map(entries)) => extends(value, entries, teller),
        (Shape::Networks, Kind::List(items)) => texts(name, items, true, teller),
        (Shape::Networks, Kind::Map(entries)) => networks(entries, teller),
        (Shape::Secrets, Kind::List(items)) => secrets(items, teller),
        (Shape::Ulimits, Kind::Map(entries)) => ulimits(entries, teller),
        (Shape::Logging, Kind::Map(entries)) => logging(entries, teller),
        (Shape::TextMap, Kind::Map(_)) => fields::check(name, value, fields::Field::TextMap, teller),
        (Shape::Fields(known), Kind::Map(_)) => {
            fields::check(name, value, fields::Field::Fields(known), teller);
        }
        (Shape::FieldsList(known), Kind::List(_)) => {
            fields::check(name, value, fields::Field::FieldsList(known), teller);
        }
        (shape, _) => wrong(name, value, wanted(shape), Cause::ValueKind, teller),
    }
}

fn wanted(shape: Shape) -> &'static str {
    match shape {
        Shape::Text | Shape::TextOrNothing | Shape::BuildPath => "a text",
        Shape::Bool => "true or false, without quotes",
        Shape::Number(number) => number.wanted(),
        Shape::Whole | Shape::Score => "a whole number",
        Shape::Texts => "a list of texts",
        Shape::Ports => "a list of ports",
        Shape::Groups => "a list of groups",
        Shape::TextOrTexts | Shape::Command => "a text or a list of texts",
        Shape::Pairs(Pairs::ListAlone) => "a list of texts",
        Shape::Pairs(_) => "a map, or a list of texts",
        Shape::Build => "a text, or a map with a `context`",
        Shape::Extends | Shape::ExtendsOrText => "a map with a `service`",
        Shape::Networks => "a list of names, or a map",
        Shape::Secrets | Shape::List | Shape::FieldsList(_) => "a list",
        Shape::Ulimits | Shape::Logging | Shape::TextMap | Shape::Map | Shape::Fields(_) => "a map",
    }
}

/// The executor's own YAML takes an empty text, and the text `null`, for nothing where it reads a type of its own.
fn is_taken(text: &str) -> bool {
    !matches!(text, "" | "null")
}

fn shown(value: &Raw<'_>) -> String {
    match value.text() {
        Some("") if value.is_filled() => "empty with the answers as they stand".to_owned(),
        Some("") => "an empty text".to_owned(),
        Some(text) => quoted(text).into_owned(),
        None => match &value.kind {
            Kind::Bool(_) | Kind::Int(_) | Kind::Large(_) | Kind::Float(_) => {
                let kind = value.says();
                format!("{kind}, {}", value.scalar_text().unwrap_or_default())
            }
            _ => value.says().to_owned(),
        },
    }
}

fn wrong<'a>(name: &str, value: &Raw<'a>, wanted: &str, cause: Cause, teller: &mut Teller<'_, 'a>) {
    let hint = match (&value.kind, value.is_filled()) {
        (Kind::Text(_), true) => ": a variable always gives text, `{{ .Values.NAME }}` gives what is answered",
        (Kind::Bool(_) | Kind::Int(_) | Kind::Float(_) | Kind::Large(_), _) if wanted.contains("text") => {
            ": put it in quotes"
        }
        _ => "",
    };
    teller.tell(cause, value.at, format!("`{name}` is {}; it must be {wanted}{hint}", shown(value)));
}

/// A whole number, as JSON has them.
fn whole(value: &Raw<'_>) -> Option<i64> {
    match value.kind {
        Kind::Int(number) => Some(number),
        #[allow(clippy::cast_possible_truncation, reason = "it is whole and within the range")]
        Kind::Float(number) if number.fract() == 0.0 && number.abs() < 9.2e18 => Some(number as i64),
        _ => None,
    }
}

fn texts<'a>(name: &str, items: &[Raw<'a>], unique: bool, teller: &mut Teller<'_, 'a>) {
    for item in items.iter().filter(|item| item.text().is_none()) {
        let hint = if item.scalar_text().is_some() { ": put it in quotes" } else { "" };
        let message = format!("an item of `{name}` is {}; it must be a text{hint}", shown(item));
        teller.tell(Cause::ValueKind, item.at, message);
    }
    if unique {
        twice(name, items, teller);
    }
}

fn twice<'a>(name: &str, items: &[Raw<'a>], teller: &mut Teller<'_, 'a>) {
    let mut seen: std::collections::HashSet<(bool, std::borrow::Cow<'_, str>)> = std::collections::HashSet::new();
    for item in items {
        let Some(text) = item.scalar_text() else { continue };
        if !seen.insert((item.text().is_some(), text)) {
            let text = item.scalar_text().unwrap_or_default();
            teller.tell(Cause::Twice, item.at, format!("`{name}` holds {} twice", quoted(&text)));
        }
    }
}

fn numbers_or_texts<'a>(name: &str, items: &[Raw<'a>], teller: &mut Teller<'_, 'a>) {
    for item in items {
        if item.scalar_text().is_none() || matches!(item.kind, Kind::Bool(_)) {
            let message = format!("an item of `{name}` is {}; it must be a text or a number", shown(item));
            teller.tell(Cause::ValueKind, item.at, message);
        }
    }
    twice(name, items, teller);
}

fn port_list<'a>(name: &str, items: &[Raw<'a>], teller: &mut Teller<'_, 'a>) {
    numbers_or_texts(name, items, teller);
    for item in items {
        // The schema looks at the form of texts alone; numbers are looked at when the service is made.
        let Some(text) = item.text() else { continue };
        if let Some(why) = ports::executor_refuses(text) {
            teller.tell(Cause::PortForm, item.at, port(name, text, &why, item));
        }
    }
}

/// What is said of a port.
pub(super) fn port(name: &str, text: &str, why: &str, item: &Raw<'_>) -> String {
    let answers = if item.is_filled() { " (with the answers as they stand)" } else { "" };
    match text {
        "" => format!("an item of `{name}` is empty{answers}"),
        _ => format!("the port {} of `{name}`{answers} {why}", quoted(text)),
    }
}

fn map_of_pairs<'a>(
    key: &Key<'a>,
    map: &Raw<'a>,
    entries: &[(Key<'a>, Raw<'a>)],
    pairs: Pairs,
    teller: &mut Teller<'_, 'a>,
) {
    let name = key.text;
    for (key, value) in entries {
        if key.text.is_empty() {
            teller.tell(Cause::ValueKind, key.at, format!("`{name}` has an empty key"));
        }
        let key_name = key.text;
        match (&value.kind, pairs) {
            (Kind::List(_) | Kind::Map(_), _) => {
                let message = format!("`{name}.{key_name}` is {}; it must be a single value", value.says());
                teller.tell(Cause::ValueKind, value.at, message);
            }
            (_, Pairs::ListAlone) | (Kind::Text(_), _) => {}
            (Kind::Null, Pairs::Texts) => {
                let message = format!("`{name}.{key_name}` is empty; write '' for an empty text");
                teller.tell(Cause::ValueKind, key.at, message);
            }
            (Kind::Bool(_) | Kind::Int(_) | Kind::Float(_) | Kind::Large(_), Pairs::Texts) => {
                let message = format!("`{name}.{key_name}` is {}; put it in quotes", shown(value));
                teller.tell(Cause::ValueKind, value.at, message);
            }
            (Kind::Null | Kind::Int(_), Pairs::Any) => {}
            (_, Pairs::Any) if whole(value).is_some() => {}
            (_, Pairs::Any) => {
                let message = format!("`{name}.{key_name}` is {}; it must be a text or a whole number", shown(value));
                teller.tell(Cause::ValueKind, value.at, message);
            }
        }
    }
    if pairs == Pairs::ListAlone {
        let at = entries.first().map_or(map.at, |(key, _)| key.at);
        let form = if name == "extra_hosts" { "`- name:address`" } else { "`- key:value`" };
        teller.tell(Cause::ValueKind, at, format!("`{name}` is a map; Rancher takes a list alone, of {form}"));
    }
}

fn only_texts<'a>(name: &str, entries: &[(Key<'a>, Raw<'a>)], known: &[&str], teller: &mut Teller<'_, 'a>) {
    for (key, value) in entries {
        let full = format!("{name}.{}", key.text);
        if !known.contains(&key.text) {
            teller.tell(Cause::UnknownKey, key.at, format!("Rancher does not know `{full}`"));
        } else if value.text().is_none() && !matches!(key.text, "args" | "options" | "aliases") {
            wrong(&full, value, "a text", Cause::ValueKind, teller);
        }
    }
}

fn build<'a>(entries: &[(Key<'a>, Raw<'a>)], teller: &mut Teller<'_, 'a>) {
    only_texts("build", entries, &["context", "dockerfile", "args"], teller);
    for (key, args) in entries.iter().filter(|(key, _)| key.text == "args") {
        match &args.kind {
            Kind::Map(entries) => map_of_build_args(entries, teller),
            Kind::List(items) => texts("build.args", items, true, teller),
            _ => wrong(&format!("build.{}", key.text), args, "a map, or a list of texts", Cause::ValueKind, teller),
        }
    }
}

fn map_of_build_args<'a>(entries: &[(Key<'a>, Raw<'a>)], teller: &mut Teller<'_, 'a>) {
    for (key, value) in entries {
        let is_taken = value.text().is_some() || whole(value).is_some();
        if !is_taken || key.text.is_empty() {
            let name = format!("build.args.{}", key.text);
            wrong(&name, value, "a text or a whole number", Cause::ValueKind, teller);
        }
    }
}

fn extends<'a>(value: &Raw<'a>, entries: &[(Key<'a>, Raw<'a>)], teller: &mut Teller<'_, 'a>) {
    only_texts("extends", entries, &["service", "file"], teller);
    if value.get("service").is_none() {
        teller.tell(Cause::KeyAlone, value.at, "`extends` names no `service`");
    }
}

fn networks<'a>(entries: &[(Key<'a>, Raw<'a>)], teller: &mut Teller<'_, 'a>) {
    for (key, value) in entries {
        let is_name = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
        let name = format!("networks.{}", key.text);
        if key.text.is_empty() || !key.text.chars().all(is_name) {
            teller.tell(Cause::ValueKind, key.at, format!("{} is no name of a network", quoted(key.text)));
        }
        match &value.kind {
            Kind::Null => {}
            Kind::Map(entries) => {
                only_texts(&name, entries, &["aliases", "ipv4_address", "ipv6_address"], teller);
                for (_, aliases) in entries.iter().filter(|(key, _)| key.text == "aliases") {
                    match &aliases.kind {
                        Kind::List(items) => texts("aliases", items, true, teller),
                        _ => wrong("aliases", aliases, "a list of texts", Cause::ValueKind, teller),
                    }
                }
            }
            _ => wrong(&name, value, "a map", Cause::ValueKind, teller),
        }
    }
}

fn secrets<'a>(items: &[Raw<'a>], teller: &mut Teller<'_, 'a>) {
    for item in items {
        match &item.kind {
            Kind::Text(_) => {}
            Kind::Map(entries) => {
                for (key, value) in entries {
                    match (key.text, &value.kind) {
                        ("source" | "target" | "uid" | "gid", Kind::Text(_)) => {}
                        ("source" | "target" | "uid" | "gid", _) => {
                            wrong(key.text, value, "a text", Cause::ValueKind, teller);
                        }
                        ("mode", Kind::Int(_)) => {}
                        // A larger one is taken for a text.
                        ("mode", Kind::Float(mode)) if *mode <= 9_223_372_036_854_775_808.0 => {}
                        ("mode", Kind::Text(text))
                            if matches!(text.as_ref(), "" | "null") || i64::from_str_radix(text, 8).is_ok() => {}
                        ("mode", _) => {
                            wrong("mode", value, "an octal number such as '0444'", Cause::NumberForm, teller)
                        }
                        _ => {}
                    }
                }
            }
            _ => wrong("an item of secrets", item, "a name, or a map with a `source`", Cause::ValueKind, teller),
        }
    }
}

fn ulimits<'a>(entries: &[(Key<'a>, Raw<'a>)], teller: &mut Teller<'_, 'a>) {
    for (key, value) in entries {
        let name = format!("ulimits.{}", key.text);
        match &value.kind {
            _ if whole(value).is_some() => {}
            Kind::Map(limits) => {
                let is_plain = !key.text.is_empty() && key.text.bytes().all(|byte| byte.is_ascii_lowercase());
                for (key, limit) in limits {
                    match key.text {
                        "soft" | "hard" if whole(limit).is_some() => {}
                        "soft" | "hard" => {
                            let cause = if limit.text().is_some() { Cause::NumberForm } else { Cause::ValueKind };
                            wrong(&format!("{name}.{}", key.text), limit, "a whole number", cause, teller);
                        }
                        _ if is_plain => {
                            teller.tell(
                                Cause::UnknownKey,
                                key.at,
                                format!("Rancher does not know `{name}.{}`", key.text),
                            );
                        }
                        _ => {}
                    }
                }
                let has = |wanted: &str| limits.iter().any(|(key, _)| key.text == wanted);
                if limits.len() != 2 || (is_plain && !(has("soft") && has("hard"))) {
                    teller.tell(Cause::KeyAlone, key.at, format!("`{name}` must hold `soft` and `hard`"));
                }
            }
            Kind::Text(_) => wrong(&name, value, "a whole number", Cause::NumberForm, teller),
            _ => wrong(&name, value, "a number, or a map with `soft` and `hard`", Cause::ValueKind, teller),
        }
    }
}

fn logging<'a>(entries: &[(Key<'a>, Raw<'a>)], teller: &mut Teller<'_, 'a>) {
    only_texts("logging", entries, &["driver", "options"], teller);
    for (_, value) in entries.iter().filter(|(key, _)| key.text == "options") {
        match &value.kind {
            Kind::Map(_) => fields::check("logging.options", value, fields::Field::TextMap, teller),
            _ => wrong("logging.options", value, "a map", Cause::ValueKind, teller),
        }
    }
}
