"""Processor time: on a busy computer the clock tells who else was there, this tells what the run itself took."""

from __future__ import annotations

import resource
from dataclasses import dataclass

from bench.servers import Servers


@dataclass(frozen=True)
class Effort:
    """A reading; `since` gives what was spent from it until now."""

    servers: Servers
    here: float
    there: float

    def since(self) -> tuple[float, float]:
        """Processor seconds spent here (by programs that have ended) and on the servers."""
        now = reading(self.servers)
        return now.here - self.here, now.there - self.there


def reading(servers: Servers) -> Effort:
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return Effort(servers, usage.ru_utime + usage.ru_stime, servers.processor_seconds())
