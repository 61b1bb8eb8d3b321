"""The states of an INVITE session, UAS and UAC, as one table (RFC 3261 9, 13, 15). Only `Progress.move` moves them."""

from __future__ import annotations

INCOMING = "incoming"  # UAS: no final response yet
CALLING = "calling"  # UAC: no final response yet
CANCELLING = "cancelling"  # UAC: gave up; the final response is still to come
ACCEPTED = "accepted"  # UAS: 2xx sent, ACK awaited
CONFIRMED = "confirmed"
PARTING = "parting"  # UAS: hung up, but BYE must wait for the ACK (15)
ENDING = "ending"  # BYE sent
TERMINATED = "terminated"

ACCEPT = "accept"
REJECT = "reject"
CANCEL = "cancel"  # ours
BYE = "bye"  # ours
ANSWERED = "answered"  # a 2xx came
FAILED = "failed"  # the INVITE ended without a 2xx
ACKED = "acked"
UNACKED = "unacked"  # 64*T1 without the ACK
REMOTE_CANCEL = "remote cancel"
REMOTE_BYE = "remote bye"
LOST = "lost"  # 408 or 481 inside the dialog, or its transport is gone (12.2.1.2)
BYE_DONE = "bye done"

TABLE: dict[str, dict[str, str]] = {
    INCOMING: {
        ACCEPT: ACCEPTED,
        REJECT: TERMINATED,
        REMOTE_CANCEL: TERMINATED,
        REMOTE_BYE: TERMINATED,
        LOST: TERMINATED,
    },
    CALLING: {ANSWERED: CONFIRMED, FAILED: TERMINATED, CANCEL: CANCELLING},
    CANCELLING: {ANSWERED: ENDING, FAILED: TERMINATED},
    ACCEPTED: {ACKED: CONFIRMED, BYE: PARTING, UNACKED: ENDING, REMOTE_BYE: TERMINATED},
    CONFIRMED: {BYE: ENDING, REMOTE_BYE: TERMINATED, LOST: ENDING},
    PARTING: {ACKED: ENDING, UNACKED: ENDING, REMOTE_BYE: TERMINATED},
    ENDING: {BYE_DONE: TERMINATED, REMOTE_BYE: ENDING},
    TERMINATED: {},
}

# What the call layer sees.
PUBLIC = {
    INCOMING: "early",
    CALLING: "early",
    CANCELLING: "early",
    ACCEPTED: "confirmed",
    CONFIRMED: "confirmed",
    PARTING: "terminated",
    ENDING: "terminated",
    TERMINATED: "terminated",
}


class Progress:
    """Where a session is in the table."""

    __slots__ = ("phase",)

    def __init__(self, phase: str) -> None:
        self.phase = phase

    def move(self, event: str) -> bool:
        """Moves by `event`; False if the present state has no place for it, and nothing changed."""
        following = TABLE[self.phase].get(event)
        if following is None:
            return False
        self.phase = following
        return True

    def can(self, event: str) -> bool:
        return event in TABLE[self.phase]

    @property
    def state(self) -> str:
        """ "early", "confirmed" or "terminated"."""
        return PUBLIC[self.phase]
