# Shell functions around the disk; source it with $work set to a folder of one's own, and call disk_stop at exit.
#   disk_start BYTES    builds it, mounts it at $work/fuse, attaches a loop device: $disk_device
#   disk COMMAND…       tells it a command of README.md
#   disk_state          prints its state; disk_figure "unflushed" prints the first number of that line
#   disk_again          after a cut: a loop device that remembers nothing, and power. The file system is unmounted by then.
#   disk_stop           gives everything back, also what is stalled
disk_source=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)/disk.c
disk_pid="" disk_device=""

disk_start() {
  [ -x "$work/disk-that-forgets" ] || gcc -O2 -Wall -Wextra -Werror $(pkg-config --cflags fuse3) "$disk_source" -o "$work/disk-that-forgets" \
    $(pkg-config --libs fuse3) || return 1
  mkdir -p "$work/fuse"
  "$work/disk-that-forgets" "$work/fuse" "$1" & disk_pid=$!
  until [ -e "$work/fuse/disk" ]; do
    kill -0 "$disk_pid" 2>/dev/null || { echo "the disk did not start"; disk_pid=""; return 1; }
    sleep 0.05
  done
  disk_attach
}

# Direct, so that the loop device holds no page of its own: a read after a cut must see what the cut left.
disk_attach() { disk_device=$(losetup --show --direct-io=on -f "$work/fuse/disk") || { echo "no loop device over $work/fuse/disk"; return 1; }; }

# The kernel detaches a loop device that is still open when its last user lets go.
disk_detach() {
  [ -n "$disk_device" ] || return 0
  losetup -d "$disk_device"
  for _ in $(seq 100); do
    [ "$(losetup -nO BACK-FILE "$disk_device" 2>/dev/null)" = "$work/fuse/disk" ] || { disk_device=""; return 0; }
    sleep 0.1
  done
  echo "$disk_device stays busy"
  return 1
}

disk() { echo "$*" >"$work/fuse/control"; }
disk_state() { cat "$work/fuse/control"; }
disk_figure() { disk_state | grep "^$1" | grep -oE '[0-9]+' | head -n 1; }

# disk_until FIGURE NUMBER: waits until a figure of the state is at least that; 10 s at most.
disk_until() {
  for _ in $(seq 500); do [ "$(disk_figure "$1")" -ge "$2" ] && return; sleep 0.02; done
  echo "no $1 of $2 in 10 s"; disk_state; return 1
}

disk_again() { disk_detach && disk on && disk_attach; }

disk_stop() {
  [ -n "$disk_pid" ] || return 0
  disk clear; disk on
  disk_detach
  kill "$disk_pid" 2>/dev/null # the kernel fails what still waits for it
  wait "$disk_pid" 2>/dev/null
  umount -l "$work/fuse" 2>/dev/null
  disk_pid=""
}
