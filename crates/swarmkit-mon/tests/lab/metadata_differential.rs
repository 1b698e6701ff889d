//! The lab's stand-in for rancher-metadata answers what Rancher's own answers: both are given one environment and are
//! asked the same.

use std::collections::BTreeSet;
use std::net::{IpAddr, Ipv4Addr};
use std::thread;
use std::time::{Duration, Instant};
use swarm_lab::lab;
use swarm_lab::trial::Trial;

use super::both_metadata_servers::{Both, FORMS, LATE, LOOK, ask};
use serde_json::{Value, json};
use swarm_lab::lab::HostState;
use swarm_lab::lab::rancher::environment::Environment;
use swarm_lab::lab::rancher::{ServiceState, objects};
use swarm_lab::real_parts;
use swarm_lab::trial::{is_long, trial, trial_wanted_in_ci};

const VERSIONS: [&str; 4] = ["2015-07-25", "2015-12-19", "2016-07-29", "latest"];

pub fn trials() -> Vec<Trial> {
    let missing = real_parts::missing();
    vec![
        trial("the_objects_have_all_that_cattle_sends", None, objects_are_whole),
        trial_wanted_in_ci("every_path_leads_to_the_same", missing, every_path),
        trial_wanted_in_ci("odd_requests_get_the_same", missing, odd_requests),
        trial_wanted_in_ci("what_changes_is_told_by_both", missing, changes),
        trial_wanted_in_ci("a_wait_ends_at_the_same_time", missing, waits),
    ]
}

fn address(last: u8) -> IpAddr {
    Ipv4Addr::new(10, 42, 0, last).into()
}

/// Hosts, stacks and services as an environment may have them.
fn several(environment: &mut Environment) {
    let hosts = [("h1.example.org", Ipv4Addr::LOCALHOST.into()), ("H2", address(200)), ("h3", address(201))]
        .map(|(name, source)| environment.register(name, source, None));
    let labels = &mut environment.host_mut(&hosts[0]).labels;
    labels.insert("io.rancher.host/docker version".to_owned(), "20.10".to_owned());
    labels.insert("plain".to_owned(), String::new());
    labels.insert("signs".to_owned(), "a&b".to_owned());
    environment.host_mut(&hosts[2]).agent_ip = None;
    environment.host_mut(&hosts[1]).state = HostState::Disconnected;
    let metadata = &mut environment.service_mut().metadata;
    metadata
        .insert("swarmkit".to_owned(), json!({"cluster": "c<&>", "deep": [1, "two", {"name": "Three"}, [4], null]}));
    for (key, value) in [("number", json!(2.5)), ("whole", json!(3.0)), ("flag", json!(true)), ("none", Value::Null)] {
        metadata.insert(key.to_owned(), value);
    }
    // The same entry once more, something else, and a stack without anything in it.
    let second = environment.add_stack("Swarm-Two", true);
    let same_name = environment.add_service(&second, "swarmkit-mon", true);
    let user = environment.add_stack("User", false);
    let web = environment.add_service(&user, "Web", false);
    environment.add_service(&user, "idle", false);
    environment.add_stack("empty", false);
    for (at, host) in (1..).zip(&hosts) {
        environment.add_container(host, Some(&same_name), None);
        environment.add_container(host, Some(&web), Some(address(at)));
    }
    let lone = environment.add_container(&hosts[0], None, Some(address(50)));
    let ports = ["8080:80/tcp", "10.0.0.9:81:81/tcp", "0.0.0.0:82:82/udp"];
    let lone = environment.containers.iter_mut().find(|container| container.uuid == lone).unwrap();
    lone.ports = ports.map(str::to_owned).to_vec();
}

