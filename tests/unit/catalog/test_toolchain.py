"""The user's own Pulumi is used when it is new enough."""

from __future__ import annotations

import pytest

from bareplane_provider.catalog import toolchain
from bareplane_provider.catalog.cache import Cache
from bareplane_provider.catalog.fetch import fetch
from bareplane_provider.catalog.lock import read_lock
from bareplane_provider.catalog.obtain import Catalog

HOST = ["pulumi-language-python", "pulumi-language-python-exec"]


@pytest.fixture
def path(tmp_path, monkeypatch):
    place = tmp_path / "bin"
    place.mkdir()
    monkeypatch.setenv("PATH", str(place))
    return place


@pytest.fixture
def catalog(tmp_path, world):
    for module in ("pulumi-3.250.0", "pulumi-language-python-3.79.0"):
        (tmp_path / "modules" / module).mkdir()
    return Catalog(read_lock(), Cache(tmp_path / "cache"), [world.build])


def _install(path, name, answer=""):
    program = path / name
    program.write_text(f"#!/bin/sh\necho {answer}\n")
    program.chmod(0o755)


@pytest.mark.parametrize(
    ("version", "host", "expected"),
    [
        (None, [], ["pulumi", *HOST]),
        ("v3.200.0", HOST, []),
        ("v3.250.1-dev.0", HOST, []),
        ("v4.0.0", HOST, []),
        ("v3.199.9", HOST, ["pulumi"]),
        ("nonsense", HOST, ["pulumi"]),
        ("v3.200.0", [], HOST),
        ("v3.200.0", HOST[:1], HOST),
    ],
)
def test_only_what_is_not_installed_is_missing(catalog, path, version, host, expected):
    if version is not None:
        _install(path, "pulumi", version)
    for name in host:
        _install(path, name)
    assert toolchain.missing(catalog) == expected


def test_links_of_ours_on_path_are_not_taken_for_an_installation(catalog, monkeypatch, path):
    place = toolchain.folder(catalog)
    place.mkdir(parents=True)
    for name in ("pulumi", *HOST):
        _install(place, name, "v3.250.0")
    monkeypatch.setenv("PATH", f"{place}:{path}")
    assert toolchain.missing(catalog) == ["pulumi", *HOST]


def test_fetching_links_what_is_missing_and_drops_links_no_longer_needed(catalog, path, world):
    place = toolchain.folder(catalog)
    fetch(catalog, [], "toolchain", "amd64", None, world.said.append)
    assert sorted(link.name for link in place.iterdir()) == ["pulumi", *HOST]
    assert (place / "pulumi").samefile(catalog.obtain("pulumi").path)
    assert not (place / HOST[0]).is_symlink()

    _install(path, "pulumi", "v3.260.0")
    fetch(catalog, [], "toolchain", "amd64", None, world.said.append)
    assert sorted(link.name for link in place.iterdir()) == HOST


def test_an_installed_toolchain_fetches_nothing(catalog, path, world):
    _install(path, "pulumi", "v3.260.0")
    for name in HOST:
        _install(path, name)
    fetch(catalog, [], "toolchain", "amd64", None, world.said.append)
    assert world.build.built == []
    assert world.said == ["toolchain: the installed one is used"]
