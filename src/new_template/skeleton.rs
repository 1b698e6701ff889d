//! A draft of one image: its ports, volumes and variables, as far as they are given or read from it.

use serde_yaml::Value;

use super::draft::{Draft, Service};
use super::name::service_name;
use super::questions::Use;
use super::secret_names::holds_secret;
use super::secret_text::{Found, replaced, secrets_in};
use super::templated::literal;
use super::wishes::{Pair, Parts};
use super::{NewError, TemplateName};
use rancher_catalog::model::{ImageReference, label_names};

/// Adds the service of an image, and its sidekicks.
///
/// # Errors
/// Parts exclude each other, or have names that Rancher does not take.
pub(super) fn add(
    draft: &mut Draft,
    name: &TemplateName,
    image: &ImageReference,
    parts: &Parts,
) -> Result<(), NewError> {
    let own = name.service();
    let mut service = Service::default();
    service.set("image", image.to_string());
    for (at, port) in parts.ports.iter().enumerate() {
        let same = |other: &&super::Port| (other.public, other.is_udp) == (port.public, port.is_udp);
        if parts.ports.iter().filter(same).count() > 1 {
            return Err(NewError::Asked(format!("--port: the host's port {} is published twice", port.public)));
        }
        let variable = variable_of(at, *port);
        draft.questions.ask(
            &variable,
            Some(&port.public.to_string()),
            Use { service: &own, key: "ports", is_needed: true },
        );
        let label = if at == 0 { "Public port".to_owned() } else { format!("Public port for {}", port.private) };
        let about = format!("The port of each host that leads to port {}{}", port.private, port.protocol());
        draft.questions.describe(&variable, Some(&label), Some(&about));
        service.add("ports", format!("${{{variable}}}:{}{}", port.private, port.protocol()));
    }
    for (at, pair) in parts.environment.iter().enumerate() {
        if parts.environment[..at].iter().any(|other| other.name == pair.name) {
            return Err(NewError::Asked(format!("--env {}: the variable is given twice", pair.name)));
        }
        let value = environment(draft, &own, pair);
        service.put("environment", &pair.name, value);
    }
    for (at, volume) in parts.volumes.iter().enumerate() {
        let path = |volume: &str| volume.rsplit(':').next().unwrap_or_default().to_owned();
        if parts.volumes[..at].iter().any(|other| path(other) == path(volume)) {
            return Err(NewError::Asked(format!("--volume {volume}: a volume is kept at this path already")));
        }
        let volume = volume_of(draft, name, volume)?;
        service.add("volumes", volume);
    }
    if parts.global {
        service.put("labels", label_names::GLOBAL, "true");
    } else {
        service.rancher.insert("scale".into(), 1.into());
    }
    if let Some(check) = &parts.health_check {
        let mut value = check.to_value();
        if let Some(path) = check.path.as_deref().filter(|path| !secrets_in(path).is_empty()) {
            let path = without_secrets(draft, &own, ("health_check", "HEALTH_CHECK"), path);
            value["request_line"] = format!("GET {path} HTTP/1.0").into();
        }
        service.set_health_check(value);
    }
    let mut sidekicks = Vec::new();
    for sidekick in &parts.sidekicks {
        let plain = service_name(&sidekick.name).unwrap_or_default();
        if plain != sidekick.name.to_ascii_lowercase() {
            return Err(NewError::Asked(format!(
                "--sidekick {}: the name of a service is of letters, digits and single hyphens",
                sidekick.name
            )));
        }
        if plain == own.to_ascii_lowercase() || sidekicks.iter().any(|(name, _)| *name == plain) {
            return Err(NewError::Asked(format!(
                "--sidekick {}: there is a service of that name already",
                sidekick.name
            )));
        }
        service.take_sidekicks(&[&plain]);
        let mut container = Service::default();
        container.set("image", sidekick.image.to_string());
        sidekicks.push((plain, container));
    }
    draft.services.insert(own, service);
    draft.services.extend(sidekicks);
    Ok(())
}

fn variable_of(at: usize, port: super::Port) -> String {
    let protocol = if port.is_udp { "_UDP" } else { "" };
    if at == 0 { "PUBLIC_PORT".to_owned() } else { format!("PUBLIC_PORT_{}{protocol}_{}", port.private, at + 1) }
}

/// The value of a variable: what is given, or a question.
fn environment(draft: &mut Draft, service: &str, pair: &Pair) -> Value {
    let question = variable_name(&pair.name);
    let place = Use { service, key: "environment", is_needed: false };
    match &pair.value {
        Some(value) if !holds_secret(&pair.name, value) => {
            without_secrets(draft, service, ("environment", &pair.name), value).into()
        }
        Some(_) => {
            draft.questions.ask_secret(&question, place);
            format!("${{{question}}}").into()
        }
        None => {
            draft.questions.ask(&question, None, place);
            format!("${{{question}}}").into()
        }
    }
}

/// A text in which each part that is a secret is a question, named after what has it.
pub(super) fn without_secrets(draft: &mut Draft, service: &str, (key, name): (&str, &str), text: &str) -> String {
    let by = |found: &Found, _: &str| {
        let mut variable = variable_name(&format!("{name}_{}", found.name)).to_uppercase();
        while draft.questions.has(&variable) {
            variable.push('_');
        }
        draft.questions.ask_secret(&variable, Use { service, key, is_needed: false });
        format!("${{{variable}}}")
    };
    replaced(text, by, literal)
}

/// A name as a question's variable can have it.
pub(super) fn variable_name(name: &str) -> String {
    let plain: String = name.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '_' }).collect();
    if plain.starts_with(|c: char| c.is_ascii_digit()) { format!("_{plain}") } else { plain }
}

/// A volume with a name: that of the template, and of the last part of its path.
fn volume_of(draft: &mut Draft, name: &TemplateName, volume: &str) -> Result<String, NewError> {
    let wanted =
        || NewError::Asked(format!("--volume {volume}: PATH or NAME:PATH is wanted, such as data:/var/lib/example"));
    let (named, path) = match volume.split_once(':') {
        Some((named, path)) if !named.is_empty() => (named.to_owned(), path),
        Some(_) => return Err(wanted()),
        None => {
            let last = volume.rsplit('/').find(|part| !part.is_empty()).unwrap_or("data");
            let last = service_name(last).unwrap_or_else(|| "data".to_owned());
            (format!("{}-{last}", name.service()), volume)
        }
    };
    let is_path = |path: &str| path.starts_with('/') && !path.contains(char::is_whitespace) && !path.contains(':');
    let path_alone = path.strip_suffix(":ro").unwrap_or(path);
    if !is_path(path_alone) {
        return Err(wanted());
    }
    let volume = literal(&format!("{named}:{path}"));
    if named.starts_with('/') {
        // An engine refuses a folder over the whole of a container, and takes a volume there.
        let is_over_all = path_alone.trim_matches('/').is_empty();
        return if is_over_all { Err(wanted()) } else { Ok(volume) };
    }
    let is_name = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '-');
    if !named.chars().all(is_name) || !named.starts_with(|c: char| c.is_ascii_alphanumeric()) {
        return Err(wanted());
    }
    draft.volumes.entry(named.into()).or_insert_with(local);
    Ok(volume)
}

/// A volume of the engine's own driver.
pub(super) fn local() -> Value {
    Value::Mapping([("driver".into(), "local".into())].into_iter().collect())
}
