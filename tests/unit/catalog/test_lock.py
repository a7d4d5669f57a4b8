"""The lock that is shipped is complete and consistent."""

from __future__ import annotations

import re

import pytest

from bareplane_provider.catalog.errors import CatalogError
from bareplane_provider.catalog.lock import ARCHES, parse_lock, read_lock
from bareplane_provider.catalog.wanted import wanted

LOCK = read_lock()
EVERY = [
    wanted(LOCK, name, arch, version)
    for name in LOCK.programs
    for arch in ARCHES
    for version in LOCK.source_of(name).versions
]


BUILT = [what for what in EVERY if what.source.build]


def test_only_two_engines_do_not_build():
    assert {what.program.source for what in EVERY if what not in BUILT} == {"cri-dockerd", "cri-o"}


@pytest.mark.parametrize("what", BUILT, ids=lambda what: what.key)
def test_every_program_can_be_built_at_the_version_it_says(what):
    module = (what.module / "go.mod").read_text()
    assert re.search(r"^go 1\.\d+", module, re.MULTILINE)
    if what.build.ours:
        assert (what.module / "main.go").is_file()
        return
    assert (what.module / "go.sum").is_file()
    assert f" v{what.built_version}" in module
    required = re.findall(r"^(?:require |\t)(\S+) v[^\s]+(?: // indirect)?$", module, re.MULTILINE)
    assert any(what.program.package == path or what.program.package.startswith(f"{path}/") for path in required)


@pytest.mark.parametrize("what", EVERY, ids=lambda what: what.key)
def test_no_placeholder_is_left_anywhere(what):
    built = [str(what.module), *what.stamps.values()] if what.source.build else []
    filled = [what.url, what.checksums_url, what.member, *built]
    assert not [text for text in filled if text and re.search(r"[{}]", text)]


def test_every_download_has_a_pin_or_a_published_checksum():
    unchecked = {what.name for what in EVERY if what.url and not what.pinned and not what.checksums_url}
    # Docker publishes none. These are built, unless a mirror has them, or a lock of one's own pins the archive.
    assert unchecked == {"docker", "dockerd"}


def test_every_pin_is_of_a_download_of_the_lock():
    assert set(LOCK.pins) <= {what.url for what in EVERY}
    assert all(re.fullmatch(r"[0-9a-f]{64}", sha256) for sha256 in LOCK.pins.values())


def test_every_image_is_tagged_with_its_programs_version():
    for entry in LOCK.images.values():
        # Upstream counts its images of one version of etcd.
        version = entry.reference.rpartition(":")[2].removeprefix("v").partition("-")[0]
        assert version == LOCK.version(entry.program)


def test_images_run_as_a_user_that_is_not_root_but_for_a_few():
    root = {name for name, entry in LOCK.images.items() if not re.fullmatch(r"[1-9]\d*:[1-9]\d*", entry.user)}
    # Their keys are root's alone; as static pods nobody hands these out.
    control_plane = {"etcd", "kube-apiserver", "kube-controller-manager", "kube-scheduler"}
    # A raw socket, and directories that are root's; each with that capability and no other.
    assert root == {*control_plane, "metallb-speaker", "volumes"}


def test_the_traditional_model_has_what_it_runs():
    programs, images = LOCK.names("traditional")
    assert {"etcd", "kube-apiserver", "kubelet", "kubeadm", "containerd", "runc", "bridge"} <= set(programs)
    assert {"pause", "coredns", "hello"} <= set(images)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{", "cannot be read"),
        ('{"format": 2, "sources": {}, "programs": {}, "images": {}, "pins": {}}', "format 2"),
        (
            '{"format": 1, "sources": {}, "programs": {"p": {"source": "s", "groups": [], "package": "x"}}, '
            '"images": {}, "pins": {}}',
            "p → source s",
        ),
    ],
)
def test_a_broken_lock_is_refused(text, message):
    with pytest.raises(CatalogError, match=message):
        parse_lock(text)
