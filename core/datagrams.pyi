"""Datagrams of one signalling socket: read in batches and sent in batches, a system call each."""

from collections.abc import Callable
from typing import Any

class Datagrams:
    """Reads and sends on a bound, non-blocking UDP socket that somebody else owns and closes. One thread only."""

    def __init__(self, fd: int, family: int, name: Callable[[str, int], Any] | None = None) -> None:
        """`family`: AF_INET or AF_INET6, as the socket's. `name` makes of (IP address, port) what `receive` gives for
        it, and is asked once for each of the last 8192. MemoryError when there is no address space for a batch.
        """
    def receive(self, limit: int) -> list[tuple[bytes, Any]]:
        """What waits, at most `limit` (1..64) datagrams, each with its source's (IP address, port); [] when nothing
        does. Fewer than `limit` mean that the socket is empty. Raises OSError for what the kernel reports.
        """
    def send(self, messages: list[tuple[bytes, tuple[str, int]]]) -> tuple[int, int]:
        """Sends datagrams to their (IP address, port), in order. Returns how many are dealt with, and how many of those
        the kernel refused (unreachable, too long, no address of this family). The rest find the buffer full: try again
        when the socket is writable. Never blocks.
        """
