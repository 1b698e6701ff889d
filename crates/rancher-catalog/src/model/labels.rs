//! Labels, and the names of those that Rancher itself acts on.

use super::ListOrMap;

/// The labels of a service or a template: a map, or a list of `key=value`.
pub type Labels = ListOrMap;

/// Labels that Rancher acts on.
pub mod names {
    /// On a template: the orchestrations that it goes with, a comma between two; absent means all but Windows.
    pub const ORCHESTRATION_SUPPORTED: &str = "io.rancher.orchestration.supported";
    /// On a container: the rights of the API key that it is given, with [`CREATE_AGENT`].
    pub const AGENT_ROLE: &str = "io.rancher.container.agent.role";
    /// On a container: give it an API key, in CATTLE_URL, CATTLE_ACCESS_KEY and CATTLE_SECRET_KEY.
    pub const CREATE_AGENT: &str = "io.rancher.container.create_agent";
    /// On a container: connect it to Rancher's DNS. On the host network it also makes health checks reach it: without
    /// it they never pass (rancher/rancher#2515).
    pub const DNS: &str = "io.rancher.container.dns";
    /// On a container: `always` pulls the image anew for each container.
    pub const PULL_IMAGE: &str = "io.rancher.container.pull_image";
    /// On a service: one container on every host.
    pub const GLOBAL: &str = "io.rancher.scheduler.global";
}
