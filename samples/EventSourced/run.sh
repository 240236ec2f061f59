#!/usr/bin/env bash
# A shop of many persistent actors, killed with -9 in the middle of orders, KILLS times: what was acknowledged is there again, to the cent.
#   CUSTOMERS=10000 KILLS=3 samples/EventSourced/run.sh
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d "${TMPDIR:-/tmp}/akka-aio-shop.XXXXXX")
trap 'rm -rf "$work"' EXIT
customers=${CUSTOMERS:-10000} kills=${KILLS:-3}
dotnet build -c Release -v quiet --nologo "$here"
shop=("dotnet" "$here/bin/Release/net10.0/AkkaAio.Samples.EventSourced.dll" "$work/store" "$customers")

for ((kill = 1; kill <= kills; kill++)); do
  : >"$work/out.$kill"
  "${shop[@]}" 1000 >"$work/out.$kill" &
  pid=$!
  until [ "$(grep -c ^ordered "$work/out.$kill")" -ge $((customers + customers * kill / 3)) ]; do
    kill -0 "$pid" 2>/dev/null || { echo "the shop ended by itself:"; tail -3 "$work/out.$kill"; exit 1; }
    sleep 0.05
  done
  kill -9 "$pid"
  wait "$pid" 2>/dev/null || true
done
"${shop[@]}" 0 >"$work/out.$((kills + 1))"

# Each start must have what was acknowledged before it, or more: an order that was not acknowledged may be there.
awk '
  $1 == "has" && !($3 >= orders[$2] && $4 >= spent[$2]) { print "customer " $2 " has " $3 " orders, " orders[$2] " were acknowledged"; lost++ }
  $1 == "has" || $1 == "ordered" { if ($3 > orders[$2]) { orders[$2] = $3; spent[$2] = $4 } }
  $1 == "ordered" { acknowledged++ }
  $1 == "has" { customers[$2] = 1 }
  END { print length(customers) " customers, " acknowledged " orders acknowledged, " lost + 0 " customers lost some"; exit lost > 0 || acknowledged == 0 }
' $(seq -f "$work/out.%g" 1 $((kills + 1)))
