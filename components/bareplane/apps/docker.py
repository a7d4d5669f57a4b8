"""An app as containers of Docker's, on a host each, through pulumi-docker."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pulumi
import pulumi_docker as docker

from bareplane.apps.deployment import LABEL
from bareplane.apps.docker_host import OWN_IMAGES, docker_host
from bareplane.apps.host import Host
from bareplane.config import AppConfig
from bareplane.specs.quantity import millicores, octets

STOP_SECONDS = 10
START_SECONDS = 90
MEBIBYTE = 1 << 20
LEAST_MEMORY, LEAST_QUOTA = 6, 1000
"""What Docker 29 takes: MiB of memory, microseconds of each period."""
PERIOD = 100_000
FETCH = 'wget -q -O /dev/null "$0" || curl -fsS -o /dev/null "$0"'


@dataclass(frozen=True)
class DockerReplica:
    """One container, and what is to be said of it."""

    container: docker.Container
    address: str

    @property
    def state(self) -> pulumi.Output[str]:
        # Whatever a refresh found, the container runs once it is up to date: the plugin starts it, or makes it anew.
        return self.container.id.apply(lambda _: "running")

    @property
    def addresses(self) -> pulumi.Output[Sequence[str]]:
        # After the container: an address of nothing would be no address.
        return self.container.id.apply(lambda _: [self.address])

    @property
    def log(self) -> pulumi.Output[Sequence[str]]:
        # pulumi-docker keeps the log only of containers that have ended.
        return pulumi.Output.from_input([])


def docker_app(parent: pulumi.Resource, app: AppConfig, hosts: Sequence[Host]) -> list[DockerReplica]:
    """A replica on each of the hosts, whose engine is Docker."""
    return [replica(parent, app, host) for host in hosts]


def replica(parent: pulumi.Resource, app: AppConfig, host: Host) -> DockerReplica:
    """The app's image, network, volume and container on one host."""
    assert app.image is not None, app.name
    engine, name = docker_host(host), f"bareplane-{app.name}"
    opts = pulumi.ResourceOptions(parent=parent, provider=engine.provider)
    network = docker.Network(
        f"{app.name}-{host.name}-network",
        name=name,
        driver="bridge",
        labels=[docker.NetworkLabelArgs(label=LABEL, value=app.name)],
        opts=opts,
    )
    mounts: list[docker.ContainerMountArgs] = []
    if app.volume is not None:
        volume = docker.Volume(
            f"{app.name}-{host.name}-volume",
            name=name,
            labels=[docker.VolumeLabelArgs(label=LABEL, value=app.name)],
            opts=opts,
        )
        mounts.append(docker.ContainerMountArgs(type="volume", source=volume.name, target=app.volume.path))
    made = docker.Container(
        f"{app.name}-{host.name}-container",
        name=name,
        image=engine.image(app.image).image_id,
        entrypoints=list(app.command) or None,
        envs=environment(app, host),
        user=user(app),
        networks_advanced=[docker.ContainerNetworksAdvancedArgs(name=network.name, aliases=[app.name])],
        ports=[docker.ContainerPortArgs(internal=app.port, external=app.port, ip="0.0.0.0", protocol="tcp")],  # noqa: S104
        mounts=mounts or None,
        healthcheck=health(app),
        wait=app.health_check is not None,
        wait_timeout=START_SECONDS,
        must_run=True,
        restart="unless-stopped",
        destroy_grace_seconds=STOP_SECONDS,
        capabilities=docker.ContainerCapabilitiesArgs(drops=["ALL"]),
        security_opts=["no-new-privileges"],
        labels=[docker.ContainerLabelArgs(label=LABEL, value=app.name)],
        memory=memory(app),
        # Docker would else allow as much swap again, or none at all where the kernel cannot count it.
        memory_swap=None if memory(app) is None else -1,
        cpu_period=None if app.limits.cpu is None else PERIOD,
        cpu_quota=quota(app),
        opts=pulumi.ResourceOptions(
            parent=parent,
            provider=engine.provider,
            # Name and port are the same as those of the one before.
            delete_before_replace=True,
            # The plugin takes these for changed and changes nothing (terraform-provider-docker 4.5).
            replace_on_changes=["healthcheck", "cpuQuota"],
            additional_secret_outputs=["envs"] if app.secret_environment else None,
        ),
    )
    return DockerReplica(made, f"{host.connection.address}:{app.port}")


def environment(app: AppConfig, host: Host) -> pulumi.Input[list[str]]:
    """All of it is secret where a part is: a set has no place to mark a part in."""
    given = {**app.environment, **app.secret_environment, "NODE_NAME": host.name, "PORT": str(app.port)}
    lines = [f"{name}={value}" for name, value in sorted(given.items())]
    return pulumi.Output.secret(lines) if app.secret_environment else lines


def user(app: AppConfig) -> str | None:
    """The image's own, with one exception.

    A new volume belongs to whom the image's directory in its place belongs to, and to root where there is none. Ours
    hold nothing but a program, so that it writes as root, who has no capability left.
    """
    return "0:0" if app.volume is not None and app.image is not None and app.image.startswith(OWN_IMAGES) else None


def health(app: AppConfig) -> docker.ContainerHealthcheckArgs | None:
    """Docker asks from inside the container: our own image's program can do that; another needs wget or curl."""
    if app.health_check is None or app.image is None:
        return None
    url, period = f"http://127.0.0.1:{app.port}{app.health_check.path}", duration(app.health_check.period_seconds)
    if app.image.startswith(f"{OWN_IMAGES}hello:"):
        test = ["CMD", "/hello", "get", url]
    else:
        test = ["CMD", "/bin/sh", "-c", FETCH, url]
    return docker.ContainerHealthcheckArgs(
        tests=test, interval=period, timeout="5s", retries=3, start_period="10s", start_interval="1s"
    )


def duration(seconds: int) -> str:
    """As Go prints it, and the plugin reads it back: 90 is 1m30s."""
    minutes, rest = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours}h{minutes}m{rest}s"
    return f"{minutes}m{rest}s" if minutes else f"{rest}s"


def memory(app: AppConfig) -> int | None:
    """In MiB, rounded up."""
    if app.limits.memory is None:
        return None
    return max(LEAST_MEMORY, -(-octets(app.limits.memory) // MEBIBYTE))


def quota(app: AppConfig) -> int | None:
    """Microseconds of processor time in each period."""
    return None if app.limits.cpu is None else max(LEAST_QUOTA, millicores(app.limits.cpu) * PERIOD // 1000)
