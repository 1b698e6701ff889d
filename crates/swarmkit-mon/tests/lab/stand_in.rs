//! The stand-in for Rancher that the daemon is tested against: what is written through its API shows in its metadata, the
//! states of hosts and services decide what comes of a request, and faults happen when asked for.

use std::net::{IpAddr, Ipv4Addr};
use std::time::{Duration, Instant};
use swarm_lab::trial::Trial;
use swarm_lab::trials;

use reqwest::blocking::{Client, Response};
use serde_json::{Value, json};
use swarm_lab::lab::rancher::{ACCESS_KEY, Listen, SECRET_KEY, ServiceState};
use swarm_lab::lab::{ApiVersion, CreateIndex, Fault, Filter, HostState, Kind, Rancher, client};

pub fn trials() -> Vec<Trial> {
    trials![
        metadata_walks_by_key_index_name_and_uuid,
        metadata_speaks_text_and_json,
        metadata_knows_who_asks_by_the_source_address,
        metadata_waits_for_news,
        a_write_replaces_the_whole_map_and_shows_in_metadata_after_the_delay,
        writes_that_make_no_sense_are_refused,
        the_api_wants_its_keys,
        lists_are_filtered_and_paged,
        a_host_that_is_removed_passes_through_its_states,
        a_lost_host_stays_active_in_the_older_api,
        what_a_write_to_a_service_does_is_decided_by_its_state,
        an_upgrade_takes_away_what_the_executor_did_not_write,
        the_environment_can_hold_more_than_the_monitors,
        faults_come_and_go_as_asked,
        content_is_taken_away_as_asked,
        a_lost_answer_can_hide_a_write,
        another_writer_comes_between_read_and_write,
        the_log_counts_and_finds,
        the_api_can_speak_https_under_a_private_ca,
    ]
}

fn stand_in() -> Rancher {
    let any = (Ipv4Addr::LOCALHOST, 0).into();
    Rancher::start(Listen { metadata: any, api: any, tls: false }).unwrap()
}

/// Two hosts, on 127.0.0.1 and 127.0.0.2.
fn two_hosts() -> (Rancher, [String; 2]) {
    let rancher = stand_in();
    rancher.set_metadata_delay(Duration::ZERO);
    let hosts = [1, 2].map(|last| rancher.register(&format!("h{last}.example.org"), loopback(last)));
    (rancher, hosts)
}

fn loopback(last: u8) -> IpAddr {
    Ipv4Addr::new(127, 0, 0, last).into()
}

fn client_at(last: u8) -> Client {
    client::builder().local_address(loopback(last)).timeout(Duration::from_secs(10)).build().unwrap()
}

fn look(rancher: &Rancher, path: &str) -> Response {
    client_at(1).get(format!("{}{path}", rancher.metadata_url())).send().unwrap()
}

fn preview_json(rancher: &Rancher, path: &str) -> Value {
    let request = client_at(1).get(format!("{}{path}", rancher.metadata_url()));
    request.header("accept", "application/json").send().unwrap().json().unwrap()
}

fn ask(rancher: &Rancher, path: &str) -> Response {
    let request = client_at(1).get(format!("{}{path}", rancher.api_url()));
    request.basic_auth(ACCESS_KEY, Some(SECRET_KEY)).send().unwrap()
}

fn put(rancher: &Rancher, path: &str, body: &Value) -> reqwest::Result<Response> {
    let request = client_at(1).put(format!("{}{path}", rancher.api_url()));
    request.basic_auth(ACCESS_KEY, Some(SECRET_KEY)).json(body).send()
}

