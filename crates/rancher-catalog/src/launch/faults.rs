//! What is wrong with a version as it was read, with places in its files.

use super::{Answers, Cause, File, Told, judge, offered_answers, usual_answers};
use crate::source::{Reading, VersionSource, YamlFile};
use crate::yaml::{Node, Position};

/// Something that Rancher refuses or passes over, and its place in a file.
#[derive(Debug, Clone)]
pub struct Fault {
    /// What.
    pub cause: Cause,
    /// In which file.
    pub file: File,
    /// From where.
    pub start: Position,
    /// To which column, in the same line; 0 where that cannot be told.
    pub end_column: u32,
    /// In words for the author.
    pub message: String,
    /// The answer that it takes, where it is not so with those that a person gives who changes nothing.
    pub because: Option<(String, String)>,
}

/// How many answers that a question offers are tried alone, once some of them are refused together.
const MOST_ALONE: usize = 200;

/// Looks at a version with the usual answers; and where nothing is refused then, with each other answer that a template
/// was run with or a question offers. Files that are no YAML, and templates that are none, are for others to tell.
pub fn faults(version: &VersionSource) -> Vec<Fault> {
    let Some(docker) = &version.docker_compose else { return Vec::new() };
    let rancher = version.rancher_compose.as_ref();
    let raw = rancher.and_then(|file| file.raw().as_ref().ok()).and_then(|document| document.root.as_ref());
    let answers = usual_answers(raw);
    let usual = |file: &'_ YamlFile| -> Option<usize> {
        file.readings.iter().position(|reading| reading.because.is_none() && reading.document.is_ok())
    };
    let Some(first) = usual(docker) else { return Vec::new() };
    let second = match rancher {
        None => None,
        Some(file) => match usual(file) {
            Some(at) => Some((file, &file.readings[at])),
            None => return Vec::new(),
        },
    };
    let mut faults = of_readings((docker, &docker.readings[first]), second, &answers, None);
    if faults.iter().any(|fault| fault.cause.is_refused()) {
        return faults;
    }
    let others = docker.readings.iter().chain(rancher.iter().flat_map(|file| &file.readings));
    let mut tried: Vec<&(String, String)> = Vec::new();
    for because in others.filter_map(|reading| reading.because.as_ref()) {
        if tried.contains(&because) {
            continue;
        }
        tried.push(because);
        let reading_of = |file: &'_ YamlFile| -> Option<usize> {
            let own = file.readings.iter().position(|reading| reading.because.as_ref() == Some(because));
            own.or(usual(file)).filter(|at| file.readings[*at].document.is_ok())
        };
        let mut answers = answers.clone();
        answers.insert(because.0.clone(), because.1.clone());
        let Some(first) = reading_of(docker) else { continue };
        let second = match rancher.map(|file| (file, reading_of(file))) {
            None => None,
            Some((file, Some(at))) => Some((file, &file.readings[at])),
            Some((_, None)) => continue,
        };
        let found = of_readings((docker, &docker.readings[first]), second, &answers, Some(because));
        faults.extend(found.into_iter().find(|fault| fault.cause.is_refused()));
    }
    let with = |others: &[(&String, &String)], because: Option<&(String, String)>| {
        let mut answers = answers.clone();
        answers.extend(others.iter().map(|(name, answer)| ((*name).clone(), (*answer).clone())));
        let found = of_readings((docker, &docker.readings[first]), second, &answers, because);
        found.into_iter().find(|fault| fault.cause.is_refused())
    };
    let offered = offered_answers(version, &answers);
    let mut alone = MOST_ALONE;
    let rounds = offered.iter().map(|(_, others)| others.len()).max().unwrap_or(0);
    for round in 0..rounds {
        let others: Vec<(&String, &String)> =
            offered.iter().filter_map(|(name, others)| Some((name, others.get(round)?))).collect();
        // Nearly always all of them are good together, and then each is.
        if with(&others, None).is_some() {
            for (name, answer) in others.into_iter().take(alone) {
                alone -= 1;
                let because = (name.clone(), answer.clone());
                faults.extend(with(&[(name, answer)], Some(&because)));
            }
        }
    }
    faults
}

fn of_readings(
    docker: (&YamlFile, &Reading),
    rancher: Option<(&YamlFile, &Reading)>,
    answers: &Answers,
    because: Option<&(String, String)>,
) -> Vec<Fault> {
    let told = judge(root_of(docker.1), rancher.and_then(|(_, reading)| root_of(reading)), answers);
    let placed = |told: Told<'_>| {
        let (file, reading) = match (told.file, rancher) {
            (File::Rancher, Some(rancher)) => rancher,
            _ => docker,
        };
        let span = told.at.span;
        let start = reading.place(file, span.start);
        let is_plain = reading.line_map.is_none() && span.end.line == span.start.line;
        let end_column = if is_plain { span.end.column } else { 0 };
        Fault {
            cause: told.cause,
            file: told.file,
            start,
            end_column,
            message: told.message,
            because: because.cloned(),
        }
    };
    told.into_iter().map(placed).collect()
}

fn root_of(reading: &Reading) -> Option<&Node> {
    reading.document.as_ref().ok()?.root.as_ref()
}
