"""Journeys of typical calls as lists of events, for everything that listens to calls."""

from __future__ import annotations

from typing import Any

from pbx.events import CallEvent, Kind

T0 = 1_790_000_000.0


class Journey:
    """Builds one call's events; `at(s)` moves to `s` seconds after its start."""

    def __init__(self, number: int = 1, start: float = T0) -> None:
        self.call_id = f"{number:032x}"
        self.start = start
        self.now = start
        self.events: list[CallEvent] = []

    def at(self, seconds: float) -> Journey:
        self.now = self.start + seconds
        return self

    def add(self, kind: Kind, of: str = "a", /, **data: Any) -> Journey:
        self.events.append(CallEvent(kind, self.call_id, of, self.now, data))
        return self

    def begin(self, application: str = "flow:hotline", **data: Any) -> Journey:
        given = {"direction": "inbound", "caller": "+48221234567", "callee": "600", "did": "600", "trunk": "carrier"}
        self.add(Kind.CALL_STARTED, **{**given, "source": "127.0.0.1:5060", **data})
        return self.add(Kind.CALL_ROUTED, application=application)

    def end(
        self, cause: str = "normal", status: int = 200, by: str = "caller", setup_s: float | None = None
    ) -> Journey:
        return self.add(Kind.CALL_ENDED, cause=cause, sip_status=status, ended_by=by, setup_s=setup_s)


def answered(
    number: int = 1, *, start: float = T0, queue: str = "sales", wait_s: float = 6.0, talk_s: float = 60.0
) -> list[CallEvent]:
    """A hotline caller who waits in a queue, talks to agent 101 and hangs up: 13 events."""
    call = Journey(number, start).begin().at(0.1).add(Kind.CALL_ANSWERED)
    call.at(1).add(Kind.QUEUE_JOINED, queue=queue, position=2)
    call.at(1 + wait_s / 2).add(Kind.QUEUE_OFFERED, queue=queue, agent="101", leg="b1")
    call.add(Kind.LEG_STARTED, "b1", role="agent", target="101", trunk="")
    call.at(1 + wait_s).add(Kind.LEG_ANSWERED, "b1")
    call.add(Kind.QUEUE_ANSWERED, queue=queue, agent="101", wait_s=wait_s)
    call.add(Kind.BRIDGE_STARTED, with_leg="b1")
    call.at(1 + wait_s + talk_s).add(Kind.BRIDGE_ENDED, with_leg="b1", talk_s=talk_s)
    call.add(Kind.LEG_ENDED, "b1", sip_status=200, cause="normal")
    call.add(
        Kind.LEG_ENDED, sip_status=200, cause="normal", rx_packets=3000, lost_packets=3, jitter_ms=1.5, tx_packets=1
    )
    return call.end(setup_s=0.1).events


def abandoned(number: int = 2, *, start: float = T0, queue: str = "sales", wait_s: float = 30.0) -> list[CallEvent]:
    """A hotline caller who gives up in the queue."""
    call = Journey(number, start).begin().at(0.1).add(Kind.CALL_ANSWERED)
    call.at(1).add(Kind.QUEUE_JOINED, queue=queue, position=1)
    call.at(1 + wait_s).add(Kind.QUEUE_ABANDONED, queue=queue, wait_s=wait_s, position=1)
    return call.end(setup_s=0.1).events


def left(number: int = 3, *, start: float = T0, queue: str = "sales", reason: str = "timeout") -> list[CallEvent]:
    """A hotline caller whom the queue gives back to the flow."""
    call = Journey(number, start).begin().at(0.1).add(Kind.CALL_ANSWERED)
    call.at(1).add(Kind.QUEUE_JOINED, queue=queue, position=1)
    call.at(61).add(Kind.QUEUE_LEFT, queue=queue, wait_s=60.0, reason=reason)
    return call.at(62).end(by="pbx", setup_s=0.1).events


def seizure(
    number: int, status: int, *, trunk: str = "carrier", rang: bool = True, talk_s: float = 0.0, start: float = T0
) -> list[CallEvent]:
    """An extension's call to the outside; answered when `talk_s` is given."""
    call = Journey(number, start).begin("trunk:carrier", direction="outbound", trunk="", caller="101")
    call.add(Kind.LEG_STARTED, "b1", role="callee", target="+48601", trunk=trunk)
    if rang:
        call.at(2).add(Kind.LEG_RINGING, "b1")
    call.at(8)
    if talk_s:
        call.add(Kind.LEG_ANSWERED, "b1").add(Kind.CALL_ANSWERED).add(Kind.BRIDGE_STARTED, with_leg="b1")
        call.at(8 + talk_s).add(Kind.BRIDGE_ENDED, with_leg="b1", talk_s=talk_s)
    call.add(Kind.LEG_ENDED, "b1", sip_status=status, cause="normal")
    return call.end(status=status, by="callee", setup_s=8.0 if talk_s else None).events
