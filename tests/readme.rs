//! The README shows what is: the rendered service, the settings, the commands.

use std::fs;
use std::path::Path;
use swarm_lab::picture;
use swarm_lab::trial::Trial;
use swarm_lab::trials;

use rancher_catalog::digest::sha256_hex;
use swarm_lab::generator::outcome;
use swarmkit_settings::{SETTINGS, markdown_table};

pub fn trials() -> Vec<Trial> {
    trials![
        its_table_of_settings_is_the_daemons,
        its_rendered_file_is_the_rendered_file,
        its_commands_are_there_and_each_has_help_with_an_example,
        its_picture_shows_what_is_rendered,
    ]
}

fn read(file: &str) -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(file)).unwrap()
}

fn its_table_of_settings_is_the_daemons() {
    assert!(
        read("README.md").contains(&format!("<!-- settings -->\n\n{}", markdown_table(SETTINGS))),
        "copy the output of `gen-catalog settings` into the README"
    );
}

fn its_rendered_file_is_the_rendered_file() {
    let readme = read("README.md");
    let (_, shown) = readme.split_once("<!-- rendered: ").unwrap();
    let (file, shown) = shown.split_once(" -->\n```yaml\n").unwrap();
    let (shown, _) = shown.split_once("```\n").unwrap();
    assert_eq!(shown, read(&format!("community-catalog/{file}")));
}

fn its_commands_are_there_and_each_has_help_with_an_example() {
    let readme = read("README.md");
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"));
    for command in gen_catalog::cli::command().get_subcommands().map(clap::Command::get_name) {
        assert!(readme.contains(&format!("`gen-catalog {command}")), "{command}");
        let (code, help, _) = outcome(folder, &[command, "--help"]);
        assert_eq!(code, 0);
        assert!(help.contains("Examples:\n  gen-catalog ") && help.contains("--quiet"), "{command}: {help}");
    }
}

fn its_picture_shows_what_is_rendered() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"));
    let digest = sha256_hex(picture::page(&folder.join("community-catalog")).as_bytes());
    let shown = format!("<!-- picture of sha256:{digest} -->\n![");
    assert!(read("README.md").contains(&shown), "scripts/picture makes the picture anew");
    assert!(fs::metadata(folder.join("docs/swarm.png")).unwrap().len() < 150_000);
}
