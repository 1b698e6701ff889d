//! A draft of a plain compose file, of whatever version: what Rancher knows is taken over, and of all else it is told what
//! becomes of it, line by line.

mod deploy;
mod env_file;
mod environment;
mod forms;
mod healthcheck;
mod image;
mod keys;
mod layers;
mod masked;
mod names;
mod ports;
pub(super) mod probe;
mod reader;
mod sections;
mod service;
mod shared;
mod variables;
mod volumes;

use std::collections::{BTreeSet, HashMap};
use std::path::Path;

use super::draft::Draft;
use super::remark::What;
use super::secret_text::told;
use super::wishes::Named;
use super::{NewError, judged};
use catalog_check::{is_it, nearest};
use rancher_catalog::source::{MAX_FILE_BYTES, YamlFile};
use rancher_catalog::yaml::{Document, Node, NodeKind, Position, Problem, ReadError};
use reader::Reader;

/// A place and words, as errors have them.
pub(super) fn wrong(path: &Path, position: Position, message: impl std::fmt::Display) -> NewError {
    NewError::Wrong(format!("{}:{position}: {}", path.display(), told(&message.to_string())))
}

/// Drafts the template of a compose file.
///
/// # Errors
/// It cannot be read, is no compose file, or an image is given for a service that it has not.
pub(super) fn draft(path: &Path, images: &[Named], profiles: &[String]) -> Result<Draft, NewError> {
    let unreadable = |error: std::io::Error| NewError::Unreadable {
        path: path.to_owned(),
        reason: match error.kind() {
            std::io::ErrorKind::NotFound => "it is not there".to_owned(),
            std::io::ErrorKind::FileTooLarge => format!("it has more than {MAX_FILE_BYTES} bytes"),
            _ => error.to_string(),
        },
    };
    let file = YamlFile::read(path).map_err(unreadable)?;
    if file.not_utf8_at.is_some() {
        return Err(NewError::Wrong(format!("{}: it is not UTF-8 text", path.display())));
    }
    let document = Document::read_newer(&file.text);
    let document = document.map_err(|error: ReadError| wrong(path, error.position, &error.message))?;
    let Document { root, problems, .. } = document;
    let top = Position { line: 1, column: 1, offset: 0 };
    let Some(mut root) = root.filter(|root| !root.is_null()) else {
        return Err(wrong(path, top, "the file is empty: a compose file has services"));
    };
    if !matches!(root.kind, NodeKind::Map(_)) {
        return Err(wrong(path, root.span.start, "this is no compose file: it is no map of keys at the top"));
    }
    let is_sectioned = services(&root, path)?.is_sectioned;
    let misfits = forms::keep_what_fits(&mut root, is_sectioned);
    let file = Content { path, problems: &problems, misfits: &misfits, services: services(&root, path)?, root: &root };
    // What is found to be a secret late was told before: then all is read again.
    let mut hidden = BTreeSet::new();
    let mut draft = loop {
        let (draft, late) = read(&file, (images, profiles), &hidden)?;
        if late.is_empty() {
            break draft;
        }
        hidden.extend(late);
    };
    if draft.services.is_empty() {
        return Err(wrong(path, root.span.start, "no service is left to launch: see --profile"));
    }
    judged::drop_what_is_refused(&mut draft)?;
    Ok(draft)
}

/// A compose file that has been taken apart.
struct Content<'a> {
    path: &'a Path,
    root: &'a Node,
    services: Services<'a>,
    problems: &'a [Problem],
    misfits: &'a [forms::Misfit],
}

