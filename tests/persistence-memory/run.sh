#!/usr/bin/env bash
# Memory grows with persistence ids and not with events:
#   EVENTS events of one id are replayed into a slow actor. From the first million on the process grows by GROWTH kB at most, apart from its
#   buffers, which keep to their budget: the read cache, and idle ones, of which there are more while batches of further sizes come by;
#   IDS ids with an event each take BYTES bytes an id at most, native and managed memory together, more than an empty store. In it are the
#   20 bytes that an event takes while it is in the newest segment.
#   EVENTS=10000000 GROWTH=16384 BUFFERS=262144 MOST=393216 IDS=1000000 BYTES=92 run.sh [FOLDER]     BUFFERS, MOST: kB of buffers, and at all
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
events=${EVENTS:-10000000} growth=${GROWTH:-16384} budget=${BUFFERS:-262144} most=${MOST:-393216} ids=${IDS:-1000000} bytes=${BYTES:-92}
folder=$(mktemp -d "${1:-${TMPDIR:-/tmp}}/akka-aio-memory.XXXXXX")
trap 'rm -rf "$folder"' EXIT
dotnet build -c Release -v quiet --nologo "$here"
run() { dotnet "$here/bin/Release/net10.0/AkkaAio.PersistenceMemory.dll" "$@"; }

run write "$folder/events" 1 "$events"
run replay "$folder/events" "$events" >"$folder/peaks"
read -r first early early_buffers <"$folder/peaks"
read -r all late buffers < <(tail -n 1 "$folder/peaks")
rm -rf "$folder/events"
rest=$((late - early - buffers + early_buffers))
echo "$all events replayed: peak $early kB at $first and $late kB at all, $rest kB more of $growth without buffers;" \
  "buffers $early_buffers and $buffers kB of $budget"
[ "$all" = "$events" ] && [ "$rest" -le "$growth" ] && [ "$buffers" -le "$budget" ] && [ "$late" -le "$most" ]

read -r empty empty_managed < <(run open "$folder/empty")
rm -rf "$folder/empty"
run write "$folder/many" "$ids" 1
read -r many many_managed < <(run open "$folder/many")
each=$(((many - empty) * 1024 / ids))
echo "$ids ids: $each bytes an id of $bytes, $(((many_managed - empty_managed) / ids)) of them managed; the process: $empty kB without, $many kB with"
[ "$each" -le "$bytes" ]
