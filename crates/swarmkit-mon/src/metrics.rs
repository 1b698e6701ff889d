//! The figures for Prometheus, at `/metrics`. Each is declared once: its name, its help, and how it is found; the documented table
//! is made of the same list.

use prometheus_client::collector::Collector;
use prometheus_client::encoding::text::encode;
use prometheus_client::encoding::{DescriptorEncoder, EncodeMetric, MetricEncoder};
use prometheus_client::metrics::MetricType;
use prometheus_client::registry::{Registry, Unit};

use super::plan::Stage;
use super::status::{Status, kinds};
use super::voters::Voters;

/// What every figure's name begins with.
pub const PREFIX: &str = "swarmkit_mon";

/// What a figure is made of.
struct Told<'a> {
    status: &'a Status,
    healthy: bool,
    voters: Option<Voters>,
}

/// A value, and the labels that tell it from others of the same figure.
type Values = Vec<(Vec<(&'static str, String)>, f64)>;

/// Of what kind a figure is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Gauge,
    Counter,
}

/// A figure.
struct Figure {
    name: &'static str,
    kind: Kind,
    in_seconds: bool,
    help: &'static str,
    values: fn(&Told<'_>) -> Values,
}

impl Figure {
    const fn gauge(name: &'static str, help: &'static str, values: fn(&Told<'_>) -> Values) -> Self {
        Self { name, kind: Kind::Gauge, in_seconds: false, help, values }
    }

    const fn counter(name: &'static str, help: &'static str, values: fn(&Told<'_>) -> Values) -> Self {
        Self { name, kind: Kind::Counter, in_seconds: false, help, values }
    }

    const fn seconds(name: &'static str, help: &'static str, values: fn(&Told<'_>) -> Values) -> Self {
        Self { name, kind: Kind::Gauge, in_seconds: true, help, values }
    }

    /// The name as Prometheus stores it.
    fn full_name(&self) -> String {
        let suffix = match (self.kind, self.in_seconds) {
            (Kind::Counter, _) => "_total",
            (Kind::Gauge, true) => "_seconds",
            (Kind::Gauge, false) => "",
        };
        format!("{PREFIX}_{}{suffix}", self.name)
    }
}

fn one(value: f64) -> Values {
    vec![(Vec::new(), value)]
}

fn whether(is_so: bool) -> Values {
    one(f64::from(u8::from(is_so)))
}

#[allow(clippy::cast_precision_loss, reason = "figures of Prometheus are of that type")]
fn count(number: u64) -> f64 {
    number as f64
}

fn number(number: u64) -> Values {
    one(count(number))
}

fn seconds(ms: Option<u64>) -> Values {
    ms.map(|ms| one(count(ms) / 1000.0)).unwrap_or_default()
}

fn of_voters(told: &Told<'_>, value: impl Fn(Voters) -> usize) -> Values {
    told.voters.map(|voters| number(value(voters) as u64)).unwrap_or_default()
}

/// All of them, in the order of the docs.
const FIGURES: &[Figure] = &[
    Figure::gauge("healthy", "Whether this host's engine is an active member of the swarm, as /ping says", |told| {
        whether(told.healthy)
    }),
    Figure::gauge("build_info", "The monitor's version and the engine's, as labels; the value is 1", |told| {
        let engine = told.status.seen().and_then(|seen| seen.engine.as_ref().ok());
        let engine = engine.map(|info| info.server_version.clone()).unwrap_or_default();
        vec![(vec![("version", env!("CARGO_PKG_VERSION").to_owned()), ("engine", engine)], 1.0)]
    }),
    Figure::gauge("stage", "Where this host stands: 1 for its stage, 0 for all others", |told| {
        let Some(plan) = told.status.plan() else { return Vec::new() };
        let of = |stage: &Stage| (vec![("stage", stage.name().to_owned())], f64::from(u8::from(*stage == plan.stage)));
        Stage::ALL.iter().map(of).collect()
    }),
    Figure::seconds("stage_age", "For how long this host has stood there", |told| seconds(told.status.stands_ms())),
    Figure::gauge("needs_person", "Whether this host waits for a person; the page says what to do", |told| {
        whether(told.status.need().is_some())
    }),
    Figure::gauge("paused", "Whether an operator has paused this monitor, or all of them", |told| {
        whether(told.status.plan().is_some_and(|plan| plan.paused))
    }),
    Figure::gauge("warnings", "How many things a person should know of; the page and the log name them", |told| {
        number(told.status.plan().map_or(0, |plan| plan.warnings.len() as u64))
    }),
    Figure::gauge("is_manager", "Whether this host's engine manages, or did when it was last heard of", |told| {
        whether(told.status.is_manager())
    }),
    Figure::gauge("is_leader", "Whether this host's node leads the swarm", |told| whether(told.status.is_leader())),
    Figure::gauge("holds_lease", "Whether this monitor acts for all, and could at its latest reconcile", |told| {
        whether(told.status.holds_lease())
    }),
    Figure::gauge("has_quorum", "Of managers alone: whether the swarm answers, and enough managers do", |told| {
        if !told.status.is_manager() {
            return Vec::new();
        }
        whether(told.voters.is_some_and(Voters::has_quorum))
    }),
    Figure::gauge("managers_wanted", "How many managers the operator wants", |told| {
        told.status.seen().map(|seen| number(seen.wanted.managers as u64)).unwrap_or_default()
    }),
    Figure::gauge(
        "managers",
        "How many managers vote, as this one sees it; absent while its swarm does not answer",
        |told| of_voters(told, |voters| voters.present),
    ),
    Figure::gauge("managers_reachable", "How many of those answer the leader", |told| {
        of_voters(told, |voters| voters.reachable)
    }),
    Figure::gauge("managers_may_be_lost", "How many of those may still be lost while the others go on", |told| {
        of_voters(told, Voters::may_be_lost)
    }),
    Figure::gauge("quorum", "How many managers it takes to change anything", |told| of_voters(told, Voters::quorum)),
    Figure::gauge("nodes", "Nodes of the swarm", |told| {
        let swarm = told.status.seen().and_then(|seen| seen.swarm_view());
        swarm.map(|swarm| number(swarm.nodes.len() as u64)).unwrap_or_default()
    }),
    Figure::gauge("nodes_away", "Nodes of the swarm that are not ready", |told| {
        let swarm = told.status.seen().and_then(|seen| seen.swarm_view());
        let away = |node: &&super::engine::Node| node.status.state != super::engine::NodeState::Ready;
        swarm.map(|swarm| number(swarm.nodes.iter().filter(away).count() as u64)).unwrap_or_default()
    }),
    Figure::seconds(
        "heartbeat_age",
        "Of managers alone: how long ago this monitor last noticed that somebody acts; at rest by asking the leader's monitor",
        |told| seconds(told.status.heartbeat_age_ms()),
    ),
    Figure::seconds("reconcile_age", "How long ago the latest reconcile observed", |told| {
        seconds(told.status.age_ms())
    }),
    Figure::counter("reconciles", "Rounds of observing, planning and acting", |told| number(told.status.reconciles)),
    Figure::counter("changes", "Changes that were made", |told| number(told.status.changes)),
    Figure::counter("failures", "Changes that were planned and not made", |told| number(told.status.failures)),
    Figure::counter("actions", "The same by kind: what was done, and what was not", |told| {
        let outcomes = kinds().flat_map(|kind| {
            let outcomes = told.status.by_kind.get(kind).copied().unwrap_or_default();
            [(kind, "done", outcomes.done), (kind, "failed", outcomes.failed)]
        });
        let labels = |kind: &str, outcome: &str| vec![("kind", kind.to_owned()), ("outcome", outcome.to_owned())];
        outcomes.map(|(kind, outcome, times)| (labels(kind, outcome), count(times))).collect()
    }),
    Figure::counter("errors", "Reconciles that got no answer, by who gave none: engine, metadata or rancher", |told| {
        let unanswered = told.status.unanswered;
        let peers = [("engine", unanswered.engine), ("metadata", unanswered.metadata), ("rancher", unanswered.rancher)];
        peers.map(|(peer, times)| (vec![("peer", peer.to_owned())], count(times))).into()
    }),
    Figure::seconds(
        "backup_period",
        "How much time shall lie between two backups; absent where none are made",
        |told| seconds(Some(told.status.backups.every_ms).filter(|every| *every > 0)),
    ),
    Figure::seconds("backup_age", "How old the newest backup on this host is; absent where there is none", |told| {
        seconds(told.status.backups.age_ms())
    }),
    Figure::gauge("backup_fails", "Whether this host's latest try to make a backup failed", |told| {
        whether(told.status.backups.error.is_some())
    }),
    Figure::gauge("labels_met", "Whether the host's labels are as they shall be", |told| {
        whether(told.status.labels.met)
    }),
];

/// What is told of one reconcile, put into the words of the library.
struct Figures(Vec<(&'static Figure, Values)>);

impl std::fmt::Debug for Figures {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} figures", self.0.len())
    }
}

struct Value(Kind, f64);

impl EncodeMetric for Value {
    fn encode(&self, mut encoder: MetricEncoder<'_>) -> Result<(), std::fmt::Error> {
        match self.0 {
            Kind::Gauge => encoder.encode_gauge(&self.1),
            Kind::Counter => encoder.encode_counter::<prometheus_client::encoding::NoLabelSet, _, u64>(&self.1, None),
        }
    }

    fn metric_type(&self) -> MetricType {
        match self.0 {
            Kind::Gauge => MetricType::Gauge,
            Kind::Counter => MetricType::Counter,
        }
    }
}

impl Collector for Figures {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> Result<(), std::fmt::Error> {
        for (figure, values) in self.0.iter().filter(|(_, values)| !values.is_empty()) {
            let unit = figure.in_seconds.then_some(Unit::Seconds);
            let kind = Value(figure.kind, 0.0).metric_type();
            let mut encoder = encoder.encode_descriptor(figure.name, figure.help, unit.as_ref(), kind)?;
            if let [(labels, value)] = &values[..]
                && labels.is_empty()
            {
                Value(figure.kind, *value).encode(encoder)?;
                continue;
            }
            for (labels, value) in values {
                Value(figure.kind, *value).encode(encoder.encode_family(labels)?)?;
            }
        }
        Ok(())
    }
}

/// The figures as text.
pub fn text(status: &Status, healthy: bool) -> String {
    let told = Told { status, healthy, voters: status.seen().and_then(Voters::seen) };
    let mut registry = Registry::with_prefix(PREFIX);
    let figures = FIGURES.iter().map(|figure| (figure, (figure.values)(&told)));
    registry.register_collector(Box::new(Figures(figures.collect())));
    let mut text = String::new();
    // Writing to a text does not fail.
    let _ = encode(&mut text, &registry);
    text
}

/// The names of all figures, as Prometheus stores them.
pub fn names() -> Vec<String> {
    FIGURES.iter().map(Figure::full_name).collect()
}

/// The table of figures as a person reads it in the docs, in Markdown.
pub fn markdown_table() -> String {
    let mut table = "| metric | kind | what it tells |\n|---|---|---|\n".to_owned();
    for figure in FIGURES {
        let kind = if figure.kind == Kind::Counter { "counter" } else { "gauge" };
        table.push_str(&format!("| `{}` | {kind} | {} |\n", figure.full_name(), figure.help));
    }
    table
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_told_before_anything_was_seen_is_a_whole_text() {
        let text = text(&Status::default(), false);
        assert!(text.ends_with("# EOF\n") && text.contains("\nswarmkit_mon_healthy 0"), "{text}");
        assert!(text.contains("swarmkit_mon_actions_total{kind=\"promote\",outcome=\"done\"} 0"), "{text}");
        assert!(text.contains("swarmkit_mon_errors_total{peer=\"rancher\"} 0"), "{text}");
        assert!(!text.contains("swarmkit_mon_managers "), "{text}");
    }

    #[test]
    fn no_two_figures_have_one_name() {
        let mut names = names();
        names.sort();
        names.dedup();
        assert_eq!(names.len(), FIGURES.len());
    }
}
