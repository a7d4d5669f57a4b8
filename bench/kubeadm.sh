#!/usr/bin/env bash
# The comparison: a cluster like `pulumi up`'s by OpenSSH, tar and kubeadm, written as an admin in a hurry would.
# kubeadm.sh LAB BUNDLE CONTROL_PLANE WORKER…   LAB holds the SSH keys, BUNDLE what bench/bundle.py made.
# Every line on standard output is "<seconds since the epoch> <what is done now>".
set -euo pipefail
lab=$1 bundle=$2 plane=$3
shift 3
workers=("$@")
sockets=$(mktemp -d)
trap 'for socket in "$sockets"/*; do [ ! -S "$socket" ] || ssh -o ControlPath="$socket" -O exit server 2>/dev/null; done; rm -rf "$sockets"' EXIT

mark() { echo "$(date +%s.%N) $*"; }

on() {
    local address=$1
    shift
    ssh -i "$lab/id_ed25519" -o UserKnownHostsFile="$lab/known_hosts" -o BatchMode=yes \
        -o ControlMaster=auto -o ControlPath="$sockets/%h" -o ControlPersist=60 "root@$address" "$@"
}

# Waits for jobs in the background; fails when one did.
all() { for job in "$@"; do wait "$job"; done; }

prepare_node() { # address of the machine, bundles…
    local address=$1
    shift 1
    for one in "$@"; do
        on "$address" 'tar --extract --zstd --directory /' <"$bundle/$one.tar.zst"
    done
    mark "transferred to $address"
    on "$address" bash -s "$plane" <<'REMOTE'
set -euo pipefail
modprobe -a overlay br_netfilter 2>/dev/null || true
sysctl -qw net.ipv4.ip_forward=1
echo "$1 cluster.lab" >>/etc/hosts
mkdir -p /etc/containerd /etc/cni/net.d /etc/kubernetes/patches
cat >/etc/containerd/config.toml <<END
version = 3
[plugins."io.containerd.cri.v1.images".pinned_images]
sandbox = "registry.k8s.io/pause:3.10.2"
[plugins."io.containerd.cri.v1.runtime"]
restrict_oom_score_adj = true
END
cat >/etc/systemd/system/containerd.service <<END
[Unit]
After=network.target
[Service]
Type=notify
ExecStart=/usr/local/bin/containerd
Delegate=yes
KillMode=process
Restart=always
LimitNOFILE=1048576
[Install]
WantedBy=multi-user.target
END
cat >/etc/systemd/system/kubelet.service <<END
[Unit]
After=containerd.service
[Service]
Environment="KUBELET_KUBECONFIG_ARGS=--bootstrap-kubeconfig=/etc/kubernetes/bootstrap-kubelet.conf --kubeconfig=/etc/kubernetes/kubelet.conf"
EnvironmentFile=-/var/lib/kubelet/kubeadm-flags.env
ExecStart=/usr/local/bin/kubelet \$KUBELET_KUBECONFIG_ARGS --config=/var/lib/kubelet/config.yaml \$KUBELET_KUBEADM_ARGS
Restart=always
RestartSec=2
KillMode=process
[Install]
WantedBy=multi-user.target
END
cat >/etc/kubernetes/patches/kubeletconfiguration0+merge.yaml <<END
apiVersion: kubelet.config.k8s.io/v1beta1
kind: KubeletConfiguration
failSwapOn: false
END
# A lab server on cgroup v1, and one that may not write the kernel's settings.
if [ "$(stat -fc %T /sys/fs/cgroup)" != cgroup2fs ]; then
    printf 'failCgroupV1: false\ncgroupDriver: cgroupfs\n' >>/etc/kubernetes/patches/kubeletconfiguration0+merge.yaml
fi
printf 'featureGates: {KubeletInUserNamespace: true}\n' >>/etc/kubernetes/patches/kubeletconfiguration0+merge.yaml
systemctl daemon-reload
systemctl enable --quiet --now containerd
systemctl enable --quiet kubelet
for archive in /opt/images/*.tar; do
    ctr -n k8s.io images import "$archive" >>/root/import.log 2>&1 &
    jobs+=($!)
done
for job in "${jobs[@]}"; do wait "$job"; done
REMOTE
    mark "prepared $address"
}

start_proxy() { # address; kube-proxy's kubeconfig comes on standard input
    on "$1" 'cat >/etc/kubernetes/kube-proxy.conf
cat >/etc/kubernetes/kube-proxy.yaml <<END
apiVersion: kubeproxy.config.k8s.io/v1alpha1
kind: KubeProxyConfiguration
mode: nftables
clusterCIDR: 10.244.0.0/16
clientConnection: {kubeconfig: /etc/kubernetes/kube-proxy.conf}
conntrack: {maxPerCore: 0, min: 0, tcpEstablishedTimeout: 0s, tcpCloseWaitTimeout: 0s}
END
systemd-run --quiet --unit kube-proxy /usr/local/bin/kube-proxy --config /etc/kubernetes/kube-proxy.yaml'
}

connect_pods() { # address of the machine, file with a line "address podCIDR" for every node
    local address=$1 own="" routes="" other cidr
    while read -r other cidr; do
        if [ "$other" = "$address" ]; then own=$cidr; else routes+="ip route add $cidr via $other"$'\n'; fi
    done <"$2"
    on "$address" bash -s <<REMOTE
set -euo pipefail
$routes
nft 'table ip pods { chain postrouting { type nat hook postrouting priority srcnat; ip saddr $own ip daddr != 10.244.0.0/16 masquerade; }; }'
cat >/etc/cni/net.d/10-pods.conflist <<END
{"cniVersion": "1.0.0", "name": "pods", "plugins": [
 {"type": "bridge", "bridge": "cni0", "isGateway": true, "hairpinMode": true,
  "ipam": {"type": "host-local", "ranges": [[{"subnet": "$own"}]], "routes": [{"dst": "0.0.0.0/0"}]}},
 {"type": "portmap", "capabilities": {"portMappings": true}}]}
END
REMOTE
}

mark "begun"
prepared=()
for worker in "${workers[@]}"; do
    prepare_node "$worker" node &
    prepared+=($!)
done
prepare_node "$plane" control-plane node

mark "kubeadm init"
token=$(head -c 64 /dev/urandom | md5sum | sed -E 's/^(.{6})(.{16}).*/\1.\2/')
on "$plane" "cat >/root/kubeadm.yaml; kubeadm init --config /root/kubeadm.yaml --skip-phases preflight,addon/kube-proxy --skip-token-print >/root/init.log 2>&1 || { tail -n 30 /root/init.log >&2; exit 1; }" <<END
apiVersion: kubeadm.k8s.io/v1beta4
kind: InitConfiguration
bootstrapTokens: [{token: "$token", ttl: 15m0s}]
localAPIEndpoint: {advertiseAddress: $plane}
nodeRegistration:
  criSocket: unix:///run/containerd/containerd.sock
  kubeletExtraArgs: [{name: node-ip, value: $plane}]
patches: {directory: /etc/kubernetes/patches}
---
apiVersion: kubeadm.k8s.io/v1beta4
kind: ClusterConfiguration
kubernetesVersion: v${KUBERNETES_VERSION:?}
controlPlaneEndpoint: cluster.lab:6443
encryptionAlgorithm: ECDSA-P256
networking: {podSubnet: 10.244.0.0/16}
END

mark "kubeadm join"
hash=$(on "$plane" "openssl x509 -in /etc/kubernetes/pki/ca.crt -noout -pubkey | openssl pkey -pubin -outform DER | sha256sum | cut -d' ' -f1")
all "${prepared[@]}"
joined=()
for worker in "${workers[@]}"; do
    on "$worker" "cat >/root/join.yaml; kubeadm join --config /root/join.yaml --skip-phases preflight >/root/join.log 2>&1 || { tail -n 30 /root/join.log >&2; exit 1; }" <<END &
apiVersion: kubeadm.k8s.io/v1beta4
kind: JoinConfiguration
discovery: {bootstrapToken: {token: "$token", apiServerEndpoint: "cluster.lab:6443", caCertHashes: ["sha256:$hash"]}}
nodeRegistration:
  criSocket: unix:///run/containerd/containerd.sock
  kubeletExtraArgs: [{name: node-ip, value: $worker}]
patches: {directory: /etc/kubernetes/patches}
END
    joined+=($!)
done
on "$plane" "kubeadm kubeconfig user --client-name system:kube-proxy --config /root/kubeadm.yaml 2>/dev/null" >"$sockets/kube-proxy.conf"
all "${joined[@]}"

mark "pod network, kube-proxy and app"
kubectl="kubectl --kubeconfig /etc/kubernetes/admin.conf"
nodes="$kubectl get nodes -o jsonpath='{range .items[*]}{.status.addresses[0].address} {.spec.podCIDR}{\"\n\"}{end}'"
on "$plane" "until [ \$($nodes | grep -c /) = $((${#workers[@]} + 1)) ]; do sleep 0.2; done; $nodes" >"$sockets/nodes"
connected=()
for address in "$plane" "${workers[@]}"; do
    connect_pods "$address" "$sockets/nodes" &
    connected+=($!)
    start_proxy "$address" <"$sockets/kube-proxy.conf" &
    connected+=($!)
done
on "$plane" "$kubectl apply -f - >/dev/null" <"$bundle/app.yaml"
all "${connected[@]}"

mark "waiting for nodes, CoreDNS and app"
on "$plane" "$kubectl wait --for=condition=Ready nodes --all --timeout=300s >/dev/null &&
    $kubectl rollout status -n kube-system deployment/coredns --timeout=300s >/dev/null &&
    $kubectl rollout status deployment/hello --timeout=300s >/dev/null"
mark "done"
