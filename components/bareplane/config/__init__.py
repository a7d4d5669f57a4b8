"""A stack's configuration: typed, validated at once, every error told together."""

from bareplane.config.errors import ConfigError
from bareplane.config.host import HostConfig
from bareplane.config.models import AppConfig, ClusterConfig, NetworkConfig, StackConfig
from bareplane.config.reading import network_objects, read_config, secret_keys

__all__ = [
    "AppConfig",
    "ClusterConfig",
    "ConfigError",
    "HostConfig",
    "NetworkConfig",
    "StackConfig",
    "network_objects",
    "read_config",
    "secret_keys",
]
