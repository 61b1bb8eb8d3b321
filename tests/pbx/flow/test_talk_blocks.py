"""Splits, surveys, consent and recordings, tags, waiting, the guard, callbacks."""

from __future__ import annotations

from typing import Any

import pytest

from pbx.call.keeping import MemoryKeeper
from pbx.events import Kind
from pbx.flow.blocks.consent import Consent
from pbx.flow.blocks.split import Split
from pbx.flow.slots import check_slot, slot_at
from tests.pbx.flow.equipped import EquippedHouse, said

END = {"kind": "hangup"}


def saying(text: str) -> dict[str, Any]:
    return {"kind": "say", "text": text, "next": "end"}


SPLIT = {"kind": "split", "weights": {"a": 3, "b": 1}, "ways": {"a": "a", "b": "b"}}


async def test_a_number_goes_the_same_way_each_time_and_numbers_are_shared_by_weight() -> None:
    house = EquippedHouse({"split": SPLIT, "a": saying("A"), "b": saying("B"), "end": END})
    ways = {f"+48600{n:06}": said(await house.run(caller=f"+48600{n:06}")) for n in range(60)}
    for caller, heard in list(ways.items())[:10]:
        assert said(await house.run(caller=caller)) == heard
    assert {tuple(heard) for heard in ways.values()} == {("A",), ("B",)}
    await house.close()


def test_shares_are_what_their_weights_say() -> None:
    split = Split.model_validate(
        {"kind": "split", "weights": {"a": 70, "b": 0, "c": 30}, "ways": dict.fromkeys("abc", "x")}
    )
    given = [split.choose(at / 1000) for at in range(1000)]
    assert {name: given.count(name) for name in "abc"} == {"a": 700, "b": 0, "c": 300}
    for wrong in (
        {"weights": {"a": 1}, "ways": {"a": "x"}},
        {"weights": {"a": 1, "b": 1}, "ways": {"a": "x", "c": "x"}},
    ):
        with pytest.raises(ValueError, match=r"two ways|the same"):
            Split.model_validate({"kind": "split", **wrong})


QUESTIONS = [{"name": "speed", "text": "How fast?"}, {"name": "again", "text": "Again?", "keys": "12"}]
SURVEY = {"kind": "survey", "name": "after", "questions": QUESTIONS, "timeout_s": 2, "done": "end", "refused": "sad"}


async def test_each_answer_is_told_when_it_is_given_though_the_caller_hangs_up() -> None:
    house = EquippedHouse({"survey": SURVEY, "sad": saying("Pity"), "end": END})
    caller = house.call()
    await house.harness.sleep(1.0)
    caller.press("4")
    await house.harness.sleep(1.0)
    caller.hang_up()
    await caller.over()
    assert house.told(Kind.SURVEY_ANSWERED) == [{"survey": "after", "question": "speed", "answer": "4"}]
    caller = house.call()
    for key in "592":  # the 9 is no answer to the second question
        await house.harness.sleep(1.0)
        caller.press(key)
    await caller.over()
    assert house.told(Kind.SURVEY_ANSWERED)[-1] == {"survey": "after", "question": "again", "answer": "2"}
    assert said(await house.run())[-1] == "Pity"
    await house.close()


def consent(**settings: Any) -> dict[str, Any]:
    block = {"kind": "consent", "text": "We record", "basis": "GDPR 6(1)(a)", "next": "ring", "refused": "ring"}
    ring = {"kind": "dial", "target": "101", "record": True, "answered": "end"}
    return {"ask": {**block, "timeout_s": 2, "retries": 0, **settings}, "ring": ring, "end": END}


@pytest.mark.parametrize(
    ("settings", "pressed", "given", "recorded"),
    [
        ({"key": "1"}, "1", True, True),
        ({"key": "1"}, "", False, False),
        ({"key": "1", "refuse_key": "2"}, "2", False, False),
        ({"key": "1", "silence": "given"}, "", True, True),
        ({}, "", True, True),
        ({"key": "1", "recording": False, "name": "sms"}, "", False, True),
    ],
)
async def test_who_does_not_agree_is_not_recorded_whoever_wants_it(
    settings: dict[str, Any], pressed: str, given: bool, recorded: bool
) -> None:
    house = EquippedHouse(consent(**settings))
    house.harness.phone("101", answer_after_s=0.5, talk_s=1.0)
    caller = house.call()
    await house.harness.sleep(0.5)
    caller.press(pressed)
    await caller.over()
    name = settings.get("name", "recording")
    assert house.told(Kind.CONSENT_NOTED) == [{"consent": name, "given": given, "basis": "GDPR 6(1)(a)"}]
    assert bool(house.told(Kind.RECORDING_STARTED)) is recorded
    await house.close()


