"""What an app has wherever it runs on a machine: variables, a check that it is well, and a report of how it is."""

from __future__ import annotations

import hashlib
import json
from abc import abstractmethod
from typing import Any, Generic, TypeVar

from bareplane.specs import AppInstanceSpec
from bareplane_provider import catalog
from bareplane_provider.catalog.lock import ImageEntry
from bareplane_provider.errors import BareplaneError
from bareplane_provider.kinds.phase import Phase
from bareplane_provider.plugin.kind import Context, Outputs, State

A = TypeVar("A", bound=AppInstanceSpec)
LINES = 10
"""How many of an app's last log lines are shown."""
# The first line is the unit's state; the others are what its processes wrote, and nothing that systemd says of them.
REPORT = 'systemctl is-active -- "$1"; journalctl --quiet --no-pager --output=cat --lines="$2" _SYSTEMD_UNIT="$1"'
# The agent needs Python there, so that an app may be asked with it: curl is not everywhere. Arguments: port and path.
WELL = (
    "import sys,http.client as h; c=h.HTTPConnection('127.0.0.1',int(sys.argv[1]),timeout=4); c.connect(); "
    "p=sys.argv[2]; sys.exit(bool(p) and (c.request('GET',p), c.getresponse().status)[1]>=400)"
)


class AppInstance(Phase[A], Generic[A]):
    """One replica of an app, as a unit of systemd's."""

    immutable = Phase.immutable | {"app"}
    secret_outputs = frozenset({"log"})

    def entry(self, spec: A) -> str:
        return f"{spec.connection.name}/{self.slug}-{spec.app}"

    @abstractmethod
    def unit(self, spec: A) -> str:
        """What runs it."""

    def apply(self, spec: A, context: Context) -> Outputs:
        return {**super().apply(spec, context), **self.report(spec, context)}

    def read(self, id: str, state: State, context: Context) -> Outputs | None:
        found = super().read(id, state, context)
        return found and {**found, **self.report(self.parse(state.inputs), context)}

    def report(self, spec: A, context: Context) -> dict[str, Any]:
        """How the app is now. It differs from one look to the next, so that it is no fact."""
        try:
            session = context.machine(spec.connection.to_wire())
            done = session.run(["sh", "-c", REPORT, "report", self.unit(spec), str(LINES)], timeout=30)
            told = done.stdout.decode(errors="replace").splitlines()
        except BareplaneError as error:
            # The app itself is made: that nobody can say how it is must not undo that.
            context.warning(f"how {spec.app} is on {spec.connection.name} is not known: {error}")
            told = []
        state, *lines = told or ["unknown"]
        return {
            "state": "running" if state == "active" else state,
            "addresses": [f"{spec.connection.address}:{spec.port}"],
            "log": lines,
        }


def well(spec: AppInstanceSpec) -> list[str]:
    """A command that succeeds when the app is well."""
    path = spec.health_check.path if spec.health_check else ""
    return ["/usr/bin/python3", "-IS", "-c", WELL, str(spec.port), path]


def variables(spec: AppInstanceSpec) -> dict[str, str]:
    """The environment that is no secret, with what every app is told."""
    return {**spec.environment, "NODE_NAME": spec.connection.name, "PORT": str(spec.port)}


def seal(spec: AppInstanceSpec) -> str:
    """The first line of a file with the app's secrets, a comment: makes guessing from the file's hash slow.

    The state holds that hash, and a password may be short; with this line each guess costs what the line costs.
    """
    content = json.dumps(spec.secret_environment, sort_keys=True).encode()
    return f"# {hashlib.scrypt(content, salt=spec.app.encode(), n=1 << 14, r=8, p=1, dklen=16).hex()}\n"


def catalog_image(reference: str | None) -> tuple[str, ImageEntry] | None:
    """The catalog's image of this reference, by name; None for an image of somebody else's."""
    known = catalog.read_lock().images.items()
    return next(((name, one) for name, one in known if one.reference == reference), None)
