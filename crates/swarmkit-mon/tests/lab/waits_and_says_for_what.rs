//! Whatever is late, missing, broken or slow: the monitor waits and says for what; nothing is removed, nothing is doubled.

use std::collections::BTreeSet;
use std::thread;
use std::time::{Duration, Instant};
use swarm_lab::lab;
use swarm_lab::trial::Trial;

use serde_json::{Value, json};
use swarm_lab::lab::{Fault, Filter, Kind, Lab, missing};
use swarm_lab::says::says;
use swarm_lab::trial::campaign;
use swarm_lab::well::is_well;

const LIMIT: Duration = Duration::from_secs(90);
/// For how long a fault is looked at, where the swarm is to stay as it is.
const WHILE: Duration = Duration::from_secs(4);
const QUICK: [(&str, &str); 1] = [("RECONCILE_PERIOD", "2")];

pub fn trials() -> Vec<Trial> {
    let missing = missing();
    vec![campaign("before_there_is_a_swarm_and_while_there_is_one", missing, all_of_them)]
}

/// All at the same time, as they mostly wait.
fn all_of_them() {
    thread::scope(|scope| {
        let all = [fresh as fn(), running, slow, without_keys, other_writers].map(|test| scope.spawn(test));
        let failed = all.into_iter().filter_map(|test| test.join().err()).count();
        assert_eq!(failed, 0, "so many failed; their reports are above");
    });
}

/// How one thing goes wrong, until it is undone by the function that it answers with.
type Undo = Box<dyn FnOnce(&Lab)>;

fn fault(lab: &Lab, filter: Filter, fault: Fault) -> Undo {
    let number = lab.rancher.fault(filter, fault);
    Box::new(move |lab| lab.rancher.clear(number))
}

fn refuse(lab: &Lab, kind: Kind) -> Undo {
    lab.rancher.refuse(kind);
    Box::new(move |lab| lab.rancher.accept(kind))
}

fn record(lab: &Lab, garbage: Value) -> Undo {
    let before = lab.rancher.service_metadata();
    let mut broken = before.clone();
    broken.insert("swarmkit".to_owned(), garbage);
    lab.rancher.set_service_metadata(broken);
    Box::new(move |lab| lab.rancher.set_service_metadata(before))
}

/// What metadata tells of all services, without something.
fn of_services(change: impl Fn(&mut Value) + Send + Sync + 'static) -> Fault {
    Fault::edit(move |tree| {
        if let Some(services) = tree.get_mut("services").and_then(Value::as_array_mut) {
            services.iter_mut().for_each(&change);
        }
    })
}

fn take(value: &mut Value, field: &str) {
    if let Some(map) = value.as_object_mut() {
        map.remove(field);
    }
}

fn no_swarm(lab: &Lab) -> Result<(), String> {
    for (index, swarm) in lab.look().swarms.into_iter().enumerate() {
        let swarm = swarm?;
        if swarm["LocalNodeState"] != "inactive" {
            return Err(format!("host {index} is in a swarm: {swarm}"));
        }
    }
    match lab.rancher.service_metadata().get("swarmkit").and_then(|record| record.get("cluster")) {
        Some(cluster) => Err(format!("{cluster} is recorded")),
        None => Ok(()),
    }
}

