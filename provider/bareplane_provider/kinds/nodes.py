"""What the kubelets of control planes and workers have in common."""

from __future__ import annotations

from bareplane_provider.facts import MachineFacts
from bareplane_provider.kinds.items import Item, directory, file, residue, unit
from bareplane_provider.kubeadm.kubelet import machine_patch
from bareplane_provider.kubeadm.yaml_text import yaml_text
from bareplane_provider.paths import KUBERNETES, OURS, PATCHES, PKI, SEARCH_PATH, program
from bareplane_templates import render

UNIT = "kubelet.service"
KUBELET = "/var/lib/kubelet"
PATCH = f"{PATCHES}/kubeletconfiguration0+merge.yaml"


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
