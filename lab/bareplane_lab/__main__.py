"""The lab's command line."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from bareplane_lab import lab, place, readiness
from bareplane_lab.errors import LabError
from bareplane_lab.progress import Progress


def main(arguments: Sequence[str] | None = None) -> int:
    options = _parser().parse_args(arguments)
    where = place.at(options.directory)
    try:
        return _run(options, where)
    except KeyboardInterrupt:
        print("lab: interrupted; run `up` or `down` again", file=sys.stderr)
        return 130
    except LabError as error:
        print(f"lab: {error}", file=sys.stderr)
        return 1


def _run(options: argparse.Namespace, where: place.Place) -> int:
    match options.action:
        case "up":
            lab.up(where, options.servers, Progress())
        case "down":
            lab.down(where, Progress())
        case "restart":
            lab.restart(where, options.name, Progress())
        case "ssh":
            command = options.command[1:] if options.command[:1] == ["--"] else options.command
            argv = [*readiness.ssh_command(where, lab.find(where, options.name), options.user), *command]
            os.execvp(argv[0], argv)  # noqa: S606 - replaces this process, no shell wanted
        case _:
            servers = lab.status(where)
            for container, address in servers:
                print(f"{container.server:<12} {address:<15} {container.status}")
            if not servers:
                print(f"no server in the lab at {where.directory}")
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="bareplane_lab", description="Simulated servers: containers with sshd.")
    common = argparse.ArgumentParser(add_help=False)
    common.add_argument("--directory", type=Path, default=Path(".lab"), help="the lab's files (default .lab)")
    actions = parser.add_subparsers(dest="action", required=True)
    up = actions.add_parser("up", parents=[common], help="start servers and write the inventory")
    up.add_argument("--servers", type=_count, default=3, help="how many (default 3)")
    actions.add_parser("down", parents=[common], help="remove the lab's servers, network and files")
    actions.add_parser("status", parents=[common], help="list the servers")
    restart = actions.add_parser("restart", parents=[common], help="reboot one server")
    restart.add_argument("name")
    ssh = actions.add_parser("ssh", parents=[common], help="log in to a server, or run a command there")
    ssh.add_argument("--user", default="root", help="root or operator (default root)")
    ssh.add_argument("name")
    ssh.add_argument("command", nargs=argparse.REMAINDER)
    return parser


def _count(text: str) -> int:
    if not text.isdecimal() or not 1 <= int(text) <= 240:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of servers from 1 to 240")
    return int(text)


if __name__ == "__main__":
    sys.exit(main())
