#!/usr/bin/env bash
# Real faults on clusters of real processes. Each scenario starts three nodes with a disk each, hurts them while a load appends, writes,
# truncates and deletes, and prints what a check of the whole history found, with the time it took:
#   acked N missing 0 stale 0 dup 0 torn 0 worst-gap S other-gap S
# worst-gap is the longest time that a file went without an acknowledgement, other-gap the same of files on disks that were not hurt.
#
#   run.sh                 the short form
#   run.sh shared:kill …   on a folder that the nodes share (storage = shared)
#   run.sh SCENARIO…       some of them; `run.sh --list` names all
#   SEED=7 SECONDS_EACH=60 ROUNDS=20 run.sh kill      where the random numbers begin, how long the load lasts, how often the fault comes
#
# Needs root for network namespaces and mounts: without it those scenarios are skipped, and say so.
set -u
here=$(cd "$(dirname "$0")" && pwd)
short=(checker kill oldest stop rolling folder full eio cut one-way slow shared:kill shared:leave shared:stop shared:unfenced shared:leases)
all=("${short[@]}" stop-30 doubled shared:oldest shared:stop-30 shared:rolling shared:cut shared:one-way shared:doubled)
[ "${1:-}" != --list ] || { printf '%s\n' "${all[@]}"; exit; }
seed=${SEED:-1}
RANDOM=$seed
work=$(mktemp -d "${TMPDIR:-/tmp}/akka-aio-cluster.XXXXXX")
source "$here/../faults/disk/disk.sh"
declare -A pids ports hosts runs
node_options="" namespaces=() veths=() mounts=() loops=() load_pid="" bridge=""

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
cleanup() { end_scenario >/dev/null 2>&1; [ -n "${KEEP:-}" ] && echo "kept $work" || rm -rf "$work"; }
trap cleanup EXIT
trap 'exit 130' INT TERM

dotnet build -c Release -v quiet --nologo "$here/driver" >"$work/build.log" 2>&1 || { cat "$work/build.log"; exit 1; }
driver="$here/driver/bin/Release/net10.0/AkkaAio.ClusterDriver.dll"
in_load="" # how the load is run: in a namespace or not

free_ports() { python3 - <<'P'
import socket
all = [socket.socket() for _ in range(3)]
for one in all: one.bind(("127.0.0.1", 0))
print(*[one.getsockname()[1] for one in all])
P
}

