//! A made-up swarm of which the docs show the page: five hosts, of which one manager was just lost.

use std::collections::BTreeMap;

use swarmkit_mon::identity::Identity;
use swarmkit_mon::introduction::{Event, Introduction, ManagerTold, NodeTold, SwarmTold};
use swarmkit_mon::overview::{Known, Overview, page};
use swarmkit_mon::voters::Voters;

const NAMES: [&str; 5] = ["ash", "birch", "cedar", "elm", "fir"];
/// Which of them is lost.
const LOST: usize = 2;
const MANAGERS: usize = 3;

fn known(at: usize) -> Known {
    Known {
        uuid: format!("uuid-{at}"),
        name: NAMES[at].to_owned(),
        address: format!("10.0.4.{}", 11 + at),
        node: Some(format!("node{at}")),
        is_manager: at < MANAGERS,
    }
}

fn view() -> SwarmTold {
    let node = |at: usize| NodeTold {
        node: format!("node{at}"),
        hostname: NAMES[at].to_owned(),
        address: known(at).address,
        state: if at == LOST { "down" } else { "ready" }.to_owned(),
    };
    let manager = |at: usize| ManagerTold { node: node(at), leads: at == 0, reached: at != LOST };
    SwarmTold {
        voters: Voters { wanted: MANAGERS, present: MANAGERS, reachable: MANAGERS - 1 },
        managers: (0..MANAGERS).map(manager).collect(),
        nodes: BTreeMap::from([("ready".to_owned(), NAMES.len() - 1), ("down".to_owned(), 1)]),
        away: vec![node(LOST)],
    }
}

fn event(seconds: u64, what: &str, why: &str) -> Event {
    Event { ago_ms: seconds * 1000, what: what.to_owned(), why: why.to_owned(), error: None }
}

fn said(at: usize) -> Identity {
    let (stage, reason, role) = match at {
        0 => ("lease_holder", "manager node2 is down; it has 19 s to come back", "manager"),
        1 => ("member", "a manager of the recorded swarm; the leader's monitor acts", "manager"),
        _ => ("member", "a worker of the recorded swarm", "worker"),
    };
    let mut about = Introduction {
        version: env!("CARGO_PKG_VERSION").to_owned(),
        engine_version: "28.0.4".to_owned(),
        role: role.to_owned(),
        stage_ms: 86_400_000 * (12 - at as u64),
        ..Introduction::default()
    };
    if at == 0 {
        about.swarm = Some(view());
        about.under_way = Some(reason.to_owned());
        about.events = vec![
            event(41, "publish", "node2 is down"),
            event(86_400 * 2, "promote node1", "2 of 3 managers: node1 becomes one"),
        ];
    }
    if at == 1 {
        about.backup_ms = Some(5 * 3_600_000);
    }
    if at == 4 {
        about.warnings = vec![
            "this host's clock is 6 min ahead of Rancher's: nodes refuse each other's certificates when \
                               their clocks are far apart"
                .to_owned(),
        ];
        about.events = vec![event(86_400 * 3, "join 10.0.4.11:2377", "joins by 127.0.0.1:2374")];
    }
    Identity {
        stage: stage.to_owned(),
        reason: reason.to_owned(),
        lease_ago_ms: (at == 0).then_some(3),
        about,
        ..Identity::default()
    }
}

/// The page that each of its hosts would show.
pub fn page() -> String {
    let lost = || "its monitor has not answered on port 2378 within 2 s".to_owned();
    let hosts = (0..NAMES.len()).map(|at| (known(at), if at == LOST { Err(lost()) } else { Ok(said(at)) }));
    page::html(&Overview::of(hosts.collect()), NAMES[1])
}