fn metadata_walks_by_key_index_name_and_uuid() {
    let (rancher, [_, second]) = two_hosts();
    for version in ["2015-07-25", "2015-12-19", "2016-07-29", "latest"] {
        for path in ["hosts/1", "hosts/h2.example.org", &format!("hosts/{second}")] {
            assert_eq!(look(&rancher, &format!("/{version}/{path}/agent_ip")).text().unwrap(), "127.0.0.2", "{path}");
        }
    }
    rancher.set_label(&second, "io.rancher/with space", Some("x"));
    assert_eq!(look(&rancher, "/latest/hosts/1/labels/io.rancher%2Fwith%20space").text().unwrap(), "x");
    for path in ["/latest/hosts/2", "/latest/nothing", "/latest/hosts/0/uuid/more", "/2014-01-01/hosts"] {
        assert_eq!(look(&rancher, path).status(), 404, "{path}");
    }
}

fn metadata_speaks_text_and_json() {
    let (rancher, [first, _]) = two_hosts();
    rancher.set_label(&first, "b/c", Some("2"));
    rancher.set_label(&first, "a", Some("1"));
    assert_eq!(
        look(&rancher, "/latest/hosts/0").text().unwrap(),
        "agent_ip\nagent_state\nenvironment_uuid\nhostname\nlabels/\nlocal_storage_mb\nmemory\nmetadata_kind\nmilli_cpu\n\
         name\nstate\nuuid\n"
    );
    assert_eq!(look(&rancher, "/latest/hosts/0/labels").text().unwrap(), "a\nb%2Fc\n");
    assert_eq!(look(&rancher, "/latest/hosts").text().unwrap(), "0=h1.example.org\n1=h2.example.org\n");
    assert_eq!(preview_json(&rancher, "/latest/hosts/0/labels"), json!({"a": "1", "b/c": "2"}));
    assert_eq!(preview_json(&rancher, "/latest/containers/swarm-swarmkit-mon-1/service_index"), json!("1"));
    assert_eq!(look(&rancher, "/latest/nothing").text().unwrap(), "Not found\n");
    assert_eq!(
        preview_json(&rancher, "/latest/nothing"),
        json!({"type": "error", "code": 404, "message": "Not found"})
    );
    for (form, expected) in [(CreateIndex::Number, json!(1)), (CreateIndex::Text, json!("1"))] {
        rancher.change(|environment| environment.create_index = form);
        assert_eq!(preview_json(&rancher, "/latest/services/swarmkit-mon/containers/0/create_index"), expected);
    }
}

fn metadata_knows_who_asks_by_the_source_address() {
    let (rancher, hosts) = two_hosts();
    let who = |last: u8| {
        let url = format!("{}/latest/self/host/uuid", rancher.metadata_url());
        let answer = client_at(last).get(url).send().unwrap();
        (answer.status().as_u16(), answer.text().unwrap())
    };
    assert_eq!(who(1), (200, hosts[0].clone()));
    assert_eq!(who(2), (200, hosts[1].clone()));
    assert_eq!(who(3), (404, "Not found\n".to_owned()));
    assert_eq!(look(&rancher, "/latest/self").text().unwrap(), "host/\n", "it comes through docker0");
    rancher.set_agent_ip(&hosts[1], None);
    assert_eq!(who(2), (200, hosts[1].clone()), "without an agent_ip it is still known");
    assert_eq!(look(&rancher, "/latest/hosts/1/agent_ip").status(), 404);
}

fn metadata_waits_for_news() {
    let (rancher, [first, _]) = two_hosts();
    let version = look(&rancher, "/latest/version").text().unwrap();
    let wait = |value: &str, most: u64| {
        let start = Instant::now();
        let path = format!("/latest/version?wait=true&value={value}&maxWait={most}");
        (look(&rancher, &path).text().unwrap(), start.elapsed())
    };
    let (same, took) = wait(&version, 1);
    assert_eq!(same, version);
    assert!((900..7000).contains(&took.as_millis()), "it looks every five seconds: {took:?}");
    assert!(wait("something else", 30).1 < Duration::from_millis(500));
    rancher.set_metadata_delay(Duration::from_millis(300));
    std::thread::scope(|scope| {
        let waiting = scope.spawn(|| wait(&version, 30));
        std::thread::sleep(Duration::from_millis(200));
        rancher.set_label(&first, "new", Some("s"));
        let (new, took) = waiting.join().unwrap();
        assert_ne!(new, version);
        assert!((450..3000).contains(&took.as_millis()), "{took:?}");
    });
}

