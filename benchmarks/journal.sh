#!/usr/bin/env bash
# benchmarks journal on the disk of FOLDER and on ext4 in memory (a loop device over tmpfs), in one run. Needs root and e2fsprogs.
#   journal.sh FOLDER [OPTIONS of the verb…]
set -euo pipefail
folder=$1
shift
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
cleanup() { umount "$work/ext4" 2>/dev/null || true; umount "$work/ram" 2>/dev/null || true; rm -rf "$work"; }
trap cleanup EXIT
mkdir "$work/ram" "$work/ext4"
mount -t tmpfs -o size=6G tmpfs "$work/ram"
truncate -s 5G "$work/ram/image"
mkfs.ext4 -q -F "$work/ram/image"
mount -o loop "$work/ram/image" "$work/ext4"
dotnet run -c Release --project "$here" -- journal --folder "$folder" "$work/ext4" "$@"
