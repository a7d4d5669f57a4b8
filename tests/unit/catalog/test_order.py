"""Cache, then mirror, then upstream, then build."""

from __future__ import annotations

import shutil
import threading
import time

import pytest

from bareplane_provider.catalog.errors import CatalogError, MirrorError, UnavailableError, UnknownArtifactError


def _fill_mirror(world, content=b"mirrored"):
    """What another user's cache has, served as a mirror."""
    world.publish(content=content)
    world.catalog().obtain("plain")
    world.cache.rename(world.root / "mirror")
    world.web.files.clear()
    world.web.downloads.clear()
    world.web.probes = 0
    world.mirror = str(world.root / "mirror")


@pytest.mark.parametrize(
    ("cached", "mirrored", "published", "able", "content", "downloads", "builds"),
    [
        (True, True, True, True, b"cached", 0, 0),
        (False, True, True, True, b"mirrored", 0, 0),
        (False, False, True, True, b"upstream", 1, 0),
        (False, False, False, True, b"built", 0, 1),
        (True, False, False, False, b"cached", 0, 0),
    ],
)
def test_the_first_that_has_it_provides_it(world, cached, mirrored, published, able, content, downloads, builds):
    if mirrored:
        _fill_mirror(world)
    if cached:
        mirror, world.mirror = world.mirror, None
        world.publish(content=b"cached")
        world.catalog().obtain("plain")
        world.web.files.clear()
        world.web.downloads.clear()
        world.mirror = mirror
    if published:
        world.publish()
    world.build.able = able

    assert world.catalog().obtain("plain").path.read_bytes() == content
    assert (len(world.web.downloads), len(world.build.built)) == (downloads, builds)


def test_when_nothing_has_it_every_reason_is_named(world):
    world.web.up, world.build.able = False, False
    with pytest.raises(
        UnavailableError, match=r"plain 2\.0 \(amd64\) cannot be had: up\.test cannot be reached; no build"
    ):
        world.catalog().obtain("plain")


def test_a_host_that_cannot_be_reached_is_tried_once(world):
    world.web.up = False
    catalog = world.catalog()
    for name in ("plain", "left", "right"):
        catalog.obtain(name, progress=world.said.append)
    assert world.web.probes == 1
    assert sum("cannot be reached" in line for line in world.said) == 1
    assert world.web.downloads == []


def test_a_host_that_breaks_off_is_not_tried_again(world):
    world.publish()
    world.web.broken = True
    catalog = world.catalog()
    assert catalog.obtain("plain").path.read_bytes() == b"built"
    assert catalog.obtain("plain", version="1.0").path.read_bytes() == b"built"
    assert len(world.web.downloads) == 1


def test_an_unchecked_download_is_not_used(world):
    url = world.publish()
    del world.web.files[f"{url}.sha256"]
    assert world.catalog().obtain("plain").path.read_bytes() == b"built"
    assert world.web.downloads == []


def test_an_archive_is_downloaded_once_for_all_its_programs(world):
    world.publish_archive({"./packed-3.0/left": b"l", "packed-3.0/right": b"r"})
    catalog = world.catalog()
    assert [catalog.obtain(name).path.read_bytes() for name in ("left", "right")] == [b"l", b"r"]
    assert len(world.web.downloads) == 1


def test_an_archive_of_another_layout_falls_through_to_the_build(world):
    world.publish_archive({"elsewhere/left": b"l"})
    assert world.catalog().obtain("left").path.read_bytes() == b"built"


def test_another_recipe_is_not_served_from_the_cache_or_the_mirror(world):
    world.web.up = False
    world.catalog().obtain("plain")
    (world.root / "modules/plain/go.mod").write_text("module example.test/plain\n\ngo 1.27\n")
    world.build.content = b"built anew"
    shutil.copytree(world.cache, world.root / "mirror")
    world.mirror = str(world.root / "mirror")
    world.web.up = True
    assert world.catalog().obtain("plain").path.read_bytes() == b"built anew"


def test_a_mirror_behind_a_url_serves_like_a_directory(world):
    _fill_mirror(world)
    root = world.root / "mirror"
    for path in root.rglob("*"):
        if path.is_file():
            world.web.files[f"https://mirror.test/b/{path.relative_to(root)}"] = path.read_bytes()
    world.mirror = "https://mirror.test/b/"
    assert world.catalog().obtain("plain").path.read_bytes() == b"mirrored"


@pytest.mark.parametrize("place", ["/does/not/exist", "https://mirror.test/b"])
def test_a_mirror_that_is_not_there_is_an_error(world, place):
    world.mirror, world.web.up = place, False
    with pytest.raises(MirrorError, match="correct BAREPLANE_MIRROR or unset it"):
        world.catalog().obtain("plain")


def test_an_image_comes_from_the_mirror_without_its_program(world):
    _fill_mirror(world)
    shutil.rmtree(world.cache, ignore_errors=True)
    first = world.catalog().obtain_image("plain")
    shutil.rmtree(world.root / "mirror")
    world.cache.rename(world.root / "mirror")
    for record in (world.root / "mirror/records").glob("plain-*"):
        record.unlink()
    world.build.able = False
    again = world.catalog().obtain_image("plain")
    assert (again.sha256, again.digest) == (first.sha256, first.digest)
    assert not (world.cache / "records/plain-2.0-amd64.json").exists()


def test_threads_that_want_the_same_build_it_once(world):
    world.web.up = False
    build = world.build.get

    def slow(*arguments):
        time.sleep(0.1)
        return build(*arguments)

    world.build.get = slow
    threads = [threading.Thread(target=world.catalog().obtain, args=("plain",)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert world.build.built == ["plain-2.0-amd64"]


def test_a_version_that_is_not_in_the_lock_names_those_that_are(world):
    with pytest.raises(UnknownArtifactError, match=r"no plain 9\.9; it has 2\.0, 1\.0"):
        world.catalog().obtain("plain", version="9.9")


@pytest.mark.parametrize(("name", "arch"), [("nothing", "amd64"), ("plain", "s390x")])
def test_what_the_lock_does_not_know_is_refused(world, name, arch):
    with pytest.raises(UnknownArtifactError):
        world.catalog().obtain(name, arch)


def test_a_record_that_cannot_be_read_says_what_to_delete(world):
    world.catalog().obtain("plain")
    record = world.cache / "records/plain-2.0-amd64.json"
    record.write_text("{")
    with pytest.raises(CatalogError, match=f"{record} cannot be read"):
        world.catalog().obtain("plain")
