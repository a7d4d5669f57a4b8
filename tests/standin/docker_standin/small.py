"""RemoteImage, Network and Volume."""

from __future__ import annotations

import json
import time
from typing import Any

from docker_standin.engine import Engine, EngineError
from docker_standin.kind import Kind, State, label_list, labels

IN_USE_SECONDS = 30


class RemoteImage(Kind):
    token = "docker:index/remoteImage:RemoteImage"
    replacing = frozenset({"name"})
    updatable = frozenset({"keepLocally"})
    computed = frozenset({"imageId", "repoDigest"})

    def create(self, engine: Engine, inputs: State) -> tuple[str, State]:
        name = inputs["name"]
        if local_image(engine, name) is None:
            pull(engine, name)
        found = self.read(engine, "", inputs)
        if found is None:
            raise EngineError(f"unable to find or pull image {name}")
        return found

    def read(self, engine: Engine, id: str, state: State) -> tuple[str, State] | None:
        found = local_image(engine, state["name"])
        if found is None:
            return None
        digest = next(iter(found.get("RepoDigests") or []), "")
        return found["Id"] + state["name"], {**state, "imageId": found["Id"], "repoDigest": digest}

    def delete(self, engine: Engine, id: str, state: State) -> None:
        if not state.get("keepLocally") and local_image(engine, state["name"]):
            engine.delete("images", state["name"])


def local_image(engine: Engine, name: str) -> Any | None:
    """What inspecting it says, if the list of images has it too: the official plugin takes it for absent else."""
    found = engine.find("images", name, "json")
    listed = {one["Id"] for one in engine.get("images", "json")}
    return found if found and found["Id"] in listed else None


def pull(engine: Engine, name: str) -> None:
    answer = engine.post("images", "create", fromImage=name)
    for line in (answer if isinstance(answer, str) else json.dumps(answer)).splitlines():
        if "error" in json.loads(line):
            raise EngineError(f"unable to pull image {name}: {json.loads(line)['error']}")


class Network(Kind):
    token = "docker:index/network:Network"
    replacing = frozenset({"name", "driver", "labels"})
    computed = frozenset({"scope"})

    def create(self, engine: Engine, inputs: State) -> tuple[str, State]:
        body = {"Name": inputs["name"], "Driver": inputs.get("driver", ""), "Labels": labels(inputs)}
        made = engine.post("networks", "create", body=body)
        found = self.read(engine, made["Id"], inputs)
        assert found, made
        return found

    def read(self, engine: Engine, id: str, state: State) -> tuple[str, State] | None:
        found = engine.find("networks", id)
        if found is None:
            return None
        seen = {"name": found["Name"], "driver": found["Driver"], "labels": label_list(found["Labels"])}
        return id, {**state, **seen, "scope": found["Scope"]}

    def delete(self, engine: Engine, id: str, state: State) -> None:
        retried(lambda: engine.find("networks", id) and engine.delete("networks", id), "has active endpoints")


class Volume(Kind):
    token = "docker:index/volume:Volume"
    replacing = frozenset({"name", "labels"})
    computed = frozenset({"mountpoint", "driver"})

    def create(self, engine: Engine, inputs: State) -> tuple[str, State]:
        made = engine.post("volumes", "create", body={"Name": inputs["name"], "Labels": labels(inputs)})
        found = self.read(engine, made["Name"], inputs)
        assert found, made
        return found

    def read(self, engine: Engine, id: str, state: State) -> tuple[str, State] | None:
        found = engine.find("volumes", id)
        if found is None:
            return None
        seen = {"name": found["Name"], "labels": label_list(found.get("Labels"))}
        return id, {**state, **seen, "mountpoint": found["Mountpoint"], "driver": found["Driver"]}

    def delete(self, engine: Engine, id: str, state: State) -> None:
        retried(lambda: engine.find("volumes", id) and engine.delete("volumes", id, force="true"), "volume is in use")


def retried(remove: Any, busy: str) -> None:
    """As long as a container that is just going still holds it."""
    ends = time.monotonic() + IN_USE_SECONDS
    while True:
        try:
            remove()
        except EngineError as error:
            if busy not in str(error) or time.monotonic() > ends:
                raise
            time.sleep(1)
        else:
            return
