//! What the tests stand on: hosts with real engines, Rancher's own parts and what stands in for them, simulated environments,
//! runs of the programs.

pub mod browser;
pub mod catalog_service;
pub mod chaos;
pub mod cost;
pub mod deployer;
pub mod dice;
pub mod driven_browser;
pub mod executor;
pub mod generator;
pub mod git;
pub mod haproxy;
pub mod lab;
pub mod large_catalog;
pub mod made_program;
pub mod model_host;
pub mod open_metrics;
pub mod previewed;
pub mod programs;
pub mod prometheus;
pub mod real_parts;
pub mod sample_swarm;
pub mod says;
pub mod simulator;
pub mod tree;
pub mod trial;
mod turn;
pub mod wanted;
pub mod well;
