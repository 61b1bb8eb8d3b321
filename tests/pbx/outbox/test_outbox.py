"""What is put is delivered: in order of each call, again and again, whatever breaks, and never at others' cost."""

from __future__ import annotations

import asyncio
import itertools

import pytest

from pbx.outbox.entry import MAX_BODY, State
from pbx.outbox.ports import Undeliverable
from pbx.web.client import Answer, WebError
from tests.support.outbox import Receiver, World
from tests.support.virtual_loop import virtual_clock

BUSY = Answer(503, {}, b"busy")


def world(**settings: object) -> World:
    return World(virtual_clock(), **settings).register("a")


async def test_a_delivery_goes_out_once_and_is_kept_with_its_answer() -> None:
    async with world() as our:
        await our.outbox.put("a", "call.ended", "k1", {"x": 1}, call_id="c1")
        our.outbox.put_soon("a", "call.ended", "k1", {"x": 2})  # the same key: the same delivery
        our.outbox.put_soon("a", "call.ended", "k2", b"raw")
        await our.until(lambda: set(our.states().values()) == {"delivered"})
        row = our.shelf.rows["a", "k1"]
        assert (row.body, row.status, row.excerpt, row.attempts, row.number) == (b'{"x":1}', 200, "ok", 1, 1)
        assert our.receiver.keys == ["k1", "k2"]


async def test_failures_come_later_and_later_until_it_is_dead_and_a_person_sends_it_again() -> None:
    async with world(max_age_h=1.0) as our:
        our.receiver.always["a"] = Answer(500, {}, b"<b>\x00no")
        await our.outbox.put("a", "x", "k", b"{}")
        await our.until(lambda: our.states()["k"] == "dead")
        times = [at for at, *_ in our.receiver.got]
        gaps = [later - earlier for earlier, later in itertools.pairwise(times)]
        assert 8 <= len(times) <= 20
        assert all(gap >= 0.5 * 2.0**index for index, gap in enumerate(gaps))
        assert len({ident for *_, ident in our.receiver.got}) == 1, "one delivery has one id"
        row = our.shelf.rows["a", "k"]
        assert row.error.startswith("too old; status 500")
        assert row.excerpt == "<b> no"
        await our.until(lambda: [alarm.name for alarm in our.alarms if alarm.active] == ["outbox:a", "outbox_dead:a"])
        our.receiver.always.clear()
        assert await our.outbox.change([row.id], State.PENDING) == 1
        await our.until(lambda: our.states()["k"] == "delivered")
        await our.until(lambda: not our.alarms[-1].active)


async def test_a_call_s_deliveries_keep_their_order_and_others_pass_them() -> None:
    async with world() as our:
        our.receiver.answers = [Answer(500, {}, b"")] * 2
        for index in range(5):
            our.outbox.put_soon("a", "x", f"one{index}", b"{}", call_id="one")
            our.outbox.put_soon("a", "x", f"two{index}", b"{}", call_id="two")
        await our.until(lambda: set(our.states().values()) == {"delivered"})
        done = sorted(our.shelf.rows.values(), key=lambda row: row.ended)
        for call in ("one", "two"):
            assert [row.key for row in done if row.call_id == call] == [f"{call}{index}" for index in range(5)]


async def test_a_refusal_and_what_cannot_be_asked_are_dead_at_once() -> None:
    class Gone(Receiver):
        def request(self, entry):  # type: ignore[no-untyped-def]
            raise Undeliverable("its address was taken away")

    async with world() as our:
        our.receiver.answers = [Answer(410, {}, b"")]
        await our.outbox.put("a", "x", "refused", b"{}")
        our.outbox.register("b", Gone())
        await our.outbox.put("b", "x", "gone", b"{}")
        await our.until(lambda: set(our.states().values()) == {"dead"})
        assert our.shelf.rows["b", "gone"].error == "its address was taken away"
        assert our.receiver.keys == ["refused"]


async def test_it_waits_as_long_as_the_receiver_asks() -> None:
    async with world() as our:
        our.receiver.answers = [Answer(429, {"retry-after": "120"}, b"")]
        await our.outbox.put("a", "x", "k", b"{}")
        await our.outbox.put("a", "x", "other", b"{}")
        await our.until(lambda: set(our.states().values()) == {"delivered"})
        assert our.receiver.got[1][0] - our.receiver.got[0][0] >= 120


async def test_a_dead_target_holds_up_nobody_and_little_memory() -> None:
    async with world().register("down") as our:
        our.receiver.always["down"] = WebError("timeout", "no answer")
        for index in range(500):
            our.outbox.put_soon("down", "x", f"d{index}", b"{}", call_id=f"c{index}")
        await asyncio.sleep(60)
        began = asyncio.get_running_loop().time()
        for index in range(100):
            our.outbox.put_soon("a", "x", f"a{index}", b"{}")
        await our.until(lambda: len([key for key in our.receiver.keys if key.startswith("a")]) == 100)
        assert asyncio.get_running_loop().time() - began < 10
        assert len(our.outbox.targets["down"].held) <= 1
        await asyncio.sleep(6 * 3600)
        tries = [at for at, target, *_ in our.receiver.got if target == "down"]
        assert 60 <= len(tries) <= 200, "a request every few minutes"
        our.receiver.always.clear()
        ours = asyncio.get_running_loop().time()
        await our.until(lambda: set(our.states().values()) == {"delivered"})
        assert asyncio.get_running_loop().time() - ours < 400, (
            "what had waited for hours does not wait for its own hour"
        )
        assert our.receiver.most_at_once <= 5


