"""YAML for Kubernetes' programs, whose parser and Python's disagree on what an unquoted word means.

To Go's parser `1e3` is a number and `n` is false; both are valid names of a server, which PyYAML leaves unquoted.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import yaml

from bareplane_provider.errors import InputError


class _Quoting(yaml.SafeDumper):
    """Puts every text in double quotes, where only escapes have a meaning; repeats what stands twice."""

    def ignore_aliases(self, data: Any) -> bool:
        return True


def _text(dumper: yaml.SafeDumper, value: str) -> yaml.Node:
    try:
        value.encode()
    except UnicodeEncodeError as error:
        raise InputError(f"{value!r} is not text that UTF-8 can hold ({error.reason}); write it anew") from None
    # The library's stubs leave the value untyped.
    return dumper.represent_scalar("tag:yaml.org,2002:str", value, style='"')  # pyright: ignore[reportUnknownMemberType]


_Quoting.add_representer(str, _text)


def yaml_text(*objects: Mapping[str, Any]) -> str:
    """The objects as one YAML stream, keys in their order, pure ASCII. InputError for text that is not Unicode."""
    return yaml.dump_all(objects, Dumper=_Quoting, sort_keys=False, allow_unicode=False, width=float("inf"))
