"""The subscription that a REFER opens (RFC 3515 section 2.4.4): NOTIFYs that tell how the transfer fares, in order."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from pbx.sip.refer import SIPFRAG, sipfrag

if TYPE_CHECKING:
    from pbx.call.ports import Session

EXPIRES_S = 120
LAST_WORDS_S = 2.0  # a BYE waits so long for the answer to the last NOTIFY


class Referral:
    """One NOTIFY is under way at a time: over UDP a later one could come first, and would be refused (CSeq). Our BYE
    waits for its answer for the same reason: a phone that got the BYE first would refuse it with 481 and never hear
    that the transfer succeeded.
    """

    __slots__ = ("_end", "_event", "_next", "_sending", "_session", "_timer")

    def __init__(self, session: Session, cseq: int) -> None:
        self._session: Session | None = session
        self._event = f"Event: refer;id={cseq}"
        self._next: tuple[int, str] | None = None
        self._sending = True  # until the REFER is answered
        self._end: Callable[[], Any] | None = None  # sends the BYE
        self._timer: asyncio.TimerHandle | None = None

    def accept(self) -> None:
        """The REFER was answered with 202: a first NOTIFY goes out at once (section 2.4.4)."""
        self._sending = False
        if self._next is None:
            self._next = 100, ""
        self._send()

    def tell(self, status: int, reason: str = "") -> None:
        """Reports `status`; one of 200 or more is the last. What was not sent yet is superseded."""
        if self._session is None or (self._next is not None and self._next[0] >= 200):
            return
        self._next = status, reason
        if not self._sending:
            self._send()

    def close(self) -> None:
        """Nothing more is told: the dialog belongs to somebody else, or is over."""
        self._session = self._next = None

    def end_dialog(self, loop: asyncio.AbstractEventLoop, end: Callable[[], Any]) -> None:
        """The dialog is over for us: `end`, which sends the BYE, is called when all is told, or after LAST_WORDS_S."""
        if not self._sending and self._next is None:
            end()
            return
        self._end = end
        self._timer = loop.call_later(LAST_WORDS_S, self._hang_up)

    def _hang_up(self) -> None:
        end, self._end = self._end, None
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        self.close()
        if end is not None:
            end()

    def _send(self) -> None:
        session, told = self._session, self._next
        if session is None or told is None:
            return
        self._next = None
        self._sending = True
        if told[0] >= 200:
            state = "terminated;reason=noresource"
            self._session = None
        else:
            state = f"active;expires={EXPIRES_S}"
        headers = (self._event, f"Subscription-State: {state}")
        if not session.send("NOTIFY", headers=headers, body=sipfrag(*told), content_type=SIPFRAG, done=self._done):
            self._all_told()

    def _done(self, status: int) -> None:
        self._sending = False
        if status >= 300:  # the far end does not want to know (RFC 6665 section 4.2.2)
            self.close()
        if self._next is not None:
            self._send()
        else:
            self._all_told()

    def _all_told(self) -> None:
        """Nothing is under way: whoever waits to hang up may."""
        if self._end is not None:
            self._hang_up()
