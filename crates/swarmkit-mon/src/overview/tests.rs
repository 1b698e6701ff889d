use super::*;
use crate::introduction::{Introduction, Need as Needed, NodeTold};

fn known(at: usize, is_manager: bool) -> Known {
    Known {
        uuid: format!("uuid-{at}"),
        name: format!("host{at}"),
        address: format!("10.0.0.{at}"),
        node: Some(format!("node{at}")),
        is_manager,
    }
}

/// What a host says that stands well.
fn said(stage: &str, role: &str) -> Identity {
    let about = Introduction {
        version: "2.0.0".into(),
        engine_version: "28.0.1".into(),
        role: role.into(),
        stage_ms: 61_000,
        ..Introduction::default()
    };
    Identity { stage: stage.into(), reason: "a reason".into(), about, ..Identity::default() }
}

/// What a manager sees: the first so many of three managers answer, and these nodes are not ready.
fn view(reachable: usize, away: &[usize]) -> SwarmTold {
    let node = |at: usize, state: &str| NodeTold {
        node: format!("node{at}"),
        hostname: format!("host{at}"),
        address: format!("10.0.0.{at}"),
        state: state.into(),
    };
    let manager = |at: usize| ManagerTold { node: node(at, "ready"), leads: at == 1, reached: at <= reachable };
    SwarmTold {
        voters: Voters { wanted: 3, present: 3, reachable },
        managers: (1..=3).map(manager).collect(),
        nodes: BTreeMap::from([("ready".to_owned(), 4 - away.len())]),
        away: away.iter().map(|at| node(*at, "down")).collect(),
    }
}

/// Three managers and a worker, of which the first acts; each can be made another.
fn swarm(change: impl Fn(usize, &mut Result<Identity, String>)) -> Overview {
    let hosts = (1..=4).map(|at| {
        let mut said =
            Ok(said(if at == 1 { "lease_holder" } else { "member" }, if at == 4 { "worker" } else { "manager" }));
        if let (1, Ok(first)) = (at, &mut said) {
            first.lease_ago_ms = Some(5);
            first.about.swarm = Some(view(3, &[]));
        }
        change(at, &mut said);
        (known(at, at < 4), said)
    });
    Overview::of(hosts.collect())
}

fn plainly(overview: &Overview) -> String {
    anstream::adapter::strip_str(&overview.to_string()).to_string()
}

#[test]
fn a_swarm_that_is_well_says_who_leads_and_how_many_managers_may_be_lost() {
    let well = swarm(|_, _| {});
    assert!(well.well, "{well:?}");
    assert_eq!(
        (well.headline.as_str(), well.bearing.as_str()),
        ("All 4 hosts are well.", "The swarm can lose 1 of its 3 managers.")
    );
    let managers = well.managers.as_ref().unwrap();
    assert_eq!((managers.leader.as_deref(), managers.may_be_lost, managers.quorum), (Some("host1"), 1, 2));
    let text = plainly(&well);
    assert!(text.contains("\nhost1  10.0.0.1  manager, leader, acts  ready  lease_holder  61 s   28.0.1\n"), "{text}");
    assert!(text.contains("\nhost4  10.0.0.4  worker                 ready  member        61 s   28.0.1\n"), "{text}");
    assert!(text.contains("  host1 (10.0.0.1), host2 (10.0.0.2), host3 (10.0.0.3)\n"), "{text}");
    assert!(!text.contains("Not well") && !text.contains("person") && !text.contains('\u{1b}'), "{text}");
}

#[test]
fn a_lost_manager_is_named_with_what_to_do_and_none_may_be_lost_then() {
    let ill = swarm(|at, said| match (at, said) {
        (1, Ok(first)) => first.about.swarm = Some(view(2, &[3])),
        (3, said) => *said = Err("its monitor: no answer within 2000 ms; port 2378".into()),
        _ => {}
    });
    assert!(!ill.well);
    assert_eq!(ill.headline, "1 of 4 hosts is not well.");
    assert_eq!(ill.bearing, "The swarm can lose none of the 2 managers that answer.");
    let text = plainly(&ill);
    assert!(text.contains("\nhost3  10.0.0.3  manager                unreachable  silent        -      -\n"), "{text}");
    let person = "Waits for a person\n  host3 (10.0.0.3): its node is unreachable, and its monitor: no answer";
    assert!(text.contains(person), "{text}");
    assert!(text.contains("If it is gone for good, remove it from Rancher"), "{text}");
}