fn fresh() {
    let lab = Lab::start(2);
    let metadata = || Filter::metadata();
    let api = || Filter::api();
    // A record that nobody can read must not be taken for none, even where all else is well.
    let mut undo = record(&lab, json!({"cluster": 7}));
    lab.start_monitors(&QUICK);
    lab.eventually(LIMIT, || says(&lab.hosts[0], "wait_leader", "that is no record"));
    let mut next = |lab: &Lab, stage: &str, part: &str, make: &dyn Fn(&Lab) -> Undo| {
        // The new fault comes before the old one goes, so that there is no good moment between.
        let new = make(lab);
        std::mem::replace(&mut undo, new)(lab);
        let took = lab.eventually(LIMIT, || says(&lab.hosts[0], stage, part));
        no_swarm(lab).unwrap_or_else(|error| panic!("{part}: {error}\n{}", lab.report()));
        println!("without a swarm, {stage}, {part}: after {took:.1?}");
    };
    next(&lab, "no_metadata", "cannot be reached", &|lab| refuse(lab, Kind::Metadata));
    next(&lab, "no_metadata", "refused with 404: Not found", &|lab| fault(lab, metadata(), Fault::status(404)));
    next(&lab, "no_metadata", "GET /self/host: refused with 404", &|lab| {
        fault(lab, metadata(), Fault::edit(|tree| take(&mut tree["self"], "host")))
    });
    // So the server answers for a moment when the host is not among those that it was told of.
    next(&lab, "no_metadata", "it does not list this host", &|lab| {
        fault(lab, metadata(), Fault::edit(|tree| tree["self"]["host"] = Value::Null))
    });
    // It is known by its UUID by now, whatever else is told of it.
    next(&lab, "no_metadata", "missing field `uuid`", &|lab| {
        fault(lab, metadata(), of_services(|service| take(service, "uuid")))
    });
    next(&lab, "no_metadata", "no answer within 5000 ms", &|lab| fault(lab, metadata().path("/self"), Fault::hang()));
    next(&lab, "no_metadata", "GET /self/host: refused with 404", &|lab| {
        fault(lab, metadata(), Fault::without("self"))
    });
    next(&lab, "wait_leader", "does not list the monitor of this host", &|lab| {
        fault(lab, metadata(), of_services(|service| take(service, "containers")))
    });
    next(&lab, "wait_leader", "does not tell this host's address", &|lab| {
        let uuids: Vec<String> = lab.hosts.iter().map(lab::Host::uuid).collect();
        uuids.iter().for_each(|uuid| lab.rancher.set_agent_ip(uuid, None));
        Box::new(move |lab: &Lab| {
            for (host, uuid) in lab.hosts.iter().zip(&uuids) {
                lab.rancher.set_agent_ip(uuid, Some(host.source()));
            }
        })
    });
    next(&lab, "no_rancher", "refused with 401: Unauthorized", &|lab| fault(lab, api(), Fault::status(401)));
    next(&lab, "no_rancher", "refused with 503", &|lab| fault(lab, api(), Fault::status(503)));
    next(&lab, "no_rancher", "rancher: GET /hosts: cannot be reached", &|lab| refuse(lab, Kind::Api));
    next(&lab, "wait_leader", "does not list this host", &|lab| fault(lab, api().path("/hosts"), Fault::empty_lists()));
    next(&lab, "no_rancher", "there is none with UUID", &|lab| {
        fault(lab, api().path("/services"), Fault::empty_lists())
    });
    next(&lab, "no_rancher", "unreadable answer", &|lab| {
        fault(lab, api(), Fault::edit(|value| *value = json!({"type": "collection", "data": "x"})))
    });
    next(&lab, "no_rancher", "no answer within 10000 ms", &|lab| fault(lab, api(), Fault::hang()));
    // It ends in the midst of the next three writes, whose answers are lost.
    lab.rancher.fault(Filter::api().method("PUT"), Fault::close().after_effect().times(3));
    undo(&lab);
    let took = lab.eventually(LIMIT, || is_well(&lab, 1));
    println!("well {took:.1?} after the last fault");
}

/// What must stay as it is, as the engines say.
#[derive(Debug, Clone, PartialEq)]
struct Picture {
    clusters: Vec<Option<String>>,
    nodes: BTreeSet<(String, String, String)>,
    services: Vec<Value>,
    tasks: BTreeSet<(String, String)>,
}

fn picture(lab: &Lab) -> Result<Picture, String> {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    Ok(Picture {
        clusters: lab.clusters(),
        nodes: lab.nodes()?.into_iter().map(|node| (node.id, node.role, node.availability)).collect(),
        services: lab.list("/services")?.iter_mut().map(|service| service["ID"].take()).collect(),
        tasks: lab.list("/tasks")?.iter().map(|task| (text(&task["ID"]), text(&task["Status"]["State"]))).collect(),
    })
}

