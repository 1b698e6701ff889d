//! GitHub's workflow commands. A step shows ten annotations of a level and drops the rest without a word, so what does
//! not fit is told in the tenth.

use super::{Told, in_repository, why_silent};
use catalog_check::{Finding, Severity, Silence};

const MOST: usize = 10;

pub(in crate::cli) fn github(told: &Told) -> String {
    let of = |severity: Severity| {
        let findings = told.checked.findings.iter().filter(move |finding| finding.rule.severity == severity);
        findings.map(|finding| annotation(finding, None))
    };
    let mut out = String::new();
    command("error", of(Severity::Error).collect(), "errors", &mut out);
    command("warning", of(Severity::Warning).collect(), "warnings", &mut out);
    // What somebody allows comes before notes: whoever looks at a change must see what it does not say.
    let silenced = |in_baseline: bool| {
        let wanted = told.checked.silenced.iter().filter(move |one| (one.by == Silence::Baseline) == in_baseline);
        wanted.map(|one| annotation(&one.finding, Some(&why_silent(one))))
    };
    let mut notices: Vec<String> = told
        .baseline
        .iter()
        .filter(|(_, gone)| !gone.is_empty())
        .map(|(file, gone)| {
            let many = if gone.len() == 1 { "an entry is" } else { "entries are" };
            let message = format!("{} {many} gone: --write-baseline removes what is no longer found", gone.len());
            format!(" file={},title=baseline::{}", property(&in_repository(file)), data(&message))
        })
        .collect();
    notices.extend(silenced(false));
    notices.extend(of(Severity::Note));
    notices.extend(silenced(true));
    command("notice", notices, "notices", &mut out);
    out
}

/// The commands of a level; a step shows no more than so many.
fn command(name: &str, all: Vec<String>, many: &str, out: &mut String) {
    let fit = if all.len() > MOST { MOST - 1 } else { all.len() };
    all[..fit].iter().for_each(|rest| out.push_str(&format!("::{name}{rest}\n")));
    if all.len() > fit {
        out.push_str(&format!("::{name} title=gen-catalog::and {} more {many}\n", all.len() - fit));
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
