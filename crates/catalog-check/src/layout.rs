//! Layout is told once a file: whoever checks thousands of files must not lose what matters among blanks and tabs.

use std::collections::HashMap;
use std::mem;
use std::path::PathBuf;

use super::report::{Finding, Place, Severity};

/// The rules of layout: each has a fault in any number of lines of a file, and none changes what Rancher reads.
const RULES: [&str; 5] = ["text-crlf", "text-tab", "text-trailing-space", "text-final-newline", "text-blank-end"];

/// Makes of all findings of a file about its layout one, at the first place, with how many there are of each kind.
pub fn once_a_file(findings: Vec<Finding>) -> Vec<Finding> {
    let mut kept: Vec<Finding> = Vec::with_capacity(findings.len());
    let mut first: HashMap<(PathBuf, Severity), usize> = HashMap::new();
    for mut finding in findings {
        if !RULES.contains(&finding.rule.id) {
            kept.push(finding);
            continue;
        }
        let key = (finding.path.clone(), finding.rule.severity);
        match first.get(&key).and_then(|at| kept.get_mut(*at)) {
            None => {
                first.insert(key, kept.len());
                let message = counted(&finding, None);
                kept.push(Finding { message, ..finding });
            }
            Some(told) => {
                let other = (told.rule.id != finding.rule.id).then_some(finding.rule.id);
                told.message.push_str(&format!("; also {}", counted(&finding, other)));
                told.also.push(Place { start: finding.start, end_column: finding.end_column, fix: finding.fix.take() });
                told.also.append(&mut mem::take(&mut finding.also));
            }
        }
    }
    kept
}

/// What is wrong, with how often it is so, and the rule where that is another one than the finding's.
fn counted(finding: &Finding, other: Option<&str>) -> String {
    let lines = (!finding.also.is_empty()).then(|| format!("{} lines", finding.also.len() + 1));
    let more: Vec<String> = other.map(str::to_owned).into_iter().chain(lines).collect();
    if more.is_empty() { finding.message.clone() } else { format!("{} ({})", finding.message, more.join(", ")) }
}
