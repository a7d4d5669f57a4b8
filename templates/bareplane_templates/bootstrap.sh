# What kubeadm brings into a cluster once. Arguments: kubeadm, its configuration, the public half of the bootstrap token
# that kubeadm insists on making, objects to make anew (kind/namespace/name), then kubectl as the cluster's admin. The
# configuration with the token comes on standard input. Nothing that could be misused outlives this process.
set -eu
umask 077
kubeadm=$1 config=$2 token=$3 anew=$4
shift 4
folder=/run/bareplane-bootstrap
leave() {
    rm -rf "$folder"
    "$@" -n kube-system delete secret "bootstrap-token-$token" --ignore-not-found >/dev/null
}
trap 'leave "$@"' EXIT
trap 'exit 1' HUP INT TERM
# A run that was killed could not clean up.
rm -rf "$folder"
mkdir "$folder"
cat >"$folder/token.yaml"
bound=$("$@" get clusterrolebinding kubeadm:cluster-admins -o 'jsonpath={.roleRef.name} {.subjects[*].name}' || true)
if [ "$bound" != "cluster-admin kubeadm:cluster-admins" ]; then
    # Only this user may bind the admins' group to its role.
    "$kubeadm" init phase kubeconfig super-admin --config "$config" --kubeconfig-dir "$folder"
    kubectl=$1
    bind() {
        verb=$1
        shift
        "$kubectl" --kubeconfig "$folder/super-admin.conf" --cache-dir /dev/null \
            "$verb" clusterrolebinding kubeadm:cluster-admins "$@"
    }
    bind delete --ignore-not-found
    bind create --clusterrole=cluster-admin --group=kubeadm:cluster-admins
    # The API server's authorizer hears of it through a watch: on a busy machine later than kubeadm asks.
    tries=0
    until "$@" get clusterrolebinding kubeadm:cluster-admins >/dev/null 2>&1; do
        tries=$((tries + 1))
        [ "$tries" -le 120 ] || break
        sleep 0.25
    done
fi
for one in $anew; do
    place=${one#*/}
    # Pods stay, for what takes its place.
    "$@" -n "${place%/*}" delete "${one%%/*}" "${place#*/}" --ignore-not-found --cascade=orphan
done
"$kubeadm" init phase upload-config all --config "$config"
"$kubeadm" init phase bootstrap-token --config "$folder/token.yaml" --skip-token-print
"$kubeadm" init phase addon coredns --config "$config"
