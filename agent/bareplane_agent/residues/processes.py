"""Processes that run a given program."""

from __future__ import annotations

from ..context import Context
from ..host import Host
from ..processes import Process, end, native
from .base import Kind


class Processes(Kind):
    argument = r"/[^\x00-\x1f]+"

    @classmethod
    def there(cls, argument: str, host: Host) -> list[str]:
        return [process.identity for process in cls._of(argument)]

    @classmethod
    def clear(cls, argument: str, before: frozenset[str], context: Context) -> None:
        end([process for process in cls._of(argument) if process.identity not in before], context.host)

    @classmethod
    def _of(cls, program: str) -> list[Process]:
        return [process for process in native() if process.program == program]
