"""What waiting callers hear, and when: in time, over the music, never in the way."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from pbx.call.testing import FakeCaller
from pbx.config import Queue
from pbx.config_queue import Comfort
from pbx.events import Kind
from tests.pbx.queue.house import House

ANNOUNCED: dict[str, Any] = {
    "announce_position": True,
    "announce_wait": True,
    "announce_first_s": 5.0,
    "announce_every_s": 30.0,
    "wait_after_calls": 0,
}


def spoken(caller: FakeCaller) -> list[tuple[float, str]]:
    """(seconds since the call, text) of what was said over the music."""
    began = caller.heard[0][0]
    return [(at - began, text) for at, text in caller.media.announced]


async def test_position_and_wait_are_said_in_time_over_music_that_goes_on() -> None:
    house = House({"101": {"answer_after_s": 1}}, **ANNOUNCED)
    house.call()
    await house.sleep(2)
    caller = house.call()
    await house.sleep(6)
    assert caller.media.over
    assert caller.media.ducked_db == -12
    assert caller.media.playing == ["music:default"]
    await house.sleep(34)
    said = spoken(caller)
    first, second = said[:2], said[2:]
    assert [text for _, text in first] == [
        "en:You are number one in the queue.",
        "en:The expected wait is up to eight minutes.",
    ]
    assert first[0][0] == pytest.approx(5, abs=0.01)
    assert second[0][0] == pytest.approx(35, abs=0.01)
    assert caller.heard == [(caller.heard[0][0], "music:default")]  # begun once, never interrupted
    announced = house.journey(Kind.QUEUE_ANNOUNCED, caller)[0].data
    assert announced.pop("expected_s") == pytest.approx(180 + 5, abs=25)
    assert announced == {"queue": "sales", "position": 1, "low_s": 0, "high_s": 480, "quantile": 0.8}
    await house.close()


async def test_the_bridge_does_not_wait_for_an_announcement() -> None:
    house = House({"101": {"answer_after_s": 5.5}}, **ANNOUNCED)
    caller = house.call()
    await house.sleep(5.45)
    assert caller.media.over[0].startswith("en:You are number")
    await house.sleep(0.06)
    assert caller.media.partner is not None
    assert caller.media.playing == []
    assert caller.media.over == []
    await house.sleep(120)
    assert caller.media.playing == caller.media.over == []  # neither music nor announcements come back
    assert len(house.journey(Kind.QUEUE_ANNOUNCED)) == 1
    await house.close()


async def test_the_words_end_in_the_very_turn_of_the_answer() -> None:
    house = House({"101": {"answer_after_s": None}}, **ANNOUNCED, ring_timeout_s=60.0)
    caller = house.call()
    await house.sleep(5.2)
    assert caller.media.over
    house.phones["101"].final(house.phones["101"].sessions[-1])
    for _ in range(5):  # turns of the loop: no time passes
        await asyncio.sleep(0)
    assert caller.media.over == []
    assert caller.media.partner is not None
    await house.close()


async def test_slow_speech_delays_neither_bridge_nor_music() -> None:
    house = House({"101": {"answer_after_s": 8}}, **ANNOUNCED)
    house.harness.prompts.delay_s = 60.0
    caller = house.call()
    await house.sleep(7.9)
    assert caller.media.playing == ["music:default"]
    await house.sleep(0.2)
    assert caller.media.partner is not None
    await house.close()


async def test_speech_that_fails_costs_the_announcement_only(caplog: pytest.LogCaptureFixture) -> None:
    house = House({"101": {"answer_after_s": 12}}, **ANNOUNCED)

    async def broken(text: str, language: str) -> None:
        raise OSError("no voice")

    house.harness.prompts.get = broken  # type: ignore[assignment, method-assign]
    caller = house.call()
    await house.sleep(13)
    assert caller.media.partner is not None
    assert "announcement of queue sales failed" in caplog.text
    await house.close()


async def test_the_spoken_wait_never_rises_and_what_has_risen_is_not_said() -> None:
    house = House({name: {"answer_after_s": 1} for name in ("101", "102", "103", "104")}, **ANNOUNCED)
    for _ in range(4):
        house.call()
    await house.sleep(2)
    caller = house.call()
    await house.sleep(10)
    for name in ("101", "102", "103"):  # three of four agents will leave: the estimate is four times as long now
        house.queues.set_agent(name, "offline")
    await house.sleep(100)
    told = [event.data for event in house.journey(Kind.QUEUE_ANNOUNCED, caller)]
    assert len(told) >= 3
    assert told[0]["high_s"] == 120
    assert all(data["silent"] == "risen" for data in told[1:])
    assert [text for _, text in spoken(caller)][2:] == ["en:You are number one in the queue."] * (len(told) - 1)
    await house.close()


async def test_a_wait_that_fell_and_rose_again_stays_below_what_was_said_last() -> None:
    house = House({"101": {"answer_after_s": 0}}, **{**ANNOUNCED, "announce_every_s": 10.0})
    first, second = house.call(), None
    await house.sleep(1)
    second = house.call()
    estimator = house.queues.queues["sales"].estimator
    for aht_s in (180, 60, 120, 300, 30, 60, 20):
        estimator.aht_s = aht_s
        await house.sleep(10)
    highs = [event.data.get("high_s") for event in house.journey(Kind.QUEUE_ANNOUNCED, second)]
    said = [high for high in highs if high is not None]
    assert said == sorted(said, reverse=True)
    assert None in highs
    assert len(said) >= 3
    first.hang_up()
    await house.close()


async def test_nobody_on_duty_no_wait_is_promised() -> None:
    house = House({"101": {}}, signed_in=False, **ANNOUNCED)
    caller = house.call()
    await house.sleep(10)
    assert [text for _, text in spoken(caller)] == ["en:You are number one in the queue."]
    assert house.one(Kind.QUEUE_ANNOUNCED) == {"queue": "sales", "position": 1, "silent": "no_agents"}
    await house.close()


async def test_too_little_data_no_wait_is_promised() -> None:
    house = House({"101": {"answer_after_s": 0}}, **{**ANNOUNCED, "wait_after_calls": 1})
    house.call()
    await house.sleep(1)
    caller = house.call()
    await house.sleep(6)
    assert house.journey(Kind.QUEUE_ANNOUNCED, caller)[0].data["silent"] == "data"
    await house.close()


async def test_only_the_wait_and_nothing_can_be_said_of_it_nothing_is_said() -> None:
    house = House({"101": {}}, signed_in=False, **{**ANNOUNCED, "announce_position": False})
    caller = house.call()
    await house.sleep(60)
    assert not spoken(caller)
    assert not house.journey(Kind.QUEUE_ANNOUNCED)
    await house.close()


async def test_announcements_speak_the_callers_language() -> None:
    house = House({"101": {"answer_after_s": None}}, **ANNOUNCED)

    async def polish(call) -> None:  # type: ignore[no-untyped-def]
        call.language = "pl"
        await house.queues.join(call, "sales")

    caller = house.harness.call(polish)
    await house.sleep(10)
    assert spoken(caller)[0][1] == "pl:Numer w kolejce: jeden."
    await house.close()


async def test_once_means_once() -> None:
    house = House({"101": {"answer_after_s": None}}, **{**ANNOUNCED, "announce_every_s": 0.0}, ring_timeout_s=600)
    caller = house.call()
    await house.sleep(300)
    assert len(house.journey(Kind.QUEUE_ANNOUNCED, caller)) == 1
    await house.close()


# -- comfort -----------------------------------------------------------------------------------------------------------


async def test_words_of_comfort_come_in_turn_between_announcements() -> None:
    comfort = [Comfort(text={"en": "Thank you for waiting.", "pl": "Prosimy czekać."}), Comfort(sound="jingle")]
    settings = {**ANNOUNCED, "announce_wait": False, "announce_every_s": 0.0}
    house = House({"101": {}}, signed_in=False, comfort=comfort, comfort_every_s=20.0, **settings)
    caller = house.call()
    await house.sleep(45)
    assert spoken(caller) == [
        (pytest.approx(5, abs=0.01), "en:You are number one in the queue."),
        (pytest.approx(20, abs=0.01), "en:Thank you for waiting."),
        (pytest.approx(40, abs=0.01), "music:jingle"),
    ]
    told = house.journey(Kind.QUEUE_COMFORTED, caller)
    assert [event.data for event in told] == [{"queue": "sales", "message": number} for number in (1, 2)]
    await house.close()


async def test_comfort_and_announcement_of_the_same_moment_come_one_after_the_other() -> None:
    settings = {**ANNOUNCED, "announce_first_s": 10.0, "announce_every_s": 0.0, "announce_wait": False}
    comfort = [Comfort(text={"en": "Thank you for waiting."})]
    house = House({"101": {}}, signed_in=False, comfort=comfort, comfort_every_s=10.0, **settings)
    caller = house.call()
    await house.sleep(19)
    (first_at, first), (second_at, second) = spoken(caller)
    assert "You are number" in first
    assert "Thank you" in second
    assert second_at >= first_at + len("You are number one in the queue.") / 15 + 0.99
    await house.close()


async def test_comfort_that_is_missing_costs_nothing_but_itself(caplog: pytest.LogCaptureFixture) -> None:
    house = House({"101": {}}, signed_in=False, comfort=[Comfort(sound="gone")], comfort_every_s=5.0, **QUIET_NEWS)

    def missing(name: str) -> None:
        raise KeyError(f"no music is called {name!r}")

    caller = house.call()
    await house.sleep(1)
    house.harness.prompts.music = missing  # type: ignore[assignment, method-assign]
    await house.sleep(20)
    assert not spoken(caller)
    assert "no music is called 'gone'" in caplog.text
    assert caller.media.playing == ["music:default"]
    await house.close()


QUIET_NEWS = {"announce_position": False, "announce_wait": False}


async def test_each_queue_has_its_own_music() -> None:
    queues = [
        Queue(name="a", agents=["101"], music="waltz", **QUIET_NEWS),
        Queue(name="b", agents=["101"], music="march", **QUIET_NEWS),
    ]
    house = House({"101": {}}, queues, signed_in=False)
    first, second = house.call("a"), house.call("b")
    await house.sleep(1)
    assert first.media.playing == ["music:waltz"]
    assert second.media.playing == ["music:march"]
    await house.close()
