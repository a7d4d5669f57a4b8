"""`ContainerRuntime`: the node's CRI runtime, containerd or CRI-O."""

from __future__ import annotations

from typing import Any

import tomli_w

from bareplane.specs import ContainerRuntimeSpec
from bareplane_provider import catalog
from bareplane_provider.facts import MachineFacts
from bareplane_provider.kinds.crio import crio
from bareplane_provider.kinds.items import Item, directory, file, key, residue, running, unit
from bareplane_provider.kinds.phase import Phase
from bareplane_provider.kubeadm.kubelet import cgroup_driver
from bareplane_provider.paths import CNI_BIN, CNI_CONF_DIR, CONTAINERD_CONF, CONTAINERD_SOCKET, SEARCH_PATH, program
from bareplane_templates import render

UNIT = "containerd.service"


class ContainerRuntime(Phase[ContainerRuntimeSpec]):
    name = "ContainerRuntime"
    spec = ContainerRuntimeSpec
    slug = "container-runtime"
    immutable = Phase.immutable | {"engine"}

    def items(self, spec: ContainerRuntimeSpec, machine: MachineFacts) -> list[Item]:
        if spec.engine == "cri-o":
            return crio(machine)
        text = render(
            "containerd.service.j2",
            program=program("containerd"),
            config=CONTAINERD_CONF,
            search_path=SEARCH_PATH,
            lower_oom_score=machine.has_capability("cap_sys_resource"),
        )
        return [
            directory("/etc/containerd"),
            directory("/etc/cni"),
            directory(CNI_CONF_DIR, tree=True),
            directory("/var/lib/cni", tree=True),
            directory("/var/lib/containerd", "0700", tree=True),
            # Memory of pods' sandboxes stays mounted here when their containers go.
            directory("/run/containerd", tree=True, owned=False),
            residue(f"processes {program('containerd-shim-runc-v2')}"),
            residue("netns cni-"),
            residue("containers k8s.io"),
            file(CONTAINERD_CONF, tomli_w.dumps(configuration(machine))),
            unit(UNIT, text),
            running(
                UNIT,
                key(CONTAINERD_CONF),
                ready=[program("ctr"), "--address", CONTAINERD_SOCKET, "--connect-timeout", "2s", "version"],
            ),
        ]


def configuration(machine: MachineFacts) -> dict[str, Any]:
    """containerd's configuration, version 3 (containerd 2.x)."""
    return {
        "version": 3,
        "root": "/var/lib/containerd",
        "state": "/run/containerd",
        "grpc": {"address": CONTAINERD_SOCKET},
        "plugins": {
            "io.containerd.cri.v1.images": {
                "pinned_images": {"sandbox": catalog.read_lock().image("pause").reference},
            },
            "io.containerd.cri.v1.runtime": {
                # Without CAP_SYS_RESOURCE no process may lower its own OOM score.
                "restrict_oom_score_adj": not machine.has_capability("cap_sys_resource"),
                "cni": {"bin_dirs": [CNI_BIN], "conf_dir": CNI_CONF_DIR},
                "containerd": {
                    "runtimes": {
                        "runc": {
                            "runtime_type": "io.containerd.runc.v2",
                            "options": {
                                "BinaryName": program("runc"),
                                "SystemdCgroup": cgroup_driver(machine) == "systemd",
                            },
                        }
                    }
                },
            },
            "io.containerd.internal.v1.opt": {"path": "/var/lib/containerd/opt"},
        },
    }
