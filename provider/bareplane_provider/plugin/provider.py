"""The provider: finds the kind of each call, hands it plain values, gives the engine its answer."""

from __future__ import annotations

import traceback
from collections.abc import Callable, Mapping
from typing import Protocol

from google.protobuf.struct_pb2 import Struct
from pulumi.provider.experimental import provider as api
from pulumi.provider.experimental.property_value import PropertyValue

from bareplane_provider.errors import BareplaneError, InputError
from bareplane_provider.plugin.call import CALL, Failed, KindContext, Remains
from bareplane_provider.plugin.difference import response
from bareplane_provider.plugin.engine import EngineLog
from bareplane_provider.plugin.kind import UNKNOWN, Kind, State
from bareplane_provider.plugin.masking import Mask
from bareplane_provider.plugin.schema import schema
from bareplane_provider.plugin.values import Properties, plain_map, secrets, state, wrap
from bareplane_provider.plugin.workers import Workers
from bareplane_provider.transport.pool import Pool

Registry = Callable[[], Mapping[str, Kind]]


class BareplaneProvider(api.Provider):
    """Calls arrive on the event loop; kinds run in threads."""

    def __init__(self, kinds: Registry, log: EngineLog) -> None:
        self._kinds = kinds
        self._log = log
        self.pool = Pool()
        self._workers = Workers(self.pool)

    async def get_schema(self, request: api.GetSchemaRequest) -> api.GetSchemaResponse:
        return api.GetSchemaResponse(schema(self._kinds()))

    async def configure(self, request: api.ConfigureRequest) -> api.ConfigureResponse:
        # No outputs: the experimental API cannot read those that have no dependencies.
        return api.ConfigureResponse(accept_secrets=True, supports_preview=True)

    async def cancel(self) -> None:
        await self._workers.cancel()

    async def check(self, request: api.CheckRequest) -> api.CheckResponse:
        with self._reporting(request.urn, request.new_inputs):
            kind = self._kind(request.type)
            inputs = plain_map(request.new_inputs)
            failures = await self._workers.run(_what("checking", request), lambda: kind.check(inputs))
            return api.CheckResponse(
                inputs=request.new_inputs, failures=[api.CheckFailure(one.property, one.reason) for one in failures]
            )

    async def diff(self, request: api.DiffRequest) -> api.DiffResponse:
        with self._reporting(request.urn, request.old_state, request.new_inputs):
            kind = self._kind(request.type)
            old, new = _remembered(request.old_state), plain_map(request.new_inputs)
            difference = await self._workers.run(_what("comparing", request), lambda: kind.diff(old, new))
            return response(difference, {*old.inputs, *new})

    async def create(self, request: api.CreateRequest) -> api.CreateResponse:
        with self._reporting(request.urn, request.properties) as mask:
            kind = self._kind(request.type)
            if request.preview:
                return api.CreateResponse(properties=dict(request.properties))
            inputs, context = plain_map(request.properties), self._context(request.urn, mask)
            try:
                created = await self._workers.run(
                    _what("creating", request), lambda: kind.create(request.name, inputs, context)
                )
            except Exception as error:
                begun = CALL.get().begun
                if begun is not None and not _untouched(error):
                    made = state(request.properties, begun.outputs, kind.secret_outputs)
                    CALL.get().failed = Failed(mask(_message(error)), _remains(begun.id, made, request.properties))
                raise
            return api.CreateResponse(created.id, state(request.properties, created.outputs, kind.secret_outputs))

    async def read(self, request: api.ReadRequest) -> api.ReadResponse:
        with self._reporting(request.urn, request.properties, request.inputs) as mask:
            kind, context = self._kind(request.type), self._context(request.urn, mask)
            old = _state(request.properties, request.inputs)
            outputs = await self._workers.run(
                _what("reading", request), lambda: kind.read(request.resource_id, old, context)
            )
            if outputs is None:
                return api.ReadResponse()
            return api.ReadResponse(
                request.resource_id, state(request.inputs, outputs, kind.secret_outputs), request.inputs
            )

    async def update(self, request: api.UpdateRequest) -> api.UpdateResponse:
        with self._reporting(request.urn, request.olds, request.news) as mask:
            kind = self._kind(request.type)
            old = _remembered(request.olds)
            if request.preview:
                return api.UpdateResponse(_expected(kind, old, request))
            new, context = plain_map(request.news), self._context(request.urn, mask)
            try:
                outputs = await self._workers.run(
                    _what("updating", request), lambda: kind.update(request.resource_id, old, new, context)
                )
            except Exception as error:
                # Nobody knows how far it came: the next `up` updates again in any case.
                if not _untouched(error):
                    begun = CALL.get().begun
                    if begun is None:
                        remains = _unchanged(request)
                    else:
                        made = state(request.news, begun.outputs, kind.secret_outputs)
                        remains = _remains(request.resource_id, made, request.news)
                    CALL.get().failed = Failed(mask(_message(error)), remains)
                raise
            return api.UpdateResponse(state(request.news, outputs, kind.secret_outputs))

    async def delete(self, request: api.DeleteRequest) -> None:
        with self._reporting(request.urn, request.properties) as mask:
            kind, context = self._kind(request.type), self._context(request.urn, mask)
            old = _remembered(request.properties)
            await self._workers.run(_what("deleting", request), lambda: kind.delete(request.resource_id, old, context))

    def _kind(self, token: str) -> Kind:
        # The SDK takes the type from the URN, where a component's child has its parents' types in front.
        kind = self._kinds().get(token.rpartition("$")[2])
        if kind is None:
            raise InputError(f"{token}: this version of bareplane has no such resource; are program and plugin of one?")
        return kind

    def _context(self, urn: str, mask: Mask) -> KindContext:
        return KindContext(
            self.pool,
            lambda text: self._log("info", urn, text, ephemeral=True),
            lambda text: self._log("warning", urn, text),
            mask,
            CALL.get(),
        )

    def _reporting(self, urn: str, *values: Properties) -> _Report:
        return _Report(self._trace, urn, Mask(secret for one in values for secret in secrets(one)))

    def _trace(self, urn: str, error: Exception, mask: Mask) -> None:
        self._log("debug", urn, mask("".join(traceback.format_exception(error))))


