"""Which events of a call GA is told, and why it is not told others. No number of a customer goes there."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from pbx.ledger.ga4.rules import MAX_AGE_S, MAX_VALUE
from pbx.ledger.mark import Why
from pbx.ledger.note import CallNote

if TYPE_CHECKING:
    from pbx.config import Ga4

CALL, MISSED, CALLBACK = "phone_call", "phone_call_missed", "callback_requested"
LEAST_SURE = 0.5  # probability of an attribution below which it is told nobody
Body = dict[str, Any]


def why_not(visit: Mapping[str, Any], at: float, now: float) -> Why | None:
    """Why an event of this visit, which happened `at`, is not told; None when it is."""
    if not visit.get("visit"):
        return Why.UNSURE if visit.get("candidates") else Why.NO_VISIT
    if not visit.get("ga_client"):
        return Why.NO_CONSENT if visit.get("consent") is False else Why.NO_CLIENT
    if float(visit.get("probability") or 0.0) < LEAST_SURE:
        return Why.UNSURE
    return Why.LATE if now - at > MAX_AGE_S else None


def of_call(note: CallNote, settings: Ga4) -> dict[str, Body]:
    """The requests of a call that has ended, by the event's name."""
    params = _params(note.visit, note.id, settings)
    params |= {"status": "answered" if note.answered else "missed", "duration": round(note.duration_s)}
    params |= {"talk_time": round(note.talk_s), "wait_time": round(note.wait_s)}
    if note.answered and settings.value:
        params |= {"value": settings.value, "currency": settings.currency}
    found = {CALL: _body(note.visit, note.at, CALL, params)}
    if not note.answered:
        if not settings.missed:
            return {}
        found[MISSED] = _body(note.visit, note.at, MISSED, _params(note.visit, note.id, settings))
    return found


def of_callback(visit: Mapping[str, Any], contact: str, at: float, settings: Ga4) -> dict[str, Body]:
    """The request of a visitor's wish to be called back."""
    return {CALLBACK: _body(visit, at, CALLBACK, _params(visit, contact, settings))}


def _params(visit: Mapping[str, Any], call_id: str, settings: Ga4) -> Body:
    params: Body = {"session_id": str(visit.get("ga_session") or ""), "engagement_time_msec": settings.engagement_ms}
    params["call_id"] = call_id
    for name in ("site", "method"):
        if visit.get(name):
            params[name] = str(visit[name])[:MAX_VALUE]
    return params


def _body(visit: Mapping[str, Any], at: float, name: str, params: Body) -> Body:
    event = {"name": name, "params": params}
    return {"client_id": str(visit.get("ga_client") or ""), "timestamp_micros": round(at * 1e6), "events": [event]}