/// What both servers are given is of the lab's own making: these are the fields that Cattle sends.
fn objects_are_whole() {
    let mut environment = Environment::new(1);
    several(&mut environment);
    let objects = objects::objects(&environment, Some(&environment.hosts[0]));
    for (kind, fields) in [
        ("environment", "uuid name region_name system"),
        ("stack", "environment_uuid uuid name environment_name system"),
        (
            "service",
            "environment_uuid uuid name kind stack_name stack_uuid primary_service_name create_index scale state system \
             sidekicks links ports expose external_ips labels metadata token",
        ),
        (
            "host",
            "environment_uuid uuid hostId name hostname agent_ip state agent_state labels memory milli_cpu local_storage_mb",
        ),
        (
            "container",
            "environment_uuid uuid name host_uuid hostname external_id primary_ip ips ports create_index service_index \
             start_count state health_state labels links dns dns_search health_check_hosts",
        ),
        ("serviceContainerLink", "service_uuid service_name container_uuid"),
        ("defaultData", "version self"),
    ] {
        let object = objects.iter().find(|object| object["metadata_kind"] == kind).unwrap();
        let missing: Vec<&str> = fields.split_whitespace().filter(|field| object.get(field).is_none()).collect();
        assert!(missing.is_empty(), "{kind} has no {missing:?}: {object}");
    }
    assert_eq!(objects.last().unwrap()["self"], json!({"host": {"uuid": environment.hosts[0].uuid}}));
}

/// A host asks through docker0, a container of a service from its own address, one on its own, and someone else.
fn clients() -> [String; 4] {
    ["172.17.0.1".to_owned(), address(1).to_string(), address(50).to_string(), "192.0.2.1".to_owned()]
}

/// All paths below one, as far as they do not depend on the order of lists.
fn below(path: &str, value: &Value, all: &mut Vec<String>) {
    let encode =
        |part: &str| percent_encoding::utf8_percent_encode(part, percent_encoding::NON_ALPHANUMERIC).to_string();
    all.push(path.to_owned());
    match value {
        Value::Object(map) => map.iter().for_each(|(key, value)| below(&format!("{path}/{}", encode(key)), value, all)),
        Value::Array(list) => {
            for item in list {
                if let Some(uuid) = item["uuid"].as_str() {
                    // What is in it is the same as what is in the lists at the root.
                    let deeper = format!("{path}/{uuid}");
                    if path.matches('/').count() <= 2 { below(&deeper, item, all) } else { all.push(deeper) }
                }
            }
        }
        _ => {}
    }
}

fn every_path() {
    let both = Both::start(several);
    let environment = both.environment();
    let mut asked = 0;
    for version in VERSIONS {
        for client in clients() {
            let root = both.same("GET", &format!("/{version}"), &client, Some("application/json")).unwrap();
            let root: Value = serde_json::from_str(&root.body).unwrap();
            let mut paths = Vec::new();
            below(&format!("/{version}"), &root, &mut paths);
            // Text can be told apart from nothing only where it is asked for; the trees are compared whole above.
            let is_told_more = client == clients()[1] || client == clients()[0] && version == "2016-07-29";
            for path in
                paths.iter().filter(|path| is_told_more && !path.ends_with("/version") && !path.ends_with("/token"))
            {
                both.same("GET", path, &client, None);
                asked += 1;
            }
            for path in [
                "self",
                "self/host",
                "self/host/name",
                "self/service",
                "self/service/name",
                "self/container",
                "self/stack",
                "self/stack/name",
                "self/stack/services",
                "hosts/H2",
                "hosts/h2",
                "hosts/nobody",
                "services/web",
                "services/Web",
                "services/WEB",
                "services/idle/containers",
                "services/web/containers/user-web-1/state",
                "stacks/swarm/services/swarmkit-mon/metadata/swarmkit/cluster",
                "stacks/Swarm-Two/services",
                "stacks/swarm-two/services/swarmkit-mon/uuid",
                "stacks/empty",
                "stacks/empty/services",
                "stacks/User",
                "containers/alone-1/ports",
                "containers/alone-1/ports/1",
                "containers/user-web-2/links/x",
                "networks/0",
                "services/swarmkit-mon/metadata",
                "nothing",
                "self/nothing",
                "hosts/99",
                "hosts/-1",
                "hosts/+9",
            ] {
                for form in [None, Some("application/json")] {
                    // Two services have this name, and which of them comes first is left to chance.
                    if !path.starts_with("services/swarmkit-mon") {
                        both.same("GET", &format!("/{version}/{path}"), &client, form);
                    }
                }
            }
        }
        indices_lead_to_each(&both, version, environment.hosts.len());
    }
    println!("{asked} paths");
    assert!(asked > 1000, "{asked}");
    // From a host's own address it is any of the containers on the host's network.
    let own = environment.hosts[0].source.to_string();
    for path in ["/latest/self", "/latest/self/host", "/2015-07-25/self/host"] {
        both.same("GET", path, &own, None);
    }
    // Where Rancher does not know the host, there is no host in it.
    both.change(|environment| environment.clones = [(Ipv4Addr::LOCALHOST.into(), "nobody".to_owned())].into());
    for path in ["self", "self/host", "self/host/uuid", "hosts", "version/x"] {
        for form in FORMS {
            both.same("GET", &format!("/latest/{path}"), "172.17.0.1", form);
        }
    }
    // An agent that says it is another host.
    let second = both.environment().hosts[1].uuid.clone();
    both.change(|environment| environment.clones = [(Ipv4Addr::LOCALHOST.into(), second.clone())].into());
    let told = both.same("GET", "/latest/self/host/uuid", "172.17.0.1", None).unwrap();
    assert_eq!(told.body, second);
}

