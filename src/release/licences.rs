//! The licences of all that is linked into a program, with their texts, out of the packages that it was built of.
//!
//! Which packages these are the program says itself (`cargo auditable`), where their sources are cargo does. Each text is
//! in it once, with the packages that it is of.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::fs;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use serde::Deserialize;

use super::auditable::Package;
use rancher_catalog::limited_child;
use rancher_catalog::regular_file;

/// What cargo may take: it may have to fetch a package.
const CARGO_LIMIT: Duration = Duration::from_secs(300);
/// The most that cargo may tell.
const MAX_METADATA: u64 = 64 << 20;
/// The most of one text.
const MAX_TEXT: u64 = 1 << 20;
/// How the names of files with licences begin.
const NAMES: [&str; 6] = ["licen", "copying", "copyright", "notice", "unlicense", "authors"];

/// Why there are no licences.
#[derive(Debug, thiserror::Error)]
pub enum LicenceError {
    /// Cargo does not tell where the packages are.
    #[error("cargo does not tell where the packages are: {0}")]
    Cargo(String),
    /// The program is of other sources.
    #[error("cargo knows no package {0}: the program was built of other sources than those of {manifest}", manifest = .1.display())]
    Unknown(String, PathBuf),
    /// A package does not say how it may be used.
    #[error("the package {0} has neither a licence nor a text of one")]
    None(String),
    /// A package names a file that is none of its own.
    #[error("the package {0} names {file} as its licence, which is none of its files", file = .1.display())]
    Outside(String, PathBuf),
    /// Something cannot be read.
    #[error("cannot read {}: {source}", path.display())]
    Io {
        /// What.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
}

/// What else is linked in, which is no package: such as the standard library.
#[derive(Debug, Clone)]
pub struct Part {
    /// What it is.
    pub name: String,
    /// The files with its licences.
    pub files: Vec<PathBuf>,
}

#[derive(Deserialize)]
struct Metadata {
    packages: Vec<Known>,
    workspace_root: PathBuf,
}

#[derive(Deserialize)]
struct Known {
    name: String,
    version: String,
    license: Option<String>,
    license_file: Option<PathBuf>,
    manifest_path: PathBuf,
    source: Option<String>,
}

/// Where the packages of a manifest are, as cargo knows it.
pub struct Sources {
    manifest: PathBuf,
    metadata: Metadata,
}

impl Sources {
    /// Asks cargo.
    ///
    /// # Errors
    /// It does not tell.
    pub fn of(manifest: &Path, targets: &[String]) -> Result<Self, LicenceError> {
        let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
        let mut command = Command::new(cargo);
        command.args(["metadata", "--locked", "--format-version", "1", "--manifest-path"]).arg(manifest);
        for target in targets {
            command.args(["--filter-platform", target]);
        }
        let cannot = |error: io::Error| LicenceError::Cargo(error.to_string());
        let read = |stdout| limited_child::all(stdout, MAX_METADATA);
        let ended = limited_child::run(&mut command, Vec::new(), CARGO_LIMIT, read).map_err(cannot)?;
        let ended =
            ended.ok_or_else(|| LicenceError::Cargo(format!("no answer within {} s", CARGO_LIMIT.as_secs())))?;
        if !ended.status.success() {
            let said = String::from_utf8_lossy(&ended.errors);
            return Err(LicenceError::Cargo(said.trim().to_owned()));
        }
        let text = ended.output.map_err(cannot)?;
        let metadata =
            serde_json::from_slice(&text).map_err(|_| LicenceError::Cargo("it is no metadata".to_owned()))?;
        Ok(Self { manifest: manifest.to_owned(), metadata })
    }

