//! Shells complete the commands, options and values of both programs.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::Command;
use swarm_lab::trial::Trial;

use gen_catalog::cli::Program;
use swarm_lab::generator::outcome;
use swarm_lab::trial::trial;

pub fn trials() -> Vec<Trial> {
    let missing = |shell: &str| Command::new(shell).arg("--version").output().is_err();
    let no_bash = missing("bash").then_some("bash is not installed");
    let no_zsh = missing("zsh").then_some("zsh is not installed");
    let no_fish = missing("fish").then_some("fish is not installed");
    vec![
        trial("bash_completes_every_command_and_option", no_bash, bash_completes_every_command_and_option),
        trial("bash_completes_values", no_bash, bash_completes_values),
        trial("shells_that_complete_values_know_the_rules", None, shells_that_complete_values_know_the_rules),
        trial("zsh_can_read_its_script", no_zsh, || parsed_by("zsh")),
        trial("fish_can_read_its_script", no_fish, || parsed_by("fish")),
    ]
}

fn script(folder: &Path, shell: &str, program: &str) -> std::path::PathBuf {
    let (code, script, errors) = outcome(folder, &["completions", shell, program]);
    assert_eq!(code, 0, "{errors}");
    let file = folder.join(format!("{program}.{shell}"));
    fs::write(&file, script).unwrap();
    file
}

fn parsed_by(shell: &str) {
    let folder = tempfile::tempdir().unwrap();
    for program in ["gen-catalog", "swarmkit-mon"] {
        let parsed = Command::new(shell).arg("-n").arg(script(folder.path(), shell, program)).output().unwrap();
        assert!(parsed.status.success() && parsed.stderr.is_empty(), "{}", String::from_utf8_lossy(&parsed.stderr));
    }
}

/// What bash offers for the last of some words, asked as bash itself asks.
fn offered(script: &Path, words: &[&str]) -> BTreeSet<String> {
    const ASK: &str = r#"
        . "$1"; shift
        definition=$(complete -p "$1")
        function=${definition#*-F }; function=${function%% *}
        COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); COMPREPLY=()
        "$function" "$1" "${!#}" "${COMP_WORDS[COMP_CWORD - 1]}"
        printf '%s\n' "${COMPREPLY[@]}""#;
    let asked = Command::new("bash").args(["--norc", "-uc", ASK, "bash"]).arg(script).args(words).output().unwrap();
    assert!(asked.status.success() && asked.stderr.is_empty(), "{}", String::from_utf8_lossy(&asked.stderr));
    String::from_utf8(asked.stdout).unwrap().lines().map(str::to_owned).collect()
}

fn bash_completes_every_command_and_option() {
    let folder = tempfile::tempdir().unwrap();
    for program in Program::ALL {
        let mut command = program.command();
        command.build();
        let script = script(folder.path(), "bash", command.get_name());
        let commands = offered(&script, &[command.get_name(), ""]);
        for below in command.get_subcommands() {
            assert!(commands.contains(below.get_name()), "{} in {commands:?}", below.get_name());
            let options = offered(&script, &[command.get_name(), below.get_name(), "--"]);
            for long in below.get_arguments().filter_map(clap::Arg::get_long) {
                assert!(options.contains(&format!("--{long}")), "{} --{long} in {options:?}", below.get_name());
            }
        }
    }
}

fn shells_that_complete_values_know_the_rules() {
    let folder = tempfile::tempdir().unwrap();
    // The scripts of PowerShell and elvish know options and commands alone.
    for shell in ["bash", "fish", "zsh"] {
        let (code, script, errors) = outcome(folder.path(), &["completions", shell]);
        assert_eq!(code, 0, "{errors}");
        let all = catalog_check::rules::every().count();
        let known = catalog_check::rules::every().filter(|rule| script.contains(rule.id)).count();
        assert_eq!(known, all, "{shell}");
    }
}

fn bash_completes_values() {
    let folder = tempfile::tempdir().unwrap();
    let names = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<BTreeSet<_>>();
    let generator = script(folder.path(), "bash", "gen-catalog");
    assert_eq!(offered(&generator, &["gen-catalog", "ren"]), names(&["render", "render-compose"]));
    assert_eq!(offered(&generator, &["gen-catalog", "check", "--level", ""]), names(&["error", "warning", "note"]));
    for words in [
        &["gen-catalog", "check", "--only", "image-l"][..],
        &["gen-catalog", "check", "--skip", "image-l"],
        &["gen-catalog", "rules", "image-l"],
    ] {
        assert_eq!(offered(&generator, words), names(&["image-latest"]), "{words:?}");
    }
    let daemon = script(folder.path(), "bash", "swarmkit-mon");
    assert_eq!(offered(&daemon, &["swarmkit-mon", "pl"]), names(&["plan"]));
    assert_eq!(offered(&daemon, &["swarmkit-mon", "plan", "--format", "j"]), names(&["json"]));
}
