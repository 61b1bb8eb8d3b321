"""What became of a seizure (an outgoing INVITE handed to a trunk), for ASR and NER (ITU-T E.411; metrics: D1)."""

from __future__ import annotations

from enum import StrEnum


class Outcome(StrEnum):
    """How a seizure ended. All but FAILURE count as effective for the network (NER)."""

    ANSWERED = "answered"
    BUSY = "busy"
    NO_ANSWER = "no_answer"
    REJECTED = "rejected"
    FAILURE = "failure"


EFFECTIVE = frozenset({Outcome.ANSWERED, Outcome.BUSY, Outcome.NO_ANSWER, Outcome.REJECTED})

# Of what is no seizure: a far end goes on in another leg after a transfer, and its time and cost still count.
CONTINUED = "continued"

BUSY = frozenset({486, 600})
REJECTED = frozenset({403, 433, 603})
UNANSWERED = frozenset({408, 480, 487})


def classify(sip_status: int, *, answered: bool, rang: bool) -> Outcome:
    """Maps the final SIP status of a seizure; `rang`: a 180 or 183 had come before.

    408, 480 and 487 tell of a person who did not answer only after ringing; before it the network failed to get there.
    """
    if answered:
        return Outcome.ANSWERED
    if sip_status in BUSY:
        return Outcome.BUSY
    if sip_status in REJECTED:
        return Outcome.REJECTED
    if rang and sip_status in UNANSWERED:
        return Outcome.NO_ANSWER
    return Outcome.FAILURE
