"""Phases that make a machine ready for any cluster."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import pulumi

from bareplane.resources.base import Place, Resource


class Machine(Resource):
    """A machine under our care. Deleting it sweeps what is left of this stack there."""

    def __init__(
        self,
        name: str,
        place: Place,
        *,
        minimum_memory_mib: int,
        minimum_cpus: int,
        ports: Sequence[int],
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        least = {"minimumMemoryMib": minimum_memory_mib, "minimumCpus": minimum_cpus}
        properties = {**place.to_wire(), **least, "ports": list(ports)}
        super().__init__("Machine", name, properties, opts, ("machine",))


class HostSettings(Resource):
    """Kernel modules, sysctls and the endpoint's name."""

    def __init__(
        self,
        name: str,
        place: Place,
        *,
        endpoint: str | None = None,
        endpoint_addresses: Sequence[str] = (),
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        properties = {**place.to_wire(), "endpoint": endpoint, "endpointAddresses": list(endpoint_addresses)}
        super().__init__("HostSettings", name, properties, opts)


class Binaries(Resource):
    """Programs of the catalog."""

    def __init__(
        self,
        name: str,
        place: Place,
        *,
        names: Sequence[str],
        kubernetes_version: str | None = None,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        properties = {**place.to_wire(), "kubernetesVersion": kubernetes_version, "names": list(names)}
        super().__init__("Binaries", name, properties, opts)


class ContainerRuntime(Resource):
    """A CRI runtime, running."""

    def __init__(
        self,
        name: str,
        place: Place,
        *,
        engine: Literal["containerd", "cri-o"] = "containerd",
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("ContainerRuntime", name, {**place.to_wire(), "engine": engine}, opts)


class DockerEngine(Resource):
    """Docker Engine on the machine's containerd."""

    def __init__(
        self, name: str, place: Place, *, kubernetes: bool = False, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("DockerEngine", name, {**place.to_wire(), "kubernetes": kubernetes}, opts)


class Images(Resource):
    """Images of the catalog in the store of the runtime, or of Docker."""

    def __init__(
        self,
        name: str,
        place: Place,
        *,
        names: Sequence[str],
        source: Literal["auto", "preload", "pull"] = "auto",
        engine: Literal["containerd", "docker"] = "containerd",
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        properties = {**place.to_wire(), "names": list(names), "source": source, "engine": engine}
        super().__init__("Images", name, properties, opts)


class VolumeDirectory(Resource):
    """The directory that a node's volumes stand in."""

    def __init__(self, name: str, place: Place, *, path: str, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("VolumeDirectory", name, {**place.to_wire(), "path": path}, opts)
