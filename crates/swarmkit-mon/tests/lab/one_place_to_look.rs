//! The page and `swarmkit-mon status` show the whole swarm, from any host: who is there, how many managers may still be lost, what
//! waits for a person.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpListener;
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::Value;
use swarm_lab::browser::{self, Browser, Scheme};
use swarm_lab::lab::{Fault, Filter, Host, Lab, missing};
use swarm_lab::trial::{Trial, trial};
use swarm_lab::well::{are_well, is_well};

const LIMIT: Duration = Duration::from_secs(90);
const QUICK: [(&str, &str); 2] = [("RECONCILE_PERIOD", "2"), ("MANAGER_SCALE", "3")];

pub fn trials() -> Vec<Trial> {
    let missing = missing();
    let browser = missing.or_else(browser::missing);
    vec![
        trial("any_host_shows_the_whole_swarm_and_how_many_managers_may_be_lost", missing, whole_swarm),
        trial("many_who_look_at_once_cost_one_look", missing, many_lookers),
        trial("with_a_token_only_those_who_say_it_see_more_than_whether_a_host_is_healthy", missing, with_token),
        trial("a_browser_shows_the_page_and_asks_nobody_else", browser, in_a_browser),
    ]
}

/// The token is that of all monitors: they look at each other with it.
fn with_token() {
    const TOKEN: &str = "a-token-for-the-lab~0123456789";
    let lab = Lab::start(2);
    lab.start_monitors(&[QUICK[0], ("MANAGER_SCALE", "1"), ("STATUS_TOKEN", TOKEN), ("LOG_LEVEL", "trace")]);
    lab.eventually(LIMIT, || is_well(&lab, 1));
    let user = format!("operator:{TOKEN}");
    for host in &lab.hosts {
        for path in ["/", "/overview", "/status", "/metrics"] {
            let (code, text) = ask(host, path, &[]);
            assert!(code == 401 && text.contains("STATUS_TOKEN") && !text.contains("swarm_"), "{path}: {code} {text}");
            assert_eq!(ask(host, path, &["-u", "operator:a-token-for-the-lab"]).0, 401, "{path}");
            assert_eq!(ask(host, path, &["-u", &user]).0, 200, "{path}");
        }
        let told = |args: &[&str]| serde_json::from_str::<Value>(&ask(host, "/identity", args).1).unwrap();
        let (all, some) = (told(&["-u", &user]), told(&[]));
        assert_eq!(some["nonce"], all["nonce"], "{some}");
        assert!(
            some["reason"] == "" && some["about"]["version"] == "" && all["about"]["version"] != "",
            "{some} {all}"
        );

        lab.eventually(LIMIT, || {
            let (_, text) = ask(host, "/overview", &["-H", &format!("Authorization: Bearer {TOKEN}")]);
            let seen: Value = serde_json::from_str(&text).map_err(|error| error.to_string())?;
            let versions: Vec<&Value> = lab.hosts.iter().map(|other| &row(&seen, other)["version"]).collect();
            let good = seen["well"] == true && versions.iter().all(|version| *version == env!("CARGO_PKG_VERSION"));
            if good { Ok(()) } else { Err(format!("{seen:#}")) }
        });
        lab.eventually(LIMIT, || match host.run(&["status"]) {
            (0, ..) => Ok(()),
            wrong => Err(format!("{wrong:?}")),
        });
        assert!(!host.log().contains(TOKEN), "{}", host.log());
    }
}

/// What curl gets: the status and the body.
fn ask(host: &Host, path: &str, args: &[&str]) -> (u16, String) {
    let url = format!("http://{}:2378{path}", host.address());
    let curl = Command::new("curl").args(["-s", "-w", "\n%{http_code}", &url]).args(args).output().unwrap();
    let text = String::from_utf8(curl.stdout).unwrap();
    let (body, code) = text.rsplit_once('\n').unwrap();
    (code.parse().unwrap(), body.to_owned())
}

fn overview(host: &Host) -> Result<Value, String> {
    serde_json::from_str(&host.page("/overview")?).map_err(|error| error.to_string())
}

/// What is shown from a host is so.
fn shows(host: &Host, is_so: impl Fn(&Value) -> bool) -> Result<(), String> {
    let seen = overview(host)?;
    if is_so(&seen) { Ok(()) } else { Err(format!("host {} shows {seen:#}", host.index)) }
}

fn row<'a>(seen: &'a Value, host: &Host) -> &'a Value {
    let rows = seen["hosts"].as_array().unwrap();
    rows.iter().find(|row| row["name"] == host.place.hostname.as_str()).unwrap_or(&Value::Null)
}

