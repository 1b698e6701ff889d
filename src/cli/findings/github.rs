//! GitHub's workflow commands. A step shows ten annotations of a level and drops the rest without a word, so what does
//! not fit is told in the tenth.

use std::path::Path;

use super::{Told, in_repository, why_silent};
use catalog_check::{Finding, Severity, Silence, Silenced};

const MOST: usize = 10;

pub(in crate::cli) fn github(told: &Told) -> Vec<String> {
    let of = |severity: Severity| {
        let findings = told.checked.findings.iter().filter(move |finding| finding.rule.severity == severity);
        findings.map(|finding| Notice::Finding(finding, None))
    };
    let mut out = Vec::new();
    command("error", of(Severity::Error), "errors", &mut out);
    command("warning", of(Severity::Warning), "warnings", &mut out);
    // What somebody allows comes before notes: whoever looks at a change must see what it does not say.
    let silenced = |in_baseline: bool| {
        let wanted = told.checked.silenced.iter().filter(move |one| (one.by == Silence::Baseline) == in_baseline);
        wanted.map(|one| Notice::Finding(&one.finding, Some(one)))
    };
    let gone = told.baseline.iter().filter(|(_, gone)| !gone.is_empty());
    let gone = gone.map(|(file, gone)| Notice::Gone(file, gone.len()));
    let notices = gone.chain(silenced(false)).chain(of(Severity::Note)).chain(silenced(true));
    command("notice", notices, "notices", &mut out);
    out
}

/// What an annotation is about.
enum Notice<'a> {
    Finding(&'a Finding, Option<&'a Silenced>),
    /// A baseline has so many entries too many.
    Gone(&'a Path, usize),
}

impl Notice<'_> {
    fn text(&self) -> String {
        match self {
            Self::Finding(finding, silenced) => annotation(finding, silenced.map(why_silent).as_deref()),
            Self::Gone(file, gone) => {
                let many = if *gone == 1 { "an entry is" } else { "entries are" };
                let message = format!("{gone} {many} gone: --write-baseline removes what is no longer found");
                format!(" file={},title=baseline::{}", property(&in_repository(file)), data(&message))
            }
        }
    }
}

/// The commands of a level; a step shows no more than so many.
fn command<'a>(name: &str, mut all: impl Iterator<Item = Notice<'a>>, many: &str, out: &mut Vec<String>) {
    let first: Vec<Notice<'_>> = all.by_ref().take(MOST).collect();
    let more = all.count();
    let fit = if more > 0 { MOST - 1 } else { first.len() };
    out.extend(first.iter().take(fit).map(|notice| format!("::{name}{}\n", notice.text())));
    if more > 0 {
        out.push(format!("::{name} title=gen-catalog::and {} more {many}\n", more + 1));
    }
}

fn annotation(finding: &Finding, silent: Option<&str>) -> String {
    let mut place = format!("file={}", property(&in_repository(&finding.path)));
    if finding.start.line > 0 {
        let end = finding.end_column.max(finding.start.column + 1) - 1;
        place.push_str(&format!(",line={},col={},endColumn={end}", finding.start.line, finding.start.column));
    }
    let (title, message) = match silent {
        Some(why) => (format!("silenced {}", finding.rule.id), format!("{}\n{why}", finding.message)),
        None => {
            (finding.rule.id.to_owned(), format!("{}\n{}\n{}", finding.message, finding.rule.why, finding.rule.fix))
        }
    };
    format!(" {place},title={title}::{}", data(&message))
}

fn data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}
