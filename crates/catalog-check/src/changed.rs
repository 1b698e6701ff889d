//! What only a diff can show: what a change does to versions that are published already.

use std::collections::BTreeSet;

use super::report::{Finding, Report, Severity};
use super::rule::{Example, RefusedBy, Rule};
use rancher_catalog::model::Version;
use rancher_catalog::source::{TemplateSource, VersionSource};

macro_rules! diff_rule {
    ($name:ident, $id:literal, $severity:ident, $finds:literal, $why:literal, $fix:literal, $refused_by:expr) => {
        #[doc = $finds]
        pub static $name: Rule = Rule {
            id: $id,
            severity: Severity::$severity,
            finds: $finds,
            why: $why,
            fix: $fix,
            refused_by: $refused_by,
            fires: Example(&[]),
            quiet: Example(&[]),
            check: |_, _| {},
        };
    };
}

/// A stack is told neither that what it runs has changed nor that it is gone.
const REFUSED_BY_NOBODY: Option<RefusedBy> = Some(RefusedBy {
    part: RefusedBy::NOBODY,
    words: "it says nothing: a stack is offered what stands there now, or no upgrade any more",
});

diff_rule!(
    PUBLISHED_CHANGED,
    "published-revision-changed",
    Error,
    "A revision that was published is changed or removed.",
    "Stacks that run it know it by its number: what they get when they are upgraded or launched again is not what they had.",
    "Leave it as it was, and put the change into a new revision. Its README.md and maximum_rancher_version may change.",
    REFUSED_BY_NOBODY
);
diff_rule!(
    RENUMBERED,
    "revision-renumbered",
    Error,
    "A published revision has another number now.",
    "Stacks that run it know it by its number, and no longer find it.",
    "Give it back its number; a new version gets the next one.",
    REFUSED_BY_NOBODY
);
diff_rule!(
    NOT_HIGHER,
    "version-not-higher",
    Warning,
    "A new revision has no higher version than the one before it.",
    "Rancher offers an upgrade only to a higher version. A version for an older Rancher can well be lower.",
    "Raise the version, or allow this finding with the reason.",
    None
);
diff_rule!(
    DEFAULT_NOT_FOLLOWING,
    "default-version-not-following",
    Warning,
    "A new revision is there, but config.yml's version stays.",
    "People go on being offered the old version.",
    "Set config.yml's version to the new one, if it is to be the default.",
    None
);

diff_rule!(
    ALLOWANCE_CHANGED,
    "allowance-changed",
    Warning,
    "A change allows something, takes an allowance back, or says that the catalog is for others.",
    "What a change allows does not count in it: else it could quiet the check that judges it.",
    "Look whether it should be allowed. It counts once it is merged; a change of its own can bring it first.",
    None
);

/// The rules that need a diff.
pub static RULES: [&Rule; 5] =
    [&PUBLISHED_CHANGED, &RENUMBERED, &NOT_HIGHER, &DEFAULT_NOT_FOLLOWING, &ALLOWANCE_CHANGED];

/// What a template's change does to its published versions.
pub fn compare(before: &TemplateSource, after: &TemplateSource) -> Vec<Finding> {
    let mut report = Report::default();
    let numbered = |template: &TemplateSource| -> Vec<String> {
        template
            .versions
            .iter()
            .filter(|version| version.revision.is_some())
            .map(|version| version.name.clone())
            .collect()
    };
    let version_of = |version: &VersionSource| version.version();
    let (old, new) = (numbered(before), numbered(after));
    for version in before.versions.iter().filter(|version| version.revision.is_some()) {
        let Some(now) = after.versions.iter().find(|now| now.name == version.name) else {
            let text = version_of(version).map(|version| version.text());
            let moved = after.versions.iter().find(|now| {
                !old.contains(&now.name) && text.is_some() && version_of(now).map(|version| version.text()) == text
            });
            match moved {
                Some(now) => {
                    report.begin(&RENUMBERED);
                    report.path(&now.path, format!("this was revision {}", version.name));
                }
                None => {
                    report.begin(&PUBLISHED_CHANGED);
                    report.path(&after.path, format!("revision {} was removed", version.name));
                }
            }
            continue;
        };
        // What was taken over from there is as it was.
        if now.path == version.path {
            continue;
        }
        report.begin(&PUBLISHED_CHANGED);
        let names: BTreeSet<&String> =
            [&version.files, &version.others, &now.files, &now.others].into_iter().flatten().collect();
        for name in names {
            let (was, is) = (version.content(name), now.content(name));
            let harmless = name.to_ascii_lowercase().starts_with("readme")
                || (name == "rancher-compose.yml" && closes_alone(version, now));
            if was != is && !harmless {
                let word = match (&was, &is) {
                    (None, _) => "added to",
                    (_, None) => "removed from",
                    _ => "changed in",
                };
                let what = match now.others.contains(name) {
                    true => "; a link, or what is no file, is there now",
                    false => "",
                };
                let number = &version.name;
                report.path(&now.path.join(name), format!("{word} revision {number}, which was published{what}"));
            }
        }
    }
    let last = before.versions.iter().rfind(|version| version.revision.is_some());
    let added: Vec<&VersionSource> =
        after.versions.iter().filter(|version| new.contains(&version.name) && !old.contains(&version.name)).collect();
    for version in &added {
        report.begin(&NOT_HIGHER);
        if let (Some(is), Some(was)) = (version_of(version), last.and_then(version_of))
            && !is_higher(&is, &was)
            && !report_renumbered(&report, version)
        {
            report
                .path(&version.path, format!("{is} is not higher than {was}, the version of the last revision before"));
        }
    }
    let default = |template: &TemplateSource| template.config_model()?.ok()?.version.value().map(Version::text);
    report.begin(&DEFAULT_NOT_FOLLOWING);
    let new = added.iter().rfind(|version| !report_renumbered(&report, version));
    if let (Some(version), Some(file)) = (new, &after.config)
        && default(before).is_some()
        && default(before) == default(after)
    {
        report.path(
            &file.path,
            format!(
                "the default is still {}, though revision {} is new",
                default(after).unwrap_or_default(),
                version.name
            ),
        );
    }
    report.findings
}

fn report_renumbered(report: &Report, version: &VersionSource) -> bool {
    report.findings.iter().any(|finding| finding.rule.id == RENUMBERED.id && finding.path == version.path)
}

fn is_higher(is: &Version, was: &Version) -> bool {
    match (is.semver(), was.semver()) {
        (Ok(is), Ok(was)) => is > was,
        _ => is.cmp_as_rancher(was).is_gt(),
    }
}

/// Whether two rancher-compose files differ in their maximum_rancher_version alone: so old versions are closed.
fn closes_alone(before: &VersionSource, after: &VersionSource) -> bool {
    let without = |version: &VersionSource| {
        let mut value = version.rancher_compose.as_ref()?.raw().as_ref().ok()?.to_value();
        for key in ["catalog", ".catalog"] {
            if let Some(block) = value.get_mut(key).and_then(|block| block.as_mapping_mut()) {
                block.remove("maximum_rancher_version");
            }
        }
        Some(value)
    };
    let (before, after) = (without(before), without(after));
    before.is_some() && before == after
}
