#!/usr/bin/env bash
# Real faults in the real kernel: a table of what was injected, what the user saw, and whether anything was lost, doubled or left behind.
# Needs root, strace, mkfs.ext4, mkfs.xfs, losetup, and for the disk that forgets gcc, pkg-config and libfuse3-dev. Restores every limit
# that it changes.
set -u
here=$(cd "$(dirname "$0")" && pwd)
[ "$(id -u)" = 0 ] || { echo "needs root: loop mounts, sysctl"; exit 1; }
for tool in strace losetup mkfs.ext4 mkfs.xfs xfs_io prlimit gcc pkg-config fusermount3; do
  command -v $tool >/dev/null || { echo "$tool is missing: apt-get install strace mount e2fsprogs xfsprogs util-linux gcc pkg-config fuse3 libfuse3-dev"; exit 1; }
done

work=$(mktemp -d "${TMPDIR:-/tmp}/akka-aio-faults.XXXXXX")
source "$here/disk/disk.sh"
aio_max_nr=$(cat /proc/sys/fs/aio-max-nr)
aio_nr=$(cat /proc/sys/fs/aio-nr)
mounts=()
loops=()
groups=()
cleanup() {
  fsfreeze -u "$work/ext4" 2>/dev/null
  for group in "${groups[@]}"; do rmdir "$group" 2>/dev/null; done
  sysctl -qw fs.aio-max-nr="$aio_max_nr"
  [ -z "$disk_pid" ] || disk release
  for mount in "${mounts[@]}"; do umount -l "$mount" 2>/dev/null; done
  disk_stop
  for loop in "${loops[@]}"; do losetup -d "$loop" 2>/dev/null; done
  rm -rf "$work"
}
trap cleanup EXIT

dotnet build -c Release -v quiet --nologo "$here/driver" >"$work/build.log" 2>&1 || { cat "$work/build.log"; exit 1; }
driver="$here/driver/bin/Release/net10.0/AkkaAio.FaultDriver.dll"
dotnet build -c Release -v quiet --nologo "$here/../../src/Demo" >"$work/build.log" 2>&1 || { cat "$work/build.log"; exit 1; }
demo="$here/../../src/Demo/bin/Release/net10.0/AkkaAio.Demo.dll"
failed=0
printf '%-44s %-6s %s\n' "fault" "" "what the user saw"

# Rows for faults of the code that are known and not mended yet: with FAULTS_NOT_MENDED=1 only.
not_mended() { [ -z "${FAULTS_NOT_MENDED:-}" ] || row "$@"; }

# row NAME CHECK COMMAND…: runs it, keeps what it printed, and then CHECK, a shell condition over $out and $code.
row() {
  local name=$1 check=$2 out code verdict=ok
  shift 2
  out=$("$@" 2>"$work/stderr"); code=$?
  eval "$check" || verdict=FAILED
  # aio-nr is the whole machine's: other processes come and go, what was left behind would stay.
  for _ in $(seq 100); do [ "$(cat /proc/sys/fs/aio-nr)" -le "$aio_nr" ] && break; sleep 0.1; done
  [ "$(cat /proc/sys/fs/aio-nr)" -le "$aio_nr" ] || { verdict=FAILED; out="$out; aio-nr is not what it was"; }
  [ $verdict = ok ] || { failed=1; tail -n 5 "$work/stderr"; }
  printf '%-44s %-6s %s\n' "$name" "$verdict" "$(echo "$out" | tr '\n' ';')"
}

inject() { strace -f -qq -o "$work/strace" -e trace="${1%%:*}" -e inject="$1" dotnet "$driver" load "$work/load" --operations 500 "${@:2}"; }
all_fine='[ $code = 0 ] && [[ "$out" == *"written 500 read 500 failed 0 wrong 0 contexts-left 0"* ]]'
typed='[ $code = 0 ] && [[ "$out" == *"$expected"* && "$out" == *"wrong 0 contexts-left 0"* ]]'
was_injected='&& grep -q INJECTED "$work/strace"'

