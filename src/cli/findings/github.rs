//! GitHub's workflow commands. A step shows ten annotations of a level and drops the rest without a word, so what does
//! not fit is told in the tenth.

use super::shown;
use catalog_check::{Checked, Finding, Severity};

const MOST: usize = 10;

pub(in crate::cli) fn github(checked: &Checked) -> String {
    let mut out = String::new();
    for (severity, command) in [(Severity::Error, "error"), (Severity::Warning, "warning"), (Severity::Note, "notice")]
    {
        let all: Vec<&Finding> = checked.findings.iter().filter(|finding| finding.rule.severity == severity).collect();
        let fit = if all.len() > MOST { MOST - 1 } else { all.len() };
        for finding in &all[..fit] {
            let mut place = format!("file={}", property(&shown(&finding.path)));
            if finding.start.line > 0 {
                let end = finding.end_column.max(finding.start.column + 1) - 1;
                place.push_str(&format!(",line={},col={},endColumn={end}", finding.start.line, finding.start.column));
            }
            let message = format!("{}\n{}\n{}", finding.message, finding.rule.why, finding.rule.mend);
            out.push_str(&format!("::{command} {place},title={}::{}\n", finding.rule.id, data(&message)));
        }
        let rest = all.len() - fit;
        if rest > 0 {
            out.push_str(&format!("::{command} title=gen-catalog::and {rest} more {}s\n", severity.name()));
        }
    }
    out
}

fn data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}
