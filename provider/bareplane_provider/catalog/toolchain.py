"""The Pulumi CLI and its Python language host: the user's own where they are new enough, else the catalog's."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

from bareplane_provider.catalog.cache import Say
from bareplane_provider.catalog.obtain import Catalog

OLDEST = (3, 200)
HOST_PROGRAMS = ("pulumi-language-python", "pulumi-language-python-exec")


def folder(catalog: Catalog) -> Path:
    """To be put on PATH: holds hard links to what the user has not installed."""
    return catalog.cache.root / "toolchain"


def missing(catalog: Catalog) -> list[str]:
    """The programs of the toolchain that the user has not installed, or only in a version too old."""
    names: list[str] = []
    pulumi = _installed(catalog, "pulumi")
    if pulumi is None or pulumi_version(pulumi) < OLDEST:
        names.append("pulumi")
    # The host and its script belong together: half an installation is none.
    if any(_installed(catalog, name) is None for name in HOST_PROGRAMS):
        names.extend(HOST_PROGRAMS)
    return names


def provide(catalog: Catalog, arch: str, say: Say) -> list[str]:
    """Fills the folder; returns the programs that are linked there."""
    place = folder(catalog)
    place.mkdir(parents=True, exist_ok=True)
    names = missing(catalog)
    for link in place.iterdir():
        if link.name not in names:
            link.unlink()
    for name in names:
        artifact = catalog.obtain(name, arch, say)
        if (place / name).exists() and (place / name).samefile(artifact.path):
            continue
        unfinished = place / f".{name}"
        unfinished.unlink(missing_ok=True)
        # The language host looks for its script beside itself, and would follow a symbolic link to where there is none.
        unfinished.hardlink_to(artifact.path)
        unfinished.replace(place / name)
    return names


def pulumi_version(program: Path) -> tuple[int, ...]:
    """What `pulumi version` answers; (0,) if that is no version."""
    answer = subprocess.run(
        [program, "version"],
        capture_output=True,
        text=True,
        check=False,
        env={"PULUMI_SKIP_UPDATE_CHECK": "1", "HOME": "/"},
    )
    return parse_version(answer.stdout)


def parse_version(text: str) -> tuple[int, ...]:
    """Of `v3.250.0` or `v3.250.0-alpha.1`."""
    found = re.match(r"v?(\d+)\.(\d+)\.(\d+)", text.strip())
    return tuple(int(number) for number in found.groups()) if found else (0,)


def _installed(catalog: Catalog, name: str) -> Path | None:
    """The user's own: what of ours is on PATH already does not count."""
    found = shutil.which(name)
    if found is None:
        return None
    path = Path(found)
    return None if path.resolve().is_relative_to(catalog.cache.root.resolve()) else path
