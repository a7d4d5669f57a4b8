"""The plugin's gRPC side: the few calls that an engine makes of it."""

from __future__ import annotations

import json
import os
import signal
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import grpc
from docker_standin.container import Container
from docker_standin.engine import Engine, EngineError
from docker_standin.kind import Kind, Partly, State, ordered
from docker_standin.small import Network, RemoteImage, Volume
from google.protobuf import empty_pb2
from google.protobuf.json_format import MessageToDict, ParseDict
from google.protobuf.struct_pb2 import Struct
from pulumi.runtime import rpc
from pulumi.runtime.proto import plugin_pb2, provider_pb2, provider_pb2_grpc, status_pb2

VERSION = "5.2.0"
KINDS: dict[str, Kind] = {one.token: one() for one in (RemoteImage, Network, Volume, Container)}
PROVIDER_KEYS = {"host", "sshOpts", "version"}
ONLY_EMPTY = {"context", "certPath", "caMaterial", "certMaterial", "keyMaterial"}
"""What would lead elsewhere than to `host`."""


class Servicer(provider_pb2_grpc.ResourceProviderServicer):
    def __init__(self) -> None:
        self._host = ""
        self._options: list[str] = []

    def GetPluginInfo(self, request: Any, context: Any) -> Any:
        return plugin_pb2.PluginInfo(version=VERSION)

    def GetSchema(self, request: Any, context: Any) -> Any:
        schema = {"name": "docker", "version": VERSION, "resources": {token: {} for token in KINDS}}
        return provider_pb2.GetSchemaResponse(schema=json.dumps(schema))

    def CheckConfig(self, request: Any, context: Any) -> Any:
        news = MessageToDict(request.news)
        strange = sorted(one for one in news.keys() - PROVIDER_KEYS if one not in ONLY_EMPTY or news[one])
        failures = [provider_pb2.CheckFailure(property=one, reason="this stand-in does not know it") for one in strange]
        return provider_pb2.CheckResponse(inputs=request.news, failures=failures)

    def DiffConfig(self, request: Any, context: Any) -> Any:
        old, new = MessageToDict(request.olds), MessageToDict(request.news)
        changed = sorted(one for one in PROVIDER_KEYS if old.get(one) != new.get(one))
        return difference({one: False for one in changed if one != "version"}, delete_first=False)

    def Configure(self, request: Any, context: Any) -> Any:
        # No contact: the official plugin makes its first one when a resource needs it.
        given = MessageToDict(request.args)
        self._host = given.get("host", "")
        options = given.get("sshOpts", "[]")
        self._options = json.loads(options) if isinstance(options, str) else options
        return provider_pb2.ConfigureResponse(acceptSecrets=False, supportsPreview=True)

    def Check(self, request: Any, context: Any) -> Any:
        failures = [
            provider_pb2.CheckFailure(property=name, reason=reason)
            for name, reason in kind_of(request.urn).check(MessageToDict(request.news))
        ]
        return provider_pb2.CheckResponse(inputs=request.news, failures=failures)

    def Diff(self, request: Any, context: Any) -> Any:
        kind, state, new = kind_of(request.urn), plain(request.olds), plain(request.news)
        before = plain(request.old_inputs)
        changed = [
            one
            for one in sorted({*before, *new} - {"__defaults"})
            if ordered(state.get(one)) != ordered(new.get(one)) and one not in request.ignoreChanges
        ]
        return difference({one: one in kind.replacing for one in changed}, delete_first=kind.delete_first)

    def Create(self, request: Any, context: Any) -> Any:
        kind, inputs = kind_of(request.urn), plain(request.properties)
        if request.preview:
            unknown = dict.fromkeys(kind.computed, rpc.UNKNOWN)
            return provider_pb2.CreateResponse(properties=struct({**inputs, **unknown}))
        try:
            with self._engine() as engine:
                id, state = kind.create(engine, inputs)
        except Partly as error:
            remains(context, str(error), error.id, error.state, request.properties)
        except EngineError as error:
            context.abort(grpc.StatusCode.FAILED_PRECONDITION, str(error))
        return provider_pb2.CreateResponse(id=id, properties=struct(state))

    def Read(self, request: Any, context: Any) -> Any:
        kind, state = kind_of(request.urn), plain(request.properties)
        try:
            with self._engine() as engine:
                found = kind.read(engine, request.id, state)
        except EngineError as error:
            context.abort(grpc.StatusCode.FAILED_PRECONDITION, str(error))
        if found is None:
            return provider_pb2.ReadResponse()
        return provider_pb2.ReadResponse(id=found[0], properties=struct(found[1]), inputs=request.inputs)

    def Update(self, request: Any, context: Any) -> Any:
        kind, old, new = kind_of(request.urn), plain(request.olds), plain(request.news)
        kept = {name: old[name] for name in kind.computed if name in old}
        if request.preview:
            return provider_pb2.UpdateResponse(properties=struct({**new, **kept}))
        try:
            with self._engine() as engine:
                state = kind.update(engine, request.id, old, new)
        except EngineError as error:
            context.abort(grpc.StatusCode.FAILED_PRECONDITION, str(error))
        return provider_pb2.UpdateResponse(properties=struct({**kept, **state}))

    def Delete(self, request: Any, context: Any) -> Any:
        try:
            with self._engine() as engine:
                kind_of(request.urn).delete(engine, request.id, plain(request.properties))
        except EngineError as error:
            context.abort(grpc.StatusCode.FAILED_PRECONDITION, str(error))
        return empty_pb2.Empty()

    def Cancel(self, request: Any, context: Any) -> Any:
        return empty_pb2.Empty()

    def _engine(self) -> Engine:
        return Engine(self._host, self._options)


