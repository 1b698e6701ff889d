//! Volumes: what is on the author's own disk is on no host of Rancher.

use std::collections::HashMap;

use super::super::NewError;
use super::super::name::service_name;
use super::super::skeleton::local;
use super::layers::Key;
use super::reader::{Place, Reader};
use rancher_catalog::yaml::{Node, NodeKind};

/// Options of a mount that engines know whom Rancher 1.6 runs on.
const KNOWN: [&str; 8] = ["ro", "rw", "z", "Z", "nocopy", "shared", "slave", "rshared"];

/// A mount in its parts.
struct Mount {
    source: Option<String>,
    target: String,
    options: Vec<String>,
}

/// Reads `volumes`.
///
/// # Errors
/// A dollar begins no variable.
pub(super) fn read(reader: &mut Reader<'_>, service: &str, key: &Key<'_>) -> Result<(), NewError> {
    let mut all: Vec<String> = Vec::new();
    for item in key.layers.iter().flat_map(|layer| layer.items()) {
        let Some(mount) = mount(reader, service, item)? else { continue };
        all.extend(placed(reader, item, mount));
    }
    // Of two at one place the last counts.
    let last: HashMap<&str, usize> = all.iter().enumerate().map(|(at, text)| (target_of(text), at)).collect();
    for (at, text) in all.iter().enumerate() {
        if last.get(target_of(text)) == Some(&at) {
            reader.service(service).add("volumes", text.as_str());
        }
    }
    Ok(())
}

fn target_of(text: &str) -> &str {
    let parts: Vec<&str> = text.split(':').collect();
    match parts.as_slice() {
        [one] => one,
        [_, target, ..] => target,
        [] => "",
    }
}

fn mount(reader: &mut Reader<'_>, service: &str, item: &Node) -> Result<Option<Mount>, NewError> {
    let place = Place { service, key: "volumes", is_needed: true, at: item.span.start };
    if let NodeKind::Map(_) = item.kind {
        return long(reader, item, place);
    }
    let text = reader.text(item, place)?;
    let parts = split(&text);
    Ok(match parts.as_slice() {
        [target] if !target.is_empty() => {
            Some(Mount { source: None, target: (*target).to_owned(), options: Vec::new() })
        }
        [source, target, options @ ..] if !source.is_empty() && !target.is_empty() => Some(Mount {
            source: Some((*source).to_owned()),
            target: (*target).to_owned(),
            options: options.iter().flat_map(|options| options.split(',')).map(str::to_owned).collect(),
        }),
        _ => {
            reader.left_out(item, format!("the volume {text:?} is left out: it is no SOURCE:TARGET"));
            None
        }
    })
}

/// At colons, but for those in a variable.
fn split(text: &str) -> Vec<&str> {
    let (mut parts, mut from, mut within) = (Vec::new(), 0, false);
    for (at, c) in text.char_indices() {
        match c {
            '{' => within = true,
            '}' => within = false,
            ':' if !within => {
                parts.push(&text[from..at]);
                from = at + 1;
            }
            _ => {}
        }
    }
    parts.push(&text[from..]);
    parts
}

