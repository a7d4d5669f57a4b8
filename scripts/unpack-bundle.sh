#!/bin/sh
# Unpacks a bundle and compares every file with its sha256. Arguments: archive, folder.
set -eu
archive=$1 folder=$2
rm -rf "$folder"
mkdir -p "$folder.new"
trap 'rm -rf "$folder.new"' EXIT
tar --extract --file "$archive" --directory "$folder.new" --no-same-owner
(cd "$folder.new" && sha256sum --check --strict --quiet SHA256SUMS)
mv "$folder.new" "$folder"
