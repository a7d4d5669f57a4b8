"""The engine's side of the plugin's protocol: what Pulumi does with one resource, one call at a time.

A real plugin process, real gRPC; only the engine's planning is left out, so that a check can ask for one call alone.
"""

# pyright: reportUnknownMemberType=false, reportUnknownArgumentType=false, reportUnknownVariableType=false
# The SDK leaves its stubs untyped.

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

import grpc
from google.protobuf.empty_pb2 import Empty
from google.protobuf.struct_pb2 import Struct
from pulumi.provider.experimental.property_value import PropertyValue
from pulumi.runtime.proto import engine_pb2_grpc, provider_pb2, provider_pb2_grpc, status_pb2

from bareplane_provider.plugin.values import plain_map, wrap

ROOT = Path(__file__).resolve().parents[3]
PLUGIN = (str(ROOT / "provider" / "pulumi-resource-bareplane"),)
SOURCES = [ROOT, *(ROOT / name for name in ("provider", "components", "agent", "templates", "lab"))]
# As the engine's own client has it. What an unfinished update leaves comes in the error's metadata.
LARGE = [
    ("grpc.max_receive_message_length", 400 * 1024 * 1024),
    ("grpc.max_send_message_length", 400 * 1024 * 1024),
    ("grpc.max_metadata_size", 16 * 1024 * 1024),
    ("grpc.absolute_max_metadata_size", 16 * 1024 * 1024),
]
_KINDS = provider_pb2.PropertyDiff.Kind


class Refused(Exception):
    """A call that failed with a word of the provider's. `left`: the resource a broken create or update leaves."""

    def __init__(self, message: str, left: Held | None = None) -> None:
        super().__init__(message)
        self.left = left


class PluginGone(Exception):
    """The plugin's process ended during the call."""


@dataclass(frozen=True)
class Held:
    """A resource as the engine's state has it. `unfinished`: the next run updates it whatever its diff says."""

    kind: str
    name: str
    id: str
    properties: Struct
    inputs: Struct
    unfinished: bool = False

    @property
    def outputs(self) -> dict[str, Any]:
        """All properties in plain values."""
        return plain(self.properties)

    @property
    def facts(self) -> Mapping[str, Mapping[str, str]]:
        return self.outputs.get("facts", {})

    @property
    def baseline(self) -> Mapping[str, Mapping[str, str]]:
        return self.outputs.get("baseline", {})


@dataclass(frozen=True)
class Diff:
    """Changed property paths, each with the protocol's word (ADD, UPDATE_REPLACE, …)."""

    changes: Mapping[str, str]

    @property
    def replaces(self) -> bool:
        return any(word.endswith("_REPLACE") for word in self.changes.values())


