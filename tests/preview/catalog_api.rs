//! The catalog API, held field by field against Rancher's own catalog service on the same folder. What is otherwise is listed
//! in docs/catalog-api.md.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;
use swarm_lab::catalog_service::{self, CatalogService};
use swarm_lab::generator::{corpus, outcome};
use swarm_lab::git::{commit_all, git};
use swarm_lab::previewed::Preview;
use swarm_lab::tree::copy;
use swarm_lab::trial::{Trial, trial};

pub fn trials() -> Vec<Trial> {
    let missing = corpus().is_none().then_some("needs the real catalogs (CATALOG_CORPUS)");
    let missing = missing.or_else(catalog_service::missing);
    vec![
        trial("the_real_catalogs_are_served_as_ranchers_catalog_service_serves_them", missing, real_catalogs),
        trial("odd_catalogs_are_served_as_ranchers_catalog_service_serves_them", missing, odd_catalog),
    ]
}

/// Both services, of one folder.
struct Both {
    name: &'static str,
    _folder: tempfile::TempDir,
    real: CatalogService,
    own: Preview,
}

impl Both {
    fn of(name: &'static str, make: impl FnOnce(&Path)) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path: PathBuf = folder.path().join("catalog");
        make(&path);
        git(&path, &["init", "-q", "-b", "master"]);
        commit_all(&path, "what is served");
        let real = CatalogService::start(&[(name, &path)]);
        let own = Preview::start(&path, &["--name", name]);
        Self { name, _folder: folder, real, own }
    }

    fn own(&self, path: &str) -> swarm_lab::previewed::Answer {
        let path = format!("/v1-catalog/{path}");
        self.own.ask("GET", &path, &[("Host", &self.own.address), ("X-Api-Project-Id", "e1")])
    }

    fn own_json(&self, path: &str) -> (u16, Value) {
        let answer = self.own(path);
        let text = String::from_utf8(answer.body).unwrap();
        let text = text.replace(&format!("http://{}/v1-catalog/", self.own.address), "");
        (answer.status, serde_json::from_str(&text).unwrap_or_default())
    }

    /// That both answer the same.
    #[track_caller]
    fn agree(&self, paths: &[String]) {
        for (path, (status, mut real)) in paths.iter().zip(self.real.json_of_all(paths)) {
            // Where they are is another matter.
            let real_text = real.to_string();
            let address = real_text.split("http://127.0.0.1:").nth(1).and_then(|rest| rest.split('/').next());
            if let Some(port) = address {
                let text = real_text.replace(&format!("http://127.0.0.1:{port}/v1-catalog/"), "");
                real = serde_json::from_str(&text).unwrap();
            }
            let (own_status, mut own) = self.own_json(path);
            assert_eq!(own_status, status, "{path}: {own}");
            for answer in [&mut real, &mut own] {
                in_order(answer);
            }
            same(&real, &own, path);
        }
    }

    /// That both give the same bytes.
    #[track_caller]
    fn agree_in_bytes(&self, path: &str) {
        let (real, own) = (self.real.ask(path), self.own(path));
        assert!(real.status == own.status && real.body == own.body, "{path}: {} {}", real.status, own.status);
    }

    fn all(&self, versions_of_each: usize) {
        let queries = [
            "templates",
            "templates?rancherVersion=v1.6.30",
            "templates?rancherVersion=v1.5.10",
            "templates?minimumRancherVersion_lte=v1.2.0",
            "templates?templateBase_eq=infra",
            "templates?templateBase_eq=project&rancherVersion=v1.6.30",
            "templates?category=Orchestration&templateBase_eq=infra&rancherVersion=v1.6.14",
            "templates?category_ne=Orchestration",
            "templates?category=None",
            "templates?catalogId=other",
            "templates/nothing",
            "templates/other:infra*swarm",
            "templates/a:b:c:d",
            "templates/a:b*c*d",
        ];
        let mut paths: Vec<String> = queries.iter().map(|path| (*path).to_owned()).collect();
        paths.push(format!("templates?catalogId={}", self.name));
        paths.push(format!("templates/{}:infra*nothing", self.name));
        // Of each address that it does not have Rancher's service says the same, and of any schema that there is a link to it.
        paths.push("schemas/zz".to_owned());
        self.agree(&paths);
        for path in ["zz", "zz/zz", "schemas/a/b", "apiversions/v1-catalog", "templates/a/b"] {
            self.agree_in_bytes(path);
        }
        let listed = self.own_json("templates").1["data"].take();
        let listed = listed.as_array().unwrap();
        assert!(!listed.is_empty());
        for template in listed {
            let id = template["id"].as_str().unwrap().replace(' ', "%20");
            let mut paths = vec![format!("templates/{id}"), format!("templates/{id}:999")];
            let links: BTreeSet<&str> =
                template["versionLinks"].as_object().unwrap().values().filter_map(Value::as_str).collect();
            for link in links.into_iter().rev().take(versions_of_each) {
                paths.extend([link.to_owned(), format!("{link}?rancherVersion=v1.6.10")]);
                paths.push(link.replacen("templates/", "templateversions/", 1));
                self.agree_in_bytes(&format!("{link}?readme"));
            }
            self.agree(&paths);
            self.agree_in_bytes(&format!("templates/{id}?image"));
            self.agree_in_bytes(&format!("templates/{id}?readme"));
        }
    }
}

