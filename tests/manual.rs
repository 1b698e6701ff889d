//! The manual has a page for every command of both programs, and each page has all options.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::Command;
use swarm_lab::trial::Trial;

use gen_catalog::cli::Program;
use swarm_lab::generator::{gen_catalog, outcome};
use swarm_lab::trial::trial;

pub fn trials() -> Vec<Trial> {
    let no_groff = Command::new("groff").arg("--version").output().is_err().then_some("groff is not installed");
    vec![
        trial(
            "every_command_has_a_page_with_all_of_its_options",
            None,
            every_command_has_a_page_with_all_of_its_options,
        ),
        trial("a_page_can_be_printed", None, a_page_can_be_printed),
        trial("the_pages_are_set_without_a_warning", no_groff, the_pages_are_set_without_a_warning),
    ]
}

fn written(folder: &Path) {
    let (code, told, errors) = outcome(folder, &["man", "--out", "man/man1"]);
    assert_eq!(code, 0, "{errors}");
    assert!(told.contains("written: man/man1/swarmkit-mon-plan.1\n"), "{told}");
}

/// A page without the marks of roff.
fn page(folder: &Path, name: &str) -> String {
    let text =
        fs::read_to_string(folder.join("man/man1").join(format!("{name}.1"))).expect(name).replace("\\*(Aq", "'");
    ["\\fB", "\\fI", "\\fR"].iter().fold(text.replace("\\-", "-"), |text, mark| text.replace(mark, ""))
}

fn commands(command: &clap::Command, above: &str, all: &mut Vec<(String, clap::Command)>) {
    let name = if above.is_empty() { command.get_name().to_owned() } else { format!("{above}-{}", command.get_name()) };
    all.push((name.clone(), command.clone()));
    command.get_subcommands().filter(|below| below.get_name() != "help").for_each(|below| commands(below, &name, all));
}

fn every_command_has_a_page_with_all_of_its_options() {
    let folder = tempfile::tempdir().unwrap();
    written(folder.path());
    let mut all = Vec::new();
    for program in Program::ALL {
        let mut command = program.command();
        command.build();
        commands(&command, "", &mut all);
    }
    assert!(all.len() > 15, "{}", all.len());
    for (name, command) in &all {
        let page = page(folder.path(), name);
        for argument in command.get_arguments() {
            let shown = match argument.get_long() {
                Some(long) => format!("--{long}"),
                None => format!("[{}]", argument.get_value_names().unwrap()[0]),
            };
            let required = shown.replace('[', "<").replace(']', ">");
            assert!(page.contains(&shown) || page.contains(&required), "{name} {shown}:\n{page}");
            let help = argument.get_long_help().or_else(|| argument.get_help()).unwrap().to_string();
            let start = help.split(['\n', '…']).next().unwrap();
            assert!(page.contains(start), "{name} {shown} {start}:\n{page}");
        }
        for below in command.get_subcommands().filter(|below| below.get_name() != "help") {
            assert!(
                page.contains(&format!("{name}-{}(1)\n{}", below.get_name(), below.get_about().unwrap())),
                "{page}"
            );
        }
        let examples = command.get_after_help().unwrap().to_string();
        let example = examples.lines().last().unwrap().trim();
        assert!(page.contains(&format!("{example}\n.fi\n")), "{name} {example}:\n{page}");
    }
    let files: BTreeSet<_> =
        fs::read_dir(folder.path().join("man/man1")).unwrap().map(|e| e.unwrap().file_name()).collect();
    assert_eq!(files, all.iter().map(|(name, _)| format!("{name}.1").into()).collect());
}

fn a_page_can_be_printed() {
    let folder = tempfile::tempdir().unwrap();
    written(folder.path());
    for (args, name) in [(&["man"][..], "gen-catalog"), (&["man", "gen-catalog-render"], "gen-catalog-render")] {
        let file = fs::read(folder.path().join(format!("man/man1/{name}.1"))).unwrap();
        assert_eq!(gen_catalog(folder.path(), args).stdout, file, "{name}");
    }
    let (code, _, errors) = outcome(folder.path(), &["man", "gen-catalog-rendr"]);
    assert_eq!(code, 2);
    assert!(errors.contains("no page gen-catalog-rendr; there are gen-catalog, "), "{errors}");
}

fn the_pages_are_set_without_a_warning() {
    let folder = tempfile::tempdir().unwrap();
    written(folder.path());
    for file in fs::read_dir(folder.path().join("man/man1")).unwrap().map(|entry| entry.unwrap().path()) {
        let set = Command::new("groff").args(["-man", "-ww", "-Tutf8", "-P-cbou"]).arg(&file).output().unwrap();
        assert_eq!(String::from_utf8_lossy(&set.stderr), "", "{}", file.display());
        let text = String::from_utf8(set.stdout).unwrap();
        for heading in ["NAME\n", "SYNOPSIS\n", "OPTIONS\n", "EXAMPLES\n"] {
            assert!(text.contains(heading), "{heading} in {}:\n{text}", file.display());
        }
    }
}