row "io_submit EAGAIN, every 7th"        "$all_fine $was_injected" inject io_submit:error=EAGAIN:when=3+7
row "io_submit EAGAIN, the first 40"     "$all_fine $was_injected" inject io_submit:error=EAGAIN:when=1..40
row "io_submit EINTR, every 2nd"         "$all_fine $was_injected" inject io_submit:error=EINTR:when=1+2
row "io_submit ENOMEM, every 5th"        "$all_fine $was_injected" inject io_submit:error=ENOMEM:when=2+5
row "io_submit returns 0, every 3rd"     "$all_fine $was_injected" inject io_submit:retval=0:when=2+3
row "io_getevents EINTR, every 2nd"      "$all_fine $was_injected" inject io_getevents:error=EINTR:when=1+2 \
  --hocon 'akka.io.aio.reap { thread = own, min-nr = 8 }' # else all completions are in the ring when somebody looks
expected="AioSystemException EINVAL"
row "io_submit EINVAL, every 4th: first iocb" "$typed $was_injected" inject io_submit:error=EINVAL:when=2+4
row "io_setup EAGAIN, engine = auto: threads" "$all_fine $was_injected" inject io_setup:error=EAGAIN
expected="AioContextException"
row "io_setup EAGAIN, engine = linux-aio" "$typed $was_injected" inject io_setup:error=EAGAIN --hocon 'akka.io.aio.engine = linux-aio'
expected="AioConfigurationException"
row "io_setup ENOSYS, engine = linux-aio" "$typed $was_injected" inject io_setup:error=ENOSYS --hocon 'akka.io.aio.engine = linux-aio'
row "io_setup ENOSYS, engine = auto: sum" '[ $code = 0 ] && [[ "$out" == *"blocks 1000 ok"* ]] && grep -q "thread-pool.*ENOSYS" "$work/stderr"' \
  strace -f -qq -o "$work/strace" -e trace=io_setup -e inject=io_setup:error=ENOSYS dotnet "$demo" sum --path "$work/sum"
row "fallocate EOPNOTSUPP"               "$all_fine $was_injected" inject fallocate:error=EOPNOTSUPP
expected="AioSystemException ENOSPC"
row "fallocate ENOSPC"                   "$typed $was_injected" inject fallocate:error=ENOSPC

# ENOSPC for real: more than the file system holds.
small() {
  local kind=$1 size=$2 options=$3
  truncate -s "$size" "$work/$kind.img"
  "mkfs.$kind" $options "$work/$kind.img" >/dev/null 2>&1
  mkdir -p "$work/$kind"
  mount -o loop "$work/$kind.img" "$work/$kind" && mounts+=("$work/$kind")
}
small ext4 64M -F
row "ENOSPC on ext4 of 64 MiB"           "$typed" dotnet "$driver" load "$work/ext4/load" --operations 20000
row "the same file system, after it"     '[ $code = 0 ] && [[ "$out" == *"written 100 read 100 failed 0 wrong 0"* ]]' dotnet "$driver" load "$work/ext4/load" --operations 100
small xfs 300M -f
row "ENOSPC on XFS of 300 MiB"           "$typed" dotnet "$driver" load "$work/xfs/load" --operations 90000

