"""Values: secrets and unknowns survive the way to a kind and back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pytest
from pulumi import StringAsset
from pulumi.provider.experimental.property_value import PropertyValue
from pulumi.runtime import rpc

from bareplane_provider.errors import BareplaneError, InputError
from bareplane_provider.plugin.kind import UNKNOWN
from bareplane_provider.plugin.values import plain, secrets, state, wrap


@pytest.mark.parametrize(
    "value", [None, True, False, 0, 1, -7, 2.5, "", "text", [], [1, [2]], {}, {"a": {"b": [None, UNKNOWN]}}]
)
def test_plain_values_survive_the_wire(value: Any) -> None:
    found = plain(PropertyValue.unmarshal(wrap(value).marshal()))
    assert found == value
    assert type(found) is type(value)


def test_whole_numbers_are_integers() -> None:
    assert type(plain(PropertyValue(3.0))) is int


@pytest.mark.parametrize("text", [rpc.UNKNOWN, "6a19a0b0-7e62-4c92-b797-7f8e31da9cc2"])
def test_unknowns_of_every_type_are_the_one_unknown(text: str) -> None:
    assert plain(PropertyValue(text)) is UNKNOWN
    assert plain(PropertyValue(text, is_secret=True)) is UNKNOWN


def test_what_the_state_cannot_hold_is_refused() -> None:
    with pytest.raises(BareplaneError, match="too large a number"):
        wrap(2**60)
    with pytest.raises(TypeError, match="bytes"):
        wrap(b"x")
    with pytest.raises(InputError, match="StringAsset"):
        plain(PropertyValue(StringAsset("x")))


def test_the_state_keeps_the_inputs_marks_and_adds_the_kinds() -> None:
    inputs = {
        "open": PropertyValue("a"),
        "token": PropertyValue("b", is_secret=True),
        "deep": PropertyValue({"x": PropertyValue("c", is_secret=True)}),
    }
    found = state(inputs, {"made": 1, "key": "d", "token": "e"}, {"key"})
    assert found["deep"] == inputs["deep"]
    assert not found["deep"].is_secret
    assert [name for name, value in found.items() if value.is_secret] == ["token", "key"]
    assert plain(found["token"]) == "e"


def test_every_text_below_a_secret_mark_is_found() -> None:
    values = {
        "a": PropertyValue("one", is_secret=True),
        "b": PropertyValue([PropertyValue({"x": PropertyValue("two")}, is_secret=True), PropertyValue("open")]),
        "c": PropertyValue("open"),
    }
    assert list(secrets(values)) == ["one", "two"]


def test_what_an_output_repeats_of_a_secret_input_is_secret() -> None:
    inputs = {"objects": PropertyValue([PropertyValue("hunter2", is_secret=True), PropertyValue("me")])}
    facts = {"Secret x": {"/data/a": '"hunter2"', "/name": '"me"', "list": ["say hunter2", "no"]}}
    found = plain_and_marked(state(inputs, {"facts": facts}, set())["facts"])
    assert found == {"Secret x": {"/data/a": None, "/name": '"me"', "list": [None, "no"]}}


def plain_and_marked(value: PropertyValue) -> Any:
    """The value, with None in the place of what is secret."""
    if value.is_secret:
        return None
    if isinstance(value.value, Mapping):
        return {name: plain_and_marked(one) for name, one in value.value.items()}
    if isinstance(value.value, Sequence) and not isinstance(value.value, str):
        return [plain_and_marked(one) for one in value.value]
    return value.value
