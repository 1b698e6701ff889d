//! `gen-catalog licences`.

use std::collections::BTreeSet;
use std::path::PathBuf;

use anyhow::Context;
use clap::Args;

use super::Outcome;
use super::output::Output;
use crate::release::auditable;
use crate::release::licences::{Part, Sources, gather};
use whole_file;

/// The most that is read of a program. The daemon has some 8 MB, and with what debuggers need ten times that.
pub(super) const MAX_PROGRAM: u64 = 256 << 20;

/// Gathers the licences of all that is linked into a program, with their texts, for `gen-catalog image --licences`.
///
/// Which packages these are the program says itself, if `cargo auditable` built it; their sources are those that cargo has
/// for the project. The same program and sources make the same text.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
    gen-catalog licences swarmkit-mon --out licences\n  \
    gen-catalog licences swarmkit-mon --part \"Rust's standard library=COPYRIGHT-library.html\" --out licences")]
pub(super) struct LicencesArgs {
    /// The program; several, if they are one for each platform
    #[arg(value_name = "PROGRAM", required = true)]
    programs: Vec<PathBuf>,
    /// The file to write
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    /// The manifest that the program was built by
    #[arg(long, value_name = "FILE", default_value = "Cargo.toml")]
    manifest_path: PathBuf,
    /// The target that it was built for: what is for others alone need not be there
    #[arg(long, value_name = "TRIPLE")]
    target: Vec<String>,
    /// What else is linked in, and a file with its licence
    #[arg(long, value_name = "NAME=FILE", value_parser = part)]
    part: Vec<(String, PathBuf)>,
}

pub(super) fn run(args: &LicencesArgs, output: &Output) -> anyhow::Result<Outcome> {
    let read = args.programs.iter().chain(args.part.iter().map(|(_, file)| file)).chain([&args.manifest_path]);
    super::sign::not_over("--out", &args.out, read.map(PathBuf::as_path))?;
    let mut packages = BTreeSet::new();
    for path in &args.programs {
        let program = super::sign::bounded(path, MAX_PROGRAM)?
            .with_context(|| format!("{} has more than {MAX_PROGRAM} bytes: it is no swarmkit-mon", path.display()))?;
        packages.extend(auditable::packages(&program).with_context(|| {
            format!("{} does not tell its packages: build it with `cargo auditable build`", path.display())
        })?);
    }
    let mut parts: Vec<Part> = Vec::new();
    for (name, file) in &args.part {
        match parts.iter_mut().find(|part| part.name == *name) {
            Some(part) => part.files.push(file.clone()),
            None => parts.push(Part { name: name.clone(), files: vec![file.clone()] }),
        }
    }
    let text = gather(&packages, &Sources::of(&args.manifest_path, &args.target)?, &parts)?;
    whole_file::write(&args.out, &text).with_context(|| format!("cannot write {}", args.out.display()))?;
    output.info(&format!("{}: the licences of {} packages\n", args.out.display(), packages.len()))?;
    Ok(Outcome::Good)
}

fn part(text: &str) -> Result<(String, PathBuf), &'static str> {
    match text.split_once('=') {
        Some((name, file)) if !name.is_empty() && !file.is_empty() => Ok((name.to_owned(), file.into())),
        _ => Err("it is to be a name, = and a file"),
    }
}
