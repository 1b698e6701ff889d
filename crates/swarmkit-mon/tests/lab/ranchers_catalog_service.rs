//! Rancher's own catalog service reads the rendered catalog, and serves what the model says.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use swarm_lab::catalog_service;
use swarm_lab::trial::Trial;

use gen_catalog::entries::swarm;
use serde_json::{Map, Value, json};
use swarm_lab::catalog_service::{CatalogService, validate};
use swarm_lab::generator::{corpus, empty_catalog, outcome};
use swarm_lab::git::{commit_all, edit, git};
use swarm_lab::tree::{copy, snapshot};
use swarm_lab::trial::trial;

/// The name that Rancher has for the catalog.
const CATALOG: &str = "community";
/// The last Rancher of its line.
const LAST: &str = "v1.6.30";

pub fn trials() -> Vec<Trial> {
    let missing = corpus().is_none().then_some("needs the real catalogs (CATALOG_CORPUS)");
    let missing = missing.or_else(catalog_service::missing);
    vec![
        trial("the_catalog_passes_the_check_that_catalogs_run_in_their_ci", missing, passes),
        trial("the_template_is_served_as_the_model_has_it", missing, template),
        trial("every_revision_is_served_as_the_model_has_it", missing, revisions),
        trial("icon_and_readme_are_served_byte_for_byte", missing, bytes),
        trial("stacks_of_every_earlier_revision_are_offered_the_new_one", missing, upgrades),
        trial("a_server_is_offered_the_new_revision_from_its_least_version_on", missing, offered),
        trial("the_environment_template_is_served_and_its_stacks_exist", missing, environment),
        trial("a_running_service_offers_the_revision_once_it_is_committed", missing, committed),
    ]
}

/// The real catalog, with the entry rendered into it, in git.
struct Catalog {
    _folder: tempfile::TempDir,
    path: PathBuf,
}

impl Catalog {
    fn published() -> Self {
        let catalog = Self::before();
        catalog.publish();
        catalog
    }

    /// As it was before this entry.
    fn before() -> Self {
        let folder = empty_catalog();
        let path = folder.path().join("community-catalog");
        copy(&corpus().unwrap().join("community-catalog"), &path);
        git(&path, &["init", "-q", "-b", "master"]);
        commit_all(&path, "what was published before");
        Self { _folder: folder, path }
    }

    fn publish(&self) {
        let (code, _, errors) = outcome(self.path.parent().unwrap(), &["render"]);
        assert_eq!((code, errors.as_str()), (0, ""));
        commit_all(&self.path, "the entry");
    }

    fn serve(&self) -> CatalogService {
        CatalogService::start(&[(CATALOG, &self.path)])
    }

    fn model(&self, template: &str) -> Model {
        let (code, printed, errors) = outcome(&self.path, &["model", template, "--format", "json"]);
        assert_eq!((code, errors.as_str()), (0, ""), "{template}");
        Model {
            base: template.split_once("-templates").unwrap().0.to_owned(),
            all: serde_json::from_str(&printed).unwrap(),
        }
    }

    fn infra(&self) -> Model {
        self.model("infra-templates/swarm")
    }

    fn project(&self) -> Model {
        self.model("project-templates/swarm")
    }
}

/// A template, as `gen-catalog model` prints it.
struct Model {
    base: String,
    all: Value,
}

impl Model {
    fn id(&self) -> String {
        format!("{CATALOG}:{}*{}", self.base, text(&self.all["folder"]))
    }

    fn config(&self) -> &Value {
        &self.all["config"]
    }

    /// The catalog blocks by their revisions.
    fn blocks(&self) -> BTreeMap<u32, &Value> {
        let versions = self.all["versions"].as_object().unwrap();
        versions.iter().map(|(revision, version)| (revision.parse().unwrap(), catalog_block(version))).collect()
    }

    /// The revision of the version that config.yml names.
    fn newest(&self) -> u32 {
        let wanted = text(&self.config()["version"]);
        let found = self.blocks().into_iter().find(|(_, block)| text(&block["version"]) == wanted);
        found.unwrap_or_else(|| panic!("no revision is {wanted}")).0
    }

    fn version_id(&self, revision: u32) -> String {
        format!("{}:{revision}", self.id())
    }

    /// The links to these revisions, by their versions.
    fn links(&self, revisions: impl IntoIterator<Item = u32>) -> Value {
        let blocks = self.blocks();
        let link = |revision| (text(&blocks[&revision]["version"]), link(&self.version_id(revision)));
        revisions.into_iter().map(link).collect::<BTreeMap<_, _>>().into_iter().collect::<Map<_, _>>().into()
    }
}

fn catalog_block(version: &Value) -> &Value {
    let compose = &version["rancher_compose"];
    compose.get("catalog").unwrap_or(&compose[".catalog"])
}

fn link(id: &str) -> Value {
    format!("templates/{id}").into()
}

