#!/usr/bin/env bash
# Real faults on clusters of real processes. Each scenario starts three nodes, hurts them while a load appends, writes, truncates and deletes,
# and prints what a check of the whole history found, with the time it took:
#   acked N missing 0 stale 0 dup 0 torn 0 worst-gap S other-gap S
# worst-gap is the longest time that a file went without an acknowledgement, other-gap the same of files on disks that were not hurt.
#
#   run.sh                     all scenarios, storage local and shared
#   run.sh --short             what .ci/run plays
#   run.sh kill:20 shared/kill some of them, with how often the fault comes; `run.sh --list` names all
#   SEED=7 SLACK=1 SECONDS_EACH=60 KEEP=1 HOCON='akka.loglevel = INFO' run.sh …
#                              where the random numbers begin, by how much the times may be longer than is promised (3), how long each load lasts,
#                              whether the folders stay, and configuration of the nodes
#
# Needs root for network namespaces and mounts: without it those scenarios are skipped, and say so.
set -u
here=$(cd "$(dirname "$0")" && pwd)
short=(checker kill:1 one-way slow shared/kill:1 shared/leave shared/unfenced shared/stop:6)
all=(checker doubled kill:3 oldest:3 stop:5 stop:30 rolling folder full eio cut one-way flapping:4 slow
  shared/doubled shared/kill:3 shared/oldest:3 shared/stop:5 shared/stop:30 shared/unfenced shared/rolling shared/leave shared/rebalance:2 shared/cut shared/one-way
  shared/flapping:4 shared/leases shared/held shared/locks)
case ${1:-} in
  --list) printf '%s\n' "${all[@]}"; exit ;;
  --short) set -- "${short[@]}" ;;
  "") set -- "${all[@]}" ;;
esac
seed=${SEED:-1} slack=${SLACK:-3} storage=local
work=$(mktemp -d "${TMPDIR:-/tmp}/akka-aio-cluster.XXXXXX")
driver="$here/driver/bin/Release/net10.0/AkkaAio.ClusterDriver.dll"
source "$here/../faults/disk/disk.sh"
source "$here/nodes.sh"
source "$here/faults.sh"
cleanup() { end_scenario >/dev/null 2>&1; [ -n "${KEEP:-}" ] && echo "kept $work" || rm -rf "$work"; }
trap cleanup EXIT
trap 'exit 130' INT TERM
dotnet build -c Release -v quiet --nologo "$here/driver" >"$work/build.log" 2>&1 || { cat "$work/build.log"; exit 1; }

scenario_checker() { # lies that the check must see
  three && start_three || return
  local lie line seen=""
  for lie in Drop Double Damage Stale Half; do
    load 1 --lie $lie || return
    finish && { out="$lie was not seen: $out"; return 1; }
    line=$(echo "$out" | grep -oE 'missing.*torn [0-9]+') || return
    [ "$line" != "missing 0 stale 0 dup 0 torn 0" ] || return 1
    seen="$seen $lie: $line;"
  done
  load 2 && finish || return
  out="$out; seen:$seen"
}
scenario_doubled() { three && start_three && load 15 --doubled && finish; }