# A disk that fills while records are appended: 320 MiB, 40 MiB free. dd says how much goes on it.
filled() { # filled KIND: made anew, with 40 MiB free
  mkfs.$1 -q -F "$work/filled.img" && mount -o loop "$work/filled.img" "$work/filled" && mounts+=("$work/filled")
  local free=$(df --output=avail -B1 "$work/filled" | tail -n 1) rest=$((40 << 20))
  dd if=/dev/zero of="$work/filled/filler" bs=1M count=$(((free - rest) >> 20)) status=none
  dd if=/dev/zero of="$work/filled/dd" bs=64k oflag=direct 2>/dev/null
  fits=$(($(stat -c %s "$work/filled/dd") / 65536 * 65536))
  rm "$work/filled/dd"
}
mkdir "$work/filled"
truncate -s 320M "$work/filled.img"
for kind in ext4 ext3; do
  filled $kind
  row "$kind, 40 MiB free: until ENOSPC"  '[ $code = 0 ] && [[ "$out" == "accepted $fits, on disk $fits, after Dispose $fits,"*"failure ENOSPC" ]]' \
    dotnet "$driver" filling "$work/filled/records"
  rm -f "$work/filled/records"
  row "$kind, 40 MiB free: 400 records"   '[ $code = 0 ] && [[ "$out" == *"on disk 26214400, after Dispose 26214400, taken 26"*"failure none" ]]' \
    dotnet "$driver" filling "$work/filled/records" --records 400
  rm -f "$work/filled/records"
  # Grown ahead while it is open, and as long as what was accepted when it is closed.
  row "$kind, 40 MiB free: until ENOSPC, ahead" '[ $code = 0 ] && [[ "$out" == "accepted $fits, "*"after Dispose $fits,"*"failure ENOSPC" ]]' \
    dotnet "$driver" filling "$work/filled/records" --grow-ahead $((64 << 20))
  rm -f "$work/filled/records"
  row "$kind, 40 MiB free: 400 records, ahead" '[ $code = 0 ] && [[ "$out" == *"after Dispose 26214400, taken 26"*"failure none" ]]' \
    dotnet "$driver" filling "$work/filled/records" --records 400 --grow-ahead $((64 << 20))
  rm -f "$work/filled/records"
  [ $kind = ext3 ] || row "$kind, 40 MiB free: calls for 1 GiB" '[ $code = 0 ]' dotnet "$driver" calls-that-fail "$work/filled/records"
  umount "$work/filled"
done

# Several writers on one growing file: with fallocate, and where there is none (ext3).
for kind in ext4 xfs ext3; do
  case $kind in xfs) mkfs.xfs -q -f "$work/filled.img" ;; *) mkfs.$kind -q -F "$work/filled.img" ;; esac
  mount -o loop "$work/filled.img" "$work/filled" && mounts+=("$work/filled")
  for engine in linux-aio thread-pool io-uring posix-aio; do
    [ $engine = linux-aio ] || [ $kind = ext3 ] || continue
    row "2 systems, a foreign process: $kind, $engine" '[ $code = 0 ]' \
      dotnet "$driver" sharing "$work/filled/shared" --hocon "akka.io.aio.engine = $engine"
  done
  # With this seed a system grows over a range that the other had allocated and written to before.
  row "the same, growing ahead: $kind" '[ $code = 0 ]' dotnet "$driver" sharing "$work/filled/shared" --grow-ahead $((1 << 20)) --seed 304768
  umount "$work/filled"
done

# kill -9 of an appender, again and again.
appended() { # appended OPTIONS…: 10 times: reopened, killed after an acknowledgement; a reader must find all that was acknowledged
  rm -f "$work/log"
  local found acknowledged writer
  for _ in {1..10}; do
    : >"$work/acks"
    dotnet "$driver" appender "$work/log" "$@" >"$work/acks" & writer=$!
    until [ -s "$work/acks" ] || ! kill -0 $writer 2>/dev/null; do sleep 0.02; done
    [ "${1:-}" = --records ] || sleep "0.$((RANDOM % 300 + 100))"
    kill -9 $writer 2>/dev/null
    wait $writer 2>/dev/null
    acknowledged=$(grep -c . "$work/acks") && acknowledged=$(sed -n "${acknowledged}p" "$work/acks")
    read -r _ found _ length < <(dotnet "$driver" find "$work/log")
    [ -n "$acknowledged" ] && [ "$found" -ge "$acknowledged" ] || { echo "acknowledged ${acknowledged:-nothing}, found $found, length $length"; return 1; }
  done
  echo "acknowledged $acknowledged, found $found, length $length"
}
row "10 kills, on behind the last record" '[ $code = 0 ]' appended
row "the same, growing ahead" '[ $code = 0 ]' appended --grow-ahead $((64 << 20))
row "10 kills, flushed, on at Length" '[ $code = 0 ] && [[ "$out" == "acknowledged 200, found 200, length 819200" ]]' appended --records 20

