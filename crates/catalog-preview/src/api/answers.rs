//! What is answered to whom asks.

use std::io;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use rancher_catalog::catalog_service::offers_upgrade;
use rayon::prelude::*;
use serde_json::{Map, Value, json};

use super::index::{Template, Version, block, questions};
use crate::catalog::{Catalog, Shelf};
use crate::icon;
use crate::query::Query;
use crate::unreadable::why;

/// What Go leaves as it is in a path.
const IN_A_LINK: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'_')
    .remove(b'.')
    .remove(b'~')
    .remove(b'!')
    .remove(b'$')
    .remove(b'&')
    .remove(b'\'')
    .remove(b'(')
    .remove(b')')
    .remove(b'*')
    .remove(b'+')
    .remove(b',')
    .remove(b';')
    .remove(b'=')
    .remove(b':')
    .remove(b'@')
    .remove(b'/')
    .remove(b'[')
    .remove(b']');
/// The schemas of the API, with `BASE` for the address.
const SCHEMAS: &str = include_str!("../../assets/schemas.json");

/// What is asked.
#[derive(Debug, Clone)]
pub struct Asked {
    /// The way below `/v1-catalog`, decoded: `templates/community:infra*swarm`.
    pub path: String,
    /// What stands behind it.
    pub query: Query,
    /// The same as it stands in the address.
    pub raw_query: String,
    /// The address of the server: `http://127.0.0.1:8093`.
    pub base: String,
    /// The environment that asks.
    pub project: String,
}

/// An answer.
#[derive(Debug)]
pub enum Answer {
    /// JSON, with its status.
    Json(u16, Value),
    /// A file: its media type and content.
    File(&'static str, Vec<u8>),
    /// There is nothing of the kind.
    Nothing,
}

/// Answers.
pub fn answer(shelf: &Shelf, asked: &Asked) -> Answer {
    let path: Vec<&str> = asked.path.split('/').filter(|part| !part.is_empty()).collect();
    match path.as_slice() {
        [] => Answer::Json(200, asked.top()),
        ["catalogs"] => {
            let all: Vec<Value> = shelf.all().map(|catalog| asked.catalog(catalog)).collect();
            Answer::Json(
                200,
                json!({
                    "type": "collection", "resourceType": null, "links": { "self": asked.link("catalogs", "") }, "data": all,
                }),
            )
        }
        ["catalogs", name] => match shelf.named(name) {
            Some(catalog) => Answer::Json(200, asked.catalog(catalog)),
            None => asked.error(404, "Catalog not found"),
        },
        ["templates"] => asked.templates(shelf),
        ["templates" | "templateversions", id] => asked.by_id(shelf, id),
        ["schemas"] => Answer::Json(200, asked.schemas()),
        ["schemas", id] => {
            let schemas = asked.schemas();
            let found = schemas["data"].as_array().into_iter().flatten().find(|schema| schema["id"] == *id).cloned();
            // As for all schemas, Rancher gives a link to what is none.
            let link = || json!({ "links": { "self": asked.link("schemas", id) }, "actions": {} });
            Answer::Json(200, found.unwrap_or_else(link))
        }
        _ => Answer::Nothing,
    }
}

/// An error in the API's own form, with the address that was asked for.
pub fn error(status: u16, message: &str, own: Option<&str>) -> Value {
    let links: Map<String, Value> = own.map(|own| ("self".to_owned(), own.into())).into_iter().collect();
    json!({ "type": "error", "status": status.to_string(), "message": message, "links": links, "actions": {} })
}

/// The parts of an id: catalog, base, folder, and the version if one is named.
fn parts(id: &str) -> Option<(&str, &str, &str, &str)> {
    let split: Vec<&str> = id.split(':').collect();
    let (catalog, template, version) = match split.as_slice() {
        [catalog, template] => (*catalog, *template, ""),
        [catalog, template, version] => (*catalog, *template, *version),
        _ => return None,
    };
    let template: Vec<&str> = template.split('*').collect();
    match template.as_slice() {
        [folder] => Some((catalog, "", folder, version)),
        [base, folder] => Some((catalog, base, folder, version)),
        _ => None,
    }
}

impl Asked {
    fn link(&self, kind: &str, id: &str) -> String {
        let (id, query) = id.split_once('?').map_or((id, String::new()), |(id, query)| (id, format!("?{query}")));
        let slash = if id.is_empty() { "" } else { "/" };
        format!("{}/v1-catalog/{kind}{slash}{}{query}", self.base, utf8_percent_encode(id, IN_A_LINK))
    }

