"""Taking a machine as the plugin does, and what a user is told when it is refused."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from bareplane_provider import catalog
from bareplane_provider.errors import BareplaneError
from bareplane_provider.kinds.binaries import Binaries
from bareplane_provider.kinds.machine import Machine
from bareplane_provider.plugin.call import KindContext
from bareplane_provider.plugin.kind import State
from bareplane_provider.plugin.masking import Mask
from bareplane_provider.transport.pool import Pool
from tests.e2e.servers import Lab

OWNER = "worlds/test/0123456789abcdef"
VERSION = catalog.read_lock().version("kubeadm")
PORTS = (10248, 10249, 10250, 10256, 6443)


class Taking:
    """Connections of one plugin's process, and what was said meanwhile."""

    def __init__(self, lab: Lab) -> None:
        self.lab = lab
        self.said: list[str] = []
        self.warned: list[str] = []
        self.pool = Pool()
        self.context = KindContext(self.pool, self.said.append, self.warned.append, Mask(()))

    def close(self) -> None:
        self.pool.close()

    def entry(self, server: str, **changes: Any) -> dict[str, Any]:
        return {**next(one for one in self.lab.entries() if one["name"] == server), **changes}

    def inputs(self, connection: Mapping[str, Any], **more: Any) -> dict[str, Any]:
        return {"connection": dict(connection), "owner": OWNER, "ports": list(PORTS), **more}

    def refusal(self, connection: Mapping[str, Any], **more: Any) -> str:
        """The error, which must be one of ours, name the machine, and leave nothing there."""
        try:
            Machine().create("machine", self.inputs(connection, **more), self.context)
        except BareplaneError as error:
            assert error.untouched, error
            told = str(error)
        else:
            raise AssertionError(f"{connection['name']} was taken")
        assert connection["name"] in told
        assert connection["address"] in told
        assert not re.search(r"Traceback|Error\(|Exception", told), told
        return told

    def take_and_leave(self, connection: Mapping[str, Any], **more: Any) -> None:
        """Create it, and delete it again."""
        inputs = self.inputs(connection, **more)
        made = Machine().create("machine", inputs, self.context)
        Machine().delete(made.id, State(inputs, made.outputs), self.context)

    def bring(self, connection: Mapping[str, Any], *programs: str) -> None:
        """Take it, bring programs of the catalog, which come as root's, and take all away again."""
        machine, taken = Machine(), self.inputs(connection)
        held = machine.create("machine", taken, self.context)
        binaries, wanted = Binaries(), self.inputs(connection, kubernetesVersion=VERSION, names=list(programs))
        del wanted["ports"]
        made = binaries.create("binaries", wanted, self.context)
        state = State(wanted, made.outputs)
        assert binaries.read(made.id, state, self.context) == made.outputs
        assert {one["owner"] for one in made.outputs["facts"].values() if "content" in one} == {"root:root"}
        binaries.delete(made.id, state, self.context)
        machine.delete(held.id, State(taken, held.outputs), self.context)

    def ledger(self, server: str) -> list[str]:
        """Names of the entries that are there."""
        return [one["name"] for one in self.lab.ask_agent(server, {"operation": "entries"})["entries"]]
