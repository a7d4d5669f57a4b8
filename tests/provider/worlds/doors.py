"""Ways into a server that show it as another one would be: an sshd of their own each, in a mount namespace of its own.

What the agent reads there is real (files, mounts, personalities of the kernel); only this way in has it so.
"""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from typing import Any

from tests.e2e.servers import Lab

FOLDER = "/run/worlds"
FIRST_PORT = 2300
SSHD = """
Port {port}
HostKey /etc/ssh/ssh_host_ed25519_key
PidFile none
UsePAM no
PermitRootLogin yes
ForceCommand {program}
"""


class Doors:
    """Opens them on one server; `close` takes away what that put there."""

    def __init__(self, lab: Lab, server: str) -> None:
        self.lab, self.server = lab, server
        self._open: list[str] = []
        lab.on(server, f"mkdir -p {FOLDER}")

    def open(self, world: str, around: str = "exec") -> Mapping[str, Any]:
        """A connection to the server where the shell script `world` was run before. `around`: what runs commands."""
        port = FIRST_PORT + len(self._open)
        name = f"world-{port}"
        program = f"{FOLDER}/{name}"
        inside = f'set -e\n{world}\n{around} bash -c "$SSH_ORIGINAL_COMMAND"'
        script = f"#!/bin/bash\nexec unshare --mount bash -c {shlex.quote(inside)}\n"
        self.lab.on(
            self.server,
            f"printf %s {shlex.quote(script)} > {program}\nchmod 755 {program}\n"
            f"printf %s {shlex.quote(SSHD.format(port=port, program=program))} > {program}.conf\n"
            f"systemd-run --quiet --collect --unit={name} /usr/sbin/sshd -D -f {program}.conf\n"
            f"for i in $(seq 50); do ss -ltn | grep -q ':{port} ' && exit; sleep 0.1; done; exit 1",
        )
        self._open.append(name)
        entry = next(one for one in self.lab.entries() if one["name"] == self.server)
        return {**entry, "port": port}

    def close(self) -> None:
        units = " ".join(self._open)
        # The sshd that serves an open session is in the unit's control group, too.
        self.lab.on(self.server, f"{f'systemctl stop {units}' if units else ''}\nrm -rf {FOLDER}")
