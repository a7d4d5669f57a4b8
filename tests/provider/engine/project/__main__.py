"""Registers whatever resources the file named by RESOURCES lists."""

import json
import os
import signal
from pathlib import Path
from typing import Any

import pulumi

# The engine ends a program that it no longer needs with SIGINT; Python would print a stack trace and wait.
signal.signal(signal.SIGINT, lambda *_: os._exit(1))


class Thing(pulumi.CustomResource):
    size: pulumi.Output[int]
    password: pulumi.Output[str]
    fixed: pulumi.Output[str]

    def __init__(self, name: str, inputs: dict[str, Any], options: pulumi.ResourceOptions) -> None:
        outputs = {"size": None, "password": None, "fixed": None}
        super().__init__("testkinds:index:Thing", name, {**outputs, **inputs}, options)


made: dict[str, Thing] = {}
for one in json.loads(Path(os.environ["RESOURCES"]).read_text()):
    inputs = {
        key: made[value["of"]].__dict__[value["output"]]
        if isinstance(value, dict) and "of" in value
        else pulumi.Output.secret(value["secret"])
        if isinstance(value, dict) and "secret" in value
        else value
        for key, value in one["inputs"].items()
    }
    times = pulumi.CustomTimeouts(**one["times"]) if "times" in one else None
    after = [made[name] for name in one.get("after", [])]
    made[one["name"]] = Thing(one["name"], inputs, pulumi.ResourceOptions(depends_on=after, custom_timeouts=times))
    pulumi.export(f"{one['name']}-size", made[one["name"]].size)
