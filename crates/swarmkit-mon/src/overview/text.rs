//! The overview for a terminal.

use std::fmt;

use anstyle::{AnsiColor, Style};

use super::{Happened, NewestBackup, Overview, Row, is_good};
use crate::introduction::Event;
use crate::labels;

/// How many managers' hosts are named to go to.
const NAMED: usize = 3;
/// How many events are shown.
const EVENTS: usize = 8;

const GOOD: Style = AnsiColor::Green.on_default();
const BAD: Style = AnsiColor::Red.on_default();
const UNSURE: Style = AnsiColor::Yellow.on_default();
const HEAD: Style = Style::new().bold();
const FAINT: Style = Style::new().dimmed();

/// A time in the largest unit that tells it: `12 s`, `5 min`, `3 h`, `2 d`.
pub fn since(ms: u64) -> String {
    let seconds = ms / 1000;
    match seconds {
        0..120 => format!("{seconds} s"),
        120..7200 => format!("{} min", seconds / 60),
        7200..172_800 => format!("{} h", seconds / 3600),
        _ => format!("{} d", seconds / 86_400),
    }
}

impl Row {
    /// What it is to the swarm, in a few words.
    pub fn part(&self) -> String {
        let mut words = vec![if self.role == "none" { "in no swarm" } else { &self.role }];
        words.extend(self.leads.then_some("leader"));
        words.extend(self.acts.then_some("acts"));
        words.join(", ")
    }

    /// Whether others reach it, in one word.
    pub fn reach(&self) -> &'static str {
        match (self.answers, self.reached, self.node_state.as_deref()) {
            (_, Some(false), _) => "unreachable",
            (_, _, Some("down")) => "down",
            (_, _, Some("disconnected")) => "disconnected",
            (false, _, _) => "silent",
            (_, _, Some("ready")) => "ready",
            _ => "-",
        }
    }

    /// For how long it has stood where it does.
    pub fn since(&self) -> String {
        self.stage_ms.map_or_else(|| "-".to_owned(), since)
    }

    fn style(&self) -> Style {
        match (&self.trouble, self.answers) {
            (None, _) => GOOD,
            (Some(_), true) => UNSURE,
            (Some(_), false) => BAD,
        }
    }
}

impl NewestBackup {
    /// How old it is.
    pub fn age(&self) -> String {
        since(self.age_ms)
    }
}

impl Happened {
    /// How long ago.
    pub fn ago(&self) -> String {
        since(self.event.ago_ms)
    }

    /// What happened, in one line.
    pub fn said(&self) -> String {
        let Event { what, why, error, .. } = &self.event;
        match error {
            None => format!("{what}: {why}"),
            Some(error) => format!("{what}, not done: {error}"),
        }
    }
}

/// With colours: whoever prints it takes them out where they are not wanted.
impl fmt::Display for Overview {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let judged = if self.well { GOOD } else { BAD };
        writeln!(f, "{}{}{} {}", judged.bold(), self.headline, judged.bold().render_reset(), self.bearing)?;
        if let Some(managers) = &self.managers {
            let voters = managers.voters;
            let leader = managers.leader.as_deref().unwrap_or("none");
            let acts = if self.lease.is_empty() { "no host's monitor".to_owned() } else { self.lease.join(", ") };
            writeln!(
                f,
                "Managers: {} wanted, {} there, {} answer. Leader: {leader}. Acts: {acts}.",
                voters.wanted, voters.present, voters.reachable
            )?;
        }
        if let Some(backup) = &self.backup {
            writeln!(f, "Newest backup: {} old, on {}.", backup.age(), backup.host)?;
        }
        self.hosts_table(f)?;
        self.what_waits(f)?;
        for (title, lines) in [("Under way", &self.under_way), ("Noticed", &self.noticed)] {
            if !lines.is_empty() {
                writeln!(f, "\n{HEAD}{title}{HEAD:#}")?;
            }
            for line in lines {
                writeln!(f, "  {}: {}", line.host, line.text)?;
            }
        }
        if !self.events.is_empty() {
            writeln!(f, "\n{HEAD}Last events{HEAD:#}")?;
        }
        for last in self.events.iter().take(EVENTS) {
            writeln!(f, "  {FAINT}{:>7} ago{FAINT:#}  {}: {}", last.ago(), last.host, last.said())?;
        }
        self.where_docker_runs(f)
    }
}

impl Overview {
    fn hosts_table(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let head = ["HOST", "ADDRESS", "ROLE", "NODE", "STAGE", "SINCE", "ENGINE"].map(str::to_owned);
        let lines = self.hosts.iter().map(|row| {
            let engine = if row.engine_version.is_empty() { "-" } else { &row.engine_version };
            let texts = [&row.name, &row.address, &row.part(), row.reach(), &row.stage, &row.since(), engine]
                .map(str::to_owned);
            (texts, row.style())
        });
        let lines: Vec<([String; 7], Style)> = std::iter::once((head, HEAD)).chain(lines).collect();
        let width =
            |column: usize| lines.iter().map(|(line, _)| line[column].chars().count()).max().unwrap_or_default();
        let widths: Vec<usize> = (0..7).map(width).collect();
        writeln!(f)?;
        for (line, style) in &lines {
            for (at, (text, width)) in line.iter().zip(&widths).enumerate() {
                // Where it stands has the colour, as the eye goes down one column.
                let style = if at == 4 || *style == HEAD { *style } else { Style::new() };
                let padding = if at == 6 { 0 } else { width - text.chars().count() + 2 };
                write!(f, "{style}{text}{style:#}{:padding$}", "")?;
            }
            writeln!(f)?;
        }
        Ok(())
    }

    fn what_waits(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let needed: Vec<&str> = self.needs.iter().map(|need| need.address.as_str()).collect();
        let passing: Vec<&Row> = self.hosts.iter().filter(|row| row.trouble.is_some()).collect();
        let passing: Vec<&&Row> = passing.iter().filter(|row| !needed.contains(&row.address.as_str())).collect();
        if !passing.is_empty() {
            writeln!(f, "\n{HEAD}Not well{HEAD:#}")?;
        }
        for row in passing {
            writeln!(f, "  {} ({}): {}", row.name, row.address, row.trouble.as_deref().unwrap_or_default())?;
        }
        if !self.needs.is_empty() {
            writeln!(f, "\n{HEAD}Waits for a person{HEAD:#}")?;
        }
        for need in &self.needs {
            writeln!(f, "  {BAD}{}{BAD:#} ({}): {}", need.host, need.address, need.wrong)?;
            writeln!(f, "    {}", need.what)?;
            if let Some(command) = &need.command {
                writeln!(f, "    on that host: {HEAD}{command}{HEAD:#}")?;
            }
        }
        Ok(())
    }

    fn where_docker_runs(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let is_in_it =
            |row: &&Row| row.trouble.is_none() || (row.answers && row.reach() == "ready" && is_good(&row.stage));
        let managers = self.hosts.iter().filter(|row| row.role == "manager").filter(is_in_it);
        let places: Vec<String> = managers.take(NAMED).map(|row| format!("{} ({})", row.name, row.address)).collect();
        writeln!(
            f,
            "\nThis container has no Docker client. `docker node ls`, `docker service ls` and the like run on a manager's host:"
        )?;
        if places.is_empty() {
            return writeln!(f, "  there is none now");
        }
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
