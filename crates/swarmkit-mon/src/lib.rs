//! The daemon: forms, watches and heals a Docker Swarm on the hosts of a Rancher environment.
//!
//! | module | what it holds |
//! |---|---|
//! | `observe`, `past`, `timer` | what is, put into one plain value |
//! | `plan` | what to do: a pure function of that value |
//! | `act`, `record_writer`, `label_writer` | do it |
//! | `forward` | the way of this host's engine to the managers |
//! | `gossip_port` | whether the managers can be reached by the port of their overlay networks |
//! | `clock` | how far this host's clock is from Rancher's |
//! | `run`, `wake`, `pace` | when: the loop, its wake-ups and its back-off |
//! | `engine`, `metadata`, `rancher` | the three that it talks to; `call` is one call |
//! | `surroundings`, `own_service`, `own_container` | what metadata tells, and which service and container are this monitor's |
//! | `identity` | whether another host has this one's identity |
//! | `introduction`, `voters` | what a monitor tells of its host and of the swarm to the others |
//! | `record`, `labels`, `hand_over`, `seal`, `state` | what the monitors tell each other, and what a host remembers |
//! | `health`, `server`, `metrics`, `status`, `shown` | what it tells others |
//! | `notify` | what waits for a person, to an address of the operator's |
//! | `backup` | backups of what a manager knows, and restoring one |
//! | `diagnose`, `scrub` | what a bug report needs, without what is secret |
//! | `program` | the command line, and what it asks for |
//! | `accept` | so many connections at a time |
//! | `overview` | the whole swarm as a person sees it, as a page and as a text |
//! | `show` | `swarmkit-mon status`, also for who opens Rancher's Swarm > CLI |

mod accept;
pub mod act;
pub mod admission;
pub mod backup;
pub mod call;
pub mod clock;
pub mod diagnose;
pub mod engine;
pub mod forward;
pub mod gossip_port;
pub mod hand_over;
pub mod health;
pub mod identity;
pub mod introduction;
mod journal;
pub mod label_writer;
pub mod labels;
pub mod log;
pub mod making;
pub mod metadata;
pub mod metrics;
mod names;
pub mod notify;
pub mod observe;
pub mod overview;
pub mod own_container;
pub mod own_service;
pub mod pace;
pub mod past;
pub mod peers;
pub mod places;
pub mod plan;
pub mod program;
pub mod rancher;
pub mod record;
pub mod record_writer;
pub mod run;
pub mod scrub;
pub mod seal;
pub mod server;
pub mod show;
pub mod shown;
pub mod state;
pub mod status;
pub mod surroundings;
pub mod timer;
pub mod voters;
pub mod wake;
