#!/bin/sh
# Renders the examples. What is committed below k8s/eks/examples must be what this writes: a test compares.
#
#   sh k8s/eks/render-examples.sh DIRECTORY
set -eu

here=$(dirname "$0")
directory=${1:?give a directory}

render() { # TYPE MODE CAPACITY
  target=$directory/$1-$2-$3
  mkdir -p "$target"
  for form in eksctl.yaml karpenter.yaml launch-template.txt bottlerocket.toml kubelet.yaml values.yaml; do
    node "$here/../../cli/bin/irispair.js" nodes render "${form%.*}" --instance "$1" --mode "$2" --capacity "$3" \
      --cluster irispair --region eu-central-1 --kubernetes-version 1.35 > "$target/$form"
  done
  node "$here/../../cli/bin/irispair.js" nodes plan --instance "$1" --mode "$2" --capacity "$3" --json > "$target/plan.json"
}

render c5.18xlarge plain 1000000
render m8g.48xlarge shared 2000000
