//! The SBOM of the daemon (CycloneDX, JSON), as far as it is looked at: what it is of, and which packages it names.

use std::collections::BTreeSet;

use serde_json::Value;

use super::auditable::Package;

/// The most that an SBOM may have: its envelope, a third longer, has to be read too.
pub const MAX_SBOM: u64 = 2 << 20;

/// Reads one.
///
/// # Errors
/// What is wrong with it.
pub fn read(text: &[u8]) -> Result<Value, String> {
    if text.len() as u64 > MAX_SBOM {
        return Err(format!("it has more than {MAX_SBOM} bytes"));
    }
    let sbom: Value = serde_json::from_slice(text).map_err(|_| "it is no JSON, or cut off".to_owned())?;
    if sbom["bomFormat"] != "CycloneDX" {
        return Err("it is no SBOM of CycloneDX (`bomFormat`)".to_owned());
    }
    Ok(sbom)
}

/// What an SBOM is of, such as `swarmkit-mon 2.0.0`.
pub fn subject(sbom: &Value) -> Result<String, String> {
    let component = &sbom["metadata"]["component"];
    let text = |key: &str| component[key].as_str();
    text("name")
        .zip(text("version"))
        .map(|(name, version)| format!("{name} {version}"))
        .ok_or_else(|| "it does not say what it is of".to_owned())
}

/// The packages of a program that an SBOM does not name.
pub fn lacking<'p>(sbom: &Value, packages: impl IntoIterator<Item = &'p Package>) -> Vec<String> {
    let components = sbom["components"].as_array().map_or(&[][..], Vec::as_slice);
    let named =
        |component: &Value| Some((component["name"].as_str()?.to_owned(), component["version"].as_str()?.to_owned()));
    let named: BTreeSet<(String, String)> =
        components.iter().chain([&sbom["metadata"]["component"]]).filter_map(named).collect();
    let lacks = |package: &&Package| !named.contains(&(package.name.clone(), package.version.clone()));
    packages.into_iter().filter(lacks).map(|package| format!("{} {}", package.name, package.version)).collect()
}
