#!/usr/bin/env bash
# The demo and some of the tests in what users run it in: no root, no capability, a read-only root, io_uring refused, fs.aio-max-nr nearly used
# up, a cgroup of 300 MiB, few descriptors. Each row gives the right result, or fails with one clear sentence. Needs root and python3.
set -euo pipefail
cd "$(dirname "$0")/.."
[ "$(id -u)" = 0 ] || { echo "needs root: cgroups, mounts, sysctl"; exit 1; }

limit=$((300 << 20))
work=$(mktemp -d "${TMPDIR:-/tmp}/akka-aio-container.XXXXXX")
if [ -d /sys/fs/cgroup/memory ]; then
  group=/sys/fs/cgroup/memory/akka-aio-container-$$ limit_file=memory.limit_in_bytes # version 1
else
  group=/sys/fs/cgroup/akka-aio-container-$$ limit_file=memory.max
  echo +memory >/sys/fs/cgroup/cgroup.subtree_control
fi
holder=
release() {
  [ -z "$holder" ] || { kill "$holder" 2>/dev/null || true; wait "$holder" 2>/dev/null || true; }
  holder=
}
stop() {
  release
  for _ in $(seq 50); do rmdir "$group" 2>/dev/null && break; [ -d "$group" ] || break; sleep 0.1; done
  rm -rf "$work"
}
trap stop EXIT
trap 'echo "container: line $LINENO failed"' ERR
mkdir "$group"
echo $limit >"$group/$limit_file"

for project in src/Demo samples/Journal tests/Actors.Tests; do
  dotnet build -c Release -v quiet --nologo $project >"$work/log" 2>&1 || { cat "$work/log"; exit 1; }
done
chmod 755 "$work"
mkdir "$work/home" "$work/home/many"
cp -r src/Demo/bin/Release/net10.0 "$work/demo"
cp -r samples/Journal/bin/Release/net10.0 "$work/journal"
cp -r tests/Actors.Tests/bin/Release/net10.0 "$work/tests"
cp tests/without-io-uring.py "$work/"
head -c 320M /dev/urandom >"$work/home/large"
for i in $(seq 500); do echo "$i" >"$work/home/many/$i"; done
chown -R 65534:65534 "$work/home"
demo=$work/demo/AkkaAio.Demo.dll
# Not by "dotnet test", which writes to /tmp.
vstest=$(dirname "$(readlink -f "$(command -v dotnet)")")/sdk/$(dotnet --version)/vstest.console.dll

# inside COMMAND…: runs it there, in the folder home, which alone can be written to. descriptors: RLIMIT_NOFILE.
descriptors=256
inside() {
  unshare --mount --propagation private bash -c '
    set -e
    work=$1 group=$2 descriptors=$3
    shift 3
    echo $$ >"$group/cgroup.procs"
    mount --bind "$work/home" "$work/home"
    mount -o remount,bind,ro /
    cd "$work/home"
    exec python3 "$work/without-io-uring.py" prlimit --nofile="$descriptors" \
      setpriv --reuid 65534 --regid 65534 --clear-groups --inh-caps=-all --bounding-set=-all \
      env -i PATH="$PATH" HOME="$work/home" TMPDIR="$work/home" DOTNET_NOLOGO=1 DOTNET_CLI_TELEMETRY_OPTOUT=1 "$@"
  ' - "$work" "$group" "$descriptors" "$@"
}

failed=0
# row NAME CHECK COMMAND…: runs it inside, and then CHECK, a shell condition over $out, $err and $code.
row() {
  local name=$1 check=$2 out err code=0 verdict=ok since=$SECONDS
  shift 2
  out=$(inside timeout 120 "$@" 2>"$work/err") || code=$?
  err=$(cat "$work/err")
  eval "$check" || verdict=FAILED
  printf '%-52s %-6s %3d s  %s\n' "$name" $verdict $((SECONDS - since)) "$(printf '%s\n%s' "$out" "$err" | sed '/^$/d' | tail -n 1 | cut -c 1-200)"
  [ $verdict = ok ] || { failed=1; echo "exit code $code"; printf '%s\n%s\n' "$out" "$err" | tail -n 20; }
}
right_sum='[ $code = 0 ] && [[ $out == *"sum 499500 expected 499500 blocks 1000 ok"* ]]'
# The program fails and says why: one line, which ends its output.
sentence='[ $code = 1 ] && [ "$(wc -l <<<"$err")" = 1 ] && [[ $err == *"$said"* ]]'
# leave COUNT: another process takes all of fs.aio-max-nr but this.
leave() {
  release
  python3 -c '
import ctypes, platform, sys, time
setup = 0 if platform.machine() == "aarch64" else 206
read = lambda name: int(open("/proc/sys/fs/" + name).read())
count = read("aio-max-nr") - read("aio-nr") - int(sys.argv[1])
context = ctypes.c_ulong(0)
if count > 0 and ctypes.CDLL(None).syscall(setup, ctypes.c_uint(count), ctypes.byref(context)):
    sys.exit(f"io_setup({count}) failed")
print("taken", flush=True)
time.sleep(600)
' "$1" >"$work/holder" &
  holder=$!
  until [ -s "$work/holder" ]; do kill -0 $holder || { echo "fs.aio-max-nr could not be taken"; exit 1; }; sleep 0.05; done
}

row "is a container" '[ "$out" = "65534 256 ro" ]' \
  sh -c 'echo $(id -u) $(ulimit -n) $(touch /akka-aio 2>/dev/null || touch /tmp/akka-aio 2>/dev/null || echo ro)'
echo 'akka.io.aio.buffer-pool.budget = 1 GiB' >"$work/large-budget.conf"
row "a buffer budget above the memory is lowered" "$right_sum"' && [[ $err == *"buffer-pool.budget is 117964800 bytes instead of 1073741824"* ]]' \
  dotnet "$demo" sum --config "$work/large-budget.conf"
said=io-uring
row "io-uring by name" "$sentence" dotnet "$demo" sum --ioengine io-uring
row "journal: 2000 records, and their recovery" '[ $code = 0 ] && [ "$(grep -c ^recovered <<<"$out")" = 2000 ]' \
  sh -c 'dotnet "$0" journal 2000 && dotnet "$0" journal 0' "$work/journal/Journal.dll"
row "copy of more than the memory" '[ $code = 0 ] && cmp "$work/home/large" "$work/home/copy"' dotnet "$demo" copy large copy
descriptors=128
row "500 files, 128 descriptors" '[ $code = 0 ] && [ "$out" = "$(cd "$work/home" && find many -type f | LC_ALL=C sort | xargs sha256sum)" ]' \
  dotnet "$demo" hash many
descriptors=256
leave 100
row "fs.aio-max-nr leaves 100: sum" "$right_sum" dotnet "$demo" sum
row "fs.aio-max-nr leaves 100: tests" '[ $code = 0 ] && [[ $out == *"Passed!"* || $out == *"Test Run Successful"* ]]' \
  dotnet exec "$vstest" "$work/tests/AkkaAio.Tests.dll" \
  --TestCaseFilter:'FullyQualifiedName~ScenarioSpecs|FullyQualifiedName~ReadSpecsOnThreadPool|FullyQualifiedName~ReadSpecsOnMemory'
leave 0
row "fs.aio-max-nr used up: sum on threads" "$right_sum" dotnet "$demo" sum
said=fs.aio-max-nr
row "fs.aio-max-nr used up: linux-aio by name" "$sentence" dotnet "$demo" sum --ioengine linux-aio
release

[ $failed = 0 ] && echo "container: ok"
