//! A service of docker-compose.yml.

use super::known_keys::known_keys;
use super::{Any, Field, HealthCheck, Image, Labels, ListOrMap, OneOrMany, Scalar, Templated};

known_keys! {
    /// A service: the keys of Rancher 1.6's compose schemas, version 1 and 2 form together. Rancher refuses a stack with a
    /// service that has any other.
    pub struct Service {
        /// The image.
        image: Field<Image>,
        /// How to build it; Rancher 1.x wants an image.
        build: Field<Any>,
        /// The command.
        command: Field<OneOrMany>,
        /// The program that the command is given to.
        entrypoint: Field<OneOrMany>,
        /// Environment variables.
        environment: Field<ListOrMap>,
        /// Files of environment variables.
        env_file: Field<OneOrMany>,
        /// Labels; many of Rancher's features are asked for by them.
        labels: Field<Labels>,
        /// The network (version 2 form).
        network_mode: Field<Scalar>,
        /// The network (version 1 form).
        net: Field<Scalar>,
        /// Networks (version 2 form).
        networks: Field<Any>,
        /// The host name.
        hostname: Field<Scalar>,
        /// The domain name.
        domainname: Field<Scalar>,
        /// DNS servers.
        dns: Field<OneOrMany>,
        /// DNS search domains.
        dns_search: Field<OneOrMany>,
        /// DNS options.
        dns_opt: Field<Any>,
        /// Lines for /etc/hosts.
        extra_hosts: Field<ListOrMap>,
        /// The MAC address.
        mac_address: Field<Scalar>,
        /// Published ports.
        ports: Field<Vec<Scalar>>,
        /// Ports for linked services.
        expose: Field<Vec<Scalar>>,
        /// Services reached by a name.
        links: Field<Vec<Scalar>>,
        /// Services of other stacks reached by a name.
        external_links: Field<Vec<Scalar>>,
        /// Addresses of an external service.
        external_ips: Field<Vec<Scalar>>,
        /// Services to be started before.
        depends_on: Field<Any>,
        /// Whether it may do anything on the host.
        privileged: Field<Templated<bool>>,
        /// Capabilities gained.
        cap_add: Field<Vec<Scalar>>,
        /// Capabilities lost.
        cap_drop: Field<Vec<Scalar>>,
        /// Security options: seccomp, AppArmor, SELinux, no-new-privileges.
        security_opt: Field<Vec<Scalar>>,
        /// Whether its root file system cannot be written.
        read_only: Field<Templated<bool>>,
        /// The user that it runs as.
        user: Field<Scalar>,
        /// Further groups of that user.
        group_add: Field<Vec<Scalar>>,
        /// The PID namespace.
        pid: Field<Scalar>,
        /// The IPC namespace.
        ipc: Field<Scalar>,
        /// The UTS namespace.
        uts: Field<Scalar>,
        /// Windows isolation.
        isolation: Field<Scalar>,
        /// Volumes and host folders.
        volumes: Field<Vec<Scalar>>,
        /// Services whose volumes it shares.
        volumes_from: Field<Vec<Scalar>>,
        /// The driver of its volumes.
        volume_driver: Field<Scalar>,
        /// Folders in memory.
        tmpfs: Field<OneOrMany>,
        /// Devices of the host.
        devices: Field<Vec<Scalar>>,
        /// Secrets.
        secrets: Field<Any>,
        /// Where its output goes (version 2 form).
        logging: Field<Logging>,
        /// Where its output goes (version 1 form).
        log_driver: Field<Scalar>,
        /// Options of that driver (version 1 form).
        log_opt: Field<Any>,
        /// When it is restarted.
        restart: Field<Scalar>,
        /// Whether its input stays open.
        stdin_open: Field<Templated<bool>>,
        /// Whether it has a terminal.
        tty: Field<Templated<bool>>,
        /// Whether an init process runs in it.
        init: Field<Templated<bool>>,
        /// The signal that ends it.
        stop_signal: Field<Scalar>,
        /// How long it may take to end.
        stop_grace_period: Field<Scalar>,
        /// The folder that it starts in.
        working_dir: Field<Scalar>,
        /// A fixed name.
        container_name: Field<Scalar>,
        /// The CPUs that it may use.
        cpuset: Field<Scalar>,
        /// Its weight among others for CPU time.
        cpu_shares: Field<Scalar>,
        /// Microseconds of CPU time a period.
        cpu_quota: Field<Scalar>,
        /// Microseconds of that period.
        cpu_period: Field<Scalar>,
        /// Its weight among others for disks.
        blkio_weight: Field<Scalar>,
        /// The same, a device.
        blkio_weight_device: Field<Any>,
        /// Limits on reading, bytes a second.
        device_read_bps: Field<ListOrMap>,
        /// Limits on reading, operations a second.
        device_read_iops: Field<ListOrMap>,
        /// Limits on writing, bytes a second.
        device_write_bps: Field<ListOrMap>,
        /// Limits on writing, operations a second.
        device_write_iops: Field<ListOrMap>,
        /// Memory of a virtual machine.
        memory: Field<Scalar>,
        /// The most memory.
        mem_limit: Field<Scalar>,
        /// Memory set aside.
        mem_reservation: Field<Scalar>,
        /// The most memory and swap.
        memswap_limit: Field<Scalar>,
        /// How readily its memory is swapped.
        mem_swappiness: Field<Templated<i64>>,
        /// Thousandths of a CPU set aside.
        milli_cpu_reservation: Field<Scalar>,
        /// Whether it is spared when memory runs out.
        oom_kill_disable: Field<Templated<bool>>,
        /// How readily it is killed when memory runs out.
        oom_score_adj: Field<Templated<i64>>,
        /// The size of /dev/shm.
        shm_size: Field<Scalar>,
        /// Limits of its processes.
        ulimits: Field<Any>,
        /// Kernel settings of its namespaces.
        sysctls: Field<ListOrMap>,
        /// The parent of its cgroup.
        cgroup_parent: Field<Scalar>,
        /// A service that it extends.
        extends: Field<Any>,
        /// CPUs of a virtual machine.
        vcpu: Field<Scalar>,
        /// User data of a virtual machine.
        userdata: Field<Scalar>,
        /// Disks of a virtual machine.
        disks: Field<Any>,
        /// The Dockerfile of a build (version 1 form).
        dockerfile: Field<Scalar>,
        /// Reserved.
        config: Field<Scalar>,
    } and those of Rancher
}

known_keys! {
    /// Where a container's output goes.
    pub struct Logging {
        /// The driver.
        driver: Field<Scalar>,
        /// Its options.
        options: Field<ListOrMap>,
    }
}
