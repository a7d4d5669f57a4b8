"""Models whose machines are the servers themselves: the control plane runs as their processes, or as static pods."""

from pathlib import Path

import pulumi

from bareplane import (
    App,
    AppArgs,
    Cluster,
    ClusterArgs,
    ContainerHost,
    ContainerHostArgs,
    StackConfig,
    network_objects,
    secret_keys,
)

ROOT = Path(__file__).resolve().parent.parent


def program(config: StackConfig) -> None:
    """A cluster on the servers, and the apps in it."""
    servers = {one.name: one for one in config.servers}
    cluster = Cluster(
        config.cluster.name,
        ClusterArgs(
            config=config.cluster,
            servers=servers,
            form=config.form,
            network_objects=network_objects(config, ROOT),
        ),
    )
    hosts = {
        one.server: ContainerHost(
            f"{one.server}-host",
            ContainerHostArgs(
                connection=servers[one.server],
                owner=cluster.owner.owner,
                engine=one.engine,
                images=one.images,
                node=cluster.servers.get(one.server),
            ),
        )
        for one in config.hosts
    }
    secret = "apps" in secret_keys(pulumi.get_project())
    for app in config.apps:
        App(app.name, AppArgs(config=app, cluster=cluster, secret_environment=secret))
    pulumi.export("kubeconfig", cluster.kubeconfig)
    pulumi.export("nodes", cluster.nodes)
    pulumi.export("hosts", {name: {"address": one.address, "engine": one.engine} for name, one in hosts.items()})
    pulumi.export("endpoint", f"https://{cluster.settings.endpoint_addresses[0]}:{cluster.settings.port}")
