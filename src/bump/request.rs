//! The title and text of the pull request for a new revision of a template, and the message of its commit.

use std::fmt::Write;

use super::BumpPlan;
use crate::release::pull_request::{PullRequest, check_summary, digests, line_by_line, list_findings};
use catalog_diff::words::{code, version_markdown};

/// Writes it; `base` is the commit that it builds upon, `owners` are those who are told of it.
pub fn request(plan: &BumpPlan, base: &str, owners: &[String]) -> PullRequest {
    let title = format!("{}: {}", plan.folder, plan.version);
    PullRequest { message: message(plan, &title), body: body(plan, base, owners), title }
}

fn message(plan: &BumpPlan, title: &str) -> String {
    let BumpPlan { folder, from, to, old_version, version, .. } = plan;
    let mut out = format!("{title}\n\n{folder} gets {version} as revision {to}, made from {from} ({old_version}).\n");
    for image in &plan.images {
        // Writing to a string cannot fail.
        let _ = writeln!(out, "Image: {}", changed(&image.before, &image.after));
    }
    if let Some((default, true)) = &plan.default {
        let _ = writeln!(out, "Default: {default} → {version}");
    }
    let _ = write!(out, "\nMade by gen-catalog {}.\n", env!("CARGO_PKG_VERSION"));
    out
}

fn changed(before: &[String], after: &str) -> String {
    if before.is_empty() { after.to_owned() } else { format!("{} → {after}", before.join(", ")) }
}

fn body(plan: &BumpPlan, base: &str, owners: &[String]) -> String {
    let mut out = String::new();
    let BumpPlan { folder, from, to, old_version, version, .. } = plan;
    let _ = writeln!(
        out,
        "- {}: version {} is new, revision {}, made from revision {} ({})",
        code(folder),
        code(version),
        code(to),
        code(from),
        code(old_version)
    );
    match &plan.default {
        Some((default, true)) => {
            let _ = writeln!(out, "- the default version: {} → {}", code(default), code(version));
        }
        Some((default, false)) => {
            let _ = writeln!(out, "- the default version stays {}", code(default));
        }
        None => {}
    }
    for image in &plan.images {
        let _ = writeln!(out, "- image: {}", code(&changed(&image.before, &image.after)));
    }
    if !owners.is_empty() {
        // A code host tells who is named so.
        let _ = writeln!(out, "- owners: {}", owners.join(", "));
    }
    if let Some(comparison) = &plan.comparison {
        let _ = writeln!(out, "\n## What changes: {} → {}\n", code(old_version), code(version));
        out.push_str(&version_markdown(comparison, 3));
    }
    let diff: String = plan.pairs.iter().map(super::FilePair::unified_diff).collect();
    line_by_line(&diff, &mut out);
    let findings = &plan.checked.findings;
    let _ = writeln!(out, "\n## Check\n\n{}.\n", check_summary(findings));
    list_findings(&findings.iter().collect::<Vec<_>>(), &mut out);
    let _ = writeln!(
        out,
        "\n## How it was made\n\nBy gen-catalog {} upon {}: revision {} was copied, and only what is shown above was changed.",
        env!("CARGO_PKG_VERSION"),
        code(base),
        code(from)
    );
    digests(plan.changes.iter(), &mut out);
    out
}
