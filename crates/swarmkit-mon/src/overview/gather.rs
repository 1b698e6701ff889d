//! Asks the monitors of all hosts for themselves: so many at a time, each for so long, and all of them for so long.

use std::net::IpAddr;
use std::time::Duration;

use reqwest::Client;
use tokio::task::JoinSet;
use tokio::time::Instant;

use super::{Known, rank};
use crate::admission::Admission;
use crate::call::{self, CallError};
use crate::identity::{self, Identity};
use crate::introduction::plain;
use crate::labels;
use crate::metadata::Metadata;
use crate::surroundings::Host;
use swarmkit_settings::HEALTH_PORT;

/// What one host may take to answer.
const ASK: Duration = Duration::from_secs(2);
/// What all of them may.
const WHOLE: Duration = Duration::from_secs(12);
/// How many are asked at a time.
const AT_A_TIME: usize = 64;
/// How many hosts are looked at.
const MOST: usize = 20_000;
/// What is kept of a name, an address or an ID, in characters.
const LONGEST: usize = 100;
/// What is kept of a reason.
const LONGEST_REASON: usize = 600;

/// Asks rancher-metadata for the hosts, and each host's monitor for itself: what an [`Overview`](super::Overview) is made of.
///
/// # Errors
/// rancher-metadata does not tell the hosts.
pub async fn gather(metadata: &Metadata, admission: &Admission) -> Result<Vec<Said>, CallError> {
    let hosts = metadata.hosts().await?;
    let client = identity::client(ASK).build();
    let client = client.map_err(|error| call::unreachable("the client", &error))?;
    let mut known: Vec<Known> = hosts.into_iter().take(MOST).map(known).collect();
    // Managers first: if there is no time for all, the others are the ones that can be done without.
    known.sort_by_key(|host| !host.is_manager);
    Ok(ask_all(&client, known, ASK, WHOLE, admission).await)
}

fn known(host: Host) -> Known {
    let node = host.labels.get(labels::NODE).filter(|node| !node.is_empty());
    Known {
        uuid: plain(&host.uuid, LONGEST),
        name: plain(&host.hostname, LONGEST),
        address: plain(host.agent_ip.trim(), LONGEST),
        node: node.map(|node| plain(node, LONGEST)),
        is_manager: labels::says_manager(host.labels.get(labels::PART).map(String::as_str)),
    }
}

/// What a host says, or why it says nothing.
pub type Said = (Known, Result<Identity, String>);

async fn ask_all(
    client: &Client,
    hosts: Vec<Known>,
    each: Duration,
    whole: Duration,
    admission: &Admission,
) -> Vec<Said> {
    let end = Instant::now() + whole;
    let mut answers = Vec::with_capacity(hosts.len());
    let mut best = None;
    let mut hosts = hosts.into_iter();
    let mut asked: JoinSet<Said> = JoinSet::new();
    loop {
        while asked.len() < AT_A_TIME && Instant::now() < end {
            let Some(host) = hosts.next() else { break };
            let (client, admission) = (client.clone(), admission.clone());
            asked.spawn(async move {
                let said = ask(&client, &host, each, &admission).await;
                (host, said)
            });
        }
        match asked.join_next().await {
            Some(Ok(answer)) => keep(&mut answers, &mut best, answer),
            // It cannot fail but by a defect, which is no reason to show nothing.
            Some(Err(_)) => {}
            None => break,
        }
    }
    let late = "was not asked: too many hosts did not answer before it";
    answers.extend(hosts.map(|host| (host, Err(late.to_owned()))));
    answers
}

/// Keeps an answer. Of all that tell of the swarm one alone is used: that of thousands is not kept until they are all there.
fn keep(answers: &mut Vec<Said>, best: &mut Option<(usize, (bool, usize))>, mut answer: Said) {
    if let Ok(said) = &mut answer.1
        && let Some(rank) = rank(said)
    {
        match *best {
            Some((_, other)) if other > rank => said.about.swarm = None,
            _ => {
                let before = best.replace((answers.len(), rank)).and_then(|(at, _)| answers.get_mut(at));
                if let Some((_, Ok(before))) = before {
                    before.about.swarm = None;
                }
            }
        }
    }
    answers.push(answer);
}

