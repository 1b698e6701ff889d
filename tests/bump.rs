//! `gen-catalog bump` makes the next revision of any template: what was asked for changes, and nothing else.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use catalog_check::rules::GOOD_TEMPLATE;
use serde_json::Value;
use swarm_lab::generator::outcome;
use swarm_lab::trial::{Trial, campaign};
use swarm_lab::{tree, trials};

pub fn trials() -> Vec<Trial> {
    let mut trials = trials![
        the_next_revision_is_the_newest_one_with_image_and_version_changed,
        every_byte_that_nobody_asked_for_stays,
        a_template_is_named_by_path_name_or_id,
        the_default_moves_only_from_the_version_that_was_copied,
        the_version_follows_the_tag_or_grows,
        folders_that_are_versions_get_one_more,
        values_of_the_catalog_block_are_set,
        readme_and_config_name_the_new_image,
        an_image_that_a_comment_keeps_is_none_of_those_that_change,
        a_dry_run_writes_nothing_and_shows_the_change,
        two_at_once_get_a_revision_each,
        killed_at_any_moment_a_template_is_as_it_was_or_whole,
        who_stands_in_the_template_stays_there,
        of_other_templates_nothing_is_read,
        the_docs_show_what_it_prints,
    ];
    trials.push(campaign("killed_five_hundred_times", None, || killed(500)));
    trials
}

/// A catalog with the good template in it, called `example`.
pub fn catalog() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in GOOD_TEMPLATE {
        put(folder.path(), &format!("infra-templates/example/{name}"), text);
    }
    folder
}

pub fn put(folder: &Path, name: &str, text: impl AsRef<[u8]>) {
    let path = folder.join(name);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, text).unwrap();
}

