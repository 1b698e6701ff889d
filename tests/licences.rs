//! `licences` gathers the texts of all that is linked into a program, each once, and misses none.

use std::fs;
use std::path::Path;

use serde_json::{Value, json};
use swarm_lab::generator::outcome;
use swarm_lab::made_program::made_program;
use swarm_lab::programs::root;
use swarm_lab::trial::Trial;
use swarm_lab::trials;

pub fn trials() -> Vec<Trial> {
    trials![every_package_is_told_with_its_texts_each_once, what_is_not_known_is_an_error]
}

/// The version of a package in Cargo.lock.
fn version(name: &str) -> String {
    let lock: toml::Table = toml::from_str(&fs::read_to_string(root().join("Cargo.lock")).unwrap()).unwrap();
    let packages = lock["package"].as_array().unwrap();
    packages.iter().find(|package| package["name"].as_str() == Some(name)).unwrap()["version"]
        .as_str()
        .unwrap()
        .to_owned()
}

fn package(name: &str, source: &str) -> Value {
    json!({ "name": name, "version": version(name), "source": source })
}

fn gather(folder: &Path, packages: &[Value], more: &[&str]) -> (i32, String) {
    fs::write(folder.join("program"), made_program(62, "2.0.0", "", packages)).unwrap();
    let manifest = root().join("Cargo.toml").display().to_string();
    let fixed = ["licences", "program", "--manifest-path", &manifest, "--out", "out"];
    let (code, _, errors) = outcome(folder, &[&fixed[..], more].concat());
    (code, errors)
}

fn every_package_is_told_with_its_texts_each_once() {
    let folder = tempfile::tempdir().unwrap();
    let packages = [package("swarmkit-mon", "local"), package("serde", "crates.io"), package("tokio", "crates.io")];
    fs::write(folder.path().join("part"), "The licence of a part.\r\n").unwrap();
    let part = ["--part", "the C library=part"];
    assert_eq!(gather(folder.path(), &packages, &part), (0, String::new()));
    let text = fs::read_to_string(folder.path().join("out")).unwrap();
    for wanted in [
        format!("\nserde {}: MIT OR Apache-2.0; ", version("serde")),
        format!("\ntokio {}: MIT; ", version("tokio")),
        format!("\nswarmkit-mon {}: Apache-2.0; ", version("swarmkit-mon")),
        "\nthe C library: ".to_owned(),
        "\nThe licence of a part.\n".to_owned(),
        "Copyright (c) Tokio Contributors".to_owned(),
    ] {
        assert!(text.contains(&wanted), "{wanted}: {}", &text[..1000]);
    }
    let own = fs::read_to_string(root().join("LICENSE")).unwrap();
    let line = own.lines().find(|line| line.len() > 60).unwrap().trim_end();
    assert!(text.contains(line), "{line}");
    // In another order the same; no folder of this machine is in it.
    let reversed: Vec<Value> = packages.iter().rev().cloned().collect();
    assert_eq!(gather(folder.path(), &reversed, &part).0, 0);
    assert_eq!(fs::read_to_string(folder.path().join("out")).unwrap(), text);
    assert!(!text.contains(root().to_str().unwrap()));
    // Two of one licence, one text.
    let permission = "Permission is hereby granted";
    let alone = text.matches(permission).count();
    let more = [&packages[..], &[package("serde_json", "crates.io")]].concat();
    assert_eq!(gather(folder.path(), &more, &part).0, 0);
    assert_eq!(fs::read_to_string(folder.path().join("out")).unwrap().matches(permission).count(), alone);
}

fn what_is_not_known_is_an_error() {
    let folder = tempfile::tempdir().unwrap();
    let serde = [package("serde", "crates.io")];
    let unknown = [json!({ "name": "nowhere", "version": "1.0.0", "source": "crates.io" })];
    // A package of these sources that says that it is another one's.
    let posing = [package("swarmkit-mon", "crates.io")];
    let part = ["--part", "the C library=none"];
    for (packages, more, wanted) in [
        (&unknown[..], &[][..], "cargo knows no package nowhere 1.0.0"),
        (&posing, &[], "cargo knows no package swarmkit-mon"),
        (&serde, &part, "cannot read none"),
        (&serde, &["--part", "no file"], "a name, = and a file"),
        (&serde, &["--target", "no-such-target"], "cargo does not tell where the packages are"),
    ] {
        let (code, errors) = gather(folder.path(), packages, more);
        assert!(code == 2 && errors.contains(wanted), "{wanted}: {errors}");
    }
    let endless = outcome(folder.path(), &["licences", "/dev/zero", "--out", "out"]);
    assert!(endless.0 == 2 && endless.2.contains("it is a device, and no file"), "{}", endless.2);
    fs::File::create(folder.path().join("large")).unwrap().set_len((256 << 20) + 1).unwrap();
    let large = outcome(folder.path(), &["licences", "large", "--out", "out"]);
    assert!(large.0 == 2 && large.2.contains("it is no swarmkit-mon"), "{}", large.2);
    for (content, wanted) in
        [(b"\x7fELF".to_vec(), "does not tell its packages"), (Vec::new(), "does not tell its packages")]
    {
        fs::write(folder.path().join("program"), content).unwrap();
        let (code, _, errors) = outcome(folder.path(), &["licences", "program", "--out", "out"]);
        assert!(code == 2 && errors.contains(wanted), "{errors}");
    }
    let manifest = ["licences", "made", "--manifest-path", "none/Cargo.toml", "--out", "out"];
    fs::write(folder.path().join("made"), made_program(62, "2.0.0", "", &serde)).unwrap();
    let (code, _, errors) = outcome(folder.path(), &manifest);
    assert!(code == 2 && errors.contains("cargo does not tell"), "{errors}");
    assert!(!folder.path().join("out").exists());
}
