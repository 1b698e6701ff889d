//! The title and the text of the pull request, and the message of its commit.

use std::fmt::Write;
use std::path::Path;

use super::base::Base;
use super::commit::Content;
use super::plan::{ReleasePlan, TemplateRelease};
use crate::catalog::{Change, ChangeKind};
use crate::entries::Publication;
use catalog_check::{Finding, Severity};
use catalog_diff::words::{code, fenced_diff, template_markdown, text_diff, version_markdown};
use rancher_catalog::digest::sha256_hex;
use rancher_catalog::model::ImageReference;

/// The most of a text diff that is shown: a code host takes texts of some 65,000 characters.
const DIFF: usize = 20_000;
/// The most findings that are shown.
const FINDINGS: usize = 30;

/// A pull request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PullRequest {
    /// Its title, and the first line of the commit's message.
    pub title: String,
    /// Its text, in Markdown.
    pub body: String,
    /// The commit's message.
    pub message: String,
}

/// What a pull request tells beside the plan.
#[derive(Debug, Clone)]
pub struct Circumstances<'a> {
    /// What it builds upon.
    pub base: &'a Base,
    /// The image that the entry names.
    pub image: &'a ImageReference,
    /// What the commit holds; not known of a release that is only looked at.
    pub content: Option<Content>,
    /// The branch.
    pub branch: &'a str,
    /// The options that make the same release again.
    pub options: String,
    /// The commit that this program was built from, if it knows.
    pub generator_commit: Option<&'a str>,
}

impl PullRequest {
    /// Writes it.
    pub fn write(plan: &ReleasePlan, publication: &Publication, circumstances: &Circumstances<'_>) -> Self {
        let changed: Vec<&TemplateRelease> =
            plan.templates.iter().filter(|template| !template.changes.is_empty()).collect();
        let folders: Vec<&str> = changed.iter().map(|template| template.folder.as_str()).collect();
        let title = format!("{}: {}", folders.join(", "), publication.version);
        Self {
            message: message(&title, &changed, publication),
            body: body(plan, &changed, publication, circumstances),
            title,
        }
    }
}

fn message(title: &str, changed: &[&TemplateRelease], publication: &Publication) -> String {
    let mut out = format!("{title}\n\n");
    for template in changed {
        // Writing to a string cannot fail.
        let _ = match (template.published, &template.replaces) {
            (true, _) => writeln!(out, "{}: config.yml and icon.", template.folder),
            (false, Some(replaced)) => writeln!(
                out,
                "{} gets {} as revision {}; the default before was {}.",
                template.folder,
                publication.version,
                template.revision,
                replaced.text()
            ),
            (false, None) => {
                writeln!(out, "{} gets {} as revision {}.", template.folder, publication.version, template.revision)
            }
        };
        if !template.closed.is_empty() {
            let _ = writeln!(out, "Closed to newer Rancher servers: revisions {}.", list(&template.closed));
        }
    }
    let _ = write!(out, "\nRendered by gen-catalog {}.\n", env!("CARGO_PKG_VERSION"));
    out
}

fn list(revisions: &[rancher_catalog::model::Revision]) -> String {
    revisions.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}

fn body(
    plan: &ReleasePlan,
    changed: &[&TemplateRelease],
    publication: &Publication,
    about: &Circumstances<'_>,
) -> String {
    let mut out = String::new();
    let _ = writeln!(out, "{}\n", env!("CARGO_PKG_DESCRIPTION"));
    for template in changed {
        let word = if template.published { "stays" } else { "is new" };
        let _ = writeln!(
            out,
            "- {}: version {} {word}, revision {}",
            code(&template.folder),
            code(&publication.version.text()),
            code(&template.revision.to_string())
        );
        if let Some(replaced) = template.replaces.as_ref().filter(|_| !template.published) {
            let _ = writeln!(out, "  - the default before: {}", code(&replaced.text()));
        }
        if !template.closed.is_empty() {
            let _ = writeln!(out, "  - older revisions closed to newer Rancher servers: {}", list(&template.closed));
        }
        for kept in &template.kept {
            let _ = writeln!(out, "  - {} keeps what it has beside the version", code(kept));
        }
    }
    let _ = writeln!(out, "- offered by Rancher {} and later", code(&publication.minimum_rancher_version.text()));
    let pinned = match about.image.digest {
        Some(_) => "pinned by digest",
        None => "by tag: no digest is pinned",
    };
    let _ = writeln!(out, "- image: {} ({pinned})", code(&about.image.to_string()));
    for template in changed {
        meaning(template, &mut out);
    }
    checks(plan, &mut out);
    provenance(plan, about, &mut out);
    out
}

