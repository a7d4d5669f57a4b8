"""CRI-O as a node's runtime: what `ContainerRuntime` makes of engine `cri-o`."""

from __future__ import annotations

import json
from typing import Any

import tomli_w

from bareplane_provider import catalog
from bareplane_provider.facts import MachineFacts
from bareplane_provider.kinds.items import Item, directory, file, key, residue, running, unit
from bareplane_provider.kubeadm.kubelet import cgroup_driver
from bareplane_provider.paths import CNI_BIN, CNI_CONF_DIR, CRIO_SOCKET, SEARCH_PATH, program
from bareplane_templates import render

UNIT = "crio.service"
CONF = "/etc/crio/crio.conf"
POLICY = "/etc/crio/policy.json"


def crio(machine: MachineFacts) -> list[Item]:
    text = render(
        "crio.service.j2",
        program=program("crio"),
        config=CONF,
        search_path=SEARCH_PATH,
        lower_oom_score=machine.has_capability("cap_sys_resource"),
    )
    return [
        directory("/etc/crio"),
        directory("/etc/cni"),
        directory(CNI_CONF_DIR, tree=True),
        directory("/var/lib/cni", tree=True),
        directory("/var/lib/crio", tree=True, owned=False),
        directory("/run/crio", tree=True, owned=False),
        residue(f"processes {program('conmon')}"),
        # Their names are random; /run/netns is shared with others, who were there before or are pods themselves.
        residue("netns cni-"),
        file(CONF, tomli_w.dumps(configuration(machine))),
        # Whom to trust is the registry's affair: digests and TLS are checked, signatures are not, as with containerd.
        file(POLICY, json.dumps({"default": [{"type": "insecureAcceptAnything"}]}) + "\n"),
        unit(UNIT, text),
        running(UNIT, key(CONF), key(POLICY), ready=["test", "-S", CRIO_SOCKET]),
    ]


def configuration(machine: MachineFacts) -> dict[str, Any]:
    """crio.conf; its cgroup manager is the kubelet's, and its sandboxes' image the one that every node has."""
    return {
        "crio": {
            # Not the places that Podman and Buildah have for themselves.
            "root": "/var/lib/crio/storage",
            "runroot": "/run/crio/storage",
            "api": {"listen": CRIO_SOCKET},
            "runtime": {
                "cgroup_manager": cgroup_driver(machine),
                "default_runtime": "runc",
                "pinns_path": program("pinns"),
                "runtimes": {
                    "runc": {
                        "runtime_path": program("runc"),
                        "runtime_root": "/run/runc",
                        "monitor_path": program("conmon"),
                        # With cgroupfs CRI-O takes nothing else.
                        "monitor_cgroup": "pod",
                    }
                },
            },
            "image": {
                "pause_image": catalog.read_lock().image("pause").reference,
                "signature_policy": POLICY,
            },
            "network": {"network_dir": CNI_CONF_DIR, "plugin_dirs": [CNI_BIN]},
        }
    }
