//! Where commands print: results to standard output, what goes beside them to standard error, colours on a terminal.
//!
//! Nothing that a catalog holds can drive a terminal: what is printed is seen, never acted on (`hidden`). The only
//! escape sequences that leave the program are those of [`Text::styled`], whoever reads.

use std::io::{self, BufWriter, Write};

use anstream::{AutoStream, ColorChoice};
use anstyle::{AnsiColor, Style};
use serde::Serialize;

use super::Color;
use rancher_catalog::hidden::{acts, seen};

pub(super) const GOOD: Style = AnsiColor::Green.on_default();
pub(super) const BAD: Style = AnsiColor::Red.on_default();
pub(super) const WARNING: Style = AnsiColor::Yellow.on_default();
pub(super) const HEADING: Style = Style::new().bold();

/// A text with colours, in which all else is to be seen.
#[derive(Debug, Default)]
pub(super) struct Text(String);

impl Text {
    /// Adds a text as it is to be seen.
    pub(super) fn plain(&mut self, text: &str) -> &mut Self {
        self.0.push_str(&seen(text));
        self
    }

    /// Adds a text in a style.
    pub(super) fn styled(&mut self, style: Style, text: &str) -> &mut Self {
        self.0.push_str(&format!("{style}{}{style:#}", seen(text)));
        self
    }

    /// The same without colours.
    pub(super) fn uncoloured(&self) -> String {
        anstream::adapter::strip_str(&self.0).to_string()
    }

    /// Adds another one.
    pub(super) fn text(&mut self, other: &Self) -> &mut Self {
        self.0.push_str(&other.0);
        self
    }
}

impl From<&str> for Text {
    fn from(text: &str) -> Self {
        Self(seen(text).into_owned())
    }
}

impl From<&String> for Text {
    fn from(text: &String) -> Self {
        Self::from(text.as_str())
    }
}

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
    pub(super) fn result(&self, text: impl Into<Text>) -> anyhow::Result<()> {
        self.results(std::iter::once(text))
    }

    /// As [`Output::result`], part by part: together they may be much longer than what they tell of.
    pub(super) fn results(&self, parts: impl IntoIterator<Item = impl Into<Text>>) -> anyhow::Result<()> {
        let mut stream = BufWriter::new(AutoStream::new(io::stdout().lock(), self.choice));
        let written = parts.into_iter().try_for_each(|part| stream.write_all(part.into().0.as_bytes()));
        match written.and_then(|()| stream.flush()) {
            // `| head` has seen enough.
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
            other => Ok(other?),
        }
    }

    /// What a person likes to know: not printed with `--quiet`.
    pub(super) fn info(&self, text: impl Into<Text>) -> anyhow::Result<()> {
        if self.quiet { Ok(()) } else { self.result(text) }
    }

    /// Beside the results, on standard error; not with `--quiet`.
    pub(super) fn warning(&self, text: impl Into<Text>) {
        if !self.quiet {
            self.beside("warning", WARNING, text);
        }
    }

    /// On standard error, always.
    pub(super) fn error(&self, text: impl Into<Text>) {
        self.beside("error", BAD, text);
    }

    fn beside(&self, word: &str, style: Style, text: impl Into<Text>) {
        let mut stream = AutoStream::new(io::stderr().lock(), self.choice);
        // There is nowhere left to say that this failed.
        let _ = writeln!(stream, "{style}{word}{style:#}: {}", text.into().0);
    }

    /// A JSON document, printed as it is made: it may be much longer than what it tells of. What acts stands in its strings
    /// alone, and is escaped there as JSON does.
    pub(super) fn json(&self, value: &impl Serialize) -> anyhow::Result<()> {
        let mut out = Escaped(BufWriter::new(io::stdout().lock()));
        let written = serde_json::to_writer_pretty(&mut out, value).map_err(io::Error::from);
        match written.and_then(|()| out.0.write_all(b"\n")).and_then(|()| out.0.flush()) {
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
            other => Ok(other?),
        }
    }
}

/// Escapes what acts in what is written, which are whole characters each time.
struct Escaped<W>(W);

impl<W: Write> Write for Escaped<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let text = std::str::from_utf8(bytes).map_err(io::Error::other)?;
        let mut plain = 0;
        for (at, c) in text.char_indices().filter(|(_, c)| *c != '\n' && acts(*c)) {
            self.0.write_all(&bytes[plain..at])?;
            for unit in c.encode_utf16(&mut [0; 2]) {
                write!(self.0, "\\u{unit:04x}")?;
            }
            plain = at + c.len_utf8();
        }
        self.0.write_all(&bytes[plain..])?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

/// What the command line's own parser says: errors, help, the version. It holds what the user typed.
pub(super) fn usage(error: &clap::Error) -> std::process::ExitCode {
    let plain = error.render().to_string();
    if seen(&plain) == plain {
        error.exit();
    }
    let _ = writeln!(io::stderr(), "{}", seen(&plain));
    std::process::ExitCode::from(2)
}

/// A unified diff with its lines coloured.
pub(super) fn painted_diff(diff: &str) -> Text {
    let mut text = Text::default();
    for line in diff.split_inclusive('\n') {
        let style = match line.as_bytes() {
            [b'+', ..] => GOOD,
            [b'-', ..] => BAD,
            _ => Style::new(),
        };
        text.styled(style, line.trim_end_matches('\n')).plain("\n");
    }
    text
}
