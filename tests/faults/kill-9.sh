#!/usr/bin/env bash
# Kills the writing process with SIGKILL at random moments; every acknowledged write must be in the file, whole. The page cache and the
# device survive a killed process, so this cannot detect a missing flush: power-cut.sh does.
#   kill-9.sh [TIMES=20]
set -u
here=$(cd "$(dirname "$0")" && pwd)
times=${1:-20}
work=$(mktemp -d "${TMPDIR:-/tmp}/akka-aio-kill.XXXXXX")
trap 'rm -rf "$work"' EXIT
dotnet build -c Release -v quiet --nologo "$here/driver" >"$work/build.log" 2>&1 || { cat "$work/build.log"; exit 1; }
driver="$here/driver/bin/Release/net10.0/AkkaAio.FaultDriver.dll"

total=0 lost_all=0
for ((i = 1; i <= times; i++)); do
  rm -f "$work/log"
  : >"$work/acks"
  mode=()
  ((i % 2)) || mode=(--no-flush)
  dotnet "$driver" records "$work/log" "${mode[@]}" >"$work/acks" 2>"$work/stderr" &
  writer=$!
  until [ -s "$work/acks" ] || ! kill -0 $writer 2>/dev/null; do sleep 0.02; done
  sleep "0.$((RANDOM % 900 + 100))"
  kill -9 $writer
  wait $writer 2>/dev/null
  read -r _ acknowledged _ lost < <(dotnet "$driver" verify "$work/log" "$work/acks")
  printf 'kill %2d %-9s acknowledged %6d lost %d\n' "$i" "$([ ${#mode[@]} = 0 ] && echo flushed || echo unflushed)" "$acknowledged" "$lost"
  [ "$acknowledged" -gt 0 ] || { echo "nothing was acknowledged: the kill proves nothing"; tail "$work/stderr"; exit 1; }
  total=$((total + acknowledged)) lost_all=$((lost_all + lost))
done
echo "$times kills, $total acknowledged, $lost_all lost, in $SECONDS s"
[ "$lost_all" = 0 ]
