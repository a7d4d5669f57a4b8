"""`Pki`: the cluster's CAs on a control plane, and what kubeadm signs with them there.

The CAs come from the state, not from a first node: any control plane can be made or replaced at any time.
"""

from __future__ import annotations

from bareplane.specs import PkiSpec
from bareplane_provider.facts import MachineFacts
from bareplane_provider.kinds.items import Item, certificate, command, directory, file, key, kubeconfig, secret_file
from bareplane_provider.kinds.phase import Phase
from bareplane_provider.kubeadm.config import init_file
from bareplane_provider.paths import KUBEADM_CONF, KUBERNETES, OURS, PATCHES, PKI, program

CA = f"{PKI}/ca.crt"
ETCD_CA = f"{PKI}/etcd/ca.crt"
FRONT_PROXY_CA = f"{PKI}/front-proxy-ca.crt"

# kubeadm's phase below `init phase certs`, what it writes, and who signs it.
LEAVES = (
    ("apiserver", "apiserver", CA),
    ("apiserver-kubelet-client", "apiserver-kubelet-client", CA),
    ("front-proxy-client", "front-proxy-client", FRONT_PROXY_CA),
    ("etcd-server", "etcd/server", ETCD_CA),
    ("etcd-peer", "etcd/peer", ETCD_CA),
    ("etcd-healthcheck-client", "etcd/healthcheck-client", ETCD_CA),
    ("apiserver-etcd-client", "apiserver-etcd-client", ETCD_CA),
)
KUBECONFIGS = ("admin", "controller-manager", "scheduler")


class Pki(Phase[PkiSpec]):
    name = "Pki"
    spec = PkiSpec
    slug = "pki"
    refused = dict.fromkeys(
        ("ca", "etcdCa", "frontProxyCa", "serviceAccount"),
        "everything in the cluster was signed with it; make a new cluster instead",
    )
    immutable = Phase.immutable | {"node"}

    def items(self, spec: PkiSpec, machine: MachineFacts) -> list[Item]:
        kubeadm = program("kubeadm")
        return [
            directory(PKI),
            directory(f"{PKI}/etcd"),
            directory(OURS, "0700"),
            directory(PATCHES),
            *authority(f"{PKI}/ca", spec.ca),
            *authority(f"{PKI}/etcd/ca", spec.etcd_ca),
            *authority(f"{PKI}/front-proxy-ca", spec.front_proxy_ca),
            file(f"{PKI}/sa.pub", spec.service_account["publicKey"], "0644"),
            secret_file(f"{PKI}/sa.key", spec.service_account["key"]),
            file(KUBEADM_CONF, init_file(spec.cluster, spec.node, spec.address), "0600"),
            *(
                command(
                    f"certificate {phase}",
                    [kubeadm, "init", "phase", "certs", phase, "--config", KUBEADM_CONF],
                    produces=certificate(f"{PKI}/{stem}", ca),
                    rerun_on=[key(KUBEADM_CONF)] if phase == "apiserver" else [],
                    replace=True,
                )
                for phase, stem, ca in LEAVES
            ),
            *(
                command(
                    f"kubeconfig {name}",
                    [kubeadm, "init", "phase", "kubeconfig", name, "--config", KUBEADM_CONF],
                    produces=[kubeconfig(f"{KUBERNETES}/{name}.conf", CA)],
                    replace=True,
                )
                for name in KUBECONFIGS
            ),
        ]


def authority(stem: str, pair: dict[str, str]) -> list[Item]:
    return [file(f"{stem}.crt", pair["certificate"], "0644"), secret_file(f"{stem}.key", pair["key"])]
