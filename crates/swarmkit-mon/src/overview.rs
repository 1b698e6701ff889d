//! The swarm as a person wants to see it: which hosts, what each is, what is wrong, and where `docker` can be run.
//!
//! Rancher's Swarm > CLI menu opens `/bin/bash` in the oldest of these containers and expects Docker's client there. The
//! image has one program; called by that name it shows this.

use std::fmt;
use std::net::IpAddr;
use std::time::Duration;

use reqwest::Client;
use tokio::sync::Semaphore;

use super::call::{self, CallError};
use super::identity::{self, Identity};
use super::labels;
use super::metadata::Metadata;
use super::plan::Stage;
use super::surroundings::Host;
use swarmkit_settings::HEALTH_PORT;

/// What one host may take to answer.
const ASK: Duration = Duration::from_secs(2);
/// How many are asked at a time.
const AT_A_TIME: usize = 64;
/// How many managers' hosts are named to go to.
const NAMED: usize = 3;

/// A host, as rancher-metadata and its own monitor tell of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// Its name.
    pub name: String,
    /// Its address.
    pub address: String,
    /// Whether its label says that it manages.
    pub is_manager: bool,
    /// What its monitor says, or why it says nothing.
    pub said: Result<Identity, String>,
}

impl Row {
    fn stage(&self) -> &str {
        self.said.as_ref().map_or("-", |said| said.stage.as_str())
    }

    fn role(&self) -> &'static str {
        match (self.is_manager, self.stage() == Stage::LeaseHolder.name()) {
            (true, true) => "manager, acts",
            (true, false) => "manager",
            (false, _) => "worker",
        }
    }

    /// What is wrong with it.
    fn trouble(&self) -> Option<String> {
        match &self.said {
            Err(why) => Some(why.clone()),
            Ok(said) if [Stage::Member.name(), Stage::LeaseHolder.name()].contains(&said.stage.as_str()) => None,
            Ok(said) => Some(format!("{}: {}", said.stage, said.reason)),
        }
    }
}

/// The swarm, for people.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Overview(pub Vec<Row>);

impl Overview {
    /// Asks rancher-metadata for the hosts, and each host's monitor for itself.
    ///
    /// # Errors
    /// rancher-metadata does not tell the hosts.
    pub async fn gather(metadata: &Metadata) -> Result<Self, CallError> {
        let client = call::client().connect_timeout(ASK).pool_max_idle_per_host(0).build();
        let client = client.map_err(|error| call::unreachable("the client", &error))?;
        let places = std::sync::Arc::new(Semaphore::new(AT_A_TIME));
        let mut asked = tokio::task::JoinSet::new();
        for host in metadata.hosts().await? {
            let (client, places) = (client.clone(), std::sync::Arc::clone(&places));
            asked.spawn(async move {
                let _place = places.acquire().await;
                row(&client, host).await
            });
        }
        let mut rows = asked.join_all().await;
        rows.sort_by(|one, other| {
            (!one.is_manager, &one.name, &one.address).cmp(&(!other.is_manager, &other.name, &other.address))
        });
        Ok(Self(rows))
    }

    /// Whether each host is in the swarm, and one acts.
    pub fn is_well(&self) -> bool {
        self.0.iter().all(|row| row.trouble().is_none()) && self.lease() == 1
    }

    fn lease(&self) -> usize {
        self.0.iter().filter(|row| row.stage() == Stage::LeaseHolder.name()).count()
    }
}

async fn row(client: &Client, host: Host) -> Row {
    let said = match host.agent_ip.parse::<IpAddr>() {
        Err(_) => Err("Rancher does not tell its address".to_owned()),
        Ok(ip) => {
            let said = identity::ask(client, "its monitor", ip, ASK).await;
            said.map_err(|error| format!("{error}; port {HEALTH_PORT}"))
        }
    };
    let is_manager = labels::says_manager(host.labels.get(labels::PART).map(String::as_str));
    Row { name: host.hostname, address: host.agent_ip, is_manager, said }
}

/// A text from elsewhere, in one line that drives no terminal and stays in its column.
fn plain(text: &str) -> String {
    let is_format = |letter| matches!(letter, '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}');
    text.chars().map(|letter| if letter.is_control() || is_format(letter) { '\u{fffd}' } else { letter }).collect()
}

