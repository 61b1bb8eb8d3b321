"""Customers who ring again: counted as calls come, and from their records."""

from __future__ import annotations

from pbx.events import CallEvent, EventBus, Kind
from pbx.reporting.redials import Attempt, count_attempts
from pbx.selftest.redials import Redials

MINUTE = 60_000_000


class Line:
    """Publishes calls of customers."""

    def __init__(self) -> None:
        self.bus = EventBus()
        self.redials = Redials(self.bus)
        self._count = 0

    def call(self, number: str, at: float, *, talk: bool = False, test: bool = False, **more: object) -> None:
        self._count += 1
        name = str(self._count)
        started = {"direction": "inbound", "caller": number, **more}
        self.bus.publish(CallEvent(Kind.CALL_STARTED, name, "a", at, started))
        if test:
            self.bus.publish(CallEvent(Kind.TEST_CALL, name, "a", at, {}))
        if talk:
            self.bus.publish(CallEvent(Kind.BRIDGE_STARTED, name, "a", at + 5, {}))
            self.bus.publish(CallEvent(Kind.BRIDGE_STARTED, name, "a", at + 9, {}))  # transferred
        self.bus.publish(CallEvent(Kind.CALL_ENDED, name, "a", at + 30, {}))


def test_on_the_third_try() -> None:
    line = Line()
    line.call("+1", 0)
    line.call("+1", 100)
    line.call("+2", 110, talk=True)
    line.call("+1", 700, talk=True)
    line.call("+1", 800, talk=True)  # another wish
    assert line.redials.got_through == {"1": 2, "2": 0, "3": 1, "4+": 0}
    assert line.redials.redialled == 2


def test_after_ten_minutes_it_is_a_first_attempt() -> None:
    line = Line()
    line.call("+1", 0)
    line.call("+1", 631, talk=True)
    assert line.redials.got_through["1"] == 1


def test_tests_and_callers_without_number_do_not_count() -> None:
    line = Line()
    line.call("+1", 0, test=True)
    line.call("+1", 40, talk=True)
    line.call("", 50)
    line.call("+3", 60, withheld=True)
    line.call("101", 60, direction="internal")
    assert line.redials.got_through == {"1": 1, "2": 0, "3": 0, "4+": 0}
    assert line.redials.redialled == 0


def test_the_report_counts_wishes_by_their_attempts() -> None:
    calls = [
        Attempt("+1", 0, MINUTE, None),
        Attempt("+1", 5 * MINUTE, 6 * MINUTE, None),
        Attempt("+1", 7 * MINUTE, 9 * MINUTE, 8 * MINUTE),  # the third
        Attempt("+1", 10 * MINUTE, 12 * MINUTE, 11 * MINUTE),  # another wish
        Attempt("+2", 0, MINUTE, None),
        Attempt("+2", 12 * MINUTE, 13 * MINUTE, None),  # more than ten minutes later
        Attempt("+3", -MINUTE, 0, None),  # began the day before
        Attempt("+3", MINUTE, 2 * MINUTE, 2 * MINUTE),
    ]
    found = count_attempts(calls, 0, 1000 * MINUTE)
    assert found.waits_s == {3: [480.0], 1: [60.0]}
    assert found.gave_up == {1: 2}
    assert found.customers == 4