/// The text that Rancher makes of a value.
fn text(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

fn texts(map: &Value) -> Value {
    map.as_object()
        .into_iter()
        .flatten()
        .map(|(key, value)| (key.clone(), text(value).into()))
        .collect::<Map<_, _>>()
        .into()
}

/// A question of the model, as the service has to serve it.
fn question(model: &Value) -> Value {
    let number = |key: &str| model.get(key).cloned().unwrap_or(json!(0));
    let options = model.get("options").and_then(Value::as_array);
    json!({
        "variable": text(&model["variable"]), "label": text(&model["label"]), "description": text(&model["description"]),
        "type": text(&model["type"]), "required": model["required"] == true, "default": text(&model["default"]),
        "group": text(&model["group"]), "minLength": number("min_length"), "maxLength": number("max_length"),
        "min": number("min"), "max": number("max"), "options": options.map(|all| all.iter().map(text).collect::<Vec<_>>()),
        "validChars": text(&model["valid_chars"]), "invalidChars": text(&model["invalid_chars"]),
    })
}

fn passes() {
    let catalog = Catalog::published();
    let catalogs: [(&str, &Path); 1] = [(CATALOG, &catalog.path)];
    let output = validate(&catalogs);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));

    // Of what is wrong it says so.
    let newest = format!("infra-templates/swarm/{}/rancher-compose.yml", catalog.infra().newest());
    edit(&catalog.path.join(newest), "required: true", "required: 'true'");
    commit_all(&catalog.path, "a mistake");
    assert!(!validate(&catalogs).status.success());
}

fn template() {
    let catalog = Catalog::published();
    let service = catalog.serve();
    for model in [catalog.infra(), catalog.project()] {
        let (config, id) = (model.config(), model.id());
        let mut links = json!({"icon": format!("{}?image&projectId=e1", text(&link(&id))), "self": link(&id)});
        // The project's page is served as a link alone.
        if let Some(page) = config.get("projectURL") {
            links["project"] = page.clone();
        }
        let icon = fs::read_dir(catalog.path.join(format!("{}-templates/swarm", model.base))).unwrap();
        let icon = icon.map(|entry| entry.unwrap().file_name().into_string().unwrap());
        let icon = icon.into_iter().find(|name| name.starts_with("catalogIcon"));
        let wanted = json!({
            "id": id, "type": "template", "actions": {}, "links": links, "catalogId": CATALOG, "environmentId": "global",
            "templateBase": model.base, "folderName": model.all["folder"], "path": "", "isSystem": "",
            "iconFilename": icon.unwrap_or_default(),
            "name": text(&config["name"]), "description": text(&config["description"]),
            "categories": [text(&config["category"])], "maintainer": text(&config["maintainer"]),
            "license": text(&config["license"]), "labels": texts(&config["labels"]),
            "upgradeFrom": "", "defaultVersion": text(&config["version"]),
            "defaultTemplateVersionId": model.version_id(model.newest()),
            "versionLinks": model.links(model.blocks().into_keys()),
        });
        is_served(&service.json(&format!("templates/{id}")), &wanted, &id);

        // As the pages of the UI ask for it, and by no other category.
        let of = |category: &str| {
            let path = format!("templates?category={category}&templateBase_eq={}&rancherVersion={LAST}", model.base);
            let listed = service.json(&path)["data"].take();
            listed.as_array().is_some_and(|all| all.iter().any(|template| template["id"] == *id))
        };
        assert!(of(&text(&config["category"])), "{id} is not listed");
        assert!(!of("Storage"), "{id} is listed where it does not belong");
    }
}

fn revisions() {
    let catalog = Catalog::published();
    let service = catalog.serve();
    for model in [catalog.infra(), catalog.project()] {
        for (revision, block) in model.blocks() {
            let id = model.version_id(revision);
            let folder = catalog.path.join(format!("{}-templates/swarm/{revision}", model.base));
            let files: Map<String, Value> = snapshot(&folder)
                .into_iter()
                .map(|(name, content)| (name, String::from_utf8(content).unwrap().into()))
                .collect();
            let questions = block.get("questions").and_then(Value::as_array);
            let mut served = service.json(&format!("templates/{id}"));
            // They are another promise's.
            served.as_object_mut().unwrap().retain(|key, _| !["upgradeVersionLinks", "links"].contains(&key.as_str()));
            let wanted = json!({
                "id": id, "type": "templateVersion", "actions": {}, "bindings": null, "templateId": model.id(),
                "version": text(&block["version"]), "labels": texts(&block["labels"]),
                "minimumRancherVersion": text(&block["minimum_rancher_version"]),
                "maximumRancherVersion": text(&block["maximum_rancher_version"]),
                "upgradeFrom": text(&block["upgrade_from"]), "files": files,
                "questions": questions.map(|all| all.iter().map(question).collect::<Vec<_>>()),
            });
            is_served(&served, &wanted, &id);
        }
    }
    let asked = catalog.infra();
    let asked = asked.blocks()[&asked.newest()]["questions"].as_array().map_or(0, Vec::len);
    assert!(asked > 0, "nothing is asked");
}

