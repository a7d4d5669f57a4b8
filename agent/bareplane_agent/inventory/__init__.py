"""`inventory`: everything about a machine that a residue test compares.

Left out, and nothing else: /proc, /sys, /dev, /run, /tmp, logs, apt's and dpkg's own lists and caches, counters, and
what belongs to SSH sessions.
"""

from __future__ import annotations

from typing import Any

from ..host import Host
from .files import files
from .kernel import cgroups, mounts, sysctls
from .network import firewall, links, listeners, netns, routes
from .system import accounts, installed, processes, units


def inventory(host: Host) -> dict[str, Any]:
    """Sections by name; each a mapping of strings, or a sorted list of strings."""
    return {
        "files": files(host),
        "units": units(host),
        "packages": installed(host),
        "accounts": accounts(host),
        "mounts": mounts(),
        "links": links(host),
        "routes": routes(host),
        "netns": netns(host),
        "firewall": firewall(host),
        "cgroups": cgroups(),
        "sysctls": sysctls(),
        "listeners": listeners(),
        "processes": processes(),
    }