fn a_write_replaces_the_whole_map_and_shows_in_metadata_after_the_delay() {
    let (rancher, [first, _]) = two_hosts();
    rancher.set_label(&first, "old", Some("1"));
    let host = &ask(&rancher, &format!("/hosts?uuid={first}")).json::<Value>().unwrap()["data"][0].take();
    let path = format!("/projects/{}/hosts/{}", host["accountId"].as_str().unwrap(), host["id"].as_str().unwrap());
    rancher.set_metadata_delay(Duration::from_secs(3));
    let written = put(&rancher, &path, &json!({"labels": {"new": "2"}})).unwrap();
    assert_eq!(written.status(), 200);
    assert_eq!(written.json::<Value>().unwrap()["labels"], json!({"new": "2"}));
    assert_eq!(ask(&rancher, &path).json::<Value>().unwrap()["labels"], json!({"new": "2"}), "all of it is replaced");
    assert_eq!(preview_json(&rancher, "/latest/self/host/labels"), json!({"old": "1"}), "not there yet");
    std::thread::sleep(Duration::from_millis(3_050));
    assert_eq!(preview_json(&rancher, "/latest/self/host/labels"), json!({"new": "2"}));
    rancher.set_metadata_delay(Duration::from_millis(400));

    let uuid = rancher.environment().service_uuid;
    let service = &ask(&rancher, &format!("/services?uuid={uuid}")).json::<Value>().unwrap()["data"][0].take();
    let path =
        format!("/projects/{}/services/{}", service["accountId"].as_str().unwrap(), service["id"].as_str().unwrap());
    for at in 1..=3 {
        assert_eq!(put(&rancher, &path, &json!({"metadata": {"at": at, "deep": {"er": [1]}}})).unwrap().status(), 200);
    }
    assert_eq!(rancher.service_metadata()["at"], 3);
    std::thread::sleep(Duration::from_millis(450));
    assert_eq!(preview_json(&rancher, "/latest/services/swarmkit-mon/metadata"), json!({"at": 3, "deep": {"er": [1]}}));
}

fn writes_that_make_no_sense_are_refused() {
    let (rancher, [first, _]) = two_hosts();
    rancher.set_label(&first, "a", Some("1"));
    for (path, body) in [
        ("/hosts/1h1", json!({"labels": ["a"]})),
        ("/hosts/1h1", json!({"labels": {"a": 1}})),
        ("/hosts/1h1", json!("labels")),
        ("/projects/1a5/services/1s1", json!({"metadata": "text"})),
    ] {
        assert_eq!(put(&rancher, path, &body).unwrap().status(), 422, "{path} {body}");
    }
    for path in ["/hosts/1h9", "/services/1s9", "/projects/1a6/hosts/1h1"] {
        assert_eq!(put(&rancher, path, &json!({"labels": {}})).unwrap().status(), 404, "{path}");
    }
    assert_eq!(rancher.labels(&first)["a"], "1");
}

fn the_api_wants_its_keys() {
    let (rancher, _) = two_hosts();
    let url = format!("{}/hosts", rancher.api_url());
    assert_eq!(client_at(1).get(&url).send().unwrap().status(), 401);
    let wrong = client_at(1).get(&url).basic_auth(ACCESS_KEY, Some("wrong")).send().unwrap();
    assert_eq!(wrong.status(), 401);
    assert_eq!(wrong.json::<Value>().unwrap()["type"], "error");
    let first = client_at(1).get(url.replace("/v1", "/v2-beta")).basic_auth(ACCESS_KEY, Some(SECRET_KEY)).send();
    assert_eq!(first.unwrap().status(), 200);
}

