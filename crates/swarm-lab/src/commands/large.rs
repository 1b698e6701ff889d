//! What commands cost in a catalog as large as the largest known: `cargo run --release -p swarm-lab -- large`

use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};

use clap::Args;
use swarm_lab::cost::Cost;
use swarm_lab::git::{as_person, commit_all, git};
use swarm_lab::large_catalog::{self, LARGEST, Size};
use swarm_lab::programs;

const RUNS: usize = 5;

/// Measures check and diff in a made-up catalog of the largest size.
#[derive(Args)]
pub struct Large {
    /// Versions in all
    #[arg(long, default_value_t = LARGEST.versions)]
    versions: usize,
    /// Write the catalog into this folder, and measure nothing
    #[arg(long, value_name = "DIR")]
    write: Option<PathBuf>,
}

pub fn run(arguments: &Large) -> Result<ExitCode, String> {
    let size = Size { versions: arguments.versions, first: LARGEST.first.min(arguments.versions) };
    if let Some(folder) = &arguments.write {
        let written = large_catalog::write(folder, size).map_err(|error| format!("{}: {error}", folder.display()))?;
        println!("{} templates, {} versions, {} bytes", written.templates, written.versions, written.bytes);
        return Ok(ExitCode::SUCCESS);
    }
    programs::build()?;
    measure(size).map_err(|error| error.to_string())?;
    Ok(ExitCode::SUCCESS)
}

fn measure(size: Size) -> Result<(), Box<dyn Error>> {
    let folder = tempfile::tempdir()?;
    let catalog = folder.path();
    let written = large_catalog::write(catalog, size)?;
    git(catalog, &["init", "-q", "-b", "master"]);
    commit_all(catalog, "all of it");
    println!(
        "{} templates, {} versions ({} of them in one template), {} MB of YAML",
        written.templates,
        written.versions,
        size.first,
        written.bytes / 1_000_000
    );
    let (last, new) = (written.first.join((size.first - 1).to_string()), written.first.join(size.first.to_string()));
    let before = written.first.join((size.first / 2).to_string());
    let show = |what: &str, arguments: &[&Path]| -> Result<(), Box<dyn Error>> {
        let mut costs = (0..RUNS).map(|_| cost(catalog, arguments)).collect::<Result<Vec<_>, _>>()?;
        costs.sort_by_key(|cost| cost.processor);
        let median = costs[RUNS / 2];
        println!(
            "{what:<28} {:>6.2} s of processor time, {:>6.2} s, {:>4} MB",
            median.processor.as_secs_f64(),
            median.elapsed.as_secs_f64(),
            median.peak_kilobytes / 1_000
        );
        Ok(())
    };
    let [check, diff, since, head, json] = ["check", "diff", "--changed-since", "HEAD", "--format=json"].map(Path::new);
    show("check, all of it", &[check, json, catalog])?;
    show("check, one version", &[check, json, &last])?;
    show("diff, two versions", &[diff, &before, &last])?;
    fs::create_dir(&new)?;
    for file in fs::read_dir(&last)? {
        let file = file?;
        let text = fs::read_to_string(file.path())?;
        let (from, to) = (format!("v1.{}.0", size.first - 1), format!("v1.{}.0", size.first));
        fs::write(new.join(file.file_name()), text.replace(&from, &to))?;
    }
    show("check, one new revision", &[check, json, catalog, since, head])
}

fn cost(catalog: &Path, arguments: &[&Path]) -> Result<Cost, Box<dyn Error>> {
    let mut command = Command::new(programs::gen_catalog());
    as_person(command.current_dir(catalog).args(arguments)).stdout(Stdio::null()).stderr(Stdio::null());
    let cost = Cost::of(&mut command)?;
    if cost.code.is_none_or(|code| code > 1) {
        Err(format!("gen-catalog {arguments:?} ended with {:?}", cost.code).into())
    } else {
        Ok(cost)
    }
}