fn running() {
    let lab = Lab::start(3);
    lab.start_monitors(&QUICK);
    lab.eventually(LIMIT, || is_well(&lab, 3));
    for host in &lab.hosts {
        host.engine.import_busybox().unwrap();
    }
    let leader = &lab.hosts[lab.leader().unwrap()];
    leader.engine.create_sleeper("theirs", 3, None).unwrap();
    let running = |picture: &Picture| picture.tasks.iter().filter(|(_, state)| state == "running").count() == 3;
    lab.eventually(LIMIT, || {
        picture(&lab).map(|picture| running(&picture))?.then_some(()).ok_or("no tasks".to_owned())
    });
    let before = picture(&lab).unwrap();

    let during = |name: &str, stage: &str, part: &str, make: &dyn Fn(&Lab) -> Undo| {
        let undo = make(&lab);
        let start = Instant::now();
        let mut said = part.is_empty();
        while start.elapsed() < WHILE || !said {
            assert!(start.elapsed() < LIMIT, "{name}: {part:?} is not said\n{}", lab.report());
            match picture(&lab) {
                Ok(now) => assert_eq!(now, before, "{name}\n{}", lab.report()),
                Err(error) => panic!("{name}: {error}\n{}", lab.report()),
            }
            for host in &lab.hosts {
                assert_eq!(host.ping().unwrap(), (200, "OK\n".to_owned()), "{name}\n{}", lab.report());
            }
            said = said || says(leader, stage, part).is_ok();
            thread::sleep(Duration::from_millis(400));
        }
        undo(&lab);
        let took = lab.eventually(LIMIT, || is_well(&lab, 3));
        assert_eq!(picture(&lab).unwrap(), before, "after {name}");
        println!("while there is a swarm, {name}: well after {took:.1?}");
    };
    let (metadata, api) = (|| Filter::metadata(), || Filter::api());
    during("metadata refuses", "member", "cannot be reached", &|lab| refuse(lab, Kind::Metadata));
    during("metadata knows nothing", "member", "404: Not found", &|lab| fault(lab, metadata(), Fault::status(404)));
    during("metadata without self", "member", "404", &|lab| fault(lab, metadata(), Fault::without("self")));
    during("metadata hangs", "member", "no answer within", &|lab| fault(lab, metadata(), Fault::hang()));
    during("metadata without addresses", "", "", &|lab| fault(lab, metadata(), Fault::without("agent_ip")));
    during("metadata without lists", "", "", &|lab| fault(lab, metadata(), Fault::empty_lists()));
    during("metadata without the record", "", "", &|lab| fault(lab, metadata(), Fault::without("metadata")));
    during("the API refuses", "lease_holder", "cannot be reached", &|lab| refuse(lab, Kind::Api));
    during("the API says 401", "lease_holder", "401: Unauthorized", &|lab| fault(lab, api(), Fault::status(401)));
    during("the API says 503", "lease_holder", "503", &|lab| fault(lab, api(), Fault::status(503)));
    during("the API lists nothing", "lease_holder", "there is none with UUID", &|lab| {
        fault(lab, api(), Fault::empty_lists())
    });
    during("the API lists no host", "lease_holder", "does not list this host", &|lab| {
        fault(lab, api().path("/hosts"), Fault::empty_lists())
    });
    during("the record is garbage", "lease_holder", "is no record", &|lab| record(lab, json!(["garbage"])));
    during("the record is gone", "", "", &|lab| {
        lab.rancher.set_service_metadata(serde_json::Map::new());
        Box::new(|_| {})
    });
    during("answers to writes are lost", "", "", &|lab| fault(lab, api().method("PUT"), Fault::close().after_effect()));
    during("writes are refused", "", "", &|lab| fault(lab, api().method("PUT"), Fault::status(409)));
    during("the API hangs", "lease_holder", "no answer within", &|lab| fault(lab, api(), Fault::hang()));
}

