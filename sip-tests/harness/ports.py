"""Free ports of ::1, which all phones share."""

from __future__ import annotations

import socket


def free_port6() -> int:
    """A port of ::1 that nobody has, neither UDP nor TCP."""
    while True:
        with (
            socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as udp,
            socket.socket(socket.AF_INET6, socket.SOCK_STREAM) as tcp,
        ):
            udp.bind(("::1", 0))
            port: int = udp.getsockname()[1]
            try:
                tcp.bind(("::1", port))
            except OSError:
                continue
            return port
