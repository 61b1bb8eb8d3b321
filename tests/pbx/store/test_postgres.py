"""The store on a real PostgreSQL: the behaviour of its own tests, and what is different there."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest
from alembic import command
from sqlalchemy import Engine, create_engine, inspect, text
from sqlalchemy.exc import OperationalError

from pbx.store import schema, writer
from pbx.store.database import database_url, prepare
from pbx.store.errors import StoreError, StoreTaken, StoreUnavailable
from pbx.store.lock import WriterLock
from pbx.store.migrate import alembic_config
from pbx.store.rebuild import rebuild_database
from tests.pbx.store import support
from tests.pbx.store.support import World, until
from tests.pbx.store.test_contacts import (  # noqa: F401 - run here once more
    test_every_field_survives,
    test_lists_are_narrowed_in_the_database,
    test_old_ones_are_deleted_with_their_attempts,
    test_the_key_decides_in_the_database,
)
from tests.pbx.store.test_kept import test_what_was_kept_comes_back  # noqa: F401
from tests.pbx.store.test_outbox import (  # noqa: F401
    test_a_key_is_one_row_however_it_is_put,
    test_of_a_call_only_the_first_that_waits_may_be_tried,
    test_people_and_time_change_rows,
)
from tests.pbx.store.test_phone_settings import test_they_are_on_disk_when_saved  # noqa: F401
from tests.pbx.store.test_rebuild import dump, test_what_the_journey_does_not_tell_is_left_alone  # noqa: F401
from tests.pbx.store.test_store import (  # noqa: F401
    test_a_call_becomes_a_journey_and_a_record,
    test_a_durable_intent_is_on_disk_when_it_is_acknowledged,
    test_agents_states_are_kept,
    test_an_intent_that_fails_undoes_only_itself,
    test_calls_that_were_cut_off_get_a_record_at_the_next_start,
    test_records_can_be_derived_again,
    test_registrations_are_kept,
    test_stop_writes_what_waits,
    test_what_callers_send_cannot_stop_the_journey,
)
from tests.support.journeys import abandoned, answered
from tests.support.postgres import Server, binaries

HELD = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND granted"

pytestmark = pytest.mark.skipif(binaries() is None, reason="PostgreSQL is not installed (apt-get install postgresql)")


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    folder = binaries()
    assert folder is not None
    server = Server(folder)
    yield server
    server.stop()


@pytest.fixture(autouse=True)
def on_postgres(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each folder of a test is a database of its own, the same one when the test comes back to it."""
    known: dict[Path, str] = {}

    def database_of(folder: Path) -> str:
        if folder not in known:
            known[folder] = server.url()
        return known[folder]

    monkeypatch.setattr(support, "database_of", database_of)


async def test_one_process_has_the_database(tmp_path: Path) -> None:
    async with World(tmp_path) as first:
        first.publish(answered(1))
        with pytest.raises(StoreError, match=r"in use by another Centrala .*: stop it"):
            await World(tmp_path).store.start()
        with pytest.raises(StoreError, match="in use by another Centrala"):
            rebuild_database(first.config, lambda _done, _total: None)
        await until(lambda: first.count("cdrs") == 1)
    assert rebuild_database(first.config, lambda _done, _total: None).calls == 1
    async with World(tmp_path) as again:
        assert again.count("cdrs") == 1


async def test_a_server_that_goes_and_comes_back_costs_no_row(tmp_path: Path, server: Server) -> None:
    async with World(tmp_path) as world:
        world.publish(answered(1))
        await until(lambda: world.count("cdrs") == 1)
        await asyncio.to_thread(server.restart)
        world.publish(abandoned(2), answered(3))
        await until(lambda: world.count("cdrs") == 3, 30)
        before = dump(world)
        assert (await world.rebuilt()).calls == 3
        assert dump(world) == before


async def test_after_the_servers_restart_the_lock_is_taken_again(
    tmp_path: Path, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writer, "PROBE_S", 0.05)
    async with World(tmp_path) as world:
        await asyncio.to_thread(server.restart)
        await until(lambda: world.rows(HELD) == [(1,)], 30)  # by an idle process: nothing was published
        with pytest.raises(StoreError, match="in use by another Centrala"):
            await World(tmp_path).store.start()
        assert not world.store.taken.is_set()
        await until(lambda: [alarm.active for alarm in world.alarms] == [True, False])


async def test_who_finds_the_lock_taken_writes_no_more(
    tmp_path: Path, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writer, "PROBE_S", 1000.0)
    async with World(tmp_path) as first:
        first.publish(answered(1))
        await until(lambda: first.count("cdrs") == 1)
        await asyncio.to_thread(server.restart)
        async with World(tmp_path) as second:
            second.publish(answered(2))
            await until(lambda: second.count("cdrs") == 2)
            before = dump(second)
            first.publish(answered(3))
            with pytest.raises(StoreUnavailable):
                await first.store.durable(lambda connection: connection.execute(text("DELETE FROM cdrs")))
            await asyncio.wait_for(first.store.taken.wait(), 30)
            first.publish(answered(4))
            with pytest.raises(StoreUnavailable):
                await first.store.durable(lambda connection: connection.execute(text("DELETE FROM cdrs")))
            assert [alarm.name for alarm in first.alarms if alarm.active][-1] == "store_taken"
            await until(lambda: not first.store._writer.events)  # type: ignore[union-attr]
            assert await first.store.stop() > 0  # told as lost
            assert dump(second) == before
            second.publish(answered(5))
            await until(lambda: second.count("cdrs") == 3)


def test_a_session_of_ours_that_only_the_server_has_left_is_ended(tmp_path: Path, server: Server) -> None:
    url = database_url(support.config_for(tmp_path))
    engine, lock = create_engine(url), WriterLock(url)
    cut_off, mine, other = engine.connect(), engine.connect(), engine.connect()
    lock.take(cut_off)
    with pytest.raises(StoreTaken, match="this machine since"):
        WriterLock(url).take(other)
    lock.take(mine)
    with pytest.raises(StoreTaken):
        WriterLock(url).take(other)
    with pytest.raises(OperationalError):
        cut_off.execute(text("SELECT 1"))
    for connection in (cut_off, mine, other):
        connection.invalidate()
    engine.dispose()


def columns(engine: Engine) -> dict[str, set[str]]:
    there = inspect(engine)
    return {table: {column["name"] for column in there.get_columns(table)} for table in schema.metadata.tables}


def test_old_tables_are_migrated_to_the_present_ones(tmp_path: Path) -> None:
    url = database_url(support.config_for(tmp_path))
    prepare(url)
    engine = create_engine(url)
    present = columns(engine)
    with engine.begin() as connection:
        for table in reversed(schema.metadata.sorted_tables):
            connection.execute(text(f"DROP TABLE {table.name}"))
        connection.execute(text("DELETE FROM alembic_version"))
    command.upgrade(alembic_config(url.render_as_string(hide_password=False)), "0001")
    prepare(url)
    engine.dispose()
    engine = create_engine(url)
    migrated = columns(engine)
    engine.dispose()
    assert migrated == present
