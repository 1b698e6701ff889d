//! What people call hosts and nodes. The plan goes by UUIDs and IDs, as names may be the same; texts for people have names
//! beside them.

use std::collections::{BTreeSet, HashMap};
use std::net::IpAddr;
use std::time::Duration;

use tokio::time::Instant;

use super::introduction::plain;
use super::metadata::Metadata;
use super::observe::Observation;
use super::plan::Plan;

/// What is kept of a name, in characters.
const LONGEST: usize = 100;
/// How many hosts and nodes are known by name.
const MOST: usize = 20_000;
/// How long after it was asked rancher-metadata is asked again for names that nobody else told.
const ASKED_EACH: Duration = Duration::from_secs(300);
/// How long a UUID is.
const UUID: usize = 36;

/// The names that were told so far. A host that is gone keeps its own.
#[derive(Debug, Default)]
pub struct Names {
    known: HashMap<String, String>,
    /// The same by the hosts' addresses.
    addresses: HashMap<String, String>,
    asked: Option<Instant>,
}

impl Names {
    /// Takes in what was seen.
    pub fn learn(&mut self, seen: &Observation) {
        if let (Ok(metadata), Ok(engine)) = (&seen.metadata, &seen.engine) {
            self.host(&metadata.host, &engine.name, &metadata.agent_ip);
            self.node(&engine.swarm.node_id, &engine.name);
        }
        if let Some(Ok(view)) = &seen.rancher {
            for host in &view.hosts {
                self.host(&host.uuid, &host.hostname, host.agent_ip_address.as_deref().unwrap_or_default());
            }
        }
        for node in seen.swarm_view().into_iter().flat_map(|swarm| &swarm.nodes) {
            self.node(&node.id, &node.description.hostname);
        }
    }

    fn host(&mut self, uuid: &str, name: &str, address: &str) {
        let name = plain(name, LONGEST);
        let shown = match (name.as_str(), address) {
            ("", "") => return,
            (name, "") => name.to_owned(),
            ("", address) => plain(address, LONGEST),
            (name, address) => format!("{name} ({})", plain(address, LONGEST)),
        };
        if !address.is_empty() && !name.is_empty() {
            if self.addresses.len() >= MOST {
                self.addresses.clear();
            }
            self.addresses.insert(plain(address, LONGEST), shown.clone());
        }
        self.keep(uuid, shown);
    }

    /// The host that has an address.
    pub fn of_address(&self, ip: IpAddr) -> String {
        let address = ip.to_string();
        self.addresses.get(&address).cloned().unwrap_or(address)
    }

    /// A node keeps its ID: that is what Docker's commands take, and a host's earlier node has the same name.
    fn node(&mut self, id: &str, name: &str) {
        if !name.is_empty() {
            self.keep(id, format!("{id} ({})", plain(name, LONGEST)));
        }
    }

    fn keep(&mut self, id: &str, shown: String) {
        if id.is_empty() || self.known.get(id) == Some(&shown) {
            return;
        }
        // Those that are still there are told again at once.
        if self.known.len() >= MOST {
            self.known.clear();
        }
        self.known.insert(id.to_owned(), shown);
    }

    /// A text with the names of all hosts and nodes in it that are known.
    pub fn in_text(&self, text: &str) -> String {
        let mut named = String::with_capacity(text.len());
        for (id, after) in parts(text) {
            named.push_str(self.known.get(id).map_or(id, String::as_str));
            named.push_str(after);
        }
        named
    }

    /// Asks rancher-metadata, if people are told of a host, by a plan or by its address, whose name nobody else told.
    pub async fn ask(&mut self, plan: &Plan, told: &BTreeSet<IpAddr>, metadata: &Metadata) {
        let mut texts = plan.warnings.iter().map(|warning| &warning.text).chain([&plan.reason]);
        let is_nameless = texts.any(|text| self.is_nameless(text))
            || told.iter().any(|ip| !self.addresses.contains_key(&ip.to_string()));
        if is_nameless && self.asked.is_none_or(|at| at.elapsed() >= ASKED_EACH) {
            self.asked = Some(Instant::now());
            for host in metadata.hosts().await.unwrap_or_default() {
                self.host(&host.uuid, &host.hostname, &host.agent_ip);
            }
        }
    }

    /// Puts names into all that a plan tells people.
    pub fn put(&self, plan: &mut Plan) {
        for text in plan.warnings.iter_mut().map(|warning| &mut warning.text).chain([&mut plan.reason]) {
            *text = self.in_text(text);
        }
    }

    /// Whether there is a host in it whose name is not known.
    fn is_nameless(&self, text: &str) -> bool {
        let is_uuid = |id: &str| id.len() == UUID && id.bytes().filter(|letter| *letter == b'-').count() == 4;
        parts(text).any(|(id, _)| is_uuid(id) && !self.known.contains_key(id))
    }
}

/// What may be an ID, and what stands between it and the next.
fn parts(text: &str) -> impl Iterator<Item = (&str, &str)> {
    let is_of_id = |letter: char| letter.is_ascii_alphanumeric() || letter == '-';
    let mut rest = text;
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let end = rest.find(|letter| !is_of_id(letter)).unwrap_or(rest.len());
        let next = rest[end..].find(is_of_id).map_or(rest.len(), |at| end + at);
        let part = (&rest[..end], &rest[end..next]);
        rest = &rest[next..];
        Some(part)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const UUID_1: &str = "00005791-0000-4000-8000-000000000016";
    const NODE: &str = "y3tqwvzsqdp2nnijb717c4xlz";

    fn names() -> Names {
        let mut names = Names::default();
        names.host(UUID_1, "web-1", "10.0.0.5");
        names.node(NODE, "web-1");
        names
    }

    #[test]
    fn a_host_is_called_by_its_name_and_address_and_a_node_keeps_its_id() {
        let told = format!("host {UUID_1}: its node {NODE}, goes");
        assert_eq!(names().in_text(&told), format!("host web-1 (10.0.0.5): its node {NODE} (web-1), goes"));
    }

    #[test]
    fn texts_without_an_id_stay_as_they_are() {
        for text in ["", "3 of 5 managers", "é – \u{301}x", " -- ", "web-1 web-1", &format!("{UUID_1}0 x{NODE}")] {
            assert_eq!(names().in_text(text), text);
        }
    }

    #[test]
    fn a_host_of_which_nobody_told_the_name_keeps_its_uuid_until_somebody_does() {
        let other = UUID_1.replace("16", "17");
        let told = format!("host {other} waits");
        let mut names = names();
        assert!(names.is_nameless(&told));
        assert!(!names.is_nameless(&format!("host {UUID_1} waits")));
        names.host(&other, "", "");
        assert_eq!(names.in_text(&told), told);
        names.host(&other, "", "10.0.0.6");
        assert_eq!(names.in_text(&told), "host 10.0.0.6 waits");
        names.host(&other, "web-2\u{1b}[31m", "10.0.0.6");
        assert_eq!(names.in_text(&told), "host web-2\u{fffd}[31m (10.0.0.6) waits");
        assert_eq!(names.of_address([10, 0, 0, 5].into()), "web-1 (10.0.0.5)");
        assert_eq!(names.of_address([10, 0, 0, 7].into()), "10.0.0.7");
    }

    #[test]
    fn no_more_names_are_kept_than_a_large_swarm_has() {
        let mut names = Names::default();
        for at in 0..2 * MOST {
            names.host(&at.to_string(), "h", "");
        }
        assert_eq!(names.known.len(), MOST);
        names.host(UUID_1, "web-1", "");
        assert_eq!(names.in_text(UUID_1), "web-1");
    }
}
