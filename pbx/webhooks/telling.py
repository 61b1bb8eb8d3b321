"""What events of the bus become for webhooks: a type and its data, or nothing. See catalogue.py for the fields."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from pbx.call.running import RunningCalls
from pbx.contact.item import ContactItem, ItemKind
from pbx.contact.journal import ContactChanged
from pbx.events import AgentStateChanged, Alarm, CallEvent, Kind
from pbx.webhooks.followed import FOLLOWED, FollowedCall, FollowedCalls
from pbx.webhooks.times import rfc3339

Tell = Callable[[str, str, str, dict[str, Any]], None]  # type, call or contact, queue, data
MISSED = frozenset({ItemKind.ABANDONED, ItemKind.MISSED, ItemKind.LEAD, ItemKind.VOICEMAIL})
ASKED = frozenset({ItemKind.CALLBACK, ItemKind.WIDGET})
RECOVERED = frozenset({"reached", "customer_came_back"})
BAD_NUMBER = "number.bad:"


class Telling:
    """Fed by the bus; `tell` takes what webhooks may want. `running`: calls that began before anybody listened."""

    def __init__(self, tell: Tell, running: RunningCalls) -> None:
        self._tell = tell
        self._running = running
        self._followed = FollowedCalls()
        self._table: dict[Kind, Callable[[CallEvent], None]] = {
            Kind.CALL_STARTED: self._started,
            Kind.BRIDGE_STARTED: self._answered,
            Kind.CALL_ENDED: self._ended,
            Kind.RECORDING_ENDED: self._recording,
            Kind.VOICEMAIL_LEFT: self._voicemail,
            Kind.CALLBACK_ANSWERED: self._callback_answered,
            Kind.CALLBACK_BRIDGED: self._callback_bridged,
            Kind.SMS_QUEUED: self._sms_queued,
            Kind.SMS_ACCEPTED: self._sms_sent,
            Kind.SMS_DELIVERED: self._sms_delivered,
            Kind.SMS_FAILED: self._sms_failed,
            Kind.SMS_EXPIRED: self._sms_failed,
            Kind.SMS_RECEIVED: self._sms_received,
            Kind.SMS_CLICKED: self._sms_clicked,
            Kind.FLOOD_STARTED: self._flood,
            Kind.SCREEN_POP: self._screen_pop,
        }
        self.kinds = frozenset(self._table) | FOLLOWED
        self._bad: set[str] = set()

    def event(self, event: CallEvent) -> None:
        """One step of a call or a message."""
        self._followed.take(event)
        tell = self._table.get(event.kind)
        if tell is not None:
            tell(event)

    # -- calls ---------------------------------------------------------------------------------------------------

    def _call(self, event: CallEvent) -> FollowedCall:
        found = self._followed.call(event.call_id)
        if not found.started:
            running = self._running.calls.get(event.call_id)
            if running is not None:
                self._followed.begin_with(running)
        return found

    def _of_call(self, name: str, call: FollowedCall, **more: Any) -> None:
        self._tell(name, call.id, call.queue, {**call.data(), **more})

    def _started(self, event: CallEvent) -> None:
        self._of_call("call.started", self._call(event))

    def _answered(self, event: CallEvent) -> None:
        call = self._call(event)
        if call.answered:
            return
        call.answered = event.at
        call.agent = call.agent or call.targets.get(str(event.data.get("with_leg")), "")
        self._of_call("call.answered", call, wait_s=_since(call.started, event.at))

    def _ended(self, event: CallEvent) -> None:
        call, data = self._call(event), event.data
        self._of_call(
            "call.ended",
            call,
            ended=rfc3339(event.at),
            duration_s=_since(call.started, event.at),
            talk_s=round(call.talk_s, 3),
            answered=call.answered > 0,
            cause=str(data.get("cause") or ""),
            sip_status=data.get("sip_status"),
            ended_by=data.get("ended_by"),
        )
        self._followed.over(event.call_id)

    def _recording(self, event: CallEvent) -> None:
        data = event.data
        found = {"recording": str(data.get("recording", "")), "duration_s": float(data.get("duration_s") or 0.0)}
        self._of_call("recording.ready", self._call(event), **found)

    def _voicemail(self, event: CallEvent) -> None:
        call, data = self._call(event), event.data
        told: dict[str, Any] = {"call_id": event.call_id, "message": str(data["message"]), "box": str(data["box"])}
        told |= {"caller": call.caller or None, "duration_s": float(data.get("duration_s") or 0.0)}
        self._tell("voicemail.left", event.call_id, call.queue, told)

    # -- contacts ------------------------------------------------------------------------------------------------

    def contact(self, change: ContactChanged) -> None:
        """One step of an item; it is on disk."""
        item, what = change.item, change.what
        data = _contact(item)
        if what is Kind.CONTACT_OPENED and item.kind in MISSED:
            self._of_item("call.missed", item, data | {"reason": item.reason or None})
        elif what is Kind.CONTACT_OPENED and item.kind in ASKED:
            self._of_item("callback.requested", item, data)
        elif what is Kind.CONTACT_CLOSED:
            self._closed(item, data | {"end": str(item.end), "open_s": round(item.ended - item.since, 3)})
        elif what is Kind.CONTACT_ATTEMPT_ENDED and item.attempts and item.attempts[-1].outcome != "reached":
            self._of_item("callback.attempt_failed", item, data | {"outcome": item.attempts[-1].outcome})

    def breached(self, event: CallEvent, item: ContactItem | None) -> None:
        """A promise was not kept."""
        if item is not None:
            told = {"deadline": str(event.data.get("deadline", "")), "open_s": _since(item.since, event.at)}
            self._of_item("callback.sla_breached", item, _contact(item) | told)

    def _closed(self, item: ContactItem, data: dict[str, Any]) -> None:
        if item.kind in MISSED and item.end in RECOVERED:
            self._of_item("call.recovered", item, data)
        if item.kind in ASKED:
            self._of_item("callback.closed", item, data | {"ended_by": item.ended_by or None})

    def _of_item(self, name: str, item: ContactItem, data: dict[str, Any]) -> None:
        self._tell(name, item.id, item.queue, data)

    def _callback_answered(self, event: CallEvent) -> None:
        data = event.data
        told = {"call_id": event.call_id, "contact": str(data.get("contact", "")), "queue": data.get("queue")}
        told["reach_s"] = float(data.get("reach_s") or 0.0)
        self._tell("callback.answered", event.call_id, str(told["queue"] or ""), told)

    def _callback_bridged(self, event: CallEvent) -> None:
        data = event.data
        told = {"call_id": event.call_id, "contact": str(data.get("contact", "")), "queue": data.get("queue")}
        told |= {"agent": data.get("agent"), "attempt": int(data.get("attempt") or 1)}
        told["speed_s"] = float(data.get("speed_s") or 0.0)
        self._tell("callback.connected", event.call_id, str(told["queue"] or ""), told)

    # -- messages ------------------------------------------------------------------------------------------------

    def _sms_queued(self, event: CallEvent) -> None:
        self._followed.message(event)

    def _of_message(self, name: str, event: CallEvent, **more: Any) -> None:
        self._tell(name, event.call_id, "", {**self._followed.message(event), **more})

    def _sms_sent(self, event: CallEvent) -> None:
        data = event.data
        more = {"parts": int(data.get("parts") or 1), "cost": float(data.get("cost") or 0.0)}
        self._of_message("sms.sent", event, currency=data.get("currency"), **more)

    def _sms_delivered(self, event: CallEvent) -> None:
        self._of_message("sms.delivered", event, delivery_s=float(event.data.get("delivery_s") or 0.0))

    def _sms_failed(self, event: CallEvent) -> None:
        self._of_message("sms.failed", event, reason=event.data.get("reason"))

    def _sms_clicked(self, event: CallEvent) -> None:
        self._of_message("sms.clicked", event, clicks=int(event.data.get("clicks") or 1))

    def _sms_received(self, event: CallEvent) -> None:
        data = event.data
        told: dict[str, Any] = {
            "message": event.call_id,
            "number": str(data.get("number", "")),
            "what": str(data.get("what", "")),
        }
        told |= {"to": data.get("to"), "gateway": data.get("gateway")}
        self._tell("sms.received", event.call_id, "", told)

    # -- others --------------------------------------------------------------------------------------------------

    def agent(self, change: AgentStateChanged) -> None:
        """An agent moved."""
        told = {
            "agent": change.agent,
            "state": change.state,
            "previous": change.previous,
            "reason": change.reason or None,
            "since": rfc3339(change.since),
            "call_id": change.call_id or None,
        }
        self._tell("agent.state", f"agent:{change.agent}", "", told)

    def _flood(self, event: CallEvent) -> None:
        number = str(event.data["number"])
        told = {"number": number, "calls": int(event.data["calls"]), "window_s": float(event.data["window_s"])}
        self._tell("flood.started", f"flood:{number}", "", {**told, "call_id": event.call_id})

    def _screen_pop(self, event: CallEvent) -> None:
        queue = str(event.data["queue"])
        self._tell("screen.pop", event.call_id, queue, {"call_id": event.call_id, **event.data, "queue": queue or None})

    def alarm(self, alarm: Alarm) -> None:
        """Of all alarms the one that a page shows a wrong number, when it begins."""
        if not alarm.name.startswith(BAD_NUMBER):
            return
        if alarm.active and alarm.name not in self._bad:
            self._tell("number.bad", alarm.name[:200], "", {"alarm": alarm.name, "text": alarm.text})
        (self._bad.add if alarm.active else self._bad.discard)(alarm.name)


def _contact(item: ContactItem) -> dict[str, Any]:
    return {
        "contact": item.id,
        "kind": item.kind.value,
        "queue": item.queue or None,
        "number": item.number or None,
        "name": item.name or None,
        "origin_call": item.origin_call or None,
        "owner": item.owner or None,
        "since": rfc3339(item.since),
        "promise": rfc3339(item.promise),
        "attempts": len(item.attempts),
    }


def _since(begin: float, at: float) -> float:
    return round(max(0.0, at - begin), 3) if begin else 0.0
