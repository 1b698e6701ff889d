//! What an upgrade of a running stack does: whether it is offered, asks for an answer, recreates containers.
//!
//! The facts come from Rancher's compose executor (`rancher/normal.go` of its v1.6 line): an upgrade compares a hash of
//! each service's launch configuration (nearly all of docker-compose.yml, and the health check) and recreates the
//! service's containers where it differs; metadata, drivers, links and load balancer rules are updated in place; the
//! scale stays what it is; a service that the files no longer name is not touched; a volume whose driver changed makes
//! the upgrade fail.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use super::difference::{Difference, Group, How};
use rancher_catalog::model::{CatalogBlock, Question, QuestionType, Version, VersionRange};

/// An upgrade, judged.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Upgrade {
    /// The worst that it does.
    pub verdict: Verdict,
    /// All that it does, in one sentence.
    pub summary: String,
    /// What and why, one by one.
    pub reasons: Vec<Reason>,
}

/// What an upgrade does, from good to bad.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// No container that runs is replaced, and nothing is asked.
    Safe,
    /// It cannot be told, as a file cannot be read.
    Unknown,
    /// Containers are replaced.
    Recreates,
    /// Someone must give an answer.
    NeedsAnswer,
    /// Rancher does not offer it.
    NotOffered,
    /// Rancher refuses to carry it out.
    Fails,
}

/// One thing that an upgrade does.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Reason {
    /// What kind of thing.
    pub kind: ReasonKind,
    /// The service, volume or variable.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub subject: String,
    /// What and why.
    pub text: String,
}

/// The kinds of things that an upgrade does, in the order in which they are told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum ReasonKind {
    /// It fails.
    Fails,
    /// It is not offered.
    NotOffered,
    /// It needs an answer.
    Answer,
    /// It recreates containers.
    Recreates,
    /// It starts a service.
    Starts,
    /// It leaves something behind that is no longer part of the version.
    Leaves,
    /// It changes a service without touching its containers.
    InPlace,
    /// It does not change a running stack, though the files differ.
    NoEffect,
    /// Some Rancher servers are not offered it.
    Narrower,
}

/// Judges the upgrade from one version to another.
pub fn judge(before: &CatalogBlock, after: &CatalogBlock, differences: &[Difference]) -> Upgrade {
    let mut reasons = Vec::new();
    offered(before, after, &mut reasons);
    answers(before.asked(), after.asked(), &mut reasons);
    services(differences, &mut reasons);
    volumes(differences, &mut reasons);
    reasons.sort();
    reasons.dedup();
    let verdict = reasons.iter().map(|reason| verdict_of(reason.kind)).max().unwrap_or(Verdict::Safe);
    Upgrade { verdict, summary: summary(verdict, &reasons), reasons }
}

impl Upgrade {
    /// Where a file of either version cannot be read, nothing is known to be safe.
    pub(super) fn without_a_file(self) -> Self {
        match self.verdict {
            Verdict::Safe => Self {
                verdict: Verdict::Unknown,
                summary: "cannot be judged, as a file cannot be read".to_owned(),
                ..self
            },
            _ => self,
        }
    }
}

fn verdict_of(kind: ReasonKind) -> Verdict {
    match kind {
        ReasonKind::Fails => Verdict::Fails,
        ReasonKind::NotOffered => Verdict::NotOffered,
        ReasonKind::Answer => Verdict::NeedsAnswer,
        ReasonKind::Recreates => Verdict::Recreates,
        _ => Verdict::Safe,
    }
}

fn summary(verdict: Verdict, reasons: &[Reason]) -> String {
    let subjects = |kind: ReasonKind| {
        let found: BTreeSet<&str> =
            reasons.iter().filter(|reason| reason.kind == kind).map(|reason| reason.subject.as_str()).collect();
        found.into_iter().collect::<Vec<_>>().join(", ")
    };
    let mut parts = Vec::new();
    for (kind, words) in [
        (ReasonKind::Fails, "fails because of"),
        (ReasonKind::NotOffered, "is not offered"),
        (ReasonKind::Answer, "may need an answer for"),
        (ReasonKind::Recreates, "recreates the containers of"),
        (ReasonKind::Starts, "starts"),
        (ReasonKind::Leaves, "leaves behind"),
    ] {
        if reasons.iter().any(|reason| reason.kind == kind) {
            parts.push(format!("{words} {}", subjects(kind)).trim_end().to_owned());
        }
    }
    let safe = "is safe: no container is replaced and nothing is asked";
    let all = match parts.split_last() {
        None => return safe.to_owned(),
        Some((only, [])) => only.clone(),
        Some((last, rest)) => format!("{} and {last}", rest.join(", ")),
    };
    match verdict {
        Verdict::Safe | Verdict::Unknown => format!("{safe}; it {all}"),
        Verdict::NotOffered if parts.len() > 1 => {
            all.replacen("is not offered, ", NOT_OFFERED, 1).replacen("is not offered and ", NOT_OFFERED, 1)
        }
        _ => all,
    }
}

