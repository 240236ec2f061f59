#!/usr/bin/env bash
# The crash model of the test kit against a real disk: random work through AkkaAio on the disk that forgets (tests/faults/disk), as a raw
# device and as a file on ext4 and XFS, cut in the middle of it or at its end; what is left must be among the images that the kit has for the same
# work. Two models that know too little must not pass: the proof that this script can see it.
#   crash-model.sh [CUTS=12]
# Needs root, e2fsprogs, xfsprogs, fuse3, libfuse3-dev, gcc and pkg-config.
set -u
here=$(cd "$(dirname "$0")" && pwd)
cuts=${1:-12}
[ "$(id -u)" = 0 ] || { echo "needs root: loop mounts"; exit 1; }
for tool in mkfs.ext4 mkfs.xfs losetup gcc pkg-config fusermount3; do
  command -v $tool >/dev/null || { echo "$tool is missing: apt-get install e2fsprogs xfsprogs mount gcc pkg-config fuse3 libfuse3-dev"; exit 1; }
done

work=$(mktemp -d "${TMPDIR:-/tmp}/akka-aio-crash-model.XXXXXX")
source "$here/disk/disk.sh"
worker=""
cleanup() {
  [ -z "$worker" ] || kill -9 "$worker" 2>/dev/null
  umount -l "$work/mnt" 2>/dev/null
  disk_stop
  rm -rf "$work"
}
trap cleanup EXIT
trap 'exit 130' INT TERM
dotnet build -c Release -v quiet --nologo "$here/driver" >"$work/build.log" 2>&1 || { cat "$work/build.log"; exit 1; }
driver="$here/driver/bin/Release/net10.0/AkkaAio.FaultDriver.dll"
mkdir "$work/mnt" "$work/cuts"
disk_start $((320 << 20)) || exit 1
fail() { echo "$*"; cat "$work/stderr"; exit 1; }

# The kernel lets go of a killed process's files a moment after it is gone.
unmount() {
  for _ in $(seq 100); do umount "$work/mnt" 2>/dev/null && return; sleep 0.1; done
  fail "$work/mnt stays busy"
}

# The journal's commit, every 5 s, and the thread that zeroes inode tables flush the disk: they would cover what no writer flushed.
quiet=commit=600,noinit_itable

# cut WHERE SEED KEEP…: one cut of one work.
cut() {
  local where=$1 seed=$2 target
  shift 2
  local keep="$*"
  local left="$work/cuts/$where-$1-$seed.left" done="$work/cuts/$where-$1-$seed.done"
  case $where in
    device) dd if=/dev/zero of="$disk_device" bs=64K count=1 oflag=direct conv=fsync status=none && target=$disk_device ;;
    ext4) mkfs.ext4 -q -F -E nodiscard "$disk_device" && mount -o $quiet "$disk_device" "$work/mnt" && target=$work/mnt/file ;;
    xfs) mkfs.xfs -q -f -K "$disk_device" && mount "$disk_device" "$work/mnt" && target=$work/mnt/file ;;
  esac || fail "no $where"
  [[ " $* " != *" after "* ]] || disk cut "$@"
  dotnet "$driver" crash-work "$target" "$seed" >"$done" 2>"$work/stderr" & worker=$!
  until grep -qs "^40 " "$done"; do kill -0 $worker 2>/dev/null || fail "the work has ended"; sleep 0.02; done
  [[ " $* " == *" after "* && $(disk_state | awk '/^power/ { print $2 }') = off ]] || { disk clear; disk cut ${keep%% after*}; }
  kill -9 $worker 2>/dev/null
  wait $worker 2>/dev/null
  worker=""
  [ $where = device ] || unmount
  disk_again || fail "no disk after the cut"
  case $where in
    device) dd if="$disk_device" of="$left" bs=64K count=1 iflag=direct status=none ;;
    *) mount "$disk_device" "$work/mnt" && cp "$work/mnt/file" "$left" && unmount ;;
  esac || fail "nothing can be read after the cut"
}

# cut_all: one cut after the other, of each kind and place in turn.
cut_all() {
  for ((i = 0; i < cuts; i++)); do
    local places=(device ext4 xfs)
    where=${places[i % 3]}
    after=$([ $((i % 2)) = 0 ] && echo "" || echo "after $((RANDOM % 100 + 40))")
    case $((i / 3 % 4)) in
      0) cut $where $RANDOM torn $RANDOM $after ;;
      1) cut $where $RANDOM random $RANDOM $after ;;
      2) cut $where $RANDOM prefix $((RANDOM % 20)) $after ;;
      3) cut $where $RANDOM drop $after ;;
    esac
  done
}

cut_all
dotnet "$driver" crash-check "$work/cuts" || { echo "the kit's model does not know what a real disk does"; exit 1; }
for model in writes-are-durable sectors-of-4096; do
  # A cut shows such a model one of three times: a few can miss it.
  for try in 1 2 3 4 5; do
    dotnet "$driver" crash-check "$work/cuts" --model $model >"$work/narrow" || break
    [ $try -lt 5 ] || { cat "$work/narrow"; echo "the check cannot see that $model"; exit 1; }
    cut_all
  done
  tail -n 1 "$work/narrow"
done
echo "the crash model ok in $SECONDS s"
