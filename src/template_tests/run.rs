//! Running the tests of a template.

use std::collections::BTreeSet;
use std::path::PathBuf;

use catalog_check::answers::{AnswerError, Answerable};
use catalog_check::is_it;
use catalog_diff::comparison::{default_of, name_of, template_name};
use catalog_diff::meaning::{defaults, kept_answers};
use rancher_catalog::go_template::Stack;
use rancher_catalog::launch::Answers;
use rancher_catalog::model::Version;
use rancher_catalog::source::{Cause, TemplateSource, VersionSource};
use rancher_catalog::yaml::Position;

use super::broken::Broken;
use super::expected;
use super::failure::Failure;
use super::launch::{Launched, Wish, launch};
use super::places::TemplateTests;
use super::snapshot::{Snapshot, Snapshots};
use super::test_file::{Refused, Said, Test};
use super::upgraded;

/// What came of the tests of a template.
#[derive(Debug)]
pub struct Tested {
    /// The template's folder.
    pub template: PathBuf,
    /// Its name in its catalog.
    pub name: String,
    /// What came of each test, file by file.
    pub tests: Vec<TestResult>,
    /// The snapshots that are to be written.
    pub snapshots: Vec<Snapshot>,
    /// How many snapshots were looked at.
    pub snapshots_seen: usize,
    /// Snapshots that no test names.
    pub unused: Vec<PathBuf>,
}

/// What came of a test.
#[derive(Debug)]
pub struct TestResult {
    /// The file that it stands in.
    pub file: PathBuf,
    /// Its name.
    pub name: String,
    /// Where it stands.
    pub at: Position,
    /// The revision that it is about.
    pub revision: String,
    /// What is not as it expects.
    pub failures: Vec<Failure>,
    /// Answers that Rancher takes, though they may not be meant; none where a refusal is expected.
    pub notes: Vec<Note>,
}

/// Something that should be known, and is no failure.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Note {
    /// Where the answer stands.
    pub at: Position,
    /// What there is to know.
    pub message: String,
}

/// A test, with the versions that it is about.
struct Resolved<'t> {
    file: &'t PathBuf,
    test: &'t Test,
    version: usize,
    from: Option<usize>,
}

impl TemplateTests {
    /// The names of its tests.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.files.iter().flat_map(|file| &file.tests).map(|test| test.name.as_str())
    }

    /// Runs those whose name is wanted. With `is_update` a snapshot that is missing or differs is no failure: it is to be
    /// written.
    ///
    /// # Errors
    /// A test names a revision or asks a question that is not there, or a file of the template cannot be read.
    pub fn run(&self, is_wanted: &dyn Fn(&str) -> bool, is_update: bool) -> Result<Tested, Vec<Broken>> {
        let mut template = TemplateSource::outline(&self.template);
        let wanted = self.files.iter().flat_map(|file| file.tests.iter().map(|test| (&file.path, test)));
        let (mut resolved, mut broken) = (Vec::new(), Vec::new());
        for (file, test) in wanted.filter(|(_, test)| is_wanted(&test.name)) {
            match resolve(&template, file, test) {
                Ok(one) => resolved.push(one),
                Err(one) => broken.push(one),
            }
        }
        if !broken.is_empty() {
            return Err(broken);
        }
        let used: BTreeSet<usize> = resolved.iter().flat_map(|one| [Some(one.version), one.from]).flatten().collect();
        // What was read of a version must be all of it.
        broken.extend(used.iter().filter_map(|at| unread(&template, &template.versions[*at])));
        used.iter().for_each(|at| template.versions[*at].expand());
        broken.extend(resolved.iter().filter_map(|one| one.unknown_answer(&template).err()));
        if !broken.is_empty() {
            return Err(broken);
        }
        let mut snapshots = Snapshots::of(&self.template, is_update)?;
        let mut tests = Vec::new();
        for one in &resolved {
            tests.push(TestResult {
                file: one.file.clone(),
                name: one.test.name.clone(),
                at: one.test.at,
                revision: template.versions[one.version].name.clone(),
                failures: one.failures(&template, &mut snapshots)?,
                notes: one.notes(&template),
            });
        }
        let is_whole = self.is_whole && tests.len() == self.names().count();
        let unused = if is_whole { snapshots.unused(&self.snapshots) } else { Vec::new() };
        Ok(Tested {
            template: self.template.clone(),
            name: template_name(&template),
            tests,
            snapshots_seen: snapshots.seen(),
            snapshots: snapshots.into_written(),
            unused,
        })
    }
}