#[test]
fn a_host_that_needs_a_person_is_not_well_wherever_it_stands() {
    let ill = swarm(|at, said| {
        if let (4, Ok(said)) = (at, said) {
            said.reason = "Rancher does not say yet who this host is".into();
            said.about.need = Some(Needed { what: "See network-services.".into(), command: None });
        }
    });
    assert!(!ill.well && ill.headline == "1 of 4 hosts is not well.", "{}", ill.headline);
    assert!(
        plainly(&ill)
            .contains("  host4 (10.0.0.4): Rancher does not say yet who this host is\n    See network-services.\n")
    );
}

#[test]
fn a_silent_host_whose_node_has_another_address_is_not_to_be_removed() {
    let moved_to = |address: &str| {
        swarm(|at, said| match (at, said) {
            (1, Ok(first)) => {
                let mut view = view(2, &[]);
                for manager in view.managers.iter_mut().filter(|manager| manager.node.node == "node3") {
                    manager.node.address = address.into();
                }
                first.about.swarm = Some(view);
            }
            (3, said) => *said = Err("its monitor: no answer".into()),
            _ => {}
        })
    };
    let text = plainly(&moved_to("10.9.9.9"));
    let told = "Rancher says that its address is 10.0.0.3, its node has 10.9.9.9, and its monitor: no answer";
    assert!(text.contains(told) && text.contains("CATTLE_AGENT_IP") && !text.contains("gone for good"), "{text}");
    // So a leader lists itself.
    for none in ["", "0.0.0.0", "127.0.0.1"] {
        let text = plainly(&moved_to(none));
        assert!(!text.contains("CATTLE_AGENT_IP") && text.contains("gone for good"), "{text}");
    }
}

#[test]
fn an_engine_that_runs_and_is_not_heard_is_told_with_the_ports_and_its_manager_is_still_one_to_go_to() {
    let unheard = swarm(|at, said| {
        if let (1, Ok(first)) = (at, said) {
            first.about.swarm = Some(view(2, &[3]));
            // The lease holder could not write just now.
            first.lease_ago_ms = None;
        }
    });
    let text = plainly(&unheard);
    let told = "its engine runs, and the managers call its node down: if that lasts, open 2377/tcp";
    assert!(text.contains(told) && text.contains("\n  host1 (10.0.0.1), host2 (10.0.0.2)\n"), "{text}");
}

#[test]
fn without_a_quorum_it_says_so_and_what_waits_for_a_person() {
    let lost = swarm(|at, said| {
        *said = Err("no answer".into());
        if at == 1 {
            let mut alone = super::tests::said("no_quorum", "manager");
            alone.reason = "the swarm has no quorum; host uuid-2 is to go on".into();
            alone.about.need = Some(Needed { what: "Bring them back.".into(), command: Some("docker x".into()) });
            *said = Ok(alone);
        }
    });
    assert!(!lost.well && lost.managers.is_none());
    assert!(lost.headline.starts_with("No manager that answers has a quorum"), "{}", lost.headline);
    let text = plainly(&lost);
    assert!(text.contains("host1 (10.0.0.1): the swarm has no quorum; host host2 is to go on\n"), "{text}");
    assert!(
        text.contains("    Bring them back.\n    on that host: docker x\n") && text.contains("there is none now"),
        "{text}"
    );
}

#[test]
fn a_host_that_is_cut_off_says_that_the_swarm_goes_on_and_has_nobody_removed() {
    let cut_off = swarm(|at, said| {
        *said = Err("no answer".into());
        if at == 4 {
            let mut alone = super::tests::said("cut_off", "worker");
            alone.about.need = Some(Needed { what: "Open 2377/tcp.".into(), command: None });
            *said = Ok(alone);
        }
    });
    assert!(!cut_off.well && cut_off.headline.starts_with("This host is cut off"), "{}", cut_off.headline);
    let text = plainly(&cut_off);
    assert!(text.contains("Open 2377/tcp.") && !text.contains("remove it from Rancher"), "{text}");
}

#[test]
fn a_lease_holder_that_cannot_act_is_not_well() {
    let ill = swarm(|at, said| {
        if let (1, Ok(first)) = (at, said) {
            (first.lease_ago_ms, first.reason) = (None, "is to act, but cannot: the API: no answer".into());
        }
    });
    assert!(!ill.well && ill.headline == "1 of 4 hosts is not well.", "{}", ill.headline);
    assert_eq!(ill.hosts[0].trouble.as_deref(), Some("is to act, but cannot: the API: no answer"));
}

