//! The lab that the daemon is tested in is what it says: the stand-in answers as Rancher does, the engines are real and
//! apart, faults happen when asked for, and nothing is left behind.

#[path = "support/lab/mod.rs"]
mod lab;
#[path = "support/trial.rs"]
mod trial;

use std::fs;
use std::io::{BufRead, BufReader};
use std::net::{IpAddr, Ipv4Addr};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use lab::rancher::{ACCESS_KEY, Listen, SECRET_KEY, ServiceState};
use lab::{
    ApiVersion, CreateIndex, Fault, Filter, Host, HostState, Kind, Lab, Metadata, Rancher, client, kit, missing,
};
use reqwest::blocking::{Client, Response};
use serde_json::{Value, json};
use trial::{run, trial, trial_wanted_in_ci};

/// Set for the copy of this program that is killed in the midst of its work.
const VICTIM: &str = "LAB_TEST_VICTIM";

fn main() {
    if std::env::var_os(VICTIM).is_some() {
        become_a_victim();
    }
    let no_real = missing().or_else(kit::missing);
    run(vec![
        trial("metadata_walks_by_key_index_name_and_uuid", None, metadata_walks),
        trial("metadata_speaks_text_and_json", None, metadata_speaks),
        trial("metadata_knows_who_asks_by_the_source_address", None, metadata_knows_who_asks),
        trial("metadata_waits_for_news", None, metadata_waits),
        trial("a_write_replaces_the_whole_map_and_shows_in_metadata_after_the_delay", None, writes_show_later),
        trial("writes_that_make_no_sense_are_refused", None, bad_writes_are_refused),
        trial("the_api_wants_its_keys", None, the_api_wants_its_keys),
        trial("lists_are_filtered_and_paged", None, lists_are_paged),
        trial("a_host_that_is_removed_passes_through_its_states", None, removal_passes_through_states),
        trial("a_lost_host_stays_active_in_the_older_api", None, a_lost_host_in_both_apis),
        trial("what_a_write_to_a_service_does_is_decided_by_its_state", None, service_states),
        trial("an_upgrade_takes_away_what_the_executor_did_not_write", None, an_upgrade_wipes),
        trial("the_environment_can_hold_more_than_the_monitors", None, more_than_the_monitors),
        trial("faults_come_and_go_as_asked", None, faults_come_and_go),
        trial("content_is_taken_away_as_asked", None, content_is_taken_away),
        trial("a_lost_answer_can_hide_a_write", None, a_lost_answer_can_hide_a_write),
        trial("another_writer_comes_between_read_and_write", None, another_writer_comes_between),
        trial("the_log_counts_and_finds", None, the_log_counts_and_finds),
        trial("the_api_can_speak_https_under_a_private_ca", None, https_under_a_private_ca),
        trial("five_engines_form_a_swarm_with_an_overlay_network", missing(), five_engines_form_a_swarm),
        trial("a_killed_manager_is_missed_and_comes_back", missing(), a_killed_manager_is_missed),
        trial("cuts_cut_and_heal", missing(), cuts_cut_and_heal),
        trial_wanted_in_ci("ranchers_own_metadata_stands_behind_every_hosts_docker0", no_real, real_metadata),
        trial_wanted_in_ci("ranchers_own_metadata_fails_and_comes_back_with_its_host", no_real, real_metadata_fails),
        trial("one_identity_is_on_two_hosts_as_asked", missing(), || one_identity_on_two_hosts(Metadata::StandIn)),
        trial("a_monitor_runs_as_its_container_would", missing(), a_monitor_runs_as_its_container_would),
        trial("nothing_is_left_behind", missing(), nothing_is_left_behind),
        trial("nothing_is_left_behind_by_a_killed_test", missing(), nothing_is_left_by_a_killed_test),
    ]);
}

// ---- the stand-in alone

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

