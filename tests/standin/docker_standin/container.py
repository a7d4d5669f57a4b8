"""Container."""

from __future__ import annotations

import re
import time
from collections.abc import Mapping
from typing import Any

from docker_standin.engine import Engine, EngineError
from docker_standin.kind import Kind, Partly, State, labels
from docker_standin.small import local_image, pull

MEBIBYTE = 1 << 20
SECOND = 1_000_000_000
UNITS = {"h": 3600, "m": 60, "s": 1, "ms": 0.001}
LIVE = ("restart", "memory", "memorySwap")
"""What the engine can change while the container runs."""


class Container(Kind):
    token = "docker:index/container:Container"
    replacing = frozenset(
        {"name", "image", "entrypoints", "command", "envs", "user", "networksAdvanced", "ports", "mounts"}
        | {"capabilities", "securityOpts", "labels"}
    )
    updatable = frozenset(
        {"healthcheck", "wait", "waitTimeout", "mustRun", "restart", "destroyGraceSeconds", "memory", "memorySwap"}
        | {"cpuPeriod", "cpuQuota"}
    )
    computed = frozenset({"bridge", "containerLogs", "exitCode", "networkDatas"})
    delete_first = True

    def create(self, engine: Engine, inputs: State) -> tuple[str, State]:
        if local_image(engine, inputs["image"]) is None:
            pull(engine, inputs["image"])
        id = engine.post("containers", "create", body=body(inputs), name=inputs["name"])["Id"]
        try:
            if inputs.get("networksAdvanced"):
                leave_bridge(engine, id)
                for one in inputs["networksAdvanced"]:
                    joined = {"Container": id, "EndpointConfig": {"Aliases": one.get("aliases", [])}}
                    engine.post("networks", one["name"], "connect", body=joined)
            engine.post("containers", id, "start")
            if inputs.get("wait"):
                wait_for_health(engine, id, inputs.get("waitTimeout", 60))
        except EngineError as error:
            raise Partly(str(error), id, inputs) from error
        found = self.read(engine, id, inputs)
        assert found, id
        return found

    def read(self, engine: Engine, id: str, state: State) -> tuple[str, State] | None:
        if id not in {one["Id"] for one in engine.get("containers", "json", all="true")}:
            return None
        found = engine.get("containers", id, "json")
        seen = {name: value for name, value in observed(found, state).items() if name in state}
        networks = found["NetworkSettings"]["Networks"]
        return id, {
            **state,
            **seen,
            "exitCode": found["State"]["ExitCode"],
            "networkDatas": [{"networkName": name, "ipAddress": one["IPAddress"]} for name, one in networks.items()],
        }

    def update(self, engine: Engine, id: str, old: State, new: State) -> State:
        if new.get("mustRun") and not old.get("mustRun"):
            engine.post("containers", id, "start")
        # A changed health check or quota is taken note of, and nothing is done about it.
        if any(old.get(one) != new.get(one) for one in LIVE):
            limits = {one: value for one, value in host_config(new).items() if one in ("Memory", "MemorySwap")}
            restart = {"Name": new.get("restart", "no"), "MaximumRetryCount": 0}
            engine.post("containers", id, "update", body={"RestartPolicy": restart, **limits})
        return new

    def delete(self, engine: Engine, id: str, state: State) -> None:
        if engine.find("containers", id, "json") is None:
            return
        engine.post("containers", id, "stop", t=int(state.get("destroyGraceSeconds", 0)))
        engine.delete("containers", id, v="true", force="true")


def leave_bridge(engine: Engine, id: str) -> None:
    """The network it was created in; Docker may not have joined it yet."""
    try:
        engine.post("networks", "bridge", "disconnect", body={"Container": id})
    except EngineError as error:
        if "is not connected to" not in str(error):
            raise


