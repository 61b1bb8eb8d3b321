"""FreeSWITCH's XML call detail records: one document a call, or many after each other in a file."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from urllib.parse import unquote
from xml.etree import ElementTree

from pbx.twin.found import Reading
from pbx.twin.line import MACHINE
from pbx.twin.record import CallRecord, TwinError, Way
from pbx.twin.values import telephone

_RECORD = re.compile(r"<cdr\b.*?</cdr>", re.S)
MOST = 4_000_000  # letters of one record
WAYS = {"inbound": Way.IN, "outbound": Way.OUT}


def is_freeswitch(text: str) -> bool:
    return "<cdr" in text[:4000] and "<variables>" in text[:20_000]


def read_freeswitch(lines: Iterable[str], country: str) -> Reading:
    """A-legs only: the B-leg of a call is the same call. TwinError for a document with a DTD, which nobody needs."""
    reading = Reading("FreeSWITCH XML CDR")
    for number, part in enumerate(_documents(lines, reading), 1):
        try:
            root = ElementTree.fromstring(part)  # noqa: S314 - without DTD there are no entities
        except ElementTree.ParseError as error:
            reading.skip("no well-formed XML", number, str(error))
            continue
        _take(reading, number, root, country)
    return reading


def _documents(lines: Iterable[str], reading: Reading) -> Iterator[str]:
    """Record after record, whatever stands between them."""
    text, number = "", 0
    for number, line in enumerate(lines, 1):
        if "<!DOCTYPE" in line or "<!ENTITY" in line:
            raise TwinError("it has a document type definition, which records never have: remove it")
        text += line
        if "</cdr>" in line:
            end = 0
            for found in _RECORD.finditer(text):
                yield found[0]
                end = found.end()
            text = text[end:]
        elif len(text) > MOST:
            reading.skip("a record without an end", number, text)
            text = ""
    if "<cdr" in text:
        reading.skip("a record without an end", number, text[text.index("<cdr") :])


def _take(reading: Reading, number: int, root: ElementTree.Element, country: str) -> None:
    told = {entry.tag: unquote(entry.text or "") for entry in root.iterfind("./variables/*")}
    if told.get("originator") or told.get("last_bridge_role") == "originatee":
        reading.skip("the other leg of a call", number, told.get("uuid", ""))
        return
    begun = _epoch(told, "start_epoch")
    if not begun:
        reading.skip("no start_epoch", number, told.get("uuid", ""))
        return
    profiles = root.findall("./callflow/caller_profile")
    profile = profiles[-1] if profiles else None  # the newest stands first, as a transfer left it
    caller = told.get("caller_id_number") or _child(profile, "caller_id_number")
    callee = told.get("destination_number") or _child(profile, "destination_number")
    way = WAYS.get(told.get("direction", ""), Way.UNKNOWN)
    answered = _epoch(told, "answer_epoch")
    joined, taken = _epoch(told, "cc_queue_joined_epoch"), _epoch(told, "cc_queue_answered_epoch")
    cancelled, ended = _epoch(told, "cc_queue_canceled_epoch"), _epoch(told, "end_epoch")
    record = CallRecord(
        begun,
        way,
        telephone(callee if way is Way.OUT else caller, country),
        telephone(caller if way is Way.OUT else callee, country),
        bool(taken) if joined else bool(answered),
        queue=told.get("cc_queue", ""),
        agent=told.get("cc_agent", ""),
        call_id=told.get("uuid", ""),
        exact=bool(joined),
    )
    if joined:
        record.at = joined
        record.wait_s = max((taken or cancelled or ended or joined) - joined, 0.0)
        record.talk_s = max((ended or taken) - taken, 0.0) if taken else 0.0
    elif answered and "bridge_epoch" in told:  # what a menu or music answered is a call once somebody is bridged to it
        bridged = _epoch(told, "bridge_epoch")
        record.answered = bool(bridged)
        if bridged:
            record.wait_s, record.talk_s = max(bridged - begun, 0.0), max((ended or bridged) - bridged, 0.0)
        else:
            record.sent_away = True
            reading.counted[MACHINE] += 1
    else:
        record.wait_s = max((answered or ended or begun) - begun, 0.0)
        record.talk_s = float(told.get("billsec") or 0) if answered else 0.0
    reading.records.append(record)


def _child(profile: ElementTree.Element | None, name: str) -> str:
    found = profile.findtext(name) if profile is not None else None
    return unquote(found or "")


def _epoch(told: dict[str, str], name: str) -> float:
    text = told.get(name, "")
    return float(text) if text.isdigit() else 0.0
