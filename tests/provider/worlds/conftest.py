"""A lab of three servers, each seen through worlds of its own making; and the refusals that users get there.

To use a lab that runs already, name its directory in BAREPLANE_TEST_LAB: its servers are left as they were found.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from bareplane_provider.kinds.machine import Arrivals
from tests.e2e.servers import Lab, differences, started_lab
from tests.provider.worlds.doors import Doors
from tests.provider.worlds.taking import Taking


@pytest.fixture(scope="session")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    with started_lab(tmp_path_factory.mktemp("servers"), 3) as one:
        yield one


@pytest.fixture
def taking(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> Iterator[Taking]:
    # No other machine comes that a refusal would have to be held back for.
    monkeypatch.setattr(Arrivals, "QUIET", 0.0)
    one = Taking(lab)
    yield one
    one.close()


@pytest.fixture(scope="module")
def untouched(lab: Lab) -> Iterator[None]:
    """Whatever was refused: when the module is through, the servers are as before."""
    before = lab.inventories()
    yield
    assert differences(before, lab.inventories()) == []


@pytest.fixture(scope="module")
def doors(lab: Lab, untouched: None) -> Iterator[Doors]:
    one = Doors(lab, "server-1")
    yield one
    one.close()
