//! The environment of a service: of files, and of what stands there; secrets are asked for.

use std::collections::btree_map::Entry;

use serde_yaml::{Mapping, Value};

use super::super::NewError;
use super::super::questions::Use;
use super::super::remark::What;
use super::super::secret_names::holds_secret;
use super::super::skeleton::variable_name;
use super::super::templated::literal;
use super::env_file;
use super::layers::{Key, entries};
use super::reader::{Place, Reader};
use super::variables::filled;
use rancher_catalog::yaml::{Node, NodeKind, Position};

/// No name that YAML takes for a key is much longer.
const LONGEST_NAME: usize = 400;

/// The pairs of a map or of a list of `key=value`, each with its place; one without a value has none.
pub(super) fn pairs(node: &Node) -> Vec<(String, Option<String>, &Node)> {
    if let NodeKind::List(items) = &node.kind {
        let texts = items.iter().filter_map(|item| Some((item, item.text()?)));
        return texts
            .map(|(item, text)| match text.split_once('=') {
                Some((name, value)) => (name.trim().to_owned(), Some(value.to_owned()), item),
                None => (text.trim().to_owned(), None, item),
            })
            .collect();
    }
    let value = |value: &Node| if value.is_null() { None } else { value.text().map(str::to_owned) };
    entries(node).into_iter().map(|(key, node)| (key.text().unwrap_or_default().to_owned(), value(node), key)).collect()
}

/// Reads `env_file` and `environment`.
///
/// # Errors
/// A dollar begins no variable.
pub(super) fn read(
    reader: &mut Reader<'_>,
    service: &str,
    files: Option<&Key<'_>>,
    own: Option<&Key<'_>>,
) -> Result<(), NewError> {
    let mut environment = Mapping::new();
    for node in files.iter().flat_map(|key| &key.layers) {
        let several =
            if let NodeKind::List(items) = &node.kind { items.as_slice() } else { std::slice::from_ref(*node) };
        for item in several {
            let path = item.get("path").unwrap_or(item);
            let name = reader.filled(path);
            match reader.beside(&name) {
                Ok(text) => {
                    reader.becomes(path, format!("env_file: the variables of {name} stand in `environment`"));
                    let place = Place { service, key: "environment", is_needed: false, at: path.span.start };
                    let beside = reader.folder_of(&name);
                    reader.draft.remarks.turn_to(Some(beside));
                    of_file(reader, &text, place, &mut environment)?;
                    reader.draft.remarks.turn_to(None);
                }
                Err(why) => reader.left_out(path, format!("env_file: {name} is left out: {why}")),
            }
        }
    }
    for node in own.iter().flat_map(|key| &key.layers) {
        for (name, value, at) in pairs(node) {
            let place = Place { service, key: "environment", is_needed: false, at: at.span.start };
            if name.is_empty() || name.len() > LONGEST_NAME {
                reader.left_out(at, format!("a variable with a name of {} letters is left out", name.len()));
                continue;
            }
            // In a list the name may be a variable too, which nobody knows.
            let value = value_of(reader, &name, value.as_deref(), place)?;
            environment.insert(name.into(), Value::from(value));
        }
    }
    if !environment.is_empty() {
        reader.service(service).set("environment", environment);
    }
    Ok(())
}

/// Reads a file of variables, whose remarks name its lines.
///
/// # Errors
/// There are too many.
fn of_file(reader: &mut Reader<'_>, text: &str, place: Place<'_>, environment: &mut Mapping) -> Result<(), NewError> {
    let (lines, odd) = env_file::variables(text);
    reader.tell_odd(&odd);
    reader.count(lines.len(), place.at)?;
    let mut added = Vec::new();
    for line in lines {
        if line.name.len() > LONGEST_NAME {
            reader.tell_odd(&[(line.number, "its name is too long")]);
            continue;
        }
        let place = Place { at: Position { line: line.number, column: 1, offset: 0 }, ..place };
        let literal = line.value.as_deref().map(literal);
        // A dollar that begins no variable is one.
        let value = value_of(reader, &line.name, line.value.as_deref(), place)
            .or_else(|_| value_of(reader, &line.name, literal.as_deref(), place));
        // What stands further down may name it.
        if let Some(text) = line.value {
            let value = filled(&text, &reader.known, 0).unwrap_or(text);
            if let Entry::Vacant(vacant) = reader.known.entry(line.name.clone()) {
                vacant.insert(value);
                added.push(line.name.clone());
            }
        }
        if let Ok(value) = value {
            environment.insert(line.name.into(), value.into());
        }
    }
    for name in added {
        reader.known.remove(&name);
    }
    Ok(())
}

/// What compose takes from the shell of the one who calls it.
fn of_shell(reader: &mut Reader<'_>, name: &str, place: Place<'_>) -> String {
    let variable = variable_name(name);
    let is_new = !reader.draft.questions.has(&variable);
    let known = reader.known.get(name).cloned();
    let place_of = Use { service: place.service, key: place.key, is_needed: false };
    let is_hidden = reader.hidden.contains(&variable) || known.as_deref().is_some_and(|text| holds_secret(name, text));
    if is_hidden {
        reader.draft.questions.ask_secret(&variable, place_of);
    } else {
        reader.draft.questions.ask(&variable, known.as_deref(), place_of);
    }
    if is_new {
        let message = format!("{name} is asked for: compose takes it from the shell, which Rancher has not");
        reader.draft.remarks.tell(What::Asked, Some(place.at), message);
    }
    format!("${{{variable}}}")
}

fn value_of(reader: &mut Reader<'_>, name: &str, value: Option<&str>, place: Place<'_>) -> Result<String, NewError> {
    match value {
        Some(value) => reader.converted_of(name, value, place),
        None => Ok(of_shell(reader, name, place)),
    }
}

/// Gathers the secrets of all environments first, so that an address that holds one finds its variable whichever service
/// comes first.
pub(super) fn name_secrets(reader: &mut Reader<'_>, service: &Node) {
    let Some(environment) = service.get("environment") else { return };
    for (name, value, _) in pairs(environment) {
        let Some(value) = value.filter(|value| !value.contains('$') && holds_secret(&name, value)) else {
            continue;
        };
        let variable = variable_name(&name);
        if !reader.secret_variables.contains(&variable) && !reader.secrets.contains_key(&value) {
            reader.secret_variables.insert(variable.clone());
            reader.secrets.insert(value, variable);
        }
    }
}
