"""What a test call fails for, and which of our own calls it reached."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from pbx.call.testing import CallHarness
from pbx.config_selftest import SelfTest
from pbx.events import Alarm, CallEvent, Kind
from pbx.selftest.judgement import judge
from pbx.selftest.result import Result, StepResult
from pbx.selftest.service import SelfTests, UnknownTest
from pbx.selftest.watch import Watch

STEPS = [{"expect": "Press one.", "press": "1"}, {"expect": "Thanks.", "max_reaction_ms": 60}]
TEST = SelfTest.model_validate({"name": "hotline", "number": "600", "caller": "101", "step": STEPS})
HEARD = [StepResult("Press one.", True, 0.9, 0.5, "1"), StepResult("Thanks.", True, 0.9, 2.0, "", 40.0)]
GOOD = Result("a" * 32, "hotline", "", "600", 0.0, 9.0, pdd_s=0.2, answer_s=0.3, mos=4.2, rx_packets=400, steps=HEARD)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({}, ""),
        ({"mos": None, "far_packets": 300}, ""),
        ({"reason": "not answered: 486 busy"}, "not answered: 486 busy"),
        ({"rx_packets": 3}, "one-way audio: 3 packets came back"),
        ({"silent": True}, "one-way audio: nothing but silence came back"),
        ({"far_packets": 0}, "one-way audio: the other end got 0 packets"),
        ({"far_packets": 300, "far_silent": True}, "one-way audio: nothing but silence arrived at the other end"),
        ({"pdd_s": 4.5}, "post-dial delay 4.50 s, allowed are 4 s"),
        ({"answer_s": 25.0}, "answered after 25.00 s, allowed are 20 s"),
        ({"steps": [replace(HEARD[0], heard=False, score=0.21)]}, "step 1: 'Press one.' was not heard (match 0.21)"),
        ({"steps": [HEARD[0], replace(HEARD[1], reaction_ms=61.0)]}, "step 2: 61 ms after the key, allowed are 60 ms"),
        ({"mos": 3.1}, "MOS 3.10, at least 3.5 is wanted"),
    ],
)
def test_the_first_fault_is_the_reason(changes: dict[str, Any], reason: str) -> None:
    result = replace(GOOD, **changes)
    judge(TEST, result)
    assert (result.reason, result.passed) == (reason, not reason)


def test_a_step_that_only_presses_shifts_no_limit() -> None:
    steps = [{"press": "9"}, *STEPS]
    test = SelfTest.model_validate({"name": "hotline", "number": "600", "caller": "101", "step": steps})
    result = replace(GOOD, steps=[HEARD[0], replace(HEARD[1], reaction_ms=61.0)])
    judge(test, result)
    assert result.reason == "step 3: 61 ms after the key, allowed are 60 ms"


async def test_the_far_call_is_known_by_its_numbers_and_marked() -> None:
    harness = CallHarness()
    watch = Watch(harness.services, "hotline", "+48221000600", ("+48221000699",))
    watch.call_id = "own"

    def started(call: str, caller: str, callee: str) -> None:
        data = {"caller": caller, "callee": callee, "direction": "inbound"}
        harness.bus.publish(CallEvent(Kind.CALL_STARTED, call, "a", 1.0, data))

    started("own", "+48221000699", "+48221000600")
    started("other", "+48600100200", "+48221000600")
    assert watch.far_id == ""
    started("far", "221000699", "0048221000600")  # as the carrier writes them
    assert watch.far_id == "far"
    assert [event.call_id for event in harness.journey(kind=Kind.TEST_CALL)] == ["far"]
    harness.bus.publish(CallEvent(Kind.LEG_ENDED, "far", "a", 2.0, {"rx_packets": 7}))
    harness.bus.publish(CallEvent(Kind.CALL_ENDED, "far", "a", 2.0, {}))
    await watch.far_over(1.0)
    assert watch.far == {"rx_packets": 7}
    watch.close()
    await harness.close()


class Kept:
    def __init__(self) -> None:
        self.written: list[Result] = []

    async def write(self, result: Result) -> None:
        self.written.append(result)

    async def results(self, name: str, limit: int) -> list[Result]:
        return self.written


async def test_failures_in_a_row_are_an_alarm_until_one_passes(monkeypatch: pytest.MonkeyPatch) -> None:
    harness = CallHarness(extensions=("101",))
    harness.config.selftest.append(TEST.model_copy(update={"failures": 2}))
    results = [False, False, False, True]

    async def made(_self: SelfTests, test: SelfTest) -> Result:
        passed = results.pop(0)
        return replace(GOOD, name=test.name, passed=passed, reason="" if passed else "no sound")

    monkeypatch.setattr(SelfTests, "_run", made)
    kept = Kept()
    tests = SelfTests(harness.services, None, kept, list)  # type: ignore[arg-type]
    states = []
    for _ in range(4):
        await tests.run("hotline")
        alarms = [event for event in harness.events if isinstance(event, Alarm)]
        states.append(alarms[-1].active if alarms else None)
    assert states == [None, True, True, False]
    text = next(event.text for event in harness.events if isinstance(event, Alarm))
    assert "failed 2 times in a row: no sound" in text
    assert (len(kept.written), tests.runs) == (4, {("hotline", False): 3, ("hotline", True): 1})
    with pytest.raises(UnknownTest, match="tests: hotline"):
        await tests.run("else")
    await harness.close()


async def test_a_test_that_cannot_speak_fails_and_says_why() -> None:
    class Mute:
        async def file(self, text: str, language: str) -> Any:
            raise ValueError(f"language {language!r} has no voice")

    harness = CallHarness(extensions=("101",))
    harness.config.selftest.append(TEST)
    result = await SelfTests(harness.services, Mute(), Kept(), list).run("hotline")
    assert (result.passed, result.reason) == (False, "no prompt to compare: language 'en' has no voice")
    await harness.close()
