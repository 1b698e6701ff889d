//! What a test expects of an upgrade.

use std::collections::BTreeSet;

use catalog_check::is_it;
use catalog_diff::running::{self, Running};
use catalog_diff::upgrade::{Reason, ReasonKind};
use rancher_catalog::model::CatalogBlock;
use rancher_catalog::source::VersionSource;
use rancher_catalog::yaml::ReadError;

use super::failure::Failure;
use super::keys::FILES;
use super::launch::Launched;
use super::test_file::{Happens, Upgrade};

impl Happens {
    fn is(self, kind: ReasonKind) -> bool {
        match self {
            Self::Recreates => kind == ReasonKind::Recreates,
            Self::Starts => kind == ReasonKind::Starts,
            Self::Leaves => kind == ReasonKind::Leaves,
        }
    }

    fn word(self) -> &'static str {
        match self {
            Self::Recreates => "recreates",
            Self::Starts => "starts",
            Self::Leaves => "leaves",
        }
    }
}

/// Why Rancher does not carry an upgrade out, and what of it is not as expected.
pub(super) fn judge(
    before: (&VersionSource, &Launched),
    after: (&VersionSource, &Launched),
    is_same_version: bool,
    expected: &Upgrade,
) -> (Vec<String>, Vec<Failure>) {
    if after.1.beyond.is_some() || !after.1.refusals.is_empty() {
        return (Vec::new(), Vec::new());
    }
    let reasons = match reasons(before, after, is_same_version) {
        Ok(reasons) => reasons,
        Err(error) => {
            let message = format!("it cannot be told what the upgrade does: with its answers, line {error}");
            return (Vec::new(), vec![Failure::said(expected.from.at, message)]);
        }
    };
    let refusal = |reason: &Reason| match reason.kind {
        ReasonKind::NotOffered => Some(format!("Rancher does not offer the upgrade: {}", reason.text)),
        ReasonKind::Fails => Some(format!("the upgrade fails because of {}: {}", reason.subject, reason.text)),
        _ => None,
    };
    let refusals: Vec<String> = reasons.iter().filter_map(refusal).collect();
    let services: BTreeSet<&str> = before.1.services().into_iter().chain(after.1.services()).collect();
    (refusals, failures(&reasons, &services, (before.1, after.1), expected))
}

fn reasons(
    before: (&VersionSource, &Launched),
    after: (&VersionSource, &Launched),
    is_same_version: bool,
) -> Result<Vec<Reason>, ReadError> {
    let none = CatalogBlock::default();
    // Who has no docker-compose.yml starts nothing.
    let (Some(old), Some(new)) = (before.1.file(FILES[0]), after.1.file(FILES[0])) else { return Ok(Vec::new()) };
    running::upgrade(
        Running {
            block: before.0.catalog().unwrap_or(&none),
            docker: &old.document,
            rancher: before.1.file(FILES[1]).map(|file| &file.document),
        },
        Running {
            block: after.0.catalog().unwrap_or(&none),
            docker: &new.document,
            rancher: after.1.file(FILES[1]).map(|file| &file.document),
        },
        is_same_version,
    )
}

fn failures(
    reasons: &[Reason],
    services: &BTreeSet<&str>,
    (before, after): (&Launched, &Launched),
    expected: &Upgrade,
) -> Vec<Failure> {
    let mut failures = Vec::new();
    let unknown = |name: &str| {
        let meant = is_it(services.iter().copied(), name);
        format!("neither revision has a service `{name}`{meant}")
    };
    let why = |subject: &str, happens: Happens| {
        let of = |reason: &&Reason| happens.is(reason.kind) && reason.subject == subject;
        reasons.iter().filter(of).map(|reason| reason.text.as_str()).collect::<Vec<_>>().join("; ")
    };
    for (happens, wanted, at) in &expected.all {
        let wanted: BTreeSet<&str> = wanted.iter().map(String::as_str).collect();
        let of = reasons.iter().filter(|reason| happens.is(reason.kind));
        let found: BTreeSet<&str> = of.map(|reason| reason.subject.as_str()).collect();
        // `leaves` may name a volume, as it is told of one.
        let is_known = |name: &&&str| services.contains(**name) || name.starts_with("volume ");
        if let Some(name) = wanted.iter().find(|name| !is_known(name)) {
            failures.push(Failure::said(*at, unknown(name)));
        } else if wanted != found {
            let told = |name: &&str| format!("{name} ({})", why(name, *happens));
            let got: Vec<String> = found.iter().map(told).collect();
            let wanted: Vec<&str> = wanted.into_iter().collect();
            failures.push(Failure {
                path: Some(format!("upgrade.{}", happens.word())),
                expected: Some(none_or(wanted.join(", "))),
                got: Some(none_or(got.join(", "))),
                ..Failure::said(*at, format!("the upgrade {} other services", happens.word()))
            });
        }
    }
    for keeps in &expected.keeps {
        let name = keeps.text.as_str();
        let recreated = why(name, Happens::Recreates);
        let message = if !services.contains(name) {
            unknown(name)
        } else if !before.services().contains(&name) {
            format!("`{name}` is new: there are no containers that could be kept")
        } else if !after.services().contains(&name) {
            format!("`{name}` is no part of the version any more")
        } else if !recreated.is_empty() {
            format!("the containers of `{name}` are replaced: {recreated}")
        } else {
            continue;
        };
        failures.push(Failure { path: Some("upgrade.keeps".to_owned()), ..Failure::said(keeps.at, message) });
    }
    failures
}

fn none_or(text: String) -> String {
    if text.is_empty() { "none".to_owned() } else { text }
}
