#!/bin/sh
# Gathers in /gathered what a built workspace needs to run: production dependencies, compiled JavaScript, and what that
# reads beside itself. Run in an image that is being built.
#
#   sh docker/gather.sh WORKSPACE FOLDER...
set -eu

workspace=$1
shift

mkdir -p /gathered
cp package.json package-lock.json /gathered/
for package in proto common native iris-service graph-service cli test bench; do
  mkdir -p "/gathered/$package"
  cp "$package/package.json" "/gathered/$package/"
done
(cd /gathered && npm ci --omit=dev --workspace "$workspace" --no-audit --no-fund --loglevel=error)

for folder in "$@"; do
  for part in dist browser/static browser/dist migrations bin node-setup irispair grpc build/irispair_native.node; do
    [ -e "$folder/$part" ] || continue
    mkdir -p "/gathered/$folder/$(dirname "$part")"
    cp -r "$folder/$part" "/gathered/$folder/$part"
  done
done

cd /gathered
for package in proto common native iris-service graph-service cli test bench; do
  case " $* " in
    *" $package "*) ;;
    *) rm -r "$package" ;;
  esac
done
# Types, source maps and tests help nobody here. Links to folders that are not gathered lead nowhere.
find . -type f \( -name '*.d.ts' -o -name '*.d.mts' -o -name '*.d.cts' -o -name '*.map' -o -name .tsbuildinfo \) -exec rm {} +
find "$@" -name '*.test.js' -exec rm {} +
find node_modules -xtype l -exec rm {} +
rm package-lock.json