fn whole_swarm() {
    let lab = Lab::start(4);
    lab.start_monitors(&QUICK);
    lab.eventually(LIMIT, || is_well(&lab, 3));
    for host in &lab.hosts {
        lab.eventually(LIMIT, || shows(host, |seen| seen["well"] == true));
        let seen = overview(host).unwrap();
        let managers = &seen["managers"];
        assert_eq!((&managers["may_be_lost"], &managers["reachable"]), (&Value::from(1), &Value::from(3)), "{seen:#}");
        let leader = &lab.hosts[lab.leader().unwrap()].place.hostname;
        assert_eq!(managers["leader"].as_str(), Some(leader.as_str()), "{seen:#}");
        assert_eq!(seen["hosts"].as_array().map(Vec::len), Some(4));
        for other in &lab.hosts {
            let row = row(&seen, other);
            assert_eq!((&row["answers"], &row["node_state"]), (&Value::from(true), &Value::from("ready")), "{row}");
            let version = other.engine.info().unwrap()["ServerVersion"].clone();
            assert_eq!(row["engine_version"], version, "{row}");
            assert!(row["stage_ms"].is_u64() && row["version"] == env!("CARGO_PKG_VERSION"), "{row}");
        }
        let events = seen["events"].as_array().unwrap();
        assert!(events.iter().any(|event| event["what"].as_str().unwrap().starts_with("promote host")), "{seen:#}");

        // On a machine that has other work to do a host may be late to answer.
        lab.eventually(LIMIT, || {
            let (code, text, errors) = host.run(&["status"]);
            let says = text.starts_with("All 4 hosts are well. The swarm can lose 1 of its 3 managers.\n");
            let good = code == 0 && errors.is_empty() && says && !text.contains('\u{1b}');
            if good { Ok(()) } else { Err(format!("{code} {errors}{text}")) }
        });
        let (code, text, _) = host.run(&["status", "--json"]);
        assert_eq!(code == 0, serde_json::from_str::<Value>(&text).unwrap()["well"] == true, "{code} {text}");
    }

    // Again and again: an object a line.
    let mut watching = lab.hosts[0].command(&["status", "--json", "--watch=1"]).stdout(Stdio::piped()).spawn().unwrap();
    let lines = BufReader::new(watching.stdout.take().unwrap()).lines();
    for line in lines.take(3) {
        assert!(serde_json::from_str::<Value>(&line.unwrap()).unwrap()["well"].is_boolean());
    }
    let _ = watching.kill();
    let _ = watching.wait();
    // As Rancher's menu opens it.
    let folder = tempfile::tempdir().unwrap();
    for name in ["bash", "sh"] {
        let program = folder.path().join(name);
        std::os::unix::fs::symlink(swarm_lab::programs::swarmkit_mon(), &program).unwrap();
        let shown = lab.hosts[0].command_as(&program, &[]).stdin(Stdio::null()).output().unwrap();
        assert!(shown.status.code() < Some(2) && shown.stdout.windows(4).any(|part| part == b"HOST"), "{shown:?}");
    }

    // One manager is lost: none of the others may be.
    let leader = lab.leader().unwrap();
    let lost = lab.managers().into_iter().find(|index| *index != leader).unwrap();
    let worker = (0..4).find(|index| !lab.managers().contains(index)).unwrap();
    lab.rancher.set_label(&lab.hosts[worker].uuid(), "swarm.manager", Some("false"));
    lab.hosts[lost].kill_host();
    for host in lab.hosts.iter().filter(|host| host.index != lost) {
        lab.eventually(LIMIT, || {
            shows(host, |seen| {
                let row = row(seen, &lab.hosts[lost]);
                let named = seen["needs"].as_array().unwrap().iter().any(|need| need["host"] == row["name"]);
                seen["well"] == false
                    && seen["managers"]["may_be_lost"] == 0
                    && row["answers"] == false
                    && row["node_state"] != "ready"
                    && named
            })
        });
        lab.eventually(LIMIT, || {
            let (code, text, _) = host.run(&["status"]);
            let says = text.starts_with("1 of 4 hosts is not well. The swarm can lose none of the 2 managers");
            let good = code == 1 && says && text.contains("remove it from Rancher");
            if good { Ok(()) } else { Err(format!("{code} {text}")) }
        });
    }
    lab.hosts[lost].start_host();
    lab.eventually(LIMIT, || shows(&lab.hosts[worker], |seen| seen["well"] == true));

    // Without rancher-metadata nobody can tell, and the page says what is known.
    lab.rancher.fault(Filter::metadata(), Fault::status(500));
    let host = &lab.hosts[worker];
    let (code, text, errors) = host.run(&["status"]);
    assert!(code == 2 && text.is_empty() && errors.starts_with("swarmkit-mon: the swarm cannot be shown"), "{errors}");
    assert_eq!(errors.lines().count(), 1, "{errors}");
    lab.eventually(LIMIT, || {
        let page = host.page("/")?;
        let good = page.contains("This is one host alone") && page.contains(&host.place.hostname);
        if good { Ok(()) } else { Err(page) }
    });
    lab.rancher.clear_faults();
    lab.eventually(LIMIT, || are_well(&lab, &[0, 1, 2, 3], 3));
}

