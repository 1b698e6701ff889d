//! What a person should know though the swarm goes on. A kind is declared once: its name, what it means, what to do.

use std::fmt;

use serde::Serialize;

macro_rules! kinds {
    ($($kind:ident = $name:literal: $means:literal => $way_out:literal,)+) => {
        /// What a warning is about.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
        #[allow(missing_docs, reason = "each says what it means below")]
        pub enum WarningKind { $(#[serde(rename = $name)] $kind,)+ }

        impl WarningKind {
            /// All of them.
            pub const ALL: &'static [Self] = &[$(Self::$kind),+];

            /// Its name, as in `/status`, logs and docs.
            pub fn name(self) -> &'static str {
                match self { $(Self::$kind => $name,)+ }
            }

            /// What it means, and what to do about it.
            fn about(self) -> (&'static str, &'static str) {
                match self { $(Self::$kind => ($means, $way_out),)+ }
            }
        }
    };
}

kinds! {
    OneIdentity = "one_identity":
        "A host waits to join, or says that it is another host's node, while the node that it is recorded as is there."
        => "Was the host set up anew? Then wait for `GRACE_PERIOD`. Else look for a clone of that host: on the clone remove the agent's container and `/var/lib/rancher/state`, and add it to Rancher anew. If there is none, somebody has changed the host's labels by hand: restart the monitor there.",
    MetadataDiffers = "metadata_differs":
        "rancher-metadata tells this host another swarm, or another record, than Rancher's API. The host does nothing on the word of one of them."
        => "It passes if rancher-metadata is late only. Else see that the stack `network-services` is healthy, and who answers at 169.254.169.250.",
    FewManagers = "few_managers":
        "Fewer hosts can manage than managers are wanted."
        => "Add hosts, take the label `swarm.manager=false` from one, or want fewer (`MANAGER_SCALE`).",
    ManyUnlisted = "many_unlisted":
        "Most hosts of the swarm are gone from Rancher at once, which may be somebody's mistake. They are taken for removed only after ten minutes."
        => "Were they removed on purpose? Then it goes on by itself. Else see that `CATTLE_URL` names Rancher's server and that it lists the environment's hosts: those that are listed again in time lose nothing.",
    NodeLabels = "node_labels":
        "Labels of a host cannot become labels of its node."
        => "The text says which, and why: change them in Rancher.",
    NetworkConflict = "network_conflict":
        "A network of the swarm lies over the hosts' addresses, or over a network of this host: what is in it does not reach them."
        => "Take its services off it first. One of your own: `docker network rm NAME`, then `docker network create --driver overlay --attachable --subnet … NAME`. The one of `NETWORK`: pause the daemon meanwhile (`swarm.pause=all`), or it makes it again. `ingress`: `docker network rm ingress`, then `docker network create --driver overlay --ingress --subnet … ingress`. The address pool of a swarm cannot be changed: give each network a `--subnet`.",
    PacketSize = "packet_size":
        "An overlay network sends packets larger than the hosts' network takes: small answers come, large ones get lost."
        => "The network of `NETWORK`: set `NETWORK_MTU` to what the text says, remove the network, and the daemon makes it anew. Another: make it anew with `--opt com.docker.network.driver.mtu=…`.",
    PortClosed = "port_closed":
        "This host reaches managers on 2377/tcp and not on 7946/tcp: overlay networks do not work between them."
        => "Open 7946/tcp and udp and 4789/udp between the hosts.",
    AddressDiffers = "address_differs":
        "Rancher has another address of this host than its node, and the host has the node's alone."
        => "If the node's is right, set `CATTLE_AGENT_IP` on the host's agent. If Rancher's is right, give it to the host, and then take the node's away; of a manager only while the others have a quorum.",
    ClockApart = "clock_apart":
        "This host's clock is far from Rancher's, or from that of the manager whose monitor acts. Nodes whose clocks are far apart refuse each other's certificates."
        => "Have NTP set both clocks.",
    Paused = "paused":
        "The daemon is paused by a label: nothing is healed."
        => "Take the label away once the work is done.",
    PauseLabel = "pause_label":
        "The label `swarm.pause` has a value that pauses nothing."
        => "Set it to `true` or `all`, or take it away.",
    Backup = "backup":
        "No backup could be made."
        => "The text says why: space, or what the folder is.",
    StateFile = "state_file":
        "What this monitor keeps on its host cannot be read. It goes on with what the record says."
        => "See that `/var/lib/rancher/state` can be read and written; a damaged file is written anew. `cannot be written`, in the log at `not done`: make space on that disk. Until then a host in no swarm makes none, and a manager keeps nothing newer for when Rancher loses the record.",
}

impl WarningKind {
    /// A warning of this kind.
    pub fn of(self, text: String) -> Warning {
        Warning { kind: self, text }
    }

    /// Where the docs say more.
    pub fn see(self) -> String {
        super::stage::in_docs(&self.anchor())
    }

    fn anchor(self) -> String {
        format!("warning-{}", self.name())
    }
}

/// Something that a person should know.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Warning {
    /// What it is about.
    pub kind: WarningKind,
    /// What there is, and what to do.
    pub text: String,
}

impl fmt::Display for Warning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// All kinds as a table for the docs.
pub fn markdown_table() -> String {
    let mut table = "| warning | what it means | what to do |\n|---|---|---|\n".to_owned();
    for kind in WarningKind::ALL {
        let (means, way_out) = kind.about();
        let (anchor, name) = (kind.anchor(), kind.name());
        table.push_str(&format!("| <a id=\"{anchor}\"></a>`{name}` | {means} | {way_out} |\n"));
    }
    table
}
