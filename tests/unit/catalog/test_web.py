"""HTTP against a server on loopback."""

from __future__ import annotations

import socket
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from bareplane_provider.catalog import web
from bareplane_provider.catalog.errors import DownloadError


class _Server(ThreadingHTTPServer):
    asked: list[str]


class _Answers(BaseHTTPRequestHandler):
    def do_GET(self):
        assert isinstance(self.server, _Server)
        self.server.asked.append(self.path)
        status = {"/missing": 404, "/denied": 403, "/broken": 503}.get(self.path, 200)
        if self.path == "/flaky" and len(self.server.asked) < 3:
            status = 502
        body = b"content"
        self.send_response(status)
        self.send_header("Content-Length", str(len(body) + (1 if self.path == "/short" else 0)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format, *arguments):
        pass


@pytest.fixture
def server():
    with _Server(("127.0.0.1", 0), _Answers) as running:
        running.asked = []
        threading.Thread(target=running.serve_forever, daemon=True).start()
        yield running
        running.shutdown()


@pytest.fixture
def base(server, monkeypatch):
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
    return f"http://127.0.0.1:{server.server_port}"


def test_a_file_arrives_whole(base, tmp_path):
    assert web.Internet().download(f"{base}/file", tmp_path / "file")
    assert (tmp_path / "file").read_bytes() == b"content"
    assert web.Internet().text(f"{base}/file") == "content"


def test_a_file_that_is_not_there_is_no_error(base, tmp_path):
    assert web.Internet().text(f"{base}/missing") is None
    assert not web.Internet().download(f"{base}/missing", tmp_path / "file")


def test_a_fault_that_passes_is_tried_again(base, server):
    assert web.Internet().text(f"{base}/flaky") == "content"
    assert len(server.asked) == 3


@pytest.mark.parametrize(("path", "asked"), [("/denied", 1), ("/broken", 3), ("/short", 3)])
def test_a_fault_that_stays_is_an_error(base, server, tmp_path, path, asked):
    with pytest.raises(DownloadError, match=path):
        web.Internet().download(f"{base}{path}", tmp_path / "file")
    assert len(server.asked) == asked


def test_a_host_is_probed_once(base, server, monkeypatch):
    probes = []
    real = socket.create_connection
    monkeypatch.setattr(web.socket, "create_connection", lambda *a, **k: probes.append(a) or real(*a, **k))
    internet = web.Internet()
    assert internet.reachable(base)
    assert internet.reachable(f"{base}/other")
    assert len(probes) == 1


def test_a_closed_port_and_an_unknown_name_are_not_reachable():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
    assert not web.Internet().reachable(f"http://127.0.0.1:{port}/x")
    assert not web.Internet().reachable("https://no-such-host.invalid/x")


def test_behind_a_proxy_it_is_the_proxy_that_must_be_reachable(base, monkeypatch):
    monkeypatch.setenv("https_proxy", base)
    monkeypatch.delenv("no_proxy", raising=False)
    assert web.Internet().reachable("https://no-such-host.invalid/x")
