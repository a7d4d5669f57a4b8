"""Acting on the cluster's API through whichever control plane answers."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from contextlib import contextmanager

from bareplane.specs import Connection
from bareplane_provider.errors import BareplaneError, UnreachableError
from bareplane_provider.paths import KUBECTL
from bareplane_provider.plugin.kind import Context
from bareplane_provider.transport.session import Session


@contextmanager
def answering(candidates: Sequence[Connection], context: Context) -> Generator[Session]:
    """A session with the first control plane that can be reached. Raises UnreachableError naming all when none can."""
    refusals: list[str] = []
    for candidate in candidates:
        session = context.machine(candidate.to_wire())
        try:
            session.run(["true"], timeout=30)
        except UnreachableError as error:
            refusals.append(str(error))
            continue
        yield session
        return
    raise UnreachableError("no control plane can be reached: " + "; ".join(refusals))


def run(session: Session, argv: Sequence[str], stdin: str = "", timeout: float = 120) -> str:
    """Run a command on a control plane; what it printed. Raises BareplaneError with its last words."""
    done = session.run(argv, stdin=stdin.encode(), timeout=timeout)
    if done.status != 0:
        words = (done.stderr or done.stdout).decode(errors="replace").strip().splitlines()[-15:]
        raise BareplaneError(f"{session.name}: `{told(argv)}` failed with status {done.status}: " + "\n".join(words))
    return done.stdout.decode(errors="replace")


def told(argv: Sequence[str]) -> str:
    """The beginning of a command line; a script among its words is told from them by its lines."""
    return " ".join("…" if "\n" in word else word for word in argv[:6])


def kubectl(session: Session, *arguments: str, stdin: str = "", timeout: float = 120) -> str:
    """kubectl as the cluster's admin, on a control plane."""
    return run(session, [*KUBECTL, *arguments], stdin=stdin, timeout=timeout)
