#!/bin/sh
# Prints what a shell needs to run `pulumi` on this clone's stacks: eval "$(make -s env)".
set -eu
root=$(cd "$(dirname "$0")/.." && pwd)
state=${BAREPLANE_STATE:-$root/.state}
if [ ! -f "$state/passphrase" ]; then
    (umask 077 && mkdir -p "$state" && head -c 24 /dev/urandom | od -An -tx1 | tr -d ' \n' >"$state/passphrase")
fi
tools=$("$root/.venv/bin/python" -m bareplane_provider.catalog toolchain-path)
cat <<END
export PATH='$root/.venv/bin:$tools':"\$PATH"
export VIRTUAL_ENV='$root/.venv'
export PULUMI_BACKEND_URL='${PULUMI_BACKEND_URL:-file://$state}'
export PULUMI_CONFIG_PASSPHRASE_FILE='${PULUMI_CONFIG_PASSPHRASE_FILE:-$state/passphrase}'
export PULUMI_SKIP_UPDATE_CHECK=1
# pulumi-docker is among our packages: each run would wait for its plugin's download, whether the stack uses it or not.
export PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION="\${PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION:-true}"
# Phases wait for machines, not for this computer's processor: Pulumi's own limit of 4 for each core is too low.
export PULUMI_PARALLEL="\${PULUMI_PARALLEL:-32}"
END
