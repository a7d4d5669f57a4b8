"""Things that listen on loopback and are no sshd."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Generator
from contextlib import contextmanager

GREETINGS: dict[str, bytes | None] = {
    "mute": b"",
    "banner": b"SSH-2.0-OpenSSH_9.2p1\r\n",
    "web": b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n",
    "binary": bytes(range(128, 168)),
    "closing": None,
}
ANSWERING = frozenset({"web", "binary"})
"""Those that end the connection once they have answered what the client said first."""


@contextmanager
def listener(manner: str, address: str = "127.0.0.1") -> Generator[int]:
    """A port where everybody is treated in one manner."""
    with socket.socket() as sock:
        sock.bind((address, 0))
        sock.listen()
        held: list[socket.socket] = []
        thread = threading.Thread(target=serve, args=(sock, GREETINGS[manner], manner in ANSWERING, held), daemon=True)
        thread.start()
        yield sock.getsockname()[1]
        sock.shutdown(socket.SHUT_RDWR)
        thread.join()
        for one in held:
            one.close()


def serve(sock: socket.socket, greeting: bytes | None, answering: bool, held: list[socket.socket]) -> None:
    while True:
        try:
            client, _ = sock.accept()
        except OSError:
            return  # the listener was shut
        held.append(client)
        with contextlib.suppress(OSError):
            if answering:
                client.recv(100)
            client.sendall(greeting or b"")
        if answering or greeting is None:
            client.close()
