"""What a kind of residue can do."""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from typing import ClassVar

from ..context import Context
from ..errors import RequestError
from ..host import Host


class Kind(ABC):
    """Never instantiated: a kind is its two functions and the form of its argument."""

    argument: ClassVar[str]

    @classmethod
    def check(cls, argument: str, what: str) -> None:
        """Raises RequestError for an argument that is not of this kind's form."""
        if not re.fullmatch(cls.argument, argument) or {".", ".."}.intersection(argument.split("/")):
            raise RequestError(f"{what}: {argument!r} does not match {cls.argument}")

    @classmethod
    @abstractmethod
    def there(cls, argument: str, host: Host) -> list[str]:
        """What is there now, by names that stay the same while it is there."""

    @classmethod
    @abstractmethod
    def clear(cls, argument: str, before: frozenset[str], context: Context) -> None:
        """Take away what is there now and was not before."""
