"""Strings that mean something in some language, and those that mean something to none."""

from __future__ import annotations

import os

from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st

SOAK = os.environ.get("BAREPLANE_SOAK") == "1"
"""Set by `make soak`: all of the strings, and other ones each time. Without it, some of them, always the same."""
BATCH = 48
"""Strings that make one trip together: starting the program on the other side costs most."""

SHELL = [
    "$(id)",
    "`id`",
    "${HOME}",
    "$HOME",
    "$$",
    "; id",
    "&& id",
    "| id",
    "> x",
    "'",
    '"',
    "'\"'\"'",
    "\\",
    "!",
    "*",
    "~",
]
SYSTEMD = ["%n", "%%", "%H", "%", "${PATH}", "-/bin/x", "@x", "+x", ":x", "[Service]", "ExecStart=", "\\x41", "\\", ";"]
YAML = [
    "1e3",
    "n",
    "y",
    "no",
    "0o17",
    "0x1F",
    "017",
    "1_000",
    "12:30",
    "~",
    "null",
    ".inf",
    "<<",
    "=",
    "2026-01-01",
    "&a",
]
YAML += [
    "*a",
    "!!python/object:os.system",
    "- x",
    "a: b",
    "# x",
    "---",
    "...",
    "|",
    ">",
    "{}",
    "[]",
    "%YAML 1.2",
    "@",
    "? x",
]
TOML = ["'''", '"""', "[x]", "a = 1", "\\u0000", "{a = 1}", "#"]
WORDS = [
    "--kubeconfig=/x",
    "-n",
    "--",
    "-",
    "../../etc/passwd",
    "..",
    "/",
    "/etc/shadow",
    "a,b",
    "a=b",
    "0.0.0.0/0",
    "::",
]
BREAKS = ["\n", "\r", "\r\n", "\\\n", "\t", "\v", "\f", "\x00", "\x1b[2J", "\x7f", "\x85", "\u2028", "\u2029", "\ufeff"]
ODD = ["", " ", "  x  ", "ü", "日本", "😀", "\u202e", "\ufffe", "\uffff", "\ufdd0", "e\u0301", "a" * 300, "\U0010ffff"]
LINES = [
    "\nExecStartPre=/bin/evil",
    "\n10.0.0.1 evil",
    "\n[evil]\n",
    "\n- evil",
    "x\n  evil: y",
    "';\nid;'",
    '"\nevil = "',
]
TOKENS = [*SHELL, *SYSTEMD, *YAML, *TOML, *WORDS, *BREAKS, *ODD, *LINES, "a", "server-1", "10.0.0.1"]

_tokens = st.sampled_from(TOKENS)
_glued = st.lists(st.one_of(_tokens, st.text("ab1 ", max_size=3)), min_size=2, max_size=5).map("".join)
_any = st.text(st.characters(exclude_categories=("Cs",)), max_size=12)
_ascii = st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=16)

hostile: st.SearchStrategy[str] = st.one_of(_tokens, _glued, _glued, _ascii, _any)
"""One string."""


def batches(*more: st.SearchStrategy[str], size: int = BATCH) -> st.SearchStrategy[list[str]]:
    """Many strings, no two the same; `more` adds those that a narrow boundary lets through."""
    return st.lists(st.one_of(hostile, *more), min_size=size, max_size=size, unique=True)


def trips(fast: int) -> settings:
    """How many batches are tried in every run of the tests; with BAREPLANE_SOAK=1 there are six times as many."""
    count = 6 * fast if SOAK else fast
    unhealthy = [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.large_base_example]
    unhealthy += [HealthCheck.function_scoped_fixture]
    return settings(
        max_examples=count,
        deadline=None,
        derandomize=not SOAK,
        database=None,
        # The failure names the string already; to make a batch of forty smaller takes minutes.
        phases=[Phase.generate],
        suppress_health_check=unhealthy,
    )