    fn find(&self, package: &Package) -> Option<&Known> {
        self.metadata.packages.iter().find(|known| {
            known.name == package.name
                && known.version == package.version
                && known.source.is_some() == package.is_from_registry
        })
    }
}

/// The text with all licences.
///
/// # Errors
/// A package is not known, or has no licence.
pub fn gather(packages: &BTreeSet<Package>, sources: &Sources, parts: &[Part]) -> Result<String, LicenceError> {
    let mut texts = Texts::default();
    let mut table = String::new();
    for package in packages {
        let title = format!("{} {}", package.name, package.version);
        let known = sources.find(package);
        let known = known.ok_or_else(|| LicenceError::Unknown(title.clone(), sources.manifest.clone()))?;
        let numbers = texts.add(&title, &files_of(known, &sources.metadata.workspace_root)?)?;
        let licence = known.license.as_deref().unwrap_or_default();
        if licence.is_empty() && numbers.is_empty() {
            return Err(LicenceError::None(title));
        }
        line(&mut table, &title, licence, &numbers);
    }
    for part in parts {
        let numbers = texts.add(&part.name, &part.files)?;
        line(&mut table, &part.name, "", &numbers);
    }
    let mut all = format!(
        "What is linked into this program, and the licences that its parts are under. The numbers are those of the texts\n\
         below; a package without one names its licence alone, and brings no text.\n\n{table}"
    );
    for (at, (text, of)) in texts.texts.iter().enumerate() {
        // Writing to a string cannot fail.
        let _ = write!(all, "\n{}\n{}: of {}\n\n{text}", "-".repeat(100), at + 1, of.join(", "));
    }
    Ok(all)
}

fn line(table: &mut String, title: &str, licence: &str, numbers: &BTreeSet<usize>) {
    let numbers: Vec<String> = numbers.iter().map(usize::to_string).collect();
    let parts =
        [licence, &numbers.join(", ")].into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join("; ");
    // As above.
    let _ = writeln!(table, "{title}: {parts}");
}

/// Every text once, in the order in which they come.
#[derive(Default)]
struct Texts {
    texts: Vec<(String, Vec<String>)>,
    known: BTreeMap<String, usize>,
}

impl Texts {
    /// The numbers of the texts in some files.
    fn add(&mut self, title: &str, files: &[PathBuf]) -> Result<BTreeSet<usize>, LicenceError> {
        let mut numbers = BTreeSet::new();
        for file in files {
            let Some(text) = text_of(file)? else { continue };
            let at = *self.known.entry(text.clone()).or_insert_with(|| {
                self.texts.push((text, Vec::new()));
                self.texts.len() - 1
            });
            if numbers.insert(at + 1) {
                self.texts[at].1.push(title.to_owned());
            }
        }
        Ok(numbers)
    }
}

/// The text of a file with its lines' ends made equal; `None` if it says nothing.
fn text_of(path: &Path) -> Result<Option<String>, LicenceError> {
    let fail = |source| LicenceError::Io { path: path.to_owned(), source };
    let mut bytes = Vec::new();
    regular_file::open(path).and_then(|file| file.take(MAX_TEXT + 1).read_to_end(&mut bytes)).map_err(fail)?;
    if bytes.len() as u64 > MAX_TEXT {
        return Err(fail(io::Error::other(format!("it has more than {MAX_TEXT} bytes"))));
    }
    let mut text = String::new();
    for line in String::from_utf8_lossy(&bytes).lines() {
        text.push_str(line.trim_end());
        text.push('\n');
    }
    let text = text.trim_matches('\n');
    Ok((!text.is_empty()).then(|| format!("{text}\n")))
}

/// The files with a package's licences, by their names; of this project's own the one above all of them.
fn files_of(known: &Known, workspace: &Path) -> Result<Vec<PathBuf>, LicenceError> {
    let folder = match known.source {
        Some(_) => known.manifest_path.parent().unwrap_or(Path::new(".")),
        None => workspace,
    };
    let fail = |source| LicenceError::Io { path: folder.to_owned(), source };
    let entries: Vec<_> = fs::read_dir(folder).map_err(fail)?.collect::<Result<_, _>>().map_err(fail)?;
    let is_one = |path: &PathBuf| {
        let name = path.file_name().unwrap_or_default().to_string_lossy().to_lowercase();
        NAMES.iter().any(|start| name.starts_with(start)) && path.is_file()
    };
    let mut files: Vec<PathBuf> = entries.into_iter().map(|entry| entry.path()).filter(is_one).collect();
    if let Some(named) = &known.license_file {
        let file = folder.join(named);
        // A package names any file of this machine, and the image is for everybody.
        let real =
            |path: &Path| fs::canonicalize(path).map_err(|source| LicenceError::Io { path: path.to_owned(), source });
        if known.source.is_some() && !real(&file)?.starts_with(real(folder)?) {
            return Err(LicenceError::Outside(format!("{} {}", known.name, known.version), named.clone()));
        }
        files.push(file);
    }
    files.sort();
    files.dedup();
    Ok(files)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_package_brings_no_file_but_its_own() {
        let folder = tempfile::tempdir().unwrap();
        let package = folder.path().join("package");
        fs::create_dir(&package).unwrap();
        for file in ["secret", "package/OUR-TERMS"] {
            fs::write(folder.path().join(file), "text").unwrap();
        }
        std::os::unix::fs::symlink("../secret", package.join("link")).unwrap();
        let files = |named: &Path, source: Option<&str>| {
            let known = Known {
                name: "p".to_owned(),
                version: "1.0.0".to_owned(),
                license: None,
                license_file: Some(named.to_owned()),
                manifest_path: package.join("Cargo.toml"),
                source: source.map(str::to_owned),
            };
            files_of(&known, &package).map_err(|error| error.to_string())
        };
        let registry = Some("registry+https://github.com/rust-lang/crates.io-index");
        assert_eq!(files(Path::new("OUR-TERMS"), registry).unwrap(), [package.join("OUR-TERMS")]);
        for outside in [Path::new("../secret"), Path::new("link"), &folder.path().join("secret")] {
            let error = files(outside, registry).unwrap_err();
            assert!(error.contains("none of its files"), "{error}");
            assert!(files(outside, None).is_ok(), "of its own packages whoever builds it decides");
        }
    }
}
