"""The errors the provider knows. A message says what was being done, to which machine, what happened, what to try."""

from __future__ import annotations


class BareplaneError(Exception):
    """Root of all errors that are shown to the user as they are."""

    untouched: bool = False
    """Nothing was changed before this was raised."""


class InputError(BareplaneError):
    """The given configuration cannot be used."""

    untouched = True


class CancelledError(BareplaneError):
    """The user interrupted."""


class TransportError(BareplaneError):
    """An established connection failed while something ran."""


class UnreachableError(TransportError):
    """No connection could be made."""

    untouched = True


class HostKeyError(TransportError):
    """The server's host key is not the pinned one, or none is pinned. Never retried."""

    untouched = True


class AuthenticationError(TransportError):
    """The server refused the user's key, or the key could not be used. Never retried."""

    untouched = True


class SudoError(TransportError):
    """The user may not become root without a password."""

    untouched = True


class PythonMissingError(TransportError):
    """The machine has no Python that the agent can run on."""

    untouched = True


class DeadlineError(TransportError):
    """A command or an agent call took longer than it may."""


class AgentError(BareplaneError):
    """The agent on the machine reported a failure."""

    def __init__(self, code: str, message: str, item: str | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.item = item
