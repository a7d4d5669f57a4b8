"""Programs run against Pulumi's mocks; identities and certificates are made by the real kinds."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, cast

import pulumi
import pytest
from google.protobuf.json_format import MessageToDict
from pulumi.runtime import mocks
from pulumi.runtime.stack import run_pulumi_func

from bareplane import Cluster, ClusterArgs, ClusterConfig, Connection
from bareplane.specs import Form
from bareplane_provider.kinds import KINDS
from bareplane_provider.kinds.identities import StateKind
from bareplane_provider.plugin.kind import Context, Created

SIGNATURE = "4dabf18193072939515e22adb298388d"
"""The key that marks a secret on its way to the engine (sdk/go/common/resource/sig)."""

HOST_KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOMqqnkVzrm0SdG6UOoqKLsabgH5C9okWi0dh2l9GKJl"


MADE: dict[tuple[str, str], Created] = {}
"""What lives in the state stays the same from one run to the next."""


@dataclass(frozen=True)
class Registered:
    """A resource as the engine is told of it."""

    name: str
    kind: str
    inputs: Mapping[str, Any]
    """As they travel: a secret is a mapping with the signature of secrets."""
    needs: frozenset[str]
    deleted_with: str
    parent: str
    provider: str = ""
    """The name of the one it was given, where it was given one."""
    replaced_by: frozenset[str] = frozenset()
    """Inputs whose change replaces it, whatever its provider says."""
    secret_outputs: frozenset[str] = frozenset()


@dataclass
class Graph:
    """What a program registered, by name."""

    resources: dict[str, Registered] = field(default_factory=dict)
    exports: dict[str, tuple[Any, bool]] = field(default_factory=dict)
    """Value, and whether it is secret."""

    def __getitem__(self, name: str) -> Registered:
        return self.resources[name]

    def kinds(self) -> dict[str, list[str]]:
        found: dict[str, list[str]] = {}
        for one in self.resources.values():
            found.setdefault(one.kind, []).append(one.name)
        return {kind: sorted(names) for kind, names in found.items()}

    def before(self, name: str) -> set[str]:
        """Everything that is made before `name`."""
        found: set[str] = set()
        waiting = [name]
        while waiting:
            for one in self.resources[waiting.pop()].needs - found:
                found.add(one)
                waiting.append(one)
        return found


class Monitor(mocks.MockMonitor):
    """Remembers what a registration says besides its inputs."""

    def __init__(self, made_by: mocks.Mocks, graph: Graph) -> None:
        super().__init__(made_by)
        self.graph = graph

    def RegisterResource(self, request: Any) -> Any:
        if request.custom or request.type.startswith("bareplane:"):
            self.graph.resources[request.name] = Registered(
                name=request.name,
                kind=request.type.rpartition(":")[2],
                inputs=MessageToDict(request.object),
                needs=frozenset(urn.rpartition("::")[2] for urn in request.dependencies),
                deleted_with=request.deletedWith.rpartition("::")[2],
                parent=request.parent.rpartition("::")[2],
                provider=request.provider.rpartition("::")[0].rpartition("::")[2],
                replaced_by=frozenset(request.replaceOnChanges),
                secret_outputs=frozenset(request.additionalSecretOutputs),
            )
        return super().RegisterResource(request)


class Engine(mocks.Mocks):
    """Checks every input with the kind it is for; what lives in the state alone is made for real."""

    def new_resource(self, args: mocks.MockResourceArgs) -> tuple[str | None, dict[Any, Any]]:
        if not args.custom:
            return args.name, {}
        if args.typ.startswith(("docker:", "pulumi:providers:")):
            return args.name, {**args.inputs, "imageId": "sha256:0"}
        kind = KINDS[args.typ]
        inputs = cast("dict[str, Any]", plain(args.inputs))
        assert kind.check(inputs) == [], args.name
        if not isinstance(kind, StateKind):
            return args.name, dict(args.inputs)
        made = MADE.setdefault((args.typ, args.name), kind.create(args.name, inputs, cast("Context", None)))
        outputs = {
            name: pulumi.Output.secret(value) if name in kind.secret_outputs else value
            for name, value in made.outputs.items()
        }
        return made.id, {**args.inputs, **outputs}

    def call(self, args: mocks.MockCallArgs) -> tuple[dict[Any, Any], list[tuple[str, str]] | None]:
        raise AssertionError(f"{args.token}: a preview would run this")


def plain(value: Any) -> Any:
    """Inputs without their secret marks."""
    if isinstance(value, dict):
        given = cast("dict[str, Any]", value)
        if SIGNATURE in given:
            return plain(given["value"])
        return {name: plain(one) for name, one in given.items()}
    if isinstance(value, list):
        return [plain(one) for one in cast("list[Any]", value)]
    return int(value) if isinstance(value, float) and value.is_integer() else value


def run(program: Callable[[], dict[str, pulumi.Output[Any]]]) -> Graph:
    """The graph of a program."""
    graph = Graph()
    # A loop of its own for each program: the SDK ties its root resource to the loop it was made in.
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    mocks.set_mocks(Engine(), project="demo", stack="test", preview=False, monitor=Monitor(Engine(), graph))

    async def whole() -> None:
        outputs: dict[str, pulumi.Output[Any]] = {}
        await run_pulumi_func(lambda: outputs.update(program()))
        for name, one in outputs.items():
            graph.exports[name] = (await one.future(), await one.is_secret())

    loop.run_until_complete(whole())
    return graph


def connection(name: str, last: int) -> Connection:
    return Connection(name=name, address=f"10.0.0.{last}", host_key=HOST_KEY, identity_file="/nowhere/key", user="root")


def cluster(control_planes: Sequence[str], workers: Sequence[str], form: Form = "processes", **more: Any) -> Graph:
    """A cluster of servers that are called server-1, server-2…"""
    names = [*control_planes, *workers]
    servers = {name: connection(name, int(name.rpartition("-")[2])) for name in names}
    config = ClusterConfig.from_wire(
        {"endpoint": "cluster.lab", "controlPlane": {"nodes": list(control_planes)}, "workers": list(workers), **more}
    )

    def program() -> dict[str, pulumi.Output[Any]]:
        return {"kubeconfig": Cluster("bareplane", ClusterArgs(config=config, servers=servers, form=form)).kubeconfig}

    return run(program)


@pytest.fixture(scope="module")
def build() -> Callable[..., Graph]:
    """`build(control planes, workers, **keys of the cluster's configuration)`"""
    return cluster


@pytest.fixture(scope="module")
def three() -> Graph:
    """One control plane and two workers."""
    return cluster(["server-1"], ["server-2", "server-3"])
