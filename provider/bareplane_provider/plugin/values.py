"""Between the engine's values, which know secrets and unknowns, and plain Python."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any, cast

from pulumi.provider.experimental.property_value import Computed, PropertyValue
from pulumi.runtime import rpc

from bareplane_provider.errors import BareplaneError, InputError
from bareplane_provider.plugin.kind import UNKNOWN, Outputs
from bareplane_provider.plugin.masking import Mask

Properties = Mapping[str, PropertyValue]

# The engine writes an unknown as one of these strings, by its type (pulumi's sdk/go/common/resource/plugin/rpc.go);
# the experimental API passes them on as strings, and cannot write its own Computed.
_UNKNOWNS = frozenset(
    {
        rpc.UNKNOWN,
        "1c4a061d-8072-4f0a-a4cb-0ff528b18fe7",
        "3eeb2bf0-c639-47a8-9e75-3b44932eb421",
        "6a19a0b0-7e62-4c92-b797-7f8e31da9cc2",
        "030794c1-ac77-496b-92df-f27374a8bd58",
        "e48ece36-62e2-4504-bad9-02848725956a",
        "dd056dcd-154b-4c76-9bd3-c8f88648b5ff",
    }
)
# Numbers travel as doubles: above this, integers would change on the way.
_LARGEST = 2**53


def plain(value: PropertyValue) -> Any:
    """A value without its secret marks; UNKNOWN where it is not known."""
    inner = value.value
    if isinstance(inner, Computed) or (isinstance(inner, str) and inner in _UNKNOWNS):
        return UNKNOWN
    if inner is None or isinstance(inner, str | bool):
        return inner
    if isinstance(inner, float):
        return int(inner) if inner.is_integer() and abs(inner) <= _LARGEST else inner
    if isinstance(inner, Mapping):
        return {key: plain(one) for key, one in inner.items()}
    if isinstance(inner, Sequence):
        return [plain(one) for one in inner]
    raise InputError(f"a {type(inner).__name__} cannot be an input here; give text, numbers, lists or maps")


def plain_map(values: Properties) -> dict[str, Any]:
    return {key: plain(value) for key, value in values.items()}


def wrap(value: Any) -> PropertyValue:
    """Plain Python as the engine's value."""
    if value is UNKNOWN:
        return PropertyValue(rpc.UNKNOWN)
    if value is None or isinstance(value, str | bool):
        return PropertyValue(value)
    if isinstance(value, int | float):
        if isinstance(value, int) and abs(value) > _LARGEST:
            raise BareplaneError(f"{value} is too large a number for the engine's state; return it as text")
        return PropertyValue(float(value))
    if isinstance(value, Mapping):
        mapping = cast("Mapping[str, Any]", value)
        return PropertyValue({str(key): wrap(one) for key, one in mapping.items()})
    if isinstance(value, list | tuple):
        return PropertyValue([wrap(one) for one in cast("Sequence[Any]", value)])
    raise TypeError(f"a {type(value).__name__} cannot be kept in the engine's state")


def state(inputs: Properties, outputs: Outputs, secret: Collection[str]) -> dict[str, PropertyValue]:
    """What the engine remembers: the inputs exactly as they came, marks and all, and the kind's outputs.

    What an output repeats of a secret input is secret too: an observation of what was asked for, say.
    """
    result = dict(inputs)
    mask = Mask(secrets(inputs))
    for name, value in outputs.items():
        was_secret = name in inputs and inputs[name].contains_secret()
        result[name] = _marked(wrap(value), mask).with_secret(name in secret or was_secret)
    return result


def _marked(value: PropertyValue, mask: Mask) -> PropertyValue:
    inner = value.value
    if isinstance(inner, str):
        return value.with_secret(mask.finds(inner))
    if isinstance(inner, Mapping):
        return PropertyValue({name: _marked(one, mask) for name, one in inner.items()})
    if isinstance(inner, Sequence):
        return PropertyValue([_marked(one, mask) for one in inner])
    return value


def secrets(values: Properties) -> Iterator[str]:
    """Every text below a secret mark."""
    for value in values.values():
        yield from _secret_texts(value, below=False)


def _secret_texts(value: PropertyValue, *, below: bool) -> Iterator[str]:
    below = below or value.is_secret
    inner = value.value
    if isinstance(inner, str):
        if below:
            yield inner
    elif isinstance(inner, Mapping):
        for one in inner.values():
            yield from _secret_texts(one, below=below)
    elif isinstance(inner, Sequence):
        for one in inner:
            yield from _secret_texts(one, below=below)
