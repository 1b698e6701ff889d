//! `gen-catalog render` writes the entry, once, and knows when it is out of date.

use std::fs;
use std::path::Path;
use swarm_lab::trial::Trial;
use swarm_lab::trials;

use swarm_lab::generator::{empty_catalog, outcome, rendered_catalog};
use swarm_lab::tree::snapshot;

pub fn trials() -> Vec<Trial> {
    trials![
        the_committed_catalog_is_up_to_date,
        an_empty_catalog_gets_revision_4_as_0_to_3_were_published_before,
        a_second_run_changes_nothing_and_says_so,
        check_writes_nothing_and_shows_a_diff,
        any_mutation_of_any_rendered_file_is_drift,
        what_is_published_never_changes,
        an_edited_config_or_icon_is_put_right,
        a_new_version_gets_one_more_than_the_highest_revision,
        the_image_can_be_another_but_never_its_tag,
        standard_output_gets_the_very_files_and_writes_none,
        the_report_is_there_for_programs_too,
        colours_are_for_terminals_or_for_who_asks,
    ]
}

fn the_committed_catalog_is_up_to_date() {
    let (code, diff, errors) = outcome(Path::new(env!("CARGO_MANIFEST_DIR")), &["render", "--check"]);
    assert_eq!(code, 0, "run `cargo run -- render`\n{errors}{diff}");
}

fn an_empty_catalog_gets_revision_4_as_0_to_3_were_published_before() {
    let folder = rendered_catalog();
    let files: Vec<String> =
        snapshot(&folder.path().join("community-catalog")).into_keys().filter(|name| !name.ends_with('/')).collect();
    assert_eq!(
        files,
        [
            "infra-templates/swarm/4/README.md",
            "infra-templates/swarm/4/docker-compose.yml",
            "infra-templates/swarm/4/rancher-compose.yml",
            "infra-templates/swarm/catalogIcon-swarm.svg",
            "infra-templates/swarm/config.yml",
            "project-templates/swarm/0/project.yml",
            "project-templates/swarm/0/rancher-compose.yml",
            "project-templates/swarm/config.yml",
        ]
    );
}

fn a_second_run_changes_nothing_and_says_so() {
    let folder = rendered_catalog();
    let before = snapshot(folder.path());
    let written = |name: &str| fs::metadata(folder.path().join(name)).unwrap().modified().unwrap();
    let config = "community-catalog/infra-templates/swarm/config.yml";
    let time = written(config);
    let (code, text, _) = outcome(folder.path(), &["render"]);
    assert_eq!(code, 0);
    assert!(text.contains("nothing to do: all 8 files are up to date"), "{text}");
    assert!(text.contains("  has     infra-templates/swarm/4/docker-compose.yml\n"), "it shows what there is: {text}");
    assert!(text.contains("Next: `gen-catalog check`"), "{text}");
    assert_eq!(snapshot(folder.path()), before);
    assert_eq!(written(config), time);
    assert_eq!(outcome(folder.path(), &["render", "--quiet"]), (0, String::new(), String::new()));
}

fn check_writes_nothing_and_shows_a_diff() {
    let folder = empty_catalog();
    let before = snapshot(folder.path());
    let (code, text, _) = outcome(folder.path(), &["render", "--check"]);
    assert_eq!(code, 1);
    assert!(text.contains("--- /dev/null\n+++ b/infra-templates/swarm/4/docker-compose.yml\n@@ -0,0 +1,"), "{text}");
    assert!(text.contains("\n+    image: rancher/swarmkit:v"), "{text}");
    assert!(text.ends_with("8 of 8 files would change\n"), "{text}");
    assert_eq!(snapshot(folder.path()), before);
}