    fn error(&self, status: u16, message: &str) -> Answer {
        let own = format!("{}/v1-catalog/{}", self.base, self.path);
        Answer::Json(status, error(status, message, Some(&own)))
    }

    fn unreadable(&self, catalog: &Catalog, reason: &io::Error) -> Answer {
        self.error(500, &format!("cannot read {}: {}", catalog.root.display(), why(reason)))
    }

    fn schemas(&self) -> Value {
        serde_json::from_str(&SCHEMAS.replace("BASE", &self.base)).unwrap_or_default()
    }

    fn top(&self) -> Value {
        let links: Map<String, Value> = ["catalogs", "schemas", "templates"]
            .into_iter()
            .map(|name| (name.to_owned(), self.link(name, "").into()))
            .chain([("self".to_owned(), self.link("apiversions", "v1-catalog").into())])
            .collect();
        json!({ "type": "apiVersion", "id": "v1-catalog", "links": links, "actions": {} })
    }

    fn catalog(&self, catalog: &Catalog) -> Value {
        json!({
            "id": catalog.name, "name": catalog.name, "actions": {}, "environmentId": "global",
            "kind": "", "branch": "", "commit": "", "url": format!("file://{}", catalog.root.display()),
            "links": { "self": format!("{}?projectId={}", self.link("catalogs", &catalog.name), self.project) },
        })
    }

    fn templates(&self, shelf: &Shelf) -> Answer {
        let get = |name: &str| self.query.get(name).unwrap_or_default();
        let catalog = if get("catalogId").is_empty() { get("catalog") } else { get("catalogId") };
        // An older command line of Rancher says it so.
        let rancher =
            if get("rancherVersion").is_empty() { get("minimumRancherVersion_lte") } else { get("rancherVersion") };
        let base = get("templateBase_eq");
        let all = |name: &str| -> Vec<&str> {
            self.query.0.iter().filter(|(own, _)| own == name).map(|(_, value)| value.as_str()).collect()
        };
        let (wanted, unwanted) = (all("category"), all("category_ne"));
        let of_template = |catalog: &Catalog, template: &Template| {
            let is_of = |category: &&str| template.categories.iter().any(|own| own == *category);
            if !wanted.iter().all(is_of) || unwanted.iter().any(is_of) {
                return None;
            }
            let mut told = self.template(catalog, template, rancher);
            if template.labels.is_empty() {
                told["labels"] = Value::Null;
            }
            let is_offered = told["versionLinks"].as_object().is_some_and(|links| !links.is_empty());
            is_offered.then_some(told)
        };
        let mut data: Vec<Value> = Vec::new();
        for own in shelf.all().filter(|own| catalog.is_empty() || own.name == catalog) {
            let places = match own.places() {
                Ok(places) => places,
                Err(reason) => return self.unreadable(own, &reason),
            };
            let listed: Vec<Option<Value>> = places
                .par_iter()
                .filter(|place| base.is_empty() || place.base() == base)
                .map(|place| of_template(own, &Template::read(place)?))
                .collect();
            data.extend(listed.into_iter().flatten());
        }
        let mut told = json!({
            "type": "collection", "links": { "self": self.link("templates", "") },
            "actions": { "refresh": "?action=refresh" },
        });
        if !data.is_empty() {
            told["resourceType"] = "template".into();
        }
        told["data"] = data.into();
        Answer::Json(200, told)
    }

    fn by_id(&self, shelf: &Shelf, id: &str) -> Answer {
        let missing = || self.error(404, "Template not found");
        let Some((name, base, folder, wanted)) = parts(id) else { return missing() };
        let Some(catalog) = shelf.named(name) else { return missing() };
        let template = match catalog.by_base(base, folder) {
            Ok(place) => place.and_then(|place| Template::read(&place)),
            Err(reason) => return self.unreadable(catalog, &reason),
        };
        let Some(template) = template else { return missing() };
        let rancher = self.query.get("rancherVersion").unwrap_or_default();
        let is_readme = self.raw_query.eq_ignore_ascii_case("readme");
        if wanted.is_empty() {
            if self.query.get("image").is_some() {
                let icon = icon::read(&template.place);
                return icon.map_or(Answer::File("text/plain; charset=utf-8", Vec::new()), |icon| {
                    Answer::File(icon.kind, icon.bytes)
                });
            }
            if is_readme {
                // What stands beside the versions is never read.
                return Answer::File("text/plain; charset=utf-8", Vec::new());
            }
            return Answer::Json(200, self.template(catalog, &template, rancher));
        }
        let Some(version) = template.find(wanted) else { return self.error(404, "Version not found") };
        if is_readme {
            return Answer::File("text/plain; charset=utf-8", template.readme_of(version));
        }
        self.version(catalog, &template, version, rancher)
    }

