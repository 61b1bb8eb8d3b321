"""The bytes of one message, made once for all who get it: a WebSocket frame, or an event of a stream."""

from __future__ import annotations

import struct
from collections.abc import Sequence

TEXT = 0x81  # FIN and opcode 1: a whole text message (RFC 6455 section 5.2); a server does not mask


class Message:
    """A JSON array of changes or snapshots; `seq` is the last of them."""

    __slots__ = ("_event", "_frame", "body", "seq")

    def __init__(self, parts: Sequence[bytes], seq: int) -> None:
        self.body = b"[" + b",".join(parts) + b"]"
        self.seq = seq
        self._frame = b""
        self._event = b""

    @property
    def frame(self) -> bytes:
        """For WebSocket."""
        if not self._frame:
            size = len(self.body)
            if size < 126:
                head = bytes((TEXT, size))
            elif size < 65_536:
                head = struct.pack("!BBH", TEXT, 126, size)
            else:
                head = struct.pack("!BBQ", TEXT, 127, size)
            self._frame = head + self.body
        return self._frame

    @property
    def event(self) -> bytes:
        """For server-sent events; JSON of ours has no line break."""
        if not self._event:
            self._event = b"id: %d\ndata: %b\n\n" % (self.seq, self.body)
        return self._event
