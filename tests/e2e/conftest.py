"""One lab of four servers and one cluster on three of them, shared by all tests, which run in the order given here."""

from __future__ import annotations

import time
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.e2e.kubernetes import Cluster
from tests.e2e.servers import HeldSession, Inventory, Lab, own_directory
from tests.e2e.stack import Outcome, Stack

# The cluster is made by the first test that needs it, used by all that leave it running, and destroyed by the last.
ORDER = (
    "test_preview",
    "test_second_up",
    "test_cluster",
    "test_security",
    "test_other_stack",
    "test_drift",
    "test_workers",
    "test_apps",
    "test_docker_apps",
    "test_restart",
    "test_renewal",
    "test_metrics",
    "test_addons",
    "test_destroy",
    "test_killed",
    "test_failed_create",
    "test_two_runs",
    "test_cleaning",
    "test_static_pods",
    "test_docker_host",
    "test_air_gap",
    "test_canaries",
)
FIGURES = pytest.StashKey[list[tuple[str, float]]]()


def pytest_configure(config: pytest.Config) -> None:
    config.stash[FIGURES] = []


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    ours = {name: position for position, name in enumerate(ORDER)}
    items.sort(key=lambda item: ours.get(item.path.stem, -1))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    if config.stash[FIGURES]:
        terminalreporter.section("figures")
        for what, seconds in config.stash[FIGURES]:
            terminalreporter.write_line(f"{seconds:7.1f} s  {what}")


@dataclass(frozen=True)
class Figures:
    """Times that the summary prints."""

    found: list[tuple[str, float]]

    def add(self, what: str, seconds: float) -> None:
        self.found.append((what, seconds))

    @contextmanager
    def timed(self, what: str) -> Generator[None]:
        began = time.monotonic()
        yield
        self.add(what, time.monotonic() - began)


@pytest.fixture(scope="session")
def figures(pytestconfig: pytest.Config) -> Figures:
    return Figures(pytestconfig.stash[FIGURES])


@dataclass
class World:
    """The lab, how its servers were before anything was made on them, and sessions held open since."""

    lab: Lab
    before: dict[str, Inventory]
    held: dict[str, HeldSession] = field(default_factory=dict)

    def hold(self, server: str) -> None:
        """Open a session; a server that was restarted gets a new one."""
        if server in self.held:
            self.held[server].close()
        self.held[server] = HeldSession(self.lab, server)


@pytest.fixture(scope="session")
def world(tmp_path_factory: pytest.TempPathFactory, figures: Figures) -> Iterator[World]:
    with own_directory(tmp_path_factory.mktemp("servers")) as directory:
        lab = Lab(directory)
        with figures.timed("lab up, four servers"):
            lab.call("up", "--servers", "4")
        one = World(lab, lab.inventories())
        for server in lab.names:
            one.hold(server)
        yield one
        for session in one.held.values():
            session.close()


@pytest.fixture(scope="session")
def stack(world: World, tmp_path_factory: pytest.TempPathFactory) -> Stack:
    one = Stack(tmp_path_factory.mktemp("stacks"), "e2e", world.lab.inventory_file)
    one.configure()
    return one


@pytest.fixture(scope="session")
def made(stack: Stack, figures: Figures) -> Outcome:
    """The run that made the cluster."""
    outcome = stack.up()
    figures.add("pulumi up, one control plane and two workers", outcome.seconds)
    return outcome


@pytest.fixture(scope="session")
def cluster(stack: Stack, made: Outcome, tmp_path_factory: pytest.TempPathFactory) -> Cluster:
    """The cluster while it runs."""
    assert made.status == 0
    return cluster_of(stack, tmp_path_factory.mktemp("kubectl"))


def cluster_of(stack: Stack, folder: Path) -> Cluster:
    """A stack's cluster, with its kubeconfig in `folder`."""
    kubeconfig = folder / "kubeconfig"
    kubeconfig.touch(0o600)
    kubeconfig.write_text(stack.output("kubeconfig"))
    return Cluster(kubeconfig, folder / "cache")


def pytest_assertrepr_compare(op: str, left: object, right: object) -> list[str] | None:
    """Lists of differences are shown whole: each line is a finding."""
    if op == "==" and right == [] and isinstance(left, list):
        return ["found:", *map(str, left)]
    return None
