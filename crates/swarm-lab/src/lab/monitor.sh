# Runs a program as the service's container would: the host's network and name, the host's docker.sock and state
# folder, nothing else to write to, no capability. The caller has given it process and mount spaces.
#   monitor.sh HOSTNAME SOCKET-FOLDER STATE-FOLDER HOSTS-FILE CA-FILE [VARIABLE=VALUE]... PROGRAM
set -eu
hostname "$1"
sockets=$2
state=$3
hosts=$4
ca=$5
shift 5
mount -t tmpfs -o mode=755 tmpfs /run
mkdir /run/engine
# The folder, not the socket: an engine that starts again makes a new socket.
mount --bind "$sockets" /run/engine
ln -s engine/docker.sock /run/docker.sock
[ -S /var/run/docker.sock ] || [ -L /var/run/docker.sock ] || { echo "/var/run is not /run" >&2; exit 2; }
mount -t tmpfs -o mode=755 tmpfs /var/lib
mkdir -p /var/lib/rancher/state /var/lib/rancher/swarm-backups /var/lib/rancher/etc/ssl
[ ! -e "$ca" ] || cp "$ca" /var/lib/rancher/etc/ssl/ca.crt
mount --bind "$state" /var/lib/rancher/state
mkdir -p "$state-backups"
mount --bind "$state-backups" /var/lib/rancher/swarm-backups
mount --bind "$hosts" /etc/hosts
mount -o remount,bind,ro /
exec setpriv --bounding-set=-all --inh-caps=-all --no-new-privs -- env -i "$@"
