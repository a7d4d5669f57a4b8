"""bareplane: servers reached over SSH become a Kubernetes cluster, from any Pulumi program.

from bareplane import Cluster, ClusterArgs, Server, ServerArgs, Stack
"""

from bareplane.app import App, AppArgs
from bareplane.cluster import Cluster, ClusterArgs
from bareplane.config import (
    AppConfig,
    ClusterConfig,
    ConfigError,
    HostConfig,
    StackConfig,
    network_objects,
    read_config,
    secret_keys,
)
from bareplane.container_host import ContainerHost, ContainerHostArgs
from bareplane.server import Server, ServerArgs
from bareplane.specs import Connection

__all__ = [
    "App",
    "AppArgs",
    "AppConfig",
    "Cluster",
    "ClusterArgs",
    "ClusterConfig",
    "ConfigError",
    "Connection",
    "ContainerHost",
    "ContainerHostArgs",
    "HostConfig",
    "Server",
    "ServerArgs",
    "StackConfig",
    "network_objects",
    "read_config",
    "secret_keys",
]