pub fn read(folder: &Path, name: &str) -> String {
    fs::read_to_string(folder.join(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
}

pub fn bump(folder: &Path, args: &[&str]) -> (i32, String, String) {
    outcome(folder, &[&["bump"], args].concat())
}

pub fn good(folder: &Path, args: &[&str]) -> String {
    let (code, text, errors) = bump(folder, args);
    assert_eq!(code, 0, "{args:?}: {text}{errors}");
    text
}

fn original(name: &str) -> &'static str {
    GOOD_TEMPLATE.iter().find(|(known, _)| *known == name).unwrap().1
}

fn the_next_revision_is_the_newest_one_with_image_and_version_changed() {
    let catalog = catalog();
    let folder = catalog.path();
    let before = tree::snapshot(folder);
    let text = good(folder, &["infra-templates/example", "--image", "example/web=1.2.0"]);
    assert!(text.starts_with("infra-templates/example gets v1.2.0 as revision 2, made from 1 (v1.1.0)"), "{text}");
    assert!(text.contains("example/web:1.1.0 → example/web:1.2.0 (docker-compose.yml:4)"), "{text}");
    let at = |name: &str| read(folder, &format!("infra-templates/example/{name}"));
    assert_eq!(at("2/docker-compose.yml"), original("1/docker-compose.yml").replace("web:1.1.0", "web:1.2.0"));
    assert_eq!(
        at("2/rancher-compose.yml"),
        original("1/rancher-compose.yml").replace("version: v1.1.0", "version: v1.2.0")
    );
    assert_eq!(at("2/README.md"), original("1/README.md"));
    assert_eq!(at("config.yml"), original("config.yml").replace("v1.1.0", "v1.2.0"));
    // Nothing else is there that was not, or is other than it was.
    let mut after = tree::snapshot(folder);
    for name in ["2/", "2/README.md", "2/docker-compose.yml", "2/rancher-compose.yml", "config.yml"] {
        assert!(after.remove(&format!("infra-templates/example/{name}")).is_some(), "{name}");
    }
    let mut before = before;
    before.remove("infra-templates/example/config.yml");
    assert_eq!(after, before);
    let (code, text, errors) = outcome(folder, &["check", "--strict", "."]);
    assert_eq!(code, 0, "{text}{errors}");
    // And from there the next one.
    good(folder, &["example", "--image", "web=1.2.1", "--version", "v2"]);
    assert!(at("3/rancher-compose.yml").contains("version: v2\n") && at("config.yml").contains("version: v2\n"));
}

fn every_byte_that_nobody_asked_for_stays() {
    let catalog = catalog();
    let folder = catalog.path();
    let compose = "\u{feff}# example/web:1.0 is the last one of its line\r\nversion: '2'\r\nservices:   # all\r\n  web:\r\n    \
                   labels: {b: 'x',   a: \"y\"}\r\n    image:   \"example/web:1.0\"   # example/web:1.0\r\n  other:\r\n    \
                   image: example/other:1.0\r\n    environment:\r\n      WEB: example/web:1.0\r\n      OLD: example/web:0.9";
    let rancher = "version: \"2\"\ncatalog:\n  questions:\n\n  - {variable: A, label: 'v1.2.0',  type: string, default: x}\n  \
                   name: \"Example\"\n  version:    'v1.2.0'   # as of today v1.2.0\n  minimum_rancher_version: v1.6.0";
    put(folder, "infra-templates/example/2/docker-compose.yml", compose);
    put(folder, "infra-templates/example/2/rancher-compose.yml", rancher);
    put(folder, "infra-templates/example/2/notes.txt", b"caf\xe9 example/web:1.0 v1.2.0\r\n");
    put(folder, "infra-templates/example/2/README.md", b"caf\xe9 with example/web:1.0\r\nand v1.2.0");
    put(folder, "infra-templates/example/2/scripts/run.sh", "#!/bin/sh\n");
    let script = folder.join("infra-templates/example/2/scripts/run.sh");
    fs::set_permissions(&script, fs::Permissions::from_mode(0o755)).unwrap();
    good(folder, &["example", "--image", "example/web=1.1", "--version", "v1.3.0"]);
    let at = |name: &str| fs::read(folder.join(format!("infra-templates/example/3/{name}"))).unwrap();
    let wanted = compose
        .replace("\"example/web:1.0\"   #", "\"example/web:1.1\"   #")
        .replace("WEB: example/web:1.0", "WEB: example/web:1.1");
    assert_eq!(String::from_utf8(at("docker-compose.yml")).unwrap(), wanted);
    let wanted = rancher.replace("'v1.2.0'   #", "'v1.3.0'   #");
    assert_eq!(String::from_utf8(at("rancher-compose.yml")).unwrap(), wanted);
    assert_eq!(at("notes.txt"), b"caf\xe9 example/web:1.0 v1.2.0\r\n");
    assert_eq!(at("README.md"), b"caf\xe9 with example/web:1.1\r\nand v1.3.0");
    let rights = folder.join("infra-templates/example/3/scripts/run.sh").metadata().unwrap().permissions();
    assert_eq!(rights.mode() & 0o100, 0o100);
}

fn a_template_is_named_by_path_name_or_id() {
    let catalog = catalog();
    let folder = catalog.path();
    let root = folder.to_str().unwrap();
    let elsewhere = tempfile::tempdir().unwrap();
    let path = format!("{root}/infra-templates/example");
    for (at, args) in [
        (folder, vec!["example"]),
        (folder, vec!["infra*example"]),
        (folder, vec!["infra-templates/example/"]),
        (elsewhere.path(), vec!["example", "--catalog", root]),
        (elsewhere.path(), vec![&path]),
        (Path::new(&path), vec!["."]),
    ] {
        let text = good(at, &[args.as_slice(), &["--image", "web=2", "--patch", "--dry-run"]].concat());
        assert!(text.starts_with("infra-templates/example would get v1.1.1 as revision 2"), "{args:?}: {text}");
    }
    let (code, _, errors) = bump(folder, &["exmaple", "--patch"]);
    assert_eq!((code, errors.trim_end()), (2, "error: there is no template `exmaple` in .: is `example` meant?"));
}

fn the_default_moves_only_from_the_version_that_was_copied() {
    let catalog = catalog();
    let folder = catalog.path();
    let config = || read(folder, "infra-templates/example/config.yml");
    let (code, _, errors) = bump(folder, &["example", "--image", "web=1.0.1", "--from", "0"]);
    assert_eq!((code, config().as_str()), (0, original("config.yml")));
    assert!(
        errors.contains("config.yml names v1.1.0 as the default version, and not that of revision 0: it stays"),
        "{errors}"
    );
    let made = read(folder, "infra-templates/example/2/docker-compose.yml");
    assert_eq!(made, original("0/docker-compose.yml").replace("1.0.0", "1.0.1"));
    // By its version, too.
    good(folder, &["example", "--image", "web=1.2.0", "--from", "v1.1.0"]);
    assert!(config().contains("version: v1.2.0\n"));
}

fn the_version_follows_the_tag_or_grows() {
    for (version, tag, args, wanted) in [
        ("v1.1.0", "1.1.0", &["--image", "web=1.1.1-rc1"][..], "v1.1.1-rc1"),
        ("1.1.0-rancher2", "v1.1.0", &["--image", "web=v1.2.0"], "1.2.0-rancher2"),
        ("v1.1.0", "7", &["--image", "web=8", "--patch"], "v1.1.1"),
        ("v1.1.0", "7", &["--image", "web=8", "--minor"], "v1.2.0"),
        ("1.2.3-rancher4", "7", &["--image", "web=8", "--major"], "2.0.0-rancher1"),
        ("0.7.1_1", "7", &["--image", "web=8", "--patch"], "0.7.2_1"),
        ("0.7.1_1", "7", &["--image", "web=8", "--version", "0.7.2_1"], "0.7.2_1"),
        ("v1.1.0", "7", &["--patch"], "v1.1.1"),
    ] {
        let catalog = catalog();
        let folder = catalog.path();
        let name = |file: &str| format!("infra-templates/example/1/{file}");
        put(folder, &name("rancher-compose.yml"), original("1/rancher-compose.yml").replace("v1.1.0", version));
        put(
            folder,
            &name("docker-compose.yml"),
            original("1/docker-compose.yml").replace(":1.1.0", &format!(":{tag}")),
        );
        let text = good(folder, &[&["example", "--format", "json"], args].concat());
        let report: Value = serde_json::from_str(&text).unwrap();
        assert_eq!(report["version"]["after"], wanted, "{version} {args:?}");
        let made = read(folder, "infra-templates/example/2/rancher-compose.yml");
        assert_eq!(made, original("1/rancher-compose.yml").replace("v1.1.0", wanted));
    }
    let catalog = catalog();
    let (code, _, errors) = bump(catalog.path(), &["example", "--image", &format!("web=@sha256:{}", "a".repeat(64))]);
    assert!(code == 2 && errors.contains("give the new one with --version, or let it grow with --patch"), "{errors}");
}

fn folders_that_are_versions_get_one_more() {
    let catalog = catalog();
    let folder = catalog.path();
    let template = folder.join("infra-templates/example");
    fs::rename(template.join("0"), template.join("v1.0.0")).unwrap();
    fs::rename(template.join("1"), template.join("v1.1.0")).unwrap();
    good(folder, &["example", "--image", "web=1.10.0"]);
    assert!(template.join("v1.10.0/docker-compose.yml").is_file());
    good(folder, &["example", "--image", "web=1.10.1"]);
    assert!(template.join("v1.10.1/docker-compose.yml").is_file());
    let (code, _, errors) = bump(folder, &["example", "--image", "web=2", "--version", "v2.0"]);
    assert!(code == 2 && errors.contains("Rancher passes over one that is named `v2.0`"), "{errors}");
}

fn values_of_the_catalog_block_are_set() {
    let catalog = catalog();
    let folder = catalog.path();
    let args = ["example", "--image", "web=1.2.0", "--set", "minimum_rancher_version=v1.6.14", "--set"];
    let args = [&args[..], &["questions.SIZE.default=20", "--set", "upgrade_from=>=v1.0.0"]].concat();
    good(folder, &[&args[..], &["--set", "docker-compose:services.web.ports.0=8081:80"]].concat());
    let wanted = original("1/rancher-compose.yml")
        .replace("version: v1.1.0", "version: v1.2.0")
        .replace("minimum_rancher_version: v1.6.0", "minimum_rancher_version: v1.6.14\n  upgrade_from: '>=v1.0.0'")
        .replace("default: '10'", "default: '20'");
    assert_eq!(read(folder, "infra-templates/example/2/rancher-compose.yml"), wanted);
    assert!(read(folder, "infra-templates/example/2/docker-compose.yml").contains("- '8081:80'\n"));
}

fn readme_and_config_name_the_new_image() {
    let catalog = catalog();
    let folder = catalog.path();
    put(
        folder,
        "infra-templates/example/README.md",
        "# Example v1.1.0\n\n`docker pull example/web:1.1.0`, not example/web:1.0.0\n",
    );
    put(
        folder,
        "infra-templates/example/config.yml",
        format!("{}labels:\n  image: 'example/web:1.1.0'\n", original("config.yml")),
    );
    let args = ["example", "--image", "web=1.2.0"];
    good(folder, &args);
    let readme = read(folder, "infra-templates/example/README.md");
    assert_eq!(readme, "# Example v1.2.0\n\n`docker pull example/web:1.2.0`, not example/web:1.0.0\n");
    assert!(read(folder, "infra-templates/example/config.yml").ends_with("  image: 'example/web:1.2.0'\n"));
    // From an older revision what is told of the default stays.
    bump(folder, &["example", "--image", "web=1.0.1", "--from", "0", "--lower"]);
    assert_eq!(read(folder, "infra-templates/example/README.md"), readme);
}

fn an_image_that_a_comment_keeps_is_none_of_those_that_change() {
    let catalog = catalog();
    let at = |name: &str| format!("infra-templates/example/{name}");
    let image = "    image: example/web:1.1.0\n";
    let holder = "    image: example/web:holder # gen-catalog: keep\n  other:\n    image: example/web:1.1.0\n";
    let docker = original("1/docker-compose.yml");
    assert!(docker.contains(image));
    put(catalog.path(), &at("1/docker-compose.yml"), docker.replacen(image, holder, 1));
    put(catalog.path(), &at("1/README.md"), "Of example/web:1.1.0 and example/web:holder.\n");
    let text = good(catalog.path(), &[&at(""), "--image", "example/web=1.2.0"]);
    assert!(text.contains("  image example/web:1.1.0 → example/web:1.2.0 ("), "{text}");
    assert_eq!(read(catalog.path(), &at("2/README.md")), "Of example/web:1.2.0 and example/web:holder.\n");
}

fn a_dry_run_writes_nothing_and_shows_the_change() {
    let catalog = catalog();
    let folder = catalog.path();
    let before = tree::snapshot(folder);
    let text = good(folder, &["example", "--image", "web=1.2.0", "--dry-run", "--diff", "--format", "json"]);
    assert_eq!(tree::snapshot(folder), before);
    let report: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(report["status"], "planned");
    assert_eq!(report["version"]["follows"], "1.2.0");
    assert_eq!(report["default"]["after"], "v1.2.0");
    let diff = report["diff"].as_str().unwrap();
    let changed: Vec<&str> = diff.lines().filter(|line| line.starts_with(['-', '+'])).collect();
    assert_eq!(
        changed,
        [
            "--- a/infra-templates/example/1/docker-compose.yml",
            "+++ b/infra-templates/example/2/docker-compose.yml",
            "-    image: example/web:1.1.0",
            "+    image: example/web:1.2.0",
            "--- a/infra-templates/example/1/rancher-compose.yml",
            "+++ b/infra-templates/example/2/rancher-compose.yml",
            "-  version: v1.1.0",
            "+  version: v1.2.0",
            "--- a/infra-templates/example/config.yml",
            "+++ b/infra-templates/example/config.yml",
            "-version: v1.1.0",
            "+version: v1.2.0",
        ]
    );
    assert!(good(folder, &["example", "--image", "web=1.2.0", "--diff"]).contains(diff));
}

fn program(folder: &Path, args: &[&str]) -> Command {
    let mut command = Command::new(swarm_lab::programs::gen_catalog());
    command.current_dir(folder).arg("bump").args(args).stdout(Stdio::null()).stderr(Stdio::null());
    command
}

fn two_at_once_get_a_revision_each() {
    for round in 0..4 {
        let catalog = catalog();
        let folder = catalog.path();
        let start = |tag: &str| program(folder, &["example", "--image", tag, "--minor"]).spawn().unwrap();
        let children = [start("web=a1"), start("web=a2"), start("web=a3")];
        for mut child in children {
            assert!(child.wait().unwrap().success());
        }
        let mut tags = Vec::new();
        for (revision, version) in [(2, "v1.2.0"), (3, "v1.3.0"), (4, "v1.4.0")] {
            let at = |file: &str| read(folder, &format!("infra-templates/example/{revision}/{file}"));
            assert!(at("rancher-compose.yml").contains(&format!("version: {version}\n")), "{round}");
            let compose = at("docker-compose.yml");
            let tag = ["a1", "a2", "a3"].into_iter().find(|tag| compose.contains(&format!("example/web:{tag}\n")));
            tags.push(tag.unwrap());
        }
        tags.sort_unstable();
        assert_eq!(tags, ["a1", "a2", "a3"]);
        assert!(read(folder, "infra-templates/example/config.yml").contains("version: v1.4.0\n"));
    }
}

fn killed_at_any_moment_a_template_is_as_it_was_or_whole() {
    killed(25);
}

fn killed(times: u64) {
    let catalog = catalog();
    let folder = catalog.path();
    let state = || -> Vec<(String, Vec<u8>)> {
        let all = tree::snapshot(folder).into_iter();
        all.filter(|(name, _)| !name.starts_with(".gen-catalog-staging")).collect()
    };
    let before = state();
    let args = ["example", "--image", "web=1.2.0"];
    let began = std::time::Instant::now();
    assert!(program(folder, &args).status().unwrap().success());
    let took = began.elapsed();
    let after = state();
    let (mut whole, mut none) = (0, 0);
    for time in 0..times {
        fs::remove_dir_all(folder.join("infra-templates")).unwrap();
        for (name, text) in GOOD_TEMPLATE {
            put(folder, &format!("infra-templates/example/{name}"), text);
        }
        let mut child = program(folder, &args).spawn().unwrap();
        // Most of it is work before anything is written.
        std::thread::sleep(took.mul_f64(0.3 + 0.9 * (time as f64) / (times as f64)).max(Duration::from_micros(50)));
        child.kill().unwrap();
        child.wait().unwrap();
        let now = state();
        match now {
            now if now == before => none += 1,
            now if now == after => whole += 1,
            now => panic!("{:?}", now.iter().map(|(name, _)| name).collect::<Vec<_>>()),
        }
    }
    assert_eq!(none + whole, times);
    // What was left behind is in nobody's way.
    fs::remove_dir_all(folder.join("infra-templates")).unwrap();
    for (name, text) in GOOD_TEMPLATE {
        put(folder, &format!("infra-templates/example/{name}"), text);
    }
    good(folder, &args);
    assert!(!folder.join(".gen-catalog-staging").exists() && state() == after);
}

fn who_stands_in_the_template_stays_there() {
    let catalog = catalog();
    let template = catalog.path().join("infra-templates/example");
    let script = format!(
        "cd '{}' && '{}' bump . --image web=1.2.0 --quiet && ls 2/docker-compose.yml && pwd -P && ls ../example/2",
        template.display(),
        swarm_lab::programs::gen_catalog()
    );
    let output = Command::new("sh").arg("-c").arg(script).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

fn of_other_templates_nothing_is_read() {
    let catalog = catalog();
    let folder = catalog.path();
    put(folder, "infra-templates/other/0/docker-compose.yml", "web: {image: example/web:1.1.0}\n");
    put(folder, "infra-templates/other/0/rancher-compose.yml", ".catalog: {version: v1.1.0}\n");
    let other = folder.join("infra-templates/other");
    // Who cannot be read by anybody is in nobody's way.
    fs::set_permissions(other.join("0"), fs::Permissions::from_mode(0o0)).unwrap();
    let trace = folder.join("trace");
    let traced = Command::new("strace")
        .args(["-f", "-o", trace.to_str().unwrap(), "-e", "trace=openat"])
        .arg(swarm_lab::programs::gen_catalog())
        .args(["bump", "example", "--image", "web=1.2.0"])
        .current_dir(folder)
        .output();
    match traced {
        Ok(output) if output.status.success() => {
            let opened = fs::read_to_string(&trace).unwrap();
            assert!(opened.contains("docker-compose.yml") && !opened.contains("\"other"), "{opened}");
        }
        // Where nobody can look on, that it does its work has to be enough.
        _ => drop(good(folder, &["example", "--image", "web=1.2.0"])),
    }
    fs::set_permissions(other.join("0"), fs::Permissions::from_mode(0o755)).unwrap();
}

/// The example of the docs, run: the catalog is that of the tests.
fn the_docs_show_what_it_prints() {
    let docs = read(swarm_lab::programs::root(), "docs/gen-catalog.md");
    let (_, section) = docs.split_once("\n## bump\n").unwrap();
    let section = section.split("\n## ").next().unwrap();
    let shown: Vec<&str> = section.lines().filter_map(|line| line.strip_prefix("    ")).collect();
    let catalog = catalog();
    let mut printed = Vec::new();
    for command in shown.iter().filter_map(|line| line.strip_prefix("$ gen-catalog ")) {
        let args: Vec<&str> = command.split(' ').collect();
        let (_, text, errors) = outcome(catalog.path(), &args);
        printed.push(format!("$ gen-catalog {command}"));
        printed.extend(format!("{text}{errors}").lines().map(str::to_owned));
    }
    assert!(!printed.is_empty());
    let blocks: Vec<&str> = shown.into_iter().skip_while(|line| !line.starts_with("$ ")).collect();
    assert_eq!(blocks, printed);
}
