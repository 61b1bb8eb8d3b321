"""A stay in a queue and a seizure of a trunk while they are being folded, and the records they end as."""

from __future__ import annotations

from enum import StrEnum

from pbx.store.encode import seconds
from pbx.store.outcome import CONTINUED, classify
from pbx.store.records import QueueOffer, QueueVisit, TrunkCall, WaitPromise


class Verdict(StrEnum):
    """What became of a promised wait."""

    KEPT = "kept"  # served within it
    BROKEN = "broken"  # waited for longer, served or not
    OPEN = "open"  # left before its end: nobody knows


class Ring:
    """An offer; `ended_us` is 0 while it stands."""

    __slots__ = ("agent", "ended_us", "leg", "offered_us", "outcome", "through")

    def __init__(self, agent: str, leg: str, offered_us: int, through: str = "") -> None:
        self.through = through  # the queue that helped with the agent, "" for the caller's own
        self.agent = agent
        self.leg = leg
        self.offered_us = offered_us
        self.ended_us = 0
        self.outcome = ""

    def end(self, at_us: int, outcome: str) -> None:
        if not self.ended_us:
            self.ended_us, self.outcome = at_us, outcome


class Said:
    """A wait that was promised."""

    __slots__ = ("high_s", "low_s", "position", "quantile", "told_us")

    def __init__(self, told_us: int, position: int, low_s: float, high_s: float, quantile: float) -> None:
        self.told_us = told_us
        self.position = position
        self.low_s = low_s
        self.high_s = high_s
        self.quantile = quantile


class Visit:
    """A stay in a queue; `ended_us` is 0 while the caller waits."""

    __slots__ = (
        "agent",
        "bridged_us",
        "code",
        "ended_us",
        "held_us",
        "joined_us",
        "missed",
        "note",
        "offers",
        "outcome",
        "pair",
        "position",
        "queue",
        "rings",
        "said",
        "served_us",
        "wait_s",
        "wrapup_s",
    )

    def __init__(self, queue: str, joined_us: int, position: int) -> None:
        self.queue = queue
        self.joined_us = joined_us
        self.position = position
        self.ended_us = self.bridged_us = self.held_us = 0
        self.served_us = 0  # answered by an agent of the queue into which he flowed out
        self.offers = self.missed = 0
        self.outcome = self.agent = self.code = self.note = ""
        self.wait_s = self.wrapup_s = 0.0
        self.pair: tuple[str, str] | None = None  # the legs that talk: the caller's and the agent's
        self.rings: list[Ring] = []
        self.said: list[Said] | None = None

    def ring(self, leg: str) -> Ring | None:
        """The offer that rings on `leg`."""
        return next((ring for ring in reversed(self.rings) if ring.leg == leg), None)

    def flow_out(self, guest: Visit, at_us: int) -> Visit:
        """An agent of `guest`'s queue answers at `at_us`: this visit was over when that one began, and the offers that
        the other queue made are its own.
        """
        self.served_us, self.ended_us = at_us, guest.joined_us
        guest.rings = [ring for ring in self.rings if ring.through == guest.queue]
        self.rings = [ring for ring in self.rings if ring.through != guest.queue]
        guest.offers = len(guest.rings)
        guest.missed = sum(ring.outcome not in ("", "lost") for ring in guest.rings)
        self.offers -= guest.offers
        self.missed -= guest.missed
        return guest

    def accept(self, agent: str, at_us: int) -> None:
        """`agent` took the caller: his offer is over, those of the others end by themselves."""
        for ring in reversed(self.rings):
            if ring.agent == agent and not ring.ended_us:
                ring.end(at_us, "accepted")
                return

    def offer_records(self, call_id: str, count: int, first: int, call_end_us: int) -> list[QueueOffer]:
        """The offers of visit number `count`, numbered from `first`; one that nobody ended was lost with the call."""
        return [
            QueueOffer(
                call_id=call_id,
                offer=number,
                visit=count,
                queue=self.queue,
                agent=ring.agent,
                offered_us=ring.offered_us,
                ended_us=ring.ended_us or max(call_end_us, ring.offered_us),
                alert_s=seconds(max((ring.ended_us or call_end_us) - ring.offered_us, 0)),
                outcome=ring.outcome or "lost",
            )
            for number, ring in enumerate(self.rings, first)
        ]

    def promise_records(self, call_id: str, count: int, first: int, call_end_us: int) -> list[WaitPromise]:
        """The waits that were said during visit number `count`, numbered from `first`."""
        ended_us = self.served_us or self.ended_us or call_end_us
        records = []
        for number, said in enumerate(self.said or (), first):
            waited_s = seconds(max(ended_us - said.told_us, 0))
            kept = Verdict.KEPT if self.served_us or self.outcome == "answered" else Verdict.OPEN
            outcome = Verdict.BROKEN if waited_s > said.high_s else kept
            records.append(
                WaitPromise(
                    call_id=call_id,
                    promise=number,
                    visit=count,
                    queue=self.queue,
                    told_us=said.told_us,
                    position=said.position,
                    low_s=said.low_s,
                    high_s=said.high_s,
                    quantile=said.quantile,
                    waited_s=waited_s,
                    outcome=str(outcome.value),
                )
            )
        return records

    def record(
        self,
        call_id: str,
        count: int,
        *,
        call_end_us: int,
        open_end: str,
        open_bridge_us: int,
        open_hold_us: int,
        contact: str = "",
    ) -> QueueVisit:
        """The record of the call's visit number `count`.

        A stay that nobody ended gets the outcome `open_end` and lasts until `call_end_us`; `open_bridge_us` and
        `open_hold_us` are talk and hold that nobody ended.
        """
        closed = self.ended_us != 0
        bridged_us, held_us = self.bridged_us + open_bridge_us, self.held_us + open_hold_us
        return QueueVisit(
            call_id=call_id,
            visit=count,
            queue=self.queue,
            joined_us=self.joined_us,
            ended_us=self.ended_us if closed else call_end_us,
            outcome=self.outcome or open_end,
            agent=self.agent,
            position=self.position,
            wait_s=self.wait_s if closed else seconds(max(call_end_us - self.joined_us, 0)),
            talk_s=seconds(max(bridged_us - held_us, 0)),
            hold_s=seconds(held_us),
            offers=self.offers,
            offers_missed=self.missed,
            contact=contact,
            wrapup_s=self.wrapup_s,
            wrapup_code=self.code,
            wrapup_note=self.note,
        )