const NOT_OFFERED: &str = "is not offered; done all the same, it ";

fn put(reasons: &mut Vec<Reason>, kind: ReasonKind, subject: &str, text: impl Into<String>) {
    reasons.push(Reason { kind, subject: subject.to_owned(), text: text.into() });
}

fn offered(before: &CatalogBlock, after: &CatalogBlock, reasons: &mut Vec<Reason>) {
    let mut not = |text: String| put(reasons, ReasonKind::NotOffered, "", text);
    let (Some(old), Some(new)) = (before.version.value(), after.version.value()) else {
        not("a version without a version number is dropped".to_owned());
        return;
    };
    if new.cmp_as_rancher(old).is_le() {
        not(format!("{new} is not higher than {old}"));
    }
    if let Some(range) = after.upgrade_from.value().map(ToString::to_string).filter(|range| !range.is_empty()) {
        match (range.parse::<VersionRange>(), old.semver()) {
            (Err(error), _) => not(format!("upgrade_from: {error}")),
            (_, Err(_)) => not(format!("upgrade_from is {range}, and {old} is no semantic version")),
            (Ok(parsed), Ok(version)) if !parsed.contains(&version) => {
                not(format!("upgrade_from is {range}, which does not hold {old}"));
            }
            _ => {}
        }
    }
    let (minimum, maximum) = (after.minimum_rancher_version.value(), after.maximum_rancher_version.value());
    if let (Some(minimum), Some(maximum)) = (minimum, maximum)
        && minimum.cmp_as_rancher(maximum).is_gt()
    {
        not(format!("no Rancher is at least {minimum} and at most {maximum}"));
    }
    let higher = |new: Option<&Version>, old: Option<&Version>| match (new, old) {
        (Some(new), Some(old)) => new.cmp_as_rancher(old).is_gt(),
        (new, _) => new.is_some(),
    };
    if let Some(minimum) = minimum.filter(|new| higher(Some(new), before.minimum_rancher_version.value())) {
        put(reasons, ReasonKind::Narrower, "", format!("Rancher before {minimum} is not offered it"));
    }
    let old_maximum = before.maximum_rancher_version.value();
    if let Some(maximum) = maximum.filter(|new| old_maximum.is_none_or(|old| new.cmp_as_rancher(old).is_lt())) {
        put(reasons, ReasonKind::Narrower, "", format!("Rancher after {maximum} is not offered it"));
    }
}

fn answers(before: &[Question], after: &[Question], reasons: &mut Vec<Reason>) {
    for question in after {
        let Some(variable) = question.name() else { continue };
        let old = before.iter().rfind(|old| old.name().as_ref() == Some(&variable));
        let mut needs = |text: String| put(reasons, ReasonKind::Answer, &variable, text);
        let unanswered = question.is_required() && question.default_answer().is_empty();
        let Some(old) = old else {
            if unanswered {
                needs("it is new and required, and has no default".to_owned());
            }
            continue;
        };
        if unanswered && !old.says_required() {
            needs("it is required now and has no default: stacks that left it empty need an answer".to_owned());
        }
        if let Some(text) = other_kind(old, question) {
            needs(text);
        }
        let options = |question: &Question| -> Vec<String> {
            question.options.value().map(|all| all.iter().map(ToString::to_string).collect()).unwrap_or_default()
        };
        let (was, is) = (options(old), options(question));
        let gone: Vec<String> = was.into_iter().filter(|option| !is.is_empty() && !is.contains(option)).collect();
        if !gone.is_empty() {
            needs(format!("stacks that answered {} need another answer: it is no option any more", gone.join(" or ")));
        }
        for (what, was, is, narrower) in
            [("below", &old.min, &question.min, 1.0), ("above", &old.max, &question.max, -1.0)]
        {
            let number = |field: &rancher_catalog::model::Field<rancher_catalog::model::Scalar>| {
                field.value().and_then(|value| value.text().parse::<f64>().ok())
            };
            if let Some(is) = number(is)
                && number(was).is_none_or(|was| (is - was) * narrower > 0.0)
            {
                needs(format!("stacks that answered {what} {is} need another answer"));
            }
        }
    }
}

/// Whether an answer to the old question may be none to the new one. Any answer is a text.
fn other_kind(old: &Question, new: &Question) -> Option<String> {
    let (was, is) = (old.kind.value()?, new.kind.value()?);
    let any_text =
        matches!(is, QuestionType::String | QuestionType::Multiline | QuestionType::Password | QuestionType::Masked);
    let wider = matches!((was, is), (QuestionType::Int, QuestionType::Float));
    // What an enum asks for shows in its options.
    let same_values = matches!((was, is), (QuestionType::Boolean, QuestionType::Enum));
    if was == is || any_text || wider || same_values {
        return None;
    }
    let word = |kind: &QuestionType| serde_json::to_value(kind).ok()?.as_str().map(str::to_owned);
    Some(format!("it is of type {} now, and was of type {}: an answer may not fit", word(is)?, word(was)?))
}

