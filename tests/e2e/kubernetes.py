"""The cluster as its user sees it: kubectl with the kubeconfig that the stack gives."""

from __future__ import annotations

import http.client
import json
import os
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.e2e.stack import source_roots

APP = "app.kubernetes.io/name=hello"
HELLO_IMAGE = "bareplane.dev/hello:1"
NOT_YET = (AssertionError, ValueError, OSError, subprocess.SubprocessError, http.client.HTTPException)
"""What a question meets while its answer is on the way; half an answer is no JSON either."""


class Cluster:
    """kubectl, and what it shows."""

    def __init__(self, kubeconfig: Path, cache: Path) -> None:
        self.kubeconfig = kubeconfig
        program = subprocess.run(
            [sys.executable, "-m", "bareplane_provider.catalog", "path", "kubectl"],
            capture_output=True,
            text=True,
            check=True,
            env={**os.environ, "PYTHONPATH": source_roots()},
        ).stdout.strip()
        self._base = [program, "--kubeconfig", str(kubeconfig), "--cache-dir", str(cache), "--request-timeout=30s"]

    def command(self, *arguments: str) -> list[str]:
        return [*self._base, *arguments]

    def __call__(self, *arguments: str, stdin: str = "") -> str:
        done = subprocess.run(
            self.command(*arguments), input=stdin, capture_output=True, text=True, check=False, timeout=180
        )
        assert done.returncode == 0, f"kubectl {' '.join(arguments)}: {done.stdout}{done.stderr}"
        return done.stdout.strip()

    def json(self, *arguments: str) -> dict[str, Any]:
        return json.loads(self(*arguments, "-o", "json"))

    def nodes(self) -> dict[str, bool]:
        """Whether each node is Ready."""
        return {one["metadata"]["name"]: condition(one, "Ready") for one in self.json("get", "nodes")["items"]}

    def pods(self, selector: str = APP, namespace: str = "default") -> list[dict[str, Any]]:
        """Pods that are not about to end."""
        found = self.json("get", "pods", "-n", namespace, "-l", selector)["items"]
        return [one for one in found if "deletionTimestamp" not in one["metadata"]]

    def all_pods_ready(self) -> bool:
        found = self.json("get", "pods", "-A")["items"]
        return bool(found) and all(condition(one, "Ready") for one in found)

    def ask_from(self, pod: str, url: str) -> dict[str, Any]:
        """What hello answers to a request made inside a pod."""
        return json.loads(self("exec", pod, "--", "/hello", "get", url))


def condition(document: dict[str, Any], kind: str) -> bool:
    conditions = document["status"].get("conditions", [])
    return any(one["type"] == kind and one["status"] == "True" for one in conditions)


def ask(url: str) -> dict[str, Any]:
    """What hello answers to a request from outside."""
    with urllib.request.urlopen(url, timeout=5) as answer:
        return json.load(answer)


def answers(url: str) -> bool:
    try:
        return ask(url)["message"] == "hello"
    except (urllib.error.URLError, TimeoutError, ConnectionError):
        return False


def eventually(true: Callable[[], bool], seconds: float, what: str) -> float:
    """Seconds until it was true."""
    began = time.monotonic()
    while True:
        try:
            if true():
                return time.monotonic() - began
            reason = "not yet"
        except NOT_YET as error:
            reason = str(error)
        assert time.monotonic() - began < seconds, f"{what}: not within {seconds:.0f} s: {reason}"
        time.sleep(0.5)