async fn ask(client: &Client, host: &Known, limit: Duration, admission: &Admission) -> Result<Identity, String> {
    let ip: IpAddr = host.address.parse().map_err(|_| "Rancher does not tell its address".to_owned())?;
    let said = identity::ask_in_full(client, ip, limit, admission).await;
    let said = said.map_err(|error| plain(&silent(&error), LONGEST_REASON))?;
    Ok(Identity {
        nonce: String::new(),
        host: plain(&said.host, LONGEST),
        hostname: plain(&said.hostname, LONGEST),
        stage: plain(&said.stage, LONGEST),
        reason: plain(&said.reason, LONGEST_REASON),
        lease_ago_ms: said.lease_ago_ms,
        node: plain(&said.node, LONGEST),
        serves_ago_ms: said.serves_ago_ms,
        about: said.about.bounded(),
    })
}

fn silent(error: &CallError) -> String {
    match error {
        CallError::TimedOut { limit_ms, .. } => {
            format!("its monitor has not answered on port {HEALTH_PORT} within {} s", limit_ms.div_ceil(1000))
        }
        CallError::Unreachable { reason, .. } => {
            format!("its monitor cannot be reached on port {HEALTH_PORT}: {reason}")
        }
        CallError::Refused { .. } | CallError::Unreadable { .. } => {
            format!("what answers on port {HEALTH_PORT} is no monitor of this kind: {error}")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thousands_of_hosts_that_do_not_answer_take_no_longer_than_a_few() {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            // Nobody answers in TEST-NET-1.
            let known = |at: usize| Known {
                uuid: format!("u{at}"),
                name: format!("h{at}"),
                address: format!("192.0.2.{}", at % 250 + 1),
                node: None,
                is_manager: false,
            };
            let start = Instant::now();
            let client = call::client().build().unwrap();
            let (each, whole) = (Duration::from_millis(50), Duration::from_millis(300));
            let hosts = (0..5000).map(known).collect();
            let answers = ask_all(&client, hosts, each, whole, &Admission::default()).await;
            assert!(start.elapsed() < Duration::from_secs(5), "{:?}", start.elapsed());
            assert_eq!(answers.len(), 5000);
            assert!(answers.iter().all(|(_, said)| said.is_err()));
        });
    }

    #[test]
    fn of_those_who_tell_of_the_swarm_only_the_one_who_knows_most_is_kept() {
        let said = |at: usize, acts: bool, reachable: usize| {
            let known = Known {
                uuid: format!("u{at}"),
                name: String::new(),
                address: String::new(),
                node: None,
                is_manager: true,
            };
            let mut said = Identity { lease_ago_ms: acts.then_some(1), ..Identity::default() };
            said.about.swarm = Some(crate::introduction::SwarmTold {
                voters: crate::voters::Voters { wanted: 3, present: 3, reachable },
                managers: Vec::new(),
                nodes: std::collections::BTreeMap::new(),
                away: Vec::new(),
            });
            (known, Ok(said))
        };
        let (mut answers, mut best) = (Vec::new(), None);
        for (at, (acts, reachable)) in
            [(false, 2), (true, 1), (false, 3), (true, 2), (false, 9)].into_iter().enumerate()
        {
            keep(&mut answers, &mut best, said(at, acts, reachable));
            let told = |(_, said): &Said| said.as_ref().is_ok_and(|said| said.about.swarm.is_some());
            assert_eq!(answers.iter().filter(|answer| told(answer)).count(), 1);
        }
        let kept = answers[3].1.as_ref().unwrap().about.swarm.as_ref().unwrap();
        assert_eq!(kept.voters.reachable, 2, "the one who acts");
    }
}
