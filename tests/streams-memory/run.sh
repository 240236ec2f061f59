#!/usr/bin/env bash
# A sparse file of 10 GiB (or MIB) goes from AioSource to AioSink with windows of 16, and the process stays below 100 MB of memory.
#   MOST=97656 run.sh [MIB=10240 [FOLDER]]     MOST: kB
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
mib=${1:-10240} most=${MOST:-97656}
file=$(mktemp -u "${2:-${TMPDIR:-/tmp}}/akka-aio-memory.XXXXXX")
trap 'rm -f "$file" "$file.copy"' EXIT
dotnet build -c Release -v quiet --nologo "$here"
read -r copied peak < <(dotnet "$here/bin/Release/net10.0/AkkaAio.StreamsMemory.dll" "$file" "$mib")
echo "$((copied >> 20)) MiB copied, peak resident set $peak kB of $most"
[ "$copied" = $((mib << 20)) ] && [ "$peak" -le "$most" ]
