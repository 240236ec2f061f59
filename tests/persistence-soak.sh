#!/usr/bin/env bash
# 256 persistent actors on the journal, with snapshots, deletes, and systems ended and started anew; each recovers what was acknowledged, and resident
# memory, descriptors, threads, contexts and the store's size must stay flat after warm-up.
#   persistence-soak.sh [MINUTES=1]
set -eu
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d "${TMPDIR:-/tmp}/akka-aio-persistence-soak.XXXXXX")
trap 'rm -rf "$work"' EXIT
dotnet build -c Release -v quiet --nologo "$here/faults/driver"
# glibc keeps what was freed in an arena for each thread that allocated, which looks like growth for a quarter of an hour: one arena tells leaks.
MALLOC_ARENA_MAX=1 dotnet "$here/faults/driver/bin/Release/net10.0/AkkaAio.FaultDriver.dll" journal-soak "$work/store" "${1:-1}"
