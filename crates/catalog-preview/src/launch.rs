//! The compose files of a version with some answers: their texts as `gen-catalog render-compose` prints them, and what Rancher
//! would refuse in them, line by line.

use std::collections::BTreeMap;

use rancher_catalog::hidden::seen_in_a_line;
use rancher_catalog::launch::{Answers, File, judge};
use rancher_catalog::launched::{Executed, FileError, execute, value};
use rancher_catalog::source::{VersionSource, YamlFile, usual_stack};
use rancher_catalog::yaml::{self, Document, Node, Step};

/// The most refusals of a file that are told one by one.
const REFUSALS: usize = 200;

/// What a stack gets.
#[derive(Debug, Default)]
pub struct Launched {
    /// Its files, docker-compose.yml first.
    pub files: Vec<LaunchedFile>,
}

/// One of its files.
#[derive(Debug)]
pub struct LaunchedFile {
    /// Its name.
    pub name: &'static str,
    /// Its text, or why there is none.
    pub text: Result<String, String>,
    /// What is to be known of it: the error that ended its template, what it asks the server for.
    pub notes: Vec<String>,
    /// What Rancher refuses or passes over, by the line of the text; 0 where it stands in none.
    pub refusals: BTreeMap<usize, Vec<String>>,
}

/// Launches a version, as a stack `stack` of the environment `Default`.
pub fn launch(version: &VersionSource, answers: &Answers) -> Launched {
    let launched =
        version.catalog().and_then(|block| block.version.value().map(ToString::to_string)).unwrap_or_default();
    let stack = usual_stack(&launched);
    let files = [
        (File::Docker, "docker-compose.yml", &version.docker_compose),
        (File::Rancher, "rancher-compose.yml", &version.rancher_compose),
    ];
    let executed: Vec<(File, &'static str, &YamlFile, Result<Executed, FileError>)> = files
        .into_iter()
        .filter_map(|(which, name, file)| Some((which, name, file.as_ref()?)))
        .map(|(which, name, file)| (which, name, file, execute(file, answers, stack, true)))
        .collect();
    let root = |wanted: File| -> Option<&Node> {
        let (.., executed) = executed.iter().find(|(which, ..)| *which == wanted)?;
        executed.as_ref().ok()?.reading.document.as_ref().ok()?.root.as_ref()
    };
    let told = judge(root(File::Docker), root(File::Rancher), answers);
    let made = executed.iter().map(|(which, name, file, executed)| {
        let of_template = |error: &FileError| seen_error(error, name);
        let executed = match executed {
            Ok(executed) => executed,
            Err(error) => return LaunchedFile::broken(name, of_template(error)),
        };
        let mut notes: Vec<String> =
            executed.of_server.iter().map(|notice| format!("{notice}; here it is empty")).collect();
        if let Some(error) = &executed.reading.error {
            notes.push(format!("{error}; Rancher goes on with what was printed before"));
        }
        let text = match value(executed, answers) {
            Ok(value) => yaml::document(&value),
            Err(error) => return LaunchedFile { notes, ..LaunchedFile::broken(name, of_template(&error)) },
        };
        let printed = Document::read(&text).ok();
        let mut refusals: BTreeMap<usize, Vec<String>> = BTreeMap::new();
        let own = told.iter().filter(|told| told.file == *which);
        let more = own.clone().count().saturating_sub(REFUSALS);
        if more > 0 {
            refusals
                .entry(0)
                .or_default()
                .push(format!("{more} more things are refused, or passed over, in this file"));
        }
        for told in own.take(REFUSALS) {
            let line = root(*which).and_then(|root| line_of(root, told.at, printed.as_ref()?.root.as_ref()?));
            let place = told.at.span.start.line;
            let where_else =
                if line.is_none() { format!("line {place} of {}: ", shown_file(file)) } else { String::new() };
            let effect = if told.cause.is_refused() { "" } else { " (launched all the same)" };
            let words = format!("{where_else}{}{effect}", seen_in_a_line(&told.message));
            refusals.entry(line.unwrap_or(0)).or_default().push(words);
        }
        LaunchedFile { name, text: Ok(text), notes, refusals }
    });
    Launched { files: made.collect() }
}

impl LaunchedFile {
    fn broken(name: &'static str, error: String) -> Self {
        Self { name, text: Err(error), notes: Vec::new(), refusals: BTreeMap::new() }
    }
}

fn shown_file(file: &YamlFile) -> String {
    file.path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default()
}

fn seen_error(error: &FileError, name: &str) -> String {
    seen_in_a_line(&error.in_a_line(name)).into_owned()
}

/// The line in a printed document of what stands somewhere in the one that it was made of.
fn line_of(root: &Node, wanted: &Node, printed: &Node) -> Option<usize> {
    let mut path = Vec::new();
    if !find(root, wanted, &mut path) {
        return None;
    }
    let (mut at, mut line) = (printed, 0);
    for step in &path {
        let Some(below) = at.child(step) else { break };
        let key = match step {
            Step::Key(key) => at.entry(key).map_or(below, |(key, _)| key),
            Step::Index(_) => below,
        };
        (at, line) = (below, key.span.start.line as usize);
    }
    (line > 0).then_some(line)
}

/// Goes down to a node, which may be a key.
fn find(at: &Node, wanted: &Node, path: &mut Vec<Step>) -> bool {
    if std::ptr::eq(at, wanted) {
        return true;
    }
    for (number, item) in at.items().iter().enumerate() {
        path.push(Step::Index(number));
        if find(item, wanted, path) {
            return true;
        }
        path.pop();
    }
    for (key, value) in at.entries() {
        path.push(Step::Key(key.text().unwrap_or_default().to_owned()));
        if std::ptr::eq(key, wanted) || find(value, wanted, path) {
            return true;
        }
        path.pop();
    }
    false
}
