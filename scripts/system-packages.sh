#!/bin/sh
# Installs the system packages that are missing for what is asked: programs as `program=package`, files as `/path=package`.
# With apt and root they are installed, with a word about it; otherwise one error names them all.
set -eu
missing=""
for pair in "$@"; do
    wanted=${pair%%=*}
    case $wanted in
        /*) [ -e "$wanted" ] && continue ;;
        *) command -v "$wanted" >/dev/null 2>&1 && continue ;;
    esac
    missing="$missing ${pair#*=}"
done
[ -n "$missing" ] || exit 0
if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null 2>&1; then
    echo "missing on this computer:$missing; install these packages (apt-get install$missing) and run the same again" >&2
    exit 1
fi
echo "installing system packages:$missing"
log=$(mktemp)
trap 'rm -f "$log"' EXIT
export DEBIAN_FRONTEND=noninteractive
# shellcheck disable=SC2086 # a list of package names
if ! { apt-get update && apt-get install --yes --no-install-recommends $missing; } >"$log" 2>&1; then
    tail -n 20 "$log" >&2
    echo "installing$missing failed; the last lines of apt are above" >&2
    exit 1
fi
