//! The daemon: forms, watches and heals a Docker Swarm on the hosts of a Rancher environment.
//!
//! | module | what it holds |
//! |---|---|
//! | [`settings`], [`command_line`] | every setting once, and the command line made of them |
//! | `observe`, `past` | what is, put into one plain value |
//! | `plan` | what to do: a pure function of that value |
//! | `act`, `publisher`, `label_writer` | do it |
//! | `forward` | the way of this host's engine to the managers |
//! | `clock` | how far this host's clock is from Rancher's |
//! | `run`, `wake` | when: the loop, its wake-ups and its back-off |
//! | `engine`, `metadata`, `rancher` | the three that it talks to; `call` is one call |
//! | `surroundings`, `own_service`, `own_container` | what metadata tells, and which service and container are this monitor's |
//! | `identity` | whether another host has this one's identity |
//! | `record`, `labels`, `hand_over`, `seal`, `state` | what the monitors tell each other, and what a host remembers |
//! | `health`, `clients`, `metrics`, `status` | what it tells others |
//! | `overview` | the swarm as a person sees it, also who opens Rancher's Swarm > CLI |

pub mod command_line;
pub mod settings;

#[cfg(feature = "monitor")]
pub mod act;
#[cfg(feature = "monitor")]
pub mod call;
#[cfg(feature = "monitor")]
pub mod clients;
#[cfg(feature = "monitor")]
pub mod clock;
#[cfg(feature = "monitor")]
pub mod engine;
#[cfg(feature = "monitor")]
pub mod forward;
#[cfg(feature = "monitor")]
pub mod hand_over;
#[cfg(feature = "monitor")]
pub mod health;
#[cfg(feature = "monitor")]
pub mod identity;
#[cfg(feature = "monitor")]
pub mod label_writer;
#[cfg(feature = "monitor")]
pub mod labels;
#[cfg(feature = "monitor")]
pub mod log;
#[cfg(feature = "monitor")]
pub mod metadata;
#[cfg(feature = "monitor")]
pub mod metrics;
#[cfg(feature = "monitor")]
pub mod observe;
#[cfg(feature = "monitor")]
pub mod overview;
#[cfg(feature = "monitor")]
pub mod own_container;
#[cfg(feature = "monitor")]
pub mod own_service;
#[cfg(feature = "monitor")]
pub mod past;
#[cfg(feature = "monitor")]
pub mod plan;
#[cfg(feature = "monitor")]
pub mod publisher;
#[cfg(feature = "monitor")]
pub mod rancher;
#[cfg(feature = "monitor")]
pub mod record;
#[cfg(feature = "monitor")]
pub mod run;
#[cfg(feature = "monitor")]
pub mod seal;
#[cfg(feature = "monitor")]
pub mod state;
#[cfg(feature = "monitor")]
pub mod status;
#[cfg(feature = "monitor")]
pub mod surroundings;
#[cfg(feature = "monitor")]
pub mod wake;
