"""What a CRM is told, before it is put into its own words."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Protocol

from pbx.config import Crm
from pbx.ledger.note import CallNote
from pbx.outbox.ports import Deliverer

LEAD, CALL, TASK = "lead", "call", "task"


@dataclass(frozen=True, slots=True)
class Missed:
    """A contact that somebody owes an answer: instants are UTC seconds, 0 for none."""

    contact: str
    call_id: str
    number: str
    owner: str
    since: float
    deadline: float
    reason: str


class CrmAdapter(Deliverer, Protocol):
    """One kind of CRM."""

    def of_call(self, note: CallNote, *, first: bool) -> dict[str, Any]:
        """The bodies by event; `first`: the number has made no lead yet."""
        ...

    def of_missed(self, missed: Missed) -> dict[str, Any]:
        """The body of a task to call back."""
        ...


def iso(at: float) -> str:
    """UTC seconds as ISO 8601."""
    return datetime.fromtimestamp(at, UTC).isoformat(timespec="seconds")


def person(settings: Crm, extension: str) -> str:
    """The CRM's id of whoever an extension is, or of whoever gets what has nobody; "" for none."""
    return settings.agents.get(extension) or settings.responsible


def recording(settings: Crm, note: CallNote) -> str:
    """Where the call can be heard; "" where it was not recorded, or is not told."""
    return settings.recording_url.replace("{call_id}", note.id) if note.recorded else ""


def title(missed: Missed) -> str:
    """Of a task, in words that a person in the CRM reads."""
    return f"Call back {missed.number or 'withheld number'} (missed: {missed.reason or 'no answer'})"
