"""What every phase on a machine takes."""

from bareplane.specs.connection import Connection
from bareplane.specs.wire import Spec


class MachineSpec(Spec):
    """How to reach the machine, and whose it is."""

    connection: Connection
    owner: str
    """Identity of the stack, written into the machine's ledger: another stack's entries are never touched."""
