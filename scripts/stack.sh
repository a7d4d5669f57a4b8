#!/bin/sh
# What `make up`, `make down` and `make recover` do with a stack, step by step and with the time each took.
set -eu
cd "$(dirname "$0")/.."
command=$1 stack=$2 servers=$3
eval "$(scripts/environment.sh)"
begun=$(date +%s)

say() { echo "== $* ($(($(date +%s) - begun)) s)"; }

lab() { .venv/bin/python -m bareplane_lab "$@"; }

selected() { pulumi stack select "$stack" 2>/dev/null; }

# The lab's workers are a matter of how many servers there are; a stack with servers of its own has them in its file.
workers() {
    count=2 list=""
    while [ "$count" -le "$servers" ]; do
        list="$list\"server-$count\","
        count=$((count + 1))
    done
    echo "[${list%,}]"
}

case $command in
    up)
        if grep -q '\.lab/inventory' "stacks/Pulumi.$stack.yaml"; then
            say "lab: $servers servers"
            lab up --servers "$servers" --directory .lab
        fi
        selected || pulumi stack init "$stack"
        say "pulumi up of stack $stack"
        if [ "$servers" != 3 ]; then
            pulumi config set --path 'bareplane-stacks:cluster.workers' "$(workers)"
        fi
        pulumi up --yes --skip-preview
        (umask 077 && pulumi stack output kubeconfig --show-secrets >.state/kubeconfig)
        say "cluster up"
        if command -v kubectl >/dev/null 2>&1; then
            kubectl --kubeconfig .state/kubeconfig get nodes -o wide
        else
            pulumi stack output nodes
        fi
        echo "kubeconfig: $PWD/.state/kubeconfig"
        ;;
    down)
        if selected; then
            say "pulumi destroy of stack $stack"
            pulumi destroy --yes --skip-preview
            pulumi stack rm --yes --preserve-config "$stack"
            rm -f .state/kubeconfig
        fi
        if [ -d .lab ]; then
            say "lab down"
            lab down --directory .lab
        fi
        say "all gone"
        ;;
    recover)
        selected || { echo "there is no stack $stack; stacks are:" && pulumi stack ls && exit 1; }
        say "ending the interrupted run's lock"
        pulumi cancel --yes
        say "reading what is there; pending creates are forgotten, and adopted by the next up"
        pulumi refresh --yes --skip-preview --clear-pending-creates
        echo "recovered: run \`make up\` again, or \`pulumi up\`"
        ;;
esac
