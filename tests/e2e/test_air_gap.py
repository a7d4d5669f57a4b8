"""A stack from its bundle alone: nothing is fetched, and the servers reach nothing outside."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from tests.e2e.conftest import Figures, World
from tests.e2e.kubernetes import answers, eventually
from tests.e2e.servers import ROOT, differences
from tests.e2e.stack import Stack

SERVERS = ("server-1", "server-2")
# Between each other, and from pods to pods and Services, they may speak; what else they try is counted and dropped.
CUT_OFF = """
nft add table inet airgap
nft add chain inet airgap out '{{ type filter hook output priority 0; }}'
nft add chain inet airgap through '{{ type filter hook forward priority 0; }}'
for chain in out through; do
    nft add rule inet airgap $chain ct state established,related accept
    nft add rule inet airgap $chain ip daddr '{{ 127.0.0.0/8, {lab}, 10.244.0.0/16, 10.96.0.0/12 }}' accept
    nft add rule inet airgap $chain meta nfproto ipv4 counter drop
done
"""
# Whoever still tries to fetch something is refused at once.
NOWHERE = "http://127.0.0.1:9"


@pytest.fixture
def cut_off(world: World) -> Iterator[None]:
    for server in SERVERS:
        network = f"{world.lab.address(server).rpartition('.')[0]}.0/24"
        world.lab.on(server, CUT_OFF.format(lab=network))
    yield
    for server in SERVERS:
        world.lab.on(server, "nft delete table inet airgap")


def make(folder: Path, environment: dict[str, str], *arguments: str) -> str:
    # A newer pyproject.toml would have it install that folder's copy into the environment that this one is a link to.
    linked = ["-o", ".venv/ready"] if (folder / ".venv").is_symlink() else []
    done = subprocess.run(
        ["make", "--silent", *linked, *arguments],
        cwd=folder,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
        timeout=900,
    )
    assert done.returncode == 0, f"make {' '.join(arguments)}: {done.stdout[-4000:]}"
    return done.stdout


def clone(folder: Path, stack: Stack) -> Path:
    """What a site gets beside the bundle: this tree as it is, with a stack of its own."""
    left_out = shutil.ignore_patterns(".git", ".venv", ".lab", ".state", ".bundle", "*.tar", ".*_cache", "__pycache__")
    shutil.copytree(ROOT, folder, ignore=left_out)
    written = yaml.safe_load((stack.project / "config" / f"Pulumi.{stack.name}.yaml").read_text())
    # The salt belongs to a passphrase; each place has its own.
    own = yaml.safe_dump({"config": written["config"]}, sort_keys=False)
    (folder / "stacks" / f"Pulumi.{stack.name}.yaml").write_text(own)
    return folder


@pytest.mark.usefixtures("cut_off")
def test_a_stack_comes_up_from_its_bundle(world: World, tmp_path: Path, figures: Figures) -> None:
    before = world.lab.inventories(SERVERS)
    stack = Stack(tmp_path, "site", world.lab.inventory_file)
    stack.configure(control_planes=["server-1"], workers=["server-2"], model="containerization")
    here = clone(tmp_path / "here", stack)
    (here / ".venv").symlink_to(ROOT / ".venv")
    archive = tmp_path / "site.tar"
    make(here, {**os.environ, "PYTHONPATH": ""}, "bundle", "STACK=site", f"OUTPUT={archive}")
    figures.add(f"the bundle's size in MB: {archive.stat().st_size / 1e6:.0f}", 0)

    there = clone(tmp_path / "there", stack)
    environment = {
        "PATH": os.pathsep.join(one for one in os.environ["PATH"].split(os.pathsep) if not (Path(one) / "go").exists()),
        "HOME": str(tmp_path / "home"),
        "BAREPLANE_CACHE": str(tmp_path / "cache"),
        **dict.fromkeys(("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY", "GOPROXY"), NOWHERE),
        "no_proxy": ",".join(["127.0.0.1", "localhost", *(world.lab.address(server) for server in SERVERS)]),
    }
    try:
        with figures.timed("up from a bundle, from an empty cache, one control plane and one worker"):
            make(there, environment, "up", "STACK=site", f"BUNDLE={archive}")
        eventually(lambda: answers(f"http://{world.lab.address('server-2')}:30080/"), 60, "hello answers")
    finally:
        make(there, environment, "down", "STACK=site", f"BUNDLE={archive}")
    assert differences(before, world.lab.inventories(SERVERS)) == []


def test_a_bundle_with_a_flipped_byte_is_refused(tmp_path: Path) -> None:
    content = tmp_path / "content"
    content.write_bytes(b"kubelet")
    sums = subprocess.run(["sha256sum", "content"], cwd=tmp_path, capture_output=True, text=True, check=True).stdout
    (tmp_path / "SHA256SUMS").write_text(sums)
    for words, status in ((b"kubelet", 0), (b"kubelef", 1)):
        content.write_bytes(words)
        subprocess.run(["tar", "--create", "--file", "b.tar", "SHA256SUMS", "content"], cwd=tmp_path, check=True)
        done = subprocess.run(
            [ROOT / "scripts/unpack-bundle.sh", "b.tar", "out"], cwd=tmp_path, capture_output=True, text=True
        )
        assert done.returncode == status, done.stderr
        assert (tmp_path / "out").exists() == (status == 0)
    assert "content: FAILED" in done.stdout + done.stderr
