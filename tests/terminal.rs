//! What is printed cannot drive a terminal: no command lets a control or format character out of a catalog's files, to a
//! terminal or not; and how far a check is, is shown on a terminal alone.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::Command;
use swarm_lab::trial::{Trial, trial};

use rancher_catalog::hidden::acts;
use serde_json::Value;
use swarm_lab::generator::{gen_catalog, outcome};
use swarm_lab::programs;

use crate::check_changed::repository;
use crate::check_command::{DOCKER, LATEST, catalog};

pub fn trials() -> Vec<Trial> {
    let no_script = Command::new("script").arg("--version").output().is_err().then_some("script is not installed");
    vec![
        trial("no_command_lets_a_control_character_through", None, no_command_lets_a_control_character_through),
        trial("a_model_and_rendered_files_lose_nothing_by_it", None, a_model_and_rendered_files_lose_nothing_by_it),
        trial("what_acts_is_shown_in_its_place", None, what_acts_is_shown_in_its_place),
        trial("the_users_own_words_are_shown_too", None, the_users_own_words_are_shown_too),
        trial("progress_is_shown_on_a_terminal_alone", no_script, progress_is_shown_on_a_terminal_alone),
    ]
}

/// Controls of both ranges, a title, a carriage return, marks of direction, a blank of no width, a tag.
const HOSTILE: &str = "\u{1b}]0;title\u{7} \u{1b}[31mred left\rright \u{9b}31m \u{8}\u{7f} \u{202e}back\u{2066} \u{200b}\u{feff}\u{2028}\u{e0041}";

/// What acts in a text, without the styles that the program itself sets.
fn acting(text: &str) -> Vec<char> {
    let own = ["\u{1b}[0m", "\u{1b}[1m", "\u{1b}[31m", "\u{1b}[32m", "\u{1b}[33m"];
    let text = own.iter().fold(text.to_owned(), |text, style| text.replace(style, ""));
    text.chars().filter(|c| acts(*c) && *c != '\n' && *c != '\t').collect()
}

fn no_command_lets_a_control_character_through() {
    let (folder, template) = repository();
    let put = |file: &str, from: &str, to: &str| {
        let path = template.join(file);
        let text = fs::read_to_string(&path).unwrap();
        assert!(text.contains(from), "{file}: {text}");
        fs::write(path, text.replacen(from, to, 1)).unwrap();
    };
    fs::write(template.join("1/README.md"), format!("# {HOSTILE}\n")).unwrap();
    put(DOCKER, "image: example/web:1.1.0", &format!("image: example/web:latest # {HOSTILE}"));
    put("1/rancher-compose.yml", "label: Size", &format!("lab\u{202e}l: {:?}", "Si\u{1b}ze"));
    fs::write(template.join(format!("a{}b", HOSTILE.replace('/', ""))), HOSTILE).unwrap();
    symlink(HOSTILE, template.join("link\u{1b}")).unwrap();
    fs::create_dir(template.join("2\u{1b}[31m")).unwrap();
    fs::write(folder.path().join("model.yml"), format!("docker_compose: {{\"{}\": 1\n", "\u{202e}")).unwrap();
    fs::write(folder.path().join("answers.yml"), format!("{HOSTILE}: [\n")).unwrap();
    let version = "infra-templates/example/1";
    let mut commands: Vec<Vec<&str>> = vec![
        vec!["diff", "--catalog", ".", "HEAD", "HEAD~0"],
        vec!["diff", "infra-templates/example/0", version],
        vec!["diff", "infra-templates/example/0", version, "--format", "markdown"],
        vec!["diff", "infra-templates/example/0", version, "--format", "json"],
        vec!["diff", "infra-templates/other", "infra-templates/example"],
        vec!["model", version],
        vec!["model", version, "--format", "json"],
        vec!["model", "infra-templates/example"],
        vec!["render-compose", version],
        vec!["render-compose", version, "--format", "json"],
        vec!["render-compose", version, "--answers", "answers.yml"],
        vec!["render", "--model", "model.yml"],
        vec!["check", ".", "--changed-since", "HEAD"],
        vec!["check", ".", "--level", "note", "--diff"],
        vec!["check", "infra-templates/\u{1b}]0;x\u{7}"],
        vec!["check", ".", "--only", "\u{1b}[31m"],
        vec!["check", ".", "--format", "\u{9b}"],
        vec!["rules", "\u{202e}"],
    ];
    for format in ["text", "json", "sarif", "github", "junit"] {
        commands.push(vec!["check", ".", "--level", "note", "--format", format]);
    }
    for color in ["never", "always", "auto"] {
        for command in &commands {
            let output = gen_catalog(folder.path(), &[&command[..], &["--color", color]].concat());
            for bytes in [&output.stdout, &output.stderr] {
                let text = String::from_utf8_lossy(bytes);
                assert_eq!(acting(&text), Vec::<char>::new(), "{command:?} --color {color}: {text:?}");
            }
        }
    }
}

