"""Models whose machines are the servers themselves: the control plane runs as their processes, or as static pods."""

from pathlib import Path

import pulumi

from bareplane import App, AppArgs, Cluster, ClusterArgs, StackConfig, network_objects

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
    for app in config.apps:
        App(app.name, AppArgs(config=app, cluster=cluster))
    pulumi.export("kubeconfig", cluster.kubeconfig)
    pulumi.export("nodes", cluster.nodes)
    pulumi.export("endpoint", f"https://{cluster.settings.endpoint_addresses[0]}:{cluster.settings.port}")
