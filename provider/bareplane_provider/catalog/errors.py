"""What can go wrong between wanting an artifact and having it."""

from __future__ import annotations

from collections.abc import Sequence

from bareplane_provider.errors import BareplaneError


class CatalogError(BareplaneError):
    """An artifact could not be provided."""

    untouched = True


class UnknownArtifactError(CatalogError):
    """The lock names no such artifact, version or architecture."""


class ChecksumError(CatalogError):
    """A file is not what its sha256 says. Never worked around: nothing else is tried."""


class DownloadError(CatalogError):
    """A host answered, but the file could not be had from it."""


class MirrorError(CatalogError):
    """The mirror the user named cannot be used."""


class BuildError(CatalogError):
    """A build failed."""


class GoMissingError(BuildError):
    """Artifacts can only be built, and there is no Go, or one too old, to build them with."""

    def __init__(self, artifacts: Sequence[str], found: str, needed: str) -> None:
        self.artifacts = tuple(artifacts)
        self.found = found
        self.needed = needed
        super().__init__(
            f"cannot build {', '.join(artifacts)}: {found}, and Go {needed} or newer is needed because neither the "
            "cache, a mirror nor an upstream host provides them; install Go, or name a mirror in BAREPLANE_MIRROR, "
            "or run where the upstream hosts can be reached"
        )


class UnavailableError(CatalogError):
    """Nothing that was tried has the artifact."""