fn lists_are_filtered_and_paged() {
    let rancher = stand_in();
    rancher.change(|environment| {
        for at in 0..1005_u16 {
            let [high, low] = at.to_be_bytes();
            environment.register("h", Ipv4Addr::new(127, 1, high, low).into(), None);
        }
    });
    let page: Value = ask(&rancher, "/hosts").json().unwrap();
    assert_eq!(page["data"].as_array().unwrap().len(), 1000);
    let next = page["pagination"]["next"].as_str().unwrap();
    let rest = client_at(1).get(next).basic_auth(ACCESS_KEY, Some(SECRET_KEY)).send().unwrap();
    let rest: Value = rest.json().unwrap();
    assert_eq!(rest["data"].as_array().unwrap().len(), 5);
    assert_eq!(rest["data"][0]["id"], "1h1001");
    assert_eq!(rest["pagination"]["next"], Value::Null);
    let none: Value = ask(&rancher, "/hosts?uuid=nobody").json().unwrap();
    assert_eq!((&none["type"], &none["data"]), (&json!("collection"), &json!([])));
}

fn a_host_that_is_removed_passes_through_its_states() {
    let (rancher, [first, second]) = two_hosts();
    let state = || {
        let answer = ask(&rancher, "/hosts/1h2");
        (answer.status().as_u16(), answer.json::<Value>().unwrap()["state"].as_str().unwrap_or_default().to_owned())
    };
    let listed = || ask(&rancher, "/hosts").json::<Value>().unwrap()["data"].as_array().unwrap().len();
    // Nothing is null to it, not an empty list.
    let shown = || preview_json(&rancher, "/latest/hosts").as_array().map_or(0, Vec::len);
    for (to, status, text, count) in [
        (HostState::Disconnected, 200, "active", 2),
        (HostState::Deactivating, 200, "deactivating", 2),
        (HostState::Inactive, 200, "inactive", 2),
        (HostState::Removed, 200, "removed", 1),
        (HostState::Purged, 404, "", 1),
    ] {
        rancher.set_host_state(&second, to);
        assert_eq!(state(), (status, text.to_owned()));
        assert_eq!((listed(), shown()), (count, count), "{to:?}");
    }
    assert_eq!(preview_json(&rancher, "/latest/containers").as_array().unwrap().len(), 1);
    rancher.remove_host(&first, Duration::ZERO);
    assert_eq!((listed(), shown()), (0, 0));
    let again = rancher.register("h1", loopback(1));
    assert_ne!(again, first);
    assert_eq!(look(&rancher, "/latest/self/host/uuid").text().unwrap(), again);
}

fn a_lost_host_stays_active_in_the_older_api() {
    let (rancher, [first, _]) = two_hosts();
    let shown = |version: ApiVersion| {
        let url = format!("{}/hosts?uuid={first}", rancher.api_url_of(version));
        let answer = client_at(1).get(url).basic_auth(ACCESS_KEY, Some(SECRET_KEY)).send().unwrap();
        let host = answer.json::<Value>().unwrap()["data"][0].take();
        (host["state"].clone(), host["agentState"].clone())
    };
    assert!(rancher.api_url().ends_with("/v1"));
    for (state, older, newer, agent) in [
        (HostState::Active, "active", "active", Value::Null),
        (HostState::Reconnecting, "active", "reconnecting", json!("reconnecting")),
        (HostState::Disconnected, "active", "disconnected", json!("disconnected")),
        (HostState::UpdatingActive, "updating-active", "updating-active", Value::Null),
    ] {
        rancher.set_host_state(&first, state);
        assert_eq!(shown(ApiVersion::V1), (json!(older), agent.clone()), "{state:?}");
        assert_eq!(shown(ApiVersion::V2Beta), (json!(newer), agent.clone()), "{state:?}");
        assert_eq!(preview_json(&rancher, "/latest/self/host/agent_state"), agent);
    }
}

