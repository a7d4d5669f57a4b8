"""containerd's images and containers come and go, whether it runs or not when they go."""

from __future__ import annotations

import base64
import subprocess
from pathlib import Path
from typing import Any

import pytest

from bareplane_provider import catalog

from .conftest import Server

PROGRAMS = ("containerd", "containerd-shim-runc-v2", "ctr", "runc")
BIN = "/opt/bp/bin"
SOCKET = "/run/containerd/containerd.sock"
CTR = f"{BIN}/ctr --address {SOCKET} --namespace bp-test"
CONFIG = 'version = 3\ndisabled_plugins = ["io.containerd.grpc.v1.cri", "io.containerd.internal.v1.opt"]\n'
UNIT = f"""[Service]
Type=notify
Environment=PATH={BIN}:/usr/sbin:/usr/bin:/sbin:/bin
ExecStart={BIN}/containerd --config /etc/containerd/config.toml
Delegate=yes
KillMode=process
"""


def file(path: str, text: str) -> dict[str, Any]:
    return {"type": "file", "path": path, "content": base64.b64encode(text.encode()).decode()}


@pytest.fixture(scope="session")
def programs() -> dict[str, catalog.Artifact]:
    return {name: catalog.obtain(name) for name in PROGRAMS}


@pytest.fixture(scope="session")
def pause() -> catalog.Image:
    return catalog.obtain_image("pause")


def sent(path: Path) -> tuple[str, bytes]:
    packed = subprocess.run(["zstd", "-q1c", str(path)], stdout=subprocess.PIPE, check=True).stdout
    return "zstd", packed


def runtime(programs: dict[str, catalog.Artifact]) -> list[dict[str, Any]]:
    return [
        {"type": "directory", "path": "/opt/bp", "tree": True},
        {"type": "directory", "path": "/var/lib/containerd", "tree": True},
        {"type": "directory", "path": "/etc/containerd", "tree": True},
        {"type": "residue", "what": f"processes {BIN}/containerd-shim-runc-v2"},
        *({"type": "file", "path": f"{BIN}/{name}", "upload": one.sha256} for name, one in programs.items()),
        file("/etc/containerd/config.toml", CONFIG),
        file("/etc/systemd/system/bp-containerd.service", UNIT),
        {
            "type": "unit",
            "name": "bp-containerd.service",
            "enabled": None,
            "ready": [f"{BIN}/ctr", "--address", SOCKET, "version"],
        },
    ]


def pods(image: catalog.Image) -> list[dict[str, Any]]:
    run = f"for name in a b c; do {CTR} run --detach {image.reference} $name; done; {CTR} leases create id=bp"
    return [
        {"type": "residue", "what": "cgroups bp-test"},
        {"type": "residue", "what": "containers bp-test"},
        {
            "type": "image",
            "reference": image.reference,
            "digest": image.digest,
            "upload": image.sha256,
            "namespace": "bp-test",
            "ctr": f"{BIN}/ctr",
            "address": SOCKET,
        },
        {
            "type": "command",
            "name": "run",
            "argv": ["bash", "-ec", run],
            "unless": ["bash", "-c", f"{CTR} t ls | grep -q a"],
        },
    ]


@pytest.mark.parametrize("up", [True, False])
def test_containers_go_with_their_entry(
    clean: Server, programs: dict[str, catalog.Artifact], pause: catalog.Image, up: bool
) -> None:
    blobs = {one.sha256: sent(one.path) for one in programs.values()}
    clean.ask("apply", blobs, items=runtime(programs), entry="server/runtime")
    facts = clean.ask("apply", {pause.sha256: sent(pause.archive)}, items=pods(pause), entry="server/pods")["facts"]
    assert facts[f"image {pause.reference} in bp-test"] == {"digest": pause.digest}
    assert clean.ask("apply", items=pods(pause), entry="server/pods")["changed"] == []
    assert set(clean.run(f"{CTR} tasks ls -q").split()) == {"a", "b", "c"}
    if up:
        clean.ask("remove", entry="server/pods")
        assert clean.run(f"{CTR} tasks ls -q; {CTR} containers ls -q; {CTR} leases ls -q; {CTR} images ls -q") == ""
    else:
        clean.run("systemctl stop bp-containerd")
        seen = clean.ask("observe", items=pods(pause))["facts"]
        assert seen[f"image {pause.reference} in bp-test"] == {"digest": "unreachable"}
