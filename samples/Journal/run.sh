#!/usr/bin/env bash
# Appends until kill -9 comes, three times, and looks each time whether the log has all that was acknowledged.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d "${TMPDIR:-/tmp}/akka-aio-journal.XXXXXX")
trap 'rm -rf "$work"' EXIT
dotnet build -c Release -v quiet --nologo "$here"
journal=$here/bin/Release/net10.0/Journal.dll
printf 'torn\0\20\0\0\0\0\0\0\0\0\0\0' >"$work/log"; truncate -s 4096 "$work/log" # as a power cut may leave the first batch
: >"$work/acknowledged"
records() { sed -n "s/^$1 //p" "$2" | LC_ALL=C sort; }
for round in 1 2 3; do
  dotnet "$journal" "$work/log" 1000000 >"$work/out" 2>"$work/errors" & pid=$!
  until [ "$(grep -c ^appended "$work/out")" -ge 500 ]; do kill -0 $pid || { cat "$work/errors"; exit 1; }; sleep 0.05; done
  kill -9 $pid
  wait $pid 2>/dev/null || true
  [ -z "$(tail -c 1 "$work/out")" ] || sed -i '$ d' "$work/out" # a line that the kill cut off
  records appended "$work/out" >>"$work/acknowledged"
  dotnet "$journal" "$work/log" 0 >"$work/found"
  lost=$(LC_ALL=C sort "$work/acknowledged" | LC_ALL=C comm -23 - <(records recovered "$work/found") | wc -l)
  echo "round $round: $(wc -l <"$work/acknowledged") acknowledged, $(records recovered "$work/found" | wc -l) in the log, $lost lost"
  [ "$lost" = 0 ]
done
