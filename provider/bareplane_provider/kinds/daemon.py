"""The phases whose daemon is ours: a zipped Python program, a configuration, an identity, a unit."""

from __future__ import annotations

import functools
import io
import json
import zipfile
from collections.abc import Mapping
from importlib.resources import files
from typing import Any

from bareplane_provider.kinds.items import Item, directory, file, key, running, secret_file, unit
from bareplane_provider.paths import LIB, OURS, SEARCH_PATH
from bareplane_templates import render


def daemon(
    name: str, description: str, identity: Mapping[str, str], config: Mapping[str, Any], **settings: str
) -> list[Item]:
    """A daemon of package bareplane_node. `identity` has PEM `ca`, `certificate`, `key`; `config` is what it reads."""
    program, places = f"{LIB}/{name}.pyz", {part: f"{OURS}/{name}.{part}" for part in ("ca", "certificate", "key")}
    unit_name, config_path = f"bareplane-{name}.service", f"{OURS}/{name}.json"
    # systemd hands these over one by one, so that the daemon needs no right to root's files.
    credentials = {**places, "config": config_path}
    text = render(
        "daemon.service.j2",
        description=description,
        after=["network-online.target"],
        search_path=SEARCH_PATH,
        credentials=credentials,
        settings=settings,
        command=["/usr/bin/python3", "-IB", program, name, f"/run/credentials/{unit_name}"],
    )
    return [
        directory(LIB),
        directory(OURS, "0700"),
        file(program, program_archive()),
        file(places["ca"], identity["ca"], "0600"),
        file(places["certificate"], identity["certificate"], "0600"),
        secret_file(places["key"], identity["key"]),
        file(config_path, json.dumps(config, sort_keys=True), "0600"),
        unit(unit_name, text),
        running(unit_name, key(program), key(config_path), *(key(path) for path in places.values())),
    ]


@functools.cache
def program_archive() -> bytes:
    """The package bareplane_node as a zip that Python runs; the same bytes for the same sources."""
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w", zipfile.ZIP_DEFLATED) as archive:
        for module in sorted(files("bareplane_node").iterdir(), key=lambda one: one.name):
            if module.name.endswith(".py"):
                within = module.name if module.name == "__main__.py" else f"bareplane_node/{module.name}"
                archive.writestr(zipfile.ZipInfo(within), module.read_bytes(), zipfile.ZIP_DEFLATED)
    return data.getvalue()