async def test_one_that_always_fails_does_not_stop_its_target() -> None:
    async with world() as our:
        our.receiver.takes_s = 0.0

        class Picky(Receiver):
            async def ask(self, ask):  # type: ignore[no-untyped-def]
                answer = await Receiver.ask(self, ask)
                if ask.headers["X-Key"] == "poison":
                    raise WebError("timeout", "it never answers this one")
                return answer

        our.receiver = Picky()
        our.register("a")
        await our.outbox.put("a", "x", "poison", b"{}")
        await asyncio.sleep(3600)
        for index in range(50):
            await our.outbox.put("a", "x", f"k{index}", b"{}")
        await our.until(lambda: list(our.states().values()).count("delivered") == 50, 700)


async def test_after_is_kept_and_age_counts_from_it() -> None:
    async with world() as our:
        await our.outbox.put("a", "x", "later", b"{}", after=our.clock.unix() + 48 * 3600)
        await our.outbox.put("a", "x", "now", b"{}")
        await our.until(lambda: our.states()["now"] == "delivered")
        await our.until(lambda: our.states()["later"] == "delivered", 49 * 3600)
        assert 48 * 3600 - 1 <= our.receiver.got[1][0] - our.receiver.got[0][0] < 48 * 3600 + 20


async def test_nothing_is_lost_when_the_database_fails_or_the_process_is_killed() -> None:
    async with world() as our:
        our.shelf.failing = 3
        our.outbox.put_soon("a", "x", "k1", b"{}")
        await our.until(lambda: our.states().get("k1") == "delivered")
        our.shelf.holds_back = True  # the writer is behind
        our.outbox.put_soon("a", "x", "k2", b"{}")
        await asyncio.sleep(5)
        assert our.receiver.keys == ["k1"], "nothing is sent before it is kept"
        our.shelf.holds_back = False
        await our.until(lambda: our.states().get("k2") == "delivered")
        our.receiver.takes_s = 1.0
        await our.outbox.put("a", "x", "k3", b"{}")
        await our.until(lambda: "k3" in our.receiver.keys)
        again = our.kill()
        async with again.register("a"):
            await again.until(lambda: again.states()["k3"] == "delivered")
    ids = [ident for _at, _target, key, ident in our.receiver.got if key == "k3"]
    assert len(ids) == 2
    assert len(set(ids)) == 1
    assert [row.number for row in our.shelf.rows.values()] == [1, 2, 3]


async def test_the_oldest_raises_an_alarm_and_nothing_waits_for_nobody_forever() -> None:
    async with World(virtual_clock(), alarm_after_s=300.0, max_age_h=2.0) as our:
        await our.outbox.put("nobody", "x", "k", b"{}")
        await our.until(lambda: any(alarm.name == "outbox:nobody" and alarm.active for alarm in our.alarms), 400)
        await our.until(lambda: our.states()["k"] == "dead", 2 * 3600 + 60)
        await our.until(lambda: [a.name for a in our.alarms if not a.active] == ["outbox:nobody"], 60)
        assert our.outbox.watch.counts["nobody"].dead_total == 1


async def test_dropped_ones_stay_dropped_even_when_they_are_under_way() -> None:
    async with world() as our:
        our.receiver.takes_s = 5.0
        our.receiver.always["a"] = BUSY
        await our.outbox.put("a", "x", "k", b"{}")
        await our.until(lambda: our.receiver.got)
        assert await our.outbox.change([our.shelf.rows["a", "k"].id], State.DROPPED) == 1
        await asyncio.sleep(3600)
        assert our.states() == {"k": "dropped"}
        assert len(our.receiver.got) == 1


async def test_what_is_put_has_limits() -> None:
    async with world() as our:
        for target, kind, key in (("", "x", "k"), ("a", "x" * 201, "k"), ("a", "x", "")):
            with pytest.raises(ValueError, match="characters"):
                our.outbox.put_soon(target, kind, key, b"")
        with pytest.raises(ValueError, match="octets"):
            our.outbox.put_soon("a", "x", "k", b"x" * (MAX_BODY + 1))
        our.shelf.holds_back = True
        for index in range(600):
            our.outbox.put_soon("a", "x", f"k{index}", b"x" * MAX_BODY)
        assert our.outbox.lost == 600 - 513
        assert our.alarms[-1].name == "outbox_overflow"
        our.shelf.holds_back = False
        await our.until(lambda: list(our.states().values()).count("delivered") == 513)
        assert not next(alarm for alarm in reversed(our.alarms) if alarm.name == "outbox_overflow").active


async def test_an_idle_outbox_does_nothing() -> None:
    async with world() as our:
        await our.outbox.put("a", "x", "k", b"{}")
        await asyncio.sleep(100)
        turns = 0
        before = our.shelf.turn

        async def counted(*given):  # type: ignore[no-untyped-def]
            nonlocal turns
            turns += 1
            return await before(*given)

        our.shelf.turn = counted  # type: ignore[method-assign]
        await asyncio.sleep(86_400)
        assert turns <= 30