/// Each index leads to one, in whatever order.
fn indices_lead_to_each(both: &Both, version: &str, hosts: usize) {
    let all = |which: usize| -> BTreeSet<String> {
        let path = |index: usize| format!("/{version}/hosts/{index}/uuid");
        let asked = (0..=hosts).map(|index| both.asked("GET", &path(index), "172.17.0.1", None)[which].clone());
        asked.map(|answer| answer.map_or_else(String::new, |answer| answer.body)).collect()
    };
    assert_eq!(all(0), all(1));
    assert_eq!(all(0).len(), hosts + 1);
}

fn odd_requests() {
    let both = Both::start(several);
    // Letter by letter: what a test of the JSON's meaning does not see.
    let service = both.environment().service_uuid;
    let path = format!("/latest/services/{service}/metadata");
    let [stand_in, real] = both.asked("GET", &path, "172.17.0.1", Some("application/json"));
    assert_eq!(stand_in, real);
    for path in [
        "/",
        "/2016-07-29/",
        "/2016-07-29/hosts/",
        "/latest/hosts//",
        "/latest//hosts",
        "//latest/hosts",
        "/./latest",
        "/latest/../latest/hosts?a=b",
        "/latest/self/./host",
        "/2014-01-01",
        "/2014-01-01/hosts",
        "/Latest/hosts",
        "/favicon.ico",
        "/latest/favicon.ico",
        "/latest/%zz",
        "/latest/hosts/%",
        "/latest%2Fhosts",
        "/latest/hosts%2Fh2",
        "/latest/hosts/%68%32/state",
        "/latest/self/host/labels/io.rancher.host%2Fdocker+version",
        "/latest/self/host/labels/io.rancher.host%2Fdocker%20version",
        "/latest/self/host/labels",
        "/latest/self/host/labels/signs?wait=true&value=a%26b",
        "/latest/self/host/labels/plain",
        "/latest/self/host/labels/PLAIN",
        "/latest/SELF/HOST/AGENT_IP",
        "/latest/self/host/agent_state",
        "/latest/self/host/agent_state/x",
        "/latest/self/host/name/x",
        "/latest/environments",
        "/latest/environments/x",
        "/latest/environments/0",
        "/latest/networks",
        "/nothing%2Fhosts",
        "/latest/a%20b",
        "/latest/hosts?wait=false&value=",
        "/latest/name?wait=true&value=",
        "/latest?wait=true&value=x",
        "/latest/name?wait=true&value=Default%26",
        "/latest/name?wait=true&value=Default&maxWait=-1",
        "/latest/system?wait=true&value=false&maxWait=-1",
        "/latest/nothing?wait=true&value=x&maxWait=-1",
        "/latest/self/host?wait=true&value=",
        "/latest/self/host/agent_state?wait=true&value=",
        "/latest/name?wait=yes&value=Default",
        "/latest/name?value=Default",
        "/latest/name?wait=true",
        "/latest/self/host/agent_state?wait=true&value=%3Cnil%3E&maxWait=-1",
    ] {
        for method in ["GET", "HEAD", "POST"] {
            // The server has not read the method where it cannot read the path.
            for form in FORMS.into_iter().filter(|_| method == "GET" || !path.contains("%zz") && !path.ends_with('%')) {
                both.same(method, path, "172.17.0.1", form);
            }
        }
    }
}

