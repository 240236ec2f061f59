#!/usr/bin/env bash
# Persistent actors on the journal, on a disk that forgets what no flush has covered (tests/faults/disk): the power goes, or the process is
# killed. Every acknowledged event is replayed, events of one PersistAll all or none, four starts in a row. The rows at the end leave the barrier
# out (write.durability = none) and must lose events: the proof that this script can see a loss.
#   journal-cuts.sh [CUTS=3] [KILLS=3]
# Needs root, xfsprogs, e2fsprogs, fuse3, libfuse3-dev, gcc and pkg-config.
set -u
here=$(cd "$(dirname "$0")" && pwd)
cuts=${1:-3} kills=${2:-3}
[ "$(id -u)" = 0 ] || { echo "needs root: loop mounts"; exit 1; }
work=$(mktemp -d "${TMPDIR:-/tmp}/akka-aio-journal.XXXXXX")
source "$here/disk/disk.sh"
writer=""
cleanup() {
  [ -z "$writer" ] || kill -9 "$writer" 2>/dev/null
  umount -l "$work/mnt" 2>/dev/null
  disk_stop
  rm -rf "$work"
}
trap cleanup EXIT
dotnet build -c Release -v quiet --nologo "$here/driver" >"$work/build.log" 2>&1 || { cat "$work/build.log"; exit 1; }
driver="$here/driver/bin/Release/net10.0/AkkaAio.FaultDriver.dll"
mkdir "$work/mnt"
disk_start $((512 << 20)) || exit 1
fail() { echo "$*"; tail -n 5 "$work/stderr"; exit 1; }

# The kernel lets go of a killed process's files a moment after it is gone.
unmount() {
  for _ in $(seq 100); do umount "$work/mnt" 2>/dev/null && return; sleep 0.1; done
  fail "$work/mnt stays busy"
}

format() {
  case $1 in
    xfs) mkfs.xfs -q -f -K "$disk_device" ;;
    ext4) mkfs.ext4 -q -F -E nodiscard "$disk_device" ;;
  esac && mount "$disk_device" "$work/mnt" || fail "no file system: $1"
}

# write HOCON: actors on the store, until some events are acknowledged, and a moment longer.
write() {
  : >"$work/acks"
  dotnet "$driver" events "$work/mnt/store" --hocon "$1" >"$work/acks" 2>"$work/stderr" & writer=$!
  until [ -s "$work/acks" ] || ! kill -0 $writer 2>/dev/null; do sleep 0.02; done
  [ -s "$work/acks" ] || fail "nothing was acknowledged: the cut would prove nothing"
  sleep "0.$((RANDOM % 700 + 100))"
}

end() {
  kill -9 $writer 2>/dev/null
  wait $writer 2>/dev/null
  writer=""
}

total=0 lost_all=0 done=0
# verify NAME HOCON: counts what was acknowledged and is lost.
verify() {
  local result
  result=$(dotnet "$driver" verify-events "$work/mnt/store" "$work/acks" --hocon "$2" 2>"$work/stderr" | grep ^acknowledged) || true
  read -r _ acknowledged _ lost <<<"$result"
  [ -n "${lost:-}" ] || { lost=1; acknowledged=$(wc -l <"$work/acks"); tail -n 3 "$work/stderr"; }
  printf '%-40s %-40s acknowledged %7d lost %d\n' "$1" "$2" "$acknowledged" "$lost"
}
counted() { verify "$@"; total=$((total + acknowledged)) lost_all=$((lost_all + lost)) done=$((done + 1)); }

pipelines=(1 4 8)
file_systems=(ext4 xfs)
for ((i = 0; i < cuts; i++)); do
  where=${file_systems[i % 2]} hocon="akka.persistence.aio-store.write.pipeline=${pipelines[i % 3]}"
  case $((i % 4)) in
    0) keep=drop ;;
    1) keep="random $RANDOM" ;;
    2) keep="prefix $((RANDOM % 100))" ;;
    3) keep="torn $RANDOM" ;;
  esac
  format $where
  write "$hocon"
  disk cut $keep || fail "no cut"
  end
  unmount
  disk_again && mount "$disk_device" "$work/mnt" || fail "$where does not mount after the cut"
  counted "power cut, $where, $keep" "$hocon"
  unmount
done

for ((i = 0; i < kills; i++)); do
  hocon="akka.persistence.aio-store.write.pipeline=${pipelines[i % 3]}"
  ((i % 10)) || { mountpoint -q "$work/mnt" && unmount; format ext4; }
  write "$hocon" # from the second on over a store that was killed before
  end
  counted "kill -9, start $((i % 10 + 1)) of the store" "$hocon"
done
[ "$kills" = 0 ] || unmount

# In a segment that is long enough that no other file's flush comes along.
failed=0
for where in ext4 xfs; do
  format $where
  write "akka.persistence.aio-store { write.durability=none, segment-size=64 MiB }"
  disk cut drop
  end
  unmount
  disk_again && mount "$disk_device" "$work/mnt" || fail "$where does not mount after the cut"
  verify "without the barrier, $where" ""
  unmount
  [ "$lost" -gt 0 ] || { echo "no loss: this cut cannot see a missing barrier"; failed=1; }
done
echo "$done cuts and kills, $total acknowledged, $lost_all lost, in $SECONDS s"
[ "$lost_all" = 0 ] && [ $failed = 0 ]
