//! The `health_check` of a service: how Rancher finds out whether a container is well, and what it does if not.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Field, Other, Scalar, Templated, absent};

/// A health check (`InstanceHealthCheck` of the Rancher API). All times are in milliseconds.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
#[schemars(deny_unknown_fields, extend("required" = ["port"]))]
pub struct HealthCheck {
    /// The port of the container that is asked.
    #[serde(skip_serializing_if = "absent")]
    pub port: Field<Templated<u16>>,
    /// What is sent, such as `GET /ping HTTP/1.0`; absent or empty: a TCP connection is enough.
    #[serde(skip_serializing_if = "absent")]
    pub request_line: Field<Scalar>,
    /// Milliseconds from one question to the next.
    #[serde(skip_serializing_if = "absent")]
    pub interval: Field<Templated<u64>>,
    /// Milliseconds that an answer may take.
    #[serde(skip_serializing_if = "absent")]
    pub response_timeout: Field<Templated<u64>>,
    /// Good answers in a row that make a container healthy.
    #[serde(skip_serializing_if = "absent")]
    pub healthy_threshold: Field<Templated<u64>>,
    /// Bad answers in a row that make a container unhealthy.
    #[serde(skip_serializing_if = "absent")]
    pub unhealthy_threshold: Field<Templated<u64>>,
    /// Milliseconds that a new container may take until its first good answer.
    #[serde(skip_serializing_if = "absent")]
    pub initializing_timeout: Field<Templated<u64>>,
    /// Milliseconds that a restarted container may take until its first good answer.
    #[serde(skip_serializing_if = "absent")]
    pub reinitializing_timeout: Field<Templated<u64>>,
    /// What becomes of an unhealthy container; absent means `recreate`.
    #[serde(skip_serializing_if = "absent")]
    pub strategy: Field<Templated<Strategy>>,
    /// Of the strategy `recreateOnQuorum`.
    #[serde(skip_serializing_if = "absent")]
    pub recreate_on_quorum_strategy_config: Field<QuorumConfig>,
    /// Keys that are not known here.
    #[serde(flatten)]
    #[schemars(skip)]
    pub other: Other,
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

/// How many healthy containers of the service allow that an unhealthy one is replaced.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
#[schemars(deny_unknown_fields)]
pub struct QuorumConfig {
    /// That number.
    #[serde(skip_serializing_if = "absent")]
    pub quorum: Field<Templated<u64>>,
    /// Keys that are not known here.
    #[serde(flatten)]
    #[schemars(skip)]
    pub other: Other,
}