class EngineLog(engine_pb2_grpc.EngineServicer):
    """Takes the plugin's log lines."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    def Log(self, request: Any, context: Any) -> Empty:
        self.lines.append(request.message)
        return Empty()


@dataclass
class Driver:
    """One plugin process, started when it is first needed and again after it was killed."""

    command: Sequence[str] = PLUGIN
    log: EngineLog = field(default_factory=EngineLog)
    _engine: Any = None
    _port: int = 0
    _process: subprocess.Popen[bytes] | None = None
    _channel: Any = None

    def __enter__(self) -> Driver:
        self._engine = grpc.server(ThreadPoolExecutor(4))
        engine_pb2_grpc.add_EngineServicer_to_server(self.log, self._engine)
        self._port = self._engine.add_insecure_port("127.0.0.1:0")
        self._engine.start()
        return self

    def __exit__(self, *raised: object) -> None:
        self.end(signal.SIGTERM)
        self._engine.stop(None)

    @property
    def pid(self) -> int | None:
        """The plugin's process id while it runs."""
        return self._process.pid if self._process and self._process.poll() is None else None

    def end(self, number: int = signal.SIGKILL) -> None:
        """End the plugin as it is; the next call starts another."""
        process, self._process = self._process, None
        if process is None:
            return
        if process.poll() is None:
            process.send_signal(number)
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        if process.stdout:
            process.stdout.close()
        self._channel.close()

    def cancel(self) -> None:
        """What a user's interrupt sends."""
        self._stub().Cancel(Empty())

    def check(self, kind: str, name: str, inputs: Mapping[str, Any]) -> Sequence[str]:
        """Failures, each `property: reason`."""
        given = struct(inputs)
        answer = self._call("Check", provider_pb2.CheckRequest(urn=urn(kind, name), name=name, type=kind, news=given))
        return [f"{one.property}: {one.reason}" for one in answer.failures]

    def create(self, kind: str, name: str, inputs: Mapping[str, Any], timeout: float = 0) -> Held:
        given = struct(inputs)
        request = provider_pb2.CreateRequest(
            urn=urn(kind, name), name=name, type=kind, properties=given, timeout=timeout
        )
        answer = self._call("Create", request, Held(kind, name, "", given, given))
        return Held(kind, name, answer.id, answer.properties, given)

    def read(self, held: Held) -> Held | None:
        request = provider_pb2.ReadRequest(
            **_named(held),
            properties=held.properties,
            inputs=held.inputs,
        )
        answer = self._call("Read", request)
        if not answer.id:
            return None
        return Held(held.kind, held.name, answer.id, answer.properties, answer.inputs, held.unfinished)

    def diff(self, held: Held, inputs: Mapping[str, Any] | None = None) -> Diff:
        """Against new inputs, or the ones it has."""
        news = held.inputs if inputs is None else struct(inputs)
        request = provider_pb2.DiffRequest(
            **_named(held),
            olds=held.properties,
            old_inputs=held.inputs,
            news=news,
        )
        answer = self._call("Diff", request)
        return Diff({path: _KINDS.Name(one.kind) for path, one in answer.detailedDiff.items()})

    def update(self, held: Held, inputs: Mapping[str, Any] | None = None, timeout: float = 0) -> Held:
        news = held.inputs if inputs is None else struct(inputs)
        request = provider_pb2.UpdateRequest(
            **_named(held),
            olds=held.properties,
            old_inputs=held.inputs,
            news=news,
            timeout=timeout,
        )
        answer = self._call("Update", request, held)
        return Held(held.kind, held.name, held.id, answer.properties, news)

    def delete(self, held: Held, timeout: float = 0) -> None:
        request = provider_pb2.DeleteRequest(
            **_named(held),
            properties=held.properties,
            old_inputs=held.inputs,
            timeout=timeout,
        )
        self._call("Delete", request)

    def up(self, held: Held | None, kind: str, name: str, inputs: Mapping[str, Any]) -> Held:
        """What a run would do with this resource: create it, update it where anything differs, replace it."""
        if held is None:
            return self.create(kind, name, inputs)
        diff = self.diff(held, inputs)
        if diff.replaces:
            self.delete(held)
            return self.create(kind, name, inputs)
        return self.update(held, inputs) if diff.changes or held.unfinished else held

    def _call(self, method: str, request: Any, held: Held | None = None) -> Any:
        try:
            return getattr(self._stub(), method)(request)
        except grpc.RpcError as error:
            if error.code() in (grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.CANCELLED):
                raise PluginGone(f"{method}: {error.details()}") from error
            raise Refused(error.details() or str(error.code()), _left(error, held)) from error

    def _stub(self) -> Any:
        if self.pid is None:
            self.end()
            self._start()
        return provider_pb2_grpc.ResourceProviderStub(self._channel)

    def _start(self) -> None:
        self._process = subprocess.Popen(
            [*self.command, f"127.0.0.1:{self._port}"],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            # Its own log is for people.
            stderr=sys.stderr,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(map(str, SOURCES))},
            start_new_session=True,
        )
        assert self._process.stdout
        told = self._process.stdout.readline()
        if not told:
            raise PluginGone("it ended before it said where it listens")
        port = int(told)
        self._channel = grpc.insecure_channel(f"127.0.0.1:{port}", options=LARGE)
        stub = provider_pb2_grpc.ResourceProviderStub(self._channel)
        stub.Configure(provider_pb2.ConfigureRequest(acceptSecrets=True, acceptResources=True))


def _named(held: Held) -> dict[str, str]:
    """How every request about a resource names it."""
    return {"urn": urn(held.kind, held.name), "id": held.id, "name": held.name, "type": held.kind}


def urn(kind: str, name: str) -> str:
    return f"urn:pulumi:kit::conformance::{kind}::{name}"


def struct(inputs: Mapping[str, Any]) -> Struct:
    return PropertyValue.marshal_map({name: wrap(value) for name, value in inputs.items()})


def plain(properties: Struct) -> dict[str, Any]:
    return plain_map(PropertyValue.unmarshal_map(properties))


def _left(error: grpc.RpcError, held: Held | None) -> Held | None:
    """What the provider says a broken create or update left, as the engine reads it from the error's details."""
    if held is None:
        return None
    for name, value in cast("Any", error).trailing_metadata() or ():
        if name == "grpc-status-details-bin":
            for detail in status_pb2.Status.FromString(value).details:
                remains = provider_pb2.ErrorResourceInitFailed()
                if detail.Unpack(remains):
                    return Held(held.kind, held.name, remains.id, remains.properties, remains.inputs, unfinished=True)
    return None
