//! What is asked of git, each with a time limit.

use std::io::{Read, Write};
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use super::changed::ChangedError;

/// The longest that git may take for one answer.
const LIMIT: Duration = Duration::from_secs(60);

/// A file of a commit.
pub(super) struct Blob {
    /// Its path from the top of the repository.
    pub path: String,
    /// Its content.
    pub content: Vec<u8>,
}

/// Runs git in a folder; tells what it printed.
pub(super) fn git(folder: &Path, args: &[&str]) -> Result<Vec<u8>, ChangedError> {
    run(folder, args, Vec::new(), LIMIT)
}

/// The paths that git prints, each ended by a null byte.
pub(super) fn paths(folder: &Path, args: &[&str]) -> Result<Vec<String>, ChangedError> {
    Ok(records(&git(folder, args)?).collect())
}

/// The files of a folder of a commit, at any depth; links and other repositories are none.
pub(super) fn blobs(top: &Path, commit: &str, folder: &str) -> Result<Vec<Blob>, ChangedError> {
    let listed = git(top, &["ls-tree", "-r", "-z", commit, "--", &format!("{folder}/")])?;
    let files: Vec<(String, String)> = records(&listed)
        .filter_map(|record| {
            let (facts, path) = record.split_once('\t')?;
            let facts: Vec<&str> = facts.split(' ').collect();
            matches!(facts.as_slice(), ["100644" | "100755", "blob", _]).then(|| (facts[2].to_owned(), path.to_owned()))
        })
        .collect();
    let wanted: String = files.iter().map(|(id, _)| format!("{id}\n")).collect();
    let args = ["cat-file", "--batch"];
    let printed = run(top, &args, wanted.into_bytes(), LIMIT)?;
    let mut rest = printed.as_slice();
    files
        .into_iter()
        .map(|(_, path)| {
            let content = next_object(&mut rest).ok_or_else(|| failure(&args, format!("it does not give {path}")))?;
            Ok(Blob { path, content })
        })
        .collect()
}

/// `<id> blob <size>`, a line break, so many bytes, a line break.
fn next_object(rest: &mut &[u8]) -> Option<Vec<u8>> {
    let end = rest.iter().position(|byte| *byte == b'\n')?;
    let (head, body) = (&rest[..end], &rest[end + 1..]);
    let size: usize = std::str::from_utf8(head).ok()?.rsplit(' ').next()?.parse().ok()?;
    let content = body.get(..size)?.to_vec();
    *rest = body.get(size + 1..)?;
    Some(content)
}

fn records(bytes: &[u8]) -> impl Iterator<Item = String> {
    bytes
        .split(|byte| *byte == 0)
        .filter(|record| !record.is_empty())
        .map(|record| String::from_utf8_lossy(record).into_owned())
}

fn failure(args: &[&str], message: String) -> ChangedError {
    ChangedError::Git { command: args.join(" "), message }
}

fn run(folder: &Path, args: &[&str], input: Vec<u8>, limit: Duration) -> Result<Vec<u8>, ChangedError> {
    let fail = |message: String| failure(args, message);
    let mut child = Command::new("git")
        .arg("-C")
        .arg(folder)
        .args(["-c", "core.quotePath=false"])
        .args(args)
        .env("GIT_TERMINAL_PROMPT", "0")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(|error| fail(error.to_string()))?;
    let (stdin, stdout, stderr) = (child.stdin.take(), child.stdout.take(), child.stderr.take());
    // It may stop listening before all is said; its exit code tells.
    let said = thread::spawn(move || stdin.map(|mut pipe| pipe.write_all(&input)));
    let printed = thread::spawn(move || read_all(stdout));
    let complained = thread::spawn(move || read_all(stderr));
    let deadline = Instant::now() + limit;
    let status = loop {
        if let Some(status) = child.try_wait()? {
            break status;
        }
        if Instant::now() >= deadline {
            let _ = child.kill();
            child.wait()?;
            return Err(fail(format!("it took longer than {} s and was ended", limit.as_secs_f32())));
        }
        thread::sleep(Duration::from_millis(1));
    };
    let _ = said.join();
    let text = |pipe: thread::JoinHandle<Vec<u8>>| pipe.join().unwrap_or_default();
    let (printed, complained) = (text(printed), text(complained));
    if status.success() { Ok(printed) } else { Err(fail(String::from_utf8_lossy(&complained).trim().to_owned())) }
}

fn read_all(pipe: Option<impl Read>) -> Vec<u8> {
    let mut bytes = Vec::new();
    if let Some(mut pipe) = pipe {
        // What was read before a failure is not used: git then fails too.
        let _ = pipe.read_to_end(&mut bytes);
    }
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_takes_too_long_is_ended() {
        let folder = tempfile::tempdir().unwrap();
        let error = run(folder.path(), &["-c", "alias.wait=!sleep 30", "wait"], Vec::new(), Duration::from_millis(50));
        assert!(error.unwrap_err().to_string().contains("took longer"));
    }
}
