"""A create that was cut off on the machine is in the state, so that the next destroy takes away what it left there."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.e2e.servers import Lab, differences
from tests.provider.conformance.driver import Driver, Held, Refused
from tests.provider.worlds.doors import FOLDER, Doors
from tests.provider.worlds.taking import Taking

SERVER = "server-3"
MACHINE = "bareplane:index:Machine"
LEDGER = f"/var/lib/bareplane/ledger/{SERVER}%2Fmachine"
ONCE = f"{FOLDER}/broken-off"
ANSWERS = f"""#!/bin/bash
# Runs a command; the first word it says after the ledger knows of the machine is not passed on.
"$@" | while IFS= read -r line; do
    [ -e {LEDGER} ] && mkdir {ONCE} 2>/dev/null && eval "$MEANWHILE"
    printf '%s\\n' "$line"
done
"""


@pytest.fixture
def driver() -> Iterator[Driver]:
    with Driver() as one:
        yield one


@pytest.fixture
def own_door(lab: Lab) -> Iterator[Doors]:
    before = lab.inventories([SERVER])
    one = Doors(lab, SERVER)
    lab.on(SERVER, f"cat > {FOLDER}/answers <<'END'\n{ANSWERS}END\nchmod 755 {FOLDER}/answers")
    yield one
    one.close()
    assert differences(before, lab.inventories([SERVER])) == []


@pytest.mark.parametrize(
    ("meanwhile", "words"),
    [
        ("kill -KILL $DOOR", f"{SERVER} (root@"),
        ("sleep 30", f"{SERVER}: apply {SERVER}/machine: interrupted"),
    ],
    ids=["connection cut", "interrupted"],
)
def test_a_machine_whose_making_broke_off_is_given_back_by_a_destroy(
    taking: Taking, lab: Lab, driver: Driver, own_door: Doors, meanwhile: str, words: str
) -> None:
    way = own_door.open(f"export DOOR=$PPID MEANWHILE='{meanwhile}'", f"{FOLDER}/answers")
    with ThreadPoolExecutor() as beside:
        making = beside.submit(driver.create, MACHINE, SERVER, taking.inputs(way))
        if meanwhile.startswith("sleep"):
            lab.on(SERVER, f"for i in $(seq 300); do [ -e {ONCE} ] && exit; sleep 0.1; done; exit 1")
            driver.cancel()
        with pytest.raises(Refused) as caught:
            making.result()
    assert words in str(caught.value)
    assert taking.ledger(SERVER) == [f"{SERVER}/machine"]
    left = caught.value.left
    assert isinstance(left, Held), "no state knows of it"
    assert (left.id, left.unfinished) == (f"{SERVER}/machine", True)
    driver.end()
    driver.delete(left)
    assert taking.ledger(SERVER) == []
