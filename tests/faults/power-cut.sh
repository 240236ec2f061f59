#!/usr/bin/env bash
# Cuts the power of a loop-mounted XFS under writers that append records, or fill fresh preallocation, and flush. Every record whose
# Flushed had arrived must be there, whole, after the remount. At the end the same with the flush left out, which must lose records:
# the proof that this script can see a loss. Needs root and xfsprogs.
#   power-cut.sh [CUTS=20]
set -u
here=$(cd "$(dirname "$0")" && pwd)
cuts=${1:-20}
[ "$(id -u)" = 0 ] || { echo "needs root: loop mounts"; exit 1; }
command -v mkfs.xfs >/dev/null || { echo "mkfs.xfs is missing: apt-get install xfsprogs"; exit 1; }

work=$(mktemp -d "${TMPDIR:-/tmp}/akka-aio-power.XXXXXX")
trap 'umount -l "$work/mnt" 2>/dev/null; rm -rf "$work"' EXIT
dotnet build -c Release -v quiet --nologo "$here/driver" >"$work/build.log" 2>&1 || { cat "$work/build.log"; exit 1; }
driver="$here/driver/bin/Release/net10.0/AkkaAio.FaultDriver.dll"
mkdir "$work/mnt"
truncate -s 1G "$work/disk"

# The kernel lets go of a killed process's files a moment after it is gone.
unmount() {
  for _ in $(seq 100); do umount "$work/mnt" 2>/dev/null && return; sleep 0.1; done
  echo "$work/mnt stays busy"; exit 1
}

# cut OPTIONS…: one power cut; sets $acknowledged and $lost.
cut_power() {
  mkfs.xfs -q -f "$work/disk"
  mount -o loop "$work/disk" "$work/mnt"
  : >"$work/acks"
  dotnet "$driver" records "$work/mnt/log" "$@" >"$work/acks" 2>"$work/stderr" &
  local writer=$!
  until [ -s "$work/acks" ] || ! kill -0 $writer 2>/dev/null; do sleep 0.02; done
  sleep "0.$((RANDOM % 900 + 100))"
  xfs_io -x -c shutdown "$work/mnt" # without -f: what is in memory is gone
  kill -9 $writer 2>/dev/null
  wait $writer 2>/dev/null
  unmount
  mount -o loop "$work/disk" "$work/mnt" # replays the journal
  read -r _ acknowledged _ lost < <(dotnet "$driver" verify "$work/mnt/log" "$work/acks")
  unmount
}

total=0 lost_all=0
for ((i = 1; i <= cuts; i++)); do
  mode=()
  ((i % 2)) || mode=(--preallocate $((512 << 20)))
  cut_power "${mode[@]}"
  printf 'cut %2d %-12s acknowledged %6d lost %d\n' "$i" "$([ ${#mode[@]} = 0 ] && echo append || echo preallocated)" "$acknowledged" "$lost"
  total=$((total + acknowledged)) lost_all=$((lost_all + lost))
  [ "$acknowledged" -gt 0 ] || { echo "nothing was acknowledged: the cut proves nothing"; tail "$work/stderr"; exit 1; }
done
cut_power --no-flush
echo "without flush: acknowledged $acknowledged lost $lost (must lose)"
echo "$cuts cuts, $total acknowledged, $lost_all lost"
[ "$lost_all" = 0 ] && [ "$lost" -gt 0 ]
