"""systemd units and scripts, as Jinja2 templates."""

from __future__ import annotations

from importlib.resources import files
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from bareplane_templates.shell import shell
from bareplane_templates.systemd import argument, name, text, word


def _environment() -> Environment:
    made = Environment(
        loader=PackageLoader("bareplane_templates", "."),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        autoescape=False,  # noqa: S701 these are not HTML; every value passes a filter of systemd's or the shell's
    )
    made.filters["argument"] = argument
    made.filters["name"] = name
    made.filters["text"] = text
    made.filters["shell"] = shell
    made.filters["word"] = word
    return made


_ENVIRONMENT = _environment()


def render(template: str, **values: Any) -> str:
    """The text of `template` (a file of this package). Raises jinja2.UndefinedError for a value left out."""
    return _ENVIRONMENT.get_template(template).render(**values)


def source(name: str) -> str:
    """The text of a script that takes its values as arguments or on standard input."""
    return files("bareplane_templates").joinpath(name).read_text()


__all__ = ["render", "source"]
