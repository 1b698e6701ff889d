//! What Rancher says and makes of a version, for the answers of a test.

use catalog_check::answers::{AnswerError, Answerable};
use rancher_catalog::catalog_service::{is_later, is_offered};
use rancher_catalog::go_template::Stack;
use rancher_catalog::launch::{Answers, File, judge};
use rancher_catalog::launched::{Executed, execute, value};
use rancher_catalog::model::{Field, Version};
use rancher_catalog::source::{VersionSource, YamlFile};
use rancher_catalog::yaml::{self, Document, Node};

use super::keys::FILES;

/// What comes of a version.
#[derive(Debug, Default)]
pub(super) struct Launched {
    /// Why Rancher does not take it, or not as a whole.
    pub refusals: Vec<String>,
    /// Why that cannot be told.
    pub beyond: Option<String>,
    /// Its files as a stack gets them, where nothing is refused.
    pub files: Vec<Made>,
}

/// A file as a stack gets it.
#[derive(Debug)]
pub(super) struct Made {
    pub name: &'static str,
    pub text: String,
    /// The text, read: so all has the line that it is shown with.
    pub document: Document,
}

impl Launched {
    pub(super) fn file(&self, name: &str) -> Option<&Made> {
        self.files.iter().find(|file| file.name == name)
    }

    /// The services.
    pub(super) fn services(&self) -> Vec<&str> {
        let root = self.file(FILES[0]).and_then(|file| file.document.root.as_ref());
        let Some(root) = root else { return Vec::new() };
        let is_second = root.get("version").and_then(Node::text) == Some("2");
        let services = if is_second { root.get("services").map_or(&[][..], Node::entries) } else { root.entries() };
        services.iter().filter_map(|(name, _)| name.text()).collect()
    }
}

/// What is launched.
#[derive(Clone, Copy)]
pub(super) struct Wish<'a> {
    pub version: &'a VersionSource,
    /// All answers, and those of them that the test gives.
    pub answers: &'a Answers,
    pub given: &'a Answers,
    pub stack: Stack<'a>,
    pub rancher: Option<&'a str>,
}

/// Launches a version, up to where containers would be started.
pub(super) fn launch(wish: Wish<'_>) -> Launched {
    let mut launched = Launched::default();
    let version = wish.version;
    refused_by_rancher(&wish, &mut launched.refusals);
    let answerable = Answerable::of(version);
    for (name, value) in wish.given {
        if let Err(error @ AnswerError::NotOffered(_)) = answerable.check(name, value) {
            launched.refusals.push(format!("{name}={value}: {error}"));
        }
    }
    for name in answerable.unanswered(wish.answers) {
        launched.refusals.push(format!("{name} is not answered: it is required, and has no default"));
    }
    let is_templated = wish.rancher.is_none_or(|rancher| !is_later("v1.6.0-pre1", rancher));
    let mut executed = Vec::new();
    for (name, file) in FILES.into_iter().zip([&version.docker_compose, &version.rancher_compose]) {
        let Some(file) = file else { continue };
        match execute(file, wish.answers, wish.stack, is_templated) {
            Ok(one) => {
                if let Some(error) = &one.reading.error {
                    let refusal = format!("{name}:{error}; Rancher goes on with what was printed before");
                    launched.refusals.push(refusal);
                }
                executed.push((name, file, one));
            }
            Err(error) if error.is_beyond_this_tool() => launched.beyond = Some(error.in_a_line(name)),
            Err(error) => launched.refusals.push(error.in_a_line(name)),
        }
    }
    if launched.beyond.is_some() || !launched.refusals.is_empty() {
        return launched;
    }
    judged(&executed, wish.answers, &mut launched.refusals);
    if !launched.refusals.is_empty() {
        return launched;
    }
    for (name, _, one) in &executed {
        let made = value(one, wish.answers).map(|value| yaml::document(&value));
        match made.map(|text| (Document::read(&text), text)) {
            Ok((Ok(document), text)) => launched.files.push(Made { name, text, document }),
            Ok((Err(error), _)) => launched.beyond = Some(format!("{name}, with its answers: {error}")),
            Err(error) if error.is_beyond_this_tool() => launched.beyond = Some(error.in_a_line(name)),
            Err(error) => launched.refusals.push(error.in_a_line(name)),
        }
    }
    launched
}

fn refused_by_rancher(wish: &Wish<'_>, refusals: &mut Vec<String>) {
    let (Some(rancher), Some(block)) = (wish.rancher, wish.version.catalog()) else { return };
    let limit = |limit: &Field<Version>| limit.value().map(Version::text).unwrap_or_default();
    let (minimum, maximum) = (limit(&block.minimum_rancher_version), limit(&block.maximum_rancher_version));
    let named = format!("v{}", rancher.trim_start_matches('v'));
    for (name, least, most) in [("minimum", minimum.as_str(), ""), ("maximum", "", maximum.as_str())] {
        if !is_offered(least, &named, most) {
            refusals.push(format!("Rancher {named} is not offered it: {name}_rancher_version is {least}{most}"));
        }
    }
}

/// What the executor and Cattle refuse.
fn judged(executed: &[(&'static str, &YamlFile, Executed)], answers: &Answers, refusals: &mut Vec<String>) {
    let of = |name: &str| executed.iter().find(|(known, ..)| *known == name);
    let root = |name: &str| of(name).and_then(|(_, _, one)| one.reading.document.as_ref().ok()?.root.as_ref());
    let is_read = executed.iter().all(|(_, _, one)| one.reading.document.is_ok());
    // Without a docker-compose.yml nothing is launched, and what is no YAML is told with its text.
    if !is_read || of(FILES[0]).is_none() {
        return;
    }
    for told in judge(root(FILES[0]), root(FILES[1]), answers) {
        let name = if told.file == File::Docker { FILES[0] } else { FILES[1] };
        if let Some((_, file, one)) = of(name).filter(|_| told.cause.is_refused()) {
            let place = one.reading.place(file, told.at.span.start);
            refusals.push(format!("{name}:{place}: {}", told.message));
        }
    }
}
