//! Real versions with a change that an author could make by mistake.

use swarm_lab::dice::Dice;

use super::made_up::Version;

const VALUES: &[&str] = &[
    "",
    "''",
    "null",
    "true",
    "'true'",
    "5",
    "'5'",
    "1.5",
    "x",
    "[]",
    "{}",
    "[a]",
    "{a: b}",
    "'${NOBODY}'",
    "$",
    "'${A:-b}'",
    "2s",
    "64m",
    "['80:80', '80:80']",
    "'{{.ID}}'",
    "always",
    "'2'",
    "'3'",
];
const KEYS: &[&str] = &[
    "image",
    "ports",
    "net",
    "network_mode",
    "command",
    "deploy",
    "labels",
    "scale",
    "links",
    "volumes_from",
    "log_driver",
    "restart",
];

fn at(dice: &mut Dice, length: usize) -> usize {
    usize::try_from(dice.below(length.max(1) as u64)).unwrap()
}

/// One of the two files, changed in one to three places.
pub fn mutated(dice: &mut Dice, version: &Version) -> Version {
    let (mut docker, mut rancher) = version.clone();
    for _ in 0..=dice.below(3) {
        if dice.one_in(3) {
            rancher = changed(dice, &rancher);
        } else {
            docker = changed(dice, &docker);
        }
    }
    (docker, rancher)
}

fn changed(dice: &mut Dice, text: &str) -> String {
    let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
    if lines.is_empty() {
        return text.to_owned();
    }
    let line = at(dice, lines.len());
    let indent: String = lines[line].chars().take_while(|c| *c == ' ').collect();
    match dice.below(9) {
        0 => drop(lines.remove(line)),
        1 => lines.insert(line, lines[line].clone()),
        2 | 3 => {
            if let Some((key, _)) = lines[line].split_once(": ") {
                lines[line] = format!("{key}: {}", VALUES[at(dice, VALUES.len())]);
            }
        }
        4 => lines[line] = lines[line].replace(['\'', '"'], ""),
        5 => {
            if let Some((_, value)) = lines[line].split_once(':') {
                lines[line] = format!("{indent}{}:{value}", KEYS[at(dice, KEYS.len())]);
            }
        }
        6 => {
            if let Some((start, _)) = lines[line].split_once("- ") {
                lines[line] = format!("{start}- {}", VALUES[at(dice, VALUES.len())]);
            }
        }
        7 => lines.insert(line, format!("{indent}{}: {}", KEYS[at(dice, KEYS.len())], VALUES[at(dice, VALUES.len())])),
        _ => {
            let other = at(dice, lines.len());
            lines.swap(line, other);
        }
    }
    lines.join("\n") + "\n"
}
