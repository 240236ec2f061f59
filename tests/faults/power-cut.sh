#!/usr/bin/env bash
# Cuts the power under writers that append records, fill fresh preallocation, or write over blocks that were written before. Every record
# that was acknowledged, after a Flush or as a Dsync write, must be there, whole, after the remount. Two ways to cut:
#   disk       ext4 and XFS on the disk that forgets (tests/faults/disk), which loses what no flush of the device has covered
#   shutdown   XFS shut down: what is in memory is gone, but blocks that were written stay, flushed or not
# The rows at the end leave Flush and Dsync out and must lose records: the proof that this script can see a loss.
#   power-cut.sh [ROUNDS=3]
# Needs root, xfsprogs, e2fsprogs, fuse3, libfuse3-dev, gcc and pkg-config.
source "$(dirname "$0")/disk/cuts.sh" power
rounds=${1:-3}
truncate -s 1G "$work/image"

# start WHERE VERB OPTIONS…: a fresh file system, and the writer on it until its first acknowledgement; $writer.
start() {
  local where=$1 verb=$2
  shift 2
  case $where in
    shutdown) mkfs.xfs -q -f -K "$work/image" && mount -o loop "$work/image" "$work/mnt" ;;
    *) mount_new "$where" ;;
  esac || fail "no file system: $where"
  [[ " $* " != *" --overwrite "* ]] || { head -c 32M /dev/zero | tr '\0' x >"$work/mnt/log"; sync -f "$work/mnt/log"; }
  : >"$work/acks"
  dotnet "$driver" "$verb" "$work/mnt/log" "$@" >"$work/acks" 2>"$work/stderr" & writer=$!
  until [ -s "$work/acks" ] || ! kill -0 $writer 2>/dev/null; do sleep 0.02; done
  [ -s "$work/acks" ] || fail "nothing was acknowledged: the cut would prove nothing"
}

# cut WHERE KEEP…: the cut, and the file system as it comes back.
cut() {
  local where=$1
  shift
  local before=$(stat -c %s "$work/acks")
  case $where in
    shutdown) xfs_io -x -c shutdown "$work/mnt" ;; # without -f: what is in memory is gone
    *) disk cut "$@" ;;
  esac || fail "no cut"
  end_writer
  # In the moment of its shutdown XFS says success for what it then loses: a plain loop of pwrite with O_DSYNC lost 21 of 5539 in 3 of 60
  # shutdowns on a busy machine. So only what was acknowledged before counts.
  [ "$where" != shutdown ] || truncate -s "$before" "$work/acks"
  unmount
  case $where in
    shutdown) mount -o loop "$work/image" "$work/mnt" ;;
    *) disk_again && mount "$disk_device" "$work/mnt" ;;
  esac || fail "$where does not mount after the cut"
}

# records WHERE KEEP OPTIONS…: one cut under writers; sets $acknowledged and $lost.
total=0 lost_all=0 cuts=0
records() {
  local where=$1 keep=$2
  shift 2
  start "$where" records "$@"
  sleep "0.$((RANDOM % 400 + 100))"
  cut "$where" $keep
  read -r _ acknowledged _ lost < <(dotnet "$driver" verify "$work/mnt/log" "$work/acks")
  unmount
  cuts=$((cuts + 1))
  printf '%-8s %-18s %-72s acknowledged %6d lost %d\n' "$where" "$([ "$where" = shutdown ] || echo "$keep")" "$*" "$acknowledged" "$lost"
  [ "$acknowledged" -gt 0 ] || fail "nothing was acknowledged: the cut proves nothing"
}
keeps_all() { records "$@"; total=$((total + acknowledged)) lost_all=$((lost_all + lost)); }

# A flush that the file system makes for itself can cover what the writer did not flush: a few tries, each a fresh file system.
failed=0
must_lose() {
  for try in 1 2 3; do
    records "$@"
    [ "$lost" = 0 ] || return
  done
  echo "no loss in 3 tries: these cuts cannot see a missing flush"
  failed=1
}

# closed WHERE GROWAHEAD: a file that was flushed and then closed is as long as what was written to it.
closed() {
  start "$1" closing --grow-ahead "$2"
  cut "$1" drop
  local length=$(stat -c %s "$work/mnt/log")
  unmount
  printf '%-8s GrowAhead %d, 4096 bytes, Flush, Close, cut: %d bytes\n' "$1" "$2" "$length"
  [ "$length" = 4096 ] || { echo "the length must be 4096"; failed=1; }
}

# A different way to cut each time.
turn=0
keep() {
  turn=$((turn + 1))
  case $((turn % 4)) in
    0) keep=drop ;;
    1) keep="random $RANDOM" ;;
    2) keep="prefix $((RANDOM % 100))" ;;
    3) keep="torn $RANDOM" ;;
  esac
}

preallocate="--preallocate $((256 << 20))"
for ((round = 1; round <= rounds; round++)); do
  for where in ext4 xfs shutdown; do
    for mode in "" "$preallocate" --overwrite --dsync "$preallocate --dsync" "--overwrite --dsync"; do
      keep; keeps_all $where "$keep" $mode
    done
  done
  # Dsync on every path that it takes.
  where=ext4
  for engine in linux-aio thread-pool io-uring posix-aio; do
    if [ $engine = io-uring ] && [ "$(cat /proc/sys/kernel/io_uring_disabled 2>/dev/null || echo 2)" = 2 ]; then
      echo "io-uring skipped: the kernel has none, or kernel.io_uring_disabled = 2"
      continue
    fi
    for mode in "" --vectored --buffered "--buffered --vectored"; do
      keep; keeps_all $where "$keep" --overwrite --dsync $mode --hocon "akka.io.aio.engine=$engine"
      [ $where = ext4 ] && where=xfs || where=ext4
    done
  done
done
for where in ext4 xfs shutdown; do closed $where 0; closed $where $((64 << 20)); done
must_lose ext4 drop --overwrite --no-flush
must_lose xfs drop --overwrite --no-flush
must_lose shutdown "" --no-flush
echo "$cuts cuts, $total acknowledged, $lost_all lost, in $SECONDS s"
[ "$lost_all" = 0 ] && [ $failed = 0 ]
