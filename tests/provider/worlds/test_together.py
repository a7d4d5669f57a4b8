"""Several servers are bad at once: one run tells what is wrong with each, and leaves nothing on any of them."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

import yaml

from tests.e2e.servers import Lab, differences
from tests.e2e.stack import Stack
from tests.provider.worlds.doors import FOLDER, Doors
from tests.provider.worlds.listeners import listener

GONE = 26
"""Further servers that do not answer: more than have been begun with when the first error comes."""


def test_every_servers_error_is_told_in_one_run(lab: Lab, tmp_path: Path) -> None:
    before = lab.inventories()
    first, second, third = lab.entries()
    doors = Doors(lab, "server-2")
    lab.on("server-1", "mkdir -p /etc/kubernetes; echo x > /etc/kubernetes/admin.conf")
    try:
        plan9 = doors.open(f"printf 'ID=plan9\\n' > {FOLDER}/os; mount --bind {FOLDER}/os /etc/os-release")
        stranger = {**third, "user": "nobody-here"}
        inventory = tmp_path / "inventory.yaml"
        with listener("mute") as port:
            mute = {**third, "name": "mute", "address": "127.0.0.1", "port": port, "connectWait": 2}
            mute["hostKey"] = public_key(tmp_path / "mute")
            gone: list[dict[str, Any]] = [
                {**mute, "name": f"gone-{n}", "address": f"127.0.0.{n}", "hostKey": public_key(tmp_path / f"gone-{n}")}
                for n in range(2, 2 + GONE)
            ]
            inventory.write_text(yaml.safe_dump({"servers": [first, plan9, stranger, mute, *gone]}))
            stack = Stack(tmp_path, "together", inventory)
            stack.configure(workers=["server-2", "server-3", "mute", *(one["name"] for one in gone)], apps=[])
            # As scripts/environment.sh has it: the engine's own default is four operations a core.
            stack.environment["PULUMI_PARALLEL"] = "32"
            outcome = stack.run("up", "--yes", "--skip-preview", fails=True)
    finally:
        lab.on("server-1", "rm -r /etc/kubernetes")
        doors.close()
    text = outcome.text[outcome.text.index("\nDiagnostics:") :]
    unfit = "it cannot be used, and nothing was changed there:"
    for words in (
        f"preparing server-1 ({first['address']}): {unfit} another Kubernetes is there: /etc/kubernetes/admin.conf",
        f"preparing server-2 ({second['address']}): {unfit} it runs plan9, supported are debian 12",
        f"connecting to server-3 (nobody-here@{third['address']}:22): the server refused identityFile",
        "connecting to mute (root@127.0.0.1:",
        "it takes the connection and says nothing",
        *(f"connecting to {one['name']} (root@{one['address']}:{port}): Connection refused" for one in gone),
    ):
        assert words in text, text
    made = [one["type"] for one in stack.export()["deployment"]["resources"]]
    assert not [one for one in made if one.startswith("bareplane:index:Machine")], made
    stack.destroy()
    assert differences(before, lab.inventories()) == []


def public_key(path: Path) -> str:
    """A host key that no server has."""
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(path)], check=True)
    return path.with_suffix(".pub").read_text()