fn what_a_write_to_a_service_does_is_decided_by_its_state() {
    let (rancher, [first, _]) = two_hosts();
    let told = || preview_json(&rancher, "/latest/services/swarmkit-mon/metadata")["at"].clone();
    let version = || look(&rancher, "/latest/version").text().unwrap();
    let mark = rancher.log_length();
    let mut stored = json!(0);
    for (at, state, status) in [
        (1, ServiceState::Active, 200),
        (2, ServiceState::Inactive, 200),
        (3, ServiceState::Upgrading, 409),
        (4, ServiceState::UpdatingActive, 409),
        (5, ServiceState::FinishingUpgrade, 409),
        (6, ServiceState::RollingBack, 409),
    ] {
        rancher.set_service_state(state);
        assert_eq!(ask(&rancher, "/services/1s1").json::<Value>().unwrap()["state"], state.text());
        assert_eq!(put(&rancher, "/services/1s1", &json!({"metadata": {"at": at}})).unwrap().status(), status);
        if status == 200 {
            stored = json!(at);
        }
        assert_eq!((&told(), &rancher.service_metadata()["at"]), (&stored, &stored), "{state:?}");
    }
    rancher.set_service_state(ServiceState::Upgraded);
    let before = version();
    assert_eq!(put(&rancher, "/services/1s1", &json!({"metadata": {"at": 7}})).unwrap().status(), 200);
    assert_eq!(ask(&rancher, "/services/1s1").json::<Value>().unwrap()["metadata"]["at"], 7);
    assert_eq!((told(), version()), (stored, before), "metadata is not told");
    rancher.set_label(&first, "something", Some("else"));
    assert_eq!(told(), 7);
    assert_eq!(rancher.service_writes_since(mark).len(), 3);
}

fn an_upgrade_takes_away_what_the_executor_did_not_write() {
    let (rancher, _) = two_hosts();
    let mut metadata = rancher.service_metadata();
    let keys: Vec<String> = metadata.keys().cloned().collect();
    assert_eq!(keys, ["io.rancher.service.hash"]);
    metadata.insert("swarmkit".to_owned(), json!({"cluster": "c"}));
    rancher.set_service_metadata(metadata.clone());
    rancher.wipe_service_metadata();
    assert_eq!(rancher.service_metadata().keys().collect::<Vec<_>>(), ["io.rancher.service.hash"]);
    assert_ne!(rancher.service_metadata()["io.rancher.service.hash"], metadata["io.rancher.service.hash"]);
}

fn the_environment_can_hold_more_than_the_monitors() {
    let (rancher, [first, _]) = two_hosts();
    let (same, web) = rancher.change(|environment| {
        let second = environment.add_stack("second", true);
        let same = environment.add_service(&second, "swarmkit-mon", true);
        environment.add_container(&first, Some(&same), None);
        let user = environment.add_stack("user", false);
        let web = environment.add_service(&user, "web", false);
        environment.add_container(&first, Some(&web), Some(Ipv4Addr::new(10, 42, 0, 1).into()));
        environment.rename_stack("renamed");
        (same, web)
    });
    let own = rancher.environment().service_uuid;
    let told = preview_json(&rancher, "/latest/stacks/renamed/services/swarmkit-mon");
    assert_eq!((&told["uuid"], told["containers"].as_array().unwrap().len()), (&json!(own), 2));
    let container = &told["containers"][0];
    assert_eq!(container["labels"]["io.rancher.container.uuid"], container["uuid"]);
    assert_eq!(container["labels"]["io.rancher.stack_service.name"], "renamed/swarmkit-mon");
    assert_eq!((&container["service_uuid"], &container["stack_name"]), (&json!(own), &json!("renamed")));
    assert!(container["external_id"].is_string());
    assert_eq!(preview_json(&rancher, "/latest/stacks/second/services/0/uuid"), json!(same));
    for (uuid, id) in [(&own, "1s1"), (&same, "1s2"), (&web, "1s3")] {
        let found: Value = ask(&rancher, &format!("/services?uuid={uuid}")).json().unwrap();
        assert_eq!(found["data"][0]["id"], id);
    }
    put(&rancher, "/services/1s2", &json!({"metadata": {"its": "own"}})).unwrap();
    assert!(!rancher.service_metadata().contains_key("its"));
    let again = rancher.register("h3", loopback(3));
    let of: Vec<_> = rancher.environment().containers.into_iter().filter(|one| one.host_uuid == again).collect();
    assert_eq!(of.len(), 2, "one of each global service");
}

