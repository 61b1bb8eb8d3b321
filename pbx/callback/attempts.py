"""How an attempt to reach a customer ended, and what follows from it: another one later, or the end of the item."""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum
from typing import NamedTuple

from pbx.config_callback import Callback
from pbx.contact.item import Attempt, End


class Outcome(StrEnum):
    """The `outcome` of an item's attempt."""

    REACHED = "reached"  # customer and agent spoke
    BUSY = "busy"
    NO_ANSWER = "no_answer"
    UNREACHABLE = "unreachable"  # switched off, no such number, rejected by the network
    VOICEMAIL = "voicemail"  # answered, and nobody pressed the key that was asked for
    HUNG_UP = "hung_up"  # answered, and gone before an agent was there
    REFUSED = "refused"  # pressed 9: does not want the call
    AGENT_LEFT = "agent_left"  # the agent hung up before the customer answered
    CAME_BACK = "came_back"  # the customer rang us meanwhile
    FAULT = "fault"  # ours: no trunk, no line, no money: the customer's phone never rang
    IN_DOUBT = "in_doubt"  # the process died during the attempt


# The call layer's cause (pbx.call.causes) -> how the attempt ended. What is not listed is "unreachable".
_CAUSES = {
    "busy": Outcome.BUSY,
    "do_not_disturb": Outcome.BUSY,
    "no_answer": Outcome.NO_ANSWER,
    "unavailable": Outcome.NO_ANSWER,  # 480: carriers say so of a phone that rang, and of one that is off
    "rejected": Outcome.BUSY,  # 603: the customer pressed "decline"; he may be in a meeting
    "cancelled": Outcome.AGENT_LEFT,
    "congestion": Outcome.FAULT,
    "limit": Outcome.FAULT,
    "spend_cap": Outcome.FAULT,
    "forbidden": Outcome.FAULT,
    "network": Outcome.FAULT,
    "error": Outcome.FAULT,
    "shutdown": Outcome.FAULT,
    "incompatible": Outcome.FAULT,
    "loop": Outcome.FAULT,
}
# These say nothing about the customer: they do not use up his attempts.
UNCOUNTED = frozenset((Outcome.AGENT_LEFT, Outcome.CAME_BACK, Outcome.FAULT))
AGAIN_S = 5.0  # after an agent who left, or a customer who rang us: the item is due at once
MAX_UNREACHABLE = 2  # a number that does not exist will not exist later


class Next(NamedTuple):
    """The next attempt not before `at` (UTC seconds), or the item's `end`."""

    at: float
    end: str = ""
    reason: str = ""


def outcome_of(cause: str) -> Outcome:
    """How an attempt whose leg failed with `cause` ended."""
    return _CAUSES.get(cause, Outcome.UNREACHABLE)


def counted(attempts: Iterable[Attempt]) -> list[Outcome]:
    """The ended attempts that rang the customer's phone, or may have."""
    known = [_read(attempt.outcome) for attempt in attempts if attempt.outcome]
    return [outcome for outcome in known if outcome not in UNCOUNTED]


def following(settings: Callback, attempts: list[Attempt], outcome: Outcome, *, now: float, due: float) -> Next:
    """What follows `outcome` of the last of `attempts`, which is in them already or still without one. `due` is since
    when the item could be tried.
    """
    if outcome is Outcome.REACHED:
        return Next(0.0, End.REACHED.value)
    if outcome is Outcome.REFUSED:
        return Next(0.0, End.REFUSED.value, "pressed_9")
    if outcome in (Outcome.AGENT_LEFT, Outcome.CAME_BACK):
        return Next(now + AGAIN_S)
    so_far = counted(attempt for attempt in attempts if attempt is not attempts[-1])
    tries = so_far if outcome in UNCOUNTED else [*so_far, outcome]
    if outcome is Outcome.FAULT:
        faults = _in_a_row(attempts)
        wait_s = settings.retry_fault_s * settings.backoff ** min(faults, 20)
    else:
        wait_s = _spacing(settings, outcome) * settings.backoff ** (tries.count(outcome) - 1)
    if len(tries) >= settings.max_attempts:
        return Next(0.0, End.UNREACHABLE.value, "attempts_used_up")
    if tries.count(Outcome.UNREACHABLE) >= MAX_UNREACHABLE:
        return Next(0.0, End.UNREACHABLE.value, "no_such_number")
    at = now + min(wait_s, settings.max_retry_s)
    if at > due + settings.give_up_s:
        return Next(0.0, End.UNREACHABLE.value, "too_old")
    return Next(at)


def _spacing(settings: Callback, outcome: Outcome) -> float:
    return {
        Outcome.BUSY: settings.retry_busy_s,
        Outcome.UNREACHABLE: settings.retry_unreachable_s,
        Outcome.VOICEMAIL: settings.retry_voicemail_s,
    }.get(outcome, settings.retry_no_answer_s)


def _in_a_row(attempts: list[Attempt]) -> int:
    """Faults of ours at the end of `attempts`, the last attempt left out."""
    count = 0
    for attempt in reversed(attempts[:-1]):
        if attempt.outcome != Outcome.FAULT:
            break
        count += 1
    return count


def _read(text: str) -> Outcome:
    try:
        return Outcome(text)
    except ValueError:  # written by somebody else: a person's attempt
        return Outcome.NO_ANSWER
