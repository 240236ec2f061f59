#!/usr/bin/env bash
# The packages as users get them: packed into a folder feed, looked into, and used by fresh programs that have nothing else of ours, with the
# oldest and the newest Akka that we say they work with. Needs a feed that has Akka, python3, curl and git.
set -euo pipefail
cd "$(dirname "$0")/../.."
root=$PWD

work=$(mktemp -d "${TMPDIR:-/tmp}/akka-aio-packaging.XXXXXX")
server=
stop() {
  [ -z "$server" ] || { kill "$server" 2>/dev/null || true; wait "$server" 2>/dev/null || true; }
  rm -rf "$work"
}
trap stop EXIT
trap 'echo "packaging: line $LINENO failed"' ERR

since=$SECONDS
step() { echo "packaging: $1: $((SECONDS - since)) s"; since=$SECONDS; }
# quiet COMMAND…: its output only if it fails.
quiet() { "$@" >"$work/log" 2>&1 || { cat "$work/log"; return 1; }; }
fail() { echo "packaging: $*"; exit 1; }
property() { sed -n "s:.*<$1>\(.*\)</$1>.*:\1:p" Directory.Build.props; }
central() { sed -n "s:.*Include=\"$1\" Version=\"\([^\"]*\)\".*:\1:p" "$root/Directory.Packages.props"; }

version=$(property Version)
range=$(property AkkaRange)
oldest=${range#\[}; oldest=${oldest%%,*}
newest=$(central Akka)
projects=$(grep -l '<IsPackable>true</IsPackable>' src/*/*.csproj)
[ -n "$version" ] && [ -n "$oldest" ] && [ -n "$newest" ] && [ -n "$projects" ]

# A clone's origin is often a folder; that an address comes into the package is seen with one that is set here.
export MSBUILDDISABLENODEREUSE=1 DOTNET_NOLOGO=1 DOTNET_CLI_TELEMETRY_OPTOUT=1
repository=https://example.org/akka-aio.git
for project in $projects; do
  quiet dotnet pack -c Release "$project" -o "$work/feed" -p:PrivateRepositoryUrl=$repository
done
step pack
# shellcheck disable=SC2086
printf '%s\n' $projects | sed 's:.*/::; s:\.csproj$::' |
  python3 tests/packaging/check.py "$work/feed" "$version" "$range" "$(git rev-parse HEAD)" $repository
[ "$(ls "$work/feed" | wc -l)" = $((2 * $(wc -w <<<"$projects"))) ] || fail "foreign files in the feed: $(ls "$work/feed")"
step check

# A package cache of its own: ours have the same version at each run. All others come from the user's cache, where they are there.
cache=${NUGET_PACKAGES:-$HOME/.nuget/packages}
mkdir "$work/others"
for package in "$cache"/*; do
  case ${package##*/} in
    akkaaio*) ;;
    *) [ ! -d "$package" ] || ln -s "$package" "$work/others/" ;;
  esac
done
export NUGET_PACKAGES="$work/packages"
cat >"$work/nuget.config" <<XML
<configuration>
  <packageSources><add key="packed" value="$work/feed" /></packageSources>
  <fallbackPackageFolders><add key="others" value="$work/others" /></fallbackPackageFolders>
</configuration>
XML

# fresh TEMPLATE NAME PACKAGE: a new program that references the package, as a user makes it.
fresh() {
  quiet dotnet new "$1" -o "$work/$2"
  (cd "$work/$2" && quiet dotnet add package "$3")
}
# with_akka NAME VERSION PACKAGE…: builds the program with this version of these packages of Akka.
with_akka() {
  local name=$1 akka=$2 package
  shift 2
  for package in "$@"; do
    (cd "$work/$name" && quiet dotnet add package "$package" --version "$akka")
  done
  quiet dotnet build "$work/$name" -o "$work/$name/out"
  grep -q "\"Akka/$akka\"" "$work/$name/out/$name.deps.json" || fail "$name was to be built with Akka $akka"
}
# prints NAME LINE: the program ends well, and prints this line beside what Akka logs.
prints() {
  local said
  said=$(cd "$work/$1" && timeout 60 dotnet "out/$1.dll") || fail "$1 failed: $said"
  grep -qx "$2" <<<"$said" || fail "$1 printed '$said', and no line '$2'"
}
# sample PAGE NAME: the page's sample of this name.
sample() { awk -v start="<!-- sample: $2 -->" '$0 == start { on = 1; getline; next } on && /^```/ { exit } on' "$1"; }

