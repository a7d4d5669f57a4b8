"""The same program gives the same archive, and the archive is what the OCI layout says."""

from __future__ import annotations

import hashlib
import io
import json
import tarfile
import time

import zstandard

from bareplane_provider.catalog.oci import Contents, write_archive

CONTENTS = Contents("registry.k8s.io/pause:3.10.2", "amd64", "pause", "65535:65535", ("53/udp",))


def _files(path):
    with tarfile.open(path) as tar:
        return {entry.name: tar.extractfile(entry).read() for entry in tar}


def test_the_same_program_gives_the_same_bytes(tmp_path):
    first = write_archive(CONTENTS, b"program", tmp_path / "a.tar")
    time.sleep(1.1)
    second = write_archive(CONTENTS, b"program", tmp_path / "b.tar")
    assert first == second
    assert (tmp_path / "a.tar").read_bytes() == (tmp_path / "b.tar").read_bytes()


def test_another_program_gives_another_digest(tmp_path):
    assert write_archive(CONTENTS, b"program", tmp_path / "a.tar") != write_archive(
        CONTENTS, b"changed", tmp_path / "a.tar"
    )


def test_the_digest_leads_to_the_program(tmp_path):
    digest = write_archive(CONTENTS, b"program", tmp_path / "a.tar")
    files = _files(tmp_path / "a.tar")
    for name, content in files.items():
        if name.startswith("blobs/sha256/"):
            assert name == f"blobs/sha256/{hashlib.sha256(content).hexdigest()}"

    def blob(descriptor):
        content = files[f"blobs/{descriptor['digest'].replace(':', '/')}"]
        assert descriptor["size"] == len(content)
        return content

    (entry,) = json.loads(files["index.json"])["manifests"]
    assert entry["digest"] == digest
    assert entry["annotations"]["io.containerd.image.name"] == "registry.k8s.io/pause:3.10.2"
    assert entry["annotations"]["org.opencontainers.image.ref.name"] == "registry.k8s.io/pause:3.10.2"
    manifest = json.loads(blob(entry))
    config = json.loads(blob(manifest["config"]))
    layer = zstandard.ZstdDecompressor().decompress(blob(manifest["layers"][0]))
    assert config["rootfs"]["diff_ids"] == [f"sha256:{hashlib.sha256(layer).hexdigest()}"]
    assert config["config"]["Entrypoint"] == ["/pause"]
    assert config["config"]["User"] == "65535:65535"
    with tarfile.open(fileobj=io.BytesIO(layer)) as tar:
        (program,) = tar.getmembers()
        assert (program.name, program.mode, program.uid, program.mtime) == ("pause", 0o755, 0, 0)
        assert tar.extractfile(program).read() == b"program"


def test_the_image_of_the_catalog_names_its_manifest(world):
    image = world.catalog().obtain_image("plain")
    (entry,) = json.loads(_files(image.archive)["index.json"])["manifests"]
    assert image.digest == entry["digest"]
    assert image.reference == "example.test/plain:2.0"
