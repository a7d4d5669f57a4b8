#!/bin/sh
# `make bundle`: everything that `pulumi up` of a stack takes from outside, in one archive. Arguments: stack, archive.
# BAREPLANE_ARCHES: the servers' architectures, where they are not this computer's: "amd64 arm64".
set -eu
cd "$(dirname "$0")/.."
stack=$1 output=$2
eval "$(scripts/environment.sh)"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
pulumi stack select "$stack" 2>/dev/null || pulumi stack init "$stack"
echo "== what stack $stack takes, from its preview" >&2
pulumi preview --json >"$work/preview.json" || { tail -n 20 "$work/preview.json" >&2; exit 1; }
echo "== Python packages" >&2
.venv/bin/pip download --quiet --dest "$work/wheels" '.[dev]' hatchling editables
set --
for arch in ${BAREPLANE_ARCHES:-}; do
    set -- "$@" --arch "$arch"
done
.venv/bin/python -m bareplane_provider.bundle --preview "$work/preview.json" --wheels "$work/wheels" --output "$output" "$@"