def kind_of(urn: str) -> Kind:
    # A component's child has its parents' types in front.
    return KINDS[urn.split("::")[2].rpartition("$")[2]]


def plain(given: Struct) -> State:
    return MessageToDict(given)


def struct(state: State) -> Struct:
    return ParseDict(state, Struct())


def difference(changed: dict[str, bool], *, delete_first: bool) -> Any:
    """`changed`: by name, whether it takes a replacement."""
    answer, kinds = provider_pb2.DiffResponse, provider_pb2.PropertyDiff
    return answer(
        changes=answer.DIFF_SOME if changed else answer.DIFF_NONE,
        replaces=[one for one, replaces in changed.items() if replaces],
        diffs=list(changed),
        detailedDiff={
            one: kinds(kind=kinds.UPDATE_REPLACE if replaces else kinds.UPDATE) for one, replaces in changed.items()
        },
        hasDetailedDiff=True,
        deleteBeforeReplace=delete_first,
    )


def remains(context: Any, text: str, id: str, state: State, inputs: Struct) -> None:
    """Tell the engine what an unfinished create left, so that it is not forgotten."""
    left = provider_pb2.ErrorResourceInitFailed(id=id, properties=struct(state), reasons=[text], inputs=inputs)
    status = status_pb2.Status(code=grpc.StatusCode.FAILED_PRECONDITION.value[0], message=text)
    status.details.add().Pack(left)
    context.set_trailing_metadata((("grpc-status-details-bin", status.SerializeToString()),))
    context.abort(grpc.StatusCode.FAILED_PRECONDITION, text)


def serve() -> None:
    parent = os.getppid()
    # An interrupt is the engine's to tell of; this process ends when it is told to, or when the engine is gone.
    signal.signal(signal.SIGINT, lambda *_: os._exit(0))
    server = grpc.server(ThreadPoolExecutor(16))
    provider_pb2_grpc.add_ResourceProviderServicer_to_server(Servicer(), server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    sys.stdout.write(f"{port}\n")
    sys.stdout.flush()
    threading.Thread(target=end_with, args=(parent,), daemon=True).start()
    server.wait_for_termination()


def end_with(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(0.5)
    os._exit(1)
