"""A paramiko transport that never speaks on a channel it has closed.

paramiko (5.1 and before) builds a channel's message under the channel's lock and sends it after releasing it. When the
command ends in between, the transport's own thread answers the server's CLOSE first, and the late message goes to a
channel that no longer exists: sshd then disconnects everybody ("ieof packet referred to nonexistent channel").
Seen here once in some 300 short commands on 24 threads.
"""

from __future__ import annotations

import threading
from typing import Any, cast

import paramiko
from paramiko.packet import Packetizer

_CLOSE = 97
# Bytes of a greeting that is no SSH, enough to know by what it is.
_HEARD = 200
# window-adjust, data, extended data, eof, request: all begin with the channel's number at the other end.
_ON_A_CHANNEL = frozenset({93, 94, 95, 96, 98})


class _Packetizer(Packetizer):
    # paramiko exchanges keys again after 512 MB, less than the artifacts of one machine, and stops sending meanwhile.
    # 16 GB is a quarter of what OpenSSH allows for AES.
    REKEY_BYTES = 1 << 34

    def __init__(self, sock: Any) -> None:
        super().__init__(sock)
        self.heard: bytes = b""

    def _read_timeout(self, timeout: float) -> bytes:
        """Only the first lines, which are plain text where SSH is spoken, are read by this."""
        chunk = bytes(super()._read_timeout(timeout))  # pyright: ignore
        self.heard = (self.heard + chunk)[:_HEARD]
        return chunk


class OrderedTransport(paramiko.Transport):
    """Drops what would be said after a channel's CLOSE."""

    def __init__(self, sock: Any) -> None:
        super().__init__(sock, packetizer_class=_Packetizer)
        self._order = threading.RLock()
        self._ended: set[int] = set()

    @property
    def heard(self) -> bytes:
        """The first that the other end said, before keys are exchanged."""
        packetizer = cast("_Packetizer", self.packetizer)  # pyright: ignore
        return packetizer.heard

    def _send_user_message(self, data: paramiko.Message) -> None:
        head = data.asbytes()[:5]
        kind, channel = head[0], int.from_bytes(head[1:5], "big")
        if kind != _CLOSE and kind not in _ON_A_CHANNEL:
            super()._send_user_message(data)  # pyright: ignore
            return
        with self._order:
            if kind == _CLOSE:
                self._ended.add(channel)
            elif channel in self._ended:
                return
            super()._send_user_message(data)  # pyright: ignore

    def _parse_channel_open_success(self, m: paramiko.Message) -> None:
        # The server gives a number again once both sides have closed it.
        channel = int.from_bytes(m.get_remainder()[4:8], "big")
        with self._order:
            self._ended.discard(channel)
        super()._parse_channel_open_success(m)  # pyright: ignore
