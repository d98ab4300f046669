#!/bin/sh
# The one list of system packages. Installs those of a group that are missing, when root on Debian or Ubuntu; otherwise
# names them in one line and fails.
#
#   sh scripts/packages.sh build|test|docker|ci
set -eu

build="g++ cmake make"
test="$build libgtest-dev libsimde-dev postgresql openssl prometheus"
docker="debootstrap docker.io docker-compose iproute2"
ci="$test clang clang-format libclang-rt-14-dev shellcheck"

case "${1:-}" in
  build) wanted=$build ;;
  test) wanted=$test ;;
  docker) wanted=$docker ;;
  ci) wanted=$ci ;;
  *) echo "usage: sh scripts/packages.sh build|test|docker|ci" >&2; exit 2 ;;
esac

# What a package is for, by a file or command that it brings.
present() {
  case "$1" in
    g++) command -v c++ || command -v g++ ;;
    libgtest-dev) test -e /usr/include/gtest/gtest.h ;;
    libsimde-dev) test -e /usr/include/simde/x86/avx512.h ;;
    libclang-rt-14-dev) test -e /usr/lib/llvm-14/lib/clang ;;
    docker.io) command -v dockerd ;;
    iproute2) command -v ip ;;
    # Debian keeps its programs by version, out of the path.
    postgresql) ls /usr/lib/postgresql/*/bin/initdb ;;
    *) command -v "$1" ;;
  esac >/dev/null 2>&1
}

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
