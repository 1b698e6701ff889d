//! HAProxy, with the stanza that Rancher writes for the rendered health check, sees in time how a monitor is.

use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};
use swarm_lab::haproxy;
use swarm_lab::trial::Trial;

use gen_catalog::entries::swarm;
use swarm_lab::deployer::entry::Entry;
use swarm_lab::deployer::health::HealthCheck;
use swarm_lab::generator::rendered_catalog;
use swarm_lab::haproxy::HaProxy;
use swarm_lab::lab::{Host, Lab, missing};
use swarm_lab::trial::{campaign, trial};

/// How often HAProxy is asked.
const LOOK: Duration = Duration::from_millis(50);
/// What a machine that has other work may add to all of it.
const SLACK: Duration = Duration::from_secs(3);
/// What forming a swarm, or an engine that starts again, may take.
const ENGINE_LIMIT: Duration = Duration::from_secs(60);

pub fn trials() -> Vec<Trial> {
    let missing = missing().or_else(haproxy::missing);
    vec![
        trial("a_host_is_up_while_it_is_in_the_swarm_and_its_monitor_runs", missing, killed),
        campaign("a_monitor_that_hangs_and_an_engine_that_is_gone_are_down_and_no_other_host", missing, hangs),
    ]
}

fn rendered() -> HealthCheck {
    let folder = rendered_catalog();
    let catalog = folder.path().join("community-catalog");
    let entry = Entry::read(&catalog, swarm::FOLDER, Path::new(swarm_lab::programs::gen_catalog())).unwrap();
    entry.services(&[]).unwrap().remove(0).health_check
}

/// What a check that is waited for, and its answer, may take.
fn until_up(check: &HealthCheck) -> Duration {
    check.interval * u32::try_from(check.healthy_threshold).unwrap() + check.response_timeout + SLACK
}

/// The same until it is down, where bad answers come at once.
fn until_down(check: &HealthCheck) -> Duration {
    check.interval * u32::try_from(check.unhealthy_threshold).unwrap() + check.response_timeout + SLACK
}

/// The same where each check waits in vain for its answer, and the next one comes an interval later.
fn until_down_hanging(check: &HealthCheck) -> Duration {
    (check.interval + check.response_timeout) * u32::try_from(check.unhealthy_threshold).unwrap() + SLACK
}

/// A single bad answer is none too many.
fn least_until_down(check: &HealthCheck) -> Duration {
    check.interval * u32::try_from(check.unhealthy_threshold - 1).unwrap()
}

struct Watch<'a> {
    lab: &'a Lab,
    proxy: HaProxy,
    check: HealthCheck,
    /// The host that must be up whenever one looks.
    well: Option<usize>,
}

impl<'a> Watch<'a> {
    fn start(lab: &'a Lab, well: Option<usize>) -> Self {
        let check = rendered();
        let hosts: Vec<_> = lab.hosts.iter().map(Host::address).collect();
        Self { lab, proxy: HaProxy::start(lab.network.gateway(), &check, &hosts), check, well }
    }

    /// Waits until a host has become so, by a check that had this result; how long that took.
    #[track_caller]
    fn becomes(&self, host: &Host, status: &str, by: &str, limit: Duration, what: &str) -> Duration {
        let start = Instant::now();
        let mut seen = Default::default();
        while start.elapsed() < limit {
            let mut servers = self.proxy.servers();
            if let Some(well) = self.well {
                assert!(servers[&well].0.starts_with("UP"), "{what}: {servers:?}\n{}", self.lab.report());
            }
            seen = servers.remove(&host.index).unwrap_or_default();
            // One that has failed once or twice is still up: `UP 2/3`.
            if (seen.0.as_str(), seen.1.as_str()) == (status, by) {
                println!("{what}: {status} after {:.1?}, at most {limit:?}", start.elapsed());
                return start.elapsed();
            }
            thread::sleep(LOOK);
        }
        panic!("{what}: {seen:?} after {limit:?}\n{}", self.lab.report());
    }
}

fn killed() {
    // A monitor whose host Rancher does not know makes no swarm of it.
    let lab = Lab::builder(1).unregistered(&[0]).start();
    let host = &lab.hosts[0];
    lab.start_monitors(&[]);
    lab.eventually(ENGINE_LIMIT, || host.ping().map(|_| ()));
    let watch = Watch::start(&lab, None);
    let check = &watch.check;
    watch.becomes(host, "DOWN", "L7STS", until_up(check), "in no swarm yet");
    lab.register(host);
    let formed = lab.eventually(ENGINE_LIMIT, || lab.expect_one_swarm(1));
    watch.becomes(host, "UP", "L7OK", until_up(check), &format!("in a swarm since {formed:.1?}"));

    host.monitor.kill();
    let took = watch.becomes(host, "DOWN", "L4CON", until_down(check), "a monitor is killed");
    assert!(took > least_until_down(check), "{took:?}");
    host.resume_monitor();
    watch.becomes(host, "UP", "L7OK", until_up(check), "it is started again");
}

fn hangs() {
    let lab = Lab::start(3);
    lab.start_monitors(&[]);
    lab.eventually(ENGINE_LIMIT, || lab.expect_one_swarm(3));
    let [hung, gone, well] = &lab.hosts[..] else { unreachable!() };
    let watch = Watch::start(&lab, Some(well.index));
    let check = &watch.check;
    thread::scope(|scope| {
        let other = scope.spawn(|| {
            watch.becomes(gone, "UP", "L7OK", until_up(check), "an engine runs");
            gone.engine.kill();
            let took = watch.becomes(gone, "DOWN", "L7STS", until_down(check), "it is killed");
            assert!(took > least_until_down(check), "{took:?}");
            gone.engine.start();
            gone.engine.wait_until_ready();
            watch.becomes(gone, "UP", "L7OK", until_up(check), "it is back");
        });
        watch.becomes(hung, "UP", "L7OK", until_up(check), "a monitor runs");
        hung.monitor.freeze();
        let took = watch.becomes(hung, "DOWN", "L7TOUT", until_down_hanging(check), "it hangs");
        assert!(took > least_until_down(check), "{took:?}");
        hung.monitor.thaw();
        // Its next check is an interval away; that it counts again when it is good, the others show.
        lab.eventually(check.response_timeout, || match hung.ping()? {
            (200, _) => Ok(()),
            answer => Err(format!("{answer:?}")),
        });
        other.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic));
    });
    watch.becomes(well, "UP", "L7OK", until_up(check), "a host beside them");
}
