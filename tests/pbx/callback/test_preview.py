"""The agent reads the contact before it is called: taken, declined, forgotten, overtaken."""

from __future__ import annotations

import pytest

from pbx.contact.callback_request import RequestRefused
from pbx.events import Kind
from pbx.queue.codes import feature_application
from tests.pbx.callback.world import JAN, World

READS = {"callback": {"preview_s": 20.0}}


async def reading(agents: tuple[str, ...] = ("201",), **queue: object) -> World:
    """A request for Jan is before the first agent."""
    world = await World({name: {} for name in agents}, queue={**READS, **queue}).start()
    world.services.applications.register("feature", feature_application(world.queues))
    world.customer()
    await world.ask(name="Jan", tags={"campaign": "autumn"})
    await world.sleep(1)
    return world


def ends(world: World) -> list[tuple[str, str]]:
    return [(told["agent"], told["outcome"]) for told in world.events(Kind.CONTACT_PREVIEW_ENDED)]


async def test_he_reads_and_takes_it() -> None:
    world = await reading()
    assert world.state("201") == "callback_preview"
    assert not world.phones["201"].invites, "nothing rings while he reads"
    (row,) = world.callbacks.previews()
    assert (row.agent, row.number, row.name, row.queue, row.attempts) == ("201", JAN, "Jan", "sales", 0)
    assert row.source["campaign"] == "autumn"
    assert row.left_s == pytest.approx(19.0, abs=0.1)
    (told,) = world.events(Kind.CONTACT_PREVIEWED)
    assert (told["agent"], told["number"], told["preview_s"], told["by"]) == ("201", JAN, 20.0, "longest-idle")
    await world.sleep(9)
    world.callbacks.preview("201", accept=True)
    await world.sleep(1)
    assert world.state("201") == "ringing"
    await world.sleep(30)
    assert world.state("201") == "available"
    (bridged,) = world.events(Kind.CALLBACK_BRIDGED)
    assert bridged["speed_s"] == pytest.approx(1 + 9 + 5, abs=0.5), "reading counts: the customer waits meanwhile"
    assert ends(world) == [("201", "accepted")]
    assert not world.callbacks.previews()
    with pytest.raises(RequestRefused, match="no contact before him"):
        world.callbacks.preview("201", accept=True)
    await world.close()


@pytest.mark.parametrize(("how", "outcome"), [("decline", "declined"), ("silence", "timeout")])
async def test_who_does_not_want_it_has_missed_an_offer_and_the_next_one_reads(how: str, outcome: str) -> None:
    world = await reading(("201", "202"))
    first = world.callbacks.previews()[0].agent
    second = {"201": "202", "202": "201"}[first]
    if how == "decline":
        world.callbacks.preview(first, accept=False)
    else:
        await world.sleep(20)
    await world.sleep(0.1)
    assert ends(world) == [(first, outcome)]
    assert (world.state(first), world.state(second)) == ("not_responding", "callback_preview")
    world.callbacks.preview(second, accept=True)
    await world.sleep(40)
    assert world.events(Kind.CALLBACK_BRIDGED)[0]["agent"] == second
    assert len(world.carrier.times(JAN)) == 1
    await world.close()


async def test_the_customer_rings_while_his_contact_is_read() -> None:
    world = await reading()
    caller = world.call(JAN)
    await world.sleep(1)
    assert ends(world) == [("201", "lost")]
    await world.sleep(3)
    assert world.state("201") == "talking", "with him who rang"
    await world.sleep(60)
    caller.hang_up()
    await world.sleep(5)
    assert not world.carrier.times(JAN)
    await world.close()


@pytest.mark.parametrize(("code", "outcome", "called"), [("preview", "accepted", 1), ("preview=0", "declined", 0)])
async def test_by_his_phone(code: str, outcome: str, called: int) -> None:
    world = await reading()
    world.harness.call(f"feature:{code}", caller="201", extension="201", direction="internal")
    await world.sleep(15)
    assert ends(world) == [("201", outcome)]
    assert len(world.carrier.times(JAN)) == called
    await world.close()


async def test_a_code_while_nothing_is_read_changes_nothing() -> None:
    world = await World(queue=READS).start()
    world.services.applications.register("feature", feature_application(world.queues))
    world.harness.call("feature:preview", caller="201", extension="201", direction="internal")
    await world.sleep(15)
    assert world.state("201") == "available"
    await world.close()


async def test_a_break_that_is_chosen_while_he_reads_comes_afterwards() -> None:
    world = await reading()
    world.queues.set_agent("201", "break")
    assert world.state("201") == "callback_preview"
    world.callbacks.preview("201", accept=False)
    assert world.state("201") == "break"
    await world.close()


async def test_the_process_ends_while_he_reads() -> None:
    world = await reading()
    world.callbacks.pause()
    assert ends(world) == [("201", "lost")]
    assert world.state("201") == "available"
    await world.close()
