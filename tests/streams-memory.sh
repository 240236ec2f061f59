#!/usr/bin/env bash
# A sparse file of 10 GiB (or SIZE) goes from AioSource to AioSink with windows of 16, and the process stays below 100 MB of memory.
# usage: tests/streams-memory.sh [SIZE [FOLDER]]     e.g. 512m
set -euo pipefail
cd "$(dirname "$0")/.."
dotnet build benchmarks -c Release -v quiet --nologo
# 95 MiB: just below 100 MB.
dotnet run -c Release --no-build --project benchmarks -- stream-memory --size "${1:-10g}" --limit 95m \
  --filename "${2:-${TMPDIR:-/tmp}}/akka-aio-streams-memory-$$"
