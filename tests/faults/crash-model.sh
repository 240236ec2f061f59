#!/usr/bin/env bash
# The crash model of the test kit against a real disk: random work through AkkaAio on the disk that forgets (tests/faults/disk), as a raw
# device and as a file on ext4 and XFS, cut in the middle of it or at its end; what is left must be among the images that the kit has for the same
# work. Two models that know too little must not pass: the proof that this script can see it.
#   crash-model.sh [CUTS=12]
# Needs root, e2fsprogs, xfsprogs, fuse3, libfuse3-dev, gcc and pkg-config.
source "$(dirname "$0")/disk/cuts.sh" crash-model
cuts=${1:-12}
mkdir "$work/cuts"

# cut WHERE SEED KEEP…: one cut of one work.
cut() {
  local where=$1 seed=$2 target
  shift 2
  local keep="$*"
  local left="$work/cuts/$where-$1-$seed.left" done="$work/cuts/$where-$1-$seed.done"
  case $where in
    device) dd if=/dev/zero of="$disk_device" bs=64K count=1 oflag=direct conv=fsync status=none && target=$disk_device ;;
    *) mount_new $where && target=$work/mnt/file ;;
  esac || fail "no $where"
  [[ " $* " != *" after "* ]] || disk cut "$@"
  dotnet "$driver" crash-work "$target" "$seed" >"$done" 2>"$work/stderr" & writer=$!
  until grep -qs "^40 " "$done"; do kill -0 $writer 2>/dev/null || fail "the work has ended"; sleep 0.02; done
  [[ " $* " == *" after "* && $(disk_state | awk '/^power/ { print $2 }') = off ]] || { disk clear; disk cut ${keep%% after*}; }
  end_writer
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
