"""Queues beyond the single call: codes, restarts, shutdown, live view, memory, who comes back."""

from __future__ import annotations

import gc
import weakref
from types import SimpleNamespace

import pytest

from pbx.call.fakes import LoopClock
from pbx.events import AgentStateChanged, Kind
from pbx.queue.service import QueueError
from tests.pbx.queue.house import House

NEVER = {"answer_after_s": None}


async def test_feature_codes_move_the_agent_and_are_confirmed() -> None:
    house = House({"101": {}}, signed_in=False)

    async def dial(state: str, extension: str = "101") -> str:
        phone = house.harness.call(f"feature:{state}", caller=extension, direction="internal", extension=extension)
        await phone.over()
        return phone.heard[-1][1]

    assert await dial("available") == "en:You are available."
    assert house.state("101") == "available"
    assert await dial("on_break") == "en:You are on a break."
    assert house.state("101") == "break"
    assert await dial("offline") == "en:You are signed out."
    assert house.state("101") == "offline"
    assert await dial("available", "999") == "en:This phone serves no queue."
    await house.close()


async def test_states_survive_a_restart() -> None:
    class Kept:
        def __init__(self, state: str, reason: str = "") -> None:
            self.state, self.reason, self.call_id = state, reason, "c"
            self.since, self.until = unix - 300.0, unix - 60.0

    unix = LoopClock().unix()
    stored = {
        "101": Kept("break", "lunch"),
        "102": Kept("talking"),
        "103": Kept("offline"),
        "104": Kept("not_responding", "no_answer"),
        "105": Kept("unreachable"),
    }
    house = House({name: {} for name in (*stored, "106")}, stored=stored)
    assert {name: house.state(name) for name in (*stored, "106")} == {
        "101": "break",
        "102": "available",
        "103": "offline",
        "104": "not_responding",
        "105": "available",
        "106": "available",
    }
    anna = house.queues.agents()[0]
    assert (anna.reason, anna.since_s) == ("lunch", 300)
    told = [event for event in house.harness.events if isinstance(event, AgentStateChanged) and event.agent == "102"]
    assert [(event.previous, event.previous_s, event.state, event.since - unix) for event in told] == [
        ("talking", 240, "offline", -60),  # as long as the process lived
        ("offline", 60, "available", 0),
    ]
    await house.close()


async def test_mistakes_are_named() -> None:
    house = House({"101": {}})
    with pytest.raises(QueueError, match=r"'999' is no agent; list the extension in \[\[agent\]\]"):
        house.queues.set_agent("999", "available")
    with pytest.raises(QueueError, match="'asleep'; use available, break or offline"):
        house.queues.set_agent("101", "asleep")
    with pytest.raises(QueueError, match="no queue 'nowhere'; queues: sales"):
        await house.queues.join(None, "nowhere")  # type: ignore[arg-type]
    await house.close()


async def test_a_shutdown_is_no_abandonment() -> None:
    house = House({"101": NEVER})
    caller = house.call()
    await house.sleep(3)
    caller.call.terminate("shutdown")
    await caller.over()
    assert house.one(Kind.QUEUE_LEFT)["reason"] == "shutdown"
    assert not house.journey(Kind.QUEUE_ABANDONED)
    await house.close()


async def test_the_live_view_names_who_waits_and_who_rings() -> None:
    house = House({"101": {"answer_after_s": 1}, "102": NEVER})
    house.call(caller="+48111")
    await house.sleep(2)
    house.call(caller="+48222")
    await house.sleep(3)
    house.call(caller="+48333")
    await house.sleep(1)
    snapshot = house.queues.snapshot()[0]
    assert [(row.caller, row.position, row.ringing) for row in snapshot.callers] == [
        ("+48222", 1, ["102"]),
        ("+48333", 2, []),
    ]
    assert snapshot.longest_wait_s == pytest.approx(4)
    assert snapshot.talking == 1
    assert (snapshot.agents["talking"], snapshot.agents["ringing"]) == (1, 1)
    assert house.queues.agents_by_state()["ringing"] == 1
    await house.close()


async def test_a_stay_leaves_nothing_in_memory() -> None:
    house = House({"101": {"answer_after_s": 1, "talk_s": 5}}, announce_position=True)
    caller = house.call()
    await caller.over()
    gone = house.call()
    await house.sleep(0.5)
    gone.hang_up()
    await gone.over()
    await house.sleep(30)
    left = [weakref.ref(caller.call), weakref.ref(gone.call)]
    house.harness.callers.clear()
    caller.forget()
    gone.forget()
    house.phones["101"].sessions.clear()
    house.harness.agent.sessions.clear()
    del caller, gone
    gc.disable()
    try:
        assert [ref() for ref in left] == [None, None]
    finally:
        gc.enable()
        await house.close()


async def test_music_that_is_gone_costs_no_call(caplog: pytest.LogCaptureFixture) -> None:
    house = House({"101": NEVER}, music="jazz")
    known = house.harness.prompts.music

    def music(name: str) -> object:
        if name != "default":
            raise KeyError(f"no music is called {name!r}; there is default")
        return known(name)

    house.harness.prompts.music = music  # type: ignore[assignment, method-assign]
    caller = house.call()
    await house.sleep(1)
    assert caller.media.playing == ["music:default"]
    assert "no music is called 'jazz'" in caplog.text
    await house.close()


class Shelf:
    """Open items by number and queue, as a pbx.contact.book.ContactBook finds them."""

    def __init__(self, **since: float) -> None:
        self.since = since

    def find(self, number: str, queue: str) -> object | None:
        since = self.since.get(queue) if number == "+48600100200" else None
        return SimpleNamespace(since=since) if since is not None else None


@pytest.mark.parametrize(("queue", "number", "place"), [("sales", "+48600100200", 1), ("sales", "+48600100201", 2)])
async def test_who_comes_back_takes_the_place_of_what_is_open(queue: str, number: str, place: int) -> None:
    house = House({"101": NEVER})
    house.queues.set_agent("101", "break")
    services = house.harness.services
    services.contacts = Shelf(sales=services.clock.unix() - 300)
    other = house.call(caller="+48600100299")
    await house.sleep(30)
    again = house.call(caller=number)
    await house.sleep(1)
    assert house.one(Kind.QUEUE_JOINED, again)["position"] == place
    again.hang_up()
    await house.sleep(1)
    assert house.one(Kind.QUEUE_ABANDONED, again)["wait_s"] == pytest.approx(1), "figures begin with the call"
    other.hang_up()
    await house.sleep(1)
    await house.close()


async def test_what_is_open_elsewhere_or_later_makes_nobody_older_or_younger() -> None:
    house = House({"101": NEVER})
    house.queues.set_agent("101", "break")
    services = house.harness.services
    services.contacts = Shelf(service=services.clock.unix() - 300, sales=services.clock.unix() + 300)
    other = house.call(caller="+48600100299")
    await house.sleep(1)
    again = house.call(caller="+48600100200")
    await house.sleep(1)
    assert house.one(Kind.QUEUE_JOINED, again)["position"] == 2
    again.hang_up()
    other.hang_up()
    await house.sleep(1)
    await house.close()