# EIO for real: a loop device whose backing file has been cut.
truncate -s 16M "$work/disk"
loop=$(losetup --show -f "$work/disk") && loops+=("$loop")
truncate -s 1M "$work/disk"
expected="AioSystemException EIO"
row "EIO: backing file of $loop cut"     "$typed" dotnet "$driver" load "$loop" --read-only --operations 4096

# Descriptors: enough to start, too few to go on. The .NET runtime itself ends with "Out of memory." if it needs one in that moment, which was seen
# once: that is not what is tried here, and it is tried again.
descriptors() {
  local try code
  for try in 1 2 3; do
    dotnet "$driver" descriptors "$work/load"; code=$?
    [ $code != 0 ] && grep -q '^Out of memory' "$work/stderr" || return $code
    : >"$work/stderr"
  done
  return $code
}
row "RLIMIT_NOFILE"                      '[ $code = 0 ] && [[ "$out" == *"AioSystemException EMFILE"* && "$out" == *"contexts-left 0"* ]]' \
  descriptors
expected="AioSystemException EFBIG"
row "RLIMIT_FSIZE: EFBIG, not a dead process" "$typed" dotnet "$driver" load "$work/load" --operations 2000 --file-size-limit $((1 << 20))

# A device that does 20 operations a second: the process, in a group of its own, is throttled on it.
# In its own file system, since a swap or journal on the same device would be throttled too.
truncate -s 64M "$work/slow"
slow=$(losetup --show -f "$work/slow") && loops+=("$slow")
group=/sys/fs/cgroup/blkio/akka-aio-faults-$$
if mkdir "$group" 2>/dev/null; then
  groups+=("$group")
  number=$(lsblk -dno MAJ:MIN "$slow" | tr -d ' ')
  throttle="echo \"$number 20\" > $group/blkio.throttle.read_iops_device"
  unthrottle="echo \"$number 0\" > $group/blkio.throttle.read_iops_device"
  inside() { bash -c 'echo $$ > '"$group"'/cgroup.procs; exec "$@"' - "$@"; }
  row "a device of 20 operations a second" '[ $code = 0 ]' \
    inside dotnet "$driver" stuck "$slow" "$work" --stick "$throttle" --free "$unthrottle"
  row "terminate with that device under load" '[ $code = 0 ]' inside dotnet "$driver" stuck "$slow" "$work" --stick "$throttle"
  sh -c "$unthrottle"
else
  printf '%-44s %-6s %s\n' "a device of 20 operations a second" skipped "no cgroup v1 blkio here"
fi

# A file system that blocks io_submit itself. Thawed whatever happens: until then not even SIGKILL ends who writes to it.
dd if=/dev/zero of="$work/ext4/frozen" bs=1M count=1 conv=fsync status=none
( sleep 30; fsfreeze -u "$work/ext4" 2>/dev/null ) & watchdog=$!
row "a frozen file system" '[ $code = 0 ]' dotnet "$driver" stuck "$work/ext4/frozen" "$work" --write \
  --stick "fsfreeze -f $work/ext4" --free "fsfreeze -u $work/ext4"
kill $watchdog 2>/dev/null

# A system that ends while its file is stuck in the kernel: each command answered, and the end within drain-timeout (1 s) + 2 s.
ending() { # ending STICK FREE WHAT FILE HOCON [OPTIONS…]; whatever happens, it ends after half a minute
  ( sleep 30; sh -c "$2" ) >/dev/null 2>&1 & local watchdog=$!
  dotnet "$driver" ending "$3" "$4" --stick "$1" --free "$2" --hocon "akka.io.aio { $5 }" "${@:6}" >"$work/ended"; local code=$?
  kill $watchdog 2>/dev/null
  # What is left in the kernel is logged at that moment, not when it comes back: before the figures.
  echo "$(grep ' waited, ' "$work/ended"), $(sed '/ waited, /q' "$work/ended" | grep -qE 'leaked' && echo "leak logged" || echo "no leak")"
  return $code
}
for engine in linux-aio "linux-aio, reap.thread = own" "linux-aio, shards = 1" thread-pool io-uring posix-aio; do
  row "Terminate, frozen: $engine" '[ $code = 0 ] && [[ "$out" == *"leak logged" ]]' \
    ending "fsfreeze -f $work/ext4" "fsfreeze -u $work/ext4" writes "$work/ext4/frozen" "engine = $engine"
