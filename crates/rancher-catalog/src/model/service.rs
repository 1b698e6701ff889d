//! A service of docker-compose.yml.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Any, Field, HealthCheck, Image, Labels, ListOrMap, OneOrMany, Other, Scalar, Templated, absent};

/// A service: the keys of Rancher 1.6's compose schemas, version 1 and 2 form together. Rancher refuses a stack with a
/// service that has any other.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
#[schemars(deny_unknown_fields)]
pub struct Service {
    /// The image.
    #[serde(skip_serializing_if = "absent")]
    pub image: Field<Image>,
    /// How to build it; Rancher 1.x wants an image.
    #[serde(skip_serializing_if = "absent")]
    pub build: Field<Any>,
    /// The command.
    #[serde(skip_serializing_if = "absent")]
    pub command: Field<OneOrMany>,
    /// The program that the command is given to.
    #[serde(skip_serializing_if = "absent")]
    pub entrypoint: Field<OneOrMany>,
    /// Environment variables.
    #[serde(skip_serializing_if = "absent")]
    pub environment: Field<ListOrMap>,
    /// Files of environment variables.
    #[serde(skip_serializing_if = "absent")]
    pub env_file: Field<OneOrMany>,
    /// Labels; many of Rancher's features are asked for by them.
    #[serde(skip_serializing_if = "absent")]
    pub labels: Field<Labels>,
    /// The network (version 2 form).
    #[serde(skip_serializing_if = "absent")]
    pub network_mode: Field<Scalar>,
    /// The network (version 1 form).
    #[serde(skip_serializing_if = "absent")]
    pub net: Field<Scalar>,
    /// Networks (version 2 form).
    #[serde(skip_serializing_if = "absent")]
    pub networks: Field<Any>,
    /// The host name.
    #[serde(skip_serializing_if = "absent")]
    pub hostname: Field<Scalar>,
    /// The domain name.
    #[serde(skip_serializing_if = "absent")]
    pub domainname: Field<Scalar>,
    /// DNS servers.
    #[serde(skip_serializing_if = "absent")]
    pub dns: Field<OneOrMany>,
    /// DNS search domains.
    #[serde(skip_serializing_if = "absent")]
    pub dns_search: Field<OneOrMany>,
    /// DNS options.
    #[serde(skip_serializing_if = "absent")]
    pub dns_opt: Field<Any>,
    /// Lines for /etc/hosts.
    #[serde(skip_serializing_if = "absent")]
    pub extra_hosts: Field<ListOrMap>,
    /// The MAC address.
    #[serde(skip_serializing_if = "absent")]
    pub mac_address: Field<Scalar>,
    /// Published ports.
    #[serde(skip_serializing_if = "absent")]
    pub ports: Field<Vec<Scalar>>,
    /// Ports for linked services.
    #[serde(skip_serializing_if = "absent")]
    pub expose: Field<Vec<Scalar>>,
    /// Services reached by a name.
    #[serde(skip_serializing_if = "absent")]
    pub links: Field<Vec<Scalar>>,
    /// Services of other stacks reached by a name.
    #[serde(skip_serializing_if = "absent")]
    pub external_links: Field<Vec<Scalar>>,
    /// Addresses of an external service.
    #[serde(skip_serializing_if = "absent")]
    pub external_ips: Field<Vec<Scalar>>,
    /// Services to be started before.
    #[serde(skip_serializing_if = "absent")]
    pub depends_on: Field<Any>,
    /// Whether it may do anything on the host.
    #[serde(skip_serializing_if = "absent")]
    pub privileged: Field<Templated<bool>>,
    /// Capabilities gained.
    #[serde(skip_serializing_if = "absent")]
    pub cap_add: Field<Vec<Scalar>>,
    /// Capabilities lost.
    #[serde(skip_serializing_if = "absent")]
    pub cap_drop: Field<Vec<Scalar>>,
    /// Security options: seccomp, AppArmor, SELinux, no-new-privileges.
    #[serde(skip_serializing_if = "absent")]
    pub security_opt: Field<Vec<Scalar>>,
    /// Whether its root file system cannot be written.
    #[serde(skip_serializing_if = "absent")]
    pub read_only: Field<Templated<bool>>,
    /// The user that it runs as.
    #[serde(skip_serializing_if = "absent")]
    pub user: Field<Scalar>,
    /// Further groups of that user.
    #[serde(skip_serializing_if = "absent")]
    pub group_add: Field<Vec<Scalar>>,
    /// The PID namespace.
    #[serde(skip_serializing_if = "absent")]
    pub pid: Field<Scalar>,
    /// The IPC namespace.
    #[serde(skip_serializing_if = "absent")]
    pub ipc: Field<Scalar>,
    /// The UTS namespace.
    #[serde(skip_serializing_if = "absent")]
    pub uts: Field<Scalar>,
    /// Windows isolation.
    #[serde(skip_serializing_if = "absent")]
    pub isolation: Field<Scalar>,
    /// Volumes and host folders.
    #[serde(skip_serializing_if = "absent")]
    pub volumes: Field<Vec<Scalar>>,
    /// Services whose volumes it shares.
    #[serde(skip_serializing_if = "absent")]
    pub volumes_from: Field<Vec<Scalar>>,
    /// The driver of its volumes.
    #[serde(skip_serializing_if = "absent")]
    pub volume_driver: Field<Scalar>,
    /// Folders in memory.
    #[serde(skip_serializing_if = "absent")]
    pub tmpfs: Field<OneOrMany>,
    /// Devices of the host.
    #[serde(skip_serializing_if = "absent")]
    pub devices: Field<Vec<Scalar>>,
    /// Secrets.
    #[serde(skip_serializing_if = "absent")]
    pub secrets: Field<Any>,
    /// Where its output goes (version 2 form).
    #[serde(skip_serializing_if = "absent")]
    pub logging: Field<Logging>,
    /// Where its output goes (version 1 form).
    #[serde(skip_serializing_if = "absent")]
    pub log_driver: Field<Scalar>,
    /// Options of that driver (version 1 form).
    #[serde(skip_serializing_if = "absent")]
    pub log_opt: Field<Any>,
    /// When it is restarted.
    #[serde(skip_serializing_if = "absent")]
    pub restart: Field<Scalar>,
    /// Whether its input stays open.
    #[serde(skip_serializing_if = "absent")]
    pub stdin_open: Field<Templated<bool>>,
    /// Whether it has a terminal.
    #[serde(skip_serializing_if = "absent")]
    pub tty: Field<Templated<bool>>,
    /// Whether an init process runs in it.
    #[serde(skip_serializing_if = "absent")]
    pub init: Field<Templated<bool>>,
    /// The signal that ends it.
    #[serde(skip_serializing_if = "absent")]
    pub stop_signal: Field<Scalar>,
    /// How long it may take to end.
    #[serde(skip_serializing_if = "absent")]
    pub stop_grace_period: Field<Scalar>,
    /// The folder that it starts in.
    #[serde(skip_serializing_if = "absent")]
    pub working_dir: Field<Scalar>,
    /// A fixed name.
    #[serde(skip_serializing_if = "absent")]
    pub container_name: Field<Scalar>,
    /// The CPUs that it may use.
    #[serde(skip_serializing_if = "absent")]
    pub cpuset: Field<Scalar>,
    /// Its weight among others for CPU time.
    #[serde(skip_serializing_if = "absent")]
    pub cpu_shares: Field<Scalar>,
    /// Microseconds of CPU time a period.
    #[serde(skip_serializing_if = "absent")]
    pub cpu_quota: Field<Scalar>,
    /// Microseconds of that period.
    #[serde(skip_serializing_if = "absent")]
    pub cpu_period: Field<Scalar>,
    /// Its weight among others for disks.
    #[serde(skip_serializing_if = "absent")]
    pub blkio_weight: Field<Scalar>,
    /// The same, a device.
    #[serde(skip_serializing_if = "absent")]
    pub blkio_weight_device: Field<Any>,
    /// Limits on reading, bytes a second.
    #[serde(skip_serializing_if = "absent")]
    pub device_read_bps: Field<ListOrMap>,
    /// Limits on reading, operations a second.
    #[serde(skip_serializing_if = "absent")]
    pub device_read_iops: Field<ListOrMap>,
    /// Limits on writing, bytes a second.
    #[serde(skip_serializing_if = "absent")]
    pub device_write_bps: Field<ListOrMap>,
    /// Limits on writing, operations a second.
    #[serde(skip_serializing_if = "absent")]
    pub device_write_iops: Field<ListOrMap>,
    /// Memory of a virtual machine.
    #[serde(skip_serializing_if = "absent")]
    pub memory: Field<Scalar>,
    /// The most memory.
    #[serde(skip_serializing_if = "absent")]
    pub mem_limit: Field<Scalar>,
    /// Memory set aside.
    #[serde(skip_serializing_if = "absent")]
    pub mem_reservation: Field<Scalar>,
    /// The most memory and swap.
    #[serde(skip_serializing_if = "absent")]
    pub memswap_limit: Field<Scalar>,
    /// How readily its memory is swapped.
    #[serde(skip_serializing_if = "absent")]
    pub mem_swappiness: Field<Templated<i64>>,
    /// Thousandths of a CPU set aside.
    #[serde(skip_serializing_if = "absent")]
    pub milli_cpu_reservation: Field<Scalar>,
    /// Whether it is spared when memory runs out.
    #[serde(skip_serializing_if = "absent")]
    pub oom_kill_disable: Field<Templated<bool>>,
    /// How readily it is killed when memory runs out.
    #[serde(skip_serializing_if = "absent")]
    pub oom_score_adj: Field<Templated<i64>>,
    /// The size of /dev/shm.
    #[serde(skip_serializing_if = "absent")]
    pub shm_size: Field<Scalar>,
    /// Limits of its processes.
    #[serde(skip_serializing_if = "absent")]
    pub ulimits: Field<Any>,
    /// Kernel settings of its namespaces.
    #[serde(skip_serializing_if = "absent")]
    pub sysctls: Field<ListOrMap>,
    /// The parent of its cgroup.
    #[serde(skip_serializing_if = "absent")]
    pub cgroup_parent: Field<Scalar>,
    /// A service that it extends.
    #[serde(skip_serializing_if = "absent")]
    pub extends: Field<Any>,
    /// CPUs of a virtual machine.
    #[serde(skip_serializing_if = "absent")]
    pub vcpu: Field<Scalar>,
    /// User data of a virtual machine.
    #[serde(skip_serializing_if = "absent")]
    pub userdata: Field<Scalar>,
    /// Disks of a virtual machine.
    #[serde(skip_serializing_if = "absent")]
    pub disks: Field<Any>,
    /// The Dockerfile of a build (version 1 form).
    #[serde(skip_serializing_if = "absent")]
    pub dockerfile: Field<Scalar>,
    /// Reserved.
    #[serde(skip_serializing_if = "absent")]
    pub config: Field<Scalar>,
    /// The health check; usually it stands in rancher-compose.yml.
    #[serde(skip_serializing_if = "absent")]
    pub health_check: Field<HealthCheck>,
    /// How many containers.
    #[serde(skip_serializing_if = "absent")]
    pub scale: Field<Templated<u64>>,
    /// How many containers, as a range.
    #[serde(skip_serializing_if = "absent")]
    pub scale_policy: Field<Any>,
    /// Whether a container that replaces another keeps its address.
    #[serde(skip_serializing_if = "absent")]
    pub retain_ip: Field<Templated<bool>>,
    /// The service's metadata.
    #[serde(skip_serializing_if = "absent")]
    pub metadata: Field<Any>,
    /// Whether it starts once created.
    #[serde(skip_serializing_if = "absent")]
    pub start_on_create: Field<Templated<bool>>,
    /// How an upgrade replaces containers.
    #[serde(skip_serializing_if = "absent")]
    pub upgrade_strategy: Field<Any>,
    /// Milliseconds that a container may take to finish its work before it is stopped.
    #[serde(skip_serializing_if = "absent")]
    pub drain_timeout_ms: Field<Scalar>,
    /// The storage driver that the service is.
    #[serde(skip_serializing_if = "absent")]
    pub storage_driver: Field<Any>,
    /// The network driver that the service is.
    #[serde(skip_serializing_if = "absent")]
    pub network_driver: Field<Any>,
    /// A load balancer's rules.
    #[serde(skip_serializing_if = "absent")]
    pub lb_config: Field<Any>,
    /// A load balancer's rules, older form.
    #[serde(skip_serializing_if = "absent")]
    pub load_balancer_config: Field<Any>,
    /// A load balancer's port rules.
    #[serde(skip_serializing_if = "absent")]
    pub port_rules: Field<Any>,
    /// A load balancer's stickiness.
    #[serde(skip_serializing_if = "absent")]
    pub stickiness_policy: Field<Any>,
    /// A load balancer's certificates.
    #[serde(skip_serializing_if = "absent")]
    pub certs: Field<Vec<Scalar>>,
    /// A load balancer's default certificate.
    #[serde(skip_serializing_if = "absent")]
    pub default_cert: Field<Scalar>,
    /// The kind of the service.
    #[serde(rename = "type", skip_serializing_if = "absent")]
    pub kind: Field<Scalar>,
    /// A text on the service.
    #[serde(skip_serializing_if = "absent")]
    pub description: Field<Scalar>,
    /// Keys that are not known here.
    #[serde(flatten)]
    #[schemars(skip)]
    pub other: Other,
}

/// Where a container's output goes.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
#[schemars(deny_unknown_fields)]
pub struct Logging {
    /// The driver.
    #[serde(skip_serializing_if = "absent")]
    pub driver: Field<Scalar>,
    /// Its options.
    #[serde(skip_serializing_if = "absent")]
    pub options: Field<ListOrMap>,
    /// Keys that are not known here.
    #[serde(flatten)]
    #[schemars(skip)]
    pub other: Other,
}
