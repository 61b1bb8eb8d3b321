"""What a flow knows, and that nobody can stretch it."""

from __future__ import annotations

from typing import Any

import pytest

from pbx.call.testing import CallHarness
from pbx.config import Agent, Config, Queue, Server
from pbx.flow.errors import VariableError
from pbx.flow.variables import MAX_NAMES, MAX_VALUE_BYTES, Variables, is_live
from pbx.queue.service import QueueService


async def test_the_call_the_clock_and_the_queues_can_be_read() -> None:
    config = Config(
        server=Server(timezone="Europe/Warsaw"),
        agent=[Agent(extension="101", initial_state="available")],
        queue=[Queue(name="sales.pl", agents=["101"])],
    )
    harness = CallHarness(config, extensions=("101",))
    queues = QueueService(harness.services)
    queues.start()
    harness.phone("101")
    caller = harness.call("echo", caller="+48600100200", callee="600", did="+48221234567", tag="spring")
    variables = Variables(caller.call)
    assert variables["call.caller"] == "+48600100200"
    assert variables["call.called"] == "+48221234567"
    assert (variables["call.tag"], variables["call.language"], variables["call.id"]) == ("spring", "en", caller.call.id)
    assert (variables["now.date"], variables["now.time"], variables["now.weekday"]) == ("2026-09-21", "16:13", "mon")
    assert variables["queue.sales.pl.waiting"] == 0
    assert variables["queue.sales.pl.agents_free"] == 1
    assert variables["queue.sales.pl.promise_s"] is None
    assert "call.caller" in variables
    for name in ("call.secret", "now", "queue.sales.waiting", "queue.sales.pl.secret", "ivr.city"):
        assert name not in variables
        assert not is_live(name, {"sales.pl"})
    assert set(variables) >= {"call.caller", "now.time"}
    assert len(variables) == len(list(variables))
    await harness.close()
    queues.stop()


def variables() -> Variables:
    call: Any = object()
    return Variables(call)


def test_names_are_set_forgotten_and_masked() -> None:
    known = variables()
    known.set("ivr.city", "Łódź")
    known.set("pin.digits", "1234", masked=True)
    known.set("http.body", {"stock": [1, 2.5, None, True]})
    assert known["http.body"] == {"stock": [1, 2.5, None, True]}
    assert known.shown() == {"ivr.city": "Łódź", "pin.digits": "***", "http.body": {"stock": [1, 2.5, None, True]}}
    assert known.shown(iter(["ivr.city", "ivr.none"])) == {"ivr.city": "Łódź"}
    known.forget("ivr.city")
    assert "ivr.city" not in known


@pytest.mark.parametrize("name", ["", "Ivr", "a b", "ivr..x", "1a", "a" * 65, "call.caller", "queue", "now.x", "a\n"])
def test_a_name_that_is_none_or_not_ours_is_refused(name: str) -> None:
    with pytest.raises(VariableError):
        variables().set(name, 1)


def test_values_have_a_size() -> None:
    known = variables()
    known.set("a", "x" * (MAX_VALUE_BYTES - 2))
    deep: list[Any] = []
    for _ in range(5000):
        deep = [deep]
    for value in (
        "x" * MAX_VALUE_BYTES,
        "ą" * (MAX_VALUE_BYTES // 2),
        ["x"] * 4096,
        deep,
        object(),
        10**5000,
        float("inf"),
    ):
        with pytest.raises(VariableError):
            known.set("a", value)  # type: ignore[arg-type]
    assert known["a"] == "x" * (MAX_VALUE_BYTES - 2)


def test_there_are_only_so_many_names() -> None:
    known = variables()
    for index in range(MAX_NAMES):
        known.set(f"ivr.n{index}", index)
    known.set("ivr.n0", "again")
    with pytest.raises(VariableError):
        known.set("ivr.more", 1)
