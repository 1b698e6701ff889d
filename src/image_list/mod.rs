//! Every image that a version of a catalog may launch, whatever is answered: what a mirror, or a place without a network, needs.

mod answers;
mod skopeo;

pub use skopeo::skopeo;

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::Arc;

use serde::Serialize;

use answers::{ANY, combinations, values_of};
use rancher_catalog::go_template::{Limits, Template, Value};
use rancher_catalog::interpolation::{interpolate, references};
use rancher_catalog::launch::{Answers, SERVICE_KINDS};
use rancher_catalog::model::{ImageReference, Question};
use rancher_catalog::source::{Reading, VersionSource, YamlFile, usual_stack};
use rancher_catalog::yaml::{Document, Node, NodeKind};

/// The most that all renderings of one file may print together, in bytes.
const MAX_RENDERED_BYTES: usize = 16 << 20;

/// An image, and where it stands.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct ImageUse {
    /// The whole reference.
    pub image: String,
    /// The service.
    pub service: String,
    /// The file.
    pub path: PathBuf,
    /// The line, from 1.
    pub line: u32,
    /// The questions whose answers a person may write freely, and by which it would be another image.
    pub free: Vec<String>,
}

/// What a version launches.
#[derive(Debug, Default)]
pub struct Listed {
    /// Its images, each at every place once.
    pub uses: BTreeSet<ImageUse>,
    /// What could not be told.
    pub warnings: Vec<String>,
}

impl Listed {
    /// Says something once.
    fn warn(&mut self, warning: String) {
        if !self.warnings.contains(&warning) {
            self.warnings.push(warning);
        }
    }
}

/// The images of a version.
pub fn of(version: &VersionSource) -> Listed {
    let mut listed = Listed::default();
    let block = version.catalog();
    let questions = version.questions();
    let launched = block.and_then(|block| block.version.value()).map(ToString::to_string).unwrap_or_default();
    let Some(file) = &version.docker_compose else {
        // An environment template launches stacks of other templates.
        if version.project.is_none() {
            listed.warn(format!("{}: there is no docker-compose.yml", version.path.display()));
        }
        return listed;
    };
    if let Some(template) = &file.template {
        of_template(file, template, questions, &launched, &mut listed);
    } else {
        if let Some(error) = &file.template_error {
            listed.warn(format!("{}:{error}", file.path.display()));
        }
        for reading in &file.readings {
            of_reading(file, reading, questions, None, &mut listed);
        }
    }
    listed
}

fn too_many(file: &YamlFile, left_out: usize) -> String {
    let (file, questions) = (file.path.display(), if left_out == 1 { "one question is" } else { "some questions are" });
    format!("{file}: there are too many answers for all to be tried together: {questions} tried alone")
}

fn of_template(file: &YamlFile, template: &Template, questions: &[Question], version: &str, listed: &mut Listed) {
    let combined = combinations(template, questions);
    if combined.left_out > 0 {
        listed.warn(too_many(file, combined.left_out));
    }
    let stack = usual_stack(version);
    let mut left = Limits { output_bytes: MAX_RENDERED_BYTES, ..Limits::default() };
    let mut seen: BTreeSet<Vec<u8>> = BTreeSet::new();
    for (answers, is_made_up) in &combined.tries {
        let pairs = answers.iter().map(|(name, value)| (name.as_str(), value.as_str()));
        let execution = template.execute(&Value::data(pairs, stack), &left);
        left.output_bytes = left.output_bytes.saturating_sub(execution.output.len());
        left.steps = left.steps.saturating_sub(execution.steps);
        if execution.error.as_ref().is_some_and(|error| error.beyond_this_tool) {
            listed.warn(format!("{}: it prints more than is looked at", file.path.display()));
            break;
        }
        // What variables stand for in the same text differs by the answers.
        if !seen.insert(execution.output.clone()) && !execution.output.contains(&b'$') {
            continue;
        }
        let reading = Reading {
            document: Document::read_bytes(&execution.output).map(Arc::new),
            line_map: Some(execution.line_map),
            error: execution.error,
            because: None,
        };
        let mut found = Listed::default();
        of_reading(file, &reading, questions, Some(answers), &mut found);
        listed.uses.extend(found.uses.into_iter().filter(|one| !one.image.contains(ANY)));
        found.warnings.into_iter().filter(|_| !is_made_up).for_each(|warning| listed.warn(warning));
    }
}

/// The images of one document, with those answers that it was made by.
fn of_reading(
    file: &YamlFile,
    reading: &Reading,
    questions: &[Question],
    made_by: Option<&Answers>,
    listed: &mut Listed,
) {
    let root = match &reading.document {
        Ok(document) => document.root.as_ref(),
        Err(error) => {
            let position = reading.place(file, error.position);
            let warning = format!("{}:{position}: {}", file.path.display(), error.message);
            listed.warn(warning);
            return;
        }
    };
    let Some(root) = root.filter(|root| matches!(root.kind, NodeKind::Map(_))) else {
        let what = if root.is_some() { "it is no map of services" } else { "it is empty" };
        let warning = format!("{}: {what}: no image can be told", file.path.display());
        listed.warn(warning);
        return;
    };
    for services in std::iter::once(root).chain(root.get("services")) {
        for (name, service) in services.entries() {
            let (Some(name), Some(image)) = (name.text(), service.get("image")) else { continue };
            let line = reading.place(file, image.span.start).line;
            if image.text().is_some() {
                of_service(file, (name, line), image, questions, made_by, listed);
            } else {
                listed.warn(format!("{}:{line}: the image of {name} is no text", file.path.display()));
            }
        }
    }
}

fn of_service(
    file: &YamlFile,
    (service, line): (&str, u32),
    image: &Node,
    questions: &[Question],
    made_by: Option<&Answers>,
    listed: &mut Listed,
) {
    let text = image.text().unwrap_or_default();
    if SERVICE_KINDS.contains(&text) {
        return;
    }
    let names: BTreeSet<&str> = references(text).into_iter().map(|(name, _)| name).collect();
    let mut free = Vec::new();
    let mut choices: Vec<(String, Vec<String>)> = Vec::new();
    for name in names {
        let known = made_by.and_then(|answers| answers.get(name)).filter(|known| *known != ANY).cloned();
        let (values, is_free) = values_of(questions, name);
        if is_free {
            free.push(name.to_owned());
        }
        choices.push((name.to_owned(), known.map_or(values, |known| vec![known])));
    }
    let (tries, left_out) = answers::tried(choices);
    if left_out > 0 {
        listed.warn(too_many(file, left_out));
    }
    for answers in tries {
        let Ok(told) = interpolate(text, |name| answers.get(name).cloned()) else {
            let warning = format!("{}:{line}: {text:?} holds a `$` that begins no variable", file.path.display());
            listed.warn(warning);
            return;
        };
        if SERVICE_KINDS.contains(&told.as_str()) {
            continue;
        }
        match told.parse::<ImageReference>() {
            Ok(reference) => {
                listed.uses.insert(ImageUse {
                    image: reference.to_string(),
                    service: service.to_owned(),
                    path: file.path.clone(),
                    line,
                    free: free.clone(),
                });
            }
            Err(error) => {
                listed.warn(format!("{}:{line}: {error}", file.path.display()));
            }
        }
    }
}

/// The uses of each image.
pub fn by_image(uses: &BTreeSet<ImageUse>) -> BTreeMap<&str, Vec<&ImageUse>> {
    let mut all: BTreeMap<&str, Vec<&ImageUse>> = BTreeMap::new();
    for one in uses {
        all.entry(&one.image).or_default().push(one);
    }
    all
}