class Seizure:
    """An outgoing leg on a trunk; an instant is 0 until it has come. `continued`: its INVITE was another one's."""

    __slots__ = (
        "answered_us",
        "continued",
        "cost",
        "ended_us",
        "mos",
        "ringing_us",
        "sip_status",
        "started_us",
        "target",
        "trunk",
    )

    def __init__(self, trunk: str, target: str, started_us: int) -> None:
        self.trunk = trunk
        self.target = target
        self.started_us = started_us
        self.ringing_us = self.answered_us = self.ended_us = self.sip_status = 0
        self.cost = 0.0
        self.mos: float | None = None
        self.continued = False

    def end(self, at_us: int, sip_status: int, mos: float) -> None:
        """The leg is over; a `mos` of 0 says that nothing was heard."""
        self.ended_us, self.sip_status, self.mos = at_us, sip_status, mos or None

    def record(self, call_id: str, leg: str, call_end_us: int) -> TrunkCall:
        """The record of the seizure; one that nobody ended lasts until `call_end_us`."""
        ended_us = self.ended_us or call_end_us
        reached_us = min((at for at in (self.ringing_us, self.answered_us) if at), default=0)
        outcome = classify(self.sip_status, answered=bool(self.answered_us), rang=bool(self.ringing_us)).value
        if self.continued:
            outcome, reached_us = CONTINUED, 0
        return TrunkCall(
            call_id=call_id,
            leg=leg,
            trunk=self.trunk,
            target=self.target,
            started_us=self.started_us,
            ringing_us=self.ringing_us or None,
            answered_us=self.answered_us or None,
            ended_us=ended_us,
            sip_status=self.sip_status,
            outcome=outcome,
            pdd_s=seconds(max(reached_us - self.started_us, 0)) if reached_us else None,
            billed_s=seconds(max(ended_us - self.answered_us, 0)) if self.answered_us else 0.0,
            cost=self.cost,
            mos=self.mos,
        )
