"""No value breaks out of its line of a unit file, nor out of its word of a script."""

from __future__ import annotations

import random
import re
import shlex
import shutil
import string
import subprocess
from pathlib import Path

import pytest
from jinja2 import UndefinedError

from bareplane_templates import render
from bareplane_templates.systemd import argument, text, word

HOSTILE = [
    "",
    " ",
    "a b",
    "tab\tbed",
    'quo"te',
    "quo'te",
    "back\\slash",
    "ends with \\",
    "\\n",
    "$HOME",
    "${HOME}",
    "$$",
    "%n",
    "%%",
    "%",
    ";",
    "a;b",
    "#x",
    "-x",
    "`id`",
    "$(id)",
    "ümläut",
    "日本",
    "a=b",
    "[Service]",
    "ExecStartPre=/bin/false",
]
BROKEN = ["\ufffe", "\n", "a\nExecStartPre=/bin/evil", "\r", "\x00", "a\x0bb", "\x1b[2J", "\x7f", "\\\n"]
ALPHABET = string.ascii_letters + string.digits + " \t\\\"'$%;#&|<>()[]{}*?~!`=-+,.:@/üß"


def random_texts(count: int = 2000) -> list[str]:
    source = random.Random(7)
    return ["".join(source.choices(ALPHABET, k=source.randrange(12))) for _ in range(count)]


def read_by_systemd(line: str) -> list[str]:
    """The arguments that systemd makes of an Exec line: quotes, escapes, specifiers, variables (systemd.service(5)).

    Written after the manual, apart from the code under test.
    """
    found: list[str] = []
    at = 0
    while at < len(line):
        if line[at] in " \t":
            at += 1
            continue
        made, quote = "", ""
        while at < len(line) and (quote or line[at] not in " \t"):
            one = line[at]
            if one == "\\":
                made += {"t": "\t", "\\": "\\", '"': '"', "'": "'", "n": "\n"}[line[at + 1]]
                at += 2
                continue
            if quote and one == quote:
                quote = ""
            elif not quote and one in "\"'":
                quote = one
            else:
                made += one
            at += 1
        assert not quote, "a quote stays open"
        assert not re.search(r"(?<!%)(%%)*%(?!%)", made), "a specifier is expanded"
        assert not re.search(r"(?<!\$)(\$\$)*\$(?!\$)", made), "a variable is expanded"
        found.append(made.replace("%%", "%").replace("$$", "$"))
    return found


@pytest.mark.parametrize("value", HOSTILE)
def test_systemd_reads_an_argument_as_it_was(value: str) -> None:
    assert read_by_systemd(f"/bin/x {argument(value)} end") == ["/bin/x", value, "end"]


def test_systemd_reads_any_argument_as_it_was() -> None:
    for value in random_texts():
        assert read_by_systemd(f"/bin/x {argument(value)} end") == ["/bin/x", value, "end"], value


@pytest.mark.parametrize("value", BROKEN)
def test_control_characters_are_refused(value: str) -> None:
    for quoting in (argument, word, text):
        with pytest.raises(ValueError, match="cannot"):
            quoting(value)


@pytest.mark.parametrize("value", [one for one in HOSTILE if not re.fullmatch(r"[-A-Za-z0-9_./:=@,+]+", one)])
def test_a_word_is_refused_unless_it_stands_for_itself(value: str) -> None:
    with pytest.raises(ValueError, match="cannot stand"):
        word(value)


def component(value: str, description: str = "x") -> str:
    return render(
        "component.service.j2",
        description=description,
        after=["network-online.target"],
        credentials={"a": "/etc/a"},
        settings={"LimitNOFILE": "1"},
        program="/bin/x",
        arguments=[value, "--last"],
    )


def logical_lines(unit: str) -> list[str]:
    return re.sub(r"\\\n", " ", unit).splitlines()


@pytest.mark.parametrize("value", HOSTILE)
def test_an_argument_adds_no_line_to_a_unit(value: str) -> None:
    assert len(logical_lines(component(value))) == len(logical_lines(component("plain")))
    (start,) = [one for one in logical_lines(component(value)) if one.startswith("ExecStart=")]
    assert read_by_systemd(start.removeprefix("ExecStart=")) == ["/bin/x", value, "--last"]


@pytest.mark.parametrize("value", [*HOSTILE, "\\", "a\\\\"])
def test_a_description_adds_no_line_and_takes_none_along(value: str) -> None:
    lines = logical_lines(component("x", description=value))
    assert len(lines) == len(logical_lines(component("x")))
    assert any(one.startswith("Documentation=") for one in lines)


@pytest.mark.parametrize("value", [one for one in HOSTILE if one])
def test_the_shell_reads_paths_as_they_were(value: str) -> None:
    script = render(
        "renew.sh.j2",
        days=90,
        certificates=[value, "/b"],
        kubeadm="/bin/kubeadm",
        config=value,
        programs=["etcd"],
        pods=False,
    )
    (loop,) = [one for one in script.splitlines() if one.startswith("for ")]
    assert shlex.split(loop.removesuffix("; do"))[3:] == [value, "/b"]
    subprocess.run(["sh", "-n"], input=script.encode(), check=True)


def test_certificates_are_renewed_only_when_one_is_due(tmp_path: Path) -> None:
    log = tmp_path / "log"
    tools = {"openssl": 'case "$3" in *due*) exit 1;; esac', "systemctl": f'echo "systemctl $*" >>{log}'}
    tools["kubeadm"] = f'echo "kubeadm $*" >>{log}'
    for name, body in tools.items():
        (tmp_path / name).write_text(f"#!/bin/sh\n{body}\n")
        (tmp_path / name).chmod(0o755)
    for certificates, expected in ((["/good"], ""), (["/good", "/due"], "kubeadm certs renew all --config /c\n")):
        script = render(
            "renew.sh.j2",
            days=90,
            certificates=certificates,
            kubeadm=str(tmp_path / "kubeadm"),
            config="/c",
            programs=["etcd", "kube-apiserver"],
            pods=False,
        )
        subprocess.run(["sh", "-c", script], check=True, env={"PATH": f"{tmp_path}:/usr/bin:/bin"})
        done = log.read_text() if log.exists() else ""
        assert done == (expected and expected + "systemctl restart etcd.service kube-apiserver.service\n")


def test_a_value_left_out_is_an_error() -> None:
    with pytest.raises(UndefinedError):
        render("renew.service.j2", script="/x")


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd-analyze is not installed")
def test_systemd_itself_accepts_the_units(tmp_path: Path) -> None:
    unit = tmp_path / "component.service"
    unit.write_text(component("a b").replace("/bin/x", "/bin/true"))
    done = subprocess.run(["systemd-analyze", "verify", str(unit)], capture_output=True, text=True)
    wrong = [one for one in done.stderr.splitlines() if "component.service:" in one]
    assert wrong == []
