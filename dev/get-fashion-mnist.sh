#!/usr/bin/env bash
# Fetches Fashion-MNIST (MIT licence, 31 MB) from Debian's package dataset-fashion-mnist into a folder: dev/get-fashion-mnist.sh DIR
set -eu
target=${1:?usage: dev/get-fashion-mnist.sh DIR}
mkdir -p "$target"
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
(cd "$scratch" && apt-get download dataset-fashion-mnist && dpkg-deb -x dataset-fashion-mnist_*.deb .)
cp "$scratch"/usr/share/datasets/fashion-mnist/*.gz "$target"
ls -l "$target"
