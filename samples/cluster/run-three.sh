#!/usr/bin/env bash
# Three nodes on loopback with a folder each: a file goes in through one and comes back through another. SIZE: MiB, 64 without it.
set -euo pipefail
cd "$(dirname "$0")/../.."

size=${SIZE:-64}
base=${PORT:-4053}
folder=$(mktemp -d "${TMPDIR:-/tmp}/akka-aio-cluster.XXXXXX")
pids=()
stop() {
  [ ${#pids[@]} = 0 ] || { kill "${pids[@]}" 2>/dev/null || true; wait "${pids[@]}" 2>/dev/null || true; }
  rm -rf "$folder"
}
trap stop EXIT

dotnet build -c Release -v q --nologo src/Demo >"$folder/build.log" || { cat "$folder/build.log"; exit 1; }
dll=src/Demo/bin/Release/net10.0/AkkaAio.Demo.dll
demo() { dotnet "$dll" "$@"; }

export AKKA__CLUSTER__SEED_NODES="[\"akka.tcp://files@127.0.0.1:$base\"]"
for i in 0 1 2; do
  mkdir "$folder/disk-$i"
  dotnet "$dll" node --config config/node.conf --port $((base + i)) --data "$folder/disk-$i" >"$folder/node-$i.log" &
  pids+=($!)
done
for i in 0 1 2; do
  for _ in $(seq 300); do
    grep '^node .* is up' "$folder/node-$i.log" && continue 2
    kill -0 "${pids[$i]}" 2>/dev/null || break
    sleep 0.1
  done
  echo "node $i did not come up:"; tail -n 20 "$folder/node-$i.log"; exit 1
done
unset AKKA__CLUSTER__SEED_NODES

head -c "${size}M" /dev/urandom >"$folder/sent"
address=$(demo cluster put "$folder/sent" sample/data --seed "127.0.0.1:$((base + 1))")
echo "put $size MiB as $address"
demo cluster get "$address" "$folder/back" --seed "127.0.0.1:$((base + 2))"
demo cluster status --seed "127.0.0.1:$base"
sent=$(sha256sum <"$folder/sent")
back=$(sha256sum <"$folder/back")
[ "$sent" = "$back" ] || { echo "sent $sent, got back $back"; exit 1; }

for pid in "${pids[@]}"; do
  kill "$pid"
  wait "$pid" || { echo "a node ended with $?"; exit 1; }
done
pids=()
echo "three nodes, $size MiB put and got back, sha256 equal: ok"
