//! A draft -> the files of a template, with comments that say to a newcomer what each part is.

use std::collections::HashMap;

use serde::Serialize;
use serde_yaml::{Mapping, Value};

use super::draft::Draft;
use super::questions::one_line;
use super::templated::untemplated;
use super::{NewError, Wishes};
use crate::entries::Notes;
use crate::render::{ICON_OF_NEW, README_OF_NEW, RenderedFile, Renderer};
use rancher_catalog::hidden::acts;
use rancher_catalog::model::{Config, DockerCompose, RancherCompose};
use rancher_catalog::yaml::comment;

/// The oldest Rancher that a template is for, unless somebody says.
pub(super) const MINIMUM: &str = "v1.6.0";

const DOCKER_HEAD: &str = "What a stack of this template runs. Where a variable stands (a dollar and a name in braces) Rancher puts \
    the answer to its question in rancher-compose.yml; two dollars stand for one.";
const RANCHER_HEAD: &str =
    "What the catalog says of this version, what it asks, and what Rancher itself does with the services.";

/// Comments on the keys of a service in docker-compose.yml.
const DOCKER_NOTES: [(&str, &str); 8] = [
    ("image", "Hosts pull it by this name. A tag that stays makes every host run the same."),
    (
        "ports",
        "The port of the host, and the port of the container behind it. Two containers on one host cannot share the first.",
    ),
    ("environment", "What the program is told when it starts."),
    ("volumes", "What lasts, and where the container finds it. A named volume stays on the host that it was made on."),
    ("labels", "Those that begin with io.rancher. tell Rancher on which hosts, and how, containers run."),
    ("network_mode", "Without it a container is on Rancher's own network, where services find each other by name."),
    ("secrets", "Each is a file below /run/secrets, and must be in the environment before the stack is launched."),
    ("links", "Another name by which a service is reached."),
];

/// The same in rancher-compose.yml.
const RANCHER_NOTES: [(&str, &str); 3] = [
    ("scale", "How many containers there are at first. People change it later."),
    (
        "health_check",
        "Rancher asks the port of every container from outside, and replaces one that does not answer. Times are in milliseconds.",
    ),
    ("upgrade_strategy", "How many containers are replaced at a time when the stack is upgraded."),
];

/// Comments on the catalog block.
const CATALOG_NOTES: [(&str, &str); 3] = [
    (
        "catalog.version",
        "What people choose. A version that is published never changes: `gen-catalog bump` makes the next one.",
    ),
    (
        "catalog.minimum_rancher_version",
        "The oldest Rancher that is offered this version: state one that it was tested with.",
    ),
    (
        "catalog.questions",
        "What Rancher asks before it launches a stack. Each answer becomes the variable of that name.",
    ),
];

/// What config.yml says.
#[derive(Debug, Clone, Default)]
pub(super) struct Titles {
    pub title: String,
    pub description: String,
    pub version: String,
    pub minimum: String,
    pub category: String,
    pub maintainer: Option<String>,
    pub url: Option<String>,
}

/// What the README tells.
#[derive(Debug, Serialize)]
struct Readme {
    title: String,
    description: String,
    services: Vec<ReadmeService>,
    questions: Vec<Value>,
    volumes: Vec<String>,
    secrets: Vec<String>,
}

#[derive(Debug, Serialize)]
struct ReadmeService {
    name: String,
    image: String,
    about: String,
}

/// All files of a draft, by their paths in the template.
pub(super) fn of_draft(
    draft: &Draft,
    wishes: &Wishes,
    titles: &Titles,
    renderer: &Renderer,
) -> Result<Vec<RenderedFile>, NewError> {
    let first = draft.services.keys().next().cloned().unwrap_or_default();
    let notes = |all: &[(&str, &str)]| -> Notes {
        all.iter().map(|(key, text)| (format!("services.{first}.{key}"), (*text).to_owned())).collect()
    };
    let mut rancher_notes = notes(&RANCHER_NOTES);
    rancher_notes.extend(CATALOG_NOTES.iter().map(|(path, text)| ((*path).to_owned(), (*text).to_owned())));
    let docker: DockerCompose = typed(draft.docker_compose())?;
    let rancher: RancherCompose = typed(rancher_compose(draft, titles))?;
    let docker = with_head(DOCKER_HEAD, &renderer.docker_compose(&docker, &notes(&DOCKER_NOTES))?);
    let rancher = with_head(RANCHER_HEAD, &renderer.rancher_compose(&rancher, &rancher_notes)?);
    let readme = renderer.print(README_OF_NEW, &readme(draft, titles), &Notes::new())?;
    let mut files = shared(wishes, titles, readme, renderer)?;
    files.splice(0..0, compose(docker, rancher));
    Ok(files)
}

/// The files of a model, which stays as it is.
pub(super) fn of_model(
    docker: &DockerCompose,
    rancher: &RancherCompose,
    readme: Option<String>,
    wishes: &Wishes,
    titles: &Titles,
    renderer: &Renderer,
) -> Result<Vec<RenderedFile>, NewError> {
    let docker = renderer.docker_compose(docker, &Notes::new())?;
    let rancher = renderer.rancher_compose(rancher, &Notes::new())?;
    let own = Readme {
        title: titles.title.clone(),
        description: titles.description.clone(),
        services: Vec::new(),
        questions: Vec::new(),
        volumes: Vec::new(),
        secrets: Vec::new(),
    };
    let readme = readme.map_or_else(|| renderer.print(README_OF_NEW, &own, &Notes::new()), Ok)?;
    let mut files = shared(wishes, titles, readme, renderer)?;
    files.splice(0..0, compose(docker, rancher));
    Ok(files)
}

