"""Big contents arrive by sha256 or not at all."""

from __future__ import annotations

import hashlib
import json
import shutil
import subprocess
from typing import Any

import pytest

from bareplane_agent.errors import AgentError, ChecksumError, CutError

from .conftest import ME

DATA = b"program" * 100_000
SUM = hashlib.sha256(DATA).hexdigest()


def upload(path: str, digest: str = SUM) -> dict[str, Any]:
    return {"type": "file", "path": path, "upload": digest, **ME}


def wire(data: bytes = DATA, digest: str = SUM, encoding: str = "none") -> bytes:
    header = {"blob": digest, "length": len(data), "encoding": encoding}
    return json.dumps(header).encode() + b"\n" + data


def packed(data: bytes) -> bytes:
    if shutil.which("zstd") is None:
        pytest.skip("no zstd program here")
    return subprocess.run(["zstd", "-qc"], input=data, stdout=subprocess.PIPE, check=True).stdout


def test_a_blob_is_asked_for_once_and_put_in_both_places(machine: Any) -> None:
    machine.ask("apply", items=[upload("/opt/bin/a"), upload("/opt/bin/b")], wire=wire())
    assert machine.said[0] == {"event": "need", "blobs": [SUM]}
    for name in ("a", "b"):
        assert machine.path(f"/opt/bin/{name}").read_bytes() == DATA
        assert machine.path(f"/opt/bin/{name}").stat().st_mode & 0o777 == 0o755


def test_nothing_is_asked_for_what_is_there(machine: Any) -> None:
    machine.ask("apply", items=[upload("/opt/a")], wire=wire())
    machine.ask("apply", items=[upload("/opt/a")])
    assert machine.said == []


def test_a_compressed_blob_is_unpacked(machine: Any) -> None:
    machine.ask("apply", items=[upload("/opt/a")], wire=wire(packed(DATA), encoding="zstd"))
    assert machine.path("/opt/a").read_bytes() == DATA


@pytest.mark.parametrize("encoding", ["none", "zstd"])
def test_one_flipped_byte_is_refused_and_replaces_nothing(machine: Any, encoding: str) -> None:
    machine.write("/opt/a", "the one before")
    sent = bytearray(DATA if encoding == "none" else packed(DATA))
    sent[len(sent) // 2] ^= 1
    with pytest.raises(ChecksumError, match=SUM):
        machine.ask("apply", items=[upload("/opt/a")], wire=wire(bytes(sent), encoding=encoding))
    assert machine.path("/opt/a").read_text() == "the one before"
    assert sorted(path.name for path in machine.path("/opt").iterdir()) == ["a"]


@pytest.mark.parametrize("encoding", ["none", "zstd"])
def test_a_connection_cut_in_the_middle_leaves_no_half_file(machine: Any, encoding: str) -> None:
    sent = wire(DATA if encoding == "none" else packed(DATA), encoding=encoding)
    with pytest.raises(CutError):
        machine.ask("apply", items=[upload("/opt/a")], wire=sent[: len(sent) - 20])
    assert list(machine.path("/opt").iterdir()) == []


def test_another_blob_than_asked_for_is_refused(machine: Any) -> None:
    with pytest.raises(AgentError, match="the client sent"):
        machine.ask("apply", items=[upload("/opt/a")], wire=wire(digest="0" * 64))
