//! Every folder at the top of a catalog is one of templates to Rancher, whatever its name, and so it is to `check`.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use serde_json::Value;
use swarm_lab::catalog_service::{self, CatalogService};
use swarm_lab::generator::outcome;
use swarm_lab::git::{commit_all, git};
use swarm_lab::trial::{Trial, trial};

pub fn trials() -> Vec<Trial> {
    vec![
        trial("templates_are_found_in_a_folder_of_any_name", None, any_name),
        trial("what_a_catalog_allows_counts_in_each_of_its_folders", None, allowances),
        trial("a_change_is_seen_in_a_folder_of_any_name", None, changes),
        trial("a_template_that_is_gone_from_a_folder_of_any_name_is_told", None, gone),
        trial("two_commits_differ_in_a_folder_of_any_name", None, differences),
        trial("a_clone_may_have_the_name_of_a_folder_of_templates", None, any_name_of_a_clone),
        trial("rancher_offers_what_is_found_there", catalog_service::missing(), offered),
    ]
}

const FOLDERS: [&str; 4] = ["infra-templates", "stacks", "my-stacks", "Templates"];

fn write(file: &Path, text: &str) {
    fs::create_dir_all(file.parent().unwrap()).unwrap();
    fs::write(file, text).unwrap();
}

fn write_version(version: &Path, port: &str) {
    let docker = format!("version: '2'\nservices:\n  web:\n    image: example/web:1\n    ports: ['{port}']\n");
    write(&version.join("docker-compose.yml"), &docker);
    write(&version.join("rancher-compose.yml"), "version: '2'\ncatalog:\n  name: Web\n  version: v1.0.0\n");
}

/// A clone whose folders hold a template each, with a port that Rancher refuses; and pictures, which are none.
fn catalog() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    write_catalog(folder.path());
    folder
}

fn write_catalog(folder: &Path) {
    for name in FOLDERS {
        let template = folder.join(name).join(format!("web-{}", name.to_lowercase()));
        write(&template.join("config.yml"), "name: Web\nversion: v1.0.0\n");
        write_version(&template.join("0"), "x");
    }
    write(&folder.join("docs/pictures/1/one.svg"), "<svg/>");
    git(folder, &["init", "-q", "-b", "master"]);
    commit_all(folder, "all of it");
}

/// The folders at the top in which an error is told.
fn told(folder: &Path, args: &[&str]) -> BTreeSet<String> {
    let args = [&["check"], args, &["--level", "error", "--format", "json"]].concat();
    let (_, text, errors) = outcome(folder, &args);
    let told: Value = serde_json::from_str(&text).unwrap_or_else(|_| panic!("{args:?}: {errors}"));
    let paths = told["findings"].as_array().unwrap().iter().map(|finding| finding["path"].as_str().unwrap());
    paths.map(|path| path.split('/').next().unwrap().to_owned()).collect()
}

fn all() -> BTreeSet<String> {
    FOLDERS.map(str::to_owned).into()
}

fn any_name() {
    let folder = catalog();
    assert_eq!(told(folder.path(), &["."]), all());
    for path in ["stacks", "stacks/web-stacks", "stacks/web-stacks/0", "stacks/web-stacks/0/docker-compose.yml"] {
        assert_eq!(told(folder.path(), &[path]), BTreeSet::from(["stacks".to_owned()]), "{path}");
    }
    fs::remove_dir_all(folder.path().join("infra-templates")).unwrap();
    assert_eq!(told(folder.path(), &["."]).len(), FOLDERS.len() - 1);
    let (code, _, errors) = outcome(folder.path(), &["check", "docs"]);
    assert!(code == 2 && errors.contains("holds no template"), "{errors}");
}

fn allowances() {
    let folder = catalog();
    let allow = "[[allow]]\nrule = \"port-form\"\npath = \"stacks\"\nreason = \"a trial\"\n";
    fs::write(folder.path().join("gen-catalog.toml"), allow).unwrap();
    let mut others = all();
    others.remove("stacks");
    assert_eq!(told(folder.path(), &["."]), others);
    assert_eq!(told(folder.path(), &["stacks/web-stacks"]), BTreeSet::new());
}

fn changes() {
    let folder = catalog();
    assert_eq!(told(folder.path(), &[".", "--changed-since", "HEAD"]), BTreeSet::new());
    write_version(&folder.path().join("stacks/web-stacks/1"), "y");
    for path in [".", "stacks", "stacks/web-stacks"] {
        let found = told(folder.path(), &[path, "--changed-since", "HEAD"]);
        assert_eq!(found, BTreeSet::from(["stacks".to_owned()]), "{path}");
    }
}

