//! How checking grows with the size of a catalog: `cargo run --release -p swarm-lab -- growth ../shared/corpus`
//!
//! Copies the versions of the given catalogs again and again, up to 10,000, and times whole processes of `gen-catalog
//! check`. Prints versions per second, the time per version against that of the smallest run, and the peak memory.

use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};
use std::time::{Duration, Instant};

use clap::Args;
use swarm_lab::cost::Cost;
use swarm_lab::programs;

const SIZES: [usize; 4] = [10, 100, 1_000, 10_000];
const RUNS: usize = 5;

/// Measures how checking grows with the size of a catalog.
#[derive(Args)]
pub struct Growth {
    /// A folder of catalogs
    source: PathBuf,
}

pub fn run(arguments: &Growth) -> Result<ExitCode, String> {
    programs::build()?;
    measure(&arguments.source).map_err(|error| error.to_string())?;
    Ok(ExitCode::SUCCESS)
}

fn measure(source: &Path) -> Result<(), Box<dyn Error>> {
    let program = Path::new(programs::gen_catalog());
    let templates = templates(source)?;
    println!(
        "{:>9}  {:>9}  {:>10}  {:>13}  {:>6}  {:>9}",
        "versions", "templates", "time", "versions/s", "ratio", "peak"
    );
    let mut first = None;
    for size in SIZES {
        let folder = tempfile::tempdir()?;
        let (versions, count) = replicate(&templates, size, folder.path())?;
        let mut best = Duration::MAX;
        for _ in 0..RUNS {
            let start = Instant::now();
            let status = check(program, folder.path()).status()?;
            best = best.min(start.elapsed());
            assert!(status.code().is_some_and(|code| code < 2));
        }
        let peak = Cost::of(&mut check(program, folder.path()))?.peak_kilobytes;
        let each = best.as_secs_f64() / versions as f64;
        let ratio = each / *first.get_or_insert(each);
        println!(
            "{versions:>9}  {count:>9}  {:>7.1} ms  {:>13.0}  {ratio:>6.2}  {:>6.1} MB",
            best.as_secs_f64() * 1e3,
            1.0 / each,
            peak as f64 / 1024.0
        );
    }
    Ok(())
}

fn check(program: &Path, folder: &Path) -> Command {
    let mut command = Command::new(program);
    command.args(["check", "--level", "note", "--format", "json"]).arg(folder);
    command.stdout(Stdio::null()).stderr(Stdio::null());
    command
}

/// The folders of all infra-templates below a folder of catalogs.
fn templates(source: &Path) -> Result<Vec<PathBuf>, Box<dyn Error>> {
    let mut found = Vec::new();
    for catalog in fs::read_dir(source)? {
        let base = catalog?.path().join("infra-templates");
        if base.is_dir() {
            for template in fs::read_dir(base)? {
                found.push(template?.path());
            }
        }
    }
    found.sort();
    Ok(found)
}

/// Copies templates under new names until there are so many versions.
fn replicate(templates: &[PathBuf], size: usize, target: &Path) -> Result<(usize, usize), Box<dyn Error>> {
    let (mut versions, mut count) = (0, 0);
    for round in 0.. {
        for template in templates {
            let name = template.file_name().ok_or("a template without a name")?.to_string_lossy().into_owned();
            let copy = target.join("infra-templates").join(format!("{name}-{round}"));
            fs::create_dir_all(&copy)?;
            count += 1;
            for entry in fs::read_dir(template)? {
                let entry = entry?;
                let to = copy.join(entry.file_name());
                if entry.file_type()?.is_file() {
                    fs::copy(entry.path(), to)?;
                    continue;
                }
                fs::create_dir(&to)?;
                for file in fs::read_dir(entry.path())? {
                    let file = file?;
                    fs::copy(file.path(), to.join(file.file_name()))?;
                }
                versions += 1;
                if versions == size {
                    return Ok((versions, count));
                }
            }
        }
    }
    Ok((versions, count))
}
