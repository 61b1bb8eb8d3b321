"""From the bus to the disk, and back after a restart."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Coroutine
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, select, text

from pbx.call.location import StoredBinding
from pbx.events import AgentStateChanged, CallEvent, Kind
from pbx.store import deriver, schema
from pbx.store.errors import StoreError, StoreUnavailable
from tests.pbx.store.support import World, until
from tests.support.journeys import T0, Journey, abandoned, answered, left, seizure


async def test_a_call_becomes_a_journey_and_a_record(tmp_path: Path) -> None:
    async with World(tmp_path, timezone="Europe/Warsaw") as world:
        world.publish(answered(1), abandoned(2), left(3), seizure(4, 486))
        await until(lambda: world.count("cdrs") == 4)
        assert world.count("journey") == sum(map(len, (answered(), abandoned(), left(), seizure(4, 486))))
        assert world.rows("SELECT seq FROM journey") == [(n,) for n in range(1, world.count("journey") + 1)]
        assert world.rows("SELECT zone, cause FROM cdrs WHERE id LIKE '%1'") == [("Europe/Warsaw", "normal")]
        assert world.rows("SELECT outcome FROM queue_visits ORDER BY call_id") == [
            ("answered",),
            ("abandoned",),
            ("timeout",),
        ]
        assert world.rows("SELECT trunk, outcome FROM trunk_calls") == [("carrier", "busy")]
        assert world.store.stats.events == world.count("journey")
        assert world.store.backlog == 0


async def test_the_record_is_there_within_the_flush_interval(tmp_path: Path) -> None:
    async with World(tmp_path) as world:
        loop = asyncio.get_running_loop()
        began = loop.time()
        world.publish(answered())
        await until(lambda: world.count("cdrs") == 1)
        assert loop.time() - began < 1.0


async def test_what_is_told_after_the_end_changes_the_record(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(deriver, "LINGER_S", 0.0)  # so that the late event finds the call on disk only
    async with World(tmp_path) as world:
        events = answered()
        started = CallEvent(Kind.RECORDING_STARTED, events[0].call_id, "a", T0 + 8, {"recording": "r", "path": "r.wav"})
        world.publish([*events[:-1], started, events[-1]])
        await until(lambda: world.count("cdrs") == 1)
        await world.store.durable(lambda _: None)
        ended = CallEvent(Kind.RECORDING_ENDED, events[0].call_id, "a", T0 + 70, {"recording": "r", "duration_s": 59.0})
        world.publish([ended])
        await until(lambda: world.rows("SELECT recording_s FROM cdrs") == [(59.0,)])
        assert world.rows("SELECT recording, talk_s, queue FROM cdrs") == [("r.wav", 60.0, "sales")]
        assert world.count("queue_visits") == 1


async def test_records_can_be_derived_again(tmp_path: Path) -> None:
    async with World(tmp_path) as world:
        world.publish(answered(1), abandoned(2), seizure(3, 200, talk_s=9.0), answered(4)[:5])
        await until(lambda: world.count("cdrs") == 3)
        before = [
            world.rows(f"SELECT * FROM {table} ORDER BY 1, 2") for table in ("cdrs", "queue_visits", "trunk_calls")
        ]
        await world.store.durable(lambda connection: connection.execute(text("UPDATE cdrs SET talk_s = 1e9")))
        assert (await world.rebuilt()).calls == 3
        after = [
            world.rows(f"SELECT * FROM {table} ORDER BY 1, 2") for table in ("cdrs", "queue_visits", "trunk_calls")
        ]
        assert after == before


async def test_a_durable_intent_is_on_disk_when_it_is_acknowledged(tmp_path: Path) -> None:
    async with World(tmp_path) as world:

        def keep(connection: Connection) -> str:
            connection.execute(schema.meta.insert().values(key="promise", value="call back"))
            return "kept"

        assert await world.store.durable(keep) == "kept"
        assert world.rows("SELECT value FROM meta WHERE key = 'promise'") == [("call back",)]


async def test_an_intent_sees_what_was_published_before_it(tmp_path: Path) -> None:
    async with World(tmp_path) as world:
        for number in range(1, 30):
            world.publish(answered(number))
            count = await world.store.durable(
                lambda connection: len(connection.execute(select(schema.cdrs.c.id)).all())
            )
            assert count == number


async def test_an_intent_that_fails_undoes_only_itself(tmp_path: Path) -> None:
    async with World(tmp_path) as world:

        def insert(key: str) -> Coroutine[Any, Any, None]:
            def intent(connection: Connection) -> None:
                connection.execute(schema.meta.insert().values(key=key, value="1"))

            return world.store.durable(intent)

        def fail(connection: Connection) -> None:
            connection.execute(schema.meta.insert().values(key="broken", value="1"))
            raise LookupError("no such campaign")

        world.publish(answered())
        tasks = [insert("one"), world.store.durable(fail), insert("two"), insert("one")]
        results = await asyncio.gather(*tasks, return_exceptions=True)
        assert results[0] is None
        assert isinstance(results[1], LookupError)
        assert results[2] is None
        assert "UNIQUE" in str(results[3]).upper()
        await until(lambda: world.count("cdrs") == 1)
        kept = {key for (key,) in world.rows("SELECT key FROM meta")}
        assert kept >= {"one", "two"}
        assert "broken" not in kept
        assert world.alarms == []


async def test_an_intent_given_up_is_not_run(tmp_path: Path) -> None:
    async with World(tmp_path) as world:
        ran = []
        task = asyncio.ensure_future(world.store.durable(lambda _: ran.append(1)))
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await world.store.durable(lambda _: None)
        assert len(ran) <= 1  # the writer may have begun already; both are fine, a hang is not


async def test_the_store_answers_only_while_it_runs(tmp_path: Path) -> None:
    world = World(tmp_path)
    with pytest.raises(StoreError, match="not started"):
        await world.store.durable(lambda _: None)
    async with world:
        pass
    with pytest.raises(StoreUnavailable, match="stopping"):
        await world.store.durable(lambda _: None)
    world.publish(answered())  # nobody listens any more, and nobody minds


async def test_stop_writes_what_waits(tmp_path: Path) -> None:
    world = World(tmp_path)
    await world.store.start()
    for number in range(1, 300):
        world.publish(answered(number))
    assert await world.store.stop() == 0
    assert world.count("cdrs") == 299


async def test_calls_that_were_cut_off_get_a_record_at_the_next_start(tmp_path: Path) -> None:
    async with World(tmp_path) as world:
        world.publish(answered(1), answered(2)[:11], abandoned(3)[:4])  # one done, one talking, one waiting
    again = World(tmp_path)
    found = await again.store.start()
    assert (found.interrupted, found.derived) == (2, 0)
    rows = again.rows("SELECT id, cause, ended_by, abandoned, talk_s, duration_s FROM cdrs ORDER BY id")
    assert rows[1] == (f"{2:032x}", "interrupted", "pbx", 0, 60.0, 67.0)
    assert rows[2][1:4] == ("interrupted", "pbx", 0)
    assert again.rows("SELECT outcome FROM queue_visits WHERE call_id LIKE '%3'") == [("interrupted",)]
    again.publish(answered(4))
    await until(lambda: again.count("cdrs") == 4)
    assert (await again.rebuilt()).calls == 4  # the end is in the journey, so the record can be derived again
    await again.store.stop()
    third = World(tmp_path)
    assert (await third.store.start()).interrupted == 0
    await third.store.stop()


async def test_recovery_reads_from_the_checkpoint(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pbx.store.writer.CHECKPOINT_S", 0.0)
    async with World(tmp_path) as world:
        world.publish(answered(1))
        await until(lambda: world.count("cdrs") == 1)
        world.publish(answered(2)[:9])
        await until(lambda: world.count("journey") == 22)
        world.publish(answered(3))
        await until(lambda: world.count("cdrs") == 2)
        (checkpoint,) = (json.loads(row[0]) for row in world.rows("SELECT value FROM meta WHERE key <> 'intervals'"))
        assert checkpoint == {"next": 36, "open": [f"{2:032x}"]}
        await world.store.durable(lambda connection: connection.execute(text("DELETE FROM cdrs WHERE id LIKE '%1'")))
    async with World(tmp_path) as world:
        rows = world.rows("SELECT id, cause FROM cdrs ORDER BY id")  # the first call was not looked at again
        assert rows == [(f"{2:032x}", "interrupted"), (f"{3:032x}", "normal")]


@pytest.mark.parametrize(
    "checkpoint",
    [
        *("", "null", "[]", "{}", "[" * 9),
        *('{"open": [], "next": "9"}', '{"open": 7, "next": 9}', '{"open": [[1]], "next": 9}'),
        '{"open": [], "next": 99999999999999999999}',
    ],
)
async def test_a_checkpoint_of_an_unexpected_shape_does_not_stop_the_start(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, checkpoint: str
) -> None:
    async with World(tmp_path) as world:
        world.publish(answered(1))
        world.publish(answered(2)[:9])
        await until(lambda: world.count("cdrs") == 1)
        spoil = text("UPDATE meta SET value = :value")
        await world.store.durable(lambda connection: connection.execute(spoil, {"value": checkpoint}))
    async with World(tmp_path) as world:
        rows = world.rows("SELECT id, cause FROM cdrs ORDER BY id")
        assert rows == [(f"{1:032x}", "normal"), (f"{2:032x}", "interrupted")]
    assert "checkpoint cannot be understood" in caplog.text


async def test_a_break_keeps_its_reason_and_wrap_up_its_code(tmp_path: Path) -> None:
    async with World(tmp_path) as world:
        world.bus.publish(AgentStateChanged("101", "break", "available", T0, 4.0, reason="lunch"))
        world.bus.publish(AgentStateChanged("101", "wrapup", "break", T0 + 60, 60.0, call_id="c1"))
        world.bus.publish(AgentStateChanged("101", "available", "wrapup", T0 + 70, 10.0, code="order"))
        await until(lambda: world.count("agent_log") == 3)
        assert world.rows("SELECT state, reason FROM agent_log ORDER BY seq") == [
            ("available", ""),
            ("break", "lunch"),
            ("wrapup", "order"),
        ]


async def test_agents_states_are_kept(tmp_path: Path) -> None:
    async with World(tmp_path) as world:
        change = AgentStateChanged("101", "talking", "ringing", T0, 4.0, call_id="c1")
        world.bus.publish(change)
        world.bus.publish(AgentStateChanged("101", "wrapup", "talking", T0 + 60, 60.0, call_id="c1"))
        world.bus.publish(AgentStateChanged("101", "available", "wrapup", T0 + 70, 10.0, reason="timeout"))
        await until(lambda: world.count("agent_log") == 3)
        assert world.rows("SELECT state, duration_s, call_id FROM agent_log ORDER BY seq") == [
            ("ringing", 4.0, "c1"),
            ("talking", 60.0, "c1"),
            ("wrapup", 10.0, "c1"),
        ]
    async with World(tmp_path) as world:
        agents = await world.store.load_agents()
        assert (agents["101"].state, agents["101"].since, agents["101"].reason) == ("available", T0 + 70, "timeout")


def binding(port: int, **changes: object) -> StoredBinding:
    values: dict[str, object] = {"uri": f"sip:101@127.17.0.9:{port}", "transport": "udp", "host": "127.17.0.9"}
    values |= {"port": port, "expires_at": T0 + 3600, "call_id": "r1", "cseq": 2, "path": ("<sip:edge;lr>",)}
    return StoredBinding("101", **{**values, "instance": "", "q": 0.5, "user_agent": "phone", **changes})  # type: ignore[arg-type]


async def test_registrations_are_kept(tmp_path: Path) -> None:
    async with World(tmp_path) as world:
        assert world.store.locations.load() == []
        world.store.locations.replace("101", [binding(5060)])
        world.store.locations.replace("101", [binding(5060), binding(5070, user_agent="bad \udcff")])
        world.store.locations.replace("102", [])
    async with World(tmp_path) as world:
        first, second = world.store.locations.load()
        assert first == binding(5060)
        assert second.port == 5070


async def test_what_callers_send_cannot_stop_the_journey(tmp_path: Path) -> None:
    async with World(tmp_path) as world:
        call = Journey(1).begin(caller="'; DROP TABLE cdrs; --\0\udcff", callee="\u202e" * 9000)
        world.publish([*call.events, CallEvent(Kind.DIGIT, call.call_id, "a", T0, {"digit": {1, 2}, "x": 2**70})])
        world.publish(call.at(2).end().events[-1:])
        await until(lambda: world.count("cdrs") == 1)
        assert world.rows("SELECT caller, length(callee) FROM cdrs") == [("'; DROP TABLE cdrs; --?", 512)]
        assert world.store.stats.refused_rows == 0


async def test_an_event_that_makes_no_sense_is_counted_and_left_out(tmp_path: Path) -> None:
    async with World(tmp_path) as world:
        world.publish([CallEvent(Kind.DIGIT, "x", "a", float("nan"), {})], answered())
        await until(lambda: world.count("cdrs") == 1)
        await world.store.durable(lambda _: None)
        assert world.store.stats.refused_rows == 1
