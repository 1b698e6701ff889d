//! What Rancher would refuse of a draft, by the judgement that `check` has too: it is taken out, and told.

use std::collections::{BTreeSet, HashMap};

use serde_yaml::Value;

use super::NewError;
use super::draft::Draft;
use super::remark::What;
use rancher_catalog::interpolation::references;
use rancher_catalog::launch::{File, judge, usual_answers};
use rancher_catalog::yaml::{self, Document, Node, NodeKind, Position, ReadError};

/// Where something stands in one of the two files.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Place {
    /// A service.
    Service(String),
    /// A key of it.
    Key(String, String),
    /// An entry or an item at a key.
    Entry(String, String, Step),
    /// An entry of another section.
    Section(String, String),
}

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Step {
    Name(String),
    Item(usize),
}

/// After so many rounds nothing good will come of it.
const MOST_ROUNDS: usize = 500;

/// Takes out, round by round, what is refused.
///
/// # Errors
/// What is refused is no part that could be left out.
pub(super) fn drop_what_is_refused(draft: &mut Draft) -> Result<(), NewError> {
    let mut rounds = 0;
    loop {
        let refused = refused(draft)?;
        let Some((.., message)) = refused.first() else { break };
        rounds += 1;
        if rounds > MOST_ROUNDS {
            return Err(NewError::Wrong(format!(
                "Rancher would refuse too much of what came of it, such as: {message}"
            )));
        }
        // From behind, so that places of items stay.
        for (file, place, message) in refused.into_iter().rev() {
            take_out(draft, file, &place, &message)?;
        }
    }
    forget_unused(draft);
    Ok(())
}

fn is_docker(file: File) -> bool {
    file == File::Docker
}

fn refused(draft: &Draft) -> Result<Vec<(File, Place, String)>, NewError> {
    let catalog = [("version".into(), "v1.0.0".into()), ("questions".into(), draft.questions.to_value())];
    let catalog = Value::Mapping(catalog.into_iter().collect());
    let rancher = [("version", "2".into()), ("catalog", catalog), ("services", draft.rancher_services())];
    let rancher = Value::Mapping(rancher.into_iter().map(|(key, value)| (key.into(), value)).collect());
    let read = |value: &Value| {
        let text = yaml::document(value);
        Document::read(&text)
            .map_err(|error: ReadError| NewError::Wrong(format!("what came of it cannot be read: {error}")))
    };
    let (docker, rancher) = (read(&draft.docker_compose())?, read(&rancher)?);
    let answers = usual_answers(rancher.root.as_ref());
    let told = judge(docker.root.as_ref(), rancher.root.as_ref(), &answers);
    let places = [places(docker.root.as_ref()), places(rancher.root.as_ref())];
    let mut seen = BTreeSet::new();
    let mut found = Vec::new();
    for told in told.into_iter().filter(|told| told.cause.is_refused()) {
        let of_file = &places[usize::from(!is_docker(told.file))];
        let Some(place) = of_file.get(&std::ptr::from_ref(told.at)) else {
            return Err(NewError::Wrong(format!("Rancher would refuse what came of it: {}", told.message)));
        };
        if seen.insert((is_docker(told.file), place.clone())) {
            found.push((told.file, place.clone(), told.message));
        }
    }
    found.sort_by(|a, b| (is_docker(a.0), &a.1).cmp(&(is_docker(b.0), &b.1)));
    Ok(found)
}

