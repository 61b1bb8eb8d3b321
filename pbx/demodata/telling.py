"""What a real call would have told the bus: the journey of each made-up call, event by event."""

from __future__ import annotations

import math
from collections.abc import Iterator
from functools import lru_cache
from typing import Any

import numpy as np

from pbx.demodata.agency import Agency, Source
from pbx.demodata.office import AGENT_S, DEALER, RING_S, Call, Duty
from pbx.demodata.web import Web
from pbx.events import AgentStateChanged, CallEvent, Kind
from pbx.queue.estimate import QUANTILE, mean_wait_s, quantile_wait_s
from pbx.queue.phrases import spoken_range

CLOSED_S = 14.0  # the announcement outside office hours
PACKETS_S = 50
JOINED_S = 0.06  # from the INVITE to the queue
TOLD_S = 6.0  # until the wait is announced
QUESTION = "satisfied"
DRAWN = 4096  # random numbers at once
BUSY, UNAVAILABLE, DECLINED = 486, 503, 603
SECOND = "reserve"  # the trunk that calls go on by
PRICE = 0.09  # PLN a minute
DEALERS = ("Mazowsze", "Małopolska", "Śląsk", "Pomorze")  # by the last digits of a number


class Teller:
    """Events of one day. `zero` is its midnight in UTC seconds; `sources` by the customer's number."""

    def __init__(self, agency: Agency, zero: float, sources: dict[str, Source], random: np.random.Generator) -> None:
        self._agency = agency
        self._zero = zero
        self._sources = sources
        self._random = random
        self._drawn: list[float] = []
        self.web = Web(agency, zero, random)

    def tell(self, call: Call) -> list[CallEvent]:
        """The journey of a call, in order."""
        call_id = call.id
        at = self._zero + call.at
        if call.outbound:
            return list(self._called_back(call, call_id, at) if call.automatic else self._outbound(call, call_id, at))
        if call.closed:
            return list(self._closed(call, call_id, at))
        if call.answered and not call.agent:
            return list(self._by_partner(call, call_id, at))
        return list(self._answered(call, call_id, at) if call.answered else self._abandoned(call, call_id, at))

    def _draw(self) -> float:
        if not self._drawn:
            self._drawn = self._random.random(DRAWN).tolist()
        return self._drawn.pop()

    def _started(self, call: Call, call_id: str, at: float, application: str) -> Iterator[CallEvent]:
        source = self._sources[call.number]
        origin = self.web.origin(call, source, at)
        did = origin["number"]
        data: dict[str, Any] = {
            "direction": "inbound",
            "caller": call.number,
            "callee": did,
            "did": did,
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
        yield CallEvent(Kind.CALL_ATTRIBUTED, call_id, "a", at, origin)
        yield CallEvent(Kind.CALL_ROUTED, call_id, "a", at, {"application": application})
        yield CallEvent(Kind.CALL_ANSWERED, call_id, "a", at + 0.05)

    def _mos(self) -> float:
        """Of a leg: good, and now and then a bad line."""
        drawn = self._draw()
        return round(4.4 - 0.25 * drawn if drawn > 0.04 else 2.4 + 30 * drawn, 2)

    def _ended(self, call_id: str, at: float, began: float, by: str) -> Iterator[CallEvent]:
        packets = int((at - began) * PACKETS_S)
        media = {"sip_status": 200, "cause": "normal", "rx_packets": packets, "lost_packets": 0, "jitter_ms": 2.0}
        yield CallEvent(Kind.LEG_ENDED, call_id, "a", at, media)
        ended = {"cause": "normal", "sip_status": 200, "ended_by": by, "setup_s": 0.05}
        yield CallEvent(Kind.CALL_ENDED, call_id, "a", at, ended)

    def _closed(self, call: Call, call_id: str, at: float) -> Iterator[CallEvent]:
        yield from self._started(call, call_id, at, "flow:closed")
        step = {"flow": "closed", "block": "closed", "exit": "hangup"}
        if call.left == DEALER:
            yield from self._by_dealer(call, call_id, at)
            return
        over = at + CLOSED_S
        if call.left == "voicemail":
            box = {"box": self._agency.queue, "message": call_id}
            yield CallEvent(Kind.VOICEMAIL_STARTED, call_id, "a", over, {**box, "greeting": "block"})
            over += 12.0 + 40.0 * self._draw()
            talk_s = over - at - CLOSED_S
            said = {**box, "queue": self._agency.queue, "talk_s": talk_s, "outcome": "recorded", "ended_by": "hangup"}
            yield CallEvent(Kind.VOICEMAIL_RECORDED, call_id, "a", over, said)
            step["exit"] = "voicemail"
        yield CallEvent(Kind.FLOW_BLOCK, call_id, "a", over, step)
        yield from self._ended(call_id, over, at, "caller")

    def _by_dealer(self, call: Call, call_id: str, at: float) -> Iterator[CallEvent]:
        """At night the dealer of the caller's region has the call."""
        dealer = DEALERS[int(call.number[-3:]) % len(DEALERS)]
        by = "memory" if call.repeat > 1 else "region"
        target = f"+4822100000{DEALERS.index(dealer)}"
        told = {"block": "dealer", "dealer": dealer, "number": target, "by": by, "region": dealer, "certainty": 0.9}
        yield CallEvent(Kind.DEALER_CHOSEN, call_id, "a", at + 1.0, told)
        yield from self._away(call, call_id, at, target)

    def _by_partner(self, call: Call, call_id: str, at: float) -> Iterator[CallEvent]:
        """The outside call centre has the call."""
        yield from self._started(call, call_id, at, "flow:hotline")
        *steps, leg_over, over = self._away(call, call_id, at, "+48221009000")
        yield from steps
        yield self._overflow(call, call_id, leg_over.at)
        yield leg_over
        yield over

    def _away(self, call: Call, call_id: str, at: float, target: str) -> Iterator[CallEvent]:
        """The caller talks with somebody outside."""
        leg, met = "b1", at + call.wait_s
        over = met + call.talk_s
        started = {"role": "callee", "target": target, "trunk": self._agency.trunk}
        yield CallEvent(Kind.LEG_STARTED, call_id, leg, at + 1.0, started)
        yield CallEvent(Kind.LEG_RINGING, call_id, leg, at + 1.0 + self._pdd(call) / 2)
        yield CallEvent(Kind.LEG_ANSWERED, call_id, leg, met)
        yield CallEvent(Kind.BRIDGE_STARTED, call_id, "a", met, {"with_leg": leg})
        yield CallEvent(Kind.BRIDGE_ENDED, call_id, "a", over, {"with_leg": leg, "talk_s": call.talk_s})
        yield from self._leg_over(call_id, leg, over, call.talk_s)
        yield from self._ended(call_id, over, at, "caller")

    def _leg_over(self, call_id: str, leg: str, at: float, talk_s: float) -> Iterator[CallEvent]:
        """A leg of the trunk that was answered: what it cost, and how it was heard."""
        billed_s = math.ceil(talk_s)
        charge = {"trunk": self._agency.trunk, "cost": round(billed_s / 60 * PRICE, 4), "currency": "PLN"}
        yield CallEvent(Kind.LEG_CHARGED, call_id, leg, at, {**charge, "seconds": billed_s})
        heard = {"sip_status": 200, "cause": "normal", "mos": self._mos()}
        yield CallEvent(Kind.LEG_ENDED, call_id, leg, at, heard)

    def _overflow(self, call: Call, call_id: str, at: float) -> CallEvent:
        """What came of the thought of a partner."""
        agency = self._agency
        price = agency.handling_s / 60 * agency.partner_price
        giving_up = min(0.9, 0.05 * call.position)
        told: dict[str, Any] = {
            **{"block": "overflow", "partner": "Kontakt24", "queue": agency.queue, "result": call.left},
            **{"price": round(price, 2), "currency": "PLN", "giving_up": giving_up, "loss": round(giving_up * 24.0, 2)},
        }
        if call.left == "answered":
            told |= {"talk_s": call.talk_s, "billed_s": math.ceil(call.talk_s), "cost": round(call.price, 2)}
        return CallEvent(Kind.OVERFLOW_TRIED, call_id, "a", at, told)

    def _joined(self, call: Call, call_id: str, at: float) -> Iterator[CallEvent]:
        queue = self._agency.queue
        yield from self._started(call, call_id, at, f"queue:{queue}")
        if call.left:
            yield self._overflow(call, call_id, at + JOINED_S)
        joined = {"queue": queue, "position": max(call.position, 1)}
        yield CallEvent(Kind.QUEUE_JOINED, call_id, "a", at + JOINED_S, joined)
        if call.position > 1 and call.wait_s > TOLD_S:
            said = {"queue": queue, "position": call.position, "quantile": QUANTILE, **_promise(call.position)}
            yield CallEvent(Kind.QUEUE_ANNOUNCED, call_id, "a", at + TOLD_S, said)
        for begins, ends, agent in call.ignored or ():
            offered = max(self._zero + begins, at + JOINED_S + 0.01)
            yield from self._ignored(call_id, offered, self._zero + ends, agent)

    def _ignored(self, call_id: str, begins: float, ends: float, agent: str) -> Iterator[CallEvent]:
        """A phone that nobody took."""
        leg, queue = f"b{agent}", self._agency.queue
        yield CallEvent(Kind.QUEUE_OFFERED, call_id, "a", begins, {"queue": queue, "agent": agent, "leg": leg})
        told = {"queue": queue, "agent": agent, "leg": leg, "reason": "no_answer"}
        yield CallEvent(Kind.QUEUE_OFFER_ENDED, call_id, "a", ends, told)

    def _abandoned(self, call: Call, call_id: str, at: float) -> Iterator[CallEvent]:
        yield from self._joined(call, call_id, at)
        gone = at + max(call.wait_s, JOINED_S)
        left = {"queue": self._agency.queue, "wait_s": call.wait_s, "position": 1}
        kind = Kind.QUEUE_ABANDONED
        if call.chose:
            kind, left = Kind.QUEUE_LEFT, {"queue": self._agency.queue, "wait_s": call.wait_s, "reason": "key"}
        yield CallEvent(kind, call_id, "a", gone, left)
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
        if self._draw() < self._agency.survey:
            drawn = self._draw()
            answer = "" if drawn > 0.88 else str(min(5, 1 + int(9 * drawn**0.6)))
            told = {"block": "survey", "survey": queue, "question": QUESTION, "answer": answer}
            yield CallEvent(Kind.SURVEY_ANSWERED, call_id, "a", over, told)
        yield from self._ended(call_id, over, at, "caller" if call.talk_s % 2 < 1 else "callee")
        noted = {"queue": queue, "agent": agent, "code": "", "note": "", "wrapup_s": call.wrapup_s}
        yield CallEvent(Kind.WRAPUP_ENDED, call_id, "a", over + call.wrapup_s, noted)

    def _pdd(self, call: Call) -> float:
        return 1.2 + (call.at * 7.0) % 2.4

    def _dialled(self, call: Call, call_id: str, at: float, leg: str) -> Iterator[CallEvent]:
        """The customer's leg up to its answer, or its end without one."""
        trunk, met = self._agency.trunk, at + call.wait_s
        yield CallEvent(Kind.LEG_STARTED, call_id, leg, at, {"role": "callee", "target": call.number, "trunk": trunk})
        if self._draw() < self._agency.trunk_faults:
            failed = {"trunk": trunk, "next_trunk": SECOND, "sip_status": UNAVAILABLE}
            yield CallEvent(Kind.TRUNK_FAILED, call_id, leg, at + 0.4, failed)
        yield CallEvent(Kind.LEG_RINGING, call_id, leg, at + min(self._pdd(call), call.wait_s / 2))
        if call.answered:
            yield CallEvent(Kind.LEG_ANSWERED, call_id, leg, met)
            return
        drawn = self._draw()
        told = (480, "no_answer") if drawn > 0.22 else (BUSY, "busy") if drawn > 0.05 else (DECLINED, "rejected")
        yield CallEvent(Kind.LEG_ENDED, call_id, leg, met, dict(zip(("sip_status", "cause"), told, strict=True)))

    def _called_back(self, call: Call, call_id: str, at: float) -> Iterator[CallEvent]:
        """The PBX calls the agent first, and then the customer who asked for it."""
        agent, missed, queue = call.agent, call.missed, self._agency.queue
        assert missed is not None
        told = {"contact": missed.item, "queue": queue}
        data = {**self._placed(call), "application": f"callback:{queue}"}
        yield CallEvent(Kind.CALL_STARTED, call_id, "a", at, data)
        if missed.kind == "widget":
            yield CallEvent(Kind.CALL_ATTRIBUTED, call_id, "a", at, self.web.asked(call, self._sources[call.number]))
        yield CallEvent(Kind.CALLBACK_OFFERED, call_id, "a", at, {**told, "agent": agent, "leg": "a"})
        dialled, met = at + AGENT_S, at + call.wait_s
        yield CallEvent(Kind.LEG_ANSWERED, call_id, "a", dialled)
        yield from self._dialled(call, call_id, at, "b1")
        attempt = {**told, "mode": "agent_first", "attempt": missed.tries.index((at, call.answered, call)) + 1}
        if call.answered:
            over = met + call.talk_s
            yield CallEvent(Kind.CALL_ANSWERED, call_id, "a", met)
            yield CallEvent(Kind.CALLBACK_ANSWERED, call_id, "b1", met, {**told, "reach_s": round(met - dialled, 3)})
            speed_s = round(met - missed.at, 3)
            met_data = {**attempt, "agent": agent, "speed_s": speed_s, "age_s": speed_s, "hold_s": 0.0}
            yield CallEvent(Kind.CALLBACK_BRIDGED, call_id, "a", met, met_data)
            yield CallEvent(Kind.BRIDGE_STARTED, call_id, "a", met, {"with_leg": "b1"})
            yield CallEvent(Kind.BRIDGE_ENDED, call_id, "a", over, {"with_leg": "b1", "talk_s": call.talk_s})
            yield CallEvent(Kind.CALLBACK_ENDED, call_id, "a", over, {**attempt, "outcome": "reached"})
            yield from self._leg_over(call_id, "b1", over, call.talk_s)
            yield from self._ended(call_id, over, met, "callee")
            return
        yield CallEvent(Kind.CALLBACK_ENDED, call_id, "a", met, {**attempt, "outcome": "no_answer"})
        yield self._unanswered(call_id, met)

    def _placed(self, call: Call) -> dict[str, Any]:
        data = {
            "direction": "outbound",
            "caller": call.agent,
            "callee": call.number,
            "did": "",
            "trunk": "",
            "source": "192.0.2.20:5060",
        }
        return data if call.missed is None else {**data, "contact": call.missed.item}

    def _unanswered(self, call_id: str, at: float) -> CallEvent:
        ended = {"cause": "no_answer", "sip_status": 480, "ended_by": "pbx"}
        return CallEvent(Kind.CALL_ENDED, call_id, "a", at, ended)

    def _outbound(self, call: Call, call_id: str, at: float) -> Iterator[CallEvent]:
        leg, met = "b1", at + call.wait_s
        yield CallEvent(Kind.CALL_STARTED, call_id, "a", at, self._placed(call))
        yield from self._dialled(call, call_id, at, leg)
        if not call.answered:
            yield self._unanswered(call_id, met)
            return
        over = met + call.talk_s
        yield CallEvent(Kind.CALL_ANSWERED, call_id, "a", met)
        yield CallEvent(Kind.BRIDGE_STARTED, call_id, "a", met, {"with_leg": leg})
        yield CallEvent(Kind.BRIDGE_ENDED, call_id, "a", over, {"with_leg": leg, "talk_s": call.talk_s})
        yield from self._leg_over(call_id, leg, over, call.talk_s)
        yield from self._ended(call_id, over, met, "callee")

    def states(self, duty: Duty) -> Iterator[AgentStateChanged]:
        """What an agent was doing, state by state."""
        last, state = self._zero + duty.begins, "available"
        yield AgentStateChanged(duty.agent, state, "offline", last, 0.0)
        spans: list[tuple[float, float, float, Call | None]] = [*duty.busy]
        spans += [(begins, ends, ends, None) for begins, ends in duty.breaks]
        for begins, talked, free, call in sorted(spans, key=lambda span: span[:3]):
            steps = ((begins, "talking"), (talked, "wrapup"), (free, "available"))
            for at, following in steps if call is not None else ((begins, "break"), (free, "available")):
                now = self._zero + at
                if following == "available" or now - last > 0:
                    of = "" if following == "available" or call is None else call.id
                    yield AgentStateChanged(duty.agent, following, state, now, now - last, call_id=of)
                    last, state = now, following
        ends = max(self._zero + duty.ends, last)
        yield AgentStateChanged(duty.agent, "offline", state, ends, ends - last)


@lru_cache(maxsize=256)
def _promise(position: int) -> dict[str, float]:
    """What the queue says at this place in the line, as it is computed and spoken there."""
    agents, aht_s, patience_s = 6, 180.0, 300.0
    high_s = quantile_wait_s(position, agents, aht_s, patience_s)
    minutes = spoken_range(quantile_wait_s(position, agents, aht_s, patience_s, 1 - QUANTILE), high_s)
    expected_s = round(mean_wait_s(position, agents, aht_s, patience_s), 1)
    return {"low_s": minutes.low * 60, "high_s": minutes.high * 60, "expected_s": expected_s}