fn any_mutation_of_any_rendered_file_is_drift() {
    let folder = rendered_catalog();
    let catalog = folder.path().join("community-catalog");
    assert_eq!(outcome(folder.path(), &["render", "--check"]).0, 0);
    let files = snapshot(&catalog);
    for (name, content) in files.iter().filter(|(name, _)| !name.ends_with('/')) {
        let mut mutations: Vec<Option<Vec<u8>>> = vec![
            None,
            Some(Vec::new()),
            Some([content.as_slice(), b"x: [\n"].concat()),
            Some([content.as_slice(), b"\xff\xfe"].concat()),
            Some(content[..content.len() - 1].to_vec()),
            Some(String::from_utf8_lossy(content).replace('\n', "\r\n").into_bytes()),
        ];
        // One byte at a time, at places over the whole file.
        for at in (0..content.len()).step_by(content.len() / 6 + 1) {
            let mut mutated = content.clone();
            mutated[at] ^= 1;
            mutations.push(Some(mutated));
        }
        let path = catalog.join(name);
        for mutation in mutations {
            match &mutation {
                Some(mutated) => fs::write(&path, mutated).unwrap(),
                None => fs::remove_file(&path).unwrap(),
            }
            let (code, text, errors) = outcome(folder.path(), &["render", "--check"]);
            assert_eq!(code, 1, "{name} {mutation:?}\n{text}{errors}");
            let next_revision = ["/5/", "/1/"].iter().any(|folder| text.contains(folder));
            assert!(text.contains(&format!("/{name}")) || next_revision, "{name}: {text}");
            fs::write(&path, content).unwrap();
        }
    }
    fs::write(catalog.join("infra-templates/swarm/4/docker-compose.yml.tpl"), "").unwrap();
    assert_eq!(outcome(folder.path(), &["render", "--check"]).0, 1, "the UI would take the .tpl");
}

fn what_is_published_never_changes() {
    let folder = rendered_catalog();
    let catalog = folder.path().join("community-catalog");
    let compose = catalog.join("infra-templates/swarm/4/docker-compose.yml");
    fs::write(&compose, fs::read_to_string(&compose).unwrap() + "# edited\n").unwrap();
    fs::remove_file(catalog.join("infra-templates/swarm/4/README.md")).unwrap();
    fs::write(catalog.join("infra-templates/swarm/config.yml"), "name: Swarm\n").unwrap();
    let before = snapshot(folder.path());
    let (code, text, errors) = outcome(folder.path(), &["render"]);
    assert_eq!((code, text.as_str()), (1, ""));
    assert!(errors.contains("differs    infra-templates/swarm/4/docker-compose.yml"), "{errors}");
    assert!(errors.contains("missing    infra-templates/swarm/4/README.md"), "{errors}");
    assert!(errors.contains("Raise the version"), "{errors}");
    assert_eq!(snapshot(folder.path()), before);
}

fn an_edited_config_or_icon_is_put_right() {
    let folder = rendered_catalog();
    let before = snapshot(folder.path());
    let template = folder.path().join("community-catalog/infra-templates/swarm");
    fs::write(template.join("config.yml"), "name: Other\n").unwrap();
    fs::remove_file(template.join("catalogIcon-swarm.svg")).unwrap();
    let (code, text, _) = outcome(folder.path(), &["render"]);
    assert_eq!(code, 0);
    assert!(text.contains("updated infra-templates/swarm/config.yml"), "{text}");
    assert!(text.contains("created infra-templates/swarm/catalogIcon-swarm.svg"), "{text}");
    assert!(text.contains("2 of 8 files written"), "{text}");
    assert_eq!(snapshot(folder.path()), before);
}

fn a_new_version_gets_one_more_than_the_highest_revision() {
    let folder = empty_catalog();
    let template = folder.path().join("community-catalog/infra-templates/swarm");
    for (revision, file) in [("0", ".catalog: {version: v1}"), ("11", ".catalog: {version: [}"), ("x", "")] {
        fs::create_dir_all(template.join(revision)).unwrap();
        fs::write(template.join(revision).join("rancher-compose.yml"), file).unwrap();
    }
    let (code, text, errors) = outcome(folder.path(), &["render"]);
    assert_eq!(code, 0, "{errors}");
    assert!(text.contains("as revision 12\n"), "{text}");
    assert!(errors.contains("warning: infra-templates/swarm/11/rancher-compose.yml:1:"), "{errors}");
    assert!(text.contains("project-templates/swarm gets"), "{text}");
}