fn changes() {
    let both = Both::start(several);
    let compare = || {
        for version in VERSIONS {
            both.same("GET", &format!("/{version}"), "172.17.0.1", Some("application/json"));
            both.same("GET", &format!("/{version}/self/host"), "172.17.0.1", None);
        }
    };
    let versions = || both.asked("GET", "/latest/version", "172.17.0.1", None).map(|answer| answer.unwrap().body);
    let hosts: Vec<String> = both.environment().hosts.iter().map(|host| host.uuid.clone()).collect();
    type Change<'a> = Box<dyn FnOnce(&mut Environment) + 'a>;
    let changes: Vec<Change<'_>> = vec![
        Box::new(|environment| environment.rename_stack("Renamed")),
        Box::new(|environment| "Monitors".clone_into(&mut environment.service_mut().name)),
        Box::new(|environment| environment.service_mut().state = ServiceState::Upgraded),
        Box::new(|environment| environment.service_mut().metadata.clear()),
        Box::new(|environment| environment.replace_container(&hosts[0])),
        Box::new(|environment| environment.create_index = lab::CreateIndex::Mixed),
        Box::new(|environment| environment.set_state(&hosts[1], HostState::Deactivating)),
        Box::new(|environment| environment.set_state(&hosts[1], HostState::Removed)),
        Box::new(|environment| environment.set_state(&hosts[0], HostState::Purged)),
        Box::new(|environment| environment.set_state(&hosts[2], HostState::Purged)),
    ];
    compare();
    for change in changes {
        let before = versions();
        assert_eq!(before, versions(), "the version of nothing new");
        both.change(change);
        let after = versions();
        assert!(before.iter().zip(&after).all(|(before, after)| before != after), "{before:?} {after:?}");
        compare();
    }
}

/// Without news a wait ends at a look after its time, and looks come every five seconds.
fn waits() {
    let both = Both::start(several);
    let version = |which: usize| both.asked("GET", "/latest/version", "", None)[which].clone().unwrap().body;
    // What is not as it was said is told at once.
    for value in ["", "other"] {
        let asked = both.timed(&format!("/latest/version?wait=true&value={value}&maxWait=30"), "172.17.0.1");
        assert!(asked.iter().all(|(answer, took)| answer.is_some() && *took < LATE), "{asked:?}");
    }
    thread::scope(|scope| {
        let both = &both;
        let short = [
            ("/latest/name?wait=true&value=Default&maxWait=1", 1, 200),
            ("/latest/name?wait=true&value=Default&maxWait=6", 6, 200),
            ("/latest/nothing?wait=true&value=x&maxWait=1", 1, 404),
            ("/2015-07-25/self/host/agent_state?wait=true&value=%3Cnil%3E&maxWait=1", 1, 200),
        ];
        // What it is where nothing is said, and at the most.
        let long = [
            ("/latest/name?wait=true&value=Default&maxWait=0", 60, 200),
            ("/latest/name?wait=true&value=Default&maxWait=soon", 60, 200),
            ("/latest/name?wait=true&value=Default&maxWait=1000", 120, 200),
        ];
        let waiting = short.into_iter().chain(long.into_iter().filter(|_| is_long()));
        let waiting: Vec<_> = waiting
            .map(|(path, seconds, status)| scope.spawn(move || ends_after(both, path, seconds, status)))
            .collect();
        waiting.into_iter().for_each(|waiting| waiting.join().unwrap());
    });
    // News ends it, whatever is new.
    let host = both.environment().hosts[0].uuid.clone();
    thread::scope(|scope| {
        let waiting = [both.stand_in_address(), both.address].into_iter().enumerate().map(|(which, address)| {
            let path = format!("/latest/version?wait=true&value={}&maxWait=60", version(which));
            scope.spawn(move || {
                let start = Instant::now();
                (ask(address, "GET", &path, "172.17.0.1", None).unwrap(), start.elapsed())
            })
        });
        let waiting: Vec<_> = waiting.collect();
        thread::sleep(Duration::from_millis(500));
        both.change(|environment| drop(environment.host_mut(&host).labels.insert("new".to_owned(), "s".to_owned())));
        for waiting in waiting {
            let (answer, took) = waiting.join().unwrap();
            assert_eq!(answer.status, 200);
            assert!((Duration::from_millis(400)..LATE + LATE).contains(&took), "{took:?}");
        }
    });
}

#[track_caller]
fn ends_after(both: &Both, path: &str, seconds: u64, status: u16) {
    let least = Duration::from_secs(seconds);
    for (which, (answer, took)) in both.timed(path, "172.17.0.1").into_iter().enumerate() {
        assert_eq!(answer.unwrap().status, status, "{which}: {path}");
        assert!((least..least + LOOK + LATE).contains(&took), "{which}: {path} took {took:?}");
    }
}