fn services(differences: &[Difference], reasons: &mut Vec<Reason>) {
    let come_or_gone: BTreeMap<&str, How> = differences
        .iter()
        .filter(|difference| difference.group == Group::Services && difference.with_answer.is_none())
        .map(|difference| (difference.subject.as_str(), difference.how))
        .collect();
    for (service, how) in &come_or_gone {
        if *how == How::Added {
            put(reasons, ReasonKind::Starts, service, "it is new");
        } else if let Some(primary) = primary_of(service, differences) {
            put(reasons, ReasonKind::Recreates, primary, format!("its sidekick {service} is removed"));
        } else {
            let text = "it is no part of the version any more; Rancher leaves it running until someone removes it";
            put(reasons, ReasonKind::Leaves, service, text);
        }
    }
    let mut recreated: BTreeMap<(&str, Option<&str>), BTreeSet<&str>> = BTreeMap::new();
    for difference in differences {
        let service = difference.subject.as_str();
        if difference.with_answer.is_none() && come_or_gone.contains_key(service) {
            continue;
        }
        let what = key_of(difference);
        match effect(difference) {
            Effect::Recreates => {
                let why = difference.group.title();
                recreated.entry((service, difference.with_answer.as_deref())).or_default().insert(why);
            }
            Effect::InPlace => {
                put(reasons, ReasonKind::InPlace, service, format!("{what} is updated in place"));
            }
            Effect::KeptScale => {
                put(reasons, ReasonKind::NoEffect, service, "a running service keeps its scale");
            }
            Effect::None => {}
        }
    }
    for ((service, answer), why) in &recreated {
        let why = why.iter().map(|why| why.to_lowercase()).collect::<Vec<_>>().join(", ");
        let text = match answer {
            None => format!("changed: {why}"),
            Some(answer) => format!("with {answer}, changed: {why}"),
        };
        put(reasons, ReasonKind::Recreates, service, text);
    }
}

/// The service that has another as its sidekick no more.
fn primary_of<'d>(service: &str, differences: &'d [Difference]) -> Option<&'d str> {
    let named =
        |text: &Option<String>| text.as_ref().is_some_and(|text| text.split(',').any(|name| name.trim() == service));
    let found = differences.iter().find(|difference| {
        difference.what == "io.rancher.sidekicks" && named(&difference.before) && !named(&difference.after)
    });
    found.map(|difference| difference.subject.as_str())
}

enum Effect {
    Recreates,
    InPlace,
    KeptScale,
    None,
}

/// The key of the service that a difference is in.
fn key_of(difference: &Difference) -> &str {
    difference.what.split(['.', '[', ' ']).next().unwrap_or_default()
}

fn effect(difference: &Difference) -> Effect {
    let what = key_of(difference);
    match difference.group {
        Group::Image | Group::Environment | Group::Command | Group::HealthCheck | Group::Ports => Effect::Recreates,
        // Every change of rights is one of the launch configuration.
        Group::Rights => Effect::Recreates,
        Group::Labels if !difference.subject.is_empty() => Effect::Recreates,
        Group::Volumes if !difference.subject.starts_with("volume ") => Effect::Recreates,
        Group::Network if difference.subject.starts_with("network ") => Effect::None,
        Group::Network => match what {
            "links" | "external_links" | "external_ips" => Effect::InPlace,
            _ => Effect::Recreates,
        },
        Group::Scale => match what {
            "scale" | "scale_policy" => Effect::KeptScale,
            "retain_ip" => Effect::InPlace,
            "start_on_create" => Effect::None,
            _ => Effect::Recreates,
        },
        Group::Settings => match what {
            "metadata"
            | "storage_driver"
            | "network_driver"
            | "lb_config"
            | "load_balancer_config"
            | "port_rules"
            | "stickiness_policy"
            | "certs"
            | "default_cert" => Effect::InPlace,
            "upgrade_strategy" | "description" | "config" => Effect::None,
            _ if difference.subject == "secrets" => Effect::None,
            _ => Effect::Recreates,
        },
        _ => Effect::None,
    }
}

fn volumes(differences: &[Difference], reasons: &mut Vec<Reason>) {
    for difference in differences.iter().filter(|difference| difference.group == Group::Volumes) {
        if !difference.subject.starts_with("volume ") {
            continue;
        }
        match (difference.what.as_str(), difference.how) {
            ("", How::Removed) => {
                let text = "it is not defined any more; Rancher leaves it and its data";
                put(reasons, ReasonKind::Leaves, &difference.subject, text);
            }
            ("driver", How::Changed | How::Added) => {
                let text = format!(
                    "Rancher refuses to change a volume's driver ({} to {}): the volume must be removed before",
                    difference.before.as_deref().unwrap_or("none"),
                    difference.after.as_deref().unwrap_or_default()
                );
                put(reasons, ReasonKind::Fails, &difference.subject, text);
            }
            _ => {}
        }
    }
}
