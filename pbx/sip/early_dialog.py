"""An early dialog of a call of ours (RFC 3261 12.1.2): each To tag in a provisional response opens one (13.2.2.4)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from pbx.sip.dialog import Dialog
    from pbx.sip.message import Response

MAX_EARLY_DIALOGS: Final = 16  # of one INVITE: a far end must not make us keep more


class EarlyDialog:
    """What is known of one fork before its answer."""

    __slots__ = ("dialog", "response", "rseq", "sdp", "settled")

    def __init__(self, response: Response) -> None:
        self.response: Response | None = response  # that opened it, until `dialog` is made of it
        self.dialog: Dialog | None = None  # made when a request needs it
        self.rseq = 0  # of the reliable provisional response that was acknowledged last
        self.sdp = b""  # its answer to our offer, if that came reliably
        self.settled = False  # offer and answer are done: further offers may go by UPDATE (RFC 3311 section 5.1)

    def is_next(self, rseq: int) -> bool:
        """Whether a reliable provisional response is neither a repetition nor ahead of a lost one (RFC 3262 4)."""
        if self.rseq and rseq != self.rseq + 1:
            return False
        self.rseq = rseq
        return True


NO_EARLY_DIALOGS: dict[str, EarlyDialog] = {}  # shared by all calls that have none; never changed


def newest(dialogs: Mapping[str, EarlyDialog]) -> EarlyDialog | None:
    """The early dialog that got furthest, the latest of several; None when there is none."""
    found: EarlyDialog | None = None
    for early in dialogs.values():
        if early.settled or found is None or not found.settled:
            found = early
    return found


def keep(dialogs: dict[str, EarlyDialog], response: Response) -> tuple[dict[str, EarlyDialog], EarlyDialog | None]:
    """`dialogs` with the one of a provisional response, and that: None for one without a tag or beyond what is kept."""
    tag = response.to_tag
    early = dialogs.get(tag)
    if early is None and tag and len(dialogs) < MAX_EARLY_DIALOGS:
        early = EarlyDialog(response)
        if dialogs is NO_EARLY_DIALOGS:
            return {tag: early}, early
        dialogs[tag] = early
    return dialogs, early


def nobody_minds(status: int) -> None:
    """The outcome of a PRACK: the far end looks after its own INVITE, whatever it says to it."""