fn many_lookers() {
    let lab = Lab::start(2);
    lab.start_monitors(&[("RECONCILE_PERIOD", "30"), ("MANAGER_SCALE", "1")]);
    lab.eventually(LIMIT, || is_well(&lab, 1));
    let host = &lab.hosts[0];
    let asked = || {
        let counts = lab.rancher.counts_since(0);
        let hosts =
            counts.iter().filter(|((source, .., what), _)| *source == host.source() && what.ends_with("/hosts"));
        hosts.map(|(_, times)| *times).sum::<usize>()
    };
    let (before, start) = (asked(), Instant::now());
    thread::scope(|scope| {
        for _ in 0..20 {
            scope.spawn(|| {
                for path in ["/", "/overview", "/"] {
                    host.page(path).unwrap();
                }
            });
        }
    });
    let looks = asked() - before;
    let most = start.elapsed().as_secs() as usize / 2 + 2;
    assert!((1..=most).contains(&looks), "{looks} looks for 60 pages in {:?}", start.elapsed());
    assert_eq!(host.ping(), Ok((200, "OK\n".to_owned())));
    let memory = host.monitor.memory().unwrap();
    println!("resident after 60 pages: {:.1} MB", memory as f64 / 1e6);
    assert!(memory < if cfg!(debug_assertions) { 60_000_000 } else { 10_000_000 }, "{memory}");
}

/// Serves a page that loads a picture from elsewhere and runs a script, until the process ends; its address.
fn a_page_that_asks_others() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}/", listener.local_addr().unwrap());
    let page = format!("<body><img src='{address}other.png'><script>document.title = 'run'</script></body>");
    thread::spawn(move || {
        for stream in listener.incoming() {
            let Ok(mut stream) = stream else { return };
            let _ = stream.read(&mut [0; 4096]);
            let head = "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nConnection: close\r\nContent-Length";
            let _ = write!(stream, "{head}: {}\r\n\r\n{page}", page.len());
        }
    });
    address
}

fn in_a_browser() {
    // What is not to be there would be seen.
    let other = a_page_that_asks_others();
    let visit = Browser::new().visit(&other);
    assert!(visit.asked.contains(&format!("{other}other.png")), "{:?}", visit.asked);

    let lab = Lab::start(3);
    lab.start_monitors(&QUICK);
    lab.eventually(LIMIT, || is_well(&lab, 3));
    let host = &lab.hosts[1];
    lab.eventually(LIMIT, || shows(host, |seen| seen["well"] == true));
    let address = format!("http://{}:2378/", host.address());
    let browser = Browser::new();
    let visit = browser.visit(&address);
    assert_eq!(visit.complaints, Vec::<String>::new());
    assert!(!visit.asked.is_empty() && visit.asked.iter().all(|asked| *asked == address), "{:?}", visit.asked);
    for text in
        ["All 3 hosts are well.", "The swarm can lose 1 of its 3 managers.", "host1", "host2", "host3", "lease_holder"]
    {
        assert!(visit.document.contains(text), "{text}: {}", visit.document);
    }
    for (scheme, size) in [(Scheme::Light, (1100, 900)), (Scheme::Dark, (1100, 900)), (Scheme::Dark, (390, 1400))] {
        let picture = browser.folder().join("page.png");
        browser.picture(&address, scheme, size, &picture);
        // A page without its style is white, and packs into next to nothing.
        assert!(std::fs::metadata(&picture).unwrap().len() > 15_000, "{scheme:?} {size:?}");
    }
    // What stands in the address, or in the head of a request, is nowhere in the answer.
    for request in ["GET /?<script> HTTP/1.1\r\nHost: x", "GET /?%3Cscript%3E HTTP/1.1\r\nHost: <script>"] {
        let answer =
            swarm_lab::says::raw(host.address(), format!("{request}\r\nConnection: close\r\n\r\n").as_bytes(), LIMIT);
        assert!(answer.is_ok_and(|answer| !answer.body.to_lowercase().contains("script>")), "{request}");
    }
}
