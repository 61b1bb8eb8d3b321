"""Where the live stream's rows come from: each topic asks its layer, and knows which events may have changed what."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from pbx.app.call_rows import call_row
from pbx.contact.item import ContactItem
from pbx.contact.journal import ContactChanged
from pbx.contact.rows import row as contact_row
from pbx.events import AgentBreakExceeded, AgentStateChanged, Alarm, CallEvent, Kind, RegistrationChanged
from pbx.live.topics import Row, Topic
from pbx.queue.views import snapshot_of

if TYPE_CHECKING:
    from pbx.app.pbx import Pbx

Mark = Callable[[str], None]
OF_CALLS = frozenset(
    {Kind.CALL_STARTED, Kind.CALL_ROUTED, Kind.CALL_ANSWERED, Kind.CALL_ENDED, Kind.CALL_TAGGED, Kind.CALL_ATTRIBUTED}
    | {Kind.LEG_STARTED, Kind.LEG_ANSWERED, Kind.LEG_ENDED, Kind.LEG_REPLACED, Kind.BRIDGE_STARTED, Kind.BRIDGE_ENDED}
    | {Kind.HOLD_STARTED, Kind.HOLD_ENDED, Kind.PARKED, Kind.PARK_RETRIEVED, Kind.TRANSFER_COMPLETED}
    | {Kind.QUEUE_JOINED, Kind.QUEUE_ANSWERED, Kind.QUEUE_ABANDONED, Kind.QUEUE_LEFT}
    | {Kind.RECORDING_STARTED, Kind.RECORDING_ENDED, Kind.RECORDING_PAUSED, Kind.RECORDING_RESUMED}
)
OF_QUEUES = frozenset(
    {Kind.QUEUE_JOINED, Kind.QUEUE_ANSWERED, Kind.QUEUE_ABANDONED, Kind.QUEUE_LEFT, Kind.QUEUE_OVERFLOWED}
)
OF_TRUNKS = frozenset({Kind.CALL_STARTED, Kind.CALL_ENDED, Kind.LEG_STARTED, Kind.LEG_ENDED, Kind.TRUNK_FAILED})


class _Source:
    """Subscribes while somebody watches."""

    def __init__(self, app: Pbx) -> None:
        self.app = app
        self._unsubscribe: list[Callable[[], None]] = []

    def listen(self, event: type, handler: Callable[[Any], None], kinds: frozenset[Kind] | None = None) -> None:
        self._unsubscribe.append(self.app.bus.subscribe(event, handler, kinds))

    def end(self) -> None:
        """Nobody watches any more."""
        for unsubscribe in self._unsubscribe:
            unsubscribe()
        self._unsubscribe = []


class CallRows(_Source):
    topic = Topic.CALLS

    def __init__(self, app: Pbx) -> None:
        super().__init__(app)
        self._over: set[str] = set()  # ended, and perhaps still there for a moment
        self._offset = 0.0

    def begin(self, mark: Mark) -> None:
        self._offset = unix_offset(self.app)

        def marked(event: CallEvent) -> None:
            mark(event.call_id)

        def ended(event: CallEvent) -> None:
            self._over.add(event.call_id)
            mark(event.call_id)

        self.listen(CallEvent, marked, OF_CALLS)
        self.listen(CallEvent, ended, frozenset({Kind.CALL_ENDED}))

    def end(self) -> None:
        super().end()
        self._over.clear()

    def rows(self) -> Mapping[str, Row]:
        found = {name: self.row(name) for name in self.app.calls.calls}
        return {name: row for name, row in found.items() if row is not None}

    def row(self, name: str) -> Row | None:
        call = self.app.calls.calls.get(name)
        if call is None or name in self._over:
            self._over.discard(name) if call is None else None
            return None
        value = call_row(call, 0.0)
        del value["age_s"]
        value["answered"] = round(call.answered_at + self._offset, 3) if call.answered else None
        value["started"] = round(call.started_at, 3)
        queue = self.app.queues.queues.get(call.queue)
        stay = queue.waiting.get(call.id) if queue is not None else None
        value["waiting_since"] = round(stay.joined + self._offset, 3) if stay is not None else None
        return Row(value, call.queue, frozenset(value["extensions"]))


class QueueRows(_Source):
    topic = Topic.QUEUES

    def __init__(self, app: Pbx) -> None:
        super().__init__(app)
        self._offset = 0.0

    def begin(self, mark: Mark) -> None:
        self._offset = unix_offset(self.app)

        def stepped(event: CallEvent) -> None:
            mark(str(event.data.get("queue", "")))

        def moved(event: AgentStateChanged) -> None:
            for queue in self.app.queues.queues.values():
                if any(agent.extension == event.agent for agent in queue.agents):
                    mark(queue.name)

        self.listen(CallEvent, stepped, OF_QUEUES)
        self.listen(AgentStateChanged, moved)

    def rows(self) -> Mapping[str, Row]:
        return {name: row for name in self.app.queues.queues if (row := self.row(name)) is not None}

    def row(self, name: str) -> Row | None:
        queue = self.app.queues.queues.get(name)
        if queue is None:
            return None
        agents: dict[str, int] = {}
        for agent in queue.agents:
            agents[agent.state.value] = agents.get(agent.state.value, 0) + 1
        joined = min((stay.joined for stay in queue.waiting.values()), default=None)
        value = {
            "name": name,
            "waiting": len(queue.waiting),
            "oldest": round(joined + self._offset, 3) if joined is not None else None,
            "talking": queue.talking,
            "agents": agents,
            "offered": queue.offered,
            "answered": queue.answered,
            "answered_in_time": queue.answered_in_time,
            "abandoned": queue.abandoned,
        }
        return Row(value, name)


class AgentRows(_Source):
    topic = Topic.AGENTS

    def begin(self, mark: Mark) -> None:
        def marked(event: AgentStateChanged | AgentBreakExceeded) -> None:
            mark(event.agent)

        def noted(event: CallEvent) -> None:
            mark(str(event.data.get("agent", "")))

        def registered(event: RegistrationChanged) -> None:
            mark(event.extension)

        self.listen(AgentStateChanged, marked)
        self.listen(AgentBreakExceeded, marked)
        self.listen(RegistrationChanged, registered)
        self.listen(CallEvent, noted, frozenset({Kind.WRAPUP_NOTED, Kind.WRAPUP_ENDED, Kind.QUEUE_OFFER_ENDED}))

    def rows(self) -> Mapping[str, Row]:
        return {name: row for name in self.app.queues.roster.agents if (row := self.row(name)) is not None}

    def row(self, name: str) -> Row | None:
        agent = self.app.queues.roster.agents.get(name)
        if agent is None:
            return None
        shown = snapshot_of(self.app.queues, agent)
        left_s, now = shown.wrapup_left_s, self.app.clock.unix()
        value = {
            "extension": name,
            "name": shown.name,
            "state": shown.state,
            "since": round(agent.since_unix, 3),
            "reason": shown.reason,
            "break_limit_s": shown.break_limit_s or None,
            "next_state": shown.next_state,
            "queues": shown.queues,
            "call_id": shown.call_id,
            "wrapup_until": round(now + left_s, 1) if left_s else None,
            "missed_offers": shown.missed_offers,
            "calls": shown.calls,
            "teams": shown.teams,
        }
        return Row(value, extensions=frozenset({name}))


class ContactRows(_Source):
    topic = Topic.CONTACTS

    def begin(self, mark: Mark) -> None:
        def changed(event: ContactChanged) -> None:
            mark(event.item.id)

        self.listen(ContactChanged, changed)

    def rows(self) -> Mapping[str, Row]:
        return {item.id: _contact(item) for item in self.app.contacts.book.open_items()}

    def row(self, name: str) -> Row | None:
        item = self.app.contacts.book.peek(name)
        return _contact(item) if item is not None and item.is_open else None


class AlarmRows(_Source):
    topic = Topic.ALARMS

    def begin(self, mark: Mark) -> None:
        def changed(event: Alarm) -> None:
            mark(event.name)

        self.listen(Alarm, changed)

    def rows(self) -> Mapping[str, Row]:
        return {alarm["name"]: Row(alarm) for alarm in self.app.alarms.active()}

    def row(self, name: str) -> Row | None:
        return next((Row(alarm) for alarm in self.app.alarms.active() if alarm["name"] == name), None)


class TrunkRows(_Source):
    topic = Topic.TRUNKS

    def begin(self, mark: Mark) -> None:
        def used(event: CallEvent) -> None:
            if event.kind is Kind.CALL_ENDED or event.data.get("trunk"):
                every()

        def every(_event: object = None) -> None:
            for trunk in self.app.calls.services.trunks:
                mark(trunk.name)

        self.listen(CallEvent, used, OF_TRUNKS)
        self.listen(Alarm, every)  # that one is down, or not registered

    def rows(self) -> Mapping[str, Row]:
        found = {}
        for now in self.app.calls.services.carriers.now():
            value = {"name": now.name, "health": now.health, "registered": now.registered}
            value |= {"registration": now.registration, "calls": now.calls, "max_calls": now.max_calls or None}
            found[now.name] = Row(value)
        return found

    def row(self, name: str) -> Row | None:
        return self.rows().get(name)


def unix_offset(app: Pbx) -> float:
    """From the loop's seconds to UTC seconds; taken once, so that an instant is always the same number."""
    return app.clock.unix() - asyncio.get_running_loop().time()


def _contact(item: ContactItem) -> Row:
    value = contact_row(item, item.since)
    for name in ("age_s", "overdue", "key", "source"):
        del value[name]
    return Row(value, item.queue, frozenset({item.owner.removeprefix("agent:")} if item.owner else ()))