/// Each answer of the API takes two seconds.
fn slow() {
    let lab = Lab::start(2);
    let number = lab.rancher.fault(Filter::api(), Fault::delay(Duration::from_secs(2)));
    lab.start_monitors(&QUICK);
    let took = lab.eventually(LIMIT, || is_well(&lab, 1));
    println!("with an API that takes 2 s an answer: well after {took:.1?}");
    lab.rancher.clear(number);
    lab.always(Duration::from_secs(3), || is_well(&lab, 1));
}

/// Without what Rancher gives to a container it does what can be done without, and names what is missing.
fn without_keys() {
    let lab = Lab::start(2);
    let host = &lab.hosts[0];
    for variable in ["CATTLE_URL", "CATTLE_ACCESS_KEY", "CATTLE_SECRET_KEY"] {
        host.start_monitor(&[QUICK[0], (variable, "")]);
        let part = format!("{variable} is missing");
        lab.eventually(LIMIT, || says(host, "no_rancher", &part));
        no_swarm(&lab).unwrap();
    }
    host.start_monitor(&[QUICK[0], ("CATTLE_URL", "rancher.example.org")]);
    lab.eventually(LIMIT, || says(host, "no_rancher", "CATTLE_URL is not an address of http or https"));
    host.start_monitor(&[QUICK[0], ("CATTLE_SECRET_KEY", "wrong")]);
    lab.eventually(LIMIT, || says(host, "no_rancher", "401"));
    host.start_monitor(&QUICK);
    // One that is to join cannot without them either, and must say why.
    let host = &lab.hosts[1];
    host.start_monitor(&QUICK);
    lab.eventually(LIMIT, || is_well(&lab, 1));
    host.wipe();
    host.engine.start();
    host.engine.wait_until_ready();
    host.start_monitor(&[QUICK[0], ("CATTLE_URL", "")]);
    lab.eventually(LIMIT, || says(host, "wait_token", "CATTLE_URL is missing"));
}

/// Others write labels and service metadata too, at the worst of times.
fn other_writers() {
    let lab = Lab::start(2);
    let uuids: Vec<String> = lab.hosts.iter().map(lab::Host::uuid).collect();
    for uuid in &uuids {
        lab.rancher.set_label(uuid, "theirs", Some("kept"));
    }
    lab.rancher.set_service_metadata(json!({"theirs": {"a": [1]}}).as_object().unwrap().clone());
    for round in 0..6 {
        lab.rancher.after_next_read(Filter::api().path("/services"), move |environment| {
            environment.service_mut().metadata.insert("theirs".to_owned(), json!({"a": [1], "round": round}));
        });
        for uuid in uuids.clone() {
            lab.rancher.after_next_read(Filter::api().path(&format!("uuid={uuid}")), move |environment| {
                environment.host_mut(&uuid).labels.insert("theirs".to_owned(), format!("kept {round}"));
            });
        }
    }
    lab.start_monitors(&QUICK);
    lab.eventually(LIMIT, || is_well(&lab, 1));
    let metadata = lab.rancher.service_metadata();
    assert_eq!(metadata["theirs"]["a"], json!([1]), "{metadata:?}");
    for host in &lab.hosts {
        assert!(lab.labels(host)["theirs"].starts_with("kept"), "{:?}", lab.labels(host));
    }
    // Somebody puts back what was there before.
    let cluster = lab.clusters();
    lab.rancher.set_service_metadata(json!({"theirs": 2}).as_object().unwrap().clone());
    for uuid in &uuids {
        lab.rancher.change(|environment| {
            environment.host_mut(uuid).labels = [("theirs".to_owned(), "old".to_owned())].into();
        });
    }
    let took = lab.eventually(LIMIT, || is_well(&lab, 1));
    println!("labels and record that were overwritten are back after {took:.1?}");
    assert_eq!(lab.clusters(), cluster);
    assert_eq!(lab.rancher.service_metadata()["theirs"], 2);
    for host in &lab.hosts {
        assert_eq!(lab.labels(host)["theirs"], "old");
    }
}