impl fmt::Display for Overview {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let managers: Vec<&Row> = self.0.iter().filter(|row| row.is_manager).collect();
        writeln!(f, "Docker Swarm on {} hosts, {} of them managers\n", self.0.len(), managers.len())?;
        let head = ["HOST", "ADDRESS", "ROLE", "STAGE"].map(str::to_owned);
        let lines =
            self.0.iter().map(|row| [plain(&row.name), plain(&row.address), row.role().to_owned(), plain(row.stage())]);
        let lines: Vec<[String; 4]> = std::iter::once(head).chain(lines).collect();
        let width = |column: usize| lines.iter().map(|line| line[column].chars().count()).max().unwrap_or_default();
        let widths = [width(0), width(1), width(2)];
        for [name, address, role, stage] in &lines {
            writeln!(f, "{name:0$}  {address:1$}  {role:2$}  {stage}", widths[0], widths[1], widths[2])?;
        }
        let troubled: Vec<String> = self
            .0
            .iter()
            .filter_map(|row| {
                Some(format!("  {} ({}): {}", plain(&row.name), plain(&row.address), plain(&row.trouble()?)))
            })
            .collect();
        if !troubled.is_empty() {
            writeln!(f, "\nWhat is wrong:\n{}", troubled.join("\n"))?;
        } else if self.lease() > 1 {
            writeln!(
                f,
                "\nWhat is wrong:\n  the monitors of {} hosts act for the swarm; one does in a moment",
                self.lease()
            )?;
        } else if !self.is_well() {
            writeln!(f, "\nWhat is wrong:\n  no host's monitor acts for the swarm")?;
        }
        let place = |row: &&&Row| format!("{} ({})", plain(&row.name), plain(&row.address));
        let places: Vec<String> =
            managers.iter().filter(|row| row.said.is_ok()).take(NAMED).map(|row| place(&row)).collect();
        writeln!(
            f,
            "\nThis container has no Docker client. `docker node ls`, `docker service ls` and the like run on a manager's host:"
        )?;
        if places.is_empty() {
            writeln!(f, "  there is none now")
        } else {
            writeln!(f, "  {}", places.join(", "))?;
            writeln!(
                f,
                "Log in there; or in Rancher add a container of the image `docker` with the command `sh`, a terminal, the\n\
                 volume /var/run/docker.sock:/var/run/docker.sock, on a host with the label {}={}, and open its shell.",
                labels::PART,
                labels::MANAGER
            )
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(name: &str, is_manager: bool, said: Result<(&str, &str), &str>) -> Row {
        let said = said.map_err(str::to_owned).map(|(stage, reason)| Identity {
            stage: stage.into(),
            reason: reason.into(),
            ..Identity::default()
        });
        Row { name: name.into(), address: "10.0.0.1".into(), is_manager, said }
    }

    #[test]
    fn it_shows_each_host_what_is_wrong_and_where_docker_can_be_run() {
        let well = Overview(vec![
            row("one", true, Ok(("lease_holder", "1 of 1 managers"))),
            row("another", false, Ok(("member", "a worker"))),
        ]);
        assert!(well.is_well());
        let text = well.to_string();
        assert!(
            text.contains("one      10.0.0.1  manager, acts  lease_holder\nanother  10.0.0.1  worker         member\n"),
            "{text}"
        );
        assert!(text.contains("  one (10.0.0.1)\n") && !text.contains("What is wrong"), "{text}");
        let ill = Overview(vec![
            row("one", true, Err("no answer")),
            row("two\u{1b}[2J\u{202e}", false, Ok(("wait_token", "waits"))),
        ]);
        assert!(!ill.is_well());
        let text = ill.to_string();
        assert!(text.contains("one (10.0.0.1): no answer\n") && text.contains("wait_token: waits"), "{text}");
        assert!(text.contains("there is none now") && !text.contains(['\u{1b}', '\u{202e}']), "{text}");
        let silent = Overview(vec![row("one", true, Ok(("member", "a manager")))]);
        assert!(silent.to_string().contains("no host's monitor acts"));
    }
}
