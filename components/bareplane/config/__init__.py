"""A stack's configuration: typed, validated at once, every error told together."""

from bareplane.config.errors import ConfigError
from bareplane.config.models import AppConfig, ClusterConfig, NetworkConfig, StackConfig
from bareplane.config.reading import read_config

__all__ = ["AppConfig", "ClusterConfig", "ConfigError", "NetworkConfig", "StackConfig", "read_config"]
