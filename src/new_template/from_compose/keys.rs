//! How the keys of a service are taken over, by what their values are; and words on those that Rancher has not.

/// What a value is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Shape {
    /// A text.
    Text,
    /// True or false, which no variable gives.
    Bool,
    /// A whole number, which no variable gives.
    Whole,
    /// A number or a size.
    Number,
    /// A list of texts, or one text.
    Texts,
    /// A map, or a list of `key=value`.
    Pairs,
    /// A map of limits.
    Limits,
    /// A key of rancher-compose.yml, as it stands.
    Ranchers,
}

/// Keys that are taken over by their shape alone.
const KEYS: &[(&str, Shape)] = &[
    ("blkio_weight_device", Shape::Texts),
    ("cap_add", Shape::Texts),
    ("cap_drop", Shape::Texts),
    ("cgroup_parent", Shape::Text),
    ("cpu_period", Shape::Number),
    ("cpu_quota", Shape::Number),
    ("cpu_shares", Shape::Number),
    ("cpuset", Shape::Text),
    ("devices", Shape::Texts),
    ("dns", Shape::Texts),
    ("dns_opt", Shape::Texts),
    ("dns_search", Shape::Texts),
    ("domainname", Shape::Text),
    ("drain_timeout_ms", Shape::Ranchers),
    ("external_links", Shape::Texts),
    ("group_add", Shape::Texts),
    ("health_check", Shape::Ranchers),
    ("hostname", Shape::Text),
    ("init", Shape::Bool),
    ("isolation", Shape::Text),
    ("lb_config", Shape::Ranchers),
    ("mac_address", Shape::Text),
    ("mem_limit", Shape::Number),
    ("mem_reservation", Shape::Number),
    ("mem_swappiness", Shape::Whole),
    ("memswap_limit", Shape::Number),
    ("metadata", Shape::Ranchers),
    ("oom_kill_disable", Shape::Bool),
    ("oom_score_adj", Shape::Whole),
    ("privileged", Shape::Bool),
    ("read_only", Shape::Bool),
    ("retain_ip", Shape::Ranchers),
    ("scale_policy", Shape::Ranchers),
    ("security_opt", Shape::Texts),
    ("shm_size", Shape::Number),
    ("start_on_create", Shape::Ranchers),
    ("stdin_open", Shape::Bool),
    ("stop_signal", Shape::Text),
    ("sysctls", Shape::Pairs),
    ("tmpfs", Shape::Texts),
    ("tty", Shape::Bool),
    ("ulimits", Shape::Limits),
    ("upgrade_strategy", Shape::Ranchers),
    ("user", Shape::Text),
    ("uts", Shape::Text),
    ("volume_driver", Shape::Text),
    ("working_dir", Shape::Text),
];

/// The shape of a key that is taken over by it alone.
pub(super) fn shape(name: &str) -> Option<Shape> {
    KEYS.iter().find(|(key, _)| *key == name).map(|(_, shape)| *shape)
}

/// What is said of a key that nobody knows, and so may be a slip.
pub(super) const NOTHING: &str = "Rancher 1.6 has nothing like it";

/// What is so instead of a key that Rancher has not.
pub(super) fn instead(name: &str) -> &'static str {
    match name {
        "configs" => "Rancher has no configs: put the file into the image, or its values into variables",
        "container_name" => "Rancher names containers after their stack and service, by which others reach them",
        "pids_limit" => "Rancher sets no limit of processes; `ulimits` has nproc",
        "develop" | "attach" => "it is for those who develop",
        "platform" => "hosts run what they are; a host label can choose them",
        "runtime" | "gpus" => "Rancher starts containers with the runtime that their host's engine has by default",
        "userns_mode" => "it is as each host's engine is set",
        "credential_spec" => "Rancher has none",
        "stop_grace_period" => "it is no duration",
        _ => NOTHING,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_stand_in_order() {
        assert!(KEYS.is_sorted_by(|a, b| a.0 < b.0));
    }
}
