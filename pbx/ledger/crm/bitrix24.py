"""Bitrix24: the lead, the call's registration and its end in one batch, so that they refer to one another.

https://apidocs.bitrix24.com: batch, telephony.externalCall.register, telephony.externalCall.finish, crm.lead.add,
tasks.task.add; read in November 2026. A registration that is repeated within 30 minutes gives the same call.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

import orjson

from pbx.config import Crm
from pbx.ledger.crm.grants import Grant
from pbx.ledger.crm.message import CALL, TASK, Missed, iso, person, recording, title
from pbx.ledger.note import CallNote
from pbx.outbox.entry import Entry
from pbx.outbox.ports import Request, Verdict, by_status
from pbx.web.client import Answer

OUTBOUND, INBOUND, CALLBACK = 1, 2, 4
ANSWERED, NOT_ANSWERED, BUSY = 200, 304, 486
PASSING = ("QUERY_LIMIT_EXCEEDED", "OPERATION_TIME_LIMIT", "INTERNAL_SERVER_ERROR", "OVERLOAD_LIMIT")
EXPIRED = ("expired_token", "invalid_token", "NO_AUTH_FOUND")
NOT_ALLOWED = ("expired_token", "invalid_token", "NO_AUTH_FOUND", "insufficient_scope", "INVALID_CREDENTIALS")
_ERROR = re.compile(r'"error"\s*:\s*"([^"]+)"')


class Bitrix24:
    """A CrmAdapter."""

    def __init__(self, settings: Crm, grant: Grant | None = None) -> None:
        self._settings, self._grant = settings, grant

    def of_call(self, note: CallNote, *, first: bool) -> dict[str, Any]:
        settings, commands = self._settings, {}
        lead = first and settings.leads
        if lead:
            commands["lead"] = _command("crm.lead.add", self._lead(note))
        if settings.calls:
            who = self._who(note.agent)
            given: dict[str, Any] = {**who, "PHONE_NUMBER": note.number or note.heard, "TYPE": _type(note)}
            given |= {"CALL_START_DATE": iso(note.at), "CRM_CREATE": 0, "SHOW": 0, "LINE_NUMBER": note.did}
            ended = {**who, "DURATION": round(note.talk_s), "STATUS_CODE": _status(note), "ADD_TO_CHAT": 0}
            ended["RECORD_URL"] = recording(settings, note)
            register = _command("telephony.externalcall.register", given)
            if lead:
                register += "&CRM_ENTITY_TYPE=LEAD&CRM_ENTITY_ID=$result[lead]"
            commands["call"] = register
            commands["end"] = _command("telephony.externalcall.finish", ended) + "&CALL_ID=$result[call][CALL_ID]"
        return {CALL: {"halt": 1, "cmd": commands}} if commands else {}

    def of_missed(self, missed: Missed) -> dict[str, Any]:
        fields = {"TITLE": title(missed), "RESPONSIBLE_ID": person(self._settings, missed.owner.partition(":")[2])}
        fields["DESCRIPTION"] = f"{missed.number}, since {iso(missed.since)}. Contact {missed.contact}."
        if missed.deadline:
            fields["DEADLINE"] = iso(missed.deadline)
        task = _command("tasks.task.add", {f"fields[{name}]": value for name, value in fields.items()})
        return {TASK: {"halt": 1, "cmd": {"task": task}}}

    def request(self, entry: Entry) -> Request:
        body: dict[str, Any] = orjson.loads(entry.body)
        access = self._grant.access() if self._grant is not None else self._settings.token
        if access:
            body["auth"] = access
        url = f"{self._settings.url.rstrip('/')}/batch.json"
        return Request(url, {"Content-Type": "application/json"}, orjson.dumps(body))

    def judge(self, entry: Entry, answer: Answer) -> Verdict:
        """Errors of a batch come with status 200. Whoever may not at present may after somebody has seen to it."""
        del entry
        wrong = _ERROR.findall(answer.body.decode("utf-8", "replace"))
        if self._grant is not None and any(each in EXPIRED for each in wrong):
            self._grant.refused()
        if any(each in PASSING or each in NOT_ALLOWED for each in wrong):
            return Verdict.RETRY
        return Verdict.DROP if wrong and answer.status < 500 else by_status(answer)

    def _lead(self, note: CallNote) -> Mapping[str, Any]:
        source = note.source()
        number = note.number or note.heard
        fields: dict[str, Any] = {"TITLE": f"Call {number}", "PHONE": number, "ORIGINATOR_ID": "centrala"}
        fields |= {"ORIGIN_ID": note.contact or note.id, "ASSIGNED_BY_ID": person(self._settings, note.agent)}
        names = {"source": "UTM_SOURCE", "medium": "UTM_MEDIUM", "campaign": "UTM_CAMPAIGN"}
        names |= {"term": "UTM_TERM", "content": "UTM_CONTENT"}
        fields |= {names[name]: value for name, value in source.items() if name in names}
        given = {f"fields[{name}]": value for name, value in fields.items() if name != "PHONE" and value}
        return given | {"fields[PHONE][0][VALUE]": number, "fields[PHONE][0][VALUE_TYPE]": "WORK"}

    def _who(self, extension: str) -> dict[str, str]:
        found = person(self._settings, extension)
        return {"USER_ID": found} if found else {"USER_PHONE_INNER": extension}


def _type(note: CallNote) -> int:
    return (CALLBACK if note.contact else OUTBOUND) if note.outbound else INBOUND


def _status(note: CallNote) -> int:
    return ANSWERED if note.answered else BUSY if note.cause == "busy" else NOT_ANSWERED


def _command(method: str, given: Mapping[str, Any]) -> str:
    return f"{method}?{urlencode({name: value for name, value in given.items() if value != ''})}"
