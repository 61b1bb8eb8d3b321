"""The gate before everything: what comes from a banned address is dropped before it is read."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from pbx.sip.address import source_of

if TYPE_CHECKING:
    from pbx.sip.address import Source


class Gate:
    """Whoever judges sources puts them into `banned`: source -> until when, in seconds of `now`."""

    __slots__ = ("banned", "dropped", "exempt", "now", "on_garbage")

    def __init__(self, now: Callable[[], float] = time.time) -> None:
        self.banned: dict[str, float] = {}
        self.now = now
        self.exempt: Callable[[str, int], bool] = _nobody  # (host, port) that is heard all the same
        self.on_garbage: Callable[[Source], None] = _ignore  # a message that is no SIP came from there
        self.dropped = 0  # messages and connections

    def shuts_out(self, host: str, port: int) -> bool:
        """Whether what comes from there is not to be heard. Ask only while `banned` is not empty."""
        key = source_of(host)
        until = self.banned.get(key)
        if until is None:
            return False
        if until <= self.now():
            del self.banned[key]
            return False
        if self.exempt(host, port):
            return False
        self.dropped += 1
        return True


def _nobody(_host: str, _port: int) -> bool:
    return False


def _ignore(_source: Source) -> None:
    pass
