"""The engine's log: where messages about a resource are shown."""

from __future__ import annotations

import threading
from typing import Literal

import grpc
from pulumi.runtime.proto import engine_pb2, engine_pb2_grpc

Severity = Literal["debug", "info", "warning"]
_SEVERITY = {"debug": engine_pb2.DEBUG, "info": engine_pb2.INFO, "warning": engine_pb2.WARNING}


class EngineLog:
    """Sends log lines to the engine at `address`; from any thread."""

    def __init__(self, address: str) -> None:
        self._address = address
        self._lock = threading.Lock()
        self._stub: engine_pb2_grpc.EngineStub | None = None

    def __call__(self, severity: Severity, urn: str, text: str, *, ephemeral: bool = False) -> None:
        request = engine_pb2.LogRequest(severity=_SEVERITY[severity], message=text, urn=urn, ephemeral=ephemeral)
        with self._lock:
            if self._stub is None:
                self._stub = engine_pb2_grpc.EngineStub(grpc.insecure_channel(self._address))
        try:
            self._stub.Log(request, timeout=5)  # pyright: ignore[reportUnknownMemberType]
        except grpc.RpcError:
            # The engine is on its way out; losing a line of its log is no reason to stop work on a machine.
            return