/// Templates without a name, which nobody can ask for, are in the real list; and its order is that of its hash tables.
fn in_order(answer: &mut Value) {
    if let Some(data) = answer["data"].as_array_mut() {
        data.retain(|one| one["folderName"] != "");
        data.sort_by_key(|one| one["id"].to_string());
    }
    if answer["type"] == "error" && answer["status"] == "400" {
        // The words are of a Go library.
        answer["message"] = Value::Null;
        answer["links"] = Value::Null;
    }
}

/// Field by field, so that what differs is told with both values.
#[track_caller]
fn same(real: &Value, own: &Value, place: &str) {
    match (real, own) {
        (Value::Object(one), Value::Object(other)) => {
            let keys: BTreeSet<&String> = one.keys().chain(other.keys()).collect();
            for key in keys {
                let (one, other) = (one.get(key), other.get(key));
                assert!(one.is_some() == other.is_some(), "{place}/{key}: Rancher {one:?}, here {other:?}");
                if let (Some(one), Some(other)) = (one, other) {
                    same(one, other, &format!("{place}/{key}"));
                }
            }
        }
        (Value::Array(one), Value::Array(other)) => {
            assert_eq!(one.len(), other.len(), "{place}: Rancher {real}, here {own}");
            for (at, (one, other)) in one.iter().zip(other).enumerate() {
                same(one, other, &format!("{place}/{at}"));
            }
        }
        _ => assert_eq!(real, own, "{place}: Rancher first, here second"),
    }
}

fn real_catalogs() {
    for (name, folder) in [("community", "community-catalog"), ("library", "rancher-catalog")] {
        let both = Both::of(name, |path| {
            copy(&corpus().unwrap().join(folder), path);
            if name == "community" {
                let (code, _, errors) = outcome(path.parent().unwrap(), &["render", "--catalog", "catalog"]);
                assert_eq!(code, 0, "{errors}");
            }
        });
        both.all(4);
        both.agree(&["schemas".to_owned()]);
    }
}

fn odd_catalog() {
    let both = Both::of("mine", |path| {
        let put = |name: &str, text: &str| {
            let file = path.join(name);
            fs::create_dir_all(file.parent().unwrap()).unwrap();
            fs::write(file, text).unwrap();
        };
        put(
            "templates/odd/config.yml",
            "name: Odd <b>\"x\"</b>\nversion: 1.10\ncategory: A\ncategories: [B, C]\nlabels: {a: yes, b: 010}\n\
             description:\nprojectURL: https://x.example/a b\nupgradefrom: x\n",
        );
        put("templates/odd/README.md", "beside the versions\n");
        put("templates/odd/catalogIcon-odd.png", "no picture");
        put("templates/odd/icons/catalogIcon-later.svg", "<svg xmlns='http://www.w3.org/2000/svg'/>");
        put(
            "templates/odd/0/rancher-compose.yml",
            ".catalog:\n  version: 1.10\n  questions:\n  - {variable: A, default: yes, options: [1.10, 010, no, ~], min: 1.7, \
             required: yes}\n  - {variable: B, min: -3, type: int}\n  - {}\n",
        );
        put("templates/odd/0/deep/docker-compose.yml", "a: {image: b}\n");
        put("templates/odd/0/deep/readme.MD", "# a\n");
        put(
            "templates/odd/1/rancher-compose.yml",
            "catalog:\n  version: v0.9\n  labels: {x: 1.50, y: ~}\n  upgrade_from: \">=v0.1.0\"\nversion: '2'\n",
        );
        put("templates/odd/2/rancher-compose.yml", ".catalog: {version: v0.8, maximum_rancher_version: v1.5.0}\n");
        put("templates/odd/3/rancher-compose.yml", ".catalog: {version: v9, questions: [{required: 'true'}]}\n");
        put("templates/odd/4/rancher-compose.yml", ".catalog: {questions: []}\n");
        put("templates/odd/v2.0.0/rancher-compose.yml", ".catalog:\n  version: [x]\n");
        put("templates/odd/3.0.0/docker-compose.yml", "web: {image: x}\n");
        put("templates/noconf/0/rancher-compose.yml", ".catalog: {version: v1}\n");
        put("templates/badconf/config.yml", "name: [a]\n");
        put("templates/badconf/0/rancher-compose.yml", ".catalog: {version: v1}\n");
        put("templates/sp ace/config.yml", "name: S\n");
        put("templates/sp ace/0/rancher-compose.yml", ".catalog: {version: v1}\n");
        put("machine-templates/m/config.yml", "name: M\n");
        put("machine-templates/m/0/rancher-compose.yml", ".catalog: {version: v1}\n");
        put("machine-templates/none/config.yml", "name: None\n");
    });
    both.all(20);
    both.agree(&["templates/mine:odd:v2.0.0".to_owned(), "templates/mine:odd:v0.9".to_owned()]);
}
