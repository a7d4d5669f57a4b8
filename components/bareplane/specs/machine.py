"""Phases that make a machine ready for any cluster."""

from typing import Annotated, Literal

from pydantic import Field

from bareplane.specs.base import MachineSpec
from bareplane.specs.wire import Address, DnsName, Version, VolumePath


class MachineKindSpec(MachineSpec):
    """A machine under our care: its ledger, and its facts."""

    minimum_memory_mib: Annotated[int, Field(ge=0)] = 512
    minimum_cpus: Annotated[int, Field(ge=1)] = 1
    minimum_disk_mib: Annotated[int, Field(ge=0)] = 2048
    """Below /var/lib."""
    minimum_programs_mib: Annotated[int, Field(ge=0)] = 700
    """Below /opt: what a control plane's programs take, which is the most."""
    ports: tuple[int, ...] = ()
    """TCP ports that have to be free when the machine is first taken."""


class HostSettingsSpec(MachineSpec):
    """Kernel modules, sysctls and the endpoint's name in /etc/hosts."""

    endpoint: DnsName | None = None
    """Of the cluster whose node the machine becomes, if it does."""
    endpoint_addresses: tuple[Address, ...] = ()


class BinariesSpec(MachineSpec):
    """Programs of the catalog, installed below /opt/bareplane."""

    kubernetes_version: Version | None = None
    """The catalog's, where it is left out."""
    names: tuple[str, ...]


class ContainerRuntimeSpec(MachineSpec):
    """A CRI runtime, configured and running."""

    engine: Literal["containerd", "cri-o"] = "containerd"


class DockerEngineSpec(MachineSpec):
    """Docker Engine on the machine's containerd, configured and running."""

    kubernetes: bool = False
    """Whether a kubelet runs its pods on it, through cri-dockerd."""


class ImagesSpec(MachineSpec):
    """Images in the runtime before any pod asks for them."""

    names: tuple[str, ...]
    source: Literal["auto", "preload", "pull"] = "auto"
    engine: Literal["containerd", "docker"] = "containerd"
    """Whose store: that of the node's runtime, or Docker's."""


class VolumeDirectorySpec(MachineSpec):
    """The directory that a node's volumes stand in."""

    path: VolumePath
    """What is in it goes with it; so it cannot change."""
