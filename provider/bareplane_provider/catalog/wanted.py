"""One program of one version for one architecture, with everything the lock says of it filled in."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from bareplane_provider.catalog.errors import CatalogError
from bareplane_provider.catalog.lock import Build, Lock, Program, Source, check_arch

MODULES = Path(__file__).parent / "modules"


@dataclass(frozen=True)
class Wanted:
    """What a source of artifacts is asked for."""

    name: str
    version: str
    arch: str
    program: Program
    source: Source
    pins: tuple[tuple[str, str], ...]
    """sha256 by URL, of the downloads this program may come from."""

    @property
    def key(self) -> str:
        """Names the record of this in a cache."""
        return f"{self.name}-{self.version}-{self.arch}"

    @property
    def title(self) -> str:
        """What progress and errors call it."""
        return f"{self.name} {self.version} ({self.arch})"

    @property
    def build(self) -> Build:
        if self.source.build is None:
            raise CatalogError(f"{self.title} is not built from Go modules")
        return self.source.build

    @property
    def recipes(self) -> frozenset[str]:
        """Whatever was made by one of these is right."""
        return frozenset({self.download_recipe, *([self.build_recipe] if self.source.build else [])})

    @property
    def built_version(self) -> str:
        """The version a build gives; upstream's downloads may be newer than what resolves as a Go module."""
        return (self.source.build and self.source.build.version) or self.version

    @property
    def url(self) -> str | None:
        """Where upstream has it."""
        return self._fill(self.source.url)

    @property
    def checksums_url(self) -> str | None:
        """Where upstream publishes the download's checksum."""
        return self._fill(self.source.checksums)

    @property
    def pinned(self) -> str | None:
        """The download's sha256, where the lock has it."""
        return dict(self.pins).get(self.url) if self.url else None

    @property
    def member(self) -> str | None:
        """Its place in the downloaded archive."""
        return self._fill(self.program.member)

    @property
    def module(self) -> Path:
        """The folder that `go build` runs in."""
        name = self.build.module.format(version=self.built_version)
        if not self.build.ours:
            return MODULES / name
        places = [MODULES.parent / "images" / name, MODULES.parents[3] / "images" / name]
        for place in places:
            if (place / "go.mod").is_file():
                return place
        raise CatalogError(
            f"the source of {self.name} is in none of {', '.join(map(str, places))}; install bareplane again"
        )

    @cached_property
    def stamps(self) -> dict[str, str]:
        """Link-time variables of a build."""
        numbers = self.built_version.split(".")
        fields = {"version": self.built_version, "major": numbers[0], "minor": numbers[1] if len(numbers) > 1 else "0"}
        return {variable: value.format(**fields) for variable, value in self.build.stamps.items()}

    @cached_property
    def download_recipe(self) -> str:
        """Changes when something else would be downloaded."""
        return _fingerprint([self.url, self.pinned, self.member])

    @cached_property
    def build_recipe(self) -> str:
        """Changes when something else would be built, but not with the version of Go."""
        build = self.build
        sources = {
            path.name: path.read_text()
            for path in sorted(self.module.iterdir())
            if path.suffix in {".go", ".mod", ".sum"}
        }
        parts: list[object] = [self.program.package, self.program.file, build.tags, self.stamps, build.cgo, sources]
        # Set for few; the others keep the recipes they had before there was such a thing.
        return _fingerprint([*parts, build.language] if build.language else parts)

    def _fill(self, template: str | None) -> str | None:
        if template is None:
            return None
        fields = {"name": self.name, "version": self.version, "arch": self.source.arch_names.get(self.arch, self.arch)}
        if "{url}" in template:
            fields["url"] = self.url or ""
        return template.format(**fields)


def wanted(lock: Lock, name: str, arch: str, version: str | None = None) -> Wanted:
    """Looks `name` up; raises UnknownArtifactError when the lock does not have it."""
    check_arch(arch)
    source = lock.source_of(name)
    return Wanted(name, lock.version(name, version), arch, lock.program(name), source, tuple(lock.pins.items()))


def _fingerprint(parts: list[object]) -> str:
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()
