# Removes all that a lab left: processes, network namespaces, links, control groups, its folder.
#   sweep.sh NAME FOLDER
# Safe to run twice, and at a lab that is half gone.
name=$1
folder=$2
for path in /run/netns/"$name"-*; do
  [ -e "$path" ] || continue
  namespace=${path##*/}
  # Each engine and monitor is the first process of a process namespace: all that it started ends with it.
  for try in 1 2 3 4 5 6 7 8 9 10; do
    pids=$(ip netns pids "$namespace" 2>/dev/null)
    [ -n "$pids" ] || break
    kill -9 $pids 2>/dev/null
    sleep 0.05
  done
  ip netns del "$namespace" 2>/dev/null
done
ip -o link show 2>/dev/null | sed -n "s/^[0-9]*: \($name\(v[0-9]*\)\{0,1\}\)[@:].*/\1/p" | while read -r link; do
  ip link del "$link" 2>/dev/null
done
for path in /sys/fs/cgroup/"$name" /sys/fs/cgroup/*/"$name"; do
  [ -d "$path" ] || continue
  # A group stays busy for a moment after its last process ended.
  for try in 1 2 3 4 5 6 7 8 9 10; do
    find "$path" -depth -type d -exec rmdir {} + 2>/dev/null
    [ -d "$path" ] || break
    sleep 0.05
  done
done
for try in 1 2 3 4 5; do
  rm -rf "$folder" 2>/dev/null && break
  sleep 0.1
done
