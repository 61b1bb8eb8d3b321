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


def hex_address(address: str) -> str:
    """An address as /proc/net prints it: words of 32 bits in host order, on little endian machines."""
    if ":" in address:
        packed = socket.inet_pton(socket.AF_INET6, address)
        return "".join(packed[at : at + 4][::-1].hex().upper() for at in range(0, 16, 4))
    return "".join(f"{int(part):02X}" for part in reversed(address.split(".")))