class _Report:
    """Notes a call's error for the servicer, in one line and without secrets."""

    def __init__(self, trace: Callable[[str, Exception, Mask], None], urn: str, mask: Mask) -> None:
        self._trace = trace
        self._urn = urn
        self._mask = mask

    def __enter__(self) -> Mask:
        return self._mask

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: object) -> None:
        call = CALL.get()
        if not isinstance(error, Exception):
            return
        self._trace(self._urn, error, self._mask)
        if call.failed is None:
            call.failed = Failed(self._mask(_message(error)))


class _Named(Protocol):
    @property
    def name(self) -> str: ...


def _what(doing: str, request: _Named) -> str:
    return f"{doing} {request.name}"


def _untouched(error: Exception) -> bool:
    return isinstance(error, BareplaneError) and error.untouched


def _message(error: Exception) -> str:
    if isinstance(error, BareplaneError):
        return str(error)
    text = " ".join(str(error).split())
    return f"a defect in bareplane: {type(error).__name__}: {text}; `pulumi up --debug` shows where"


def _remembered(properties: Properties) -> State:
    """The state of a request that carries its old inputs beside it."""
    inputs = CALL.get().old_inputs
    return _state(properties, properties if inputs is None else PropertyValue.unmarshal_map(inputs))


def _state(properties: Properties, inputs: Properties) -> State:
    outputs = {name: value for name, value in properties.items() if name not in inputs}
    return State(plain_map(inputs), plain_map(outputs))


def _expected(kind: Kind, old: State, request: api.UpdateRequest) -> dict[str, PropertyValue]:
    """What a preview shows after an update: what cannot change as it was, the rest as not known yet."""
    expected = dict(request.news)
    for name in old.outputs:
        if name not in expected:
            expected[name] = request.olds[name] if name in kind.stable_outputs else wrap(UNKNOWN)
    return expected


def _remains(id: str, made: dict[str, PropertyValue], inputs: dict[str, PropertyValue]) -> Remains:
    return Remains(id, PropertyValue.marshal_map(made), PropertyValue.marshal_map(inputs))


def _unchanged(request: api.UpdateRequest) -> Remains:
    olds = PropertyValue.marshal_map(request.olds)
    return Remains(request.resource_id, olds, CALL.get().old_inputs or Struct())
