"""A caller who waits presses the key, confirms a number, hears the promise, and keeps his place."""

from __future__ import annotations

from typing import Any

import pytest

from pbx.call.testing import FakeCaller
from pbx.callback import texts
from pbx.config_queue import Queue
from pbx.events import Kind
from tests.pbx.callback.world import EWA, JAN, World

KEYS: dict[str, Any] = {"keys": {"5": "callback"}}


async def waiting(number: str = JAN, **more: Any) -> tuple[World, FakeCaller, FakeCaller]:
    """A world whose one agent talks, and a caller who waits for 10 s."""
    world = await World({"201": {}}, queue=KEYS, **more).start()
    busy = world.call("+48601000001")
    await world.sleep(3)
    jan = world.call(number, did="+48221110000", tag="autumn")
    await world.sleep(10)
    return world, busy, jan


def said(caller: FakeCaller) -> str:
    return " ".join(text for _, text in caller.heard)


async def test_the_place_is_kept_before_later_callers() -> None:
    world, busy, jan = await waiting()
    jan.press("5")
    await world.sleep(2)
    assert "We will call you back on 0 0 4 8" in said(jan)
    jan.press("1")
    await world.sleep(20)
    assert jan.call.ended
    assert "Thank you" in said(jan)
    (item,) = world.book.open_items()
    assert (item.number, item.queue, item.automatic) == (JAN, "sales", True)
    assert item.source["did"] == "+48221110000"
    assert world.services.clock.unix() - item.since > 30
    (left,) = world.events(Kind.QUEUE_LEFT)
    assert left["reason"] == "callback"
    assert not world.events(Kind.QUEUE_ABANDONED)
    later = world.call("+48601000003")
    await world.sleep(5)
    world.customer()
    busy.hang_up()
    await world.sleep(30)
    (bridged,) = world.events(Kind.CALLBACK_BRIDGED)
    assert bridged["age_s"] > 40
    assert later.call.state == "bridged", "served after him"
    assert (await world.book.get(item.id)).end == "reached"  # type: ignore[union-attr]
    await world.close()


async def test_another_number() -> None:
    world, _, jan = await waiting()
    jan.press("5")
    await world.sleep(2)
    jan.press("2")
    await world.sleep(1)
    jan.press("600100300#")
    await world.sleep(2)
    jan.press("1")
    await world.sleep(20)
    (item,) = world.book.open_items()
    assert item.number == EWA
    await world.close()


async def test_a_number_that_may_not_be_called() -> None:
    world, _, jan = await waiting()
    jan.press("5")
    await world.sleep(2)
    jan.press("2")
    await world.sleep(1)
    jan.press("701234567#")
    await world.sleep(5)
    assert "cannot call that number" in said(jan)
    jan.press("600100300#")
    await world.sleep(2)
    jan.press("1")
    await world.sleep(20)
    (item,) = world.book.open_items()
    assert item.number == EWA
    await world.close()


async def test_a_caller_without_a_number_enters_one() -> None:
    world, _, jan = await waiting("anonymous")
    jan.press("5")
    await world.sleep(1)
    assert "Enter the phone number" in said(jan)
    jan.press("600100300#")
    await world.sleep(2)
    jan.press("1")
    await world.sleep(20)
    assert [item.number for item in world.book.open_items()] == [EWA]
    await world.close()


async def test_who_would_rather_hold_keeps_his_place() -> None:
    world, busy, jan = await waiting()
    later = world.call("+48601000003")
    jan.press("5")
    await world.sleep(2)
    jan.press("*")
    await world.sleep(3)
    busy.hang_up()
    await world.sleep(5)
    assert jan.call.state == "bridged"
    assert later.call.state == "answered"
    assert world.book.open_items() == []
    await world.close()


async def test_who_says_nothing_waits_on() -> None:
    world, _, jan = await waiting()
    jan.press("5")
    await world.sleep(90)
    assert jan.call.state == "answered"
    assert world.book.open_items() == []
    await world.close()


async def test_who_hangs_up_after_the_key_has_asked() -> None:
    """He heard enough: the request counts from the 1 on, and he is not called abandoned."""
    world, _, jan = await waiting()
    jan.press("5")
    await world.sleep(2)
    jan.press("1")
    await world.sleep(0.5)
    jan.hang_up()
    await world.sleep(5)
    (item,) = world.book.open_items()
    assert item.kind == "callback"
    assert not world.events(Kind.QUEUE_ABANDONED)
    assert [data["reason"] for data in world.events(Kind.QUEUE_LEFT)] == ["callback"]
    await world.close()


async def test_too_many_requests_hold_on() -> None:
    world, _, jan = await waiting(callback={"limits_per_number": ["1/15m"]})
    await world.ask(JAN, queue="sales")
    jan.press("5")
    await world.sleep(2)
    jan.press("1")
    await world.sleep(15)
    assert "another request" in said(jan)
    assert jan.call.state == "answered"
    assert [data["reason"] for data in world.events(Kind.CALLBACK_REFUSED)] == ["limit_number"]
    await world.close()


@pytest.mark.parametrize(
    ("promise_s", "pl", "ru", "en"),
    [
        (None, "gdy tylko będzie wolny konsultant", "как только освободится оператор", "as soon as an agent is free"),
        (30, "w ciągu jednej minuty", "в течение одной минуты", "within one minute"),
        (61, "w ciągu dwóch minut", "в течение двух минут", "within two minutes"),
        (290, "w ciągu pięciu minut", "в течение пяти минут", "within five minutes"),
        (3601, "w ciągu jednej godziny piętnastu minut", "", "within one hour fifteen minutes"),
    ],
)
def test_the_promise_in_words(promise_s: float | None, pl: str, ru: str, en: str) -> None:
    spoken = texts.accepted(promise_s)
    for language, words in (("pl", pl), ("ru", ru), ("en", en)):
        assert words in spoken[language], spoken[language]


def test_every_text_is_there_in_every_language() -> None:
    for text in texts.preloaded(["Nowak", ""]):
        assert set(text) == {"pl", "ru", "en"}
        assert all("{" not in words for words in text.values())
    assert Queue(name="x").callback.mode == "agent_first"
