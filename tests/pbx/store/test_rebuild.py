"""`rebuild`: the same rows as the running store derived, whatever has become of them; and who may do it."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
from sqlalchemy import text
from typer.testing import CliRunner

from pbx.cli.commands import app
from pbx.events import CallEvent, Kind
from pbx.store.derived import DERIVED
from pbx.store.errors import StoreError
from pbx.store.rebuild import BATCH, rebuild_database
from tests.pbx.store.support import World, until
from tests.support.journeys import T0, Journey, abandoned, answered, left, seizure

NAMES = [table.name for table in DERIVED]


def dump(world: World) -> dict[str, list[object]]:
    return {name: world.rows(f"SELECT * FROM {name} ORDER BY 1, 2") for name in NAMES}


def a_day(rng: random.Random, calls: int) -> list[list[CallEvent]]:
    """Calls of all kinds, with offers, promises, overflow, callbacks and trunks among them."""
    makers = (answered, abandoned, left)
    journeys: list[list[CallEvent]] = []
    for number in range(1, calls + 1):
        start = T0 + rng.random() * 36_000
        kind = rng.randrange(6)
        if kind < 3:
            journeys.append(makers[kind](number, start=start, queue=rng.choice(("sales", "service"))))
        elif kind == 3:
            journeys.append(seizure(number, rng.choice((200, 486, 503)), talk_s=rng.random() * 90, start=start))
        elif kind == 4:
            journeys.append(overflowed(number, start))
        else:
            journeys.append(called_back(number, start))
    return journeys


def overflowed(number: int, start: float) -> list[CallEvent]:
    call = Journey(number, start).begin()
    call.add(
        Kind.CALL_ATTRIBUTED, method="session", probability=0.98, source="google", medium="cpc", visit=f"{number:032x}"
    )
    call.at(1).add(Kind.QUEUE_JOINED, queue="sales", position=3)
    call.at(5).add(Kind.QUEUE_ANNOUNCED, queue="sales", position=2, low_s=60, high_s=120, quantile=0.8)
    call.at(31).add(Kind.QUEUE_OFFERED, queue="sales", agent="201", leg="b1", by="linear", through="service")
    call.at(40).add(Kind.QUEUE_LEFT, queue="sales", wait_s=30.0, reason="overflow", to="service")
    call.add(Kind.QUEUE_JOINED, queue="service", position=1, overflowed_from="sales", waited_s=9.0)
    call.add(Kind.QUEUE_ANSWERED, queue="service", agent="201", wait_s=9.0).add(Kind.BRIDGE_STARTED, with_leg="b1")
    return call.at(95).end().events


def called_back(number: int, start: float) -> list[CallEvent]:
    call = Journey(number, start).begin("callback", direction="outbound", contact=f"{number:032x}")
    call.add(Kind.LEG_STARTED, "b1", role="customer", target="+48600100200", trunk="carrier")
    call.at(7).add(Kind.LEG_ANSWERED, "b1")
    call.add(Kind.CALLBACK_ANSWERED, contact=f"{number:032x}", queue="sales", reach_s=7.0)
    call.at(9).add(
        Kind.CALLBACK_BRIDGED, contact=f"{number:032x}", queue="sales", agent="101", mode="customer_first", attempt=1
    )
    return call.at(60).end().events


@pytest.mark.parametrize("seed", range(3))
async def test_rebuilding_yields_the_rows_that_the_running_store_derived(tmp_path: Path, seed: int) -> None:
    rng = random.Random(seed)
    journeys = a_day(rng, BATCH + 40 if seed == 0 else 60)
    async with World(tmp_path) as world:
        mixed = sorted((event for journey in journeys for event in journey), key=lambda event: event.at)
        world.publish(mixed)
        await until(lambda: world.count("cdrs") == len(journeys), 60)
        await world.store.durable(lambda _: None)
        before = dump(world)
        assert all(before.values()), "every table has rows"
        damage = (
            "UPDATE cdrs SET talk_s = talk_s + 1",
            "DELETE FROM queue_visits WHERE queue = 'sales'",
            "UPDATE queue_offers SET agent = 'nobody'",
            "UPDATE queue_visits SET visit = visit + 7",
            "DELETE FROM cdrs WHERE direction = 'outbound'",
        )
        for sql in rng.sample(damage, 3):
            await world.store.durable(lambda connection, sql=sql: connection.execute(text(sql)))
        assert dump(world) != before
        done = await world.rebuilt()
        assert (done.calls, done.running, done.kept) == (len(journeys), 0, 0)
        assert dump(world) == before


async def test_what_the_journey_does_not_tell_is_left_alone(tmp_path: Path) -> None:
    async with World(tmp_path) as world:
        world.publish(answered(1), abandoned(2), answered(3)[:5])
        await until(lambda: world.count("cdrs") == 2)
        gone = f"DELETE FROM journey WHERE call_id = '{2:032x}'"
        await world.store.durable(lambda connection: connection.execute(text(gone)))
        before = dump(world)
        done = await world.rebuilt()
        assert (done.calls, done.running, done.kept) == (1, 1, 1)
        assert dump(world) == before


async def test_a_running_process_keeps_it_out_and_afterwards_the_command_shows_how_far_it_is(tmp_path: Path) -> None:
    steps: list[tuple[int, int]] = []
    async with World(tmp_path) as world:
        world.publish(answered(1), abandoned(2))
        await until(lambda: world.count("cdrs") == 2)
        with pytest.raises(StoreError, match=r"is in use by process .*: stop it"):
            rebuild_database(world.config, lambda *step: steps.append(step))
        assert not steps
    before = dump(world)
    assert rebuild_database(world.config, lambda *step: steps.append(step)).calls == 2
    assert steps == [(0, 2), (2, 2)]
    settings = tmp_path / "centrala.toml"
    settings.write_text(f'[server]\ndata_dir = "{tmp_path}"\n')
    settings.chmod(0o600)
    shown = CliRunner().invoke(app, ["--config", str(settings), "rebuild"])
    assert shown.exit_code == 0, shown.output
    assert "2 calls derived from the journey" in shown.output
    assert dump(world) == before
