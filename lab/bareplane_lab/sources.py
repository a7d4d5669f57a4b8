"""The machine's own apt sources, reduced to its distribution: third-party archives have no place in a server."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from bareplane_lab.commands import run
from bareplane_lab.errors import ImageError

DISTRIBUTIONS = ("Debian", "Ubuntu")
SUFFIXES = ("", "-updates", "-security")


@dataclass(frozen=True)
class Sources:
    """A release's codename, its lines for sources.list, and the machine's `Acquire` options."""

    codename: str
    lines: tuple[str, ...]
    options: tuple[str, ...]


def of_this_machine() -> Sources:
    """Reads apt's own view (every format of its configuration); its lists are fetched aside where there are none."""
    release = codename(Path("/etc/os-release").read_text())
    lines = distribution_lines(_index_targets([]), release)
    if not lines:
        with tempfile.TemporaryDirectory(prefix="bareplane-apt-") as lists:
            Path(lists, "partial").mkdir()
            aside = ["-o", f"Dir::State::Lists={lists}"]
            run(["apt-get", "update", *aside], "reading the package archives for the server image")
            lines = distribution_lines(_index_targets(aside), release)
    if not lines:
        raise ImageError(
            f"building the server image: apt has no archive of Debian or Ubuntu {release} configured; "
            "add the distribution's archive to /etc/apt/sources.list.d and run apt-get update"
        )
    return Sources(release, lines, acquire_options(run(["apt-config", "dump"], "reading apt's configuration")))


def distribution_lines(targets: str, release: str) -> tuple[str, ...]:
    """One-line sources from `apt-get indextargets`, for archives whose Release file says Debian or Ubuntu."""
    archives: dict[tuple[str, str], list[str]] = {}
    for target in (_paragraph(text) for text in targets.split("\n\n")):
        archive = target.get("Release", "")
        if target.get("Origin") in DISTRIBUTIONS and archive in {release + suffix for suffix in SUFFIXES}:
            components = archives.setdefault((target["Repo-URI"], archive), [])
            if target["Component"] not in components:
                components.append(target["Component"])
    return tuple(f"deb {uri} {archive} {' '.join(names)}" for (uri, archive), names in sorted(archives.items()))


def acquire_options(dump: str) -> tuple[str, ...]:
    """How this machine fetches (proxy, certificates, clock checks): the build inside needs the same."""
    wanted = ("Acquire::http", "Acquire::Check-", "Acquire::Retries", "Acquire::ForceIPv4")
    return tuple(
        line
        for line in dump.splitlines()
        if line.startswith(wanted) and not line.endswith('"";') and "::User-Agent" not in line
    )


def _index_targets(options: list[str]) -> str:
    return run(["apt-get", "indextargets", *options, "Created-By: Packages"], "reading this machine's apt sources")


def _paragraph(text: str) -> Mapping[str, str]:
    pairs = (line.partition(":") for line in text.splitlines() if not line.startswith(" "))
    return {key: value.strip() for key, _, value in pairs}


def codename(os_release: str) -> str:
    """The release's name; a derivative's that of the distribution it is made from."""
    pairs = (line.partition("=") for line in os_release.splitlines())
    fields = {key: value.strip('"') for key, _, value in pairs}
    name = fields.get("UBUNTU_CODENAME") or fields.get("VERSION_CODENAME")
    if not name:
        raise ImageError("building the server image: /etc/os-release names no codename; it takes Debian or Ubuntu")
    return name
