//! What is found and not told: a comment, gen-catalog.toml or a baseline says so. It is kept, and counted.

use std::collections::{BTreeSet, HashMap};
use std::path::Path;

use super::allowance::{Comment, comments};
use super::before::Before;
use super::changed::ALLOWANCE_CHANGED;
use super::config::CatalogConfig;
use super::report::{Finding, Place, beginning_of};
use super::rule::Rule;
use super::rules;
use super::view::yaml_files;
use rancher_catalog::source::{TemplateSource, YamlFile};
use rancher_catalog::yaml::Position;

/// What silences a finding.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Silence {
    /// A comment in this line of the file.
    Comment(u32),
    /// The entry in this line of gen-catalog.toml.
    Config(u32),
    /// The baseline: it was there before.
    Baseline,
}

/// A finding that is not told.
#[derive(Debug, Clone)]
pub struct Silenced {
    /// What was found.
    pub finding: Finding,
    /// What silences it.
    pub by: Silence,
    /// Why, in the words of whoever allowed it.
    pub reason: String,
}

/// By what findings are judged.
pub(super) struct Judge<'a> {
    pub config: &'a CatalogConfig,
    /// Where a change is judged: what was allowed before it.
    pub before: Option<&'a Before>,
    /// Whether a rule has run.
    pub ran: &'a dyn Fn(&Rule) -> bool,
}

/// What came of the findings about a template.
#[derive(Default)]
pub(super) struct Sorted {
    pub told: Vec<Finding>,
    pub silenced: Vec<Silenced>,
    /// Which entries of gen-catalog.toml silenced something.
    pub used: BTreeSet<usize>,
}

/// The comments of a file: whether each counts, and whether it has silenced something.
struct Allowances<'a> {
    file: &'a YamlFile,
    comments: Vec<(Comment, bool, bool)>,
}

impl Allowances<'_> {
    /// The comment that silences what a rule finds in a line.
    fn take(&mut self, rule: &str, line: u32) -> Option<(u32, String)> {
        let of = self.comments.iter_mut().filter(|(comment, counts, _)| *counts && comment.silences(rule, line));
        // All that fit are used: a second one is idle for a reader, but no mistake.
        let mut first = None;
        for (comment, _, used) in of {
            *used = true;
            if let (None, Ok(allowed)) = (&first, &comment.says) {
                first = Some((comment.line, allowed.reason.clone()));
            }
        }
        first
    }
}

/// Parts what is told about a template from what is silenced; tells of comments that silence nothing.
pub(super) fn sort_out(template: &TemplateSource, findings: Vec<Finding>, judge: &Judge<'_>) -> Sorted {
    let mut sorted = Sorted::default();
    let mut files: HashMap<&Path, Allowances<'_>> = HashMap::new();
    for file in yaml_files(template) {
        let counts = |comment: &Comment| judge.before.is_none_or(|before| before.knows(&template.path, comment, file));
        let comments: Vec<_> = comments(file)
            .into_iter()
            .map(|comment| {
                let counts = counts(&comment);
                (comment, counts, false)
            })
            .collect();
        if !comments.is_empty() {
            files.insert(&file.path, Allowances { file, comments });
        }
    }
    for finding in findings {
        let Some(allowances) = files.get_mut(finding.path.as_path()) else {
            by_config(template, finding, judge, &mut sorted);
            continue;
        };
        if let Some(rest) = by_comments(finding, allowances, &mut sorted.silenced) {
            by_config(template, rest, judge, &mut sorted);
        }
    }
    for allowances in files.values() {
        for finding in idle(allowances, judge) {
            by_config(template, finding, judge, &mut sorted);
        }
    }
    sorted
}

/// Takes the places out of a finding that comments silence; what is left of it, if anything is.
fn by_comments(finding: Finding, allowances: &mut Allowances<'_>, silenced: &mut Vec<Silenced>) -> Option<Finding> {
    let rule = finding.rule.id;
    if finding.also.is_empty() {
        return match allowances.take(rule, finding.start.line) {
            Some((line, reason)) => {
                silenced.push(Silenced { finding, by: Silence::Comment(line), reason });
                None
            }
            None => Some(finding),
        };
    }
    let mut left = Vec::new();
    let first = Place { start: finding.start, end_column: finding.end_column, fix: finding.fix.clone() };
    for place in std::iter::once(first).chain(finding.also.iter().cloned()) {
        match allowances.take(rule, place.start.line) {
            Some((line, reason)) => {
                let finding = at_places(&finding, vec![place], allowances.file);
                silenced.extend(finding.map(|finding| Silenced { finding, by: Silence::Comment(line), reason }));
            }
            None => left.push(place),
        }
    }
    at_places(&finding, left, allowances.file)
}

/// The same finding at other places.
fn at_places(finding: &Finding, places: Vec<Place>, file: &YamlFile) -> Option<Finding> {
    let mut places = places.into_iter();
    let first = places.next()?;
    Some(Finding {
        start: first.start,
        end_column: first.end_column,
        fix: first.fix,
        line_text: Some(beginning_of(file, first.start.line)),
        also: places.collect(),
        message: finding.message.clone(),
        path: finding.path.clone(),
        rule: finding.rule,
    })
}

fn by_config(template: &TemplateSource, finding: Finding, judge: &Judge<'_>, sorted: &mut Sorted) {
    match judge.config.silences(&template.path, &finding) {
        Some(at) => {
            let allow = &judge.config.allow[at];
            let (by, reason) = (Silence::Config(allow.line), allow.reason.clone());
            sorted.used.insert(at);
            sorted.silenced.push(Silenced { finding, by, reason });
        }
        None => sorted.told.push(finding),
    }
}

/// What is to be said of the comments of a file.
fn idle(allowances: &Allowances<'_>, judge: &Judge<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (comment, counts, used) in &allowances.comments {
        let (rule, message): (&'static Rule, String) = match &comment.says {
            Err(fault) => (&rules::allowance_without_effect::RULE, fault.clone()),
            Ok(allowed) if !counts => {
                let message = format!("this change allows `{}` here itself: that does not count in it", allowed.rule);
                (&ALLOWANCE_CHANGED, message)
            }
            Ok(allowed) if !used && rules::by_id(&allowed.rule).is_some_and(judge.ran) => {
                let message = format!("`{}` finds nothing here that this could allow", allowed.rule);
                (&rules::allowance_without_effect::RULE, message)
            }
            Ok(_) => continue,
        };
        if (judge.ran)(rule) {
            findings.push(Finding {
                rule,
                path: allowances.file.path.clone(),
                start: Position { line: comment.line, column: comment.column, offset: 0 },
                end_column: allowances.file.line_end(comment.line),
                message,
                fix: None,
                line_text: Some(beginning_of(allowances.file, comment.line)),
                also: Vec::new(),
            });
        }
    }
    findings
}