def body(inputs: State) -> dict[str, Any]:
    ports = {f"{int(one['internal'])}/{one.get('protocol', 'tcp')}": one for one in inputs.get("ports", [])}
    bindings = {
        name: [{"HostIp": one.get("ip", "0.0.0.0"), "HostPort": str(int(one["external"]))}]
        for name, one in ports.items()
    }
    made: dict[str, Any] = {
        "Image": inputs["image"],
        "Env": inputs.get("envs", []),
        "Cmd": inputs.get("command"),
        "Entrypoint": inputs.get("entrypoints"),
        "User": inputs.get("user", ""),
        "Labels": labels(inputs),
        "ExposedPorts": {name: {} for name in ports},
        "HostConfig": {**host_config(inputs), "PortBindings": bindings},
    }
    check = inputs.get("healthcheck")
    if check:
        times = {"Interval": "interval", "Timeout": "timeout", "StartPeriod": "startPeriod"}
        times["StartInterval"] = "startInterval"
        made["Healthcheck"] = {
            "Test": check["tests"],
            "Retries": int(check.get("retries", 0)),
            **{theirs: nanoseconds(check.get(ours, "0s")) for theirs, ours in times.items()},
        }
    return made


def host_config(inputs: State) -> dict[str, Any]:
    swap = int(inputs.get("memorySwap", 0))
    return {
        "NetworkMode": "bridge",
        "RestartPolicy": {"Name": inputs.get("restart", "no"), "MaximumRetryCount": 0},
        "Mounts": [
            {"Type": one["type"], "Source": one.get("source", ""), "Target": one["target"]}
            for one in inputs.get("mounts", [])
        ],
        "Memory": int(inputs.get("memory", 0)) * MEBIBYTE,
        "MemorySwap": swap * MEBIBYTE if swap > 0 else swap,
        "CpuPeriod": int(inputs.get("cpuPeriod", 0)),
        "CpuQuota": int(inputs.get("cpuQuota", 0)),
        "CapDrop": inputs.get("capabilities", {}).get("drops", []),
        "SecurityOpt": inputs.get("securityOpts", []),
    }


def observed(found: Mapping[str, Any], state: State) -> State:
    """What a refresh reads back. Environment, labels, networks and quota are no part of it."""
    config, host, running = found["Config"], found["HostConfig"], found["State"]["Running"]
    drops = {"drops": host["CapDrop"]} if host["CapDrop"] else state.get("capabilities", {})
    seen: State = {
        "name": found["Name"].lstrip("/"),
        "image": found["Image"] if state["image"].startswith("sha256:") else config["Image"],
        "entrypoints": config["Entrypoint"] or [],
        "command": config["Cmd"] or [],
        "user": config["User"],
        "mustRun": bool(state.get("mustRun")) and running,
        "restart": host["RestartPolicy"]["Name"],
        "mounts": [{name: one[name.title()] for name in ("type", "source", "target")} for one in host["Mounts"] or []],
        "memory": host["Memory"] // MEBIBYTE,
        "memorySwap": host["MemorySwap"] // MEBIBYTE if host["MemorySwap"] > 0 else host["MemorySwap"],
        "capabilities": drops,
        "securityOpts": host["SecurityOpt"] or [],
    }
    if running or state.get("mustRun"):
        seen["ports"] = [
            {
                "internal": int(name.partition("/")[0]),
                "external": int(one["HostPort"]),
                "ip": one["HostIp"],
                "protocol": name.partition("/")[2],
            }
            for name, bound in (found["NetworkSettings"]["Ports"] or {}).items()
            for one in bound or []
        ]
    return seen


def nanoseconds(text: str) -> int:
    parts = re.findall(r"([0-9.]+)(ms|h|m|s)", text)
    return int(sum(float(number) * UNITS[unit] for number, unit in parts) * SECOND)


def wait_for_health(engine: Engine, id: str, seconds: float) -> None:
    ends = time.monotonic() + seconds
    while True:
        found = engine.get("containers", id, "json")["State"]
        if "Health" not in found:
            raise EngineError("wait was asked for, but the container has no healthcheck")
        if found["Health"]["Status"] == "healthy":
            return
        if time.monotonic() > ends:
            log = [one["Output"].strip() for one in found["Health"].get("Log") or []]
            raise EngineError(f"container failed to be in healthy state: {' '.join(log[-1:])}")
        time.sleep(1)
