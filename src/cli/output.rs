//! Where commands print: results to standard output, what goes beside them to standard error, colours on a terminal.

use std::io::{self, Write};

use anstream::{AutoStream, ColorChoice};
use anstyle::{AnsiColor, Style};

use super::Color;

pub(super) const GOOD: Style = AnsiColor::Green.on_default();
pub(super) const BAD: Style = AnsiColor::Red.on_default();
pub(super) const WARNING: Style = AnsiColor::Yellow.on_default();
pub(super) const HEADING: Style = Style::new().bold();

pub(super) struct Output {
    quiet: bool,
    choice: ColorChoice,
}

impl Output {
    pub(super) fn new(quiet: bool, color: Color) -> Self {
        let choice = match color {
            Color::Auto => ColorChoice::Auto,
            Color::Always => ColorChoice::Always,
            Color::Never => ColorChoice::Never,
        };
        Self { quiet, choice }
    }

    pub(super) fn is_quiet(&self) -> bool {
        self.quiet
    }

    /// What the command is for: printed whatever happens.
    pub(super) fn result(&self, text: &str) -> anyhow::Result<()> {
        let mut stream = AutoStream::new(io::stdout().lock(), self.choice);
        match stream.write_all(text.as_bytes()).and_then(|()| stream.flush()) {
            // `| head` has seen enough.
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
            other => Ok(other?),
        }
    }

    /// What a person likes to know: not printed with `--quiet`.
    pub(super) fn info(&self, text: &str) -> anyhow::Result<()> {
        if self.quiet { Ok(()) } else { self.result(text) }
    }

    /// Beside the results, on standard error; not with `--quiet`.
    pub(super) fn warning(&self, text: &str) {
        if !self.quiet {
            self.beside("warning", WARNING, text);
        }
    }

    /// On standard error, always.
    pub(super) fn error(&self, text: &str) {
        self.beside("error", BAD, text);
    }

    fn beside(&self, word: &str, style: Style, text: &str) {
        let mut stream = AutoStream::new(io::stderr().lock(), self.choice);
        // There is nowhere left to say that this failed.
        let _ = writeln!(stream, "{style}{word}{style:#}: {text}");
    }

    /// A JSON document.
    pub(super) fn json(&self, value: &serde_json::Value) -> anyhow::Result<()> {
        self.result(&format!("{value:#}\n"))
    }
}

/// A unified diff with its lines coloured.
pub(super) fn painted_diff(diff: &str) -> String {
    let mut text = String::with_capacity(diff.len() * 2);
    for line in diff.split_inclusive('\n') {
        let style = match line.as_bytes() {
            [b'+', ..] => GOOD,
            [b'-', ..] => BAD,
            _ => Style::new(),
        };
        text.push_str(&format!("{style}{}{style:#}\n", line.trim_end_matches('\n')));
    }
    text
}
