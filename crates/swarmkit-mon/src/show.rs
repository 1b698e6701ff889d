//! `swarmkit-mon status`: the whole swarm in a terminal, as JSON, once or again and again.

use std::io::{IsTerminal, Write};
use std::process::ExitCode;

use anyhow::Context;
use tokio::runtime::Runtime;

use super::admission::Admission;
use super::metadata::{self, Metadata};
use super::overview::{self, Overview};
use swarmkit_settings::command_line::StatusOptions;

/// All is well.
const WELL: u8 = 0;
/// Something is wrong.
const NOT_WELL: u8 = 1;
/// It cannot be told.
const CANNOT_TELL: u8 = 2;

/// From the top left corner of an empty terminal.
const CLEAR: &str = "\u{1b}[H\u{1b}[2J\u{1b}[3J";

struct Show {
    runtime: Runtime,
    metadata: Metadata,
    admission: Admission,
}

impl Show {
    fn new(admission: Admission) -> anyhow::Result<Self> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        Ok(Self { runtime, metadata: Metadata::new(metadata::ADDRESS)?, admission })
    }

    fn gather(&self) -> anyhow::Result<Overview> {
        let answers = self.runtime.block_on(overview::gather(&self.metadata, &self.admission));
        Ok(Overview::of(answers.context("the swarm cannot be shown")?))
    }

    /// Shows it once. Answers whether it is well, if that can be told; only what cannot be printed is an error.
    fn once(&self, options: &StatusOptions) -> anyhow::Result<u8> {
        let seen = self.gather();
        let mut output = anstream::stdout().lock();
        if options.watch.is_some() && !options.json && std::io::stdout().is_terminal() {
            write!(output, "{CLEAR}").context("the swarm cannot be printed")?;
        }
        let (text, code) = match seen {
            Ok(overview) => {
                let code = if overview.well { WELL } else { NOT_WELL };
                let text = match options {
                    // One line each, for what reads them as they come.
                    StatusOptions { json: true, watch: Some(_) } => serde_json::to_string(&overview)? + "\n",
                    StatusOptions { json: true, watch: None } => overview.json(),
                    StatusOptions { json: false, .. } => overview.to_string(),
                };
                (text, code)
            }
            Err(error) => {
                eprintln!("swarmkit-mon: {error:#}");
                return Ok(CANNOT_TELL);
            }
        };
        // A reader that has gone, or a disk that is full, is no reason to panic.
        output.write_all(text.as_bytes()).and_then(|()| output.flush()).context("the swarm cannot be printed")?;
        Ok(code)
    }

    /// Shows it as it is asked for; if again and again, until nobody reads it any more.
    fn run(&self, options: &StatusOptions) -> anyhow::Result<u8> {
        let code = self.once(options)?;
        let Some(pause) = options.watch else { return Ok(code) };
        loop {
            std::thread::sleep(pause);
            if !std::io::stdout().is_terminal() && !options.json {
                println!();
            }
            self.once(options)?;
        }
    }

    /// Shows it, and again for each line that is typed.
    fn by_hand(&self) -> anyhow::Result<u8> {
        let input = std::io::stdin();
        loop {
            let code = self.once(&StatusOptions::default())?;
            if !input.is_terminal() {
                return Ok(code);
            }
            let mut line = String::new();
            let mut output = std::io::stdout();
            let shown = write!(output, "\nEnter looks again, q ends. ").and_then(|()| output.flush());
            let is_over = !matches!(input.read_line(&mut line), Ok(1..));
            if shown.is_err() || is_over || ["q", "quit", "exit"].contains(&line.trim()) {
                return Ok(WELL);
            }
            let _ = writeln!(output);
        }
    }
}

fn code(shown: anyhow::Result<u8>) -> ExitCode {
    ExitCode::from(shown.unwrap_or_else(|error| {
        eprintln!("swarmkit-mon: {error:#}");
        CANNOT_TELL
    }))
}

/// `swarmkit-mon status`: 0 if all is well, 1 if something is wrong, 2 if it cannot be told.
pub fn status(admission: Admission, options: &StatusOptions) -> ExitCode {
    code(Show::new(admission).and_then(|show| show.run(options)))
}

/// What a person gets who opens a shell in the container: Rancher's Swarm > CLI menu opens `/bin/bash` in the oldest of these
/// containers and expects Docker's client there. The image has one program; called by that name it shows the swarm.
pub fn shell(admission: Admission) -> ExitCode {
    code(Show::new(admission).and_then(|show| show.by_hand()))
}
