"""The gRPC side that the experimental API leaves out: errors the engine understands, and the old inputs.

Its own server answers an exception with UNKNOWN and a stack trace, which marks the resource's state as suspect.
"""

# pyright: reportUnknownMemberType=false, reportUnknownArgumentType=false
# The SDK leaves its handlers untyped.

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable
from typing import Any

import grpc
from google.protobuf.struct_pb2 import Struct
from pulumi.provider.experimental.server import ProviderServicer
from pulumi.runtime.proto import provider_pb2, status_pb2

from bareplane_provider.plugin.call import CALL, Call, Failed

Handler = Callable[[Any, Any], Awaitable[Any]]

# Any code but UNKNOWN, INTERNAL and DATA_LOSS means: the provider knows what happened.
_CODE = grpc.StatusCode.FAILED_PRECONDITION


class Servicer(ProviderServicer):
    async def Check(self, request: Any, context: Any) -> Any:
        return await _answer(super().Check, request, context)

    async def Diff(self, request: Any, context: Any) -> Any:
        return await _answer(super().Diff, request, context, _old_inputs(request))

    async def Create(self, request: Any, context: Any) -> Any:
        return await _answer(super().Create, request, context, seconds=request.timeout)

    async def Read(self, request: Any, context: Any) -> Any:
        return await _answer(super().Read, request, context)

    async def Update(self, request: Any, context: Any) -> Any:
        return await _answer(super().Update, request, context, _old_inputs(request), request.timeout)

    async def Delete(self, request: Any, context: Any) -> Any:
        return await _answer(super().Delete, request, context, _old_inputs(request), request.timeout)


def _old_inputs(request: Any) -> Struct | None:
    return request.old_inputs if request.HasField("old_inputs") else None


async def _answer(
    handler: Handler, request: Any, context: Any, old_inputs: Struct | None = None, seconds: float = 0
) -> Any:
    """`seconds`: the resource's customTimeouts for this operation; 0 where it has none."""
    call = Call(old_inputs, time.monotonic() + seconds if seconds else None)
    CALL.set(call)
    try:
        return await handler(request, context)
    except Exception:
        if call.failed is None:
            raise
    await context.abort(_CODE, call.failed.message, _details(call.failed))
    raise AssertionError("unreachable")


def _details(failed: Failed) -> tuple[tuple[str, bytes], ...]:
    """The metadata that tells the engine what an unfinished create or update left."""
    if failed.remains is None:
        return ()
    detail = provider_pb2.ErrorResourceInitFailed(
        id=failed.remains.id,
        properties=failed.remains.properties,
        reasons=[failed.message],
        inputs=failed.remains.inputs,
    )
    status = status_pb2.Status(code=_CODE.value[0], message=failed.message)
    status.details.add().Pack(detail)
    return (("grpc-status-details-bin", status.SerializeToString()),)
