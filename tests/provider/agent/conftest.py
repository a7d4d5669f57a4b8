"""The agent on a real server of a lab, spoken to over plain OpenSSH.

A lab of one server is started for it. To use a server that runs already, name the lab's directory in BAREPLANE_TEST_LAB
(and the server in BAREPLANE_TEST_SERVER): it is left as it was found.
"""

from __future__ import annotations

import json
import os
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import yaml

from bareplane_agent.inventory.difference import difference
from bareplane_provider.transport.package import LOADER, agent_package

LAB = Path(__file__).parents[3] / "lab"
OWNER = "project/stack/agent-tests"


class Refused(Exception):
    """The agent answered with an error."""

    def __init__(self, event: Mapping[str, Any]) -> None:
        super().__init__(event["message"] + "\n" + event.get("trace", ""))
        self.code = event["code"]
        self.item = event["item"]


@dataclass
class Server:
    """One server; `said` holds the events of the last request but its result."""

    options: list[str]
    target: str
    said: list[dict[str, Any]] = field(default_factory=list)

    def run(self, script: str) -> str:
        """Output of a shell script; fails at its first error."""
        command = ["ssh", *self.options, self.target, "bash -eu -s"]
        return subprocess.run(command, input=script, capture_output=True, text=True, check=True).stdout.strip()

    def start(self, request: Mapping[str, Any]) -> subprocess.Popen[bytes]:
        loader = shlex.join(["python3", "-I", "-S", "-c", LOADER])
        process = subprocess.Popen(
            ["ssh", *self.options, self.target, loader], stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        assert process.stdin is not None
        process.stdin.write(agent_package() + json.dumps(request).encode() + b"\n")
        process.stdin.flush()
        return process

    def ask(self, operation: str, blobs: Mapping[str, tuple[str, bytes]] | None = None, **more: Any) -> dict[str, Any]:
        """One request; `blobs` by sha256 with their encoding. Raises Refused."""
        self.said = []
        with self.start({"operation": operation, "owner": OWNER, "entry": "server/test", **more}) as process:
            assert process.stdin is not None
            assert process.stdout is not None
            for line in process.stdout:
                event = json.loads(line)
                if event["event"] == "error":
                    raise Refused(event)
                if event["event"] == "result":
                    return event
                self.said.append(event)
                for name in event.get("blobs", []):
                    encoding, data = (blobs or {})[name]
                    header = json.dumps({"blob": name, "length": len(data), "encoding": encoding}).encode() + b"\n"
                    process.stdin.write(header + data)
                    process.stdin.flush()
        raise AssertionError("the agent ended without a word")

    def inventory(self) -> dict[str, Any]:
        return self.ask("inventory")["inventory"]


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    given = os.environ.get("BAREPLANE_TEST_LAB")
    folder = Path(given) if given else tmp_path_factory.mktemp("lab")
    try:
        if not given:
            _lab("up", folder, "--servers", "1")
        servers = yaml.safe_load((folder / "inventory.yaml").read_text())["servers"]
        name = os.environ.get("BAREPLANE_TEST_SERVER", servers[-1]["name"])
        entry = next(one for one in servers if one["name"] == name)
        socket = tmp_path_factory.mktemp("ssh") / "control"
        options = [f"-oUserKnownHostsFile={folder / 'known_hosts'}", "-oStrictHostKeyChecking=yes", "-oBatchMode=yes"]
        options += [f"-oControlPath={socket}", "-oControlMaster=auto", "-oControlPersist=60"]
        options += ["-i", str(folder / "id_ed25519"), "-p", str(entry["port"])]
        one = Server(options, f"{entry['user']}@{entry['address']}")
        yield one
        subprocess.run(["ssh", *options, "-O", "exit", one.target], check=False, capture_output=True)
    finally:
        if not given:
            _lab("down", folder)


@pytest.fixture
def clean(server: Server) -> Iterator[Server]:
    """The server, which must be as before when the test's entries are removed."""
    before = server.inventory()
    yield server
    server.ask("sweep")
    assert difference(before, server.inventory()) == []


def _lab(action: str, folder: Path, *arguments: str) -> None:
    if shutil.which("docker") is None:
        pytest.skip("no docker here, which the lab needs")
    subprocess.run(
        [sys.executable, "-m", "bareplane_lab", action, "--directory", str(folder), *arguments],
        check=True,
        env={**os.environ, "PYTHONPATH": str(LAB)},
    )
