"""The stand-in for the `docker` plugin keeps to the rules it was written by, and refuses what it does not know."""

from __future__ import annotations

import pytest
from docker_standin.container import Container, body, nanoseconds, observed
from docker_standin.engine import EngineError, ssh_command
from docker_standin.kind import ordered

INPUTS = {
    "name": "bareplane-hello",
    "image": "sha256:0",
    "envs": ["A=1"],
    "ports": [{"internal": 8080.0, "external": 8081.0, "ip": "0.0.0.0", "protocol": "tcp"}],
    "mounts": [{"type": "volume", "source": "v", "target": "/data"}],
    "healthcheck": {"tests": ["CMD", "/hello"], "interval": "1m30s", "timeout": "5s"},
    "memory": 64.0,
    "memorySwap": -1.0,
    "capabilities": {"drops": ["ALL"]},
    "securityOpts": ["no-new-privileges"],
    "mustRun": True,
    "restart": "unless-stopped",
}


def test_arguments_it_does_not_serve_are_refused() -> None:
    assert Container().check(INPUTS) == []
    assert [name for name, _ in Container().check({**INPUTS, "privileged": True})] == ["privileged"]


def test_the_engine_is_reached_as_dockers_own_clients_reach_it() -> None:
    command = ssh_command("ssh://admin@192.0.2.11:2222", ["-F", "none"])
    assert command[-9:] == ["-l", "admin", "-p", "2222", "--", "192.0.2.11", "docker", "system", "dial-stdio"]
    assert command[3:6] == ["-T", "-F", "none"]
    with pytest.raises(EngineError):
        ssh_command("unix:///var/run/docker.sock", [])


def test_what_is_read_back_of_a_container_as_asked_for_is_no_difference() -> None:
    made = body(INPUTS)
    host = made["HostConfig"]
    found = {
        "Name": "/bareplane-hello",
        "Image": "sha256:0",
        "Config": {"Image": "sha256:0", "Entrypoint": None, "Cmd": None, "User": ""},
        "HostConfig": host,
        "State": {"Running": True},
        "NetworkSettings": {"Ports": host["PortBindings"]},
    }
    assert made["Healthcheck"]["Interval"] == 90_000_000_000
    seen = observed(found, INPUTS)
    assert {name: ordered(seen[name]) for name in seen if name in INPUTS} == {
        name: ordered(INPUTS[name]) for name in seen if name in INPUTS
    }
    stopped = observed({**found, "State": {"Running": False}, "NetworkSettings": {"Ports": {}}}, INPUTS)
    assert (stopped["mustRun"], stopped["ports"]) == (False, [])


@pytest.mark.parametrize(("text", "seconds"), [("0s", 0), ("1m30s", 90), ("2h0m1s", 7201), ("500ms", 0.5)])
def test_durations_are_gos(text: str, seconds: float) -> None:
    assert nanoseconds(text) == seconds * 1_000_000_000
