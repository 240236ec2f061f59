# Shell functions around nodes and loads; source it with $here, $work, $driver, $seed and $storage set. A scenario has $at, a folder of its own.
declare -A pids ports hosts runs
namespaces=() veths=() mounts=() loops=() load_pid="" bridge="" in_load=""

end_nodes() {
  for pid in $load_pid "${pids[@]}"; do kill -CONT "$pid" 2>/dev/null; kill -9 "$pid" 2>/dev/null; wait "$pid" 2>/dev/null; done
  pids=() load_pid=""
}
end_scenario() {
  [ -z "$disk_pid" ] || disk clear
  end_nodes
  for mount in "${mounts[@]}"; do umount -l "$mount" 2>/dev/null; done
  for loop in "${loops[@]}"; do losetup -d "$loop" 2>/dev/null; done
  disk_stop
  for namespace in "${namespaces[@]}"; do ip netns del "$namespace" 2>/dev/null; done
  for veth in "${veths[@]}"; do ip link del "$veth" 2>/dev/null; done # a namespace that goes takes a while to drop its own
  [ -z "$bridge" ] || ip link del "$bridge" 2>/dev/null
  namespaces=() veths=() mounts=() loops=() bridge="" in_load=""
}

free_ports() { python3 - <<'P'
import socket
all = [socket.socket() for _ in range(3)]
for one in all: one.bind(("127.0.0.1", 0))
print(*[one.getsockname()[1] for one in all])
P
}
is_shared() { [ "$storage" = shared ]; }
folder_of() { is_shared && echo "$at/shared" || echo "$at/$1"; }

# node NAME [OPTIONS…]: starts it (again).
node() {
  local name=$1; shift
  : >"$at/$name.out"
  ${runs[$name]} dotnet "$driver" node --seed "$seeds" --host "${hosts[$name]}" --port "${ports[$name]}" --data "$(folder_of "$name")" \
    "${node_options[@]}" "$@" >>"$at/$name.out" 2>>"$at/$name.err" &
  pids[$name]=$!
}
await_up() {
  local name
  for name in "$@"; do
    for _ in $(seq 600); do grep -q ^up "$at/$name.out" && continue 2; kill -0 "${pids[$name]}" 2>/dev/null || break; sleep 0.1; done
    echo "$name did not come up: $(tail -n 3 "$at/$name.err")"; return 1
  done
}
disk_of() { sed -n 's/^up [^ ]* //p' "$at/$1.out"; }
# Options of a load that says which disks are hurt. A shared folder is all nodes' own.
hurt() { is_shared || echo --faulted "$(for name in "$@"; do disk_of "$name"; done | sort -u | paste -sd,)"; }
# A killed node is waited for, so that its port and folder are free.
end_node() { kill "-$1" "${pids[$2]}"; wait "${pids[$2]}" 2>/dev/null; }
# tend SECONDS NODES…: for so long, starts again what has ended by itself, as a supervisor would: the cluster has removed it.
tend() {
  local until=$((SECONDS + $1)) name; shift
  while [ $SECONDS -lt $until ]; do
    for name in "$@"; do kill -0 "${pids[$name]}" 2>/dev/null || { wait "${pids[$name]}" 2>/dev/null; restarts=$((restarts + 1)); node "$name"; }; done
    sleep 0.2
  done
}

# three [namespaced]: ports, folders and seeds of three nodes.
three() {
  at=$(mktemp -d "$work/$scenario.XXX") restarts=0 node_options=()
  ! is_shared || node_options=(--shared)
  [ -z "${HOCON:-}" ] || node_options+=(--hocon "$HOCON")
  read -r -a free < <(free_ports)
  local i
  mkdir "$at/shared"
  for i in 1 2 3; do
    mkdir "$at/n$i"
    ports[n$i]=${free[$((i - 1))]} hosts[n$i]=127.0.0.1 runs[n$i]="env"
    [ -z "${1:-}" ] || { hosts[n$i]=10.99.0.$i; runs[n$i]="ip netns exec $prefix-$i"; }
  done
  seeds="${hosts[n1]}:${ports[n1]},${hosts[n2]}:${ports[n2]},${hosts[n3]}:${ports[n3]}"
}
start_three() { node n1; await_up n1 && { node n2; node n3; await_up n2 n3; }; }

# load SECONDS OPTIONS…: begins it; finish waits for its line.
load() {
  local seconds=$1; shift
  : >"$at/load.err"
  ${in_load:-env} dotnet "$driver" load --seed "$seeds" --host "${load_host:-127.0.0.1}" --seconds "${SECONDS_EACH:-$seconds}" --random "$seed" \
    --histories "$at" "$@" >"$at/load.out" 2>"$at/load.err" & load_pid=$!
  for _ in $(seq 600); do grep -q ^begun "$at/load.err" && return; kill -0 $load_pid 2>/dev/null || break; sleep 0.1; done
  echo "the load did not begin"; return 1
}
finish() { wait "$load_pid"; code=$?; load_pid=""; out=$(grep ^acked "$at/load.out"); return $code; }
# within GAP SECONDS: whether the worst-gap or other-gap of the load is at most so long, times the slack.
within() {
  local gap=$(echo "$out" | sed -n "s/.*$1-gap \([0-9.]*\).*/\1/p")
  python3 -c "import sys; sys.exit(not ($gap <= $2 * $slack))" || { echo "$1-gap $gap, more than $slack times $2 s"; return 1; }
}
pause() { sleep "$1.$((RANDOM % 10))"; }
