"""amoCRM (Kommo): incoming leads of the kind "sip", calls, tasks.

https://www.amocrm.ru/developers/content/crm_platform/ (calls-api, unsorted-api, tasks-api) and
https://www.kommo.com/developers/; read in November 2026. A call is taken for a number that the CRM knows; until the
lead of its first call is accepted, calls wait for it.
"""

from __future__ import annotations

from typing import Any

from pbx.config import Crm
from pbx.ledger.crm.grants import Grant
from pbx.ledger.crm.message import CALL, LEAD, TASK, Missed, person, recording, title
from pbx.ledger.note import CallNote
from pbx.outbox.entry import Entry
from pbx.outbox.ports import Request, Undeliverable, Verdict, by_status
from pbx.web.client import Answer

PATHS = {LEAD: "leads/unsorted/sip", CALL: "calls", TASK: "tasks"}
SERVICE = "centrala"
TALKED, NOT_REACHED, NO_ANSWER, BUSY = 4, 6, 3, 7  # call_status
DUE_S = 3600
UNKNOWN = b"Entity not found"


class AmoCrm:
    """A CrmAdapter."""

    def __init__(self, settings: Crm, grant: Grant | None = None) -> None:
        self._settings, self._grant = settings, grant

    def of_call(self, note: CallNote, *, first: bool) -> dict[str, Any]:
        """A first call comes with its lead, and is no call of its own."""
        if first and self._settings.leads and not note.outbound:
            return {LEAD: [self._lead(note)]}
        if not self._settings.calls:
            return {}
        call: dict[str, Any] = {"direction": note.direction, "uniq": note.id, "duration": round(note.talk_s)}
        call |= {"source": SERVICE, "phone": note.number or note.heard, "call_status": _status(note)}
        call |= {"created_at": round(note.at), "request_id": note.id}
        call |= self._about(note)
        return {CALL: [call]}

    def of_missed(self, missed: Missed) -> dict[str, Any]:
        due = missed.deadline or missed.since + DUE_S
        task: dict[str, Any] = {"text": title(missed), "complete_till": round(due), "task_type_id": 1}
        task["request_id"] = missed.contact
        who = person(self._settings, missed.owner.partition(":")[2])
        if who.isdigit():
            task["responsible_user_id"] = int(who)
        return {TASK: [task]}

    def request(self, entry: Entry) -> Request:
        if entry.kind not in PATHS:
            raise Undeliverable(f"amoCRM is told nothing of the kind {entry.kind!r}")
        url = f"{self._settings.url.rstrip('/')}/api/v4/{PATHS[entry.kind]}"
        access = self._grant.access() if self._grant is not None else self._settings.token
        headers = {"Content-Type": "application/json", "Authorization": f"Bearer {access}"}
        return Request(url, headers, entry.body)

    def judge(self, entry: Entry, answer: Answer) -> Verdict:
        """401: until there is a new token. A number that is not known yet: until its lead is accepted."""
        if answer.status == 401 and self._grant is not None:
            self._grant.refused()
        if answer.status == 401 or (entry.kind == CALL and answer.status == 400 and UNKNOWN in answer.body):
            return Verdict.RETRY
        return by_status(answer)

    def _lead(self, note: CallNote) -> dict[str, Any]:
        number = note.number or note.heard
        source = note.source()
        name = source.get("source") or note.did or SERVICE
        call = {"is_call_event_needed": True, "uniq": note.id, "duration": round(note.talk_s), "service_code": SERVICE}
        call |= {"phone": note.did or number, "called_at": round(note.at), "from": number}
        call["link"] = recording(self._settings, note)
        phone = {"field_code": "PHONE", "values": [{"value": number, "enum_code": "WORK"}]}
        lead: dict[str, Any] = {"name": f"Call {number}"}
        tags = [{"name": str(source[part])[:255]} for part in ("source", "medium", "campaign") if source.get(part)]
        if tags:
            lead["_embedded"] = {"tags": tags}
        found: dict[str, Any] = {"request_id": note.id, "source_uid": note.contact or note.id}
        found |= {"source_name": str(name)[:255], "created_at": round(note.at), "metadata": call}
        if self._settings.pipeline:
            found["pipeline_id"] = self._settings.pipeline
        contact = {"name": number, "custom_fields_values": [phone]}
        return found | {"_embedded": {"leads": [lead], "contacts": [contact]}}

    def _about(self, note: CallNote) -> dict[str, Any]:
        found: dict[str, Any] = {}
        link, who = recording(self._settings, note), person(self._settings, note.agent)
        if link:
            found["link"] = link
        if who.isdigit():
            found["responsible_user_id"] = int(who)
        return found


def _status(note: CallNote) -> int:
    if note.answered:
        return TALKED
    return BUSY if note.cause == "busy" else NOT_REACHED if note.outbound else NO_ANSWER
