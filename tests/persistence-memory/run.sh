#!/usr/bin/env bash
# Memory grows with persistence ids and not with events:
#   EVENTS events of one id are replayed into a slow actor: the peak at all of them is that at half of them, and GROWTH kB at most. The first 4
#   million fill the read cache and the collector's generations;
#   IDS ids with an event each take BYTES bytes an id at most, native and managed memory together, more than a store of 1000 ids with as many
#   events: the newest segment's events take memory too, 20 bytes each.
#   EVENTS=10000000 GROWTH=16384 MOST=524288 IDS=1000000 BYTES=92 run.sh [FOLDER]     MOST: kB at all
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
events=${EVENTS:-10000000} growth=${GROWTH:-16384} most=${MOST:-524288} ids=${IDS:-1000000} bytes=${BYTES:-92}
folder=$(mktemp -d "${1:-${TMPDIR:-/tmp}}/akka-aio-memory.XXXXXX")
trap 'rm -rf "$folder"' EXIT
dotnet build -c Release -v quiet --nologo "$here"
run() { dotnet "$here/bin/Release/net10.0/AkkaAio.PersistenceMemory.dll" "$@"; }

run write "$folder/events" 1 "$events"
run replay "$folder/events" "$events" >"$folder/peaks"
read -r first start <"$folder/peaks"
read -r half early < <(sed -n "$((events / 2000000))p" "$folder/peaks")
read -r all late < <(tail -n 1 "$folder/peaks")
rm -rf "$folder/events"
echo "$all events replayed: peak resident set $start kB at $first, $early kB at $half, $late kB at all: $((late - early)) more of $growth"
[ "$all" = "$events" ] && [ $((late - early)) -le "$growth" ] && [ "$late" -le "$most" ]

run write "$folder/few" 1000 "$((ids / 1000))"
read -r few few_managed < <(run open "$folder/few")
rm -rf "$folder/few"
run write "$folder/many" "$ids" 1
read -r many many_managed < <(run open "$folder/many")
each=$(((many - few) * 1024 / (ids - 1000)))
echo "$ids ids: $each bytes an id of $bytes, $(((many_managed - few_managed) / (ids - 1000))) of them managed; the process: $many kB"
[ "$each" -le "$bytes" ]