done
# Files of another disk, in the same shards. The other engines fill their depth with what is stuck.
for engine in linux-aio thread-pool io-uring posix-aio; do
  check=row
  [ $engine = linux-aio ] || check=not_mended
  $check "another disk beside a frozen one: $engine" '[ $code = 0 ] && [[ "$out" == *"16 of 16 other files read"* ]]' \
    ending "fsfreeze -f $work/ext4" "fsfreeze -u $work/ext4" writes "$work/ext4/frozen" "engine = $engine" --others "$work"
done

# The same on a disk that stops answering: writes, an fsync, an open that reads cold metadata, and a close.
disk_start $((256 << 20)) || failed=1
mkfs.ext4 -q -F -E nodiscard "$disk_device"
mkdir "$work/stalled" && mount "$disk_device" "$work/stalled" && mounts+=("$work/stalled")
mkdir "$work/stalled/folder"
dd if=/dev/zero of="$work/stalled/folder/file" bs=1M count=2 conv=fsync status=none
# Mounted anew, so that nothing of it is in memory. The kernel lets go of a process's files a moment after it is gone.
remount() {
  for _ in $(seq 100); do umount "$work/stalled" 2>/dev/null && break; sleep 0.1; done
  mount "$disk_device" "$work/stalled"
}
for engine in linux-aio thread-pool io-uring posix-aio; do
  for what in writes:write flush:flush open:read close:close; do
    remount
    target=$work/stalled/folder/file
    [ $what != close:close ] || target=$work/fuse/disk
    others=(--others "$work")
    [[ $what = writes:* && $engine != linux-aio ]] && others=() # their depth is full of what is stuck; io-uring: its row below
    row "Terminate, stuck ${what%%:*}: $engine" '[ $code = 0 ]' \
      ending "echo stall ${what##*:} >$work/fuse/control" "echo release >$work/fuse/control" "${what%%:*}" "$target" "engine = $engine" "${others[@]}"
  done
  # One of twelve times io_uring_enter itself waits, and the files of the same shard with it.
  [ $engine != io-uring ] || { remount; not_mended "another disk beside stuck writes: io-uring" '[ $code = 0 ]' \
    ending "echo stall write >$work/fuse/control" "echo release >$work/fuse/control" writes "$work/stalled/folder/file" "engine = io-uring" \
    --others "$work"; }
  remount
  row "a flush that failed stays failed: $engine" '[ $code = 0 ]' \
    dotnet "$driver" failed-flush "$work/stalled/folder/file" "$work/fuse/control" --hocon "akka.io.aio.engine = $engine"
done

# A machine whose limit is almost used up.
sysctl -qw fs.aio-max-nr=$((aio_nr + 100))
row "fs.aio-max-nr leaves 100: depth is halved" "$all_fine" dotnet "$driver" load "$work/load" --operations 500 --hocon 'akka.io.aio { depth = 90, aio-max-nr-share = 0.5 }'
expected="AioConfigurationException"
row "fs.aio-max-nr below depth"          "$typed" dotnet "$driver" load "$work/load" --operations 500 --hocon 'akka.io.aio.depth = 256'
sysctl -qw fs.aio-max-nr="$(cat /proc/sys/fs/aio-nr)"
least='akka.io.aio { shards = 1, depth = 16, engine =' # more than the limit itself would be a wrong configuration
row "fs.aio-max-nr used up: threads take over" "$all_fine" dotnet "$driver" load "$work/load" --operations 500 --hocon "$least auto }"
expected="AioContextException"
row "fs.aio-max-nr used up: linux-aio by name" "$typed" dotnet "$driver" load "$work/load" --operations 500 --hocon "$least linux-aio }"
sysctl -qw fs.aio-max-nr="$aio_max_nr"

echo "$([ $failed = 0 ] && echo "all rows ok" || echo "rows FAILED") in $SECONDS s"
exit $failed