@pytest.mark.parametrize(
    ("settings", "said"),
    [({"refuse_key": "2"}, "a notice asks nothing"), ({"key": "1", "refuse_key": "1"}, "'1' cannot mean both")],
)
def test_a_key_that_could_not_refuse_is_not_taken(settings: dict[str, Any], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        Consent.model_validate({"kind": "consent", "text": "May we?", "basis": "GDPR", **settings})


@pytest.mark.parametrize(("recording", "recorded"), [("on", True), ("off", False), ("pause", False)])
async def test_recording_is_switched_for_the_talks_that_follow(recording: str, recorded: bool) -> None:
    ring = {"kind": "dial", "target": "101", "answered": "end"}
    house = EquippedHouse({"rec": {"kind": "record", "recording": recording, "next": "ring"}, "ring": ring, "end": END})
    house.harness.phone("101", answer_after_s=0.5, talk_s=1.0)
    await house.run()
    assert bool(house.told(Kind.RECORDING_STARTED)) is recorded
    await house.close()


async def test_tags_give_priority_and_skills_to_the_queues_that_follow() -> None:
    agent = {"extension": "101", "initial_state": "available", "skills": {"ru": 3, "en": 1}}
    blocks = {
        "one": {"kind": "tag", "tag": "vip-{call.caller}", "priority": 4, "skills": {"ru": 2, "en": 1}, "next": "two"},
        "two": {"kind": "tag", "tag": "late", "skills": {"en": 0}, "next": "queue"},
        "queue": {"kind": "queue", "queue": "sales", "priority": 2},
    }
    house = EquippedHouse(blocks, config={"agent": [agent]})
    house.harness.phone("101", answer_after_s=0.5, talk_s=0.5)
    await house.run(caller="+48600100200")
    joined = house.told(Kind.QUEUE_JOINED)[0]
    assert (joined["priority"], joined["skills"]) == (6, ["ru:2"])
    assert [event["tag"] for event in house.told(Kind.CALL_TAGGED)] == ["vip-+48600100200", "late"]
    assert house.told(Kind.CALL_TAGGED)[-1]["skills"] == {"ru": 2}
    await house.close()


async def test_waiting_ends_with_its_time_or_a_key() -> None:
    blocks = {"wait": {"kind": "wait", "seconds": 5, "music": "default", "keys": {"1": "end"}, "next": "late"}}
    house = EquippedHouse({**blocks, "late": saying("Late"), "end": END})
    caller = house.call()
    await house.harness.sleep(1.0)
    caller.press("21")
    await caller.over()
    assert house.way()[0] == "wait:1"
    assert said(await house.run()) == ["default", "Late"]
    await house.close()


GUARD = {"kind": "guard", "text": "Press", "timeout_s": 3, "pass": "in", "drop": "out"}
WORDS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")


async def guarded(house: EquippedHouse, right: bool, **setup: Any) -> list[str]:
    """A caller who presses what is spoken, or something else, as often as he is asked."""
    caller = house.call(**setup)
    while not caller.call.ended and len(caller.heard) < 8:
        await house.harness.sleep(2.5)
        spoken = [word for word in said(caller) if word in WORDS][-3:]
        digits = "".join(str(WORDS.index(word)) for word in spoken)
        caller.press(digits if right else digits.translate(str.maketrans("0123456789", "1234567890")))
        await house.harness.sleep(1.0)
    await caller.over()
    return said(caller)


async def test_people_pass_machines_do_not_and_who_passed_is_remembered() -> None:
    keeper = MemoryKeeper()
    blocks = {"guard": GUARD, "in": saying("Welcome"), "out": saying("Bye"), "end": END}
    house = EquippedHouse(blocks, keeper=keeper)
    assert (await guarded(house, True))[-1] == "Welcome"
    assert (await guarded(house, False, caller="+48700000001"))[-1] == "Bye"
    assert said(await house.run()) == ["Welcome"], "not asked again"
    results = [(event["result"], event["attempts"]) for event in house.told(Kind.GUARD_CHECKED)]
    assert results == [("pass", 1), ("drop", 2), ("trusted", 0)]
    await house.close()
    house = EquippedHouse(blocks, keeper=keeper)
    assert said(await house.run()) == ["Welcome"], "nor after a restart"
    await house.close()


async def test_only_suspects_are_asked_where_a_score_tells() -> None:
    blocks = {
        "score": {"kind": "set_variable", "set": {"guard.score": "2"}, "next": "guard"},
        "guard": {**GUARD, "score": "guard.score", "when_over": 2},
        "in": saying("Welcome"),
        "out": saying("Bye"),
        "end": END,
    }
    house = EquippedHouse(blocks)
    assert said(await house.run()) == ["Welcome"]
    await house.close()


def test_hours_that_a_key_may_mean() -> None:
    from zoneinfo import ZoneInfo

    zone, now = ZoneInfo("Europe/Warsaw"), 1_790_000_000.0  # 2026-09-21 16:13:20 there
    assert slot_at("now", now, zone) == 0.0
    assert slot_at("90m", now, zone) == now + 5400
    assert slot_at("18:00", now, zone) == now + 6400
    assert slot_at("tomorrow 18:00", now, zone) == now + 6400 + 86_400
    assert slot_at("16:00", now, zone) == now - 800 + 86_400
    for wrong in ("soon", "25:00", "tomorrow", "-5m", "yesterday 10:00"):
        with pytest.raises(ValueError, match="is no hour"):
            check_slot(wrong)