fn faults_come_and_go_as_asked() {
    let (rancher, _) = two_hosts();
    rancher.fault(Filter::api(), Fault::status(503).times(2));
    let statuses: Vec<u16> = (0..3).map(|_| ask(&rancher, "/hosts").status().as_u16()).collect();
    assert_eq!(statuses, [503, 503, 200]);

    let number = rancher.fault(Filter::metadata(), Fault::status(404));
    assert_eq!(look(&rancher, "/latest/hosts").text().unwrap(), "Not found\n");
    assert_eq!(preview_json(&rancher, "/latest/hosts")["code"], 404);
    assert_eq!(ask(&rancher, "/hosts").status(), 200);
    rancher.clear(number);
    assert_eq!(look(&rancher, "/latest/hosts").status(), 200);

    rancher.fault(Filter::metadata().from(loopback(2)), Fault::status(500));
    let url = format!("{}/latest/version", rancher.metadata_url());
    assert_eq!(client_at(2).get(&url).send().unwrap().status(), 500);
    assert_eq!(client_at(1).get(&url).send().unwrap().status(), 200);
    rancher.clear_faults();

    rancher.fault(Filter::metadata().path("/hosts"), Fault::delay(Duration::from_millis(300)));
    let start = Instant::now();
    assert_eq!(look(&rancher, "/latest/hosts").status(), 200);
    assert!(start.elapsed() >= Duration::from_millis(300));
    rancher.clear_faults();

    rancher.fault(Filter::metadata(), Fault::hang().times(1));
    let short = client::builder().timeout(Duration::from_millis(200)).build().unwrap();
    assert!(short.get(&url).send().unwrap_err().is_timeout());
    assert_eq!(short.get(&url).send().unwrap().status(), 200);
    rancher.fault(Filter::metadata(), Fault::close().times(1));
    let fresh = || client::builder().pool_max_idle_per_host(0).timeout(Duration::from_secs(5)).build().unwrap();
    assert!(fresh().get(&url).send().is_err());

    rancher.refuse(Kind::Metadata);
    assert!(fresh().get(&url).send().unwrap_err().is_connect());
    assert_eq!(ask(&rancher, "/hosts").status(), 200);
    rancher.accept(Kind::Metadata);
    assert_eq!(fresh().get(&url).send().unwrap().status(), 200);
}

fn content_is_taken_away_as_asked() {
    let (rancher, _) = two_hosts();
    rancher.fault(Filter::metadata(), Fault::without("agent_ip").times(1));
    let hosts = preview_json(&rancher, "/latest/hosts");
    assert_eq!((&hosts[1]["agent_ip"], hosts[1]["uuid"].is_string()), (&Value::Null, true));
    rancher.fault(Filter::metadata(), Fault::without("self").times(1));
    assert_eq!(look(&rancher, "/latest/self/host").status(), 404);
    rancher.fault(Filter::metadata(), Fault::empty_lists().times(1));
    assert_eq!(preview_json(&rancher, "/latest/hosts"), json!([]));
    rancher.fault(Filter::api(), Fault::empty_lists().times(1));
    assert_eq!(ask(&rancher, "/hosts").json::<Value>().unwrap()["data"], json!([]));
    assert_eq!(ask(&rancher, "/hosts").json::<Value>().unwrap()["data"].as_array().unwrap().len(), 2);
}

