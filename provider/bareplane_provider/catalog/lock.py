"""The lock: which artifacts there are, in which versions, where each comes from, and the checksums known beforehand."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from functools import cache
from importlib.resources import files

from pydantic import TypeAdapter, ValidationError

from bareplane_provider.catalog.errors import CatalogError, UnknownArtifactError

ARCHES = ("amd64", "arm64")
HERE = {"x86_64": "amd64", "aarch64": "arm64"}.get(os.uname().machine, os.uname().machine)
"""This computer's."""


@dataclass(frozen=True)
class Build:
    """How a source is built: `module`: a folder with go.mod and go.sum, of this package or one of our own programs."""

    module: str
    tags: tuple[str, ...] = ()
    stamps: Mapping[str, str] = field(default_factory=dict[str, str])
    """Variables set at link time."""
    cgo: bool = False
    needs: tuple[str, ...] = ()
    """What a build with cgo needs installed."""
    ours: bool = False
    language: str | None = None
    """`<packages>=<version>`: Go's for packages of a module that has no go.mod, which counts as one of Go 1.16."""
    version: str | None = None
    """Where what is built is not of the version that is downloaded."""


@dataclass(frozen=True)
class Source:
    """One upstream release: several programs may come from it. The first version is the default."""

    versions: tuple[str, ...]
    build: Build | None = None
    """None for what does not resolve as a Go module: it is downloaded, or comes from a mirror."""
    url: str | None = None
    checksums: str | None = None
    """Where upstream publishes its checksums: `<sha256>` alone, or lines of `<sha256>  <file>`."""
    arch_names: Mapping[str, str] = field(default_factory=dict[str, str])


@dataclass(frozen=True)
class Program:
    """One executable. `package` is its Go package, or with `file` the module that carries that file."""

    source: str
    groups: tuple[str, ...]
    package: str = ""
    member: str | None = None
    """Where it stands in the downloaded archive; none: the download is the program."""
    file: str | None = None


@dataclass(frozen=True)
class ImageEntry:
    """An image of one program, nothing beside it."""

    groups: tuple[str, ...]
    reference: str
    program: str
    user: str
    ports: tuple[str, ...] = ()
    pulled_from: str | None = None


@dataclass(frozen=True)
class Lock:
    """The whole table."""

    format: int
    sources: Mapping[str, Source]
    programs: Mapping[str, Program]
    images: Mapping[str, ImageEntry]
    pins: Mapping[str, str]
    """sha256 of downloads, by URL."""

    def program(self, name: str) -> Program:
        """The program of that name."""
        if name not in self.programs:
            raise UnknownArtifactError(f"the catalog has no program {name!r}; {offer(name, self.programs)}")
        return self.programs[name]

    def image(self, name: str) -> ImageEntry:
        """The image of that name."""
        if name not in self.images:
            raise UnknownArtifactError(f"the catalog has no image {name!r}; {offer(name, self.images)}")
        return self.images[name]

    def source_of(self, name: str) -> Source:
        """The source the program comes from."""
        return self.sources[self.program(name).source]

    def version(self, name: str, wanted: str | None = None) -> str:
        """The wanted version of a program, or its default one."""
        versions = self.source_of(name).versions
        if wanted is None:
            return versions[0]
        if wanted not in versions:
            raise UnknownArtifactError(
                f"the catalog has no {name} {wanted}; it has {', '.join(versions)}; choose one of these, "
                "or use a bareplane whose catalog has it"
            )
        return wanted

    def names(self, group: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """The programs and the images of a group; `all` is every one that can be built."""
        programs = tuple(
            name
            for name, entry in self.programs.items()
            if group in entry.groups or (group == "all" and self.sources[entry.source].build)
        )
        images = tuple(name for name, entry in self.images.items() if group == "all" or group in entry.groups)
        return programs, images


def offer(name: str, known: Iterable[str]) -> str:
    """What there is instead, and which of it was meant where that is near enough."""
    there = sorted(known)
    meant = get_close_matches(name, there, n=1)
    return f"it has {', '.join(there)}" + (f"; did you mean {meant[0]!r}?" if meant else "")


def check_arch(arch: str) -> None:
    """Refuses an architecture the catalog does not know."""
    if arch not in ARCHES:
        raise UnknownArtifactError(f"the catalog has nothing for architecture {arch!r}; it knows {', '.join(ARCHES)}")


def parse_lock(text: str | bytes) -> Lock:
    """Reads a lock; every reference inside it must lead somewhere."""
    try:
        lock = TypeAdapter(Lock).validate_json(text)
    except ValidationError as error:
        raise CatalogError(f"the catalog's lock cannot be read: {error}") from error
    if lock.format != 1:
        raise CatalogError(f"the catalog's lock has format {lock.format}, this bareplane reads format 1")
    wrong = [
        f"{name} → source {entry.source}" for name, entry in lock.programs.items() if entry.source not in lock.sources
    ]
    wrong += [
        f"{name} → program {entry.program}" for name, entry in lock.images.items() if entry.program not in lock.programs
    ]
    wrong += [f"{name} is nowhere" for name, source in lock.sources.items() if not (source.build or source.url)]
    wrong += [f"{name} has no versions" for name, source in lock.sources.items() if not source.versions]
    if wrong:
        raise CatalogError(f"the catalog's lock leads nowhere: {'; '.join(wrong)}")
    return lock


@cache
def read_lock() -> Lock:
    """The lock that this package carries."""
    return parse_lock(files("bareplane_provider.catalog").joinpath("catalog.lock.json").read_bytes())
