//! The environment of a service: of files, and of what stands there; secrets are asked for.

use serde_yaml::{Mapping, Value};

use super::super::NewError;
use super::super::questions::Use;
use super::super::remark::What;
use super::super::secret_names::{is_secret, may_be_secret};
use super::super::skeleton::variable_name;
use super::super::templated::literal;
use super::env_file;
use super::layers::{Key, entries};
use super::reader::{Place, Reader};
use rancher_catalog::yaml::{Node, NodeKind};

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
                    for (name, value) in env_file::variables(&text) {
                        let place = Place { service, key: "environment", is_needed: false, at: path.span.start };
                        let value = of_file(reader, &name, value, place);
                        environment.insert(name.into(), value.into());
                    }
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

/// In files nothing stands for anything else.
fn of_file(reader: &mut Reader<'_>, name: &str, value: Option<String>, place: Place<'_>) -> String {
    match value {
        Some(value) if is_secret(name) && may_be_secret(&value) => reader.secret(name, &value, place),
        Some(value) => literal(&value),
        None => of_shell(reader, name, place),
    }
}

/// What compose takes from the shell of the one who calls it.
fn of_shell(reader: &mut Reader<'_>, name: &str, place: Place<'_>) -> String {
    let variable = variable_name(name);
    let is_new = !reader.draft.questions.has(&variable);
    let known = reader.known.get(name).cloned().filter(|value| !(is_secret(name) && may_be_secret(value)));
    let place_of = Use { service: place.service, key: place.key, is_needed: false };
    reader.draft.questions.ask(&variable, known.as_deref(), place_of);
    if is_new {
        let message = format!("{name} is asked for: compose takes it from the shell, which Rancher has not");
        reader.draft.remarks.tell(What::Asked, Some(place.at), message);
    }
    format!("${{{variable}}}")
}

fn value_of(reader: &mut Reader<'_>, name: &str, value: Option<&str>, place: Place<'_>) -> Result<String, NewError> {
    let Some(value) = value else { return Ok(of_shell(reader, name, place)) };
    if !value.contains('$') && is_secret(name) && may_be_secret(value) {
        return Ok(reader.secret(name, value, place));
    }
    let text = reader.converted(value, place)?;
    Ok(without_password(reader, name, text, place))
}

/// An address may hold a password: `postgres://app:secret@db/app`.
fn without_password(reader: &mut Reader<'_>, name: &str, text: String, place: Place<'_>) -> String {
    let Some((scheme, rest)) = text.split_once("://") else { return text };
    let end = rest.find(['/', '?', '#', ' ']).unwrap_or(rest.len());
    let Some((login, host)) = rest[..end].rsplit_once('@') else { return text };
    let Some((user, password)) = login.split_once(':') else { return text };
    if password.is_empty() || password.contains('$') {
        return text;
    }
    let variable = reader.secret(&format!("{name}_PASSWORD"), password, place);
    format!("{scheme}://{user}:{variable}@{host}{}", &rest[end..])
}

/// Gathers the secrets of all environments first, so that an address that holds one finds its variable whichever service
/// comes first.
pub(super) fn name_secrets(reader: &mut Reader<'_>, service: &Node) {
    let Some(environment) = service.get("environment") else { return };
    for (name, value, _) in pairs(environment) {
        let Some(value) = value.filter(|value| !value.contains('$') && is_secret(&name) && may_be_secret(value)) else {
            continue;
        };
        let variable = variable_name(&name);
        let is_taken = reader.secrets.values().any(|other| *other == variable);
        if !is_taken {
            reader.secrets.entry(value).or_insert(variable);
        }
    }
}
