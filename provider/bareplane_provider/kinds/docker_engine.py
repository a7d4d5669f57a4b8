"""`DockerEngine`: Docker on the machine's own containerd, so that one daemon and one store hold all its containers."""

from __future__ import annotations

import hashlib
import json
from typing import Any

from bareplane.specs import DockerEngineSpec
from bareplane_provider import catalog
from bareplane_provider.facts import MachineFacts
from bareplane_provider.kinds.items import (
    DOCKER_IMAGES,
    Item,
    Plan,
    directory,
    file,
    key,
    plan,
    residue,
    running,
    unit,
    upload,
)
from bareplane_provider.kinds.phase import Phase
from bareplane_provider.kubeadm.kubelet import cgroup_driver
from bareplane_provider.paths import (
    CNI_BIN,
    CNI_CONF_DIR,
    CONTAINERD_SOCKET,
    CRI_DOCKERD_SOCKET,
    CRI_SOCKETS,
    DOCKER_CONF,
    DOCKER_DATA,
    DOCKER_SOCKET,
    SEARCH_PATH,
    program,
)
from bareplane_provider.plugin.kind import Context, Inputs
from bareplane_provider.transport.session import Session
from bareplane_templates import render

UNIT = "docker.service"
PROGRAMS = ("dockerd", "docker")
CRI_DOCKERD, CRI_DOCKERD_UNIT, CRI_DOCKERD_DATA = "cri-dockerd", "cri-docker.service", "/var/lib/cri-dockerd"
COMMAND = "/usr/local/bin/docker"
"""Where sshd's search path finds it: Docker's own clients run `docker system dial-stdio` on a host over SSH."""
NETWORKS = f"{DOCKER_DATA}/network/files/local-kv.db"


class DockerEngine(Phase[DockerEngineSpec]):
    name = "DockerEngine"
    spec = DockerEngineSpec
    slug = "docker"

    def items(self, spec: DockerEngineSpec, machine: MachineFacts) -> list[Item]:
        text = render(
            "docker.service.j2",
            program=program("dockerd"),
            config=DOCKER_CONF,
            search_path=SEARCH_PATH,
            lower_oom_score=machine.has_capability("cap_sys_resource"),
        )
        return [
            directory("/etc/docker"),
            # The namespaces of containers' networks are mounted below the second.
            directory(DOCKER_DATA, "0710", tree=True),
            directory("/run/docker", "0700", tree=True),
            residue("nft ip docker-bridges"),
            residue("nft ip6 docker-bridges"),
            residue("links docker0"),
            residue(f"bridges {NETWORKS}"),
            residue(f"namespaces {DOCKER_IMAGES}"),
            residue(f"containers {DOCKER_IMAGES}"),
            residue("cgroups docker"),
            file(DOCKER_CONF, json.dumps(configuration(machine), indent=2, sort_keys=True) + "\n"),
            file(COMMAND, render("docker.sh.j2", program=program("docker"), socket=DOCKER_SOCKET), "0755"),
            unit(UNIT, text),
            running(
                UNIT,
                key(DOCKER_CONF),
                key(program("dockerd")),
                ready=[program("docker"), "--host", f"unix://{DOCKER_SOCKET}", "version"],
            ),
            *(cri_dockerd() if spec.kubernetes else ()),
        ]

    def needs(self, inputs: Inputs) -> catalog.Needs:
        return catalog.Needs(programs=frozenset((name, None) for name in programs(self.parse(inputs))))

    def plan(self, spec: DockerEngineSpec, machine: MachineFacts, session: Session, context: Context) -> Plan:
        artifacts = [catalog.obtain(name, machine.arch, context.progress) for name in programs(spec)]
        # The programs come first: the unit and its test of readiness are theirs.
        uploads = [upload(program(one.name), one) for one in artifacts]
        return plan(*uploads, *self.items(spec, machine), artifacts=artifacts)

    def fingerprint(self, spec: DockerEngineSpec, machine: MachineFacts) -> str:
        pinned = [f"{name} {catalog.read_lock().version(name)}" for name in programs(spec)]
        return hashlib.sha256("\n".join([super().fingerprint(spec, machine), *pinned]).encode()).hexdigest()[:16]


def programs(spec: DockerEngineSpec) -> tuple[str, ...]:
    return (*PROGRAMS, *((CRI_DOCKERD,) if spec.kubernetes else ()))


def cri_dockerd() -> list[Item]:
    """What stands between a kubelet and Docker; it learns the cgroup driver from dockerd."""
    command = [
        program(CRI_DOCKERD),
        f"--container-runtime-endpoint={CRI_SOCKETS['docker']}",
        f"--docker-endpoint=unix://{DOCKER_SOCKET}",
        "--network-plugin=cni",
        f"--cni-bin-dir={CNI_BIN}",
        f"--cni-conf-dir={CNI_CONF_DIR}",
        "--cni-cache-dir=/var/lib/cni/cache",
        f"--cri-dockerd-root-directory={CRI_DOCKERD_DATA}",
        f"--pod-infra-container-image={catalog.read_lock().image('pause').reference}",
    ]
    return [
        directory(CRI_DOCKERD_DATA, tree=True, owned=False),
        unit(CRI_DOCKERD_UNIT, render("cri-dockerd.service.j2", command=command, search_path=SEARCH_PATH)),
        running(CRI_DOCKERD_UNIT, key(program(CRI_DOCKERD)), ready=["test", "-S", CRI_DOCKERD_SOCKET]),
    ]


def configuration(machine: MachineFacts) -> dict[str, Any]:
    """dockerd's daemon.json."""
    return {
        "containerd": CONTAINERD_SOCKET,
        "data-root": DOCKER_DATA,
        "exec-root": "/run/docker",
        "hosts": [f"unix://{DOCKER_SOCKET}"],
        # Nobody but root: a group that may use Docker's socket is root by another name.
        "group": "root",
        "exec-opts": [f"native.cgroupdriver={cgroup_driver(machine)}"],
        "features": {"containerd-snapshotter": True},
        # Tables of its own, beside those of kube-proxy and of our pod network; the machine's FORWARD chain stays as is.
        "firewall-backend": "nftables",
        # HostSettings has it in the ledger; dockerd would leave it behind.
        "ip-forward": False,
        "userland-proxy": False,
        # Containers outlive a dockerd that is restarted, as pods outlive the kubelet.
        "live-restore": True,
        # Bounded, unlike the default.
        "log-driver": "local",
    }
