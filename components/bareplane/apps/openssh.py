"""How OpenSSH's client reaches a server: for programs that start `ssh` themselves, as pulumi-docker's plugin does.

The pinned host key stands in the options: `pulumi destroy` and `refresh` run no program of ours that could write a file
for them first, and may run on another computer than the last `up` did.
"""

from __future__ import annotations

import shlex

from bareplane.specs import Connection


def docker_url(connection: Connection) -> str:
    """The Docker Engine of a server, as `DOCKER_HOST` names it."""
    address = f"[{connection.address}]" if ":" in connection.address else connection.address
    return f"ssh://{connection.user}@{address}:{connection.port}"


def ssh_options(connection: Connection) -> list[str]:
    """Arguments for `ssh` before the host. What the user's or the system's own ssh_config says has no part in it."""
    options = [
        *("-F", "none"),
        "-oBatchMode=yes",
        "-oLogLevel=ERROR",
        # Half a minute without an answer: the server is gone.
        *("-oServerAliveInterval=10", "-oServerAliveCountMax=3"),
        *host_key_options(connection),
    ]
    if connection.identity_file is not None:
        options += ["-i", connection.identity_file.replace("%", "%%"), "-oIdentitiesOnly=yes"]
    if connection.jump is not None:
        options.append(f"-oProxyCommand={proxy(connection.jump)}")
    return options


def host_key_options(connection: Connection) -> list[str]:
    """The pinned key and no other; without one (`trustOnFirstUse`) ssh learns it into its user's known_hosts."""
    if connection.host_key is None:
        return ["-oStrictHostKeyChecking=accept-new"]
    return [
        "-oStrictHostKeyChecking=yes",
        # Keys in these files would be as good as the pinned one.
        *("-oUserKnownHostsFile=/dev/null", "-oGlobalKnownHostsFile=/dev/null", "-oUpdateHostKeys=no"),
        f"-oHostKeyAlias={connection.name}",
        # OpenSSH 8.5 and later; an older one refuses the option, and nothing is sent.
        f"-oKnownHostsCommand=/bin/echo {connection.name} {connection.host_key}",
    ]


def proxy(jump: Connection) -> str:
    """A command that connects its standard input and output with the server behind a jump host."""
    words = ["ssh", *ssh_options(jump), "-l", jump.user, "-p", str(jump.port)]
    # ssh puts host and port in; every other percent sign stands for itself.
    return f"{shlex.join(words).replace('%', '%%')} -W '[%h]:%p' -- {shlex.quote(jump.address)}"
