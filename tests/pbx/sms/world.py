"""Short messages with a real outbox and a store in memory, on a clock of the test's choice."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

from pbx.call.keeping import MemoryKeeper
from pbx.clock import Clock, SystemClock
from pbx.config import Config
from pbx.configfile.change import Followers
from pbx.contact.messaging import SmsRequest, SmsTicket
from pbx.events import Alarm, CallEvent, EventBus
from pbx.sms.message import Message
from pbx.sms.ports import MemoryMessages
from pbx.sms.service import SmsService

NUMBER = "+48600100200"
NOON = 1_790_000_000.0  # 2026-09-21 14:13 UTC, a Monday


class FailingStore(MemoryMessages):
    """Takes a turn of the loop for each write, and refuses the next `failing` of them."""

    def __init__(self) -> None:
        super().__init__()
        self.failing = 0

    async def write(self, message: Message, *, new: bool = False) -> Message | None:
        draft = message.draft()
        await asyncio.sleep(0)
        if self.failing:
            self.failing -= 1
            raise RuntimeError("the disk is full")
        return await super().write(draft, new=new)


class World:
    """One process; `restart` gives the next one with the same store."""

    def __init__(
        self,
        sms: dict[str, Any],
        *,
        clock: Clock | None = None,
        store: FailingStore | None = None,
        keeper: MemoryKeeper | None = None,
        **config: Any,
    ) -> None:
        self.settings = {"enabled": True, "hours": "always", "retry_s": 0.05, **sms}
        always = {day: ["00:00-24:00"] for day in ("mon", "tue", "wed", "thu", "fri", "sat", "sun")}
        given = {"numbering": {"country": "PL"}, "hours": [{"name": "always", **always}], **config}
        self.config = Config.model_validate({**given, "sms": self.settings})
        self.clock = clock or SystemClock()
        self.store = store or FailingStore()
        self.keeper = keeper or MemoryKeeper()
        self.bus = EventBus(on_error=self._failed)
        self.events: list[CallEvent] = []
        self.alarms: list[Alarm] = []
        self.opened: list[Any] = []
        self.bus.subscribe(CallEvent, self.events.append)
        self.bus.subscribe(Alarm, self.alarms.append)
        self.calls: dict[str, Any] = {}
        services = SimpleNamespace(
            config=self.config,
            bus=self.bus,
            clock=self.clock,
            keeper=self.keeper,
            extra={},
            contacts=SimpleNamespace(open=self._open),
            running=SimpleNamespace(calls=self.calls),
            followers=Followers(),
        )
        self.service = SmsService(services, self.store)  # type: ignore[arg-type]
        self.given = config

    def _failed(self, event: object, error: BaseException) -> None:
        raise error

    async def _open(self, request: Any) -> tuple[Any, bool]:
        self.opened.append(request)
        return SimpleNamespace(id=f"contact-{len(self.opened)}"), True

    async def __aenter__(self) -> World:
        await self.service.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.service.stop()

    def killed(self) -> World:
        """The next process on what this one has written, without a word of good-bye."""
        return World(self.settings, clock=self.clock, store=self.store, keeper=self.keeper, **self.given)

    async def send(self, text: str = "Hello", to: str = NUMBER, **more: Any) -> SmsTicket:
        return await self.service.send(SmsRequest(to=to, text="" if more.get("template") else text, **more))

    def state(self, ticket: SmsTicket) -> str:
        return self.store.messages[ticket.id].state.value

    async def until(self, ticket: SmsTicket, *states: str, timeout_s: float = 20.0) -> Message:
        await self.wait(lambda: self.state(ticket) in states, timeout_s)
        return self.store.messages[ticket.id]

    async def wait(self, done: Callable[[], bool], timeout_s: float = 20.0) -> None:
        deadline = asyncio.get_running_loop().time() + timeout_s
        while not done():
            assert asyncio.get_running_loop().time() < deadline, [event.kind.value for event in self.events]
            await asyncio.sleep(0.005)

    def kinds(self, ticket: SmsTicket | None = None) -> list[str]:
        return [event.kind.value for event in self.events if ticket is None or event.call_id == ticket.id]
