//! A map of known keys, declared by these alone: one that is absent stays so, and one that is not known is kept.

/// Declares a map with its keys: `name: type`, or `name as "key": type` where the key is no name of Rust's. Both compose files
/// may give a service the keys that are `those of Rancher`; they stand here.
macro_rules! known_keys {
    (
        $(#[$about:meta])*
        pub struct $name:ident {
            $($(#[$of:meta])* $field:ident $(as $key:literal)?: $type:ty,)*
        }
    ) => {
        #[derive(Debug, Clone, PartialEq, Default, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
        #[serde(default)]
        #[schemars(deny_unknown_fields)]
        $(#[$about])*
        pub struct $name {
            $(
                $(#[$of])*
                #[serde($(rename = $key,)? skip_serializing_if = "crate::model::absent")]
                pub $field: $type,
            )*
            /// Keys that are not known here.
            #[serde(flatten)]
            #[schemars(skip)]
            pub other: crate::model::Other,
        }
    };
    (
        $(#[$about:meta])*
        pub struct $name:ident {
            $($own:tt)*
        } and those of Rancher
    ) => {
        $crate::model::known_keys::known_keys! {
            $(#[$about])*
            pub struct $name {
                $($own)*
                /// The health check; usually it stands in rancher-compose.yml.
                health_check: Field<HealthCheck>,
                /// How many containers.
                scale: Field<Templated<u64>>,
                /// How many containers, as a range.
                scale_policy: Field<Any>,
                /// Whether a container that replaces another keeps its address.
                retain_ip: Field<Templated<bool>>,
                /// The service's metadata.
                metadata: Field<Any>,
                /// Whether it starts once created.
                start_on_create: Field<Templated<bool>>,
                /// How an upgrade replaces containers.
                upgrade_strategy: Field<Any>,
                /// Milliseconds that a container may take to finish its work before it is stopped.
                drain_timeout_ms: Field<Scalar>,
                /// The storage driver that the service is.
                storage_driver: Field<Any>,
                /// The network driver that the service is.
                network_driver: Field<Any>,
                /// A load balancer's rules.
                lb_config: Field<Any>,
                /// A load balancer's rules, older form.
                load_balancer_config: Field<Any>,
                /// A load balancer's port rules.
                port_rules: Field<Any>,
                /// A load balancer's stickiness.
                stickiness_policy: Field<Any>,
                /// A load balancer's certificates.
                certs: Field<Vec<Scalar>>,
                /// A load balancer's default certificate.
                default_cert: Field<Scalar>,
                /// The kind of the service.
                kind as "type": Field<Scalar>,
                /// A text on the service.
                description: Field<Scalar>,
            }
        }
    };
}

pub(super) use known_keys;