fn the_image_can_be_another_but_never_its_tag() {
    let folder = empty_catalog();
    let digest = format!("sha256:{}", "0123456789abcdef".repeat(4));
    let args = ["render", "--stdout", "--image", "registry.example.com:5000/team/swarmkit", "--digest", &digest];
    let (code, text, _) = outcome(folder.path(), &args);
    let image = format!("registry.example.com:5000/team/swarmkit:v{}@{digest}", env!("CARGO_PKG_VERSION"));
    assert_eq!(code, 0);
    assert!(text.contains(&format!("    image: {image}\n")), "{text}");
    assert!(text.contains(&format!("`{image}`")), "the README names it too: {text}");
    let (code, _, errors) = outcome(folder.path(), &["render", "--image", "rancher/swarmkit:v1"]);
    assert_eq!(code, 2);
    assert!(errors.contains("without a tag") && errors.contains("the tag is always v"), "{errors}");
    let (code, _, errors) = outcome(folder.path(), &["render", "--digest", "sha256:12"]);
    assert_eq!(code, 2);
    assert!(errors.contains("has 64 hexadecimal digits, this one has 2"), "{errors}");
}

fn standard_output_gets_the_very_files_and_writes_none() {
    let folder = empty_catalog();
    let before = snapshot(folder.path());
    let (code, text, _) = outcome(folder.path(), &["render", "--stdout", "--format", "json"]);
    assert_eq!(code, 0);
    assert_eq!(snapshot(folder.path()), before);
    let json: serde_json::Value = serde_json::from_str(&text).unwrap();
    let rendered = rendered_catalog();
    for file in json["files"].as_array().unwrap() {
        let path = rendered.path().join("community-catalog").join(file["path"].as_str().unwrap());
        assert_eq!(fs::read_to_string(path).unwrap(), file["text"].as_str().unwrap());
    }
    fs::remove_dir(folder.path().join("community-catalog")).unwrap();
    let (code, text, _) = outcome(folder.path(), &["render", "--stdout"]);
    assert_eq!(code, 0);
    assert!(text.starts_with("==> infra-templates/swarm/4/docker-compose.yml <==\nversion: '2'\n"), "{text}");
}

fn the_report_is_there_for_programs_too() {
    let folder = empty_catalog();
    let report = |args: &[&str]| {
        let (code, text, _) = outcome(folder.path(), args);
        (code, serde_json::from_str::<serde_json::Value>(&text).unwrap())
    };
    let (code, json) = report(&["render", "--check", "--format", "json"]);
    assert_eq!((code, json["status"].as_str()), (1, Some("drift")));
    let (code, json) = report(&["render", "--format", "json"]);
    assert_eq!((code, json["status"].as_str()), (0, Some("written")));
    assert_eq!(json["infra"]["revision"], 4);
    assert_eq!(json["infra"]["files"][0]["change"], "create");
    let (code, json) = report(&["render", "--format", "json"]);
    assert_eq!((code, json["status"].as_str()), (0, Some("up-to-date")));
    fs::write(folder.path().join("community-catalog/infra-templates/swarm/4/README.md"), "").unwrap();
    let (code, json) = report(&["render", "--format", "json"]);
    assert_eq!((code, json["status"].as_str()), (1, Some("refused")));
}

fn colours_are_for_terminals_or_for_who_asks() {
    let folder = empty_catalog();
    assert!(!outcome(folder.path(), &["render", "--check"]).1.contains('\x1b'));
    assert!(outcome(folder.path(), &["render", "--check", "--color", "always"]).1.contains("\x1b[32m+"));
}
