"""The base of every spec: strict, frozen, camelCase on the wire."""

import posixpath
import re
from ipaddress import IPv4Address, IPv4Network
from typing import Annotated, Any, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, StringConstraints
from pydantic.alias_generators import to_camel

DNS_LABEL = r"^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$"
DNS_NAME = r"^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$"
VERSION = r"^[0-9]+\.[0-9]+\.[0-9]+$"
USER = r"^[a-z_][a-z0-9_-]{0,31}$"
WORD = r"^[A-Za-z0-9][-A-Za-z0-9._]*$"
PATH = r"(/[A-Za-z0-9._-]+)+"
THE_SYSTEMS = (
    "bin",
    "boot",
    "dev",
    "etc",
    "home",
    "lib",
    "lib32",
    "lib64",
    "proc",
    "root",
    "run",
    "sbin",
    "sys",
    "usr",
)
"""Nothing of ours goes below these; below /home, because it is the users'."""
TAKEN = (
    *(f"/var/{name}" for name in ("cache", "lock", "log", "mail", "run", "spool", "tmp")),
    *(f"/var/lib/{name}" for name in ("apt", "bareplane", "bareplane-containers", "cni", "containerd")),
    *(f"/var/lib/{name}" for name in ("containers", "cri-dockerd", "crio", "docker", "dpkg")),
    *(f"/var/lib/{name}" for name in ("etcd", "kubelet", "private", "systemd")),
    "/opt/bareplane",
    "/opt/cni",
)
"""Where no volumes may stand, and below."""
SHARED = ("/", "/media", "/mnt", "/opt", "/srv", "/var", "/var/lib")
"""Others have things there, too."""


def is_an_address(value: str) -> str:
    """An IPv4 address, and nothing beside it: it goes into flags, lists and files of many forms."""
    try:
        return str(IPv4Address(value))
    except ValueError:
        raise ValueError(f"{value!r} is no IPv4 address; write it like 192.0.2.1") from None


def is_a_network(value: str) -> str:
    """An IPv4 network as `<address>/<length>`, however it was written."""
    try:
        return str(IPv4Network(value))
    except ValueError as error:
        raise ValueError(f"is no IPv4 network ({error}); write it like 10.244.0.0/16") from None


def is_a_place_for_volumes(value: str) -> str:
    """A directory that can be ours alone: it is closed to others, and what comes to stand there goes with it."""
    if not re.fullmatch(PATH, value) or posixpath.normpath(value) != value:
        raise ValueError("must be the whole path of a directory, like /var/lib/bareplane-volumes")
    taken = [*(f"/{name}" for name in THE_SYSTEMS), *TAKEN]
    inside = next((one for one in taken if value == one or value.startswith(f"{one}/")), None)
    if inside is not None or value in SHARED:
        raise ValueError(
            f"{inside or value} has other uses; take a directory of its own, like /var/lib/bareplane-volumes"
        )
    return value


NodeName = Annotated[str, StringConstraints(pattern=DNS_LABEL)]
DnsName = Annotated[str, StringConstraints(pattern=DNS_NAME, max_length=253)]
Version = Annotated[str, StringConstraints(pattern=VERSION)]
Token = Annotated[str, StringConstraints(pattern=WORD)]
Address = Annotated[str, AfterValidator(is_an_address)]
Network = Annotated[str, AfterValidator(is_a_network)]
VolumePath = Annotated[str, AfterValidator(is_a_place_for_volumes)]


class Spec(BaseModel):
    """Inputs of one kind. Unknown fields are errors; values do not change once made."""

    model_config = ConfigDict(
        extra="forbid", frozen=True, alias_generator=to_camel, validate_by_name=True, validate_by_alias=True
    )

    def to_wire(self) -> dict[str, Any]:
        """The spec as Pulumi input properties (camelCase, plain JSON types, unset options left out)."""
        return self.model_dump(mode="json", by_alias=True, exclude_none=True)

    @classmethod
    def from_wire(cls, properties: dict[str, Any]) -> Self:
        """The spec from Pulumi properties. Raises pydantic.ValidationError naming each wrong property."""
        return cls.model_validate(properties)