/// The place of every value.
fn places(root: Option<&Node>) -> HashMap<*const Node, Place> {
    let mut places = HashMap::new();
    let Some(root) = root else { return places };
    for (section, held) in root.entries() {
        let section = section.text().unwrap_or_default();
        for (name, node) in held.entries() {
            let text = name.text().unwrap_or_default().to_owned();
            if section != "services" {
                all(&mut places, name, &Place::Section(section.to_owned(), text.clone()));
                all(&mut places, node, &Place::Section(section.to_owned(), text));
                continue;
            }
            places.insert(std::ptr::from_ref(name), Place::Service(text.clone()));
            places.insert(std::ptr::from_ref(node), Place::Service(text.clone()));
            for (key, value) in node.entries() {
                let key_text = key.text().unwrap_or_default().to_owned();
                let place = Place::Key(text.clone(), key_text.clone());
                places.insert(std::ptr::from_ref(key), place.clone());
                places.insert(std::ptr::from_ref(value), place);
                let entry = |step: Step| Place::Entry(text.clone(), key_text.clone(), step);
                for (at, item) in value.items().iter().enumerate() {
                    all(&mut places, item, &entry(Step::Item(at)));
                }
                for (name, value) in value.entries() {
                    let place = entry(Step::Name(name.text().unwrap_or_default().to_owned()));
                    all(&mut places, name, &place);
                    all(&mut places, value, &place);
                }
            }
        }
    }
    places
}

fn all(places: &mut HashMap<*const Node, Place>, node: &Node, place: &Place) {
    places.insert(std::ptr::from_ref(node), place.clone());
    match &node.kind {
        NodeKind::List(items) => items.iter().for_each(|item| all(places, item, place)),
        NodeKind::Map(entries) => entries.iter().for_each(|(key, value)| {
            all(places, key, place);
            all(places, value, place);
        }),
        NodeKind::Scalar { .. } => {}
    }
}

fn take_out(draft: &mut Draft, file: File, place: &Place, message: &str) -> Result<(), NewError> {
    let (position, what) = match place {
        Place::Service(_) => return Err(NewError::Wrong(format!("Rancher would refuse what came of it: {message}"))),
        Place::Section(section, name) => {
            let held = if section == "volumes" { &mut draft.volumes } else { &mut draft.secrets };
            if held.remove(name.as_str()).is_none() {
                return Err(NewError::Wrong(format!("Rancher would refuse what came of it: {message}")));
            }
            (None, format!("{section}.{name}"))
        }
        Place::Key(service, key) | Place::Entry(service, key, _) => {
            let Some(of) = draft.services.get_mut(service) else { return Ok(()) };
            let position: Option<Position> = of.places.get(key).copied().or(of.place);
            let side = if is_docker(file) { &mut of.docker } else { &mut of.rancher };
            let mut is_empty = true;
            let mut what = format!("`{key}` of {service}");
            if let (Place::Entry(.., step), Some(held)) = (place, side.get_mut(key.as_str())) {
                let removed = match (step, &mut *held) {
                    (Step::Item(at), Value::Sequence(items)) if *at < items.len() => {
                        items.remove(*at);
                        what = format!("a part of `{key}` of {service}");
                        true
                    }
                    (Step::Name(name), Value::Mapping(map)) => {
                        what = format!("`{key}.{name}` of {service}");
                        map.remove(name.as_str()).is_some()
                    }
                    _ => false,
                };
                // What is no part that can go alone goes with the whole: each round leaves less.
                is_empty = !removed || held.as_sequence().is_some_and(Vec::is_empty) || is_empty_map(held);
            }
            if is_empty && key == "image" {
                return Err(NewError::Wrong(format!("Rancher would refuse the image of {service}: {message}")));
            }
            if is_empty {
                side.remove(key.as_str());
            }
            (position, what)
        }
    };
    draft.remarks.tell(What::LeftOut, position, format!("{what} is left out: {message}"));
    Ok(())
}

fn is_empty_map(value: &Value) -> bool {
    value.as_mapping().is_some_and(serde_yaml::Mapping::is_empty)
}

/// Forgets the questions whose answers went with what was taken out.
fn forget_unused(draft: &mut Draft) {
    let mut used = BTreeSet::new();
    for file in [draft.docker_compose(), draft.rancher_services()] {
        texts(&file, &mut |text| used.extend(references(text).into_iter().map(|(name, _)| name.to_owned())));
    }
    draft.questions.keep(|variable| used.contains(variable));
}

fn texts(value: &Value, take: &mut impl FnMut(&str)) {
    match value {
        Value::String(text) => take(text),
        Value::Sequence(items) => items.iter().for_each(|item| texts(item, take)),
        Value::Mapping(map) => map.values().for_each(|value| texts(value, take)),
        _ => {}
    }
}
