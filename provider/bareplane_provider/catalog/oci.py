"""OCI archives made here: one program in one layer, the same bytes for the same program.

The layer is compressed with zstd: `ctr images import` of CoreDNS takes 0.47 s, 0.72 s with gzip, 0.86 s uncompressed.
"""

from __future__ import annotations

import hashlib
import io
import json
import tarfile
from dataclasses import dataclass
from pathlib import Path

from bareplane_provider.catalog.compress import compress_bytes

FORMAT = 1
"""Part of every image's recipe: raise it when the archives made here change."""
_LAYER = "application/vnd.oci.image.layer.v1.tar+zstd"
_CONFIG = "application/vnd.oci.image.config.v1+json"
_MANIFEST = "application/vnd.oci.image.manifest.v1+json"
_INDEX = "application/vnd.oci.image.index.v1+json"


@dataclass(frozen=True)
class Contents:
    """What goes into an image."""

    reference: str
    arch: str
    program: str
    """Stands at `/<program>` and is the entry point."""
    user: str
    ports: tuple[str, ...] = ()


@dataclass(frozen=True)
class _Blob:
    content: bytes
    media_type: str

    @property
    def hex(self) -> str:
        return hashlib.sha256(self.content).hexdigest()

    def descriptor(self) -> dict[str, object]:
        return {"mediaType": self.media_type, "digest": f"sha256:{self.hex}", "size": len(self.content)}


def write_archive(contents: Contents, program: bytes, target: Path) -> str:
    """Writes the archive and returns the manifest's digest."""
    layer_tar = _tar([(contents.program, program, 0o755)])
    layer = _Blob(compress_bytes(layer_tar), _LAYER)
    config = _Blob(_json(_config(contents, hashlib.sha256(layer_tar).hexdigest())), _CONFIG)
    manifest = _Blob(
        _json(
            {
                "schemaVersion": 2,
                "mediaType": _MANIFEST,
                "config": config.descriptor(),
                "layers": [layer.descriptor()],
            }
        ),
        _MANIFEST,
    )
    names = {
        "io.containerd.image.name": contents.reference,
        "org.opencontainers.image.ref.name": contents.reference,
    }
    platform = {"architecture": contents.arch, "os": "linux"}
    index = {
        "schemaVersion": 2,
        "mediaType": _INDEX,
        "manifests": [{**manifest.descriptor(), "annotations": names, "platform": platform}],
    }
    files = [("oci-layout", _json({"imageLayoutVersion": "1.0.0"}), 0o644), ("index.json", _json(index), 0o644)]
    files += [(f"blobs/sha256/{blob.hex}", blob.content, 0o644) for blob in (manifest, config, layer)]
    target.write_bytes(_tar(files))
    return f"sha256:{manifest.hex}"


def _config(contents: Contents, layer_sha256: str) -> dict[str, object]:
    run: dict[str, object] = {
        "User": contents.user,
        "Env": ["PATH=/"],
        "Entrypoint": [f"/{contents.program}"],
        "WorkingDir": "/",
    }
    if contents.ports:
        run["ExposedPorts"] = {port: {} for port in contents.ports}
    return {
        "architecture": contents.arch,
        "os": "linux",
        "config": run,
        "rootfs": {"type": "layers", "diff_ids": [f"sha256:{layer_sha256}"]},
        "history": [{"created": "1970-01-01T00:00:00Z", "created_by": "bareplane"}],
        "created": "1970-01-01T00:00:00Z",
    }


def _json(value: object) -> bytes:
    return json.dumps(value, sort_keys=True, separators=(",", ":")).encode()


def _tar(files: list[tuple[str, bytes, int]]) -> bytes:
    """Owner, time and order do not depend on where or when this runs."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.USTAR_FORMAT) as tar:
        for name, content, mode in files:
            entry = tarfile.TarInfo(name)
            entry.size, entry.mode = len(content), mode
            tar.addfile(entry, io.BytesIO(content))
    return buffer.getvalue()
