"""Versions and artifacts: what bareplane can install, from where, and whether it is what it should be."""

from bareplane_provider.catalog.artifacts import Artifact, Image
from bareplane_provider.catalog.errors import (
    BuildError,
    CatalogError,
    ChecksumError,
    DownloadError,
    GoMissingError,
    MirrorError,
    UnavailableError,
    UnknownArtifactError,
)
from bareplane_provider.catalog.lock import read_lock
from bareplane_provider.catalog.needs import Needs
from bareplane_provider.catalog.obtain import Catalog, default_catalog, obtain, obtain_image

__all__ = [
    "Artifact",
    "BuildError",
    "Catalog",
    "CatalogError",
    "ChecksumError",
    "DownloadError",
    "GoMissingError",
    "Image",
    "MirrorError",
    "Needs",
    "UnavailableError",
    "UnknownArtifactError",
    "default_catalog",
    "obtain",
    "obtain_image",
    "read_lock",
]
