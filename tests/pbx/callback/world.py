"""A company that calls back: agents with phones, customers behind a carrier, in virtual time."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from pbx.call.fakes import FakeSession
from pbx.call.keeping import MemoryKeeper
from pbx.call.testing import CallHarness, FakeCaller, FakePhone
from pbx.callback.service import CallbackRow, Callbacks
from pbx.config import Config
from pbx.contact.callback_request import CallbackRequest
from pbx.contact.item import ContactItem
from pbx.contact.keeping import MemoryContacts
from pbx.contact.service import Contacts
from pbx.events import CallEvent, Kind
from pbx.queue.service import QueueService

CARRIER = ("10.9.8.7", 5060)
JAN, EWA = "+48600100200", "+48600100300"
QUIET = {"announce_position": False, "announce_wait": False, "record": False, "wrapup_s": 0.0, "ring_timeout_s": 5.0}


@dataclass(slots=True)
class Customer(FakePhone):
    """A phone behind the carrier. `presses` come one after the other, so long after the answer."""

    presses: str = ""
    press_after_s: float = 1.0
    media: Any = None


@dataclass(slots=True)
class Carrier:
    """The trunk's far end: gives each INVITE to the customer whose number it names."""

    customers: dict[str, Customer] = field(default_factory=dict)
    calls: list[tuple[float, str]] = field(default_factory=list)  # (loop's seconds, number)
    overlaps: list[str] = field(default_factory=list)  # numbers that were called while a call to them ran
    sessions: dict[str, list[FakeSession]] = field(default_factory=dict)
    refuse: int = 0
    invites: list[dict[str, Any]] = field(default_factory=list)

    def invited(self, session: FakeSession, invite: dict[str, Any]) -> None:
        number = str(invite["uri"]).partition(":")[2].partition("@")[0]
        loop = asyncio.get_running_loop()
        self.invites.append(invite)
        if self.refuse:
            loop.call_later(0.05, self._refuse, session)
            return
        self.calls.append((loop.time(), number))
        if any(other.state != "terminated" for other in self.sessions.get(number, ())):
            self.overlaps.append(number)
        self.sessions.setdefault(number, []).append(session)
        customer = self.customers.setdefault(number, Customer(number))
        customer.invited(session, invite)

    def _refuse(self, session: FakeSession) -> None:
        if session.state == "early":
            session.state = "terminated"
            session.observer.on_failure(session, self.refuse, "", None)

    def times(self, number: str) -> list[float]:
        return [at for at, called in self.calls if called == number]


class World:
    """One queue "sales" unless queues are given; `store` and `keeper` of another world make it a restart."""

    def __init__(
        self,
        agents: Mapping[str, Mapping[str, Any]] | None = None,
        *,
        callback: Mapping[str, Any] | None = None,
        queue: Mapping[str, Any] | None = None,
        queues: list[dict[str, Any]] | None = None,
        store: MemoryContacts | None = None,
        keeper: MemoryKeeper | None = None,
        lines: Mapping[str, Mapping[str, Any]] | None = None,
        **config: Any,
    ) -> None:
        agents = {"201": {}} if agents is None else agents
        queues = queues or [{"name": "sales", **(queue or {})}]
        tables: dict[str, Any] = {
            "server": {"timezone": "Europe/Warsaw"},
            "numbering": {"country": "PL"},
            "contacts": {"reached_talk_s": 5.0},
            "agent": [
                {"extension": name, "initial_state": "available", **(lines or {}).get(name, {})} for name in agents
            ],
            "queue": [{**QUIET, "agents": list(agents), **each} for each in queues],
            "trunk": [{"name": "carrier", "host": CARRIER[0], "peers": [CARRIER[0]], "caller_id": "+48221112233"}],
            "route": [{"match": "+", "trunk": "carrier"}],
            "callback": {"enabled": True, "holidays": False, **(callback or {})},
        }
        self.harness = CallHarness(Config.model_validate({**tables, **config}), extensions=tuple(agents))
        self.carrier = Carrier()
        self.harness.agent.phones[CARRIER] = self.carrier  # type: ignore[assignment]
        self.phones: dict[str, FakePhone] = {
            name: self.harness.phone(name, **{"answer_after_s": 2.0, "talk_s": None, **behaviour})
            for name, behaviour in agents.items()
        }
        services = self.services = self.harness.services
        for name in agents:  # for months: time runs fast here
            lasting = [replace(each, expires_at=each.expires_at + 1e7) for each in services.registrar.bindings(name)]
            services.registrar.replace(name, lasting)
        self.queues = QueueService(services)
        services.applications.register("queue", self.queues.application)
        self.store = store if store is not None else MemoryContacts()
        self.keeper = keeper if keeper is not None else MemoryKeeper()
        self.contacts = Contacts(services, self.store)
        self.callbacks = Callbacks(services, self.keeper)
        self.book = self.contacts.book

    async def start(self) -> World:
        await self.contacts.start()
        self.queues.start()
        self.callbacks.start()
        await asyncio.sleep(0)
        return self

    # -- doing -----------------------------------------------------------------------------------------------------

    async def ask(self, number: str = JAN, queue: str = "sales", **more: Any) -> CallbackRow:
        row, _ = await self.callbacks.request(CallbackRequest(number=number, queue=queue, **more))
        return row

    def customer(self, number: str = JAN, **behaviour: Any) -> Customer:
        """How the customer's phone behaves: it answers after 3 s and talks for 20 unless told otherwise."""
        customer = Customer(number, **{"answer_after_s": 3.0, "talk_s": 20.0, **behaviour})
        self.carrier.customers[number] = customer
        return customer

    def press(self, digits: str, number: str = JAN) -> None:
        """The customer of the latest call to `number` presses keys."""
        session = self.carrier.sessions[number][-1]
        session.observer.media.on_digit(digits, "rfc4733")

    def call(self, number: str = JAN, queue: str = "sales", **setup: Any) -> FakeCaller:
        return self.harness.call(f"queue:{queue}", caller=number, direction="inbound", **setup)

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)

    # -- looking ---------------------------------------------------------------------------------------------------

    async def item(self, row: CallbackRow) -> ContactItem:
        found = await self.book.get(row.id)
        assert found is not None
        return found

    def events(self, kind: Kind) -> list[dict[str, Any]]:
        return [event.data for event in self.harness.events if isinstance(event, CallEvent) and event.kind is kind]

    def state(self, extension: str) -> str:
        return self.queues.agent(extension).state.value

    def outcomes(self, item: ContactItem) -> list[str]:
        return [attempt.outcome for attempt in item.attempts]

    async def close(self, *, crash: bool = False) -> None:
        """Ends everything; nothing of ours may be left: no call, reserved agent, place in the order or timer."""
        self.callbacks.pause()
        for call in tuple(self.services.running.calls.values()):
            call.terminate()
        await self.services.running.idle()
        await self.harness.close()
        await self.callbacks.stop()
        await self.contacts.stop()
        for agent in self.queues.roster.agents.values():
            assert agent.state.value not in ("reserved", "ringing", "talking", "hold"), (agent.extension, agent.state)
        for queue in self.queues.queues.values():
            assert self.queues.dispatcher.waiting(queue.config.name) == 0
        assert not self.carrier.overlaps, f"called twice at once: {self.carrier.overlaps}"
        assert not any(self.callbacks.dialer.launched.values())
        assert not self.callbacks.desk.lines
        self.queues.stop()