    fn version_id(catalog: &Catalog, template: &Template, version: &Version) -> String {
        let id = template.place.id(&catalog.name);
        match version.revision {
            Some(revision) => format!("{id}:{revision}"),
            None => format!("{id}:{}", version.version),
        }
    }

    /// The links of a template that a version has too.
    fn links(&self, template: &Template, id: &str) -> Map<String, Value> {
        let icon = self.link("templates", &format!("{id}?image&projectId={}", self.project));
        let mut links = Map::from_iter([("icon".to_owned(), icon.into())]);
        let project = template.text("projectURL");
        if !project.is_empty() {
            links.insert("project".to_owned(), project.into());
        }
        links
    }

    fn template(&self, catalog: &Catalog, template: &Template, rancher: &str) -> Value {
        let id = template.place.id(&catalog.name);
        let mut links = self.links(template, &id);
        links.insert("self".to_owned(), format!("{}/v1-catalog/templates/{id}", self.base).into());
        let offered = template.versions.iter().filter(|version| version.is_offered(rancher));
        let version_links: Map<String, Value> = offered
            .map(|version| {
                (version.version.clone(), self.link("templates", &Self::version_id(catalog, template, version)).into())
            })
            .collect();
        let default = template.versions.iter().rfind(|version| version.version == template.text("version"));
        let default = default.map(|version| Self::version_id(catalog, template, version)).unwrap_or_default();
        json!({
            "type": "template", "id": id, "actions": {}, "links": links, "catalogId": catalog.name,
            "environmentId": "global", "templateBase": template.place.base(), "folderName": template.place.folder,
            "path": "", "isSystem": "", "iconFilename": template.icon_name, "name": template.text("name"),
            "description": template.text("description"), "categories": (!template.categories.is_empty()).then_some(&template.categories),
            "maintainer": template.text("maintainer"), "license": template.text("license"),
            "labels": template.labels, "upgradeFrom": template.text("upgradefrom"),
            "defaultVersion": template.text("version"), "defaultTemplateVersionId": default,
            "versionLinks": version_links,
        })
    }

    fn version(&self, catalog: &Catalog, template: &Template, version: &Version, rancher: &str) -> Answer {
        if version.is_broken {
            return Answer::Json(
                400,
                json!({
                    "type": "error", "status": "400", "message": "its rancher-compose.yml cannot be read",
                    "links": { "self": self.link("templates", &Self::version_id(catalog, template, version)) }, "actions": {},
                }),
            );
        }
        let id = Self::version_id(catalog, template, version);
        let template_id = template.place.id(&catalog.name);
        let mut links = self.links(template, &template_id);
        // It alone stands as it is.
        links.insert("self".to_owned(), format!("{}/v1-catalog/templateversions/{id}", self.base).into());
        links.insert("template".to_owned(), self.link("templates", &template_id).into());
        if version.has_readme {
            links.insert("readme".to_owned(), self.link("templates", &format!("{id}?readme")).into());
        }
        let upgrades = template.versions.iter().filter(|other| {
            other.is_offered(rancher) && offers_upgrade(&version.version, &other.version, &other.upgrade_from)
        });
        let upgrades: Map<String, Value> = upgrades
            .map(|other| {
                (other.version.clone(), self.link("templates", &Self::version_id(catalog, template, other)).into())
            })
            .collect();
        let file = template.source_of(version).rancher_compose.as_ref();
        let asked = questions(file.and_then(|file| block(file).ok().flatten()));
        Answer::Json(
            200,
            json!({
                "type": "templateVersion", "id": id, "actions": {}, "links": links, "bindings": null,
                "templateId": template_id, "version": version.version, "labels": version.labels,
                "minimumRancherVersion": version.minimum, "maximumRancherVersion": version.maximum,
                "upgradeFrom": version.upgrade_from, "files": template.files(version), "questions": asked,
                "upgradeVersionLinks": upgrades,
            }),
        )
    }
}
