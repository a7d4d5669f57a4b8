#!/bin/sh
# What `make up`, `make down` and `make recover` do with a stack, step by step and with the time each took.
set -eu
cd "$(dirname "$0")/.."
command=$1 stack=$2 servers=${3:-}
eval "$(scripts/environment.sh)"
kubeconfig=${BAREPLANE_STATE:-$PWD/.state}/kubeconfig
begun=$(date +%s)

say() { echo "== $* ($(($(date +%s) - begun)) s)"; }

lab() { .venv/bin/python -m bareplane_lab "$@"; }

# Whether there is such a stack; any other reason not to select it ends everything.
selected() {
    refusal=$(pulumi stack select "$stack" 2>&1) && return
    case $refusal in
        *"no stack named"*) return 1 ;;
    esac
    echo "stack $stack cannot be selected, and nothing was done: $refusal" >&2
    exit 1
}

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
        (umask 077 && pulumi stack output kubeconfig --show-secrets >"$kubeconfig")
        say "cluster up"
        "$(.venv/bin/python -m bareplane_provider.catalog path kubectl)" --kubeconfig "$kubeconfig" get nodes -o wide
        echo "kubeconfig: $kubeconfig"
        ;;
    down)
        if selected; then
            say "pulumi destroy of stack $stack"
            pulumi destroy --yes --skip-preview
            pulumi stack rm --yes --preserve-config "$stack"
            rm -f "$kubeconfig"
            # The salt of this stack's secrets, which went with it; left in the file, it would bind the next stack to it.
            sed -i '/^encryptionsalt:/d' "stacks/Pulumi.$stack.yaml"
        else
            say "there is no stack $stack: nothing to destroy"
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
