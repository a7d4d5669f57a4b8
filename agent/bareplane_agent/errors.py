"""The agent's errors; each class has the code the client sees."""

from __future__ import annotations

import errno

# What the machine cannot do just now, whatever is asked of it, and what to do there.
_REMEDIES = {
    errno.ENOSPC: "make room there (`df -h`, `df -i`), and run the same again",
    errno.EDQUOT: "make room in the quota there, and run the same again",
    errno.EROFS: "find out what made it so (`findmnt`, `dmesg`), mount it for writing, and run the same again",
    errno.EIO: "look at `dmesg` there: the disk may be failing",
    errno.ENOMEM: "free memory there, and run the same again",
    errno.EAGAIN: "see there what uses up processes (`systemctl status`, TasksMax), and run the same again",
    errno.ENFILE: "see there what has so many files open, and run the same again",
}


class AgentError(Exception):
    """Something the client is told: what was being done, to what, what happened, what to try."""

    code = "failed"

    def __init__(self, message: str, item: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.item = item


class RequestError(AgentError):
    """The request is malformed; nothing was touched."""

    code = "request"


class ForeignOwnerError(AgentError):
    """The ledger on this machine belongs to another stack."""

    code = "foreign-owner"


class ForeignError(AgentError):
    """Something that is not ours stands where an item should go."""

    code = "foreign"


class ChecksumError(AgentError):
    """A blob's content is not what its name says; nothing was replaced."""

    code = "checksum"


class LockedError(AgentError):
    """Another run holds the machine's lock."""

    code = "locked"


class DeadlineError(AgentError):
    """The time given to the request ran out."""

    code = "deadline"


class CommandError(AgentError):
    """A program on the machine failed."""

    code = "command"


class MissingError(AgentError):
    """A program or facility that an item needs is not on the machine."""

    code = "missing"


class NotReadyError(AgentError):
    """A unit was started and did not become ready in time."""

    code = "not-ready"


class UnsettledError(AgentError):
    """An item was applied, and still differs from what was asked for."""

    code = "unsettled"


class UndoError(AgentError):
    """An item could not be undone; a second run goes on from here."""

    code = "undo"


class CutError(AgentError):
    """The client is gone; the work stopped between two items."""

    code = "cut"


def in_words(error: OSError) -> str:
    """What the system refused, where, and what to try."""
    parts = [error.strerror or str(error), *([str(error.filename)] if error.filename else [])]
    remedy = _REMEDIES.get(error.errno or 0)
    return ": ".join(parts) + (f"; {remedy}" if remedy else "")


def of_the_machine(error: OSError) -> bool:
    """Whether it is the machine's condition, not something we asked wrongly."""
    return error.errno in _REMEDIES
