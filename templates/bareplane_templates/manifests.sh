# Prints the static-pod manifests that kubeadm would write; its configuration comes on standard input.
# Arguments: kubeadm, then one of its phases, such as `etcd local`.
set -eu
umask 077
kubeadm=$1
shift
folder=$(mktemp -d /run/bareplane-manifests.XXXXXX)
trap 'rm -rf "$folder"' EXIT
KUBEADM_INIT_DRYRUN_DIR=$folder "$kubeadm" init phase "$@" --config /dev/stdin --dry-run >"$folder/output" 2>&1 || {
    tail -n 15 "$folder/output" >&2
    exit 1
}
for manifest in "$folder"/*.yaml; do
    echo ---
    cat "$manifest"
done
