#!/usr/bin/env bash
# make-certificates.sh DIR NODE…: certificates for config/node-tls.conf. NODE is an address or name that a node is reached by, such as 10.0.0.1.
# Makes DIR/ca.crt and ca.key once, and DIR/NODE.pfx for each. Each machine gets ca.crt and its own .pfx; ca.key stays where it was made.
# PASSWORD: that of the .pfx files, "secret" without it.
set -euo pipefail
[ $# -ge 2 ] || { sed -n '2,4s/^# //p' "$0"; exit 2; }
mkdir -p "$1"
cd "$1"
shift
umask 077
log=$(mktemp)
trap 'rm -f "$log"' EXIT
run() { openssl "$@" >"$log" 2>&1 || { cat "$log" >&2; exit 1; }; }

[ -e ca.key ] || run req -x509 -newkey rsa:3072 -nodes -days 3650 -subj "/CN=files authority" -keyout ca.key -out ca.crt
for node in "$@"; do
  [[ $node =~ ^[0-9.]+$|: ]] && name="IP:$node" || name="DNS:$node"
  run req -newkey rsa:3072 -nodes -subj "/CN=$node" -addext "subjectAltName=$name" -keyout "$node.key" -out "$node.csr"
  run x509 -req -in "$node.csr" -CA ca.crt -CAkey ca.key -CAcreateserial -days 825 -copy_extensions copy -out "$node.crt"
  run pkcs12 -export -in "$node.crt" -inkey "$node.key" -certfile ca.crt -passout "pass:${PASSWORD:-secret}" -out "$node.pfx"
  rm "$node.key" "$node.csr" "$node.crt"
done
