"""Messages in virtual time, with gateways that answer what the test says."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from pbx.config_sms import SmsGateway
from pbx.sms.gateway import Accepted, Outcome
from pbx.sms.message import Message
from tests.pbx.sms.world import World


class FakeGateway:
    """Takes every message after `takes_s`, unless `answers` has something else for it."""

    def __init__(self, config: SmsGateway) -> None:
        self.config = config
        self.is_up = True
        self.room = 4
        self.throttled = 0
        self.takes_s = 0.01
        self.answers: list[Outcome] = []
        self.found: Outcome | None = None
        self.got: list[Message] = []
        self.most_at_once = 0
        self._under_way = 0

    async def start(self) -> None:
        pass

    async def stop(self) -> None:
        pass

    async def submit(self, message: Message) -> Outcome:
        self._under_way += 1
        self.most_at_once = max(self.most_at_once, self._under_way)
        self.got.append(message.draft())
        name = f"{self.config.name}-{len(self.got)}"
        answer = self.answers.pop(0) if self.answers else Accepted([name])
        await asyncio.sleep(self.takes_s)
        self._under_way -= 1
        return answer

    async def find(self, message: Message) -> Outcome | None:
        return self.found

    @property
    def texts(self) -> list[str]:
        return [message.text for message in self.got]


def made(monkeypatch: pytest.MonkeyPatch) -> None:
    """From now on the gateways of a service are fakes."""
    monkeypatch.setattr(
        "pbx.sms.service.build", lambda config, *_: [FakeGateway(entry) for entry in config.sms.gateway]
    )


def virtual(
    names: str = "a", *, per: dict[str, Any] | None = None, config: dict[str, Any] | None = None, **sms: Any
) -> World:
    """A world on the loop's clock with a gateway of each name; `per` are settings of all of them."""
    clock = asyncio.get_running_loop().clock  # type: ignore[attr-defined]
    gateways = [
        {"name": name, "kind": "smpp", "host": "h:1", "priority": index, **(per or {})}
        for index, name in enumerate(names.split())
    ]
    return World({"gateway": gateways, "retry_s": 30.0, **sms}, clock=clock, **(config or {}))


def gateway(world: World, index: int = 0) -> FakeGateway:
    found: Any = world.service.gateways[index]
    return found  # type: ignore[no-any-return]
