# Runs an engine as on a machine of its own: the caller has given it network, process, mount and host name spaces.
#   engine.sh HOSTNAME FOLDER CONTROL-GROUP
set -eu
hostname "$1"
folder=$2
group=$3
# What is below /run does not outlive the machine's power, and is nobody else's.
mount -t tmpfs -o mode=755 tmpfs /run
mkdir -p /etc/docker "$folder/etc" "$folder/data" "$folder/socket" "$folder/state" "$folder/state-backups" "$folder/ssl"
# What a container mounts of a host is where every host has it.
mount -t tmpfs -o mode=755 tmpfs /var/lib
mkdir -p /var/lib/rancher/state /var/lib/rancher/swarm-backups /var/lib/rancher/etc/ssl
mount --bind "$folder/state" /var/lib/rancher/state
mount --bind "$folder/state-backups" /var/lib/rancher/swarm-backups
mount --bind "$folder/ssl" /var/lib/rancher/etc/ssl
rm -f "$folder/socket/docker.sock"
# The engine's own settings and key, not those of the machine.
mount --bind "$folder/etc" /etc/docker
# A docker0 that is there has rancher-metadata behind it. Else nothing needs one.
bridge=none
! ip link show docker0 >/dev/null 2>&1 || bridge=docker0
# Each time that it is asked for `/info`, as it is all the time, an engine runs its runtime for its version. A script tells that in
# less than half of the time that runc takes.
runc=$(command -v runc)
printf '#!/bin/sh\ncase $1 in --version) echo "%s" ;; *) exec %s "$@" ;; esac\n' "$("$runc" --version | head -n 1)" "$runc" >/run/runtime
chmod +x /run/runtime
# There are many engines and few processors: they spend memory in place of time.
export GOGC=400
exec dockerd --add-runtime lab=/run/runtime --default-runtime lab --data-root "$folder/data" --exec-root /run/docker -p /run/docker.pid \
  -H unix:///var/run/docker.sock -H "unix://$folder/socket/docker.sock" --storage-driver vfs --bridge $bridge --iptables=false \
  --cgroup-parent "/$group" --exec-opt native.cgroupdriver=cgroupfs
