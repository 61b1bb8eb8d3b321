"""What a phone changes from one call to the next in its session description: the origin and the port, nothing else."""

from __future__ import annotations

from typing import Final

MAX_REMEMBERED: Final = 4096  # bytes
_SAME = b"1"  # stands for every port
_FRESH: Final = (b"\na=crypto", b"\na=fingerprint", b"\na=ice-", b"\na=candidate")  # new with every call


def split_port(description: bytes) -> tuple[bytes, int] | None:
    """A plain description of one audio stream without its o= line and with one and the same port, and the true port.

    None for any other: of several media or none, switched off (port 0), of several ports, long, or with keys in it.
    """
    origin = description.find(b"\no=")
    end = description.find(b"\n", origin + 1)
    at = description.find(b"\nm=audio ", end)
    if origin < 0 or end < 0 or at < 0 or len(description) > MAX_REMEMBERED:
        return None
    at += 9
    stop = description.find(b" ", at)
    text = description[at:stop]
    if not text.isdigit() or len(text) > 5 or description.find(b"\nm=", end) != at - 9:
        return None
    port = int(text)
    if not 0 < port <= 65535 or description.find(b"\nm=", stop) >= 0 or any(new in description for new in _FRESH):
        return None
    return b"".join((description[:origin], description[end:at], _SAME, description[stop:])), port
