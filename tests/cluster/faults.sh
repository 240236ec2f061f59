# Shell functions that break disks and networks; source it behind nodes.sh and ../faults/disk/disk.sh.

root() { [ "$(id -u)" = 0 ] || { why="needs root"; return 1; }; }

# on_fuse FOLDER: it is on a disk that fails, delays and stalls.
on_fuse() {
  root || return 77
  command -v gcc >/dev/null && command -v fusermount3 >/dev/null && pkg-config --exists fuse3 || { why="needs gcc, pkg-config, fuse3, libfuse3-dev"; return 77; }
  disk_start $((256 << 20)) || return
  mkfs.ext4 -q -F -E nodiscard "$disk_device" && mount "$disk_device" "$1" && mounts+=("$1")
}

# A namespace a node and one for the load, on a bridge.
network() {
  root || return 77
  prefix="aio$$" bridge="aiobr$$" load_host=10.99.0.10 in_load="ip netns exec aio$$-10"
  ip link add "$bridge" type bridge 2>/dev/null && ip link set "$bridge" up || { bridge="" why="no bridge can be made here"; return 77; }
  local i
  for i in 1 2 3 10; do
    ip netns add "$prefix-$i" && namespaces+=("$prefix-$i")
    ip link add "v$i-$$" type veth peer name eth0 netns "$prefix-$i" && veths+=("v$i-$$") && ip link set "v$i-$$" master "$bridge" up || return
    ip -n "$prefix-$i" addr add "10.99.0.$i/24" dev eth0
    ip -n "$prefix-$i" link set eth0 up; ip -n "$prefix-$i" link set lo up
  done
}
# cannot_send add|del NODE OTHERS…: from now on (no more)
cannot_send() {
  local how=$1 from=$2 to; shift 2
  for to in "$@"; do ip -n "$prefix-$from" route "$how" blackhole "10.99.0.$to/32"; done
}
# cut_n3 add|del both|sends
cut_n3() {
  cannot_send "$1" 3 1 2 10
  [ "$2" = sends ] || for from in 1 2 10; do cannot_send "$1" $from 3; done
}
networked() { network && three namespaced && start_three; }

# The longest time between two heartbeats that a node saw since the last call.
gap_of() {
  local lines=$(grep -c ^heartbeat "$at/$1.out")
  kill -USR1 "${pids[$1]}"
  for _ in $(seq 100); do [ "$(grep -c ^heartbeat "$at/$1.out")" -gt "$lines" ] && break; sleep 0.1; done
  grep ^heartbeat "$at/$1.out" | tail -n 1 | cut -d' ' -f2
}
