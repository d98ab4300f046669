#!/bin/sh
# The one list of system packages. Installs those of a group that are missing, when root on Debian or Ubuntu; otherwise
# names them in one line and fails.
#
#   sh scripts/packages.sh build|test|numa|docker|k8s|ci
#   sh scripts/packages.sh numa-kernel DIRECTORY    unpacks the kernel of virtual machines there, once; it is not installed
set -eu

build="g++ cmake make libssl-dev"
test="$build libgtest-dev libsimde-dev postgresql pgbouncer openssl prometheus chromium"
numa="$build qemu-system-x86 busybox-static"
docker="debootstrap docker.io docker-compose iproute2"
k8s="golang-go python3-pip shellcheck"
ci="$test $numa $k8s clang clang-format libclang-rt-14-dev"
guest_kernel="linux-image-cloud-amd64"

case "${1:-}" in
  build) wanted=$build ;;
  test) wanted=$test ;;
  numa) wanted=$numa ;;
  numa-kernel) wanted='' ;;
  docker) wanted=$docker ;;
  k8s) wanted=$k8s ;;
  ci) wanted=$ci ;;
  *) echo "usage: sh scripts/packages.sh build|test|numa|docker|k8s|ci, or numa-kernel DIRECTORY" >&2; exit 2 ;;
esac

# What a package is for, by a file or command that it brings.
present() {
  case "$1" in
    g++) command -v c++ || command -v g++ ;;
    libssl-dev) test -e /usr/include/openssl/evp.h ;;
    libgtest-dev) test -e /usr/include/gtest/gtest.h ;;
    libsimde-dev) test -e /usr/include/simde/x86/avx512.h ;;
    qemu-system-x86) command -v qemu-system-x86_64 ;;
    busybox-static) command -v busybox && ! ldd "$(command -v busybox)" ;;
    libclang-rt-14-dev) test -e /usr/lib/llvm-14/lib/clang ;;
    docker.io) command -v dockerd ;;
    iproute2) command -v ip ;;
    golang-go) command -v go ;;
    python3-pip) python3 -m pip --version ;;
    # Debian keeps its programs by version, out of the path.
    postgresql) ls /usr/lib/postgresql/*/bin/initdb ;;
    pgbouncer) test -x /usr/sbin/pgbouncer || command -v pgbouncer ;;
    *) command -v "$1" ;;
  esac >/dev/null 2>&1
}

# The package named is empty but for its dependency on the kernel of the day.
unpack_guest_kernel() { # DIRECTORY
  ls "$1"/boot/vmlinuz-* >/dev/null 2>&1 && return
  rm -rf "$1.part" && mkdir -p "$1.part"
  [ "$(id -u)" != 0 ] || apt-get update -qq
  kernel=$(apt-cache depends "$guest_kernel" | sed -n 's/^ *Depends: \(linux-image-.*\)/\1/p' | head -n 1)
  [ -n "$kernel" ] || { echo "no package $guest_kernel here: virtual machines need Debian's" >&2; return 1; }
  (cd "$1.part" && apt-get download -qq -o APT::Sandbox::User="$(id -un)" "$kernel" && dpkg-deb -x ./*.deb . && rm -rf ./*.deb lib usr)
  rm -rf "$1" && mv "$1.part" "$1"
}

if [ "$1" = numa-kernel ]; then
  unpack_guest_kernel "${2:?give a directory}"
  exit
fi

missing=""
for package in $wanted; do
  present "$package" || missing="$missing $package"
done
[ -n "$missing" ] || exit 0

if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
  export DEBIAN_FRONTEND=noninteractive
  apt-get update -qq
  # shellcheck disable=SC2086  # a list of packages
  exec apt-get install -y -qq --no-install-recommends $missing
fi
echo "missing packages, install them first:$missing" >&2
exit 1