fn resolve<'t>(template: &TemplateSource, file: &'t PathBuf, test: &'t Test) -> Result<Resolved<'t>, Broken> {
    let named = |said: &Said| revision(template, &said.text).map_err(|reason| Broken::at(file, said.at, reason));
    let (to, from) = match &test.upgrade {
        Some(upgrade) => (upgrade.to.as_ref(), Some(named(&upgrade.from)?)),
        None => (test.revision.as_ref(), None),
    };
    let version = match to {
        Some(said) => named(said)?,
        None => usual(template).ok_or_else(|| {
            Broken::at(file, test.at, format!("{} has no revision, and so nothing to test", template_name(template)))
        })?,
    };
    for at in [Some(version), from].into_iter().flatten() {
        let version = &template.versions[at];
        let holds_file = |name: &str| version.files.iter().any(|file| file == name);
        if version.docker_compose.is_none() && version.rancher_compose.is_none() && !holds_file("docker-compose.yml") {
            let reason = format!("revision {} has no compose file, and so nothing that a stack gets", version.name);
            return Err(Broken::at(file, test.at, reason));
        }
        if version.project.is_some() {
            let reason = format!("revision {} is one of an environment template, which no stack runs", version.name);
            return Err(Broken::at(file, test.at, reason));
        }
    }
    Ok(Resolved { file, test, version, from })
}

/// The version that is meant where none is named: the default of config.yml, else the newest.
fn usual(template: &TemplateSource) -> Option<usize> {
    let default = default_of(template).map(|version| version.name.clone());
    let at = |name: &String| template.versions.iter().position(|version| version.name == *name);
    let newest = || template.versions.iter().rposition(|version| version.revision.is_some());
    default.as_ref().and_then(at).or_else(newest).or_else(|| template.versions.len().checked_sub(1))
}

/// The version of a name: that of its folder, or its own.
fn revision(template: &TemplateSource, named: &str) -> Result<usize, String> {
    let versions = &template.versions;
    let bare = |text: &str| text.trim_start_matches('v').to_owned();
    let of_version = |version: &VersionSource| version.version().as_ref().map(Version::text);
    let is_named = |version: &VersionSource| of_version(version).is_some_and(|text| bare(&text) == bare(named));
    let found = versions.iter().position(|version| version.name == named);
    if let Some(at) = found.or_else(|| versions.iter().rposition(is_named)) {
        return Ok(at);
    }
    let told = |version: &VersionSource| match name_of(version).version {
        Some(text) => format!("{} ({text})", version.name),
        None => version.name.clone(),
    };
    let all: Vec<String> = versions.iter().map(told).collect();
    let names: Vec<String> = versions.iter().filter_map(of_version).collect();
    let meant = is_it(names.iter().map(String::as_str), named);
    Err(match all.as_slice() {
        [] => format!("there is no revision `{named}`: {} has none at all", template_name(template)),
        _ => format!("there is no revision `{named}` in {}, but {}{meant}", template_name(template), all.join(", ")),
    })
}

fn unread(template: &TemplateSource, version: &VersionSource) -> Option<Broken> {
    let is_compose =
        |path: &std::path::Path| path.file_name().is_some_and(|name| name.to_string_lossy().contains("-compose.yml"));
    let mut unread = template.unreadable.iter().filter(|unreadable| unreadable.path.starts_with(&version.path));
    // What Rancher passes over is no part of the version.
    let found = unread.find(|unreadable| unreadable.cause != Cause::NoFile || is_compose(&unreadable.path))?;
    Some(Broken::whole(&found.path, found.reason.clone()))
}

