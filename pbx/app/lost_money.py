"""Lost money of today: the figure of the report missed_money (what adverts cost whose callers nobody has spoken with).

Only days with advert costs have one. Then it is made anew once a minute at most, when a call ended, a contact changed
or costs were taken in, by a child process: calls notice nothing.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from pbx.api.control import Refused
from pbx.contact.journal import ContactChanged
from pbx.events import CallEvent, Kind
from pbx.reporting.intervals import day
from pbx.reporting.jobs import Job, Where
from pbx.reporting.money.lost_now import LostJob
from pbx.store.errors import StoreError
from pbx.store.ledger_lists import spent_on

if TYPE_CHECKING:
    from pbx.app.pbx import Pbx

log = logging.getLogger("centrala.ledger")
EVERY_S = 60.0


@dataclass(frozen=True, slots=True)
class Lost:
    """`amount` in units of `currency`, of the local day `day`."""

    day: str
    amount: float
    currency: str


class LostMoney:
    """`value` is None on days without advert costs; `told` is called when it has changed."""

    def __init__(self, app: Pbx, run: Callable[[Job], Awaitable[dict[str, float]]]) -> None:
        self.value: Lost | None = None
        self.told: Callable[[], None] = lambda: None
        self._app = app
        self._run = run
        self._seen = ("", 0, 0)  # day, costs and their sum: of the last look
        self._stale = True
        self._unsubscribe: list[Callable[[], None]] = []
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Looks at once, and then every minute."""
        self._task = asyncio.get_running_loop().create_task(self._forever(), name="lost-money")

    async def stop(self) -> None:
        """Nothing is made any more."""
        self._listen(False)
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task

    async def _forever(self) -> None:
        while True:
            try:
                await self._look()
            except (Refused, StoreError, OSError) as error:
                self._stale = True
                log.warning("lost money of today is not known: %s", error)
            await asyncio.sleep(EVERY_S)

    async def _look(self) -> None:
        config = self._app.config
        zone = ZoneInfo(config.server.timezone)
        today = datetime.fromtimestamp(self._app.clock.unix(), zone).date()
        seen = (today.isoformat(), *await self._app.store.durable(partial(spent_on, day=today.isoformat())))
        self._listen(seen[1] > 0)
        if seen[1] == 0:
            self._seen = seen
            self._tell(None)
        elif self._stale or seen != self._seen:
            self._stale = False  # what changes from here on is seen by the next look
            found = await self._run(LostJob(Where.of(config), day(today, zone)))
            self._seen = seen
            self._tell(Lost(seen[0], found["lost"], config.ledger.currency))

    def _tell(self, value: Lost | None) -> None:
        if value != self.value:
            self.value = value
            self.told()

    def _listen(self, on: bool) -> None:
        if on == bool(self._unsubscribe):
            return
        for unsubscribe in self._unsubscribe:
            unsubscribe()
        self._unsubscribe = []
        if on:
            self._stale = True
            listen = self._app.bus.subscribe
            self._unsubscribe = [
                listen(CallEvent, self._changed, (Kind.CALL_ENDED,)),
                listen(ContactChanged, self._changed),
            ]

    def _changed(self, _event: object) -> None:
        self._stale = True