fn a_model_and_rendered_files_lose_nothing_by_it() {
    let description = "A\u{202e} web\u{9b} server\u{e0041}";
    let folder = catalog(&[(
        "config.yml",
        "description: A web server",
        format!("description: {description:?}")
            .replace("\\u{202e}", "\\u202E")
            .replace("\\u{9b}", "\\x9B")
            .replace("\\u{e0041}", "\\U000E0041")
            .as_str(),
    )]);
    let (code, yaml, errors) = outcome(folder.path(), &["model", "infra-templates/example"]);
    assert_eq!(code, 0, "{errors}");
    let model: serde_yaml::Value = serde_yaml::from_str(&yaml).unwrap();
    assert_eq!(model["config"]["description"], description);
    let (_, json, _) = outcome(folder.path(), &["model", "infra-templates/example", "--format", "json"]);
    let model: Value = serde_json::from_str(&json).unwrap();
    assert_eq!(model["config"]["description"], description);
    assert!(json.contains("\\udb40\\udc41"), "{json}");
}

fn what_acts_is_shown_in_its_place() {
    let folder = catalog(&[(
        DOCKER,
        "    image: example/web:1.1.0",
        "    image: \u{feff}example/web:latest # \u{1b}[31mred\u{1b}]0;title\u{7}",
    )]);
    let (_, text, _) = outcome(folder.path(), &["check", ".", "--level", "note", "--color", "never"]);
    assert!(text.contains("# \\u{1b}[31mred\\u{1b}]0;title\\u{7}\n"), "{text:?}");
    // The marker is below what it speaks of, though more is shown before it than stands there.
    let folder = catalog(&[(
        DOCKER,
        "  web:\n    image: example/web:1.1.0",
        "  \"\u{200b}\": {image: 'example/web:latest'}\n  web:\n    image: example/web:1.1.0",
    )]);
    let (_, text, _) = outcome(folder.path(), &["check", ".", "--only", "image-latest"]);
    let lines: Vec<&str> = text.lines().collect();
    let (line, marker) = (lines[1], lines[2]);
    assert_eq!(line.find("'example/web"), marker.find('^'), "{text}");
}

fn the_users_own_words_are_shown_too() {
    let folder = catalog(&[]);
    let (code, _, errors) = outcome(folder.path(), &["check", "a\u{1b}]0;x\u{7}b"]);
    assert_eq!(code, 2);
    assert!(errors.starts_with("error: a\\u{1b}]0;x\\u{7}b is not there"), "{errors}");
    let (code, _, errors) = outcome(folder.path(), &["che\u{202e}ck"]);
    assert_eq!(code, 2);
    assert!(errors.contains("che\\u{202e}ck"), "{errors}");
}

/// What a terminal gets from a run.
fn on_a_terminal(folder: &Path, arguments: &str) -> String {
    let command = format!("{} {arguments} > /dev/null", programs::gen_catalog());
    let output = Command::new("script").current_dir(folder).args(["-qefc", &command, "/dev/null"]).output().unwrap();
    String::from_utf8_lossy(&output.stdout).into_owned()
}

fn progress_is_shown_on_a_terminal_alone() {
    let quick = catalog(&[LATEST]);
    assert_eq!(on_a_terminal(quick.path(), "check ."), "");
    let slow = catalog(&[]);
    let lines: String = (0..12_000)
        .map(|at| format!("  s{at}: {{image: 'a/b:c', links: [s{}], command: [a, b, c]}}\n", at + 1))
        .collect();
    let file = slow.path().join("infra-templates/example").join(DOCKER);
    fs::write(&file, format!("version: '2'\nservices:\n{lines}")).unwrap();
    let start = std::time::Instant::now();
    let (_, _, errors) = outcome(slow.path(), &["check", "."]);
    assert_eq!(errors, "");
    if start.elapsed() < std::time::Duration::from_millis(1500) {
        // Too quick a machine to see it.
        return;
    }
    let text = on_a_terminal(slow.path(), "check .");
    assert!(text.contains("0 of 1 templates checked"), "{text:?}");
    assert!(text.ends_with("\r\u{1b}[K"), "{text:?}");
    assert_eq!(on_a_terminal(slow.path(), "check . --quiet"), "");
}
