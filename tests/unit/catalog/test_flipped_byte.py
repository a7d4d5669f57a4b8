"""One flipped bit is refused, wherever it comes from, and nothing else is tried in its place."""

from __future__ import annotations

import hashlib

import pytest

from bareplane_provider.catalog.errors import ChecksumError


def test_in_the_cache(world, flip):
    path = world.catalog().obtain("plain").path
    flip(path)
    with pytest.raises(ChecksumError, match=f"delete {path} "):
        world.catalog().obtain("plain")


def test_in_the_cache_while_the_process_runs(world, flip):
    catalog = world.catalog()
    path = catalog.obtain("plain").path
    flip(path)
    with pytest.raises(ChecksumError):
        catalog.obtain("plain")


def test_in_the_compressed_copy(world, flip):
    compressed = world.catalog().obtain("plain").compressed
    flip(compressed)
    with pytest.raises(ChecksumError, match=f"delete {compressed} "):
        world.catalog().obtain("plain")


def test_in_an_image(world, flip):
    flip(world.catalog().obtain_image("plain").archive)
    with pytest.raises(ChecksumError):
        world.catalog().obtain_image("plain")


@pytest.mark.parametrize("packed", [True, False])
def test_in_a_mirror(world, flip, packed):
    artifact = world.catalog().obtain("plain")
    if packed:
        flip(artifact.compressed)
    else:
        artifact.compressed.unlink()
        flip(artifact.path)
    world.cache.rename(world.root / "mirror")
    world.mirror = str(world.root / "mirror")
    world.build.built.clear()
    with pytest.raises(ChecksumError, match="unset BAREPLANE_MIRROR"):
        world.catalog().obtain("plain")
    assert world.build.built == []
    assert not (world.cache / "records").exists()


def test_in_an_image_of_a_mirror(world, flip):
    flip(world.catalog().obtain_image("plain").compressed)
    world.cache.rename(world.root / "mirror")
    world.mirror = str(world.root / "mirror")
    with pytest.raises(ChecksumError):
        world.catalog().obtain_image("plain")


def test_a_mirror_may_not_replace_what_the_lock_pins(world):
    url = world.publish()
    world.catalog().obtain("plain")
    world.cache.rename(world.root / "mirror")
    record = world.root / "mirror/records/plain-2.0-amd64.json"
    recipe = record.read_text().split('"recipe": "')[1][:64]
    world.mirror, world.pins = str(world.root / "mirror"), {url: "1" * 64}
    pinned = world.catalog().lock
    from bareplane_provider.catalog.wanted import wanted

    record.write_text(record.read_text().replace(recipe, wanted(pinned, "plain", "amd64").download_recipe))
    with pytest.raises(ChecksumError, match="the catalog's lock says 1111"):
        world.catalog().obtain("plain")


@pytest.mark.parametrize("pinned", [True, False])
def test_in_a_download(world, pinned):
    url = world.publish()
    if pinned:
        world.pins = {url: hashlib.sha256(b"upstream").hexdigest()}
    world.web.files[url] = b"upstreal"
    if pinned:
        # The host's own checksum does not help it.
        world.web.files[f"{url}.sha256"] = hashlib.sha256(b"upstreal").hexdigest().encode()
    with pytest.raises(ChecksumError, match="should have sha256"):
        world.catalog().obtain("plain")
    assert world.build.built == []
    assert not (world.cache / "records").exists()


def test_in_an_archive_that_was_kept(world, flip):
    world.publish_archive({"packed-3.0/left": b"l" * 100, "packed-3.0/right": b"r" * 100})
    catalog = world.catalog()
    catalog.obtain("left")
    (kept,) = (world.cache / "downloads").iterdir()
    flip(kept)
    with pytest.raises(ChecksumError, match=f"delete {kept}"):
        catalog.obtain("right")


def test_a_lost_compressed_copy_is_made_again(world):
    artifact = world.catalog().obtain("plain")
    artifact.compressed.unlink()
    again = world.catalog().obtain("plain")
    assert again.compressed_sha256 == hashlib.sha256(again.compressed.read_bytes()).hexdigest()
