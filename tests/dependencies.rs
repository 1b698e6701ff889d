//! Every dependency may be used: its licence, where it comes from, and the Rust that it needs.

use std::path::Path;
use std::process::Command;
use swarm_lab::trial::Trial;
use swarm_lab::trials;

use serde_json::Value;
use spdx::{Expression, Licensee, ParseMode};

pub fn trials() -> Vec<Trial> {
    trials![has_a_licence_that_is_allowed, comes_from_the_registry, needs_no_later_rust_than_this_package_says,]
}

/// What Cargo.lock holds, with what each package says of itself.
fn packages() -> Vec<Value> {
    let metadata = Command::new(env!("CARGO"))
        .args(["metadata", "--locked", "--format-version", "1"])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .unwrap();
    assert!(metadata.status.success(), "{}", String::from_utf8_lossy(&metadata.stderr));
    let mut metadata: Value = serde_json::from_slice(&metadata.stdout).unwrap();
    let packages: Vec<Value> = serde_json::from_value(metadata["packages"].take()).unwrap();
    assert!(packages.len() > 100, "{}", packages.len());
    packages
}

fn name(package: &Value) -> String {
    format!("{} {}", package["name"].as_str().unwrap(), package["version"].as_str().unwrap())
}

/// Those that break a rule, with what they say.
fn offenders(rule: impl Fn(&Value) -> Result<(), String>) -> Vec<String> {
    let told = |package: Value| rule(&package).err().map(|what| format!("{}: {what}", name(&package)));
    packages().into_iter().filter_map(told).collect()
}

fn allowed_licences() -> Vec<Licensee> {
    let text = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("deny.toml")).unwrap();
    let deny: toml::Table = toml::from_str(&text).unwrap();
    let allowed = deny["licenses"]["allow"].as_array().unwrap();
    allowed.iter().map(|licence| Licensee::parse(licence.as_str().unwrap()).unwrap()).collect()
}

fn may_be_used(licence: &str, allowed: &[Licensee]) -> Result<(), String> {
    let expression = Expression::parse_mode(licence, ParseMode::LAX).map_err(|error| format!("{licence}: {error}"))?;
    let good = expression.evaluate(|wanted| allowed.iter().any(|licence| licence.satisfies(wanted)));
    if good { Ok(()) } else { Err(licence.to_owned()) }
}

fn has_a_licence_that_is_allowed() {
    let allowed = allowed_licences();
    assert!(may_be_used("MIT OR GPL-3.0-only", &allowed).is_ok());
    assert!(may_be_used("MIT AND GPL-3.0-only", &allowed).is_err());
    let bad = offenders(|package| match package["license"].as_str() {
        Some(licence) => may_be_used(licence, &allowed),
        None => Err("no licence".to_owned()),
    });
    assert_eq!(bad, Vec::<String>::new());
}

fn comes_from_the_registry() {
    let bad = offenders(|package| match package["source"].as_str() {
        Some("registry+https://github.com/rust-lang/crates.io-index") => Ok(()),
        None if package["version"] == env!("CARGO_PKG_VERSION") => Ok(()),
        other => Err(format!("{other:?}")),
    });
    assert_eq!(bad, Vec::<String>::new());
}

fn needs_no_later_rust_than_this_package_says() {
    let parts = |version: &str| version.split('.').map(|part| part.parse().unwrap()).collect::<Vec<u32>>();
    let ours = parts(env!("CARGO_PKG_RUST_VERSION"));
    let bad = offenders(|package| match package["rust_version"].as_str() {
        Some(theirs) if parts(theirs)[..2] > ours[..2] => Err(theirs.to_owned()),
        _ => Ok(()),
    });
    assert_eq!(bad, Vec::<String>::new());
}
