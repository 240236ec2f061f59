#!/usr/bin/env bash
# Mixed load, with systems ended and started anew; resident memory, descriptors, threads and contexts must stay flat after warm-up.
#   soak.sh [MINUTES=1]
set -eu
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d "${TMPDIR:-/tmp}/akka-aio-soak.XXXXXX")
trap 'rm -rf "$work"' EXIT
dotnet build -c Release -v quiet --nologo "$here/faults/driver"
dotnet "$here/faults/driver/bin/Release/net10.0/AkkaAio.FaultDriver.dll" soak "$work/soak" "${1:-1}"
