"""A small client of the Kubernetes API: get, put, and a watch that starts over when it ends."""

from __future__ import annotations

import http.client
import json
import ssl
import sys
import time
from typing import Any, Dict, Iterator, List
from urllib.parse import urlsplit

TIMEOUT = 30
WATCH_SECONDS = 240
RETRY_SECONDS = 2

Object = Dict[str, Any]


class ApiError(Exception):
    """The API server answered with an error, or not at all."""


class Api:
    """The API server at `server` (https URL), with the identity in `directory` (ca, certificate, key; PEM)."""

    def __init__(self, server: str, directory: str) -> None:
        where = urlsplit(server)
        self._host, self._port = where.hostname or "", where.port or 443
        self._context = ssl.create_default_context(cafile=f"{directory}/ca")
        self._context.load_cert_chain(f"{directory}/certificate", f"{directory}/key")

    def get(self, path: str) -> Object:
        return self._json("GET", path, None)

    def put(self, path: str, body: Object) -> Object:
        return self._json("PUT", path, body)

    def snapshots(self, path: str) -> Iterator[List[Object]]:
        """All objects of a collection, once and again after each change; survives restarts of the API server."""
        while True:
            try:
                yield from self._follow(path)
            except (ApiError, OSError, http.client.HTTPException, ValueError) as error:
                log(f"{path}: {error}; trying again in {RETRY_SECONDS} s")
                time.sleep(RETRY_SECONDS)

    def _follow(self, path: str) -> Iterator[List[Object]]:
        listed = self.get(path)
        items: List[Object] = listed.get("items") or []
        known = {one["metadata"]["uid"]: one for one in items}
        yield list(known.values())
        version = listed["metadata"]["resourceVersion"]
        connection = self._connect(WATCH_SECONDS + TIMEOUT)
        try:
            separator = "&" if "?" in path else "?"
            query = f"{path}{separator}watch=1&timeoutSeconds={WATCH_SECONDS}&resourceVersion={version}"
            response = self._send(connection, "GET", query, None)
            for line in response:
                event = json.loads(line)
                if event["type"] == "ERROR":
                    return
                changed = event["object"]
                if event["type"] == "DELETED":
                    known.pop(changed["metadata"]["uid"], None)
                else:
                    known[changed["metadata"]["uid"]] = changed
                yield list(known.values())
        finally:
            connection.close()

    def _json(self, method: str, path: str, body: Object | None) -> Object:
        connection = self._connect(TIMEOUT)
        try:
            return json.loads(self._send(connection, method, path, body).read())
        finally:
            connection.close()

    def _connect(self, timeout: int) -> http.client.HTTPSConnection:
        return http.client.HTTPSConnection(self._host, self._port, context=self._context, timeout=timeout)

    def _send(
        self, connection: http.client.HTTPSConnection, method: str, path: str, body: Object | None
    ) -> http.client.HTTPResponse:
        connection.request(
            method,
            path,
            body=None if body is None else json.dumps(body),
            headers={"Accept": "application/json", "Content-Type": "application/json"},
        )
        response = connection.getresponse()
        if response.status >= 300:
            words = response.read(500).decode(errors="replace")
            raise ApiError(f"{method} {path}: status {response.status}: {words}")
        return response


def load(directory: str) -> Object:
    """The daemon's configuration."""
    with open(f"{directory}/config", encoding="utf-8") as file:
        return json.load(file)


def log(text: str) -> None:
    """To the journal."""
    print(text, file=sys.stderr, flush=True)
