"""A host's Docker Engine as pulumi-docker sees it: one provider for all apps there, one resource for each image."""

from __future__ import annotations

from weakref import WeakKeyDictionary

import pulumi
import pulumi_docker as docker

from bareplane.apps.host import Host
from bareplane.apps.openssh import docker_url, ssh_options

OWN_IMAGES = "bareplane.dev/"
"""Where the catalog's own images would come from. No registry has them: `hosts.images` brings them."""

ELSEWHERE = ("context", "cert_path", "ca_material", "cert_material", "key_material")


class DockerHost:
    """The engine of one host, over SSH."""

    def __init__(self, host: Host) -> None:
        self._name = host.name
        self._parent = host if isinstance(host, pulumi.Resource) else None
        self._images: dict[str, docker.RemoteImage] = {}
        # Until the engine is made its URL is unknown, and the plugin asks nobody: a preview of a new host works.
        made = pulumi.Output.all(*(one.id for one in host.prepared if isinstance(one, pulumi.CustomResource)))
        self.provider = docker.Provider(
            f"{host.name}-docker-provider",
            host=made.apply(lambda _: docker_url(host.connection)),
            ssh_opts=ssh_options(host.connection),
            # Left out, they would come from the environment (DOCKER_CONTEXT…) and lead to whatever engine that names.
            **dict.fromkeys(ELSEWHERE, ""),
            opts=pulumi.ResourceOptions(parent=self._parent, depends_on=[*host.prepared]),
        )

    def image(self, reference: str) -> docker.RemoteImage:
        """The image, pulled unless the host has it; removed with the last app that runs it, unless it is ours."""
        if reference not in self._images:
            self._images[reference] = docker.RemoteImage(
                f"{self._name}-{reference}",
                name=reference,
                keep_locally=reference.startswith(OWN_IMAGES),
                opts=pulumi.ResourceOptions(parent=self._parent, provider=self.provider),
            )
        return self._images[reference]


# Each provider is a process of the plugin, and two removals of one image would fail: a container of the other uses it.
_KNOWN: WeakKeyDictionary[Host, DockerHost] = WeakKeyDictionary()


def docker_host(host: Host) -> DockerHost:
    """The same for every app."""
    if host not in _KNOWN:
        _KNOWN[host] = DockerHost(host)
    return _KNOWN[host]
