"""The part of a call's fold that concerns queues: its stays, the offers in each, the waits that were promised."""

# ruff: noqa: ARG002 - every handler of an event kind takes the same arguments
from __future__ import annotations

from typing import Any

from pbx.store.calling_back import TIMEOUT, CallingBack
from pbx.store.encode import clean, micros, number, seconds
from pbx.store.records import QueueOffer, WaitPromise
from pbx.store.visits import Ring, Said, Visit

Data = dict[str, Any]


class Stays(CallingBack):
    """A base of pbx.store.fold.CallFold, which holds the state."""

    __slots__ = ("agent", "visits")
    call_id: str
    ended_us: int
    last_us: int
    agent: str
    test: str
    visits: list[Visit]

    def wait_records(self) -> list[QueueOffer | WaitPromise]:
        """Offers and promised waits of all visits, and offers of callbacks; a test call was nobody's."""
        if self.test:
            return []
        ended_us = self.ended_us or self.last_us
        offers: list[QueueOffer] = []
        promises: list[WaitPromise] = []
        for count, visit in enumerate(self.visits, 1):
            offers += visit.offer_records(self.call_id, count, len(offers) + 1, ended_us)
            if visit.said is not None:
                promises += visit.promise_records(self.call_id, count, len(promises) + 1, ended_us)
        return [*offers, *self.rung_records(len(offers) + 1, ended_us), *promises]

    def _queue_joined(self, leg: str, at_us: int, data: Data) -> None:
        queue, position = clean(data.get("queue")), int(number(data.get("position")))
        helped = self.visits[-1] if data.get("overflowed_from") and self.visits else None
        if helped is None:
            self.visits.append(Visit(queue, at_us, position))
            return
        joined_us = max(at_us - micros(number(data.get("waited_s"))), helped.joined_us)
        self.visits.append(helped.flow_out(Visit(queue, joined_us, position), at_us))

    def _queue_offered(self, leg: str, at_us: int, data: Data) -> None:
        visit = self._waiting(at_us, data)
        visit.offers += 1
        ring = Ring(clean(data.get("agent")), clean(data.get("leg")), at_us, clean(data.get("through")))
        visit.rings.append(ring)

    def _queue_offer_ended(self, leg: str, at_us: int, data: Data) -> None:
        if not self.visits:
            return
        visit, reason = self.visits[-1], clean(data.get("reason"))
        if reason != "lost":  # another agent was faster, or the caller went
            visit.missed += 1
        ring = visit.ring(clean(data.get("leg")))
        if ring is not None:
            ring.end(at_us, reason)

    def _queue_announced(self, leg: str, at_us: int, data: Data) -> None:
        high_s = number(data.get("high_s"))
        if not high_s or not self.visits or self.visits[-1].ended_us:
            return
        visit = self.visits[-1]
        said = Said(
            at_us, int(number(data.get("position"))), number(data.get("low_s")), high_s, number(data.get("quantile"))
        )
        visit.said = [*(visit.said or ()), said]

    def _queue_answered(self, leg: str, at_us: int, data: Data) -> None:
        self.agent = clean(data.get("agent"))
        visit = self._close_visit(at_us, data, "answered")
        visit.agent = self.agent
        visit.accept(self.agent, at_us)

    def _queue_abandoned(self, leg: str, at_us: int, data: Data) -> None:
        self._close_visit(at_us, data, "abandoned")

    def _queue_left(self, leg: str, at_us: int, data: Data) -> None:
        self._close_visit(at_us, data, clean(data.get("reason")) or "left")

    def _waiting(self, at_us: int, data: Data) -> Visit:
        """The open visit; a full queue tells that a caller left without having told that he joined."""
        if not self.visits or self.visits[-1].ended_us:
            self.visits.append(Visit(clean(data.get("queue")), at_us, 0))
        return self.visits[-1]

    def _close_visit(self, at_us: int, data: Data, outcome: str) -> Visit:
        visit = self._waiting(at_us, data)
        visit.ended_us = at_us
        visit.outcome = outcome
        waited = data.get("wait_s")
        visit.wait_s = number(waited) if waited is not None else seconds(max(at_us - visit.joined_us, 0))
        return visit

    def _wrapup_noted(self, leg: str, at_us: int, data: Data) -> None:
        visit = self._served(data)
        if visit is not None:
            visit.code, visit.note = clean(data.get("code")), clean(data.get("note"))
        else:
            self._callback_noted(data)

    def _wrapup_ended(self, leg: str, at_us: int, data: Data) -> None:
        visit = self._served(data)
        if visit is not None:
            visit.wrapup_s = number(data.get("wrapup_s"))
            code = clean(data.get("code"))
            visit.code = visit.code if code == TIMEOUT and visit.code else code
            visit.note = clean(data.get("note")) or visit.note
        else:
            self._callback_wrapped_up(data)

    def _served(self, data: Data) -> Visit | None:
        """The last stay that the agent answered."""
        agent = clean(data.get("agent"))
        return next((visit for visit in reversed(self.visits) if visit.agent == agent), None)