/// Field by field, so that what differs is told with both values.
#[track_caller]
fn is_served(served: &Value, wanted: &Value, what: &str) {
    let (served, wanted) = (served.as_object().unwrap(), wanted.as_object().unwrap());
    for (key, value) in wanted {
        assert_eq!(served.get(key), Some(value), "{what}: {key}");
    }
    let unknown: Vec<&String> = served.keys().filter(|key| !wanted.contains_key(*key)).collect();
    assert_eq!(unknown, Vec::<&String>::new(), "{what}: what the model does not say");
}

fn bytes() {
    let catalog = Catalog::published();
    let service = catalog.serve();
    let model = catalog.infra();
    let folder = catalog.path.join("infra-templates/swarm");
    let newest = model.newest();
    for (path, file) in [
        (format!("{}?image", link(&model.id()).as_str().unwrap()), folder.join("catalogIcon-swarm.svg")),
        (format!("templates/{}?readme", model.version_id(newest)), folder.join(format!("{newest}/README.md"))),
    ] {
        assert!(service.ask(&path).good() == fs::read(&file).unwrap(), "{path} is not {}", file.display());
    }
    let served = service.json(&format!("templates/{}", model.version_id(newest)));
    assert_eq!(served["links"]["readme"], format!("templates/{}?readme", model.version_id(newest)));
    assert_eq!(served["links"]["icon"], format!("templates/{}?image&projectId=e1", model.id()));
}

fn upgrades() {
    let catalog = Catalog::published();
    let service = catalog.serve();
    let model = catalog.infra();
    let newest = model.newest();
    let all: Vec<u32> = model.blocks().into_keys().collect();
    assert_eq!((newest, all.clone()), (swarm::FIRST_REVISION.0, (0..=newest).collect()));
    for revision in all {
        let path = format!("templates/{}", model.version_id(revision));
        for query in [String::new(), format!("?rancherVersion={LAST}")] {
            let served = service.json(&format!("{path}{query}"));
            assert_eq!(served["upgradeVersionLinks"], model.links(revision + 1..=newest), "{path}{query}");
        }
        // A server that is too old stays with what it can run.
        let served = service.json(&format!("{path}?rancherVersion=v1.5.10"));
        assert_eq!(served["upgradeVersionLinks"], model.links(revision + 1..newest), "{path}, v1.5.10");
    }
}

fn offered() {
    let catalog = Catalog::published();
    let service = catalog.serve();
    for model in [catalog.infra(), catalog.project()] {
        let newest = model.newest();
        let version = text(&model.blocks()[&newest]["version"]);
        let least = text(&model.blocks()[&newest]["minimum_rancher_version"]);
        for (server, is_offered) in
            [("v1.2.0", false), ("v1.5.10", false), (least.as_str(), true), ("v1.6.9", true), (LAST, true)]
        {
            let served = service.json(&format!("templates/{}?rancherVersion={server}", model.id()));
            let link = served["versionLinks"].get(&version);
            assert_eq!(link.is_some(), is_offered, "{server}: {served}");
        }
    }
    // To such a server the environment template has no version at all, and is not listed.
    let id = catalog.project().id();
    for (server, is_listed) in [("v1.5.10", false), (LAST, true)] {
        let listed = service.json(&format!("templates?templateBase_eq=project&rancherVersion={server}"))["data"].take();
        let found = listed.as_array().into_iter().flatten().any(|template| template["id"] == *id);
        assert_eq!(found, is_listed, "{server}");
    }
}

fn environment() {
    let catalog = Catalog::published();
    let service = catalog.serve();
    let model = catalog.project();
    let served = service.json(&format!("templates/{}", model.version_id(model.newest())));
    // What is served is what a new environment is made of.
    let project = served["files"]["project.yml"].as_str().unwrap();
    let project: Value = serde_yaml::from_str(project).unwrap();
    assert_eq!(project, model.all["versions"][model.newest().to_string()]["project"]);
    let stacks = project["stacks"].as_array().unwrap().iter().map(|stack| stack["templateId"].as_str().unwrap());
    let own: Vec<&str> = stacks.filter(|id| id.starts_with(&format!("{CATALOG}:"))).collect();
    assert!(own.contains(&catalog.infra().id().as_str()), "{own:?}");
    for id in own {
        let template = service.json(&format!("templates/{id}?rancherVersion={LAST}"));
        assert_eq!(template["id"], id);
        let default = template["defaultTemplateVersionId"].as_str().unwrap();
        let is_offered = |link: &Value| *link == self::link(default);
        assert!(template["versionLinks"].as_object().unwrap().values().any(is_offered), "{id}: {template}");
        service.ask(&format!("templates/{default}")).good();
    }
    assert_eq!(service.ask(&format!("templates/{CATALOG}:infra*swarms")).status, 404);
}

fn committed() {
    let catalog = Catalog::before();
    let service = catalog.serve();
    let path = format!("templates/{CATALOG}:infra*swarm");
    let before = service.json(&path)["versionLinks"].take();
    catalog.publish();
    service.refresh();
    let model = catalog.infra();
    let after = service.json(&path);
    assert_eq!(after["versionLinks"], model.links(model.blocks().into_keys()));
    assert_eq!(after["defaultTemplateVersionId"], model.version_id(model.newest()));
    assert_eq!(before, model.links(0..model.newest()));
}
