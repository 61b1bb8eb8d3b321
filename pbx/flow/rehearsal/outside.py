"""Who is beyond the PBX in a rehearsal: servers, the book of customers, the number plan, the callback desk."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import orjson

from pbx.call.regions import UNKNOWN, Origin
from pbx.customers.customer import Customer
from pbx.web.client import Answer, Ask, WebError
from pbx.web.hosts import Hosts

if TYPE_CHECKING:
    from pbx.call.call import Call
    from pbx.config import Config
    from pbx.flow.rehearsal.ports import World
    from pbx.numbers.ranges import RangeTable


class ScriptedWeb:
    """`services.extra["web"]`: answers as the script says; a server that it does not name cannot be reached."""

    def __init__(self, world: World, config: Config) -> None:
        self.hosts = Hosts(config.http.hosts, config.http.networks)
        self._world = world

    async def ask(self, ask: Ask) -> Answer:
        """See pbx.web.client.Web."""
        self._world.requests.append(f"{ask.method} {ask.url}")
        for reply in self._world.script.http:
            if ask.url.startswith(reply.url) and reply.method in ("", ask.method):
                break
        else:
            raise WebError("connect", f"the script has no answer to {ask.method} {ask.url}")
        if reply.error == "timeout" or reply.after_s > ask.timeout_s:
            await asyncio.sleep(ask.timeout_s)
            raise WebError("timeout", f"no answer within {ask.timeout_s:g} s")
        await asyncio.sleep(reply.after_s)
        if reply.error:
            raise WebError("connect", "refused")
        body = reply.text.encode() if reply.json_body is None else orjson.dumps(reply.json_body)
        return Answer(reply.status, {}, body)


class ScriptedCustomers:
    """The rows behind `services.extra["customers"]`: the caller, if the script knows him. See
    pbx.customers.customer.CustomerStore."""

    def __init__(self, world: World) -> None:
        self._script = world.script

    async def by_number(self, number: str, tail: str) -> tuple[Customer | None, bool]:
        del tail
        known = self._script.customer
        if known is None or number != self._script.number:
            return None, False
        return Customer(number, (number,), **known.model_dump()), True

    async def called_before(self, numbers: Sequence[str], call_id: str) -> bool:
        del numbers, call_id
        return not self._script.first_time

    async def put(self, customers: Sequence[Customer], batch: str) -> None:
        raise NotImplementedError("flows write no customers")

    async def retain(self, batch: str) -> int:
        raise NotImplementedError("flows write no customers")

    async def remove(self, number: str) -> bool:
        raise NotImplementedError("flows write no customers")

    async def search(self, text: str, tag: str, limit: int) -> list[Customer]:
        raise NotImplementedError("flows search no customers")

    async def set_pin(self, number: str, hashed: str) -> bool:
        raise NotImplementedError("flows set no PINs")

    async def count(self) -> int:
        return int(self._script.customer is not None)


class ScriptedRegions:
    """`services.inbound.regions`: the caller is from where the script says, others from nowhere."""

    def __init__(self, world: World) -> None:
        script = world.script
        self._number = script.number
        self._origin = Origin(script.country, script.region, script.type, "")

    def origin(self, number: str) -> Origin:
        return self._origin if number == self._number else UNKNOWN

    def take_ranges(self, tables: list[RangeTable]) -> None:
        """Tables of ranges say nothing here: the script does."""


class ScriptedCallbacks:
    """`services.extra["callbacks"]`: requests are taken, unless the script refuses them."""

    def __init__(self, world: World) -> None:
        self._world = world

    def number_of(self, heard: str) -> str:
        """Any number may be called back."""
        return heard if heard.lstrip("+").isdigit() else ""

    async def request_from_flow(self, call: Call, queue: str, number: str, *, at: float = 0.0) -> tuple[Any, str]:
        """See pbx.contact.ports.CallbackRequests."""
        del call
        if self._world.script.callback:
            return None, self._world.script.callback
        self._world.callbacks.append({"queue": queue, "number": number, "at": at})
        return SimpleNamespace(id=f"callback-{len(self._world.callbacks)}"), ""
