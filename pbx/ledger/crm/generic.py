"""A webhook for whatever system: our own JSON, signed."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable
from typing import Any

from pbx.config import Crm
from pbx.ledger.crm.message import CALL, LEAD, TASK, Missed, iso, person, recording, title
from pbx.ledger.note import CallNote
from pbx.outbox.entry import Entry
from pbx.outbox.ports import Request, Verdict, by_status
from pbx.web.client import Answer


class GenericCrm:
    """A CrmAdapter. `now` is UTC seconds."""

    def __init__(self, settings: Crm, now: Callable[[], float]) -> None:
        self._settings, self._now = settings, now

    def of_call(self, note: CallNote, *, first: bool) -> dict[str, Any]:
        settings = self._settings
        found: dict[str, Any] = {}
        about: dict[str, Any] = {
            "call_id": note.id,
            "contact_id": note.contact or note.id,
            "number": note.number or note.heard,
        }
        if first and settings.leads:
            found[LEAD] = about | {"event": LEAD, "at": iso(note.at), "source": note.source(), "did": note.did}
            found[LEAD]["responsible"] = person(settings, note.agent)
        if settings.calls:
            found[CALL] = about | {
                "event": CALL,
                "at": iso(note.at),
                "ended": iso(note.ended_at),
                "direction": note.direction,
                "status": "answered" if note.answered else "missed",
                "did": note.did,
                "queue": note.queue,
                "agent": note.agent,
                "responsible": person(settings, note.agent),
                "duration_s": round(note.duration_s, 3),
                "talk_s": round(note.talk_s, 3),
                "wait_s": round(note.wait_s, 3),
                "source": note.source(),
                "recording_url": recording(settings, note),
            }
        return found

    def of_missed(self, missed: Missed) -> dict[str, Any]:
        return {
            TASK: {
                "event": TASK,
                "call_id": missed.call_id,
                "contact_id": missed.contact,
                "number": missed.number,
                "text": title(missed),
                "since": iso(missed.since),
                "due": iso(missed.deadline) if missed.deadline else "",
                "owner": missed.owner,
                "responsible": person(self._settings, missed.owner.partition(":")[2]),
            }
        }

    def request(self, entry: Entry) -> Request:
        """The signature is over "TIMESTAMP.BODY"; the id is the same at every attempt."""
        stamp = str(int(self._now()))
        headers = {"Content-Type": "application/json", "X-Centrala-Id": entry.id, "X-Centrala-Timestamp": stamp}
        if self._settings.secret:
            key, signed = self._settings.secret.encode(), stamp.encode() + b"." + entry.body
            headers["X-Centrala-Signature"] = "sha256=" + hmac.new(key, signed, hashlib.sha256).hexdigest()
        return Request(self._settings.url, headers, entry.body)

    def judge(self, entry: Entry, answer: Answer) -> Verdict:
        del entry
        return by_status(answer)
