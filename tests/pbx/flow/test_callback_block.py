"""A flow offers to call back: the number, the hour, and what becomes of the request."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from pbx.callback.service import Callbacks
from pbx.contact.keeping import MemoryContacts
from pbx.contact.service import Contacts
from tests.pbx.flow.equipped import EquippedHouse, said

BLOCK = {
    "kind": "callback",
    "queue": "sales",
    "text": "On {callback.number|digits}?",
    "enter_text": "Your number?",
    "invalid_text": "Not that one",
    "accepted_text": "We call",
    "timeout_s": 2,
    "accepted": "end",
    "refused": "end",
    "invalid": "end",
}
CONFIG = {"callback": {"enabled": True, "countries": ["PL"]}}


class Desk:
    """Answers as pbx.contact.ports.CallbackRequests, and remembers what it was asked for."""

    def __init__(self, reason: str = "") -> None:
        self.reason = reason
        self.asked: list[tuple[str, str, float]] = []

    def number_of(self, heard: str) -> str:
        return heard if heard.startswith("+48") else f"+48{heard}" if len(heard) == 9 else ""

    async def request_from_flow(self, call: Any, queue: str, number: str, *, at: float = 0.0) -> tuple[Any, str]:
        self.asked.append((queue, number, at))
        return (None, self.reason) if self.reason else (SimpleNamespace(id="i1"), "")


@pytest.mark.parametrize(
    ("setup", "keys", "asked", "exit_", "last"),
    [
        ({}, ["1"], "+48600100200", "accepted", "We call"),
        ({}, ["2", "601000000#", "1"], "+48601000000", "accepted", "We call"),
        ({}, ["2", "12#", "601000000#", "1"], "+48601000000", "accepted", "We call"),
        ({}, ["*"], "", "refused", "On"),
        ({"withheld": True}, ["601000000#", "1"], "+48601000000", "accepted", "We call"),
        ({"withheld": True}, [], "", "invalid", "Your number?"),
    ],
)
async def test_the_number_is_confirmed_or_entered(
    setup: dict[str, Any], keys: list[str], asked: str, exit_: str, last: str
) -> None:
    house = EquippedHouse({"offer": BLOCK, "end": {"kind": "hangup"}})
    desk = house.harness.services.extra["callbacks"] = Desk()
    caller = house.call(caller="+48600100200", **setup)
    for pressed in keys:
        await house.harness.sleep(1.0)
        caller.press(pressed)
        await house.harness.sleep(1.0)
    await caller.over()
    assert house.way()[0] == f"offer:{exit_}"
    assert [number for _, number, _ in desk.asked] == ([asked] if asked else [])
    assert said(caller)[-1].startswith(last)
    await house.close()


async def test_an_hour_is_chosen_and_a_request_that_is_refused_is_told() -> None:
    block = {**BLOCK, "slot_text": "When?", "slots": {"1": "now", "3": "90m"}}
    house = EquippedHouse({"offer": block, "end": {"kind": "hangup"}})
    desk = house.harness.services.extra["callbacks"] = Desk("limit_number")
    caller = house.call(caller="+48600100200")
    for pressed in "193":
        await house.harness.sleep(1.0)
        caller.press(pressed)
    await caller.over()
    assert desk.asked[0][2] == pytest.approx(house.harness.clock.unix() + 5400, abs=10)
    assert house.way()[0] == "offer:invalid"
    assert said(caller)[-1] == "Not that one"
    await house.close()


async def test_the_real_desk_opens_an_item_that_is_called() -> None:
    house = EquippedHouse({"offer": BLOCK, "end": {"kind": "hangup"}}, config=CONFIG)
    services = house.harness.services
    contacts = Contacts(services, MemoryContacts())
    await contacts.start([])
    callbacks = Callbacks(services)
    caller = house.call(caller="+48600100200")
    await house.harness.sleep(1.0)
    caller.press("1")
    await caller.over()
    (row,) = callbacks.list()
    assert (row.number, row.queue, row.kind) == ("+48600100200", "sales", "callback")
    assert house.way()[0] == "offer:accepted"
    caller = house.call(caller="+48112")
    await house.harness.sleep(1.0)
    caller.press("112#")
    await caller.over()
    assert house.way()[2] == "offer:invalid", "an emergency number is not called back"
    await callbacks.stop()
    await contacts.stop()
    await house.close()


async def test_without_callbacks_it_is_invalid() -> None:
    house = EquippedHouse({"offer": BLOCK, "end": {"kind": "hangup"}})
    await house.run()
    assert house.way()[0] == "offer:invalid"
    await house.close()
