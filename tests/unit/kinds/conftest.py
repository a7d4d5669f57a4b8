"""Specs, facts and sessions that kinds can work with."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from threading import Event
from typing import Any, cast

import pytest

from bareplane_provider.errors import UnreachableError
from bareplane_provider.facts import MachineFacts
from bareplane_provider.plugin.kind import Context, Created

HOST_KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOMqqnkVzrm0SdG6UOoqKLsabgH5C9okWi0dh2l9GKJl"
CONNECTION = {"name": "server-1", "address": "10.0.0.1", "hostKey": HOST_KEY, "identityFile": "/k"}
CLUSTER = {"version": "1.36.3", "endpoint": "cluster.lab", "endpointAddresses": ["10.0.0.1"]}
PLACE = {"connection": CONNECTION, "owner": "demo/test/00"}
NODE = {**PLACE, "cluster": CLUSTER, "node": "server-1"}
IDENTITY = {"caCertificate": "CA", "certificate": "CERT", "key": "SECRET-KEY"}
PAIR = {"certificate": "CERT", "key": "SECRET-KEY"}

APP = {
    **PLACE,
    "app": "hello",
    "image": "bareplane.dev/hello:1",
    "port": 8080,
    "environment": {"GREETING": "good day"},
    "secretEnvironment": {"WORD": "SECRET-KEY"},
    "volume": {"path": "/data"},
    "healthCheck": {"path": "/healthz"},
    "limits": {"cpu": "250m", "memory": "64Mi"},
}

# Inputs of every kind on a machine.
INPUTS: dict[str, dict[str, Any]] = {
    "AppContainer": APP,
    "AppProcess": APP,
    "Machine": {**PLACE, "ports": [2379, 10250]},
    "HostSettings": {**PLACE, "endpoint": "cluster.lab", "endpointAddresses": ["10.0.0.1"]},
    "Binaries": {**PLACE, "kubernetesVersion": "1.36.3", "names": ["kubelet", "containerd", "bridge"]},
    "ContainerRuntime": PLACE,
    "VolumeDirectory": {**PLACE, "path": "/srv/volumes"},
    "DockerEngine": PLACE,
    "Images": {**PLACE, "names": ["pause", "coredns"]},
    "Pki": {
        **NODE,
        "address": "10.0.0.1",
        "ca": PAIR,
        "etcdCa": PAIR,
        "frontProxyCa": PAIR,
        "serviceAccount": {"publicKey": "PUBLIC", "key": "SECRET-KEY"},
    },
    "EtcdMember": {
        **NODE,
        "address": "10.0.0.1",
        "genesis": {"server-2": "10.0.0.2", "server-1": "10.0.0.1", "server-3": "10.0.0.3"},
        "token": "bareplane-00",
    },
    "ControlPlane": {**NODE, "address": "10.0.0.1", "encryptionKeys": [{"name": "key-1", "secret": "SECRET-KEY"}]},
    "ControlPlaneKubelet": {**NODE, "address": "10.0.0.1"},
    "ControlPlaneNode": {**NODE, "address": "10.0.0.1"},
    "WorkerNode": {**NODE, "address": "10.0.0.1", "controlPlanes": [CONNECTION], "caCertificate": "CA"},
    "KubeProxy": {**NODE, **IDENTITY},
    "PodNetwork": {**NODE, **IDENTITY},
    "ServingApprover": {**PLACE, "cluster": CLUSTER, **IDENTITY},
}
FACTS = MachineFacts(
    os="debian 12",
    arch="amd64",
    cpus=2,
    memory_mib=2048,
    hostname="server-1",
    cgroup_version=2,
    capabilities=("cap_sys_admin", "cap_sys_resource"),
    kernel_tunable=True,
    zstd=True,
)


def facts(**changes: Any) -> MachineFacts:
    return replace(FACTS, **changes)


@dataclass(frozen=True)
class Done:
    status: int = 0
    stdout: bytes = b""
    stderr: bytes = b""


Answer = Callable[[Sequence[str], str], "str | Done"]


@dataclass
class Machine:
    """A session that answers from a function, and remembers what ran."""

    answer: Answer = lambda argv, stdin: ""
    name: str = "server-1"
    ran: list[tuple[list[str], str]] = field(default_factory=list)
    reachable: bool = True
    requests: list[dict[str, Any]] = field(default_factory=list)

    def run(self, argv: Sequence[str], stdin: bytes = b"", timeout: float = 0) -> Done:
        if not self.reachable:
            raise UnreachableError(f"{self.name} cannot be reached")
        if list(argv) == ["true"]:
            return Done()
        self.ran.append((list(argv), stdin.decode()))
        given = self.answer(argv, stdin.decode())
        return Done(stdout=given.encode()) if isinstance(given, str) else given

    def lines(self) -> list[str]:
        return [" ".join(argv) for argv, _ in self.ran]


@dataclass
class Talk:
    """A Context with machines by name."""

    machines: dict[str, Machine]
    cancelled: Event = field(default_factory=Event)
    said: list[str] = field(default_factory=list)
    warned: list[str] = field(default_factory=list)
    concealed: list[str] = field(default_factory=list)
    begun: Created | None = None

    def machine(self, connection: Mapping[str, Any]) -> Machine:
        return self.machines[connection["name"]]

    def seconds(self, usual: float) -> float:
        return usual

    def begin(self, id: str, outputs: dict[str, Any]) -> None:
        self.begun = Created(id, outputs)

    def conceal(self, secret: str) -> None:
        self.concealed.append(secret)

    def progress(self, text: str) -> None:
        self.said.append(text)

    def warning(self, text: str) -> None:
        self.warned.append(text)


def talk(*machines: Machine) -> Context:
    return cast("Context", Talk({one.name: one for one in machines or (Machine(),)}))


@dataclass(frozen=True)
class Kit:
    """What the tests of kinds build from."""

    inputs: dict[str, dict[str, Any]]
    facts: Callable[..., MachineFacts]
    machine: Callable[..., Machine]
    done: type[Done]
    talk: Callable[..., Context]


@pytest.fixture(scope="session")
def kit() -> Kit:
    return Kit(INPUTS, facts, Machine, Done, talk)
