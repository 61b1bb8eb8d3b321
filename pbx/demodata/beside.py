"""What a day leaves beside its calls: messages, visits, spending, sales, marks. Rows are those of the store itself."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from sqlalchemy import Connection

from pbx.demodata.messages import Messages
from pbx.demodata.money import costs, marks, sales
from pbx.demodata.office import Call
from pbx.demodata.pages import guarded, reveals
from pbx.demodata.web import Seen
from pbx.demodata.year import Lived, Year
from pbx.events import CallEvent
from pbx.sms.message import Message
from pbx.store.batch import Pending
from pbx.store.bulk import Row
from pbx.store.ledger import COSTS, MARKS, SALES, mark_row, sale_row
from pbx.store.sms import MESSAGES, message_row
from pbx.store.tracking import StoredTracking
from pbx.tracking.visit import PageView

KEPT_DAYS = 90  # visits (tracking.visits_days) and messages (sms.keep_days of the made-up configuration)


class Beside:
    """Of one day, `left` days before the last one. `before` first, then the day's calls, then `write`."""

    def __init__(self, year: Year, lived: Lived, left: int, pending: Pending) -> None:
        self._year = year
        self._lived = lived
        self._left = left
        self._pending = pending
        self._random = np.random.default_rng((year.seed, lived.plan.day.toordinal(), 1))
        self._messages: list[Message] = []
        self._seen = Seen()

    @property
    def _calls(self) -> Sequence[Call]:
        return self._lived.calls

    def before(self) -> list[CallEvent]:
        """The page and the messages of the day, before its calls are told; what they tell the bus themselves."""
        if self._left >= KEPT_DAYS:
            return []
        plan, zero = self._lived.plan, self._lived.zero
        self._seen = self._lived.teller.web.live(self._calls, self._year.sources)
        told = Messages(self._year.agency, plan, zero, self._random)
        wave = told.wave(self._lived.wave)
        self._messages = wave + told.automatic(self._calls)
        return list(told.clicks(wave))

    def write(self, connection: Connection) -> None:
        """Within one transaction; visits go with the calls, as the store has them."""
        lived, sources = self._lived, self._year.agency.sources
        COSTS.write(connection, costs(lived.plan.day, sources, self._random))
        SALES.write(connection, self._sales())
        MESSAGES.write(connection, [message_row(message) for message in self._messages])
        if self._left < KEPT_DAYS:
            told = marks(self._calls, lived.teller.web.origins, lived.zero, self._random)
            MARKS.write(connection, [mark_row(mark) for mark in told])
            self._track()

    def _sales(self) -> list[Row]:
        """Each names its call, so it is matched at once (pbx.reporting.money.matching)."""
        made = sales(self._calls, self._lived.zero, self._random)
        return [(*sale_row(sale, "demo")[:-2], sale.told_id, "call") for sale in made]

    def _track(self) -> None:
        puts: list[tuple[str, Row, Row]] = []
        store = StoredTracking()
        store.attach(puts, _nothing)
        for visit in self._seen.visits:
            store.visit(visit)
            store.page(PageView(visit.id, 1, visit.started, visit.page))
        for lease in self._seen.leases:
            store.lease(lease)
        for hour in self._seen.hours.values():
            store.hour(hour)
        for event in reveals(self._calls, self._year.sources, self._lived.zero, self._random):
            store.event(event)
        for report in guarded(self._seen, self._left, self._random):
            store.guard(report)
        for table, key, row in puts:
            self._pending.put(table, key, row)


async def _nothing(_intent: object) -> None:
    """Nothing is asked of the store here."""
