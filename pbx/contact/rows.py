"""An item as JSON-ready values, for the control socket, the command line and exports."""

from __future__ import annotations

from typing import Any

from pbx.contact.item import Attempt, ContactItem

# The columns of an export, in this order.
COLUMNS = (
    "id",
    "state",
    "end",
    "kind",
    "queue",
    "number",
    "name",
    "owner",
    "claimed_by",
    "since",
    "created",
    "promise",
    "ended",
    "ended_by",
    "reason",
    "times",
    "attempts",
    "last_outcome",
    "automatic",
    "priority",
    "language",
    "did",
    "tag",
    "campaign",
    "merged_into",
    "origin_call",
)


def row(item: ContactItem, now: float) -> dict[str, Any]:
    """What lists show of an item; instants are UTC seconds, 0 for none."""
    return {
        "id": item.id,
        "state": item.state.value,
        "end": item.end,
        "kind": item.kind.value,
        "queue": item.queue,
        "number": item.number,
        "name": item.name,
        "owner": item.owner,
        "claimed_by": item.claimed_by,
        "since": item.since,
        "created": item.created,
        "age_s": round((item.ended or now) - item.since, 3),
        "promise": item.promise,
        "overdue": item.is_open and 0 < item.promise < now,
        "breached": item.breached > 0,
        "not_before": item.not_before,
        "not_after": item.not_after,
        "ended": item.ended,
        "ended_by": item.ended_by,
        "reason": item.reason,
        "times": item.times,
        "attempts": len(item.attempts),
        "last_outcome": item.attempts[-1].outcome if item.attempts else "",
        "automatic": item.automatic,
        "mode": item.mode,
        "priority": item.priority,
        "skills": item.skills,
        "language": item.language,
        "preferred_agent": item.preferred_agent,
        "source": item.source,
        "merged_into": item.merged_into,
        "origin_call": item.origin_call,
        "key": item.key,
    }


def attempt_row(attempt: Attempt) -> dict[str, Any]:
    """One try to reach the customer; an outcome of "" is under way."""
    return {
        "at": attempt.at,
        "ended": attempt.ended,
        "outcome": attempt.outcome,
        "call_id": attempt.call_id,
        "by": attempt.by,
    }
