"""What is being done, for people who wait."""

from __future__ import annotations

import sys
import time

_BEGAN = time.monotonic()


def say(text: str) -> None:
    """A line on standard error, with the seconds since this process began."""
    print(f"{time.monotonic() - _BEGAN:7.1f}s  {text}", file=sys.stderr, flush=True)
