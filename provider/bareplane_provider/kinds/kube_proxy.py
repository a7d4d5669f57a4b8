"""`KubeProxy`: kube-proxy as a systemd service in nftables mode, with an identity of its own."""

from __future__ import annotations

from bareplane.specs import KubeProxySpec
from bareplane.specs.kubeconfig import kubeconfig
from bareplane_provider.facts import MachineFacts
from bareplane_provider.kinds.items import Item, directory, file, key, residue, running, secret_file, unit
from bareplane_provider.kinds.phase import Phase
from bareplane_provider.kubeadm.objects import KubeModel
from bareplane_provider.kubeadm.yaml_text import yaml_text
from bareplane_provider.paths import OURS, SEARCH_PATH, program
from bareplane_templates import render

UNIT = "kube-proxy.service"
CONFIG = f"{OURS}/kube-proxy.yaml"
KUBECONFIG = f"{OURS}/kube-proxy.conf"


class Conntrack(KubeModel):
    """Zeros leave the machine's settings alone: they are its owner's, and the kernel of a container is not its own."""

    max_per_core: int = 0
    min: int = 0
    tcp_established_timeout: str = "0s"
    tcp_close_wait_timeout: str = "0s"


class KubeProxyConfiguration(KubeModel):
    api_version: str = "kubeproxy.config.k8s.io/v1alpha1"
    kind: str = "KubeProxyConfiguration"
    mode: str = "nftables"
    hostname_override: str
    client_connection: dict[str, str]
    cluster_cidr: str
    conntrack: Conntrack = Conntrack()
    healthz_bind_address: str = "0.0.0.0:10256"
    metrics_bind_address: str = "127.0.0.1:10249"


class KubeProxy(Phase[KubeProxySpec]):
    name = "KubeProxy"
    spec = KubeProxySpec
    slug = "kube-proxy"

    def items(self, spec: KubeProxySpec, machine: MachineFacts) -> list[Item]:
        cluster = spec.cluster
        config = KubeProxyConfiguration(
            hostname_override=spec.node,
            client_connection={"kubeconfig": KUBECONFIG},
            cluster_cidr=cluster.pod_subnet,
        ).to_dict()
        # The field's name has an acronym that camelCase does not know.
        config["clusterCIDR"] = config.pop("clusterCidr")
        text = render(
            "daemon.service.j2",
            description="kube-proxy: Services of Kubernetes",
            after=["network-online.target"],
            search_path=SEARCH_PATH,
            credentials={},
            settings={},
            command=[program("kube-proxy"), "--config", CONFIG],
        )
        server = f"https://{cluster.endpoint}:{cluster.port}"
        return [
            directory(OURS, "0700"),
            residue("nft ip kube-proxy"),
            residue("nft ip6 kube-proxy"),
            secret_file(
                KUBECONFIG,
                kubeconfig(cluster.name, server, spec.ca_certificate, "kube-proxy", spec.certificate, spec.key),
            ),
            file(CONFIG, yaml_text(config)),
            unit(UNIT, text),
            running(UNIT, key(KUBECONFIG), key(CONFIG), key(program("kube-proxy"))),
        ]
