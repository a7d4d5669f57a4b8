"""The kit itself: a kind that keeps its word passes every check, a broken one fails the check that is meant for it."""

from __future__ import annotations

import sys
from collections.abc import Iterator

import pytest

from tests.provider.conformance.broken_kinds import BROKEN, Sample
from tests.provider.conformance.checks import CHECKS
from tests.provider.conformance.driver import Driver
from tests.provider.conformance.examples import always, on, place
from tests.provider.conformance.kit import Kit
from tests.provider.conformance.report import Report
from tests.provider.conformance.row import Input, Row, World
from tests.provider.conformance.servers import Server

OWNER = Row("owner", "StackIdentity", always({"project": "kit", "stack": "broken"}))
MACHINE = Row(
    "machine",
    "Machine",
    lambda world: {**place("server-1")(world), "minimumMemoryMib": 512, "ports": []},
    "server-1",
)

# What broken kinds leave. /etc/hosts of a lab's server is a mount: it can only be written to.
ALL_OF_IT = 'rm -rf /etc/sample /var/lib/bareplane; kept=$(grep -v sample /etc/hosts); echo "$kept" >/etc/hosts'


def sample(kind: type[Sample]) -> Row:
    return Row(
        "sample",
        kind.__name__,
        on("server-1", node=always("one"), text=always("hello\n")),
        "server-1",
        changes=(Input("text", "good day\n"), Input("node", "two", "replace")),
    )


@pytest.fixture(scope="module")
def driver() -> Iterator[Driver]:
    with Driver((sys.executable, "-m", "tests.provider.conformance.broken_kinds")) as one:
        yield one


def walk(driver: Driver, servers: dict[str, Server], kind: type[Sample]) -> Kit:
    return Kit(World({"server-1": servers["server-1"]}), driver, (OWNER, MACHINE, sample(kind)), Report())


@pytest.mark.parametrize("name", [name for name, _ in CHECKS])
def test_a_kind_that_keeps_its_word_passes(driver: Driver, servers: dict[str, Server], name: str) -> None:
    kit = walk(driver, servers, Sample)
    check = dict(CHECKS)[name]
    try:
        assert kit.check(kit.rows[-1], name, check) == []
    finally:
        assert kit.take_away() == []


@pytest.mark.parametrize("kind", BROKEN, ids=lambda kind: kind.__name__)
def test_a_broken_kind_fails(driver: Driver, servers: dict[str, Server], kind: type[Sample]) -> None:
    kit = walk(driver, servers, kind)
    name = BROKEN[kind]
    try:
        assert kit.check(kit.rows[-1], name, dict(CHECKS)[name])
    finally:
        kit.world.servers["server-1"].run(ALL_OF_IT)