fn compose(docker: String, rancher: String) -> [RenderedFile; 2] {
    let file = |name: &str, text| RenderedFile { path: format!("0/{name}.yml"), text: untemplated(text) };
    [file("docker-compose", docker), file("rancher-compose", rancher)]
}

/// What a template has beside its version; config.yml last.
fn shared(
    wishes: &Wishes,
    titles: &Titles,
    readme: String,
    renderer: &Renderer,
) -> Result<Vec<RenderedFile>, NewError> {
    let file = |path: String, text| RenderedFile { path, text };
    let mut config = Mapping::new();
    let mut put = |key: &str, value: &str| config.insert(key.into(), value.into());
    put("name", &titles.title);
    put("description", &titles.description);
    put("version", &titles.version);
    put("category", &titles.category);
    if let Some(maintainer) = &titles.maintainer {
        put("maintainer", maintainer);
    }
    if let Some(url) = &titles.url {
        put("projectURL", url);
    }
    let config: Config = typed(Value::Mapping(config))?;
    Ok(vec![
        file("README.md".to_owned(), readme),
        file(
            format!("catalogIcon-{}.svg", wishes.name),
            renderer.print(ICON_OF_NEW, &icon(&wishes.name.to_string(), titles), &Notes::new())?,
        ),
        file("config.yml".to_owned(), renderer.config(&config)?),
    ])
}

pub(super) fn typed<T: serde::de::DeserializeOwned>(value: Value) -> Result<T, NewError> {
    serde_yaml::from_value(value)
        .map_err(|error| NewError::Wrong(format!("what came of it is no model of Rancher's files: {error}")))
}

fn with_head(head: &str, text: &str) -> String {
    format!("{}\n\n{text}", comment(head, 0))
}

fn rancher_compose(draft: &Draft, titles: &Titles) -> Value {
    let mut catalog = Mapping::new();
    let mut put = |key: &str, value: Value| catalog.insert(key.into(), value);
    put("name", titles.title.clone().into());
    put("version", titles.version.clone().into());
    put("minimum_rancher_version", titles.minimum.clone().into());
    let questions = draft.questions.to_value();
    if questions.as_sequence().is_some_and(|questions| !questions.is_empty()) {
        put("questions", questions);
    }
    let mut file = Mapping::new();
    file.insert("version".into(), "2".into());
    file.insert("catalog".into(), catalog.into());
    let services = draft.rancher_services();
    if services.as_mapping().is_some_and(|services| !services.is_empty()) {
        file.insert("services".into(), services);
    }
    Value::Mapping(file)
}

fn readme(draft: &Draft, titles: &Titles) -> Readme {
    let text = |map: &Mapping, key: &str| map.get(key).and_then(Value::as_str).unwrap_or_default().to_owned();
    let mut beside: HashMap<&str, &str> = HashMap::new();
    for (of, service) in &draft.services {
        let listed = service.label(super::draft::SIDEKICKS).into_iter().flat_map(|list| list.split(','));
        listed.for_each(|name| _ = beside.entry(name.trim()).or_insert(of));
    }
    let services = draft.services.iter().map(|(name, service)| {
        let scale = service.rancher.get("scale").map(|scale| match scale {
            Value::String(text) => text.clone(),
            other => other.as_i64().unwrap_or(1).to_string(),
        });
        let about = match (service.is_global(), beside.get(name.as_str()), scale) {
            (true, ..) => "once on every host".to_owned(),
            (_, Some(of), _) => format!("beside each container of {of}"),
            (_, _, Some(scale)) if scale != "1" => format!("{scale} containers at first"),
            _ => "one container at first".to_owned(),
        };
        ReadmeService { name: name.clone(), image: text(&service.docker, "image"), about }
    });
    let names = |map: &Mapping| map.keys().filter_map(Value::as_str).map(str::to_owned).collect();
    Readme {
        title: titles.title.clone(),
        description: titles.description.clone(),
        services: services.collect(),
        questions: draft.questions.to_value().as_sequence().cloned().unwrap_or_default(),
        volumes: names(&draft.volumes),
        secrets: names(&draft.secrets),
    }
}

/// The facts of a placeholder for an icon.
#[derive(Debug, Serialize)]
struct Icon {
    title: String,
    initial: String,
    color: &'static str,
}

/// Colours on which white is read well.
const COLORS: [&str; 8] = ["#0b5c8a", "#7a3e9d", "#9c2f45", "#2f6b3c", "#8a4b08", "#30508f", "#5c5a1a", "#3d4a57"];

fn icon(name: &str, titles: &Titles) -> Icon {
    let sum: usize = name.bytes().map(usize::from).sum();
    let initial = titles.title.chars().find(|c| c.is_alphanumeric()).unwrap_or('?');
    let escaped =
        |text: &str| text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;");
    Icon {
        // XML knows no way to write most of what is not seen.
        title: escaped(&one_line(&titles.title).chars().filter(|c| !acts(*c)).collect::<String>()),
        initial: initial.to_uppercase().collect(),
        color: COLORS[sum % COLORS.len()],
    }
}