fn meaning(template: &TemplateRelease, out: &mut String) {
    if let Some(comparison) = &template.comparison {
        let (before, after) = (code(&comparison.before.text()), code(&comparison.after.text()));
        let _ = writeln!(out, "\n## What changes in {}: {before} → {after}\n", code(&template.folder));
        out.push_str(&version_markdown(comparison, 3));
        line_by_line(&text_diff(&comparison.files), out);
    } else if !template.published {
        let _ = writeln!(out, "\n## {}\n\nIt is the first version.", code(&template.folder));
    }
    if let Some(beside) = template.beside.as_ref().filter(|beside| !beside.differences.is_empty()) {
        out.push_str("\n## Beside the versions\n\n");
        out.push_str(&template_markdown(beside, 3));
    }
}

fn checks(plan: &ReleasePlan, out: &mut String) {
    let findings = &plan.checked.findings;
    let _ = writeln!(out, "\n## Check\n\n{}.\n", check_summary(findings));
    let changes = |finding: &&Finding| {
        plan.changes()
            .any(|change| finding.path.starts_with(&change.path) || Path::new(&change.path).starts_with(&finding.path))
    };
    let (of_changes, others): (Vec<&Finding>, Vec<&Finding>) = findings.iter().partition(changes);
    list_findings(&of_changes, out);
    if !others.is_empty() {
        let _ = writeln!(out, "- {} in what was published before", others.len());
    }
}

/// A line for each finding, up to as many as people read.
pub fn list_findings(findings: &[&Finding], out: &mut String) {
    for finding in findings.iter().take(FINDINGS) {
        let (severity, rule, place) = (finding.rule.severity.name(), code(finding.rule.id), code(&finding.place()));
        // Writing to a string cannot fail.
        let _ = writeln!(out, "- {severity} {rule}: {place}: {}", code(&finding.message));
    }
    let more = findings.len().saturating_sub(FINDINGS);
    if more > 0 {
        let _ = writeln!(out, "- and {more} more");
    }
}

/// What changes line by line, folded away; nothing where nothing does.
pub fn line_by_line(diff: &str, out: &mut String) {
    if !diff.is_empty() {
        let diff = fenced_diff(diff, DIFF);
        let _ = writeln!(out, "\n<details><summary>Line by line</summary>\n\n{diff}\n</details>");
    }
}

/// The digest of each file that changes, folded away.
pub fn digests<'c>(changes: impl Iterator<Item = &'c Change>, out: &mut String) {
    out.push_str("\n<details><summary>SHA-256 of each file</summary>\n\n");
    for change in changes {
        let digest = sha256_hex(change.after.as_deref().unwrap_or_default());
        let _ = writeln!(out, "- {} {}", code(&digest), code(&change.path));
    }
    out.push_str("\n</details>\n");
}

/// `no error, 1 warning, 2 notes`.
pub fn check_summary(findings: &[Finding]) -> String {
    let count = |severity: Severity| findings.iter().filter(|finding| finding.rule.severity == severity).count();
    let words = [(Severity::Error, "error"), (Severity::Warning, "warning"), (Severity::Note, "note")];
    let counted = words.map(|(severity, word)| match count(severity) {
        0 => format!("no {word}"),
        1 => format!("1 {word}"),
        more => format!("{more} {word}s"),
    });
    counted.join(", ")
}

fn provenance(plan: &ReleasePlan, about: &Circumstances<'_>, out: &mut String) {
    let (version, repository) = (env!("CARGO_PKG_VERSION"), env!("CARGO_PKG_REPOSITORY"));
    let _ = write!(
        out,
        "\n## How it was made\n\nEvery file was rendered from a typed model by gen-catalog {version} of {repository}"
    );
    if let Some(commit) = about.generator_commit {
        let _ = write!(out, " at commit {}", code(commit));
    }
    let _ = writeln!(out, "; nothing was edited by hand. It was built upon {}.", code(&about.base.commit));
    let again = format!("{}-again", about.branch);
    let _ = writeln!(out, "\nTo make it once more, byte for byte, with that program in a clone of this catalog:\n");
    let _ = writeln!(
        out,
        "    gen-catalog release --catalog . --base {} --branch {again}{}\n    git diff --exit-code {again} {}",
        about.base.commit, about.options, about.branch
    );
    if let Some(content) = &about.content {
        let _ = writeln!(out, "\nThe commit's tree is {} whoever makes it.", code(&content.tree));
    }
    digests(plan.changes().filter(|change| change.kind() != ChangeKind::Same), out);
}
