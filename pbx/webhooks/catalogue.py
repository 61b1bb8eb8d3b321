"""Every event that a webhook may tell, and the fields of its `data`. They are stable: more may come, none goes away.

A version is the shape of the whole; a subscription keeps the one that it was made with.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

VERSION = 1
PING = "ping"

TEXT: dict[str, Any] = {"type": "string"}
MAYBE: dict[str, Any] = {"type": ["string", "null"]}  # null: none, or nobody knows
NUMBER: dict[str, Any] = {"type": "number"}
MAYBE_NUMBER: dict[str, Any] = {"type": ["number", "null"]}
COUNT: dict[str, Any] = {"type": "integer"}
YES_NO: dict[str, Any] = {"type": "boolean"}
FILE: dict[str, Any] = {  # `sheets` of one in JSON, `text` of another; neither where it is too long to be sent
    "type": "object",
    "required": ["name", "type", "octets"],
    "properties": {"name": TEXT, "type": TEXT, "octets": COUNT, "text": TEXT, "sheets": {"type": "array"}},
}
INSTANT: dict[str, Any] = {"type": ["string", "null"], "format": "date-time"}  # UTC, RFC 3339

_CALL = {
    "call_id": TEXT,
    "direction": TEXT,  # inbound, outbound, internal
    "caller": TEXT,
    "callee": TEXT,
    "did": MAYBE,  # the number of ours that was dialled
    "trunk": MAYBE,
    "tag": MAYBE,  # of the number, or of a block
    "queue": MAYBE,  # that it went through last
    "agent": MAYBE,  # the extension that answered
    "contact": MAYBE,  # the item that it was placed for
    "source": MAYBE,  # as attribution found it
    "medium": MAYBE,
    "campaign": MAYBE,
    "started": INSTANT,
}
_CONTACT = {
    "contact": TEXT,
    "kind": TEXT,  # pbx.contact.item.ItemKind
    "queue": MAYBE,
    "number": MAYBE,
    "name": MAYBE,
    "origin_call": MAYBE,
    "owner": MAYBE,
    "since": INSTANT,
    "promise": INSTANT,
    "attempts": COUNT,
}
_SMS = {
    "message": TEXT,
    "number": MAYBE,
    "template": MAYBE,
    "source": MAYBE,  # what asked for it
    "origin_call": MAYBE,
    "contact": MAYBE,
    "gateway": MAYBE,
}


@dataclass(frozen=True, slots=True)
class EventType:
    """`fields`: name to JSON Schema."""

    name: str
    text: str
    fields: dict[str, dict[str, Any]]


_TYPES = (
    EventType("call.started", "A call came in or went out.", _CALL),
    EventType(
        "call.answered", "Somebody talks with the caller; not a greeting, not voicemail.", _CALL | {"wait_s": NUMBER}
    ),
    EventType(
        "call.ended",
        "It is over.",
        _CALL
        | {"ended": INSTANT, "duration_s": NUMBER, "talk_s": NUMBER, "answered": YES_NO, "cause": TEXT}
        | {"sip_status": {"type": ["integer", "null"]}, "ended_by": MAYBE},
    ),
    EventType("call.missed", "Nobody answered a customer: a contact is open for it.", _CONTACT | {"reason": MAYBE}),
    EventType(
        "call.recovered", "We reached one that was missed, or he came back.", _CONTACT | {"end": TEXT, "open_s": NUMBER}
    ),
    EventType("callback.requested", "A customer wants to be called.", _CONTACT),
    EventType(
        "callback.answered",
        "The customer answered our call.",
        {"call_id": TEXT, "contact": TEXT, "queue": MAYBE, "reach_s": NUMBER},
    ),
    EventType(
        "callback.connected",
        "The customer talks with an agent.",
        {"call_id": TEXT, "contact": TEXT, "queue": MAYBE, "agent": MAYBE, "attempt": COUNT, "speed_s": NUMBER},
    ),
    EventType(
        "callback.attempt_failed", "A call did not reach him; there may be another.", _CONTACT | {"outcome": TEXT}
    ),
    EventType(
        "callback.sla_breached", "A promise of an answer was not kept.", _CONTACT | {"deadline": TEXT, "open_s": NUMBER}
    ),
    EventType("callback.closed", "It has its end.", _CONTACT | {"end": TEXT, "open_s": NUMBER, "ended_by": MAYBE}),
    EventType("sms.sent", "A gateway took the message.", _SMS | {"parts": COUNT, "cost": NUMBER, "currency": MAYBE}),
    EventType("sms.delivered", "It is on the customer's phone.", _SMS | {"delivery_s": NUMBER}),
    EventType("sms.failed", "It will not be delivered.", _SMS | {"reason": MAYBE}),
    EventType(
        "sms.received",
        "A customer wrote.",
        {"message": TEXT, "number": TEXT, "to": MAYBE, "gateway": MAYBE, "what": TEXT},
    ),
    EventType("sms.clicked", "The link in a message was opened.", _SMS | {"clicks": COUNT}),
    EventType("recording.ready", "A recording can be fetched.", _CALL | {"recording": TEXT, "duration_s": NUMBER}),
    EventType(
        "voicemail.left",
        "A message is in a box.",
        {"call_id": TEXT, "message": TEXT, "box": TEXT, "caller": MAYBE, "duration_s": NUMBER},
    ),
    EventType(
        "agent.state",
        "An agent's state changed.",
        {"agent": TEXT, "state": TEXT, "previous": TEXT, "reason": MAYBE, "since": INSTANT, "call_id": MAYBE},
    ),
    EventType(
        "screen.pop",
        "An agent gets a call, and a page is there for it.",
        {"call_id": TEXT, "contact": TEXT, "name": TEXT, "agent": TEXT, "direction": TEXT, "queue": MAYBE}
        | {"trigger": TEXT, "open": YES_NO, "url": TEXT},
    ),
    EventType(
        "report.ready",
        "A scheduled report was made, and is to go to webhooks.",
        {"schedule": TEXT, "due": TEXT, "period": TEXT, "timezone": TEXT, "language": TEXT}
        | {"files": {"type": "array", "items": FILE}},
    ),
    EventType(
        "number.bad", "A page shows a number other than the one that was assigned.", {"alarm": TEXT, "text": TEXT}
    ),
    EventType(
        "flood.started",
        "A number that pages show gets far more short calls than usual.",
        {"number": TEXT, "calls": COUNT, "window_s": NUMBER, "call_id": TEXT},  # the call that made it one
    ),
    EventType(PING, "A person tried the subscription; it needs not be asked for.", {"subscription": TEXT, "by": TEXT}),
)
TYPES = {each.name: each for each in _TYPES}
NAMES = tuple(name for name in TYPES if name != PING)


def schema(name: str) -> dict[str, Any]:
    """JSON Schema (2020-12) of the whole body of an event."""
    fields = TYPES[name].fields
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": name,
        "description": TYPES[name].text,
        "type": "object",
        "required": ["id", "type", "version", "created", "sequence", "data"],
        "properties": {
            "id": {"type": "string", "description": "of the event; the same for all subscriptions and attempts"},
            "type": {"const": name},
            "version": {"const": VERSION},
            "created": {"type": "string", "format": "date-time"},
            "sequence": {"type": "integer", "minimum": 1, "description": "of the subscription: 1, 2, 3..."},
            "data": {"type": "object", "required": list(fields), "properties": fields},
        },
    }


def wanted_by(patterns: list[str]) -> frozenset[str]:
    """The events that "call.*", "*" and names stand for. Raises ValueError for what stands for none."""
    found: set[str] = set()
    for pattern in patterns:
        start = pattern[:-1] if pattern.endswith("*") else ""
        those = [name for name in NAMES if name == pattern or (pattern.endswith("*") and name.startswith(start))]
        if not those:
            raise ValueError(f"{pattern[:60]!r} is no event; known: {', '.join(NAMES)}, and call.* or *")
        found.update(those)
    return frozenset(found)
