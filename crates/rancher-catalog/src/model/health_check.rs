//! The `health_check` of a service: how Rancher finds out whether a container is well, and what it does if not.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::known_keys::known_keys;
use super::{Field, Scalar, Templated};

known_keys! {
    /// A health check (`InstanceHealthCheck` of the Rancher API). All times are in milliseconds.
    #[schemars(extend("required" = ["port"]))]
    pub struct HealthCheck {
        /// The port of the container that is asked.
        port: Field<Templated<u16>>,
        /// What is sent, such as `GET /ping HTTP/1.0`; absent or empty: a TCP connection is enough.
        request_line: Field<Scalar>,
        /// Milliseconds from one question to the next.
        interval: Field<Templated<u64>>,
        /// Milliseconds that an answer may take.
        response_timeout: Field<Templated<u64>>,
        /// Good answers in a row that make a container healthy.
        healthy_threshold: Field<Templated<u64>>,
        /// Bad answers in a row that make a container unhealthy.
        unhealthy_threshold: Field<Templated<u64>>,
        /// Milliseconds that a new container may take until its first good answer.
        initializing_timeout: Field<Templated<u64>>,
        /// Milliseconds that a restarted container may take until its first good answer.
        reinitializing_timeout: Field<Templated<u64>>,
        /// What becomes of an unhealthy container; absent means `recreate`.
        strategy: Field<Templated<Strategy>>,
        /// Of the strategy `recreateOnQuorum`.
        recreate_on_quorum_strategy_config: Field<QuorumConfig>,
    }
}

/// What Rancher does with an unhealthy container.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum Strategy {
    /// Nothing but saying so.
    None,
    /// It is replaced.
    Recreate,
    /// It is replaced if enough others of the service are healthy.
    RecreateOnQuorum,
}

known_keys! {
    /// How many healthy containers of the service allow that an unhealthy one is replaced.
    pub struct QuorumConfig {
        /// That number.
        quorum: Field<Templated<u64>>,
    }
}
