"""Random journeys as the PBX tells them: what may happen to calls, however seldom, happens here all the time."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, field

from pbx.contact.item import ContactItem, End, ItemKind, ItemState
from pbx.events import AgentStateChanged, CallEvent, Kind
from tests.support.journeys import Journey

# Of one person each row; the last two end in the same nine digits and are not the same.
PEOPLE = (
    ("+48600000001", "0048600000001", "48600000001", "600000001"),
    ("+48600000002", "600000002"),
    ("+48221234567",),
    ("+74951234567", "0074951234567"),
    ("+73951234567",),
    ("anonymous",),
    ("",),
)
QUEUES = ("sales", "support", "odd")
AGENTS = ("101", "102", "103", "104")
LIMITS = {"sales": (20.0, 5.0), "support": (30.0, 5.0), "odd": (17.3, 4.1)}  # the last: no boundary of the sums
DAY_S = 86_400.0


@dataclass
class World:
    """What happened. `calls` hold each call's events in order."""

    calls: list[list[CallEvent]] = field(default_factory=list)
    states: list[AgentStateChanged] = field(default_factory=list)
    contacts: list[ContactItem] = field(default_factory=list)


class Story(Journey):
    """A call that is being made up; instants are whole milliseconds."""

    def __init__(self, rng: random.Random, number: int, start: float) -> None:
        super().__init__(number, round(start, 3))
        self.rng = rng
        self.legs = 0

    def after(self, least: float, most: float) -> Story:
        self.now = round(self.now + self.rng.uniform(least, most), 3)
        return self

    def leg(self) -> str:
        self.legs += 1
        return f"b{self.legs}"

    # -- a queue ---------------------------------------------------------------------------------------------------

    def visit(self, queue: str, *, again: bool = True) -> None:
        """Joins, is told, is offered, and leaves in some way."""
        joined = self.now
        self.add(Kind.QUEUE_JOINED, queue=queue, position=self.rng.randrange(1, 9))
        for _ in range(self.rng.randrange(3)):
            self.after(0, 8)
            high = self.rng.choice((0, 10, 30, 60))
            told = {"low_s": high // 2, "high_s": high, "quantile": 0.8} if high else {"why": "data"}
            self.add(Kind.QUEUE_ANNOUNCED, queue=queue, position=1, **told)
        for _ in range(self.rng.choice((0, 0, 1, 1, 2))):
            self.vain(queue)
        end = self.rng.choice(("answered", "answered", "ring_all", "abandoned", "abandoned", "left", "guest", "open"))
        if self.rng.random() < 0.3:
            self.now = (
                round(joined + self.rng.choice((0.0, 4.1, 5.0, 17.3, 20.0, 20.001, 30.0)), 3)
                if self.now <= joined + 4
                else self.now
            )
        if end in ("answered", "ring_all"):
            self.answered(queue, joined, others=self.rng.randrange(1, 3) if end == "ring_all" else 0)
            if again and self.rng.random() < 0.2:
                self.visit(self.rng.choice(QUEUES), again=False)
        elif end == "abandoned":
            self.after(0, 40)
            self.add(Kind.QUEUE_ABANDONED, queue=queue, wait_s=round(self.now - joined, 3), position=1)
        elif end == "left":
            reasons = ("timeout", "full", "no_agents", "key", "callback", "voicemail", "partner")
            self.after(0, 90).add(
                Kind.QUEUE_LEFT, queue=queue, wait_s=round(self.now - joined, 3), reason=self.rng.choice(reasons)
            )
            if again:
                self.visit(self.rng.choice(QUEUES), again=False)
        elif end == "guest":
            self.guest(queue, joined)
        else:  # nobody says how it ended
            self.after(1, 30)

    def vain(self, queue: str, through: str = "") -> None:
        """An agent who does not take the caller."""
        leg, agent = self.leg(), self.rng.choice(AGENTS)
        more = {"through": through} if through else {}
        self.after(0, 5).add(Kind.QUEUE_OFFERED, queue=queue, agent=agent, leg=leg, **more)
        reason = self.rng.choice(("no_answer", "busy", "rejected", "unreachable", "lost"))
        self.after(0.5, 8).add(Kind.QUEUE_OFFER_ENDED, queue=queue, agent=agent, leg=leg, reason=reason)

    def answered(self, queue: str, joined: float, *, others: int = 0, through: str = "", joins: bool = False) -> None:
        chosen = self.rng.sample(AGENTS, 1 + others)
        legs = [self.leg() for _ in chosen]
        more = {"through": through} if through else {}
        self.after(0, 9)
        for agent, leg in zip(chosen, legs, strict=True):
            self.add(Kind.QUEUE_OFFERED, queue=queue, agent=agent, leg=leg, **more)
        self.after(1, 9)
        for agent, leg in zip(chosen[1:], legs[1:], strict=True):
            self.add(Kind.QUEUE_OFFER_ENDED, queue=queue, agent=agent, leg=leg, reason="lost")
        agent, leg, waited = chosen[0], legs[0], round(self.now - joined, 3)
        if joins:
            there = round(min(waited, 3.0), 3)
            self.add(Kind.QUEUE_LEFT, queue=queue, wait_s=round(waited - there, 3), reason="overflow", to=through)
            self.add(Kind.QUEUE_JOINED, queue=through, position=1, overflowed_from=queue, waited_s=there)
            queue, waited = through, there
        self.add(Kind.QUEUE_ANSWERED, queue=queue, agent=agent, wait_s=waited)
        self.talk(leg, queue=queue, agent=agent)

    def guest(self, queue: str, joined: float) -> None:
        """An agent of another queue helps."""
        other = self.rng.choice([one for one in QUEUES if one != queue])
        self.after(0, 20).add(Kind.QUEUE_OVERFLOWED, queue=queue, to=other, wait_s=round(self.now - joined, 3))
        if self.rng.random() < 0.5:
            self.vain(queue, other)
        self.after(3, 9)
        self.answered(queue, joined, through=other, joins=True)

    # -- a talk ----------------------------------------------------------------------------------------------------

    def talk(self, leg: str, *, queue: str = "", agent: str = "") -> None:
        """With holds, a conference, or a transfer; and the wrap-up after it, or long after the call."""
        rng = self.rng
        self.add(Kind.BRIDGE_STARTED, with_leg=leg)
        began = self.now
        self.after(0.5, rng.choice((5, 60, 400, 2000)))
        holding, since = "", began
        for _ in range(rng.choice((0, 0, 0, 1, 2))):
            holding = rng.choice((leg, "a"))
            since = self.now
            self.add(Kind.HOLD_STARTED, holding)
            if rng.random() < 0.2:  # the other one as well
                other = "a" if holding == leg else leg
                began_too = self.after(1, 5).now
                self.add(Kind.HOLD_STARTED, other).after(1, 5)
                self.add(Kind.HOLD_ENDED, other, hold_s=round(self.now - began_too, 3))
            self.after(1, 60)
            if rng.random() < 0.3:
                break
            self.add(Kind.HOLD_ENDED, holding, hold_s=round(self.now - since, 3))
            holding = ""
            self.after(0, 20)
        if rng.random() < 0.1:
            self.add(Kind.ROOM_JOINED, room="board", participants=3, moderator=False)
        if not holding and rng.random() < 0.1:
            self.handed_over(leg, began)
        elif holding == leg and rng.random() < 0.5:  # who holds hangs up: his leg ends before the bridge does
            self.add(Kind.HOLD_ENDED, leg, hold_s=round(self.now - since, 3))
            self.add(Kind.LEG_ENDED, leg, sip_status=200, cause="normal")
            self.add(Kind.BRIDGE_ENDED, with_leg=leg, talk_s=round(self.now - began, 3))
        else:
            self.parted(leg, began)
            if holding:
                self.add(Kind.HOLD_ENDED, holding, hold_s=round(self.now - since, 3))
        if agent:
            self.wrap_up(queue, agent)

    def parted(self, leg: str, began: float) -> None:
        """Told by one end or by both."""
        talk_s = round(self.now - began, 3)
        self.add(Kind.BRIDGE_ENDED, with_leg=leg, talk_s=talk_s)
        if self.rng.random() < 0.2:
            self.add(Kind.BRIDGE_ENDED, leg, with_leg="a", talk_s=talk_s)

    def handed_over(self, leg: str, began: float) -> None:
        """A transfer: to whom he comes talks on his own account."""
        self.parted(leg, began)
        other = self.leg()
        self.add(Kind.LEG_STARTED, other, role="callee", target="900", trunk="").after(1, 5)
        self.add(Kind.BRIDGE_STARTED, with_leg=other)
        since = self.now
        self.after(5, 90)
        self.parted(other, since)

    def wrap_up(self, queue: str, agent: str) -> None:
        if self.rng.random() < 0.7:
            wrapup_s = round(self.rng.uniform(0.5, 200), 3)
            self.late.append(
                (round(self.now + wrapup_s, 3), {"queue": queue, "agent": agent, "code": "order", "wrapup_s": wrapup_s})
            )

    late: list[tuple[float, dict[str, object]]]

    # -- the end ---------------------------------------------------------------------------------------------------

    def over(self, by: str, *, killed: bool = False, status: int = 200) -> list[CallEvent]:
        """With what is told after it; a process that was killed tells no more."""
        if killed:
            return self.events[: self.rng.randrange(2, len(self.events) + 1)]
        self.add(Kind.LEG_ENDED, sip_status=200, cause="normal", mos=self.rng.choice((0, 4.1)))
        self.end(by=by, status=status)
        for at, told in self.late:
            self.now = max(self.now, at)
            self.add(Kind.WRAPUP_ENDED, note="", **told)
        return self.events


def inbound(rng: random.Random, number: int, start: float) -> list[CallEvent]:
    story = Story(rng, number, start)
    story.late = []
    story.begin(caller=rng.choice(rng.choice(PEOPLE)))
    test = rng.random() < 0.1
    if test and rng.random() < 0.7:
        story.add(Kind.TEST_CALL, test="hotline", far="")
    story.after(0, 1).add(Kind.CALL_ANSWERED)
    story.after(0, 20).visit(rng.choice(QUEUES))
    if test:
        story.add(Kind.TEST_CALL, test="hotline", far="")
    return story.over(rng.choice(("caller", "caller", "pbx")), killed=rng.random() < 0.08)


def seized(rng: random.Random, number: int, start: float) -> list[CallEvent]:
    """A call out by a trunk, which may fail over, and be transferred."""
    story = Story(rng, number, start)
    story.late = []
    person = rng.choice(PEOPLE[:5])
    story.begin("trunk", direction="outbound", caller=rng.choice(AGENTS), callee=rng.choice(person), trunk="", did="")
    leg = story.leg()
    story.add(Kind.LEG_STARTED, leg, role="callee", target="x", trunk="first")
    if rng.random() < 0.3:
        story.after(0, 3).add(Kind.TRUNK_FAILED, leg, trunk="first", sip_status=503, q850=38, next_trunk="second")
    if rng.random() < 0.7:
        story.after(0.2, 6).add(Kind.LEG_RINGING, leg)
    status = rng.choice((200, 200, 486, 600, 403, 480, 408, 487, 503, 404, 603))
    story.after(0.1, 20)
    if status == 200:
        story.add(Kind.LEG_ANSWERED, leg).add(Kind.CALL_ANSWERED)
        story.talk(leg)
        if rng.random() < 0.3:
            moved = story.leg()
            story.add(Kind.LEG_STARTED, moved, role="callee", target="x", trunk="first", moved=True)
            story.add(Kind.TRUNK_CONTINUED, moved, trunk="first", target="x").after(1, 50)
            story.add(Kind.LEG_ENDED, moved, sip_status=200, cause="normal", mos=3.9)
        story.add(Kind.LEG_CHARGED, leg, trunk="first", cost=round(rng.random(), 4), currency="PLN", seconds=60)
    if rng.random() < 0.9:
        story.add(Kind.LEG_ENDED, leg, sip_status=status, cause="x", mos=rng.choice((0, 4.2, 3.1)))
    return story.over("callee", killed=rng.random() < 0.05, status=status)


def called_back(rng: random.Random, number: int, start: float, contact: ContactItem) -> list[CallEvent]:
    """An attempt to reach whom a contact stands for."""
    story = Story(rng, number, start)
    story.late = []
    given = {"direction": "outbound", "caller": "", "callee": contact.number, "trunk": "", "did": ""}
    story.begin("callback", contact=contact.id, **given)
    told = {"contact": contact.id, "queue": contact.queue}
    agent = ""
    for _ in range(rng.choice((1, 1, 2))):
        agent, leg = rng.choice(AGENTS), story.leg()
        story.after(0, 2).add(Kind.CALLBACK_OFFERED, agent=agent, leg=leg, **told).after(1, 9)
        if rng.random() < 0.3:
            story.add(Kind.CALLBACK_OFFER_ENDED, agent=agent, reason=rng.choice(("no_answer", "lost")), **told)
            agent = ""
        else:
            story.add(Kind.LEG_ANSWERED, leg)
            break
    out = story.leg()
    story.add(Kind.LEG_STARTED, out, role="callee", target=contact.number, trunk="first").after(1, 20)
    outcome = rng.choice(("reached", "reached", "no_answer", "hung_up")) if agent else "agent_left"
    attempt = {"mode": "agent_first", "attempt": 1}
    if outcome in ("reached", "hung_up"):
        story.add(Kind.LEG_ANSWERED, out)
        story.add(Kind.CALLBACK_ANSWERED, out, reach_s=round(story.now - story.start, 3), **told).after(0, 3)
    if outcome == "hung_up":
        story.add(Kind.CALLBACK_SILENT, hold_s=2.0, **told)
    if outcome == "reached":
        speed_s = round(max(story.now - max(contact.created, contact.not_before), 0), 3)
        spoken = {"speed_s": speed_s, "age_s": speed_s, "hold_s": 1.0}
        story.add(Kind.CALLBACK_BRIDGED, agent=agent, **attempt, **spoken, **told)
        story.talk(out, queue=contact.queue, agent=agent)
    story.add(Kind.LEG_ENDED, out, sip_status=200 if outcome == "reached" else 480, cause="x", mos=0)
    story.add(Kind.CALLBACK_ENDED, outcome=outcome, **attempt, **told)
    return story.over("callee", killed=rng.random() < 0.05)


# -- contacts and agents -----------------------------------------------------------------------------------------------


def contacts(rng: random.Random, first: float, span_s: float, count: int) -> list[ContactItem]:
    found: list[ContactItem] = []
    for number in range(1, count + 1):
        created = round(first + rng.random() * span_s, 3)
        kind = rng.choice((ItemKind.CALLBACK, ItemKind.WIDGET, ItemKind.ABANDONED, ItemKind.MISSED, ItemKind.LEAD))
        end = rng.choice(
            ("", End.REACHED, End.CUSTOMER_CAME_BACK, End.UNREACHABLE, End.NOT_A_CUSTOMER, End.MERGED, End.REFUSED)
        )
        into = rng.choice(found).id if end == End.MERGED and found else ""
        number_of = rng.choice(PEOPLE)[0].replace("anonymous", "")
        item = ContactItem(
            id=f"{10**6 + number:032x}",
            kind=kind,
            queue=rng.choice(QUEUES),
            number=number_of,
            since=created,
            created=created,
        )
        item.key, item.automatic = item.id, rng.random() < 0.5
        item.end, item.merged_into = ("" if end == End.MERGED and not into else end), into
        item.state = ItemState.CLOSED  # the one open item of a number is not the matter here
        item.promise = created + rng.choice((30, 600, 7200)) if rng.random() < 0.5 else 0.0
        if rng.random() < 0.3:
            item.not_before = created + 1800
            item.source = {"slot": str(item.not_before)}
        found.append(item)
    return found


def shifts(rng: random.Random, first: float, span_s: float) -> list[AgentStateChanged]:
    """What each agent was in, one after the other, over nights and where the clocks change; the last one lasts."""
    changes: list[AgentStateChanged] = []
    states = (
        "available",
        "ringing",
        "talking",
        "hold",
        "wrapup",
        "break",
        "offline",
        "outbound",
        "unreachable",
        "strange",
    )
    for agent in AGENTS:
        now, state = round(first + rng.random() * 3600, 3), "offline"
        before = now
        while now < first + span_s:
            after = rng.choice([one for one in states if one != state])
            changes.append(AgentStateChanged(agent, after, state, now, round(now - before, 3)))
            before, state = now, after
            now = round(now + rng.choice((rng.uniform(0.001, 30), rng.uniform(30, 2000), rng.uniform(2000, 30_000))), 3)
    return sorted(changes, key=lambda one: one.since)


def make(seed: int, calls: int, starts: Sequence[float], span_s: float) -> World:
    """A world; calls begin in the span after the first of `starts`, many of them close to one of those."""
    rng = random.Random(seed)
    world = World(contacts=contacts(rng, starts[0], span_s, max(calls // 4, 3)), states=shifts(rng, starts[0], span_s))
    for number in range(1, calls + 1):
        start = round(rng.choice((starts[0] + rng.random() * span_s, rng.choice(starts) + rng.uniform(-200, 30))), 3)
        kind = rng.random()
        if kind < 0.65:
            world.calls.append(inbound(rng, number, start))
        elif kind < 0.85:
            world.calls.append(seized(rng, number, start))
        else:
            contact = rng.choice(world.contacts)
            begin = round(contact.created + rng.uniform(1, 4000), 3)
            world.calls.append(called_back(rng, number, begin, contact))
    return world
