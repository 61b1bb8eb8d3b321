"""The part of a call's fold that concerns the contact it was placed for: one attempt of a callback."""

# ruff: noqa: ARG002 - every handler of an event kind takes the same arguments
from __future__ import annotations

from collections.abc import Callable
from typing import Any

from pbx.events import Kind
from pbx.store.encode import clean, number, seconds
from pbx.store.records import CallbackCall, QueueOffer
from pbx.store.visits import Ring

Data = dict[str, Any]
TIMEOUT = "TIMEOUT"  # the code of a wrap-up that ended without one
INTERRUPTED = "interrupted"  # the process died during the attempt


class CallingBack:
    """Under the stays of pbx.store.fold.CallFold. There is an attempt from its customer's answer or its end on."""

    __slots__ = ("callback", "rung")
    call_id: str
    rung: list[tuple[str, Ring]] | None  # offers to agents, each with its queue
    contact: str
    started_us: int
    callback: CallbackCall | None

    def callback_records(self) -> list[CallbackCall]:
        """One record, or none."""
        return [self.callback] if self.callback is not None else []

    def rung_records(self, first: int, call_end_us: int) -> list[QueueOffer]:
        """The offers to agents, numbered from `first`; their visit is 0, since nobody waits on the line."""
        return [
            QueueOffer(
                call_id=self.call_id,
                offer=number_,
                visit=0,
                queue=queue,
                agent=ring.agent,
                offered_us=ring.offered_us,
                ended_us=ring.ended_us or max(call_end_us, ring.offered_us),
                alert_s=seconds(max((ring.ended_us or call_end_us) - ring.offered_us, 0)),
                outcome=ring.outcome or "lost",
            )
            for number_, (queue, ring) in enumerate(self.rung or (), first)
        ]

    def _callback_offered(self, leg: str, at_us: int, data: Data) -> None:
        if self.rung is None:
            self.rung = []
        self.rung.append((clean(data.get("queue")), Ring(clean(data.get("agent")), clean(data.get("leg")), at_us)))

    def _callback_taken(self, leg: str, at_us: int) -> None:
        """An agent's phone was answered."""
        for _, ring in self.rung or ():
            if ring.leg == leg:
                ring.end(at_us, "accepted")

    def _callback_offer_ended(self, leg: str, at_us: int, data: Data) -> None:
        """Without the agent: one whose phone was answered did not press the key that was asked for."""
        agent = clean(data.get("agent"))
        for _, ring in reversed(self.rung or ()):
            if ring.agent == agent and ring.outcome in ("", "accepted"):
                ring.ended_us, ring.outcome = at_us, clean(data.get("reason"))
                return

    def _callback(self, data: Data) -> CallbackCall:
        if self.callback is None:
            self.callback = CallbackCall(
                call_id=self.call_id,
                contact=clean(data.get("contact")) or self.contact,
                queue=clean(data.get("queue")),
                mode="",
                attempt=0,
                agent="",
                started_us=self.started_us,
                reach_s=None,
                hold_s=None,
                speed_s=None,
                age_s=None,
                silent=False,
                outcome=INTERRUPTED,
            )
        return self.callback

    def _callback_answered(self, leg: str, at_us: int, data: Data) -> None:
        self._callback(data).reach_s = number(data.get("reach_s"))

    def _callback_bridged(self, leg: str, at_us: int, data: Data) -> None:
        record = self._callback(data)
        record.agent = clean(data.get("agent"))
        record.mode = clean(data.get("mode"))
        record.attempt = int(number(data.get("attempt")))
        record.hold_s = number(data.get("hold_s"))
        record.speed_s = number(data.get("speed_s"))
        record.age_s = number(data.get("age_s"))

    def _callback_silent(self, leg: str, at_us: int, data: Data) -> None:
        record = self._callback(data)
        record.silent = True
        record.hold_s = number(data.get("hold_s"))

    def _callback_ended(self, leg: str, at_us: int, data: Data) -> None:
        record = self._callback(data)
        record.mode = clean(data.get("mode"))
        record.attempt = int(number(data.get("attempt")))
        record.outcome = clean(data.get("outcome"))

    def _callback_noted(self, data: Data) -> None:
        """The agent gave a code or a note."""
        record = self.callback
        if record is not None and record.agent == clean(data.get("agent")):
            record.wrapup_code, record.wrapup_note = clean(data.get("code")), clean(data.get("note"))

    def _callback_wrapped_up(self, data: Data) -> None:
        record = self.callback
        if record is None or record.agent != clean(data.get("agent")):
            return
        record.wrapup_s = number(data.get("wrapup_s"))
        code = clean(data.get("code"))
        record.wrapup_code = record.wrapup_code if code == TIMEOUT and record.wrapup_code else code
        record.wrapup_note = clean(data.get("note")) or record.wrapup_note


CALLING_BACK: dict[str, Callable[[Any, str, int, Data], None]] = {
    Kind.CALLBACK_OFFERED.value: CallingBack._callback_offered,
    Kind.CALLBACK_OFFER_ENDED.value: CallingBack._callback_offer_ended,
    Kind.CALLBACK_ANSWERED.value: CallingBack._callback_answered,
    Kind.CALLBACK_BRIDGED.value: CallingBack._callback_bridged,
    Kind.CALLBACK_SILENT.value: CallingBack._callback_silent,
    Kind.CALLBACK_ENDED.value: CallingBack._callback_ended,
}
