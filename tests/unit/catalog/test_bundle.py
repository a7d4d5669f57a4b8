"""What a bundle holds is what a preview says, and is enough for a catalog that reaches nothing else."""

from __future__ import annotations

import hashlib
import tarfile

import pytest

from bareplane_provider.bundle import CHECKSUMS, gather, needed_by, write
from bareplane_provider.catalog import Needs, UnavailableError
from bareplane_provider.errors import InputError

PLACE = {
    "connection": {"name": "server-1", "address": "10.0.0.1", "agent": True, "trustOnFirstUse": True},
    "owner": "04da6b54-80e4-46f7-96ec-b56ff0331ba9",
}


def step(kind: str, **inputs: object) -> dict[str, object]:
    return {"op": "create", "newState": {"type": kind, "inputs": {**PLACE, **inputs}}}


def test_a_preview_says_what_is_needed():
    preview = {
        "steps": [
            {"op": "create", "newState": {"type": "pulumi:pulumi:Stack"}},
            {"op": "delete", "oldState": {"type": "bareplane:index:Images"}},
            step("bareplane:index:Binaries", kubernetesVersion="1.36.3", names=["kubelet", "runc"]),
            step("bareplane:index:Images", names=["pause", "etcd"]),
            step("bareplane:index:Images", names=["pause"]),
        ]
    }
    assert needed_by(preview) == Needs(
        programs=frozenset({("kubelet", "1.36.3"), ("runc", None)}), images=frozenset({"pause", "etcd"})
    )


def test_a_preview_without_servers_is_refused():
    with pytest.raises(InputError, match="no resource of bareplane"):
        needed_by({"steps": []})


def test_a_bundle_is_a_mirror_that_is_enough(world, tmp_path):
    world.publish()
    world.publish_archive({"packed-3.0/right": b"right"})
    needs = Needs(programs=frozenset({("plain", "2.0")}), images=frozenset({"plain"}))
    catalog = world.catalog()
    wheel = tmp_path / "one.whl"
    wheel.write_bytes(b"wheel")
    outputs = [tmp_path / name for name in ("a.tar", "b.tar")]
    for output in outputs:
        write(output, catalog, list(gather(catalog, needs, ["amd64"])), [wheel])
    assert outputs[0].read_bytes() == outputs[1].read_bytes()
    with tarfile.open(outputs[0]) as tar:
        tar.extractall(tmp_path / "there", filter="data")
    there = tmp_path / "there"
    for line in (there / CHECKSUMS).read_text().splitlines():
        digest, name = line.split("  ")
        assert hashlib.sha256((there / name).read_bytes()).hexdigest() == digest
    assert (there / "wheels/one.whl").read_bytes() == b"wheel"
    world.cache.rename(tmp_path / "gone")
    world.mirror = str(there / "mirror")
    world.web.up, world.build.able = False, False
    assert world.catalog().obtain("plain", version="2.0").path.read_bytes() == b"upstream"
    assert world.catalog().obtain_image("plain").digest == catalog.obtain_image("plain").digest
    with pytest.raises(UnavailableError):
        world.catalog().obtain("left")