fn long(reader: &mut Reader<'_>, item: &Node, place: Place<'_>) -> Result<Option<Mount>, NewError> {
    let mut text = |key: &str| match item.get(key) {
        Some(node) => reader.text(node, place).map(Some),
        None => Ok(None),
    };
    let (kind, source) = (text("type")?.unwrap_or_default(), text("source")?.or(text("src")?));
    let target = text("target")?.or(text("destination")?).or(text("dst")?).unwrap_or_default();
    if target.is_empty() {
        reader.left_out(item, "a volume without a `target` is left out");
        return Ok(None);
    }
    let is_true = |node: Option<&Node>| node.and_then(Node::text).is_some_and(|text| text == "true");
    match kind.as_str() {
        "tmpfs" => {
            let size = item.get("tmpfs").and_then(|options| options.get("size")).and_then(Node::text);
            let text = size.map_or(target.clone(), |size| format!("{target}:size={size}"));
            reader.service(place.service).add("tmpfs", text);
            reader.becomes(item, format!("the volume {target} of the type tmpfs becomes `tmpfs`"));
            return Ok(None);
        }
        "bind" | "volume" | "" => {}
        other => {
            reader.left_out(item, format!("the volume {target} is left out: Rancher knows none of the type {other}"));
            return Ok(None);
        }
    }
    let mut options = Vec::new();
    if is_true(item.get("read_only")) || is_true(item.get("readonly")) {
        options.push("ro".to_owned());
    }
    if is_true(item.get("volume").and_then(|volume| volume.get("nocopy"))) {
        options.push("nocopy".to_owned());
    }
    if let Some(odd) = item.get("volume").and_then(|volume| volume.get("subpath")) {
        reader.left_out(odd, "`volume.subpath` is left out: Rancher mounts whole volumes");
    }
    Ok(Some(Mount { source: source.filter(|source| !source.is_empty()), target, options }))
}

/// The mount as Rancher has it; nothing where there is none.
fn placed(reader: &mut Reader<'_>, item: &Node, mount: Mount) -> Option<String> {
    let Mount { source, target, mut options } = mount;
    if !(target.starts_with('/') || target.starts_with("${")) {
        reader.left_out(item, format!("the volume {target} is left out: that is no path in a container"));
        return None;
    }
    let odd: Vec<String> = options.iter().filter(|option| !KNOWN.contains(&option.as_str())).cloned().collect();
    options.retain(|option| KNOWN.contains(&option.as_str()) && option != "rw");
    if !odd.is_empty() {
        reader.left_out(item, format!("`{}` of the volume {target} is left out", odd.join(",")));
    }
    let Some(source) = source else { return Some(target) };
    let source = if source.starts_with(['.', '~']) {
        of_own_disk(reader, item, &source, &target)?
    } else if source.starts_with('/') || source.starts_with("${") {
        source
    } else {
        named(reader, &source)
    };
    let options = if options.is_empty() { String::new() } else { format!(":{}", options.join(",")) };
    Some(format!("{source}:{target}{options}"))
}

/// A named volume, which the file need not have told.
fn named(reader: &mut Reader<'_>, name: &str) -> String {
    let is_name = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '-');
    if name.chars().all(is_name) {
        reader.draft.volumes.entry(name.into()).or_insert_with(local);
    }
    name.to_owned()
}

/// A path on the author's own disk: a folder becomes a named volume, a file is left out.
fn of_own_disk(reader: &mut Reader<'_>, item: &Node, source: &str, target: &str) -> Option<String> {
    let on_disk = reader.folder.join(source.trim_start_matches("./"));
    let last = target.rsplit('/').next().unwrap_or_default();
    let looks_like_file = last.contains('.') && !last.starts_with('.') && !last.ends_with(".d");
    let is_file = on_disk.is_file() || (!on_disk.is_dir() && looks_like_file);
    if is_file {
        reader.left_out(
            item,
            format!(
                "{source} is left out: it is a file of yours, which Rancher's hosts have not; put it into the image"
            ),
        );
        return None;
    }
    let plain = source.trim_start_matches(['.', '~', '/']);
    let plain = service_name(plain).or_else(|| service_name(target)).unwrap_or_else(|| "data".to_owned());
    let (mut name, mut number) = (plain.clone(), 2);
    // A volume of that name may be another one.
    while reader.volumes.contains(&name) {
        name = format!("{plain}-{number}");
        number += 1;
    }
    reader.draft.volumes.entry(name.clone().into()).or_insert_with(local);
    reader.becomes(
        item,
        format!(
            "{source} is a folder of yours, which Rancher's hosts have not: it becomes the named volume `{name}`, empty at first"
        ),
    );
    Some(name)
}
