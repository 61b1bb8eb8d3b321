"""What a real call would have told the bus: the journey of each made-up call, event by event."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from pbx.demodata.agency import Agency, Source
from pbx.demodata.office import RING_S, Call, Duty
from pbx.events import AgentStateChanged, CallEvent, Kind

CLOSED_S = 14.0  # the announcement outside office hours
PACKETS_S = 50
JOINED_S = 0.06  # from the INVITE to the queue


class Teller:
    """Events of one day. `zero` is its midnight in UTC seconds, `ids` makes an id from an instant."""

    def __init__(self, agency: Agency, zero: float, sources: dict[str, Source]) -> None:
        self._agency = agency
        self._zero = zero
        self._sources = sources  # by the customer's number

    def tell(self, call: Call, call_id: str) -> list[CallEvent]:
        """The journey of a call, in order."""
        at = self._zero + call.at
        if call.outbound:
            return list(self._outbound(call, call_id, at))
        if call.closed:
            return list(self._closed(call, call_id, at))
        return list(self._answered(call, call_id, at) if call.answered else self._abandoned(call, call_id, at))

    def _started(self, call: Call, call_id: str, at: float, application: str) -> Iterator[CallEvent]:
        source = self._sources[call.number]
        data: dict[str, Any] = {
            "direction": "inbound",
            "caller": call.number,
            "callee": source.did,
            "did": source.did,
            "trunk": self._agency.trunk,
            "source": "192.0.2.10:5060",  # RFC 5737: of nobody
            "tag": source.tag,
            "campaign": source.campaign,
            "medium": source.medium,
            "caller_country": self._agency.country,
            "caller_type": "mobile" if call.number.startswith("+48500") else "fixed",
        }
        if call.closed:
            data["off_hours"] = f"queue:{self._agency.queue}"
        yield CallEvent(Kind.CALL_STARTED, call_id, "a", at, data)
        yield CallEvent(Kind.CALL_ROUTED, call_id, "a", at, {"application": application})
        yield CallEvent(Kind.CALL_ANSWERED, call_id, "a", at + 0.05)

    def _ended(self, call_id: str, at: float, began: float, by: str) -> Iterator[CallEvent]:
        packets = int((at - began) * PACKETS_S)
        media = {"sip_status": 200, "cause": "normal", "rx_packets": packets, "lost_packets": 0, "jitter_ms": 2.0}
        yield CallEvent(Kind.LEG_ENDED, call_id, "a", at, media)
        ended = {"cause": "normal", "sip_status": 200, "ended_by": by, "setup_s": 0.05}
        yield CallEvent(Kind.CALL_ENDED, call_id, "a", at, ended)

    def _closed(self, call: Call, call_id: str, at: float) -> Iterator[CallEvent]:
        yield from self._started(call, call_id, at, "flow:closed")
        step = {"flow": "closed", "block": "closed", "exit": "hangup"}
        yield CallEvent(Kind.FLOW_BLOCK, call_id, "a", at + CLOSED_S, step)
        yield from self._ended(call_id, at + CLOSED_S, at, "caller")

    def _joined(self, call: Call, call_id: str, at: float) -> Iterator[CallEvent]:
        queue = self._agency.queue
        yield from self._started(call, call_id, at, f"queue:{queue}")
        yield CallEvent(
            Kind.QUEUE_JOINED, call_id, "a", at + JOINED_S, {"queue": queue, "position": max(call.position, 1)}
        )

    def _abandoned(self, call: Call, call_id: str, at: float) -> Iterator[CallEvent]:
        yield from self._joined(call, call_id, at)
        gone = at + call.wait_s
        left = {"queue": self._agency.queue, "wait_s": call.wait_s, "position": 1}
        yield CallEvent(Kind.QUEUE_ABANDONED, call_id, "a", gone, left)
        yield from self._ended(call_id, gone, at, "caller")

    def _answered(self, call: Call, call_id: str, at: float) -> Iterator[CallEvent]:
        queue, agent, leg = self._agency.queue, call.agent, "b1"
        met = at + call.wait_s
        over = met + call.talk_s
        yield from self._joined(call, call_id, at)
        offered = max(met - RING_S, at + JOINED_S + 0.01)
        yield CallEvent(Kind.QUEUE_OFFERED, call_id, "a", offered, {"queue": queue, "agent": agent, "leg": leg})
        yield CallEvent(Kind.LEG_STARTED, call_id, leg, offered, {"role": "agent", "target": agent, "trunk": ""})
        yield CallEvent(Kind.QUEUE_ANSWERED, call_id, "a", met, {"queue": queue, "agent": agent, "wait_s": call.wait_s})
        yield CallEvent(Kind.BRIDGE_STARTED, call_id, "a", met, {"with_leg": leg})
        yield CallEvent(Kind.BRIDGE_ENDED, call_id, "a", over, {"with_leg": leg, "talk_s": call.talk_s})
        yield from self._ended(call_id, over, at, "caller" if call.talk_s % 2 < 1 else "callee")
        noted = {"queue": queue, "agent": agent, "code": "", "note": "", "wrapup_s": call.wrapup_s}
        yield CallEvent(Kind.WRAPUP_ENDED, call_id, "a", over + call.wrapup_s, noted)

    def _outbound(self, call: Call, call_id: str, at: float) -> Iterator[CallEvent]:
        leg, trunk = "b1", self._agency.trunk
        data = {
            "direction": "outbound",
            "caller": call.agent,
            "callee": call.number,
            "did": "",
            "trunk": "",
            "source": "192.0.2.20:5060",
        }
        if call.missed is not None:
            data["contact"] = call.missed.item
        yield CallEvent(Kind.CALL_STARTED, call_id, "a", at, data)
        started = {"role": "callee", "target": call.number, "trunk": trunk}
        yield CallEvent(Kind.LEG_STARTED, call_id, leg, at, started)
        yield CallEvent(Kind.LEG_RINGING, call_id, leg, at + min(2.5, call.wait_s / 2))
        met = at + call.wait_s
        if not call.answered:
            yield CallEvent(Kind.LEG_ENDED, call_id, leg, met, {"sip_status": 480, "cause": "no_answer"})
            ended = {"cause": "no_answer", "sip_status": 480, "ended_by": "pbx"}
            yield CallEvent(Kind.CALL_ENDED, call_id, "a", met, ended)
            return
        over = met + call.talk_s
        yield CallEvent(Kind.LEG_ANSWERED, call_id, leg, met)
        yield CallEvent(Kind.CALL_ANSWERED, call_id, "a", met)
        yield CallEvent(Kind.BRIDGE_STARTED, call_id, "a", met, {"with_leg": leg})
        yield CallEvent(Kind.BRIDGE_ENDED, call_id, "a", over, {"with_leg": leg, "talk_s": call.talk_s})
        yield CallEvent(Kind.LEG_ENDED, call_id, leg, over, {"sip_status": 200, "cause": "normal"})
        yield from self._ended(call_id, over, met, "callee")

    def states(self, duty: Duty, ids: dict[Call, str]) -> Iterator[AgentStateChanged]:
        """What an agent was doing, state by state; `ids` are those of the day's calls."""
        last, state = self._zero + duty.begins, "available"
        yield AgentStateChanged(duty.agent, state, "offline", last, 0.0)
        for begins, talked, free, call in duty.busy:
            for at, following in ((begins, "talking"), (talked, "wrapup"), (free, "available")):
                now = self._zero + at
                if following == "available" or now - last > 0:
                    of = "" if following == "available" else ids[call]
                    yield AgentStateChanged(duty.agent, following, state, now, now - last, call_id=of)
                    last, state = now, following
        ends = max(self._zero + duty.ends, last)
        yield AgentStateChanged(duty.agent, "offline", state, ends, ends - last)
