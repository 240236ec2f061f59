#!/usr/bin/env bash
# 256 persistent actors on the journal, which persist and delete, on a disk that forgets what no flush has covered (tests/faults/disk): the
# power goes, or the process is killed. Every acknowledged event is replayed, in order; events of one PersistAll all or none; and so in four
# starts in a row. Spread over pipelines of 1, 4 and 8 and over ext4 and XFS. The rows at the end leave the barrier out (write.durability = none) and
# must lose events, or be refused as damaged: the proof that this script can see a loss. (A kill cannot: what was written outlives the process.)
#   journal-cuts.sh [CUTS=3] [KILLS=3]      the short one of .ci/run; 50 200 in about half an hour
# Needs root, xfsprogs, e2fsprogs, fuse3, libfuse3-dev, gcc and pkg-config.
source "$(dirname "$0")/disk/cuts.sh" journal
cuts=${1:-3} kills=${2:-3}

# A mount that is gone here may live on for a moment in the mount namespace of another process, and keep the device busy.
format() {
  : >"$work/acks"
  seen=0
  for _ in $(seq 100); do
    mount_new $1 2>"$work/stderr" && return
    sleep 0.1
  done
  fail "no file system: $1"
}

# write HOCON: actors on the store, until some events are acknowledged, and a moment longer. The store may have been killed before.
write() {
  local before
  echo >>"$work/acks" # the line before may be cut off
  before=$(stat -c %s "$work/acks")
  dotnet "$driver" events "$work/mnt/store" --hocon "$1" >>"$work/acks" 2>"$work/stderr" & writer=$!
  until [ "$(stat -c %s "$work/acks")" -gt "$before" ]; do
    kill -0 $writer 2>/dev/null || fail "the writer has ended by itself"
    sleep 0.02
  done
  sleep "0.$((RANDOM % 700 + 100))"
  kill -0 $writer 2>/dev/null || fail "the writer has ended by itself"
}

# again FILE_SYSTEM KEEP…: the cut, and the store as it comes back.
again() {
  local where=$1
  shift
  disk cut "$@" || fail "no cut"
  end_writer
  unmount
  disk_again && mount "$disk_device" "$work/mnt" || fail "$where does not mount after the cut"
}

# verify NAME HOCON: prints and sets what was acknowledged, and how much of it is lost; 1 if the store is refused, or not right.
verify() {
  local result
  result=$(dotnet "$driver" verify-events "$work/mnt/store" "$work/acks" --hocon "$2" 2>"$work/stderr" | grep ^acknowledged) || true
  read -r _ acknowledged _ lost <<<"$result"
  [ -n "${lost:-}" ] || { lost=1; acknowledged=$(wc -l <"$work/acks"); }
  printf '%-46s %-16s acknowledged %7d lost %d\n' "$1" "${2##*.}" "$acknowledged" "$lost"
  [ "$acknowledged" -gt 0 ] || fail "nothing was acknowledged: this proves nothing"
}

total=0 lost_all=0 done=0
counted() {
  verify "$@"
  [ "$lost" = 0 ] || tail -n 5 "$work/stderr"
  total=$((total + acknowledged - seen)) seen=$acknowledged lost_all=$((lost_all + lost)) done=$((done + 1))
}

# Each of the 24 combinations in 24 cuts.
pipelines=(1 4 8)
file_systems=(ext4 xfs)
pipeline() { echo "akka.persistence.aio-store.write.pipeline = ${pipelines[$1 % 3]}"; }
for ((i = 0; i < cuts; i++)); do
  where=${file_systems[i % 2]} hocon=$(pipeline $i)
  case $((i / 6 % 4)) in
    0) keep="random $RANDOM" ;;
    1) keep="torn $RANDOM" ;;
    2) keep="prefix $((RANDOM % 100))" ;;
    3) keep=drop ;;
  esac
  format $where
  write "$hocon"
  again $where $keep
  counted "power cut, $where, $keep" "$hocon"
  unmount
done

for ((i = 0; i < kills; i++)); do
  where=${file_systems[i / 10 % 2]} hocon=$(pipeline $i)
  ((i % 10)) || { ((i == 0)) || unmount; format $where; }
  write "$hocon"
  end_writer
  counted "kill -9, $where, start $((i % 10 + 1)) of the store" "$hocon"
done
[ "$kills" = 0 ] || unmount

# In a segment that is long enough that no other file's flush comes along.
failed=0 rows=$((cuts < 12 ? 2 : 6))
for ((i = 0; i < rows; i++)); do
  where=${file_systems[i % 2]} hocon=$(pipeline $i)
  for try in 1 2 3; do
    format $where
    write "akka.persistence.aio-store { write.durability = none, segment-size = 64 MiB }"$'\n'"$hocon"
    again $where drop
    verify "without the barrier, $where, drop" "$hocon"
    unmount
    [ "$lost" -gt 0 ] && break
  done
  [ "$lost" -gt 0 ] || { echo "no loss in 3 tries: these cuts cannot see a missing barrier"; failed=1; }
done
echo "$done cuts and kills, $total acknowledged, $lost_all lost, in $SECONDS s"
[ "$lost_all" = 0 ] && [ $failed = 0 ]
