"""A live SSH connection to one machine, and the channels on it."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable
from threading import BoundedSemaphore
from typing import TYPE_CHECKING

import paramiko

from bareplane_provider.errors import TransportError, UnreachableError
from bareplane_provider.transport.dial import DIAL_TIMEOUT, handshake, open_socket

if TYPE_CHECKING:
    from threading import Event

    from bareplane_provider.transport.connection import Connection
    from bareplane_provider.transport.hostkey import HostKey

# sshd's MaxSessions is 10 by default; two are left for tunnels through this machine.
_SESSIONS = 8
_PROHIBITED = 1


class Link:
    """One authenticated transport. Threads share it; at most eight commands run at a time."""

    def __init__(self, transport: paramiko.Transport, host_key: HostKey, connection: Connection) -> None:
        self.transport = transport
        self.connection = connection
        self.host_key = host_key
        self._sessions = BoundedSemaphore(_SESSIONS)

    @property
    def alive(self) -> bool:
        return self.transport.is_active() and self.transport.is_authenticated()

    def open(self) -> paramiko.Channel:
        """A session channel; waits while eight are open. `release` gives it back. A dead link raises SSHException."""
        self._sessions.acquire()
        try:
            return self._opened()
        except BaseException:
            self._sessions.release()
            raise

    def _opened(self) -> paramiko.Channel:
        deadline = time.monotonic() + DIAL_TIMEOUT
        while True:
            asked = time.monotonic()
            try:
                return self.transport.open_session(timeout=DIAL_TIMEOUT)
            except paramiko.SSHException as error:
                # Not only ChannelException: of two refusals at a time, paramiko gives one thread the other kind.
                answered = self.alive and time.monotonic() - asked < DIAL_TIMEOUT
                if not answered:
                    raise
                if time.monotonic() > deadline:
                    raise TransportError(
                        f"{self.connection}: its sshd opens no session: {error}; see MaxSessions in its sshd_config"
                    ) from error
            # sshd counts a session that has ended until it has seen our close and reaped the command.
            time.sleep(0.02)

    def release(self, channel: paramiko.Channel) -> None:
        channel.close()
        self._sessions.release()

    def tunnel(self, address: str, port: int) -> paramiko.Channel:
        """A socket-like channel from this machine to another."""
        try:
            return self.transport.open_channel("direct-tcpip", (address, port), ("127.0.0.1", 0), timeout=DIAL_TIMEOUT)
        except paramiko.ChannelException as error:
            if error.code == _PROHIBITED:
                raise UnreachableError(
                    f"connecting to {address}:{port} through {self.connection}: it does not forward; "
                    "see AllowTcpForwarding in its sshd_config"
                ) from error
            raise

    def close(self) -> None:
        self.transport.close()


def dial(
    connection: Connection,
    via: Link | None,
    pinned: tuple[HostKey, ...],
    cancelled: Event,
    started: Callable[[paramiko.Transport], None],
    warn: Callable[[str], None],
) -> Link:
    """One attempt at a link, directly or through the jump host `via`."""
    sock: socket.socket | paramiko.Channel
    if via is None:
        sock = open_socket(connection.address, connection.port, cancelled)
    else:
        sock = via.tunnel(connection.address, connection.port)
    transport, key = handshake(connection, sock, pinned, started, warn)
    return Link(transport, key, connection)