impl Resolved<'_> {
    /// All answers, each with the version that asks for it.
    fn answers<'t>(
        &'t self,
        template: &'t TemplateSource,
    ) -> impl Iterator<Item = (&'t VersionSource, &'t (String, Said))> {
        let first = &template.versions[self.from.unwrap_or(self.version)];
        let at_upgrade = self.test.upgrade.iter().flat_map(|upgrade| &upgrade.answers);
        let all = self.test.answers.iter().map(move |answer| (first, answer));
        all.chain(at_upgrade.map(|answer| (&template.versions[self.version], answer)))
    }

    fn notes(&self, template: &TemplateSource) -> Vec<Note> {
        if matches!(self.test.refused, Some((Refused::Yes | Refused::Saying(_), _))) {
            return Vec::new();
        }
        let note = |(version, (name, said)): (&VersionSource, &(String, Said))| {
            let note = Answerable::of(version).unchecked(name, &said.text)?;
            Some(Note { at: said.at, message: format!("{name}={}: {note}", said.text) })
        };
        self.answers(template).filter_map(note).collect()
    }

    /// Says which answer is one to nothing.
    fn unknown_answer(&self, template: &TemplateSource) -> Result<(), Broken> {
        for (version, (name, said)) in self.answers(template) {
            if let Err(error @ AnswerError::Unknown { .. }) = Answerable::of(version).check(name, &said.text) {
                return Err(Broken::at(self.file, said.at, format!("{name} in revision {}: {error}", version.name)));
            }
        }
        Ok(())
    }

    fn failures(&self, template: &TemplateSource, snapshots: &mut Snapshots) -> Result<Vec<Failure>, Vec<Broken>> {
        let version = &template.versions[self.version];
        let own = given(&self.test.answers);
        let Some((from, upgrade)) = self.from.zip(self.test.upgrade.as_ref()) else {
            let mut answers = defaults(version.questions());
            answers.extend(own.clone());
            let launched = self.launch(version, &answers, &own, None);
            return self.judged(&launched, Vec::new(), Vec::new(), snapshots);
        };
        let before = &template.versions[from];
        let mut answers = defaults(before.questions());
        answers.extend(own.clone());
        let running = self.launch(before, &answers, &own, None);
        if let Some(why) = running.beyond.iter().chain(&running.refusals).next() {
            let message =
                format!("there is no stack to upgrade: with these answers revision {} is refused: {why}", before.name);
            return Ok(vec![Failure::said(upgrade.from.at, message)]);
        }
        let kept = kept_answers(&answers, version.questions());
        let at_upgrade = given(&upgrade.answers);
        // What nobody is asked for stays as somebody answered it.
        let answerable = Answerable::of(before);
        answers.retain(|name, _| own.contains_key(name) && answerable.check(name, "").is_ok());
        answers.extend(kept);
        answers.extend(at_upgrade.clone());
        let from_version = name_of(before).version.unwrap_or_default();
        let launched = self.launch(version, &answers, &at_upgrade, Some(&from_version));
        let same = from == self.version;
        let (refusals, failures) = upgraded::judge((before, &running), (version, &launched), same, upgrade);
        self.judged(&launched, refusals, failures, snapshots)
    }

    fn launch(&self, version: &VersionSource, answers: &Answers, given: &Answers, previous: Option<&str>) -> Launched {
        let stack = &self.test.stack;
        let own = name_of(version).version.unwrap_or_default();
        let stack = Stack {
            name: stack.name.as_deref().unwrap_or("stack"),
            version: stack.version.as_deref().unwrap_or(&own),
            previous_version: stack.previous_version.as_deref().or(previous).unwrap_or_default(),
            environment: stack.environment.as_deref().unwrap_or("Default"),
        };
        let rancher = self.test.rancher.as_ref().map(|said| said.text.as_str());
        launch(Wish { version, answers, given, stack, rancher })
    }

    /// What is not as it is expected: whether it is refused, what an upgrade does, what is in the files.
    fn judged(
        &self,
        launched: &Launched,
        more_refusals: Vec<String>,
        of_upgrade: Vec<Failure>,
        snapshots: &mut Snapshots,
    ) -> Result<Vec<Failure>, Vec<Broken>> {
        let test = self.test;
        if let Some(beyond) = &launched.beyond {
            return Ok(vec![Failure::said(test.at, format!("it cannot be told what Rancher makes of it: {beyond}"))]);
        }
        let refusals: Vec<&String> = launched.refusals.iter().chain(&more_refusals).collect();
        let all = || refusals.iter().map(|refusal| refusal.as_str()).collect::<Vec<_>>().join("\n");
        match &test.refused {
            Some((Refused::Yes | Refused::Saying(_), at)) if refusals.is_empty() => {
                return Ok(vec![Failure::said(*at, "a refusal is expected, and Rancher takes it")]);
            }
            Some((Refused::Saying(part), at)) if !refusals.iter().any(|refusal| refusal.contains(part.as_str())) => {
                return Ok(vec![Failure {
                    expected: Some(format!("a refusal that says {part:?}")),
                    got: Some(all()),
                    ..Failure::said(*at, "it is refused, but for something else")
                }]);
            }
            Some((Refused::Yes | Refused::Saying(_), _)) => return Ok(Vec::new()),
            Some((Refused::No, _)) | None => {}
        }
        if let Some(first) = refusals.first() {
            let more = if refusals.len() > 1 { format!(" (and {} more)", refusals.len() - 1) } else { String::new() };
            let got = (refusals.len() > 1).then(all);
            return Ok(vec![Failure { got, ..Failure::said(test.at, format!("it is refused: {first}{more}")) }]);
        }
        let mut failures = of_upgrade;
        for expectation in &test.expectations {
            failures.extend(expected::failures(expectation, launched, snapshots)?);
        }
        failures.sort_by_key(|failure| (failure.line, failure.column));
        Ok(failures)
    }
}

fn given(answers: &[(String, Said)]) -> Answers {
    answers.iter().map(|(name, said)| (name.clone(), said.text.clone())).collect()
}
