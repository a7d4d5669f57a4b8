"""`python3 <archive> <daemon> <credentials directory>`"""

from __future__ import annotations

import sys

from bareplane_node import approver, routes
from bareplane_node.api import Api, load

DAEMONS = {"routes": routes.run, "approver": approver.run}


def main() -> None:
    if len(sys.argv) != 3 or sys.argv[1] not in DAEMONS:
        sys.exit(f"usage: {sys.argv[0]} {'|'.join(DAEMONS)} <directory with ca, certificate, key and config>")
    config = load(sys.argv[2])
    DAEMONS[sys.argv[1]](Api(config["server"], sys.argv[2]), config)


main()
