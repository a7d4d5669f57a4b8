#!/bin/sh
# `make soak`: what takes too long for `make test`, and the document that says what came of it.
# BAREPLANE_SOAK_MINUTES: how long faults are tried, 30 unless said.
set -eu
cd "$(dirname "$0")/.."
figures=$(mktemp)
trap 'rm -f "$figures" "$figures.md"' EXIT
export BAREPLANE_SOAK=1 BAREPLANE_FIGURES="$figures"
status=0
.venv/bin/pytest -q tests/provider/conformance tests/unit/injection tests/provider/injection "$@" || status=$?
.venv/bin/pytest -q tests/e2e/test_canaries.py tests/e2e/test_killed.py || status=$?
.venv/bin/python -m tests.provider.conformance.document "$figures" >"$figures.md" || status=$?
[ -s "$figures.md" ] || exit "$status"
cat "$figures.md" >docs/conformance.md
echo "written: docs/conformance.md"
exit "$status"
