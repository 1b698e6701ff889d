//! What a rule is.

use super::report::{Report, Severity};
use rancher_catalog::source::TemplateSource;

/// A rule over one template.
#[derive(Debug)]
pub struct Rule {
    /// Its name, for ever.
    pub id: &'static str,
    /// How bad its findings are.
    pub severity: Severity,
    /// What it finds, in one sentence.
    pub finds: &'static str,
    /// Why that matters in Rancher.
    pub why: &'static str,
    /// How to fix it.
    pub fix: &'static str,
    /// Who in Rancher refuses what an error finds, and how.
    pub refused_by: Option<RefusedBy>,
    /// A template in which it finds something.
    pub fires: Example,
    /// One in which it does not, for the same matter.
    pub quiet: Example,
    /// The rule itself.
    pub check: fn(&TemplateSource, &mut Report),
}

/// The part of Rancher that refuses something, and its words.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RefusedBy {
    /// The part: `the compose executor`, `Cattle`, `catalog-service`, …
    pub part: &'static str,
    /// What it says, or what it does without a word.
    pub words: &'static str,
}

impl RefusedBy {
    /// The part that is named where none refuses it.
    pub const NOBODY: &'static str = "no part";
}

/// A template, as changes to a good one ([`super::rules::GOOD_TEMPLATE`]).
#[derive(Debug, Clone, Copy)]
pub struct Example(pub &'static [Edit]);

/// A change to the good template.
#[derive(Debug, Clone, Copy)]
pub enum Edit {
    /// In a file, a text becomes another.
    Replace(&'static str, &'static str, &'static str),
    /// A file is written.
    Write(&'static str, &'static str),
    /// A file is removed.
    Remove(&'static str),
    /// A symbolic link is made.
    Link(&'static str, &'static str),
    /// A file is written that need not be text.
    Bytes(&'static str, &'static [u8]),
    /// A file becomes larger than what is read.
    Large(&'static str),
    /// The template is another folder.
    Folder(&'static str),
}
