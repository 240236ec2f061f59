#!/usr/bin/env bash
# Each command of the disk does what README.md says, seen through its loop device. A few seconds. Needs root, gcc, pkg-config, libfuse3-dev.
set -u
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d "${TMPDIR:-/tmp}/akka-aio-disk.XXXXXX")
source "$here/disk.sh"
trap 'disk_stop; rm -rf "$work"' EXIT
disk_start $((16 << 20)) || exit 1

failed=0
# is NAME EXPECTED ACTUAL
is() {
  [ "$2" = "$3" ] && printf '%-64s ok\n' "$1" && return
  printf '%-64s FAILED: expected "%s", got "%s"\n' "$1" "$2" "$3"
  failed=1
}

# Blocks of 4096 bytes of one letter, written directly.
put() { head -c 4096 /dev/zero | tr '\0' "$2" | dd of="$disk_device" bs=4096 seek="$1" oflag=direct conv=notrunc status=none 2>"$work/error"; }
# The letters that a block consists of, each once; `-` for zeros.
get() { dd if="$disk_device" bs=4096 skip="$1" count=1 iflag=direct status=none 2>"$work/error" | tr '\0' - | fold -w 1 | sort -u | tr -d '\n'; }
flush() { dd if=/dev/null of="$disk_device" conv=notrunc,fsync status=none 2>"$work/error"; }
cut_state() { disk_state | grep '^cut'; }
result() { "$@" && echo ok || echo failed; }
# Blocks 0 to 9 are A and durable, then B and not.
prepare() { for i in {0..9}; do put "$i" A; done; flush; for i in {0..9}; do put "$i" B; done; }
all() { for i in {0..9}; do get "$i"; done; }
now_ms() { date +%s%3N; }

prepare
is "a read sees what is not flushed" BBBBBBBBBB "$(all)"
is "the state counts what is not flushed" 10 "$(disk_figure unflushed)"
disk cut drop
is "after a cut a read fails" failed "$(result dd if="$disk_device" bs=4096 count=1 iflag=direct status=none of=/dev/null 2>/dev/null)"
is "after a cut a write fails" failed "$(result put 0 C)"
is "after a cut a flush fails" failed "$(result flush)"
disk_again
is "cut drop: nothing is left but what was flushed" AAAAAAAAAA "$(all)"

prepare; flush; disk cut drop; disk_again
is "a flush makes durable" BBBBBBBBBB "$(all)"

prepare; disk cut prefix 3; disk_again
is "cut prefix 3" BBBAAAAAAA "$(all)"
is "the state tells what the cut kept" "cut prefix kept 3 of 10 writes, 12288 of 40960 bytes" "$(cut_state)"

prepare; disk cut random 7; disk_again; first=$(all)
prepare; disk cut random 7; disk_again
is "cut random: the same seed keeps the same writes" "$first" "$(all)"
is "cut random keeps some and drops some" "A B" "$(echo "$first" | fold -w 1 | sort -u | xargs)"
prepare; disk cut random 8; disk_again
is "cut random: another seed keeps others" different "$([ "$first" = "$(all)" ] && echo same || echo different)"

prepare; disk cut torn 7; disk_again
is "cut torn leaves blocks that are half old, half new" AB "$(get 0)"
is "cut torn tears at 512 bytes" 1 "$(for s in {0..79}; do
  dd if="$disk_device" bs=512 skip=$s count=1 iflag=direct status=none | fold -w 1 | sort -u | wc -l; done | sort -u)"

prepare; disk cut drop after 2; put 0 C; put 1 C; put 2 C
is "cut drop after 2: off at the second write" off "$(disk_state | awk '/^power/ { print $2 }')"
disk_again
is "cut drop after 2: nothing kept" AAAAAAAAAA "$(all)"

disk fail read EIO once
is "fail read EIO once: an error" failed "$(result dd if="$disk_device" bs=4096 count=1 iflag=direct status=none of=/dev/null 2>/dev/null)"
is "fail read EIO once: then none" ok "$(result dd if="$disk_device" bs=4096 count=1 iflag=direct status=none of=/dev/null)"
disk fail write EIO always 8192 12288
is "fail write in a range: below it" ok "$(result put 1 D)"
is "fail write in a range: in it" failed "$(result put 2 D)"
is "fail write in a range: always" failed "$(result put 2 D)"
is "fail write in a range: behind it" ok "$(result put 3 D)"
disk clear
is "clear ends it" ok "$(result put 2 D)"
is "a failed write has written nothing before" D "$(get 2)"
disk fail write ENOSPC always
put 0 E
is "a full device" "No space left on device" "$(grep -o 'No space left on device' "$work/error")"
disk clear
disk fail flush EIO once
is "fail flush EIO once: an error" failed "$(result flush)"
unflushed=$(disk_figure unflushed)
is "a failed flush made nothing durable" 1 "$((unflushed > 0))"
is "the next flush may succeed" ok "$(result flush)"

disk delay write 300
start=$(now_ms); put 0 F; took=$(($(now_ms) - start))
is "delay write 300: at least 300 ms" 1 "$((took >= 300))"
disk clear

for operation in read write flush close; do
  disk stall $operation
  before=$(disk_figure "$operation done")
  case $operation in read) get 0 ;; write) put 0 G ;; flush) flush ;; close) : 3<"$work/fuse/disk" ;; esac >/dev/null & waiter=$!
  disk_until "$operation waiting" 1
  is "stall $operation: it waits" "$before" "$(disk_figure "$operation done")"
  disk release
  wait $waiter
  is "stall $operation: release lets it go on" 1 "$(($(disk_figure "$operation done") > before))"
done

disk stall write; put 5 J & waiter=$!
disk_until "write waiting" 1
disk cut drop; wait $waiter
disk_again
is "a cut ends a stall, and what waited is not done" 0 "$(get 5 | grep -c J)"

disk watchdog 1; disk stall write
is "the watchdog ends a stall that nobody releases" ok "$(result put 0 K)"
is "and the state tells" 1 "$(disk_figure "watchdog released")"

for bad in "" cut "cut some" "cut prefix" "cut drop after 0" "fail write" "fail write EPERM once" "fail write EIO 3" "fail write EIO once 5 4" \
  "delay write" "delay write soon" "stall" "stall all" "on now" "watchdog 0"; do
  is "refused: '$bad'" failed "$(result disk $bad 2>/dev/null)"
done

echo "$([ $failed = 0 ] && echo "the disk ok" || echo "the disk FAILED") in $SECONDS s"
exit $failed
