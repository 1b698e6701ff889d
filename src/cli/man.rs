//! `gen-catalog man`.

use std::fs;
use std::path::PathBuf;

use anyhow::{Context as _, bail};
use clap::{Args, Command};
use clap_mangen::Man;
use clap_mangen::roff::{Roff, bold, roman};

use super::Outcome;
use super::output::Output;
use super::program::Program;
use whole_file;

/// Prints a page of the manual of either program, or writes all pages.
///
/// Each command has a page of its own, named after it: gen-catalog-render, swarmkit-mon-plan.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
    gen-catalog man | man -l -\n  \
    gen-catalog man gen-catalog-render | man -l -\n  \
    gen-catalog man --out /usr/local/share/man/man1")]
pub(super) struct ManArgs {
    /// The page
    #[arg(default_value = "gen-catalog")]
    page: String,
    /// Write all pages into this folder, which is made if it is not there
    #[arg(long, value_name = "DIR", conflicts_with = "page")]
    out: Option<PathBuf>,
}

pub(super) fn run(args: &ManArgs, output: &Output) -> anyhow::Result<Outcome> {
    let mut pages = Vec::new();
    for program in Program::ALL {
        // What `help` prints needs no page.
        let mut command = program.command().disable_help_subcommand(true);
        command.build();
        collect(&command, None, &mut pages)?;
    }
    let Some(folder) = &args.out else {
        let Some(page) = pages.iter().find(|page| page.name == args.page) else {
            let names: Vec<_> = pages.iter().map(|page| page.name.as_str()).collect();
            bail!("there is no page {}; there are {}", args.page, names.join(", "));
        };
        output.result(&page.text)?;
        return Ok(Outcome::Good);
    };
    fs::create_dir_all(folder).with_context(|| format!("cannot make {}", folder.display()))?;
    for page in &pages {
        let file = folder.join(format!("{}.1", page.name));
        whole_file::write(&file, &page.text).with_context(|| format!("cannot write {}", file.display()))?;
        output.info(&format!("written: {}\n", file.display()))?;
    }
    Ok(Outcome::Good)
}

struct Page {
    name: String,
    text: String,
}

/// The page of a command, and those of its commands.
fn collect(command: &Command, above: Option<&str>, pages: &mut Vec<Page>) -> anyhow::Result<()> {
    let name = command.get_display_name().unwrap_or_else(|| command.get_name()).to_owned();
    let below = command.get_subcommands().map(|below| format!("{name}-{}", below.get_name()));
    let related: Vec<String> = above.map(str::to_owned).into_iter().chain(below).collect();
    pages.push(Page { text: text(command, &related)?, name: name.clone() });
    command.get_subcommands().try_for_each(|below| collect(below, Some(&name), pages))
}

fn text(command: &Command, related: &[String]) -> anyhow::Result<String> {
    let source = concat!("swarmkit-catalog ", env!("CARGO_PKG_VERSION"));
    // No date, as the same version has the same pages. An empty one would be left out, and what follows be taken for it.
    let man = Man::new(command.clone()).source(source).date(" ");
    let mut text = Vec::new();
    man.render_title(&mut text)?;
    man.render_name_section(&mut text)?;
    man.render_synopsis_section(&mut text)?;
    man.render_description_section(&mut text)?;
    man.render_options_section(&mut text)?;
    if command.has_subcommands() {
        man.render_subcommands_section(&mut text)?;
    }
    let mut rest = Roff::new();
    if let Some(after) = command.get_after_help() {
        sections(&mut rest, &after.to_string());
    }
    if !related.is_empty() {
        rest.control("SH", ["SEE ALSO"]);
        for (at, page) in related.iter().enumerate() {
            let comma = if at + 1 < related.len() { "," } else { "" };
            rest.text([bold(page), roman(format!("(1){comma}"))]);
        }
    }
    rest.to_writer(&mut text)?;
    Ok(in_ascii(&String::from_utf8(text)?))
}

/// Letters beyond ASCII by their numbers: groff by itself takes each of their bytes for a letter.
fn in_ascii(text: &str) -> String {
    text.chars()
        .map(|letter| if letter.is_ascii() { letter.to_string() } else { format!("\\[u{:04X}]", u32::from(letter)) })
        .collect()
}

/// What stands below the options in the help: its examples line by line, all else as notes.
fn sections(page: &mut Roff, after: &str) {
    let (examples, notes): (Vec<_>, Vec<_>) =
        after.split("\n\n").partition(|paragraph| paragraph.starts_with("Examples:\n"));
    for (at, note) in notes.iter().enumerate() {
        match at {
            0 => page.control("SH", ["NOTES"]),
            _ => page.control("PP", []),
        };
        page.text([roman(note.replace('\n', " "))]);
    }
    for example in examples {
        page.control("SH", ["EXAMPLES"]);
        page.control("nf", []);
        for line in example.lines().skip(1) {
            page.text([roman(line.trim_start())]);
        }
        page.control("fi", []);
    }
}