/// Reads all of it, with the variables that are known to be secrets; and those of which that was found too late.
fn read(
    file: &Content<'_>,
    (images, profiles): (&[Named], &[String]),
    hidden: &BTreeSet<String>,
) -> Result<(Draft, BTreeSet<String>), NewError> {
    let Content { path, services, .. } = file;
    let mut reader = Reader::new(path, services, hidden);
    for problem in file.problems {
        match problem {
            Problem::DuplicateKey { key, first, again } => reader.draft.remarks.tell(
                What::LeftOut,
                Some(*first),
                format!("`{key}` is left out: it stands again in line {}, and the last one counts", again.line),
            ),
            Problem::FurtherDocument { at } => {
                reader.draft.remarks.tell(What::LeftOut, Some(*at), "the further document is left out");
            }
        }
    }
    for (at, message) in file.misfits {
        reader.draft.remarks.tell(What::LeftOut, Some(*at), message);
    }
    sections::read(&mut reader, file.root, services.is_sectioned)?;
    for (at, named) in images.iter().enumerate() {
        if images[..at].iter().any(|other| other.name == named.name) {
            let message = format!("--image {}={}: --image names the image of {0} already", named.name, named.image);
            return Err(NewError::Asked(message));
        }
        if !services.by_name.contains_key(named.name.as_str()) {
            let known = services.all.iter().filter_map(|(name, _)| name.text());
            let meant = is_it(known, &named.name);
            return Err(NewError::Asked(format!(
                "--image {}={}: {} has no service `{}`{meant}",
                named.name,
                named.image,
                path.display(),
                named.name
            )));
        }
    }
    profiles_are_there(path, services, profiles)?;
    services.all.iter().for_each(|(_, node)| environment::name_secrets(&mut reader, node));
    for (name, node) in &services.all {
        service::read(&mut reader, services, name, node, images, profiles)?;
    }
    shared::join(&mut reader);
    let late = reader.late.difference(hidden).cloned().collect();
    Ok((reader.draft, late))
}

/// A profile that no service is of takes nothing in.
fn profiles_are_there(path: &Path, services: &Services<'_>, profiles: &[String]) -> Result<(), NewError> {
    if profiles.is_empty() {
        return Ok(());
    }
    // Of a service that another one extends they count for that too.
    let named = services.all.iter().filter_map(|(_, node)| node.get("profiles"));
    let known: BTreeSet<&str> = named.flat_map(|list| list.items()).filter_map(Node::text).collect();
    match profiles.iter().find(|profile| !known.contains(profile.as_str())) {
        None => Ok(()),
        Some(profile) => {
            let meant = is_it(known.iter().copied(), profile);
            let path = path.display();
            Err(NewError::Asked(format!("--profile {profile}: no service of {path} is of that profile{meant}")))
        }
    }
}

/// The services of a file, and whether they stand below `services`.
struct Services<'a> {
    all: Vec<(&'a Node, &'a Node)>,
    by_name: HashMap<&'a str, &'a Node>,
    is_sectioned: bool,
}

/// What is nearly called `services`, and holds what looks like some.
fn misspelt<'a>(key: &'a Node, held: &Node) -> Option<(&'a Node, &'a str)> {
    let is_service = |(_, node): &(&Node, &Node)| node.get("image").or_else(|| node.get("build")).is_some();
    let name = key.text().filter(|name| nearest(["services"], name).is_some())?;
    layers::entries(held).iter().any(is_service).then_some((key, name))
}

fn services<'a>(root: &'a Node, path: &Path) -> Result<Services<'a>, NewError> {
    let entries = layers::entries(root);
    let is_set = |name: &str| entries.iter().any(|(key, value)| key.text() == Some(name) && !value.is_null());
    let section = entries.iter().find(|(key, _)| key.text() == Some("services"));
    let is_first_form = section.is_none() && !is_set("version");
    let (all, is_sectioned) = match section {
        Some((key, section)) => match section.kind {
            NodeKind::Map(_) => (layers::entries(section), true),
            _ if section.is_null() => (Vec::new(), true),
            _ => return Err(wrong(path, key.span.start, "`services` must be a map of services")),
        },
        None if is_first_form => {
            let is_service = |(key, _): &(&Node, &Node)| !key.text().unwrap_or_default().starts_with("x-");
            (entries.iter().copied().filter(is_service).collect(), false)
        }
        None => (Vec::new(), true),
    };
    for (key, service) in &all {
        let name = key.text().unwrap_or_default();
        let is_map = matches!(service.kind, NodeKind::Map(_)) || service.is_null();
        if !is_map {
            let more = if is_sectioned { "" } else { "; or is this no compose file?" };
            return Err(wrong(path, key.span.start, format!("the service `{name}` must be a map of keys{more}")));
        }
    }
    if let Some((key, name)) = all.iter().filter(|_| !is_sectioned).find_map(|(key, held)| misspelt(key, held)) {
        let message = format!("`{name}` holds services, and is read as one: is `services` meant?");
        return Err(wrong(path, key.span.start, message));
    }
    if all.is_empty() {
        return Err(wrong(path, root.span.start, "there are no services in it"));
    }
    let by_name = all.iter().filter_map(|(name, node)| Some((name.text()?, *node))).collect();
    Ok(Services { all, by_name, is_sectioned })
}
