"""Unit files, read by a real systemd: what a service is started with, and what systemd shows of it."""

from __future__ import annotations

import functools
import json
import shlex
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bareplane_provider.kinds.credentials import with_credentials
from bareplane_provider.paths import KUBERNETES
from bareplane_provider.transport.session import Session
from bareplane_templates import render
from bareplane_templates.systemd import variable
from tests.provider.injection.arriving import all_arrive_or_are_refused
from tests.unit.injection.boundary import arrives_or_is_refused, in_place, through
from tests.unit.injection.hostile import batches, trips
from tests.unit.injection.reporting import SELF_TEST

UNIT = "injected.service"
MARK = "INJECTED-ENDS"
# Prints its arguments as JSON; a unit of type oneshot is started and has ended when `systemctl start` returns.
PRINT = "import json,sys; open('/run/injected.json','w').write(json.dumps(sys.argv[1:]))"
BLANK = " \t"
WORDS = st.from_regex(r"[A-Za-z0-9_./:=@,+-]{1,12}", fullmatch=True)
PATHS = st.from_regex(KUBERNETES + r"(/[a-z_-][a-z_.:-]{0,3}){3}", fullmatch=True)
"""All as deep, so that none is another's directory; close to one another, so that names meet."""


def on(session: Session, script: str, stdin: str = "") -> str:
    """Output of a shell script on the server, run by the product's own connection."""
    done = session.run(["sh", "-euc", script], stdin=stdin.encode(), timeout=120)
    assert done.status == 0, done.stderr.decode(errors="replace")
    return done.stdout.decode()


@contextmanager
def unit(session: Session, text: str) -> Iterator[None]:
    """The unit file while the block runs."""
    on(session, f"cat >/run/systemd/system/{UNIT}; systemctl daemon-reload", text)
    try:
        yield
    finally:
        on(session, f"rm -f /run/systemd/system/{UNIT} /run/injected.json; systemctl daemon-reload")


def service(*arguments: str, description: str = "x", program: str = PRINT, **more: Any) -> str:
    settings = {"ReadWritePaths": "/run"}
    given: dict[str, Any] = {"credentials": {}, "settings": settings, "after": ["basic.target"], **more}
    text = render(
        "component.service.j2",
        description=description,
        program="/usr/bin/python3",
        arguments=["-Ic", program, *arguments, MARK],
        **given,
    )
    # As root and once: what is tried here is how the line is read.
    return text.replace("Type=simple\nDynamicUser=yes", "Type=oneshot").replace("Restart=always", "Restart=no")


def arguments(session: Session, write: Callable[..., str], strings: Sequence[str]) -> Sequence[str | None]:
    """Arguments, as the started program gets them."""
    passed = through(write, strings, ValueError)
    with unit(session, write(*passed)):
        came = json.loads(on(session, f"systemctl start {UNIT}; cat /run/injected.json"))
    assert came[-1] == MARK
    return in_place(strings, passed, came[:-1])


def started(session: Session, strings: Sequence[str]) -> Sequence[str | None]:
    """Arguments in the product's own template."""
    return arguments(session, service, strings)


def shown(session: Session, units: Mapping[str, str], properties: str) -> list[str]:
    """What systemd shows of each of these units, which are there only for that."""
    if not units:
        return []
    write = "import json,sys\nfor n,t in json.load(sys.stdin).items(): open('/run/systemd/system/'+n,'w').write(t)"
    on(session, f'python3 -Ic "{write}"; systemctl daemon-reload', json.dumps(units))
    try:
        return on(session, f"systemctl show -p {properties} {' '.join(units)}").rstrip("\n").split("\n\n")
    finally:
        on(session, "rm -f /run/systemd/system/injected-*.service; systemctl daemon-reload")


def descriptions(session: Session, strings: Sequence[str]) -> Sequence[str | None]:
    """Descriptions, as systemd shows them: one unit for each, all read at once."""
    passed = through(lambda one: service(description=one), strings, ValueError)
    parts = {f"injected-{place}.service": service(description=one) for place, one in enumerate(passed)}
    came: list[str] = []
    for block in shown(session, parts, "Description,LoadState,Documentation"):
        found = dict(line.split("=", 1) for line in block.split("\n"))
        assert found["LoadState"] == "loaded"
        assert found["Documentation"]
        came.append(found["Description"])
    # White space at the ends goes, as in any setting, and a backslash at the end would take the next line along.
    wanted = [one.lstrip(BLANK).rstrip(f"\\{BLANK}") or "Description" for one in passed]
    same = [one if got == wish or (wish == "Description" and got.endswith(".service")) else got
            for one, got, wish in zip(passed, came, wanted, strict=True)]  # fmt: skip
    return in_place(strings, passed, same)