#[test]
fn two_that_act_none_that_acts_and_a_swarm_that_is_made_are_told_apart() {
    let two = swarm(|at, said| {
        if let (2, Ok(second)) = (at, said) {
            (second.stage, second.lease_ago_ms) = ("lease_holder".into(), Some(5));
        }
    });
    assert!(!two.well && two.headline.contains("2 hosts act"), "{}", two.headline);
    let none = swarm(|at, said| {
        if let (1, Ok(first)) = (at, said) {
            (first.stage, first.lease_ago_ms) = ("member".into(), None);
        }
    });
    assert!(!none.well && none.headline.starts_with("No monitor acts"), "{}", none.headline);
    let new = swarm(|_, said| *said = Ok(super::tests::said("wait_leader", "none")));
    assert!(!new.well && new.headline.starts_with("No swarm yet"), "{}", new.headline);
    assert!(!Overview::of(Vec::new()).well);
}

#[test]
fn the_latest_events_of_all_hosts_come_first_with_names_in_them() {
    let busy = swarm(|at, said| {
        if let Ok(said) = said {
            let event = |ago_ms: usize| Event {
                ago_ms: ago_ms as u64 * 1000,
                what: "promote node2".into(),
                why: "why".into(),
                error: (ago_ms == 40).then(|| "refused".to_owned()),
            };
            said.about.events = (1..9).map(|number| event(number * 10 * at)).collect();
        }
    });
    assert_eq!(busy.events.len(), MOST_EVENTS);
    assert!(busy.events.is_sorted_by_key(|happened| happened.event.ago_ms));
    assert_eq!((busy.events[0].host.as_str(), busy.events[0].said().as_str()), ("host1", "promote host2: why"));
    assert!(plainly(&busy).contains("   40 s ago  host1: promote host2, not done: refused\n"));
}

#[test]
fn the_page_escapes_what_hosts_say_and_runs_and_loads_nothing() {
    let odd = "<script>alert(1)</script>\"'&\u{202e}";
    let hostile = swarm(|at, said| {
        if let Ok(said) = said {
            for text in [&mut said.stage, &mut said.reason, &mut said.about.engine_version, &mut said.about.role] {
                odd.clone_into(text);
            }
            said.about.need = Some(Needed { what: odd.into(), command: Some(odd.into()) });
            said.about.warnings = vec![odd.into()];
            said.about.under_way = Some(odd.into());
            said.about.events = vec![Event { ago_ms: 1, what: odd.into(), why: odd.into(), error: None }];
            if let (1, Some(swarm)) = (at, &mut said.about.swarm) {
                swarm.managers[0].node.node = "unknown".into();
                swarm.managers[0].node.hostname = odd.into();
            }
        }
    });
    let page = page::html(&hostile, odd);
    assert!(page.matches("&#60;script&#62;alert(1)").count() > 20, "{page}");
    for bad in ["<script", "onload=", "http://", "https://", "src=", "@import", "url("] {
        let ours = page.replace("http://www.w3.org/2000/svg", "");
        assert!(!ours.contains(bad), "{bad}: {page}");
    }
}

#[test]
fn a_page_of_thousands_of_hosts_stays_small_and_shows_those_that_matter() {
    let worker = |at: usize| {
        let known = Known {
            name: format!("host{at:04}"),
            address: format!("10.1.{}.{}", at / 250, at % 250),
            ..known(at, false)
        };
        (known, if at == 4999 { Err("no answer".to_owned()) } else { Ok(said("member", "worker")) })
    };
    let many = Overview::of((0..5000).map(worker).collect());
    let page = page::html(&many, "host1");
    assert!(page.len() < 400_000, "{}", page.len());
    assert!(page.contains("host4999") && page.contains("and 4500 more"));
}

#[test]
fn numbers_out_of_all_bounds_are_shown_and_end_nothing() {
    let hostile = swarm(|_, said| {
        if let Ok(said) = said {
            (said.about.stage_ms, said.lease_ago_ms) = (u64::MAX, Some(u64::MAX));
            let text = || "x".to_owned();
            said.about.events = vec![Event { ago_ms: u64::MAX, what: text(), why: text(), error: None }];
            let mut swarm = view(3, &[]);
            swarm.voters = Voters { wanted: usize::MAX, present: usize::MAX, reachable: usize::MAX };
            swarm.nodes = ["ready", "down", "unknown"].map(|state| (state.to_owned(), usize::MAX)).into();
            said.about.swarm = Some(swarm);
        }
    });
    assert!(page::html(&hostile, "host1").contains("ready"));
    assert!(!plainly(&hostile).is_empty() && !hostile.json().is_empty());
}
