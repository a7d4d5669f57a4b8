"""Everything the lab can fail with."""


class LabError(Exception):
    """Root of the lab's errors; the message says what was being done, to what, what happened, what to try."""


class CommandFailed(LabError):
    """A command the lab ran ended with an error."""


class EngineError(LabError):
    """The Docker engine is missing, cannot be started, or refuses."""


class ImageError(LabError):
    """The server image cannot be built or imported."""


class NetworkError(LabError):
    """No free network, or the one that is there is not the lab's."""


class ServerError(LabError):
    """A server does not start, or does not become ready."""
