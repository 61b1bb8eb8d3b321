"""What happened, read from the events of calls: stays in queues, offers, promises, legs by trunks, talks.

Written from docs/queues.md, docs/glossary.md and the decisions 0121 and 0130. Durations are what the events told (they
were measured on a clock that never jumps); where they tell none, the difference of their instants. Whole microseconds.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from pbx.events import AgentStateChanged, CallEvent, Kind

MICRO = 1_000_000


def us(seconds: float) -> int:
    return int(seconds * MICRO + 0.5)


@dataclass
class Alert:
    """An offer to an agent."""

    queue: str
    agent: str
    at_us: int
    leg: str
    through: str = ""
    end_us: int | None = None
    outcome: str = ""


@dataclass
class Promise:
    queue: str
    at_us: int
    high_s: float
    quantile: float
    outcome: str = ""
    waited_us: int = 0


@dataclass
class Stay:
    queue: str
    joined_us: int
    outcome: str = ""
    over_us: int | None = None
    wait_us: int = 0
    agent: str = ""
    talk_us: int = 0
    hold_us: int = 0
    wrapup_us: int = 0
    code: str = ""
    offers: list[Alert] = field(default_factory=list)
    promises: list[Promise] = field(default_factory=list)


@dataclass
class Seizure:
    trunk: str
    at_us: int
    rang_us: int | None = None
    answered_us: int | None = None
    ended_us: int | None = None
    status: int = 0
    cost: float = 0.0
    mos: float | None = None
    continued: bool = False

    @property
    def outcome(self) -> str:
        """Table of metrics, D1."""
        if self.continued:
            return "continued"
        if self.answered_us is not None:
            return "answered"
        if self.status in (486, 600):
            return "busy"
        if self.status in (403, 433, 603):
            return "rejected"
        return "no_answer" if self.status in (408, 480, 487) and self.rang_us is not None else "failure"


@dataclass
class Talk:
    """Two legs that hear each other."""

    leg: str
    stay: Stay | None
    at_us: int
    length_us: int | None = None


@dataclass
class Called:
    """A call as far as it is known; `contact` is whom it was placed for."""

    id: str
    at_us: int
    direction: str
    caller: str
    callee: str
    contact: str
    test: bool = False
    answered_us: int | None = None
    end_us: int = 0
    ended_by: str = ""
    cause: str = ""
    stays: list[Stay] = field(default_factory=list)
    rung: list[Alert] = field(default_factory=list)  # for a callback
    callback: dict[str, Any] | None = None
    seizures: list[Seizure] = field(default_factory=list)
    talks: list[Talk] = field(default_factory=list)
    holds: list[tuple[int, int]] = field(default_factory=list)

    @property
    def met_us(self) -> int | None:
        """When two people heard each other for the first time."""
        return self.talks[0].at_us if self.talks else None


def read_call(events: Sequence[CallEvent]) -> Called | None:
    """None for a journey that is none of a call."""
    if not events or events[0].kind.value.startswith(("contact.", "sms.")):
        return None
    return _Reader(events).call


class _Reader:
    def __init__(self, events: Sequence[CallEvent]) -> None:
        self.last_us = max(us(event.at) for event in events)
        start = next((event for event in events if event.kind is Kind.CALL_STARTED), events[0])
        told = start.data
        names = ("direction", "caller", "callee", "contact")
        self.call = Called(start.call_id, us(start.at), *(str(told.get(name, "")) for name in names))
        self.legs: dict[str, Seizure] = {}
        self.held: dict[str, int] = {}
        self.over = False
        for event in events:
            self._take(event.kind, event.leg, us(event.at), event.data)
        self._close()

    def _take(self, kind: Kind, leg: str, at: int, data: dict[str, Any]) -> None:
        call = self.call
        match kind:
            case Kind.TEST_CALL:
                call.test = True
            case Kind.CALL_ANSWERED:
                call.answered_us = call.answered_us or at
            case Kind.CALL_ENDED:
                call.end_us, call.ended_by, call.cause, self.over = at, data["ended_by"], data["cause"], True
            case Kind.HOLD_STARTED:
                self.held.setdefault(leg, at)
            case Kind.HOLD_ENDED:
                self._resume(leg, at)
            case Kind.BRIDGE_STARTED | Kind.BRIDGE_ENDED:
                self._bridge(kind, leg, at, data)
            case _:
                self._queue(kind, at, data)
                self._trunk(kind, leg, at, data)
                self._called_back(kind, leg, at, data)

    # -- queues ----------------------------------------------------------------------------------------------------

    def _queue(self, kind: Kind, at: int, data: dict[str, Any]) -> None:
        stays = self.call.stays
        match kind:
            case Kind.QUEUE_JOINED:
                self._join(at, data)
            case Kind.QUEUE_OFFERED:
                alert = Alert(data["queue"], data["agent"], at, data["leg"], data.get("through", ""))
                stays[-1].offers.append(alert)
            case Kind.QUEUE_OFFER_ENDED if stays:
                alert = next((one for one in reversed(stays[-1].offers) if one.leg == data["leg"]), None)
                if alert is not None and alert.end_us is None:
                    alert.end_us, alert.outcome = at, data["reason"]
            case Kind.QUEUE_ANNOUNCED if data.get("high_s") and stays and stays[-1].over_us is None:
                stays[-1].promises.append(Promise(data["queue"], at, data["high_s"], data["quantile"]))
            case Kind.QUEUE_ANSWERED:
                stay = self._leave(at, data, "answered")
                stay.agent = data["agent"]
                for alert in reversed(stay.offers):
                    if alert.agent == stay.agent and alert.end_us is None:
                        alert.end_us, alert.outcome = at, "accepted"
                        break
            case Kind.QUEUE_ABANDONED:
                self._leave(at, data, "abandoned")
            case Kind.QUEUE_LEFT:
                self._leave(at, data, data["reason"])
            case Kind.WRAPUP_ENDED:
                served = [stay for stay in stays if stay.agent == data["agent"]]
                if served:
                    served[-1].wrapup_us, served[-1].code = us(data["wrapup_s"]), data["code"]
                elif self.call.callback is not None and self.call.callback.get("agent") == data["agent"]:
                    self.call.callback["code"] = data["code"]

    def _join(self, at: int, data: dict[str, Any]) -> None:
        stay = Stay(data["queue"], at)
        stays = self.call.stays
        if data.get("overflowed_from") and stays:
            home = stays[-1]
            stay.joined_us = max(at - us(data["waited_s"]), home.joined_us)
            home.over_us = stay.joined_us
            stay.offers = [one for one in home.offers if one.through == stay.queue]
            home.offers = [one for one in home.offers if one.through != stay.queue]
            for one in home.promises:  # kept or broken by the agent who helped
                self._judge(one, at, served=True)
        stays.append(stay)

    def _leave(self, at: int, data: dict[str, Any], outcome: str) -> Stay:
        stays = self.call.stays
        if not stays or stays[-1].over_us is not None:
            stays.append(Stay(data["queue"], at))
        stay = stays[-1]
        stay.over_us, stay.outcome, stay.wait_us = at, outcome, us(data["wait_s"])
        return stay

    @staticmethod
    def _judge(one: Promise, at: int, *, served: bool) -> None:
        if not one.outcome:
            one.waited_us = max(at - one.at_us, 0)
            one.outcome = "broken" if one.waited_us > us(one.high_s) else "kept" if served else "open"

    # -- trunks ----------------------------------------------------------------------------------------------------

    def _trunk(self, kind: Kind, leg: str, at: int, data: dict[str, Any]) -> None:
        seizure = self.legs.get(leg)
        if kind is Kind.LEG_STARTED and data.get("trunk") and not data.get("moved"):
            self._seize(leg, data["trunk"], at)
        elif kind is Kind.TRUNK_FAILED and seizure is not None:
            seizure.ended_us, seizure.status = at, data["sip_status"]
            self._seize(leg, data["next_trunk"], at)
        elif kind is Kind.TRUNK_CONTINUED:
            if seizure is not None:
                seizure.ended_us = seizure.ended_us or at
            self._seize(leg, data["trunk"], at)
            self.legs[leg].continued, self.legs[leg].answered_us = True, at
        elif seizure is None:
            return
        elif kind is Kind.LEG_RINGING:
            seizure.rang_us = seizure.rang_us or at
        elif kind is Kind.LEG_ANSWERED:
            seizure.answered_us = seizure.answered_us or at
        elif kind is Kind.LEG_CHARGED:
            seizure.cost += data["cost"]
        elif kind is Kind.LEG_ENDED:
            seizure.ended_us, seizure.status, seizure.mos = at, data["sip_status"], data.get("mos") or None

    def _seize(self, leg: str, trunk: str, at: int) -> None:
        self.legs[leg] = Seizure(trunk, at)
        self.call.seizures.append(self.legs[leg])

    # -- callbacks -------------------------------------------------------------------------------------------------

    def _called_back(self, kind: Kind, leg: str, at: int, data: dict[str, Any]) -> None:
        rung = self.call.rung
        match kind:
            case Kind.CALLBACK_OFFERED:
                rung.append(Alert(data["queue"], data["agent"], at, data["leg"]))
            case Kind.LEG_ANSWERED:
                for one in rung:
                    if one.leg == leg and one.end_us is None:
                        one.end_us, one.outcome = at, "accepted"
            case Kind.CALLBACK_OFFER_ENDED:
                mine = [one for one in rung if one.agent == data["agent"] and one.outcome in ("", "accepted")]
                if mine:
                    mine[-1].end_us, mine[-1].outcome = at, data["reason"]
            case Kind.CALLBACK_ANSWERED | Kind.CALLBACK_BRIDGED | Kind.CALLBACK_SILENT | Kind.CALLBACK_ENDED:
                if self.call.callback is None:
                    self.call.callback = {"outcome": "interrupted", "agent": "", "code": ""}
                self.call.callback |= data | ({"silent": True} if kind is Kind.CALLBACK_SILENT else {})

    # -- talks -----------------------------------------------------------------------------------------------------

    def _bridge(self, kind: Kind, leg: str, at: int, data: dict[str, Any]) -> None:
        other = data["with_leg"] if leg == "a" else leg
        talks = self.call.talks
        running = next((one for one in talks if one.leg == other and one.length_us is None), None)
        if kind is Kind.BRIDGE_ENDED:
            if running is not None:
                told = data.get("talk_s")
                running.length_us = us(told) if told is not None else at - running.at_us
            return
        if running is not None:
            return
        stay = self.call.stays[-1] if self.call.stays else None
        others = any(one.stay is stay and one.leg != other for one in talks)
        if stay is not None and (stay.outcome != "answered" or others):
            stay = None  # to whom the caller is transferred talks on his own account
        talks.append(Talk(other, stay, at))

    def _resume(self, leg: str, at: int) -> None:
        since = self.held.pop(leg, None)
        if since is not None:
            self.call.holds.append((since, at))

    def _close(self) -> None:
        """Who nobody said to have left was there until the end."""
        call = self.call
        if not self.over:
            call.end_us, call.ended_by, call.cause = self.last_us, "pbx", "interrupted"
        for leg in tuple(self.held):
            self._resume(leg, call.end_us)
        for stay in call.stays:
            if stay.over_us is None:
                stay.over_us, stay.wait_us = call.end_us, max(call.end_us - stay.joined_us, 0)
                stay.outcome = "abandoned" if call.ended_by == "caller" else call.cause
            for promise in stay.promises:
                self._judge(promise, stay.over_us, served=stay.outcome == "answered")
        for alert in (*(one for stay in call.stays for one in stay.offers), *call.rung):
            if alert.end_us is None:
                alert.end_us, alert.outcome = max(call.end_us, alert.at_us), alert.outcome or "lost"
        for talk in call.talks:
            talk.length_us = max(call.end_us - talk.at_us, 0) if talk.length_us is None else talk.length_us
            if talk.stay is not None:
                held = self._held(talk)
                talk.stay.hold_us += held
                talk.stay.talk_us += max(talk.length_us - held, 0)
        for seizure in call.seizures:
            seizure.ended_us = call.end_us if seizure.ended_us is None else seizure.ended_us

    def _held(self, talk: Talk) -> int:
        """Of the talk: the time in which any of the legs held."""
        assert talk.length_us is not None
        total, reached, over = 0, talk.at_us, talk.at_us + talk.length_us
        for since, until in sorted(self.call.holds):
            total += max(min(until, over) - max(since, reached), 0)
            reached = max(reached, min(until, over))
        return total


def spells(changes: Iterable[AgentStateChanged]) -> tuple[list[tuple[str, str, int, int]], dict[str, tuple[str, int]]]:
    """(agent, state, from, to) of what is over, and the present state of each agent with its beginning."""
    over, present = [], {}
    for one in changes:
        until = us(one.since)
        if one.previous and one.previous_s > 0:
            over.append((one.agent, one.previous, until - us(one.previous_s), until))
        present[one.agent] = one.state, until
    return over, present
