"""What ends a command; each is told in one line."""

from __future__ import annotations

from bareplane_provider.errors import BareplaneError

EXIT_FAILED = 1
EXIT_REFUSED = 3


class RefusedError(BareplaneError):
    """Nothing was done, because it might do harm: somebody is at work, or nobody agreed."""

    status = EXIT_REFUSED


class ProjectError(BareplaneError):
    """There is no project, stack or server of that name."""


class EngineError(BareplaneError):
    """Pulumi's engine failed."""
