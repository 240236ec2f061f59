#!/usr/bin/env bash
# Whole lifetimes of actor systems on every engine, with opens, cancels, crashes and throwing requesters under way as they end.
#   lifetimes.sh [MINUTES=1] [SEED]
# A failure prints its seed and what to run; threads choose too, so it may take a few tries to come again.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d "${TMPDIR:-/tmp}/akka-aio-lifetimes.XXXXXX")
trap 'rm -rf "$work"' EXIT
dotnet build -c Release -v quiet --nologo "$here/faults/driver"
dotnet "$here/faults/driver/bin/Release/net10.0/AkkaAio.FaultDriver.dll" lifetimes "$work" --minutes "${1:-1}" ${2:+--seed "$2"}
