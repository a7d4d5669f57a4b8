"""The plugin's process: serves the engine that started it, and does not outlive it."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import threading
import time
from collections.abc import Mapping

import grpc.aio
from pulumi.runtime.proto import provider_pb2_grpc

from bareplane_provider.plugin.engine import EngineLog
from bareplane_provider.plugin.kind import Kind
from bareplane_provider.plugin.provider import BareplaneProvider, Registry
from bareplane_provider.plugin.schema import version
from bareplane_provider.plugin.servicer import Servicer
from bareplane_provider.transport.pool import Pool

# As the engine's own limit.
_LARGEST_MESSAGE = 400 * 1024 * 1024
_LOOK_EVERY = 0.5


_IMPORTING = threading.Lock()


def _product() -> Mapping[str, Kind]:
    # Two threads that import the same modules at once can each see the other's half done.
    with _IMPORTING:
        from bareplane_provider.kinds import KINDS

    return KINDS


def main() -> None:
    serve(_product)


def serve(kinds: Registry) -> None:
    """Serve `kinds` until the engine ends this process."""
    arguments = sys.argv[1:]
    if not arguments or arguments[-1].startswith("-"):
        sys.exit("pulumi-resource-bareplane: Pulumi starts this program and gives it the engine's address")
    parent = os.getppid()
    provider = BareplaneProvider(kinds, EngineLog(arguments[-1]))
    threading.Thread(target=_end_with, args=(parent, provider.pool), daemon=True).start()
    # Importing the kinds takes as long as all the rest; the engine has other questions first.
    threading.Thread(target=kinds, daemon=True).start()
    asyncio.run(_serve(provider, arguments))
    # Not waiting for threads: a kind that did not end when it was cancelled is left behind.
    os._exit(0)


async def _serve(provider: BareplaneProvider, arguments: list[str]) -> None:
    options = [("grpc.max_receive_message_length", _LARGEST_MESSAGE)]
    server = grpc.aio.server(options=options)  # pyright: ignore[reportUnknownMemberType]
    servicer = Servicer(arguments, version(), provider, engine_address=arguments[-1])
    provider_pb2_grpc.add_ResourceProviderServicer_to_server(servicer, server)
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    ended = asyncio.Event()
    # A finished engine sends SIGINT, and kills after five seconds. (A user's interrupt arrives as Cancel: the engine
    # gives plugins a process group of their own.)
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, ended.set)
    sys.stdout.write(f"{port}\n")
    sys.stdout.flush()
    await ended.wait()
    await provider.cancel()
    await server.stop(grace=0)


def _end_with(parent: int, pool: Pool) -> None:
    """An engine that was killed says nothing: its child gets another parent."""
    while os.getppid() == parent:
        time.sleep(_LOOK_EVERY)
    pool.close()
    os._exit(1)