fn a_lost_answer_can_hide_a_write() {
    let (rancher, [first, _]) = two_hosts();
    rancher.fault(Filter::api().method("PUT"), Fault::status(503).times(1));
    assert_eq!(put(&rancher, "/hosts/1h1", &json!({"labels": {"a": "1"}})).unwrap().status(), 503);
    assert!(rancher.labels(&first).is_empty(), "before the write it did nothing");
    rancher.fault(Filter::api().method("PUT"), Fault::status(503).after_effect().times(1));
    assert_eq!(put(&rancher, "/hosts/1h1", &json!({"labels": {"a": "1"}})).unwrap().status(), 503);
    assert_eq!(rancher.labels(&first)["a"], "1");
    rancher.fault(Filter::api().method("PUT"), Fault::close().after_effect());
    assert!(put(&rancher, "/hosts/1h1", &json!({"labels": {"a": "2"}})).is_err());
    assert_eq!(rancher.labels(&first)["a"], "2");
}

fn another_writer_comes_between_read_and_write() {
    let (rancher, [first, _]) = two_hosts();
    let uuid = first.clone();
    rancher.after_next_read(Filter::api().path("/hosts/1h1"), move |environment| {
        environment.host_mut(&uuid).labels.insert("other".to_owned(), "x".to_owned());
    });
    let read: Value = ask(&rancher, "/hosts/1h1").json().unwrap();
    assert_eq!(read["labels"], json!({}), "the reader does not see it");
    assert_eq!(rancher.labels(&first)["other"], "x");
    put(&rancher, "/hosts/1h1", &json!({"labels": {"mine": "y"}})).unwrap();
    assert!(!rancher.labels(&first).contains_key("other"), "the last writer wins");
}

fn the_log_counts_and_finds() {
    let (rancher, [first, _]) = two_hosts();
    let mark = rancher.log_length();
    for _ in 0..3 {
        look(&rancher, "/latest/version");
    }
    ask(&rancher, "/hosts?uuid=1");
    let counts = rancher.counts_since(mark);
    assert_eq!(counts[&(loopback(1), Kind::Metadata, "GET".to_owned(), "/latest/version".to_owned())], 3);
    assert_eq!(counts.values().sum::<usize>(), 4);
    assert_eq!(rancher.log().last().unwrap().status, Some(200));

    assert!(rancher.ever_saw("SWMTKN").is_empty());
    put(&rancher, "/hosts/1h1", &json!({"labels": {"t": "SWMTKN-1"}})).unwrap();
    rancher.set_label(&first, "t", None);
    assert_eq!(rancher.ever_saw("SWMTKN").len(), 2, "as a body and as a label, though it is gone");
    ask(&rancher, "/hosts?name=%53ECRET");
    assert_eq!(rancher.ever_saw("SECRET").len(), 1);
}

fn the_api_can_speak_https_under_a_private_ca() {
    let any = (Ipv4Addr::LOCALHOST, 0).into();
    let rancher = Rancher::start(Listen { metadata: any, api: any, tls: true }).unwrap();
    rancher.register("h1", loopback(1));
    let url = format!("{}/hosts", rancher.api_url());
    assert!(url.starts_with("https://"), "{url}");
    let ca = reqwest::Certificate::from_pem(rancher.ca().unwrap().as_bytes()).unwrap();
    let trusting = client::builder().tls_certs_only([ca]).build().unwrap();
    assert_eq!(trusting.get(&url).basic_auth(ACCESS_KEY, Some(SECRET_KEY)).send().unwrap().status(), 200);
    assert!(client::builder().tls_certs_only([]).build().unwrap().get(&url).send().is_err(), "trusted by anyone");
}
