#!/bin/sh
# What `make up`, `make down` and `make recover` do with a stack, step by step and with the time each took.
set -eu
cd "$(dirname "$0")/.."
command=$1 stack=$2 servers=${3:-}
eval "$(scripts/environment.sh)"
begun=$(date +%s)

say() { echo "== $* ($(($(date +%s) - begun)) s)"; }

lab() { .venv/bin/python -m bareplane_lab "$@"; }

selected() { pulumi stack select "$stack" 2>/dev/null; }

servers_of_stack() { pulumi config get bareplane-stacks:cluster | grep -o '"server-' | wc -l; }

# Every server of the lab but the first is a worker; a stack with servers of its own names them in its file.
set_workers() {
    key=bareplane-stacks:cluster.workers
    pulumi config rm --path "$key"
    set -- config set-all --path
    count=2
    while [ "$count" -le "$servers" ]; do
        set -- "$@" --plaintext "$key[$((count - 2))]=server-$count"
        count=$((count + 1))
    done
    [ "$servers" -lt 2 ] || pulumi "$@"
}

case $command in
    up)
        selected || pulumi stack init "$stack"
        if grep -q '\.lab/inventory' "stacks/Pulumi.$stack.yaml"; then
            known=$(servers_of_stack)
            [ "${servers:=$known}" = "$known" ] || set_workers
            say "lab: $servers servers"
            scripts/system-packages.sh dockerd=docker.io mmdebstrap=mmdebstrap iptables=iptables
            lab up --servers "$servers" --directory .lab
        fi
        say "pulumi up of stack $stack"
        pulumi up --yes --skip-preview
        (umask 077 && pulumi stack output kubeconfig --show-secrets >.state/kubeconfig)
        say "cluster up"
        "$(.venv/bin/python -m bareplane_provider.catalog path kubectl)" --kubeconfig .state/kubeconfig get nodes -o wide
        echo "kubeconfig: $PWD/.state/kubeconfig"
        ;;
    down)
        if selected; then
            say "pulumi destroy of stack $stack"
            pulumi destroy --yes --skip-preview
            pulumi stack rm --yes --preserve-config "$stack"
            rm -f .state/kubeconfig
            # The salt of this stack's secrets, which went with it; left in the file, it would bind the next stack to it.
            sed -i '/^encryptionsalt:/d' "stacks/Pulumi.$stack.yaml"
        fi
        if [ -d .lab ]; then
            say "lab down"
            lab down --directory .lab
        fi
        say "all gone"
        ;;
    recover)
        .venv/bin/bareplane recover "$stack"
        ;;
esac
