"""Money in the process: other systems are told of calls, nights are reconciled, imports are taken in."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Mapping
from contextlib import AsyncExitStack
from datetime import date
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from pbx.api.control import Refused
from pbx.app.lost_money import LostMoney
from pbx.app.nonce_key import nonce_key
from pbx.app.outbox_control import receivers_web
from pbx.app.report_control import PbxReportControl
from pbx.app.settings_control import KEY_FILE
from pbx.config_ledger import ExportFile
from pbx.contact.service import REPLAYED_ROWS
from pbx.ids import new_id
from pbx.ledger.crm.grants import Grants
from pbx.ledger.nights import due, next_at
from pbx.ledger.ports import Run
from pbx.ledger.reconcile.records import System
from pbx.ledger.targets import Targets
from pbx.ledger.telling import Telling
from pbx.ledger.terms import Terms
from pbx.metrics.ledger import LedgerMetrics, LedgerNow
from pbx.numbers.table import decode
from pbx.reporting.intervals import Interval, day
from pbx.reporting.money.compare import Given
from pbx.reporting.money.matching import MatchJob
from pbx.reporting.money.reconciliation import ReconcileJob
from pbx.settings.secrets import Seal
from pbx.store.database import database_url
from pbx.store.errors import StoreError
from pbx.store.ledger_lists import has_sales

if TYPE_CHECKING:
    from pbx.app.pbx import Pbx

log = logging.getLogger("centrala.ledger")
ROOM, LAST = "ledger", "reconciled"  # in what is kept: the day that was done last
AGAIN_S = 600.0  # after a night that could not be done
MAX_EXPORT = 64 * 1024 * 1024
DAY_S = 86_400.0


class Ledger:
    """What runs of it; `start` first."""

    def __init__(self, app: Pbx) -> None:
        self._app = app
        self.reports = PbxReportControl(app)
        seal = Seal(nonce_key(app.data_dir / KEY_FILE))
        self.grants = Grants(app.store.kept, seal, partial(receivers_web, app), app.bus, app.clock)
        self.grants.follow(app.config.crm)
        self.telling = Telling(
            Targets.of(app.config, app.clock.unix, self.grants.of),
            app.store.ledger,
            app.outbox,
            app.bus,
            app.clock,
            self.number,
            self.visit,
            self.tags,
        )
        self.lost_money = LostMoney(app, self.reports.run)
        self.runs = 0
        self.unexplained: int | None = None  # of the latest run
        self.last_run = 0.0  # UTC seconds
        self._task: asyncio.Task[None] | None = None
        self._changed = asyncio.Event()
        self._lock = asyncio.Lock()

    async def start(self, stack: AsyncExitStack) -> None:
        app = self._app
        app.metrics.add(LedgerMetrics(self.now))
        stack.push_async_callback(self.grants.stop)
        self.telling.start()
        stack.push_async_callback(self.telling.stop)
        if Targets.of(app.config, app.clock.unix, self.grants.of):
            self.telling.replay(await app.store.ended_last(REPLAYED_ROWS))
        app.calls.services.followers.add(lambda _change: self._follow(), "ledger", "ga4", "crm")
        self._task = asyncio.get_running_loop().create_task(self._nights())
        stack.push_async_callback(self._stop)
        self.lost_money.start()
        stack.push_async_callback(self.lost_money.stop)

    async def _stop(self) -> None:
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task

    def now(self) -> LedgerNow:
        today = self.lost_money.value
        lost = (today.currency, today.amount) if today is not None else None
        return LedgerNow(
            self.telling.told, self.telling.lost, self.runs, self.unexplained, self.last_run, lost, self.grants.renewals
        )

    def number(self, heard: str) -> str:
        """E.164; "" for what is no full number."""
        found: str = self._app.contacts.book.number(heard)
        return found if found.startswith("+") else ""

    def visit(self, visit: str) -> dict[str, Any] | None:
        """What is known of a visit, as CALL_ATTRIBUTED tells it."""
        tracking = self._app.calls.services.extra.get("tracking")
        found = tracking.visit_of(visit) if tracking is not None else None
        if found is None:
            return None
        told = {"visit": found.id, "site": found.site, "ga_client": found.ga_client, "ga_session": found.ga_session}
        return told | {"probability": 1.0, "consent": found.consent.analytics}

    def tags(self, contact: str) -> Mapping[str, str]:
        """What a contact was asked with."""
        item = self._app.contacts.book.peek(contact)
        return item.source if item is not None else {}

    def _follow(self) -> None:
        self.grants.follow(self._app.config.crm)
        self.telling.follow(Targets.of(self._app.config, self._app.clock.unix, self.grants.of))
        self._changed.set()

    # -- nights ---------------------------------------------------------------------------------------------------

    async def _nights(self) -> None:
        """Sleeps until the next turn; does what is due at once after the start."""
        while True:
            self._changed.clear()
            at, zone = self._app.config.ledger.reconcile_at, ZoneInfo(self._app.config.server.timezone)
            wait_s = AGAIN_S
            if at and self._compares():
                done = await self._catch_up(at, zone)
                now = self._app.clock.unix()
                wait_s = max(next_at(now, at, zone) - now, 1.0) if done else AGAIN_S
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(min(wait_s, DAY_S)):
                    await self._changed.wait()

    def _compares(self) -> bool:
        """Whether there is a system to compare with: a night without one would tell nothing."""
        config, settings = self._app.config, self._app.config.ledger
        files = (settings.ga.path, settings.crm.path, settings.tracking.path)
        return bool(config.ga4 or config.crm or any(files))

    async def _catch_up(self, at: str, zone: ZoneInfo) -> bool:
        keeper = self._app.store.kept
        kept = keeper.load(ROOM).get(LAST) if self.last_run == 0.0 else self._last
        self._last = kept
        last = date.fromisoformat(kept) if kept else None
        for when in due(self._app.clock.unix(), at, zone, last, self._app.config.ledger.catch_up_days):
            try:
                await self.match_sales(0.0)
                files = await asyncio.to_thread(self._files, when)
                await self.reconcile(day(when, zone), "night", files)
                await keeper.keep(ROOM, LAST, when.isoformat())
                self._last = when.isoformat()
                await self._app.store.ledger.prune(
                    self._app.clock.unix() - self._app.config.ledger.keep_runs_days * DAY_S
                )
            except (Refused, StoreError, OSError) as error:
                log.error("the reconciliation of %s failed and is tried again: %s", when, error)
                return False
        return True

    _last: str | None = None

    def _files(self, when: date) -> dict[System, Given]:
        """The exports of a day that are there."""
        found: dict[System, Given] = {}
        settings = self._app.config.ledger
        for system, file in (
            (System.GA, settings.ga),
            (System.CRM, settings.crm),
            (System.TRACKING, settings.tracking),
        ):
            given = read_file(file, when)
            if given is not None:
                found[system] = given
        return found

    # -- what is asked ------------------------------------------------------------------------------------------------

    async def reconcile(self, period: Interval, by: str, given: Mapping[System, Given]) -> Run:
        """Compares a period and keeps what came of it. Raises Refused, StoreError."""
        async with self._lock:
            config = self._app.config
            job = ReconcileJob(database_url(config), config.server.timezone, Terms.of(config), period, dict(given))
            found = await self.reports.run(job)
            now = self._app.clock.unix()
            run = Run(new_id(now), period.start_us, period.end_us, period.label, round(now * 1e6), by, found["summary"])
            await self._app.store.ledger.put_run(run, found["rows"])
            self.runs, self.last_run, self.unexplained = self.runs + 1, now, found["summary"]["unexplained"]
            return run

    async def match_sales(self, since: float) -> int:
        """Looks for the calls of sales that were made since (0: within twice the window); returns how many changed."""
        terms = Terms.of(self._app.config)
        oldest = round(since * 1e6) or round(self._app.clock.unix() * 1e6 - 2 * terms.sale_window_us)
        if not await self._app.store.durable(partial(has_sales, since_us=oldest)):
            return 0
        job = MatchJob(database_url(self._app.config), terms, oldest)
        found = await self.reports.run(job)
        await self._app.store.ledger.set_matches({order: (match[0], match[1]) for order, match in found.items()})
        return len(found)


def read_file(file: ExportFile, when: date) -> Given | None:
    """An export of a day; None where none is configured, or none is there. Raises OSError for one that is too large."""
    if not file.path:
        return None
    path = Path(file.path.replace("{date}", when.isoformat()).replace("{day}", f"{when:%Y%m%d}"))
    if not path.is_file():
        log.warning("there is no export %s: what the system was told is compared instead", path)
        return None
    if path.stat().st_size > MAX_EXPORT:
        raise OSError(f"{path} is larger than {MAX_EXPORT} bytes")
    return Given(decode(path.read_bytes()), path.name, file.timezone, file.columns)


async def start(app: Pbx, stack: AsyncExitStack) -> Ledger:
    """After the outbox and the contacts, before the first call."""
    ledger = Ledger(app)
    await ledger.start(stack)
    return ledger
