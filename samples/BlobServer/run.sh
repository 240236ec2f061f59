#!/usr/bin/env bash
# Starts the server, puts a blob, gets it back whole and in ranges, looks at its health and its metrics, and ends it. PORT: 5080 without it.
set -euo pipefail
cd "$(dirname "$0")/../.."

address=http://127.0.0.1:${PORT:-5080}
folder=$(mktemp -d "${TMPDIR:-/tmp}/akka-aio-blobs.XXXXXX")
pid=
stop() {
  [ -z "$pid" ] || { kill "$pid" 2>/dev/null || true; wait "$pid" 2>/dev/null || true; }
  rm -rf "$folder"
}
trap stop EXIT
fail() { echo "$*"; tail -n 20 "$folder/server.log"; exit 1; }

dotnet build -c Release -v q --nologo samples/BlobServer >"$folder/build.log" || { cat "$folder/build.log"; exit 1; }
dotnet samples/BlobServer/bin/Release/net10.0/BlobServer.dll --urls "$address" --Blobs "$folder/blobs" >"$folder/server.log" 2>&1 &
pid=$!
for _ in $(seq 300); do
  curl -fs "$address/healthz" >/dev/null && break
  kill -0 "$pid" 2>/dev/null || fail "the server did not start:"
  sleep 0.1
done

size=$((3 * 1024 * 1024 + 1234))
head -c "$size" /dev/urandom >"$folder/sent"
status=$(curl -s -o "$folder/answer" -w '%{http_code}' -T "$folder/sent" "$address/blobs/data")
[ "$status" = 201 ] || fail "PUT: $status $(cat "$folder/answer")"
curl -fs "$address/blobs/data" | cmp - "$folder/sent" || fail "GET: not what was put"

# range RANGE FROM LENGTH: what curl gets is these bytes of the file.
range() {
  local got
  got=$(curl -s -r "$1" -o "$folder/part" -w '%{http_code}' "$address/blobs/data")
  [ "$got" = 206 ] || fail "GET of $1: $got"
  tail -c "+$(($2 + 1))" "$folder/sent" | head -c "$3" | cmp - "$folder/part" || fail "GET of $1: not these bytes"
}
set +o pipefail # head ends before tail
range 0-0 0 1
range 4095-4096 4095 2
range 300000-1000000 300000 700001
range 3145000- 3145000 $((size - 3145000))
range -1000 $((size - 1000)) 1000
set -o pipefail
for case in "416 -r $size- $address/blobs/data" "404 $address/blobs/none" "400 -T $folder/sent $address/blobs/.hidden"; do
  read -r expected arguments <<<"$case"
  # shellcheck disable=SC2086
  got=$(curl -s -o /dev/null -w '%{http_code}' $arguments)
  [ "$got" = "$expected" ] || fail "curl $arguments: $got, not $expected"
done
: >"$folder/empty"
curl -fs -o /dev/null -T "$folder/empty" "$address/blobs/empty" && [ "$(curl -fs "$address/blobs/empty" | wc -c)" = 0 ] || fail "an empty blob"

health=$(curl -fs "$address/healthz")
grep -q '"status":"Healthy"' <<<"$health" && grep -q '"engine":"' <<<"$health" || fail "health: $health"
curl -fs "$address/metrics" >"$folder/metrics"
grep -q '^akka_io_aio_operations.*operation="read"' "$folder/metrics" || fail "metrics: no operations"
for bound in 0.0001 0.01; do
  grep -qE "^akka_io_aio_device_duration_seconds_bucket.*le=\"$bound\"" "$folder/metrics" || fail "metrics: no bucket up to $bound s"
done

kill "$pid"
wait "$pid" || fail "the server ended with $?:"
pid=
[ "$(ls "$folder/blobs" | tr '\n' ' ')" = "data empty " ] || fail "left in the folder: $(ls "$folder/blobs")"
echo "blob server: put, got back whole and in ranges, healthy, measured: ok"
