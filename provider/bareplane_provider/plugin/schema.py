"""The package's schema: what resources there are. Their properties are typed on the program's side."""

from __future__ import annotations

import json
from collections.abc import Iterable
from importlib import metadata

PACKAGE = "bareplane"


def version() -> str:
    """The provider's version; 0.0.0 when it runs from sources that nobody installed."""
    try:
        return metadata.version(PACKAGE)
    except metadata.PackageNotFoundError:
        return "0.0.0"


def schema(tokens: Iterable[str]) -> str:
    resources = {
        token: {"description": f"See bareplane's reference for {token.rpartition(':')[2]}."} for token in tokens
    }
    return json.dumps({"name": PACKAGE, "version": version(), "resources": resources}, sort_keys=True)
