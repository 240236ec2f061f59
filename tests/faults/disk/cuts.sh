# What power-cut.sh, crash-model.sh and journal-cuts.sh share, which cut the power under a writer. Source it with a name for the folder, and
# there is the disk that forgets (disk.sh), and
#   $work, $work/mnt    a folder of one's own, and in it where file systems are mounted
#   $driver             the driver's assembly, built
#   $writer             the process that is given back at the end, with mounts and devices; "" for none
#   fail TEXT…          ends the script, with what the writer said
#   mount_new xfs|ext4  a fresh file system on the disk
#   unmount, end_writer
set -u
[ "$(id -u)" = 0 ] || { echo "needs root: loop mounts"; exit 1; }
for tool in mkfs.xfs mkfs.ext4 xfs_io losetup gcc pkg-config fusermount3; do
  command -v $tool >/dev/null || { echo "$tool is missing: apt-get install xfsprogs e2fsprogs mount gcc pkg-config fuse3 libfuse3-dev"; exit 1; }
done

faults=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
work=$(mktemp -d "${TMPDIR:-/tmp}/akka-aio-$1.XXXXXX")
source "$faults/disk/disk.sh"
writer=""
cleanup() {
  [ -z "$writer" ] || kill -9 "$writer" 2>/dev/null
  umount -l "$work/mnt" 2>/dev/null
  disk_stop
  rm -rf "$work"
}
trap cleanup EXIT
trap 'exit 130' INT TERM
dotnet build -c Release -v quiet --nologo "$faults/driver" >"$work/build.log" 2>&1 || { cat "$work/build.log"; exit 1; }
driver="$faults/driver/bin/Release/net10.0/AkkaAio.FaultDriver.dll"
mkdir "$work/mnt"
disk_start $((512 << 20)) || exit 1

fail() { echo "$*"; tail -n 5 "$work/stderr"; exit 1; }

# The journal's commit of ext4, every 5 s, and its thread that zeroes inode tables flush the disk: they would cover what no writer flushed.
mount_new() {
  case $1 in
    xfs) mkfs.xfs -q -f -K "$disk_device" && mount "$disk_device" "$work/mnt" ;;
    ext4) mkfs.ext4 -q -F -E nodiscard "$disk_device" && mount -o commit=600,noinit_itable "$disk_device" "$work/mnt" ;;
  esac
}

# The kernel lets go of a killed process's files a moment after it is gone.
unmount() {
  for _ in $(seq 100); do umount "$work/mnt" 2>/dev/null && return; sleep 0.1; done
  fail "$work/mnt stays busy"
}

end_writer() {
  kill -9 $writer 2>/dev/null
  wait $writer 2>/dev/null
  writer=""
}
