#!/bin/sh
# Reserves 2 MiB hugepages on one NUMA node and on no other, before the kubelet counts them.
#
#   sh reserve-hugepages.sh NODE PAGES
#
# 1. Pages of other nodes are given back: a pool elsewhere would be where the kubelet puts the iris container.
# 2. The node's pool is made that large. What the kernel does not find at once it may after dropping caches and compacting.
# 3. Fewer than asked for is a failure, told with what the node has: the kubelet must not start on half of it.
set -eu

tries=5

fail() {
  echo "reserve-hugepages: $1" >&2
  exit 1
}

if [ $# -ne 2 ]; then
  echo "usage: sh reserve-hugepages.sh NODE PAGES" >&2
  exit 2
fi
node=$1
pages=$2
case "$node$pages" in *[!0-9]*) fail "NODE and PAGES: give numbers, not $node and $pages" ;; esac

nodes=/sys/devices/system/node
known=
for directory in "$nodes"/node[0-9]*; do known="$known ${directory##*/node}"; done
[ -d "$nodes/node$node" ] || fail "this machine has no node $node: the nodes are$known"
pool=$nodes/node$node/hugepages/hugepages-2048kB
[ -w "$pool/nr_hugepages" ] || fail "$pool/nr_hugepages cannot be written: run as root, with a kernel that has 2 MiB hugepages"

for other in "$nodes"/node[0-9]*; do
  [ "$other" != "$nodes/node$node" ] || continue
  echo 0 > "$other/hugepages/hugepages-2048kB/nr_hugepages"
  read -r left < "$other/hugepages/hugepages-2048kB/nr_hugepages"
  [ "$left" -eq 0 ] || fail "$left hugepages of ${other##*/} are in use: reserve them on node $node alone, before anything takes them"
done

try=1
while true; do
  echo "$pages" > "$pool/nr_hugepages"
  read -r got < "$pool/nr_hugepages"
  [ "$got" -ne "$pages" ] || break
  [ "$try" -lt "$tries" ] || break
  try=$((try + 1))
  echo 3 > /proc/sys/vm/drop_caches
  [ ! -w /proc/sys/vm/compact_memory ] || echo 1 > /proc/sys/vm/compact_memory
done

if [ "$got" -ne "$pages" ]; then
  free=
  while read -r _ _ name kilobytes _; do
    [ "$name" != MemFree: ] || free=$kilobytes
  done < "$nodes/node$node/meminfo"
  fail "node $node gave $got of $pages hugepages of 2 MiB and has ${free:-an unknown number of} kB free: plan for less capacity or a larger machine (irispair nodes plan)"
fi
echo "reserve-hugepages: node $node has $got hugepages of 2 MiB, no other node has any"