# serves: the web program answers on a port of its choice: I/O, health, and metrics whose buckets tell 100 µs from 10 ms.
serves() {
  : >"$work/site.log"
  (cd "$work/site" && exec dotnet out/site.dll --urls http://127.0.0.1:0) >"$work/site.log" 2>&1 &
  server=$!
  local address= bucket
  for _ in $(seq 300); do
    address=$(sed -n 's/.*Now listening on: //p' "$work/site.log")
    [ -z "$address" ] && kill -0 $server 2>/dev/null || break
    sleep 0.1
  done
  [ -n "$address" ] || { cat "$work/site.log"; fail "the web program did not start"; }
  [ "$(curl -sS --fail "$address/disk")" = disk ] || { cat "$work/site.log"; fail "/disk is not served"; }
  [ "$(curl -sS --fail "$address/healthz")" = Healthy ] || { cat "$work/site.log"; fail "/healthz is not Healthy"; }
  curl -sS --fail "$address/metrics" >"$work/metrics"
  for bucket in 0.0001 0.01; do
    grep -q "^akka_io_aio_.*_bucket{.*le=\"$bucket\"" "$work/metrics" || { cat "$work/metrics"; fail "/metrics has no bucket up to $bucket s"; }
  done
  kill $server
  wait $server || fail "the web program ended with $?"
  server=
}

fresh console hello AkkaAio
sample README.md program >"$work/hello/Program.cs"
[ -s "$work/hello/Program.cs" ] || fail "README.md has no sample 'program'"
with_akka hello "$oldest"
prints hello disk
step "console, Akka $oldest"
with_akka hello "$newest" Akka
prints hello disk
step "console, Akka $newest"

# The page's log: what it says to be appended is recovered after kill -9.
fresh console records AkkaAio
{ printf 'using System.Buffers.Binary;\nusing System.Security.Cryptography;\nusing AkkaAio;\n'; sample docs/start.md log; } >"$work/records/Log.cs"
sample docs/start.md start >"$work/records/Program.cs"
[ -s "$work/records/Program.cs" ] || fail "docs/start.md has no sample 'start'"
quiet dotnet build "$work/records" -o "$work/records/out"
appended=0
for _ in 1 2 3; do
  : >"$work/said"
  (cd "$work/records" && exec dotnet out/records.dll) >"$work/said" 2>&1 & server=$!
  until grep -q ^appended "$work/said" && [ "$(grep -c ^appended "$work/said")" -ge 20 ]; do
    kill -0 $server 2>/dev/null || fail "the log of docs/start.md ended: $(cat "$work/said")"
    sleep 0.1
  done
  kill -9 $server; wait $server 2>/dev/null || true; server=
  recovered=$(sed -n 's/^recovered //p' "$work/said")
  [ "$recovered" -ge "$appended" ] || fail "docs/start.md: $appended appended, $recovered recovered"
  appended=$(sed -n 's/^appended \([0-9]*\)$/\1/p' "$work/said" | sed '$ d' | tail -n 1) # without a line that the kill cut off
done
step "the log of docs/start.md: $appended records, three kills"

fresh console kit AkkaAio.TestKit
sample docs/testing.md kit >"$work/kit/Program.cs"
[ -s "$work/kit/Program.cs" ] || fail "docs/testing.md has no sample 'kit'"
quiet dotnet build "$work/kit" -o "$work/kit/out"
prints kit EIO
step "test kit"

fresh console node AkkaAio.Cluster
cp tests/packaging/cluster/Program.cs "$work/node/"
with_akka node "$oldest"
prints node disk
step "cluster, Akka $oldest"
with_akka node "$newest" Akka Akka.Streams
prints node disk
step "cluster, Akka $newest"

# The page's counter counts on from where the run before it ended, also with another Akka.
fresh console counting AkkaAio.Persistence
sample docs/persistence.md program >"$work/counting/Program.cs"
[ -s "$work/counting/Program.cs" ] || fail "docs/persistence.md has no sample 'program'"
with_akka counting "$oldest"
prints counting 3
step "persistence, Akka $oldest"
with_akka counting "$newest" Akka Akka.Persistence
prints counting 6
step "persistence, Akka $newest"

fresh console copy AkkaAio.Streams
cp tests/packaging/streams/Program.cs "$work/copy/"
with_akka copy "$oldest"
prints copy disk
step "streams, Akka $oldest"
with_akka copy "$newest" Akka Akka.Streams
prints copy disk
step "streams, Akka $newest"

fresh web site AkkaAio.Hosting
(
  cd "$work/site"
  quiet dotnet add package OpenTelemetry.Extensions.Hosting --version "$(central OpenTelemetry.Extensions.Hosting)"
  quiet dotnet add package OpenTelemetry.Exporter.Prometheus.AspNetCore --version "$(central OpenTelemetry.Exporter.Prometheus.AspNetCore)"
)
# The sample, and one more route, so that there is something to measure.
sample docs/hosting.md web | sed 's|^await app.RunAsync();|app.MapGet("/disk", async (Akka.Actor.ActorSystem system) =>\
{\
    await using var file = await AkkaAio.AioExt.Get(system).OpenAsync("disk.bin", new() { Mode = FileMode.Create, Access = FileAccess.ReadWrite });\
    await file.WriteAsync(new byte[4096], offset: 0);\
    return "disk";\
});\
&|' >"$work/site/Program.cs"
for akka in "$oldest" "$newest"; do
  [ "$akka" = "$oldest" ] && with_akka site "$akka" || with_akka site "$akka" Akka.Hosting
  serves
  step "web, Akka $akka"
done

echo "packaging: $(wc -w <<<"$projects") packages of $version, Akka $oldest and $newest: ok"