data_of() { [ -n "$node_options" ] && echo "$at/shared" || echo "$at/$1"; }
# node NAME [OPTIONS…]: starts it (again) and waits until it is up.
node() {
  local name=$1; shift
  : >"$at/$name.out"
  ${runs[$name]} dotnet "$driver" node --seed "$seeds" --host "${hosts[$name]}" --port "${ports[$name]}" --data "$(data_of "$name")" $node_options "$@" \
    >>"$at/$name.out" 2>>"$at/$name.err" &
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
# A killed node is waited for, so that its port and folder are free.
end_node() { kill "-$1" "${pids[$2]}"; wait "${pids[$2]}" 2>/dev/null; }
# One that the cluster removed ends by itself, and is started again, as a supervisor would.
revive() {
  for _ in $(seq "${2:-100}"); do
    kill -0 "${pids[$1]}" 2>/dev/null || { wait "${pids[$1]}" 2>/dev/null; node "$1"; await_up "$1"; return; }
    sleep 0.1
  done
}

# three [namespaced]: ports, folders and seeds of three nodes.
three() {
  at=$(mktemp -d "$work/${scenario#shared:}.XXX")
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
  ${in_load:-env} dotnet "$driver" load --seed "$seeds" --host "${load_host:-127.0.0.1}" --seconds "${SECONDS_EACH:-$seconds}" --random "$seed" --histories "$at" "$@" >"$at/load.out" 2>"$at/load.err" & load_pid=$!
  for _ in $(seq 300); do grep -q ^begun "$at/load.err" && return; kill -0 $load_pid 2>/dev/null || break; sleep 0.1; done
  echo "the load did not begin"; return 1
}
finish() { wait "$load_pid"; code=$?; load_pid=""; out=$(grep ^acked "$at/load.out"); return $code; }
pause() { sleep "$1.$((RANDOM % 10))"; }
root() { [ "$(id -u)" = 0 ] || { why="needs root"; return 1; }; }

scenario_checker() { # lies that the check must see
  three && start_three || return
  local lie line seen=""
  for lie in Drop Double Damage Stale Half; do
    load 2 --lie $lie || return
    finish && { out="$lie was not seen: $out"; return 1; }
    line=$(echo "$out" | grep -oE 'missing.*torn [0-9]+') || return
    [ "$line" != "missing 0 stale 0 dup 0 torn 0" ] || return 1
    seen="$seen $lie: $line;"
  done
  load 2 && finish || return
  out="$out; seen:$seen"
}
killed() { # killed NODE ROUNDS: kill -9 under load, and started again
  three && start_three || return
  load $((5 + 6 * $2)) --doubled --faulted "$(disk_of "$1")" || return
  for _ in $(seq "$2"); do
    pause 1; end_node KILL "$1"; pause 0; node "$1"; await_up "$1" || return; pause 1
  done
  finish
}
scenario_kill() { killed n2 "${ROUNDS:-3}"; }
scenario_oldest() { killed n1 "${ROUNDS:-1}"; }
scenario_doubled() { three && start_three && load 15 --doubled && finish; }
stopped() { # stopped SECONDS: SIGSTOP, SIGCONT
  three && start_three || return
  load $(($1 + 8)) --doubled --faulted "$(disk_of n2)" || return
  pause 1; kill -STOP "${pids[n2]}"; sleep "$1"; kill -CONT "${pids[n2]}"
  revive n2 $(($1 * 10)) || return
  finish
}
scenario_stop() { stopped 5; }
scenario_stop-30() { stopped 30; }
scenario_rolling() {
  three && start_three || return
  load 15 --doubled || return
  local name
  for name in n1 n2 n3; do pause 0; end_node TERM $name; node $name; await_up $name || return; done
  finish
}
scenario_folder() { # two processes on one folder
  three && start_three || return
  load 5 || return
  dotnet "$driver" node --seed "$seeds" --port 0 --data "$at/n2" >"$at/second.out" 2>"$at/second.err"
  local second=$?
  finish || return
  out="$out; second: exit $second, $(grep -o 'in use by another node' "$at/second.err")"
  [ $second = 2 ] && grep -q "in use by another node" "$at/second.err"
}
scenario_full() { # a disk that fills up to min-free
  root || return 77
  three
  truncate -s 40M "$at/image"
  mkfs.ext4 -q -F "$at/image" && mount -o loop "$at/image" "$at/n2" && mounts+=("$at/n2") || return
  start_three || return
  dd if=/dev/zero of="$at/n2/files/filler" bs=1M count=$(($(df --output=avail -B1M "$at/n2" | tail -n 1) - 4)) status=none
  load 10 --size 40000 --faulted "$(disk_of n2)" || return
  finish || return
  local full=$(sed -n 's/^failed: DiskFull, NotPerformed: //p' "$at/load.err")
  out="$out; refused ${full:-0}, free $(df --output=avail -B1K "$at/n2" | tail -n 1) KiB of min-free 1024"
  [ "${full:-0}" -gt 0 ] && [ "$(df --output=avail -B1K "$at/n2" | tail -n 1)" -ge 900 ]
}
on_fuse() { # n2's folder on the disk that fails and delays
  root || return 77
  command -v gcc >/dev/null && command -v fusermount3 >/dev/null && pkg-config --exists fuse3 || { why="needs gcc, pkg-config, fuse3, libfuse3-dev"; return 77; }
  disk_start $((256 << 20)) || return
  mkfs.ext4 -q -F -E nodiscard "$disk_device" && mount "$disk_device" "$at/n2" && mounts+=("$at/n2")
}
scenario_eio() { # a disk whose writes fail, then mended: the node is ended, its file system mounted again
  three; on_fuse || return
  start_three || return
  load 16 --doubled --faulted "$(disk_of n2)" || return
  pause 1; disk fail write EIO always; pause 2
  end_node KILL n2; disk clear
  umount "$at/n2" || return
  e2fsck -fy "$disk_device" >/dev/null; [ $? -le 1 ] && mount "$disk_device" "$at/n2" || return # else it is mounted read-only
  node n2; await_up n2 || return
  finish || return
  out="$out; failed with Io: $(sed -n 's/^failed: Io, [A-Za-z]*: //p' "$at/load.err" | paste -sd+ | bc)"
  grep -q "failed: Io" "$at/load.err"
}
scenario_leave() { # a node leaves in an orderly way, and its files go to the others at once
  three && start_three || return
  load 8 --doubled || return
  pause 2; end_node TERM n2; sleep 2; node n2; await_up n2 || return # and some come back: a rebalance under load
  finish
}
scenario_unfenced() { # a frozen node without leases and locks: the check must see what it writes beside its successor
  local seen="" try
  for try in 1 2 3; do
    node_options="--shared --unfenced" stopped 12 || [ -n "$out" ] || return
    [[ $out == *"missing 0 stale 0 dup 0 torn 0"* ]] || { out="seen without a fence: $out"; return 0; }
    end_nodes
  done
  out="nothing was seen: $out"; return 1
}
scenario_leases() { # the leases go, and come back
  three && start_three || return
  load 12 --doubled || return
  pause 1; mv "$at/shared/leases" "$at/shared/gone"; sleep 3; mv "$at/shared/gone" "$at/shared/leases"
  finish
}
network() { # a namespace a node and one for the load, on a bridge
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
cannot_send() { # cannot_send NAMESPACE ADDRESSES…
  local namespace=$1 i; shift
  for i in "$@"; do ip -n "$prefix-$namespace" route "$how" blackhole "10.99.0.$i/32"; done
}
cut_routes() { cannot_send 3 1 2 10; [ "$1" = sends ] || { cannot_send 1 3; cannot_send 2 3; cannot_send 10 3; }; }
cut_off() { # cut_off both|sends
  network || return
  three namespaced
  start_three || { load_host=""; return 1; }
  load 26 --doubled --faulted "$(disk_of n3)" || return
  pause 1
  how=add; cut_routes "$1"
  sleep 10
  how=del; cut_routes "$1"
  revive n3 100 || return
  finish
}
scenario_cut() { cut_off both; }
scenario_one-way() { cut_off sends; }
gap_of() { # the longest time between two heartbeats that a node saw since the last call
  local lines=$(grep -c ^heartbeat "$at/$1.out")
  kill -USR1 "${pids[$1]}"
  for _ in $(seq 100); do [ "$(grep -c ^heartbeat "$at/$1.out")" -gt "$lines" ] && break; sleep 0.1; done
  grep ^heartbeat "$at/$1.out" | tail -n 1 | cut -d' ' -f2
}
slow_node() { # slow_node OPTIONS…: heartbeat gaps that n1 sees while n2's disk delays each write by 500 ms
  end_nodes
  rm -rf "$at/n1" "$at/n3" "${at:?}/n2"/*; mkdir "$at/n1" "$at/n3"
  node n1; await_up n1 || return
  node n2 --writers 100 "$@"; node n3; await_up n2 n3 || return
  for _ in $(seq 300); do grep -q ^writing "$at/n2.out" && break; sleep 0.1; done
  disk delay write 500; sleep 1
  gap_of n1 >/dev/null; sleep 12
  gap=$(gap_of n1) lost=$(cat "$at/n1.out" "$at/n3.out" | grep -c ^unreachable)
  [ -n "$gap" ]
}
scenario_slow() { # a slow disk: a load, then what heartbeats show, by AkkaAio and by blocking calls
  three; on_fuse || return
  start_three || return
  load 6 --faulted "$(disk_of n2)" --call-timeout 20 || return
  pause 0; disk delay write 500
  finish || return
  disk clear
  slow_node || return
  local ours=$gap ours_lost=$lost
  disk clear
  slow_node --blocking || return
  disk clear
  out="$out; heartbeat gap $ours s, unreachable $ours_lost times; by blocking calls $gap s, unreachable $lost times"
  [ "$ours_lost" = 0 ] && python3 -c "import sys; sys.exit(not ($ours <= 1.5 < $gap))"
}

failed=0
[ $# -gt 0 ] || set -- "${short[@]}"
for scenario in "$@"; do
  name=${scenario#shared:} node_options=""
  [ "$name" = "$scenario" ] || node_options=--shared
  declare -F "scenario_$name" >/dev/null || { echo "no scenario $scenario; there are: ${all[*]}"; exit 1; }
  began=$SECONDS out="" why="" load_host=""
  "scenario_$name" >"$work/said" 2>&1
  verdict=$?
  case $verdict in 0) word=ok ;; 77) word=skip out="$why" ;; *) word=FAILED failed=1 ;; esac
  printf '%-15s %-6s %s (%d s, seed %s)\n' "$scenario" $word "$out" $((SECONDS - began)) "$seed"
  [ $word != FAILED ] || { cat "$work/said"; [ ! -s "${at:-}/load.err" ] || tail -n 40 "$at/load.err"; tail -n 5 "$at"/n?.err; }
  end_scenario >/dev/null 2>&1
done
echo "$([ $failed = 0 ] && echo "all scenarios ok" || echo "scenarios FAILED") in $SECONDS s"
exit $failed
