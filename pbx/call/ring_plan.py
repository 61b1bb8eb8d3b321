"""How the phones of a call are to ring: Alert-Info and Call-Info of INVITEs to phones, and to nobody else.

Who decides, the first of them that says anything: the ring group or queue (it gives its own lines), the flow (variable
"ring"), the number that was dialled, the way that the call came.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from pbx.sip.ring_headers import ANSWERS, NAMES, Ring, is_tone, ring_lines

if TYPE_CHECKING:
    from pbx.call.call import Call
    from pbx.config import Config, Extension

VARIABLE: Final = "ring"  # by which a flow chooses


class RingPlan:
    """`add` is asked for every phone that is rung: without a distinctive ring it costs three look-ups."""

    __slots__ = ("_domain", "_external", "_internal", "_lines")

    def __init__(self, config: Config) -> None:
        self.configure(config)

    def configure(self, config: Config) -> None:
        """From now on as `config` says."""
        self._internal, self._external = config.ring.internal, config.ring.external
        self._domain = config.sip.domain
        self._lines: dict[str, tuple[str, ...]] = {}

    def of(self, tone: str, *, auto_answer: bool = False) -> tuple[str, ...]:
        """The lines of a group or queue; () when it has no wish."""
        return tuple(ring_lines(Ring(0 if auto_answer else None, tone), self._domain))

    def add(self, call: Call, extension: Extension, headers: Sequence[str]) -> Sequence[str]:
        """`headers` for the phones of `extension`, with the ring that the call gives them.

        A phone that may not be made to answer by itself (`intercom`) is not asked to.
        """
        setup = call.setup
        if headers and not extension.intercom:
            headers = [line for line in headers if not _answers(line)]
        if setup.call_info:
            headers = (*headers, *setup.call_info)
        tone = call.variables.get(VARIABLE) or setup.ring or (self._external if setup.trunk else self._internal)
        if not tone or not isinstance(tone, str) or any(line.startswith("Alert-Info:") for line in headers):
            return headers
        return (*headers, *self._of_tone(tone))

    def without(self, headers: Sequence[str]) -> Sequence[str]:
        """`headers` for a trunk: how phones ring is nobody's business outside."""
        return [line for line in headers if not line.startswith(NAMES)] if headers else headers

    def _of_tone(self, tone: str) -> tuple[str, ...]:
        if not is_tone(tone):  # a flow's variable may hold anything
            return ()
        lines = self._lines.get(tone)
        if lines is None:
            lines = self.of(tone)
            if len(self._lines) < 64:
                self._lines[tone] = lines
        return lines


def _answers(line: str) -> bool:
    return line.startswith(NAMES) and any(word in line for word in ANSWERS)
