"""Lost money of today: made off the loop, once a minute at most, and only where something was spent."""

from __future__ import annotations

import asyncio
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from sqlalchemy import Connection, create_engine, insert

from pbx.api.control import Refused
from pbx.app.lost_money import EVERY_S, Lost, LostMoney
from pbx.call.virtual_loop import run_virtual, virtual_clock
from pbx.config import Config
from pbx.events import CallEvent, EventBus, Kind
from pbx.metrics.ledger import LedgerMetrics, LedgerNow
from pbx.reporting.intervals import Interval
from pbx.reporting.jobs import Job, Where
from pbx.reporting.money.lost_now import LostJob
from pbx.store import schema, schema_ledger
from pbx.store.database import database_url, prepare, writer_engine
from tests.pbx.reporting.test_money import FIRST, START, M, cdr, row

DAY_S = 86_400


def spend(connection: Connection, day: str, micro: int) -> None:
    names = {"source": "google", "medium": "", "campaign": "pumps", "number": "", "batch": "b", "currency": "RUB"}
    connection.execute(insert(schema_ledger.ad_costs), [{**names, "day": day, "amount_micro": micro}])


class Office:
    """`jobs`: what child processes were asked; `fails`: they end badly."""

    def __init__(self) -> None:
        self.engine = create_engine("sqlite://")
        schema.metadata.create_all(self.engine)
        self.connection = self.engine.connect()
        self.jobs: list[LostJob] = []
        self.fails = False
        self.bus = EventBus()
        self.changes = 0
        config = Config.model_validate({"ledger": {"currency": "RUB"}})
        store = SimpleNamespace(durable=self.durable)
        app: Any = SimpleNamespace(config=config, clock=virtual_clock(), bus=self.bus, store=store)
        self.lost = LostMoney(app, self.run)
        self.lost.told = self.told

    async def durable(self, intent: Any) -> Any:
        return intent(self.connection)

    async def run(self, job: Job) -> dict[str, float]:
        assert isinstance(job, LostJob)
        self.jobs.append(job)
        if self.fails:
            raise Refused(503, "the process of the report ended with status 1")
        return {"lost": 100.0 + len(self.jobs)}

    def told(self) -> None:
        self.changes += 1

    def call_ends(self) -> None:
        self.bus.publish(CallEvent(Kind.CALL_ENDED, "c" * 32, "", 0.0, {}))

    def close(self) -> None:
        self.connection.close()
        self.engine.dispose()


def test_a_day_with_costs() -> None:
    async def day() -> None:
        office = Office()
        office.lost.start()
        office.call_ends()
        await asyncio.sleep(EVERY_S + 1)
        assert (office.jobs, office.lost.value) == ([], None), "nothing was spent"
        spend(office.connection, FIRST.isoformat(), 7 * M)
        await asyncio.sleep(EVERY_S)
        assert office.lost.value == Lost(FIRST.isoformat(), 101.0, "RUB")
        assert (office.jobs[0].period.start_us, office.changes) == (START * M, 1)
        await asyncio.sleep(10 * EVERY_S)
        assert len(office.jobs) == 1, "nothing happened"
        for _ in range(100):
            office.call_ends()
            await asyncio.sleep(EVERY_S / 100)
        assert len(office.jobs) == 2
        office.fails = True
        office.call_ends()
        await asyncio.sleep(2 * EVERY_S)
        assert len(office.jobs) > 3, "it is tried again"
        office.fails = False
        await asyncio.sleep(EVERY_S)
        assert (office.lost.value.amount, office.changes) == (100.0 + len(office.jobs), 3)
        await asyncio.sleep(DAY_S)
        assert (office.lost.value, office.changes) == (None, 4), "the next day has no costs yet"
        await office.lost.stop()
        office.close()

    run_virtual(day(), START)


def test_it_is_the_figure_of_the_report_and_a_metric(tmp_path: Path) -> None:
    config = Config.model_validate({"server": {"data_dir": str(tmp_path)}, "ledger": {"currency": "RUB"}})
    url = database_url(config)
    prepare(url)
    engine = writer_engine(url)
    with engine.begin() as connection:
        spend(connection, FIRST.isoformat(), 90 * M)
        names = [column.name for column in schema.cdrs.columns]
        calls = [cdr(number, answered=number > 0) for number in range(3)]
        connection.execute(insert(schema.cdrs), [dict(zip(names, row(call), strict=False)) for call in calls])
    engine.dispose()
    found = LostJob(Where.of(config), Interval("", START * M, (START + DAY_S) * M)).run()
    assert found == {"lost": 30.0}, "one of three calls"
    metrics = LedgerMetrics(lambda: LedgerNow({}, 0, 0, None, 0.0, ("RUB", found["lost"])))
    samples = {one.name: (one.labels, one.value) for family in metrics.collect() for one in family.samples}
    assert samples["centrala_lost_money_today"] == ({"currency": "RUB"}, 30.0)