killed() { # killed ROUNDS NODES…: kill -9 of each in turn under load; started again
  local rounds=$1 i; shift
  three && start_three || return
  load $((4 + rounds * $(is_shared && echo 20 || echo 6))) --doubled $(hurt "${@:1:$rounds}") || return
  for ((i = 0; i < rounds; i++)); do
    local name=${@:i % $# + 1:1}
    pause 1; end_node KILL "$name"
    # The cluster removes a dead node at once when it comes again: in a shared folder the others are to take over without.
    pause "$(is_shared && echo 14 || echo 0)"
    node "$name"; await_up "$name" || return; pause 1
  done
  finish || return
  if is_shared; then within worst 15; else within other 1; fi
}
scenario_kill() { killed "${1:-3}" n2; }
scenario_oldest() { killed "${1:-3}" n1 n2 n3; } # in turn: each is the oldest when it is killed

stopped() { # stopped SECONDS OPTIONS…: SIGSTOP of n2, SIGCONT
  start_three || return
  load $(($1 + 8)) --doubled $(hurt n2) "${@:2}" || return
  pause 1; kill -STOP "${pids[n2]}"; sleep "$1"; kill -CONT "${pids[n2]}"
  # A node that wakes while the cluster decides can take the others out with it: Akka downs all that did not hear each other.
  tend 10 n1 n2 n3; await_up n1 n2 n3 || return
  finish || return
  out="$out; nodes started again: $restarts"
}
scenario_stop() { three; stopped "${1:-5}" && { is_shared || within other 1; }; }
scenario_unfenced() { # without leases and locks a node that wakes writes over its successor: the check must see that
  local try found
  # Again where the cluster itself did not come to rest behind the stop, so that nothing could be read, and where the stop hit between two writes of
  # each of the stopped node's files: many files make that rare.
  for try in 1 2 3; do
    three; node_options+=(--unfenced)
    stopped 16 --files 24 --writes-alone # otherwise the old file is soon deleted, and what is written to it is not seen
    found=$?
    [ -z "$out" ] || [ $found = 0 ] || return 0
    end_nodes
  done
  return 1
}
scenario_rolling() { # every node leaves, and comes again
  three && start_three || return
  load 15 --doubled || return
  local name
  for name in n1 n2 n3; do pause 0; end_node TERM $name; node $name; await_up $name || return; done
  finish || return
  ! is_shared || within worst 1
}
scenario_leave() { # a node leaves, and its files go to the others at once; some come back to it
  three && start_three || return
  load 10 --doubled || return
  pause 2; end_node TERM n2; sleep 2; node n2; await_up n2 || return
  finish && within worst 1
}
scenario_rebalance() { # shards move to nodes that come, and from one that leaves
  three
  node n1; await_up n1 && node n2 && await_up n2 || return
  load $((6 + 14 * ${1:-2})) --doubled --disks 2 || return
  for _ in $(seq "${1:-2}"); do
    pause 1; node n3; await_up n3 || return
    pause 5; end_node TERM n3
  done
  finish && within worst 1
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
  load 10 --size 40000 $(hurt n2) || return
  finish || return
  local full=$(sed -n 's/^failed: DiskFull, NotPerformed: //p' "$at/load.err")
  out="$out; refused ${full:-0}, free $(df --output=avail -B1K "$at/n2" | tail -n 1) KiB of min-free 1024"
  [ "${full:-0}" -gt 0 ] && [ "$(df --output=avail -B1K "$at/n2" | tail -n 1)" -ge 900 ]
}
scenario_eio() { # a disk whose writes fail, then mended: the node is ended, its file system mounted again
  three; on_fuse "$at/n2" && start_three || return
  load 16 --doubled $(hurt n2) || return
  pause 1; disk fail write EIO always; pause 2
  end_node KILL n2; disk clear
  umount "$at/n2" || return
  e2fsck -fy "$disk_device" >/dev/null; [ $? -le 1 ] && mount "$disk_device" "$at/n2" || return # else it is mounted read-only
  node n2; await_up n2 || return
  finish || return
  out="$out; failed with Io: $(sed -n 's/^failed: Io, [A-Za-z]*: //p' "$at/load.err" | awk "{ n += \$1 } END { print n + 0 }")"
  grep -q "failed: Io" "$at/load.err"
}
cut_off() { # cut_off both|sends
  networked || return
  load 26 --doubled $(hurt n3) || return
  pause 1; cut_n3 add "$1"; sleep 10; cut_n3 del "$1"
  tend 10 n1 n2 n3; await_up n1 n2 n3 || return
  finish || return
  out="$out; nodes started again: $restarts"
  if is_shared; then within worst 15; else within other 1; fi
}
scenario_cut() { cut_off both; }
scenario_one-way() { cut_off sends; }
scenario_flapping() { # n3 is cut off for 3 s and is back for 3 s
  networked || return
  load $((6 * ${1:-4} + 14)) --doubled $(hurt n3) || return
  for _ in $(seq "${1:-4}"); do cut_n3 add both; tend 3 n1 n2 n3; cut_n3 del both; tend 3 n1 n2 n3; done
  tend 8 n1 n2 n3; await_up n1 n2 n3 || return
  finish || return
  out="$out; nodes started again: $restarts"
}
scenario_leases() { # the folder of leases is gone, and restored
  three && start_three || return
  load 16 --doubled || return
  pause 2; mv "$at/shared/leases" "$at/leases"; sleep 4; mv "$at/leases" "$at/shared/leases"
  tend 6 n1 n2 n3; await_up n1 n2 n3 || return
  finish
}
scenario_locks() { # kill -9 while a write hangs: the process's lock stays as long
  three; on_fuse "$at/shared" || return
  coproc PLAYER { python3 "$here/lock-outlives-kill.py" "$at/shared/file" 2>&1; }
  local word
  while read -r word <&"${PLAYER[0]}"; do
    case $word in
      stall) disk stall flush; disk stall write; echo >&"${PLAYER[1]}" ;;
      go) disk clear; echo >&"${PLAYER[1]}" ;;
      *) out=$word ;;
    esac
  done
  [ "$out" = "the lock stayed until the write was out of the kernel" ]
}
scenario_held() { # shards move while their writes hang for longer than the hand-off may take
  three; on_fuse "$at/shared" || return
  node_options+=(--hocon "akka.cluster.sharding.handoff-timeout = 4s")
  node n1; await_up n1 && node n2 && await_up n2 || return
  load 34 --doubled --disks 2 || return
  node n3; await_up n3 || return
  disk stall flush; disk stall write; sleep 12; disk clear
  tend 8 n1 n2 n3; await_up n1 n2 n3 || return
  finish
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
  three; on_fuse "$at/n2" && start_three || return
  load 6 $(hurt n2) --call-timeout 20 || return
  pause 0; disk delay write 500
  finish || return
  disk clear
  slow_node || return
  local ours=$gap ours_lost=$lost
  disk clear
  slow_node --blocking || return
  disk clear
  out="$out; heartbeat gap $ours s, unreachable $ours_lost times; by blocking calls $gap s, unreachable $lost times"
  [ "$ours_lost" = 0 ] && python3 -c "import sys; sys.exit(not ($ours <= 1.5 and $gap > ($ours if $slack > 1 else 1.5)))"
}

failed=0
for named in "$@"; do
  scenario=${named#*/} storage=local times=""
  [[ $named != */* ]] || storage=${named%%/*}
  [[ $scenario != *:* ]] || times=${scenario#*:} scenario=${scenario%%:*}
  declare -F "scenario_$scenario" >/dev/null && [[ $storage =~ ^(local|shared)$ ]] || { echo "no scenario $named; there are: ${all[*]}"; exit 1; }
  began=$SECONDS out="" why="" load_host="" RANDOM=$seed
  "scenario_$scenario" $times >"$work/said" 2>&1
  verdict=$?
  case $verdict in 0) word=ok ;; 77) word=skip out="$why" ;; *) word=FAILED failed=1 ;; esac
  printf '%-22s %-6s %s (%d s, seed %s)\n' "$named" $word "$out" $((SECONDS - began)) "$seed"
  [ $word != FAILED ] || { cat "$work/said"; [ ! -s "${at:-}/load.err" ] || tail -n 40 "$at/load.err"; tail -n 5 "$at"/n?.err; }
  end_scenario >/dev/null 2>&1
done
echo "$([ $failed = 0 ] && echo "all scenarios ok" || echo "scenarios FAILED") in $SECONDS s"
exit $failed