fn look_json(rancher: &Rancher, path: &str) -> Value {
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

fn metadata_walks() {
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

fn metadata_speaks() {
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
    assert_eq!(look_json(&rancher, "/latest/hosts/0/labels"), json!({"a": "1", "b/c": "2"}));
    assert_eq!(look_json(&rancher, "/latest/containers/swarm-swarmkit-mon-1/service_index"), json!("1"));
    assert_eq!(look(&rancher, "/latest/nothing").text().unwrap(), "Not found\n");
    assert_eq!(look_json(&rancher, "/latest/nothing"), json!({"type": "error", "code": 404, "message": "Not found"}));
    for (form, expected) in [(CreateIndex::Number, json!(1)), (CreateIndex::Text, json!("1"))] {
        rancher.change(|environment| environment.create_index = form);
        assert_eq!(look_json(&rancher, "/latest/services/swarmkit-mon/containers/0/create_index"), expected);
    }
}

fn metadata_knows_who_asks() {
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

fn metadata_waits() {
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

fn writes_show_later() {
    let (rancher, [first, _]) = two_hosts();
    rancher.set_label(&first, "old", Some("1"));
    let host = &ask(&rancher, &format!("/hosts?uuid={first}")).json::<Value>().unwrap()["data"][0].take();
    let path = format!("/projects/{}/hosts/{}", host["accountId"].as_str().unwrap(), host["id"].as_str().unwrap());
    rancher.set_metadata_delay(Duration::from_millis(400));
    let written = put(&rancher, &path, &json!({"labels": {"new": "2"}})).unwrap();
    assert_eq!(written.status(), 200);
    assert_eq!(written.json::<Value>().unwrap()["labels"], json!({"new": "2"}));
    assert_eq!(ask(&rancher, &path).json::<Value>().unwrap()["labels"], json!({"new": "2"}), "all of it is replaced");
    assert_eq!(look_json(&rancher, "/latest/self/host/labels"), json!({"old": "1"}), "not there yet");
    std::thread::sleep(Duration::from_millis(450));
    assert_eq!(look_json(&rancher, "/latest/self/host/labels"), json!({"new": "2"}));

    let uuid = rancher.environment().service_uuid;
    let service = &ask(&rancher, &format!("/services?uuid={uuid}")).json::<Value>().unwrap()["data"][0].take();
    let path =
        format!("/projects/{}/services/{}", service["accountId"].as_str().unwrap(), service["id"].as_str().unwrap());
    for at in 1..=3 {
        assert_eq!(put(&rancher, &path, &json!({"metadata": {"at": at, "deep": {"er": [1]}}})).unwrap().status(), 200);
    }
    assert_eq!(rancher.service_metadata()["at"], 3);
    std::thread::sleep(Duration::from_millis(450));
    assert_eq!(look_json(&rancher, "/latest/services/swarmkit-mon/metadata"), json!({"at": 3, "deep": {"er": [1]}}));
}

fn bad_writes_are_refused() {
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

fn lists_are_paged() {
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

fn removal_passes_through_states() {
    let (rancher, [first, second]) = two_hosts();
    let state = || {
        let answer = ask(&rancher, "/hosts/1h2");
        (answer.status().as_u16(), answer.json::<Value>().unwrap()["state"].as_str().unwrap_or_default().to_owned())
    };
    let listed = || ask(&rancher, "/hosts").json::<Value>().unwrap()["data"].as_array().unwrap().len();
    // Nothing is null to it, not an empty list.
    let shown = || look_json(&rancher, "/latest/hosts").as_array().map_or(0, Vec::len);
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
    assert_eq!(look_json(&rancher, "/latest/containers").as_array().unwrap().len(), 1);
    rancher.remove_host(&first, Duration::ZERO);
    assert_eq!((listed(), shown()), (0, 0));
    let again = rancher.register("h1", loopback(1));
    assert_ne!(again, first);
    assert_eq!(look(&rancher, "/latest/self/host/uuid").text().unwrap(), again);
}

fn a_lost_host_in_both_apis() {
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
        assert_eq!(look_json(&rancher, "/latest/self/host/agent_state"), agent);
    }
}

fn service_states() {
    let (rancher, [first, _]) = two_hosts();
    let told = || look_json(&rancher, "/latest/services/swarmkit-mon/metadata")["at"].clone();
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

fn an_upgrade_wipes() {
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

fn more_than_the_monitors() {
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
    let told = look_json(&rancher, "/latest/stacks/renamed/services/swarmkit-mon");
    assert_eq!((&told["uuid"], told["containers"].as_array().unwrap().len()), (&json!(own), 2));
    let container = &told["containers"][0];
    assert_eq!(container["labels"]["io.rancher.container.uuid"], container["uuid"]);
    assert_eq!(container["labels"]["io.rancher.stack_service.name"], "renamed/swarmkit-mon");
    assert_eq!((&container["service_uuid"], &container["stack_name"]), (&json!(own), &json!("renamed")));
    assert!(container["external_id"].is_string());
    assert_eq!(look_json(&rancher, "/latest/stacks/second/services/0/uuid"), json!(same));
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

fn faults_come_and_go() {
    let (rancher, _) = two_hosts();
    rancher.fault(Filter::api(), Fault::status(503).times(2));
    let statuses: Vec<u16> = (0..3).map(|_| ask(&rancher, "/hosts").status().as_u16()).collect();
    assert_eq!(statuses, [503, 503, 200]);

    let number = rancher.fault(Filter::metadata(), Fault::status(404));
    assert_eq!(look(&rancher, "/latest/hosts").text().unwrap(), "Not found\n");
    assert_eq!(look_json(&rancher, "/latest/hosts")["code"], 404);
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

fn content_is_taken_away() {
    let (rancher, _) = two_hosts();
    rancher.fault(Filter::metadata(), Fault::without("agent_ip").times(1));
    let hosts = look_json(&rancher, "/latest/hosts");
    assert_eq!((&hosts[1]["agent_ip"], hosts[1]["uuid"].is_string()), (&Value::Null, true));
    rancher.fault(Filter::metadata(), Fault::without("self").times(1));
    assert_eq!(look(&rancher, "/latest/self/host").status(), 404);
    rancher.fault(Filter::metadata(), Fault::empty_lists().times(1));
    assert_eq!(look_json(&rancher, "/latest/hosts"), json!([]));
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

fn another_writer_comes_between() {
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

fn https_under_a_private_ca() {
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

// ---- engines

fn five_engines_form_a_swarm() {
    let lab = Lab::builder(5).hostnames(&["short", "long.example.org", "twin", "twin"]).start();
    let took = lab.form_directly(3).unwrap();
    println!("a swarm of 3 managers and 2 workers by direct calls: {took:?}");
    assert_eq!(lab.managers().into_iter().collect::<Vec<_>>(), [0, 1, 2]);
    assert_eq!(lab.leader(), Some(0));
    let clusters = lab.clusters();
    assert!(clusters[0].is_some() && clusters.iter().all(|cluster| *cluster == clusters[0]), "{clusters:?}");
    let mut names: Vec<_> = lab.nodes().unwrap().into_iter().map(|node| node.hostname).collect();
    names.sort();
    assert_eq!(names, ["host5", "long.example.org", "short", "twin", "twin"]);

    for host in &lab.hosts {
        host.engine.import_busybox().unwrap();
    }
    let first = &lab.hosts[0].engine;
    let network = json!({"Name": "rancher", "Driver": "overlay", "Attachable": true});
    first.post("/networks/create", &network).unwrap().good().unwrap();
    first.create_sleeper("sleeper", 5, Some("rancher")).unwrap();
    lab.eventually(Duration::from_secs(60), || {
        let tasks = lab.list("/tasks")?;
        let running = tasks.iter().filter(|task| task["Status"]["State"] == "running").count();
        if running == 5 { Ok(()) } else { Err(format!("{running} of 5 tasks run: {tasks:?}")) }
    });
    assert_eq!(lab.services().unwrap(), ["sleeper"]);
    let last = &lab.hosts[4];
    assert_eq!(processes_in(&last.place.group), 1);
    last.kill_host();
    assert_eq!(processes_in(&last.place.group), 0, "the containers of a host end with it");
}

/// How many processes are in a control group or below it.
fn processes_in(group: &str) -> usize {
    let entries = fs::read_dir("/proc").unwrap().filter_map(Result::ok);
    let groups = entries.filter_map(|entry| fs::read_to_string(entry.path().join("cgroup")).ok());
    groups.filter(|text| text.contains(&format!(":/{group}/"))).count()
}

fn a_killed_manager_is_missed() {
    let lab = Lab::start(3);
    lab.form_directly(3).unwrap();
    let victim = &lab.hosts[1];
    victim.kill_host();
    assert!(victim.swarm().is_err());
    let node = |reachability: &str, state: &str| {
        let nodes = lab.nodes()?;
        let address = victim.address().to_string();
        let node = nodes.into_iter().find(|node| node.hostname == "host2").ok_or("no node")?;
        let good = node.reachability.as_deref() == Some(reachability) && node.state == state;
        if good { Ok(()) } else { Err(format!("{address}: {node:?}")) }
    };
    let took = lab.eventually(Duration::from_secs(40), || node("unreachable", "down"));
    println!("a killed manager is unreachable and down after {took:?}");
    victim.start_host();
    let took = lab.eventually(Duration::from_secs(40), || lab.expect_one_swarm(3));
    println!("and well again after {took:?}");
    // One that hangs takes questions and answers none.
    victim.engine.freeze();
    assert!(victim.engine.get_within(Duration::from_millis(500), "/info").is_err());
    victim.engine.thaw();
    assert!(victim.engine.info().is_ok());
    victim.wipe();
    victim.start_host();
    assert_eq!(victim.swarm().unwrap()["LocalNodeState"], "inactive");
}

fn cuts_cut_and_heal() {
    let lab = Lab::start(3);
    lab.form_directly(1).unwrap();
    let down = |names: &[&str]| {
        let nodes = lab.nodes()?;
        let down: Vec<_> = nodes.iter().filter(|node| node.state == "down").map(|node| &node.hostname).collect();
        if down == names { Ok(()) } else { Err(format!("down are {down:?}")) }
    };
    let answers = |host: &Host| told(&lab, host, "self/host/hostname").unwrap_or_default();
    // Rancher's own is on the host, and is not cut from it.
    let (cut, unplugged) = if lab.hosts[0].has_own_metadata() { ("host3", "host3") } else { ("", "") };
    assert_eq!(answers(&lab.hosts[2]), "host3");
    lab.cut(&[2]);
    let took = lab.eventually(Duration::from_secs(40), || down(&["host3"]));
    println!("a worker behind a cut is down after {took:?}");
    assert_eq!(answers(&lab.hosts[2]), "host3", "Rancher is not cut");
    lab.cut_rancher(&lab.hosts[2]);
    assert_eq!(answers(&lab.hosts[2]), cut);
    lab.heal_rancher(&lab.hosts[2]);
    assert_eq!(answers(&lab.hosts[2]), "host3");
    lab.heal(&[2]);
    let took = lab.eventually(Duration::from_secs(40), || lab.expect_one_swarm(1));
    println!("and ready after {took:?} when it is healed");
    lab.network.set_link(&lab.hosts[2].place, false);
    assert_eq!(answers(&lab.hosts[2]), unplugged);
    lab.network.set_link(&lab.hosts[2].place, true);
    lab.move_host(&lab.hosts[2], 200);
    assert_eq!(lab.hosts[2].address(), lab.network.address(200));
    lab.eventually(Duration::from_secs(10), || {
        let answer = answers(&lab.hosts[2]);
        if answer == "host3" { Ok(()) } else { Err(format!("{answer:?}")) }
    });
}

/// What a host is told by metadata, as a program on its network asks. `None` where nothing is there, or nobody answers.
fn told(lab: &Lab, host: &Host, path: &str) -> Option<String> {
    asked(lab, host, path, "text/plain")
}

fn told_json(lab: &Lab, host: &Host, path: &str) -> Option<Value> {
    asked(lab, host, path, "application/json").map(|text| serde_json::from_str(&text).unwrap())
}

fn asked(lab: &Lab, host: &Host, path: &str, form: &str) -> Option<String> {
    let output = Command::new("nsenter")
        .arg(format!("--net=/run/netns/{}", host.place.namespace))
        .args(["timeout", "1", "busybox", "wget", "-q", "-O", "-", "--header", &format!("Accept: {form}")])
        .arg(format!("http://{}/2016-07-29/{path}", lab.metadata_address()))
        .output()
        .unwrap();
    output.status.success().then(|| String::from_utf8(output.stdout).unwrap())
}

/// Until a host is told this; how long that took.
#[track_caller]
fn is_told(lab: &Lab, host: &Host, path: &str, expected: Option<&str>) -> Duration {
    lab.eventually(Duration::from_secs(5), || match told(lab, host, path) {
        is if is.as_deref() == expected => Ok(()),
        other => Err(format!("{path} is {other:?}")),
    })
}

fn real_metadata() {
    let lab = Lab::builder(3).real_metadata().unregistered(&[2]).start();
    let [first, second, third] = &lab.hosts[..] else { unreachable!() };
    let own = told_json(&lab, first, "self").unwrap();
    assert_eq!(own.as_object().unwrap().keys().collect::<Vec<_>>(), ["host"], "it comes through docker0");
    assert_eq!(own["host"]["uuid"], first.uuid());
    assert_eq!(own["host"]["agent_ip"], first.address().to_string());
    for path in ["self/service", "self/container", "self/stack"] {
        assert_eq!(told(&lab, first, path), None, "{path}");
    }
    assert_eq!(told(&lab, second, "self/host/uuid").unwrap(), second.uuid());
    let service = told_json(&lab, first, "services/swarmkit-mon").unwrap();
    assert_eq!(service["containers"].as_array().unwrap().len(), 2);
    assert_eq!(told(&lab, third, "self/host"), None, "Rancher does not know it");
    assert_eq!(told_json(&lab, third, "hosts").unwrap().as_array().unwrap().len(), 2);
    lab.register(third);
    is_told(&lab, third, "self/host/uuid", Some(&third.uuid()));

    // News, and how late.
    lab.rancher.set_metadata_delay(Duration::ZERO);
    let version = told(&lab, first, "version").unwrap();
    let mut most = Duration::ZERO;
    for at in 0..20 {
        let value = at.to_string();
        lab.rancher.set_label(&second.uuid(), "at", Some(&value));
        for host in &lab.hosts {
            most = most.max(is_told(&lab, host, &format!("hosts/{}/labels/at", second.uuid()), Some(&value)));
        }
    }
    println!("a write is told after {most:?} at most");
    assert_ne!(told(&lab, first, "version").unwrap(), version);

    one_identity_on_two(&lab);
    lab.cut_rancher(first);
    lab.rancher.set_label(&second.uuid(), "at", Some("cut"));
    is_told(&lab, second, &format!("hosts/{}/labels/at", second.uuid()), Some("cut"));
    assert_eq!(told(&lab, first, &format!("hosts/{}/labels/at", second.uuid())).unwrap(), "19", "it hears of nothing");
    lab.heal_rancher(first);
    is_told(&lab, first, &format!("hosts/{}/labels/at", second.uuid()), Some("cut"));
    lab.move_host(third, 200);
    is_told(&lab, third, "self/host/agent_ip", Some(&third.address().to_string()));
    lab.rancher.remove_host(&third.uuid(), Duration::ZERO);
    is_told(&lab, third, "self/host", None);
}

fn real_metadata_fails() {
    let lab = Lab::builder(2).real_metadata().start();
    lab.form_directly(1).unwrap();
    let host = &lab.hosts[1];
    let name = Some("host2");
    host.metadata().freeze();
    assert_eq!(told(&lab, host, "self/host/name"), None);
    lab.rancher.set_label(&host.uuid(), "while", Some("it stood"));
    host.metadata().thaw();
    is_told(&lab, host, "self/host/labels/while", Some("it stood"));
    host.metadata().kill();
    assert_eq!(told(&lab, host, "self/host/name"), None);
    host.metadata().start_again();
    is_told(&lab, host, "self/host/name", name);
    host.kill_host();
    assert_eq!(told(&lab, host, "self/host/name"), None, "its container ends with the engine");
    host.start_host();
    is_told(&lab, host, "self/host/name", name);
    host.engine.restart();
    is_told(&lab, host, "self/host/name", name);
    lab.eventually(Duration::from_secs(40), || lab.expect_one_swarm(1));
    let refused = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        lab.rancher.fault(Filter::metadata(), Fault::hang());
    }));
    assert!(refused.is_err(), "a fault that nobody meets");
    lab.rancher.fault(Filter::api(), Fault::hang());
}

fn one_identity_on_two_hosts(metadata: Metadata) {
    one_identity_on_two(&Lab::builder(2).metadata(metadata).start());
}

fn one_identity_on_two(lab: &Lab) {
    let (first, second) = (&lab.hosts[0], &lab.hosts[1]);
    lab.clone_identity(second, first);
    is_told(lab, second, "self/host/uuid", Some(&first.uuid()));
    is_told(lab, first, "self/host/uuid", Some(&first.uuid()));
    lab.restore_identity(second);
    is_told(lab, second, "self/host/uuid", Some(&second.uuid()));
}

fn a_monitor_runs_as_its_container_would() {
    let lab = Lab::builder(1).hostnames(&["node.example.org"]).https().start();
    let host = &lab.hosts[0];
    let busybox = Command::new("sh").args(["-c", "command -v busybox"]).output().unwrap();
    let busybox = String::from_utf8(busybox.stdout).unwrap().trim().to_owned();
    let script = r#"
        busybox env | busybox sort
        busybox grep -E '^(CapEff|CapBnd|NoNewPrivs)' /proc/self/status
        echo "pid $$ host $(busybox hostname)"
        [ -S /var/run/docker.sock ] && echo socket
        echo kept > /var/lib/rancher/state/probe && echo state
        (echo x > /etc/probe) 2>/dev/null || echo read-only
        [ -s /var/lib/rancher/etc/ssl/ca.crt ] && echo ca
        echo "self $(busybox wget -q -O - http://rancher-metadata.rancher.internal/latest/self/host/hostname)"
        [ -z "$SLOW" ] || trap 'busybox sleep 0.3; exit 0' TERM
        [ -n "$SLOW" ] || trap '' TERM
        echo ready
        while :; do busybox sleep 0.05; done
    "#;
    let start = |settings: &[(&str, &str)]| {
        let _ = fs::remove_file(host.log_path());
        host.start_in_its_place(settings, &[&busybox, "sh", "-c", script]);
        lab.eventually(Duration::from_secs(10), || {
            if host.log().contains("ready") { Ok(()) } else { Err("not ready".to_owned()) }
        });
        host.log()
    };
    let log = start(&[("MANAGER_SCALE", "3"), ("SLOW", "1")]);
    let none = "0000000000000000";
    let expected = [
        format!("CATTLE_ACCESS_KEY={ACCESS_KEY}"),
        format!("CATTLE_SECRET_KEY={SECRET_KEY}"),
        format!("CATTLE_URL=https://{}:8080/v1", lab.network.gateway()),
        "MANAGER_SCALE=3".to_owned(),
        format!("CapEff:\t{none}"),
        format!("CapBnd:\t{none}"),
        "NoNewPrivs:\t1".to_owned(),
        "pid 1 host node.example.org".to_owned(),
        "socket".to_owned(),
        "state".to_owned(),
        "read-only".to_owned(),
        "ca".to_owned(),
        "self node.example.org".to_owned(),
    ];
    for line in expected {
        assert!(log.lines().any(|this| this == line), "no {line:?} in:\n{log}");
    }
    assert_eq!(fs::read_to_string(host.state_folder().join("probe")).unwrap(), "kept\n");
    assert!(host.monitor.memory().unwrap() > 100_000);
    assert!(host.monitor.processor_time().is_some());
    // A new engine has a new socket, which the monitor sees too.
    host.engine.restart();
    assert!(host.monitor.pid().is_some());
    let took = host.stop_monitor().expect("it ends by itself");
    assert!((200..2000).contains(&took.as_millis()), "{took:?}");
    assert!(host.monitor.pid().is_none());

    start(&[]);
    host.kill_host();
    assert!(host.monitor.pid().is_none());
    host.start_host();
    assert!(host.monitor.pid().is_some(), "it starts with its engine");
    host.monitor.kill();
    // The program itself, with a setting that it refuses.
    host.start_monitor(&[("MANAGER_SCALE", "two")]);
    lab.eventually(Duration::from_secs(10), || match host.monitor.exit() {
        Some(2) => Ok(()),
        other => Err(format!("{other:?}")),
    });
    assert!(host.log().contains("MANAGER_SCALE"), "{}", host.log());
}

// ---- cleanliness

/// What there is of the lab with this name.
fn left_of(name: &str) -> Vec<String> {
    let mut left = Vec::new();
    let has = |text: &str| text.split(|letter: char| !letter.is_alphanumeric()).any(|word| word == name);
    for args in [["netns", "list"], ["-o", "link"]] {
        let output = Command::new("ip").args(args).output().unwrap();
        let text = String::from_utf8(output.stdout).unwrap();
        left.extend(text.lines().filter(|line| has(line)).map(str::to_owned));
    }
    let number = name.trim_start_matches("swlab");
    let folder = std::env::temp_dir().join("swarmkit-lab").join(number);
    let mounts = fs::read_to_string("/proc/mounts").unwrap();
    left.extend(mounts.lines().filter(|line| line.contains(folder.to_str().unwrap())).map(str::to_owned));
    let lock = folder.with_extension("lock");
    left.extend([&folder, &lock].iter().filter(|path| path.exists()).map(|path| path.display().to_string()));
    for entry in fs::read_dir("/proc").unwrap().filter_map(Result::ok) {
        let line = fs::read(entry.path().join("cmdline")).unwrap_or_default();
        let line = String::from_utf8_lossy(&line).replace('\0', " ");
        if line.contains(folder.join("").to_str().unwrap()) || has(&line) {
            left.push(line);
        }
    }
    for group in fs::read_dir("/sys/fs/cgroup").into_iter().flatten().filter_map(Result::ok) {
        left.extend(group.path().join(name).exists().then(|| group.path().display().to_string()));
    }
    left
}

fn nothing_is_left_behind() {
    let name = {
        let lab = Lab::builder(2).rancher_metadata_if_there().start();
        lab.form_directly(1).unwrap();
        lab.hosts[0].engine.import_busybox().unwrap();
        lab.hosts[0].engine.create_sleeper("sleeper", 2, None).unwrap();
        lab.eventually(Duration::from_secs(30), || {
            let tasks = lab.list("/tasks")?;
            let runs = tasks.iter().any(|task| task["Status"]["State"] == "running");
            if runs { Ok(()) } else { Err(format!("{tasks:?}")) }
        });
        assert!(!left_of(lab.network.name()).is_empty(), "what is there is not found");
        lab.network.name().to_owned()
    };
    assert_eq!(left_of(&name), Vec::<String>::new());
}

fn nothing_is_left_by_a_killed_test() {
    let mut victim = Command::new(std::env::current_exe().unwrap())
        .env(VICTIM, "1")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut name = String::new();
    BufReader::new(victim.stdout.as_mut().unwrap()).read_line(&mut name).unwrap();
    let name = name.trim();
    assert!(name.starts_with("swlab"), "{name}");
    assert!(!left_of(name).is_empty());
    victim.kill().unwrap();
    victim.wait().unwrap();
    let start = Instant::now();
    while !left_of(name).is_empty() {
        assert!(start.elapsed() < Duration::from_secs(15), "{:#?}", left_of(name));
        std::thread::sleep(Duration::from_millis(100));
    }
}

/// Makes a lab, tells its name, and waits to be killed.
fn become_a_victim() -> ! {
    let lab = Lab::builder(2).rancher_metadata_if_there().start();
    lab.form_directly(1).unwrap();
    println!("{}", lab.network.name());
    loop {
        std::thread::sleep(Duration::from_secs(60));
    }
}
