#!/bin/sh
# Writes docker/.env for this machine, and a password for the database when there is none.
#
#   sh docker/make-env.sh            # writes docker/.env; what stood there is kept in docker/.env.old
#   sh docker/make-env.sh --print    # prints it, writes nothing
#
# 1. The nodes that can be used have CPUs and memory, as the kernel tells them.
# 2. Two or more: the graph service gets the CPUs of the first, the iris service those of the second, unless
#    IRIS_MPC_NUMA_TOKIO_NODE and IRIS_MPC_NUMA_WORKER_NODE name others. One: both get all of its CPUs.
# 3. hugetlbfs of 2 MiB pages is handed on when it is mounted.
#
# --root DIR reads DIR/sys and DIR/proc in place of the machine's.
set -eu

here=$(dirname "$0")
root=
print=no
while [ $# -gt 0 ]; do
  case "$1" in
    --print) print=yes ;;
    --root)
      [ $# -ge 2 ] || { echo "make-env.sh: --root: give a directory" >&2; exit 2; }
      root=$2
      shift
      ;;
    *)
      echo "usage: sh docker/make-env.sh [--print] [--root DIR]" >&2
      exit 2
      ;;
  esac
  shift
done

fail() {
  echo "make-env.sh: $1" >&2
  exit 1
}

nodes_directory=$root/sys/devices/system/node

cpus_of() { cat "$nodes_directory/node$1/cpulist"; }

is_usable() {
  [ -n "$(cpus_of "$1")" ] && grep -Eq 'MemTotal: +[1-9]' "$nodes_directory/node$1/meminfo"
}

# Ascending; numbering may have gaps.
known=$(
  for directory in "$nodes_directory"/node[0-9]*; do
    if [ -d "$directory" ]; then echo "${directory##*/node}"; fi
  done | sort -n | tr '\n' ' '
)
known=${known% }
usable=
for node in $known; do
  if is_usable "$node"; then usable="$usable $node"; fi
done
usable=${usable# }

# The node that a setting names. A wrong one is told rather than written down.
check_named() {
  case " $known " in
    *" $2 "*) ;;
    *) fail "$1=$2: there is no such node here: the nodes are $known" ;;
  esac
  case " $usable " in
    *" $2 "*) ;;
    *) fail "$1=$2: that node lacks CPUs or memory: choose among $usable" ;;
  esac
}

first_other_than() {
  for node in $usable; do
    if [ "$node" != "$1" ]; then
      echo "$node"
      return
    fi
  done
}

graph_node=${IRIS_MPC_NUMA_TOKIO_NODE:-}
iris_node=${IRIS_MPC_NUMA_WORKER_NODE:-}
[ -z "$graph_node" ] || check_named IRIS_MPC_NUMA_TOKIO_NODE "$graph_node"
[ -z "$iris_node" ] || check_named IRIS_MPC_NUMA_WORKER_NODE "$iris_node"
graph_node=${graph_node:-$(first_other_than "$iris_node")}
iris_node=${iris_node:-$(first_other_than "$graph_node")}

if [ -n "$graph_node" ] && [ "$graph_node" = "$iris_node" ]; then
  fail "IRIS_MPC_NUMA_TOKIO_NODE and IRIS_MPC_NUMA_WORKER_NODE both name node $graph_node: name two, or neither"
fi

if [ -n "$graph_node" ] && [ -n "$iris_node" ]; then
  what="the graph service on node $graph_node, the iris service on node $iris_node"
  graph_cpus=$(cpus_of "$graph_node")
  iris_cpus=$(cpus_of "$iris_node")
else
  what="one NUMA node, which both services share"
  graph_node=
  iris_node=
  # A kernel without NUMA support has no nodes: then Docker gives all CPUs.
  graph_cpus=$([ -z "$usable" ] || cpus_of "$usable")
  iris_cpus=$graph_cpus
fi

hugetlbfs=$(awk '$3 == "hugetlbfs" && $4 ~ /pagesize=2M/ { print $2; exit }' "$root/proc/mounts")

write_env() {
  cat <<EOF
# Made by docker/make-env.sh for this machine: $what.
# CPUs in the kernel's list notation. Run it again when the machine changes.
COMPOSE_PROJECT_NAME=irispair
IRISPAIR_GRAPH_CPUS=$graph_cpus
IRISPAIR_IRIS_CPUS=$iris_cpus
IRIS_MPC_NUMA_TOKIO_NODE=$graph_node
IRIS_MPC_NUMA_WORKER_NODE=$iris_node
EOF
  if [ -n "$hugetlbfs" ]; then
    echo "IRISPAIR_HUGETLBFS_SOURCE=$hugetlbfs"
  else
    echo "# No hugetlbfs of 2 MiB pages is mounted: IRISPAIR_HUGETLBFS_SOURCE is left out."
  fi
  cat <<EOF
# Without these two lines the pair and its database run alone.
COMPOSE_PROFILES=observability
OTEL_EXPORTER_OTLP_ENDPOINT=http://otel-collector:4317
EOF
}

if [ "$print" = yes ]; then
  write_env
  exit 0
fi

new=$(write_env)
if [ -e "$here/.env" ] && [ "$new" != "$(cat "$here/.env")" ]; then
  mv "$here/.env" "$here/.env.old"
  echo "what stood in $here/.env is in $here/.env.old now" >&2
fi
printf '%s\n' "$new" > "$here/.env"
echo "wrote $here/.env: $what" >&2

# Containers read the file as users of their own; the directory keeps everybody else out.
password=$here/secrets/postgres-password
if [ ! -e "$password" ]; then
  (umask 077 && mkdir -p "$here/secrets")
  od -An -N16 -tx1 /dev/urandom | tr -d ' \n' > "$password"
  chmod 444 "$password"
  echo "wrote $password" >&2
fi
