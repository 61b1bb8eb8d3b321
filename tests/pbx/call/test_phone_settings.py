"""What people set from their phones goes before the configuration, and is kept before it counts."""

from typing import Any

import pytest

from pbx.call.phone_settings import NOTHING_SET, MemorySettingsStore, PhoneBook
from pbx.call.testing import CallHarness
from pbx.config import Config, Extension
from pbx.events import EventBus, Kind, PhoneSettingsChanged


def extension(**more: Any) -> Extension:
    return Extension.model_validate({"number": "101", "secret": "s", **more})


async def test_what_is_set_goes_before_the_configuration() -> None:
    book = PhoneBook(MemorySettingsStore(), EventBus())
    phone = extension(forward_busy="102")
    assert book.forward(phone, "busy") == "102"
    await book.change("101", forward_busy="")
    assert book.forward(phone, "busy") == ""
    await book.change("101", forward_busy=None)
    assert book.forward(phone, "busy") == "102"
    assert not book.all()


async def test_it_outlives_the_process() -> None:
    store = MemorySettingsStore()
    await PhoneBook(store, EventBus()).change("101", dnd=True, forward_always="+48600")
    store.kept["101"] = {**store.kept["101"], "of_a_later_version": 1}
    book = PhoneBook(store, EventBus())
    book.restore()
    assert book.of("101").dnd
    assert book.forward(extension(), "always") == "+48600"
    await book.change("101", dnd=False, forward_always=None)
    assert store.kept["101"] == {}
    assert book.of("101") is NOTHING_SET


async def test_what_cannot_be_kept_does_not_count() -> None:
    class Broken(MemorySettingsStore):
        async def save(self, extension: str, settings: Any) -> None:
            raise OSError("the disk is full")

    bus = EventBus()
    told: list[object] = []
    bus.subscribe(PhoneSettingsChanged, told.append)
    book = PhoneBook(Broken(), bus)
    with pytest.raises(OSError, match="full"):
        await book.change("101", dnd=True)
    assert not book.of("101").dnd
    assert not told


def plan(**of_101: Any) -> Config:
    numbers = [{"number": n, "secret": "s", "ring_timeout_s": 10} for n in ("102", "103")]
    route = [{"match": "+", "trunk": "carrier"}]
    trunk = [{"name": "carrier", "host": "10.0.0.1"}]
    entry = {"number": "101", "secret": "s", "ring_timeout_s": 10, **of_101}
    return Config.model_validate({"extension": [entry, *numbers], "route": route, "trunk": trunk})


async def test_do_not_disturb_is_busy_and_goes_where_busy_goes() -> None:
    harness = CallHarness(plan())
    phone, other = harness.phone("101"), harness.phone("102", talk_s=1)
    await harness.services.phones.change("101", dnd=True)
    caller = harness.call("extension:101")
    await caller.over()
    assert caller.status == 486
    assert caller.call.cause == "do_not_disturb"
    await harness.services.phones.change("101", forward_busy="102")
    caller = harness.call("extension:101")
    await caller.over()
    assert not phone.sessions
    assert "do-not-disturb" in other.invites[0]["headers"][0]
    await harness.close()


async def test_without_call_waiting_a_second_call_finds_the_phone_busy() -> None:
    harness = CallHarness(plan())
    harness.phone("101")
    await harness.services.phones.change("101", call_waiting=False)
    harness.call("extension:101")
    await harness.sleep(2)
    second = harness.call("extension:101")
    await second.over()
    assert second.status == 486
    await harness.services.phones.change("101", call_waiting=True)
    third = harness.call("extension:101")
    await harness.sleep(2)
    assert third.status == 200
    await harness.close()


async def test_forward_always_rings_nobody_here() -> None:
    harness = CallHarness(plan(forward_always="103"))
    phone, other = harness.phone("101"), harness.phone("102", talk_s=1)
    await harness.services.phones.change("101", forward_always="102")
    caller = harness.call("extension:101")
    await caller.over()
    assert not phone.sessions
    assert "unconditional" in other.invites[0]["headers"][0]
    assert harness.journey(caller.call, Kind.FORWARDED)[0].data["reason"] == "always"
    await harness.close()


STEPS = [
    {"target": "101", "ring_s": 30},
    {"target": "102", "delay_s": 5, "ring_s": 20},
    {"target": "103", "delay_s": 50, "ring_s": 10, "confirm": True},
]


async def test_follow_me_rings_each_step_at_its_time() -> None:
    harness = CallHarness(plan(follow_me=STEPS))
    desk = harness.phone("101", answer_after_s=None)
    mobile = harness.phone("102", answer_after_s=4, talk_s=3)
    caller = harness.call("extension:101")
    await harness.sleep(4)
    assert desk.ringing
    assert not mobile.sessions
    await caller.over()
    assert caller.status == 200
    assert any("completed elsewhere" in line for line in desk.sessions[0].headers)
    await harness.close()


async def test_the_next_step_does_not_wait_for_its_time_when_nobody_rings() -> None:
    harness = CallHarness(plan(follow_me=STEPS))
    harness.phone("101", refuse=486, answer_after_s=1)
    harness.phone("102", refuse=486, answer_after_s=1)
    third = harness.phone("103", answer_after_s=1)
    caller = harness.call("extension:101")
    await harness.sleep(4)
    assert third.talking
    assert caller.status == 0  # it has not been confirmed
    stream = third.sessions[0].observer.media
    assert stream.playing[0].startswith("en:You have a call")
    stream.digit("1")
    await harness.sleep(1)
    assert caller.status == 200
    taken = harness.journey(caller.call, Kind.CONFIRM_ENDED)[0]
    assert taken.data == {"target": "103", "taken": True}
    third.hang_up()
    await caller.over()
    await harness.close()


async def test_a_mailbox_does_not_swallow_the_call() -> None:
    harness = CallHarness(plan(follow_me=[STEPS[2] | {"delay_s": 0}]))
    third = harness.phone("103", answer_after_s=1)
    caller = harness.call("extension:101")
    await caller.over()
    assert caller.status == 480
    assert not third.talking
    await harness.close()


async def test_follow_me_can_be_switched_off() -> None:
    harness = CallHarness(plan(follow_me=STEPS[1:]))
    desk, mobile = harness.phone("101", talk_s=1), harness.phone("102")
    await harness.services.phones.change("101", follow_me=False)
    await harness.call("extension:101").over()
    assert desk.sessions
    assert not mobile.sessions
    await harness.close()
