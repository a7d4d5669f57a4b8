# Prints the static-pod manifests that kubeadm would write; its configuration comes on standard input.
set -eu
umask 077
folder=$(mktemp -d /run/bareplane-manifests.XXXXXX)
trap 'rm -rf "$folder"' EXIT
KUBEADM_INIT_DRYRUN_DIR=$folder "$1" init phase control-plane all --config /dev/stdin --dry-run >"$folder/output" 2>&1 || {
    tail -n 15 "$folder/output" >&2
    exit 1
}
for component in kube-apiserver kube-controller-manager kube-scheduler; do
    echo ---
    cat "$folder/$component.yaml"
done
