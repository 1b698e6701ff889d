//! The one way to run a program: with a time limit, and with what it prints read by whoever called it.

use std::io::{self, Read, Write};
use std::process::{ChildStdout, Command, ExitStatus, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use process_control::{ChildExt, Control};

/// The most that is kept of what a program says of its errors.
const MAX_ERROR_BYTES: u64 = 64 << 10;

/// How a program ended.
#[derive(Debug)]
pub struct Ended<T> {
    /// Its exit status.
    pub status: ExitStatus,
    /// What its output was read as.
    pub output: T,
    /// What it said of errors.
    pub errors: Vec<u8>,
}

/// Runs a program, gives it something to read and reads what it prints; `None` where it had not ended within the limit:
/// it is then stopped.
///
/// # Errors
/// It cannot be started or waited for.
pub fn run<T: Send + 'static>(
    command: &mut Command,
    input: Vec<u8>,
    limit: Duration,
    read: impl FnOnce(ChildStdout) -> T + Send + 'static,
) -> io::Result<Option<Ended<T>>> {
    let until = Instant::now() + limit;
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn()?;
    let (output, errors) = (mpsc::channel(), mpsc::channel());
    // None of these threads is waited for: what the program started itself may hold its pipes open after it.
    if let Some(mut stdin) = child.stdin.take() {
        // A program that has read enough closes its end; what it says of that is its own.
        thread::spawn(move || drop(stdin.write_all(&input)));
    }
    if let Some(stdout) = child.stdout.take() {
        thread::spawn(move || output.0.send(read(stdout)));
    }
    if let Some(mut stderr) = child.stderr.take() {
        thread::spawn(move || {
            let mut text = Vec::new();
            // What could be read of it is told; the rest is drained, so that the program can end.
            let _ = stderr.by_ref().take(MAX_ERROR_BYTES).read_to_end(&mut text);
            let _ = io::copy(&mut stderr, &mut io::sink());
            errors.0.send(text)
        });
    }
    let status = child.controlled().time_limit(limit).terminate_for_timeout().wait()?;
    let Some(status) = status else { return Ok(None) };
    let left = || until.saturating_duration_since(Instant::now());
    let (Ok(output), Ok(errors)) = (output.1.recv_timeout(left()), errors.1.recv_timeout(left())) else {
        return Ok(None);
    };
    Ok(Some(Ended { status: status.into_std_lossy(), output, errors }))
}

/// Reads all of an output, up to a limit; beyond it there is an error.
///
/// # Errors
/// It cannot be read, or is longer.
pub fn all(mut stdout: ChildStdout, most: u64) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    stdout.by_ref().take(most + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > most {
        return Err(io::Error::new(io::ErrorKind::FileTooLarge, format!("it printed more than {most} bytes")));
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shell(script: &str, limit: Duration) -> Option<Ended<io::Result<Vec<u8>>>> {
        run(Command::new("sh").args(["-c", script]), b"in".to_vec(), limit, |stdout| all(stdout, 10)).unwrap()
    }

    #[test]
    fn what_it_prints_and_how_it_ends_is_told() {
        let ended = shell("cat; echo no >&2; exit 3", Duration::from_secs(10)).unwrap();
        assert_eq!((ended.output.unwrap().as_slice(), ended.errors.as_slice()), (&b"in"[..], &b"no\n"[..]));
        assert_eq!(ended.status.code(), Some(3));
        let ended = shell("echo 12345678901", Duration::from_secs(10)).unwrap();
        assert_eq!(ended.output.unwrap_err().kind(), io::ErrorKind::FileTooLarge);
    }

    #[test]
    fn one_that_does_not_end_is_stopped_and_so_is_the_wait_for_what_it_left_behind() {
        for script in ["exec sleep 60", "sleep 60 & exit 0"] {
            let begin = Instant::now();
            assert!(shell(script, Duration::from_millis(300)).is_none(), "{script}");
            assert!(begin.elapsed() < Duration::from_secs(10), "{script}");
        }
    }
}
