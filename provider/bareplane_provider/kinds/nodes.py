"""What the kubelets of control planes and workers have in common."""

from __future__ import annotations

from typing import Any

from bareplane_provider.facts import MachineFacts
from bareplane_provider.kinds.items import Item, command, content, directory, file, key, kubeconfig, residue, unit
from bareplane_provider.kinds.pki import CA
from bareplane_provider.kubeadm.kubelet import machine_patch
from bareplane_provider.kubeadm.yaml_text import yaml_text
from bareplane_provider.paths import KUBELET_CONF, KUBERNETES, OURS, PATCHES, PKI, SEARCH_PATH, program
from bareplane_templates import render

UNIT = "kubelet.service"
KUBELET = "/var/lib/kubelet"
PATCH = f"{PATCHES}/kubeletconfiguration0+merge.yaml"
NODE_CONF = f"{OURS}/kubeadm-node.yaml"
ROTATED = f"{KUBELET}/pki/kubelet-client-current.pem"
"""The client certificate that the kubelet renews by itself; kubelet.conf has to point there to outlive a year."""
START = "kubelet-start"


def kubelet_items(machine: MachineFacts) -> list[Item]:
    """The kubelet's places, its unit, and the patch this machine's facts ask for: what kubeadm needs to find."""
    text = render("kubelet.service.j2", program=program("kubelet"), kubernetes=KUBERNETES, search_path=SEARCH_PATH)
    return [
        directory(PKI),
        directory(OURS, "0700"),
        directory(PATCHES),
        directory(KUBELET, tree=True, owned=False),
        directory("/var/log/pods", tree=True, owned=False),
        directory("/var/log/containers", tree=True, owned=False),
        residue("cgroups kubepods"),
        residue("slices kubepods"),
        residue("cgroups kubelet"),
        residue("containers k8s.io"),
        residue(f"mounts {KUBELET}"),
        file(PATCH, yaml_text(machine_patch(machine).to_dict())),
        unit(UNIT, text),
    ]


def start(config: str) -> Item:
    """The kubelet's settings as kubeadm writes them from `config`, on control planes and workers alike."""
    return command(
        START,
        [program("kubeadm"), "init", "phase", START, "--config", config],
        produces=[
            content(f"{KUBELET}/{name}") for name in ("config.yaml", "instance-config.yaml", "kubeadm-flags.env")
        ],
        rerun_on=[key(PATCH), key(config)],
    )


def finalize_phase(config: str) -> list[str]:
    """What points kubelet.conf at the certificate that the kubelet renews."""
    return [program("kubeadm"), "init", "phase", "kubelet-finalize", "all", "--config", config]


def credentials() -> list[dict[str, Any]]:
    """kubelet.conf: its server, and the client certificate it points at, which goes when it is no good."""
    return [{**kubeconfig(KUBELET_CONF, CA), "key": ROTATED, "renewed": True}]
