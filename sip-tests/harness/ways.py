"""How a step's SIPp reaches the PBX: straight over UDP or TCP, from ::1, or by an edge that speaks TLS or WebSocket."""

from __future__ import annotations

from typing import NamedTuple

from harness.edge import Edge
from harness.pbx import Pbx
from harness.ports import free_port6

EDGED = ("tls", "ws", "wss")


class Way(NamedTuple):
    """What SIPp is told."""

    address: str  # where SIPp is
    port: int
    remote: str  # "host:port" of whom it calls
    mode: str  # SIPp's -t


class Ways:
    """Of one behaviour; edges and ports stay with who uses them."""

    def __init__(self, pbx: Pbx) -> None:
        self._pbx = pbx
        self._edges: dict[tuple[str, str], Edge] = {}
        self._ports: dict[str, int] = {}

    def of(self, who: str, transport: str, address: str, port: int) -> Way:
        """For the phone or carrier `who` with this IPv4 address of its own."""
        mode = "u1" if transport.startswith("udp") else "t1"
        if transport in ("udp6", "tcp6"):
            return Way("::1", self._port6(who), f"[::1]:{self._pbx.port6}", mode)
        if transport not in EDGED:
            return Way(address, port, f"{self._pbx.address}:5060", mode)
        edge = self._edges.get((who, transport))
        if edge is None:
            carrier = who.startswith("carrier")
            edge = Edge(transport, address, port, self._pbx.address, str(self._pbx.certificate), shown=carrier)
            self._edges[who, transport] = edge
        edge.connect()
        return Way(address, port, f"{address}:{edge.port}", mode)

    def drop(self, who: str) -> None:
        """The connections of `who` break."""
        for (name, _), edge in self._edges.items():
            if name == who:
                edge.drop()

    def close(self) -> None:
        for edge in self._edges.values():
            edge.close()

    def _port6(self, who: str) -> int:
        """All phones share ::1, so each has a port of its own, free on both transports when it was chosen."""
        if who not in self._ports:
            self._ports[who] = free_port6()
        return self._ports[who]