def words(session: Session, strings: Sequence[str]) -> Sequence[str | None]:
    """Search paths in Environment=, as systemd shows the variable."""

    def text(one: str) -> str:
        made = render("kubelet.service.j2", program="/usr/bin/true", kubernetes="/etc/kubernetes", search_path=one)
        return made.replace("\nExecStart=", "\nType=oneshot\nExecStart=")

    passed = through(text, strings, ValueError)
    parts = {f"injected-{place}.service": text(one) for place, one in enumerate(passed)}
    blocks = shown(session, parts, "Environment")
    came = [one.removeprefix("Environment=").partition(" ")[0].removeprefix("PATH=") for one in blocks]
    return in_place(strings, passed, came)


def credentials(session: Session, strings: Sequence[str]) -> Sequence[str | None]:
    """Paths of credentials: each file holds its own path, and the started program says what it was given."""

    def text(*paths: str) -> str:
        given = with_credentials(UNIT, [f"--file={path}" for path in paths])
        read = (
            "import json,sys; json.dump([open(a[7:]).read() for a in sys.argv[1:-1]], open('/run/injected.json','w'))"
        )
        return service(*given.arguments, program=read, credentials=given.credentials)

    def loadable(one: str) -> None:
        if not one.startswith(f"{KUBERNETES}/"):
            raise ValueError(f"{one!r} is no file of the service")
        text(one)

    passed = through(loadable, strings, ValueError)
    make = "import os,sys,json\nfor p in json.load(sys.stdin):\n os.makedirs(os.path.dirname(p), exist_ok=True)\n"
    make += " open(p,'w').write(p)"
    on(session, f'python3 -Ic "{make}"', json.dumps(passed))
    try:
        with unit(session, text(*passed)):
            came = json.loads(on(session, f"systemctl start {UNIT}; cat /run/injected.json"))
    finally:
        on(session, f"rm -rf {KUBERNETES}")
    return in_place(strings, passed, came)


def variables(session: Session, strings: Sequence[str]) -> Sequence[str | None]:
    """Values in an environment file, as the started program has them."""
    passed = through(variable, strings, ValueError)
    read = (
        "import json,os; e=os.environ; json.dump([e.get(f'V{n}') for n in range(%d)], open('/run/injected.json','w'))"
    )
    settings = {"EnvironmentFile": "/run/injected.env", "ReadWritePaths": "/run"}
    text = "".join(f"V{place}={variable(one)}\n" for place, one in enumerate(passed))
    on(session, "cat >/run/injected.env", text)
    try:
        with unit(session, service(program=read % len(passed), settings=settings)):
            came = json.loads(on(session, f"systemctl start {UNIT}; cat /run/injected.json"))
    finally:
        on(session, "rm /run/injected.env")
    return in_place(strings, passed, came)


@pytest.mark.parametrize(
    ("boundary", "carry", "more", "fast"),
    [
        ("arguments of a unit (systemd)", started, st.nothing(), 10),
        ("descriptions of a unit (systemd)", descriptions, st.nothing(), 4),
        ("words of a unit (systemd)", words, WORDS, 4),
        ("credentials of a unit (systemd)", credentials, PATHS, 4),
        ("values of an environment file (systemd)", variables, st.nothing(), 4),
    ],
)
def test_texts_of_units_arrive(
    boundary: str, carry: Callable[..., Any], more: st.SearchStrategy[str], fast: int, session: Session
) -> None:
    all_arrive_or_are_refused(boundary, carry, more, fast, session)


def test_a_unit_that_quotes_as_a_shell_is_found_out(session: Session) -> None:
    def naive(*given: str) -> str:
        line = f"ExecStart=/usr/bin/python3 -Ic {shlex.quote(PRINT)} {shlex.join([*given, MARK])}"
        return f"[Service]\nType=oneshot\n{line}\n"

    @trips(3)
    @given(batches(size=10))
    def holds(strings: list[str]) -> None:
        harmless = [one for one in strings if one.isprintable()]
        arrives_or_is_refused(f"{SELF_TEST}systemd", functools.partial(arguments, session, naive), harmless)

    with pytest.raises(AssertionError):
        holds()
