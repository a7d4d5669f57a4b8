"""What the environment decides for the catalog of a process."""

from __future__ import annotations

from pathlib import Path

import pytest

from bareplane_provider.catalog.cache import cache_root
from bareplane_provider.catalog.compress import compress_bytes
from bareplane_provider.catalog.errors import ChecksumError
from bareplane_provider.catalog.obtain import default_catalog


@pytest.fixture
def user(world, monkeypatch):
    """A user with a cache of their own, and a mirror filled with a program of ours that is damaged."""
    monkeypatch.undo()
    monkeypatch.setenv("BAREPLANE_CACHE", str(world.cache))
    monkeypatch.delenv("BAREPLANE_MIRROR", raising=False)
    default_catalog.cache_clear()
    yield world
    default_catalog.cache_clear()


@pytest.mark.parametrize("mirrored", [True, False])
def test_the_mirror_comes_before_upstream_and_upstream_before_the_build(user, monkeypatch, mirrored):
    if mirrored:
        monkeypatch.setenv("BAREPLANE_MIRROR", "https://mirror.test/b")
    kinds = [type(source).__name__ for source in default_catalog().sources]
    assert kinds == [*(["Mirror"] if mirrored else []), "Upstream", "GoBuild"]


def test_a_mirror_of_the_shipped_lock_is_used_and_checked(user, monkeypatch):
    catalog = default_catalog()
    catalog.sources = (user.build,)
    artifact = catalog.obtain("pause")
    user.cache.rename(user.root / "mirror")
    (user.root / "mirror/sha256" / f"{artifact.sha256}.zst").write_bytes(compress_bytes(b"something else"))
    monkeypatch.setenv("BAREPLANE_MIRROR", str(user.root / "mirror"))
    default_catalog.cache_clear()
    with pytest.raises(ChecksumError):
        default_catalog().obtain("pause")


@pytest.mark.parametrize(
    ("chosen", "base", "expected"),
    [
        ("/c", "/x", "/c"),
        ("~/c", None, "{home}/c"),
        (None, "/x", "/x/bareplane"),
        (None, None, "{home}/.cache/bareplane"),
    ],
)
def test_the_cache_stands_where_the_user_says(monkeypatch, tmp_path, chosen, base, expected):
    monkeypatch.setenv("HOME", str(tmp_path))
    for name, value in (("BAREPLANE_CACHE", chosen), ("XDG_CACHE_HOME", base)):
        if value is None:
            monkeypatch.delenv(name, raising=False)
        else:
            monkeypatch.setenv(name, value)
    assert cache_root() == Path(expected.format(home=tmp_path))