fn gone() {
    let folder = catalog();
    fs::remove_dir_all(folder.path().join("stacks/web-stacks")).unwrap();
    for change in ["in the work tree", "staged"] {
        let (_, text, _) = outcome(folder.path(), &["check", ".", "--changed-since", "HEAD~0", "--format", "json"]);
        let told: Value = serde_json::from_str(&text).unwrap();
        let paths = told["findings"].as_array().unwrap().iter().map(|finding| finding["path"].as_str().unwrap());
        let paths: Vec<&str> = paths.collect();
        assert!(paths.iter().any(|path| path.starts_with("stacks/web-stacks")), "{change}: {paths:?}");
        git(folder.path(), &["add", "-A"]);
    }
}

fn differences() {
    let folder = catalog();
    for name in FOLDERS {
        write_version(&folder.path().join(name).join(format!("web-{}", name.to_lowercase())).join("0"), "80");
    }
    write(&folder.path().join("docs/pictures/1/one.svg"), "<svg></svg>");
    let (new, old) = ("my-stacks/new", "stacks/web-stacks");
    write(&folder.path().join(new).join("config.yml"), "name: New\nversion: v1.0.0\n");
    write_version(&folder.path().join(new).join("0"), "80");
    fs::remove_dir_all(folder.path().join(old)).unwrap();
    commit_all(folder.path(), "changes");
    let differ = |more: &[&str]| {
        let args = [&["diff", "--catalog", ".", "HEAD~1", "HEAD", "--format", "json"], more].concat();
        let (_, text, errors) = outcome(folder.path(), &args);
        let told: Value = serde_json::from_str(&text).unwrap_or_else(|_| panic!("{errors}"));
        let names =
            told["templates"].as_array().unwrap().iter().map(|one| one["template"].as_str().unwrap().to_owned());
        names.collect::<BTreeSet<String>>()
    };
    let mut all: BTreeSet<String> = FOLDERS.map(|name| format!("{name}/web-{}", name.to_lowercase())).into();
    all.insert(new.to_owned());
    assert_eq!(differ(&[]), all);
    for one in [new, old, "infra-templates/web-infra-templates"] {
        assert_eq!(differ(&[one]), BTreeSet::from([one.to_owned()]));
    }
    let (code, _, errors) = outcome(folder.path(), &["diff", "--catalog", ".", "HEAD~1", "HEAD", "my-stacks/nwe"]);
    assert!(code == 2 && errors.contains("is `my-stacks/new` meant?"), "{errors}");
    // Of two folders beside each other, the names tell them apart too.
    let copy = tempfile::tempdir().unwrap();
    write_catalog(copy.path());
    let (_, text, errors) =
        outcome(Path::new("."), &["diff", copy.path().to_str().unwrap(), folder.path().to_str().unwrap(), "--no-text"]);
    assert!(text.contains("stacks/web-stacks") && text.contains("my-stacks/new"), "{text} {errors}");
}

fn any_name_of_a_clone() {
    for name in ["rancher-templates", "templates", "templates/mine", "my-templates/stacks/mine"] {
        let folder = tempfile::tempdir().unwrap();
        let clone = folder.path().join(name);
        fs::create_dir_all(&clone).unwrap();
        write_catalog(&clone);
        assert_eq!(told(&clone, &["."]), all(), "{name}");
        for path in ["infra-templates", "infra-templates/web-infra-templates", "infra-templates/web-infra-templates/0"]
        {
            assert_eq!(told(&clone, &[path]), BTreeSet::from(["infra-templates".to_owned()]), "{name} {path}");
        }
        assert_eq!(told(&clone, &["stacks"]), BTreeSet::from(["stacks".to_owned()]), "{name}");
        assert_eq!(told(&clone, &[".", "--changed-since", "HEAD"]), BTreeSet::new(), "{name}");
        let docker = clone.join("infra-templates/web-infra-templates/0/docker-compose.yml");
        let text = fs::read_to_string(&docker).unwrap().replace("services:", "services:  ");
        fs::write(&docker, &text).unwrap();
        outcome(&clone, &["check", ".", "--level", "note", "--fix"]);
        assert_eq!(fs::read_to_string(&docker).unwrap(), text, "{name}: it is published");
    }
}

fn offered() {
    let folder = catalog();
    let service = CatalogService::start(&[("mine", folder.path())]);
    let listed = service.json("templates?catalogId=mine");
    let ids: BTreeSet<&str> = listed["data"].as_array().unwrap().iter().filter_map(|one| one["id"].as_str()).collect();
    let wanted = ["mine:infra*web-infra-templates", "mine:web-stacks", "mine:my*web-my-stacks", "mine:web-templates"];
    assert_eq!(ids, BTreeSet::from(wanted));
}
