"""The store as the program sees it: started and stopped by the composition root, fed by the event bus, asked for a
few things.
"""

from __future__ import annotations

import asyncio
import logging
import zoneinfo
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from sqlalchemy import Connection, Engine, select

from pbx.clock import Clock
from pbx.config import Config
from pbx.events import AgentStateChanged, Alarm, CallEvent, EventBus
from pbx.store import recovery, schema
from pbx.store.accounts import StoredAccounts
from pbx.store.audit import StoredAudit
from pbx.store.contacts import StoredContacts
from pbx.store.customers import StoredCustomers
from pbx.store.database import database_url, describe, prepare, writer_engine
from pbx.store.encode import seconds
from pbx.store.errors import StoreError
from pbx.store.flow_versions import StoredFlowVersions
from pbx.store.idempotency import StoredKeys
from pbx.store.journey import ended_last, read_events
from pbx.store.kept import Kept
from pbx.store.ledger import StoredLedger
from pbx.store.lock import WriterLock
from pbx.store.outbox import StoredOutbox
from pbx.store.phone_settings import StoredPhoneSettings
from pbx.store.ranges import StoredRanges
from pbx.store.registrations import Registrations
from pbx.store.second_factors import StoredFactors
from pbx.store.selftest import StoredResults
from pbx.store.settings import StoredSettings
from pbx.store.sms import StoredSms
from pbx.store.takes import StoredTakes
from pbx.store.tracking import StoredTracking
from pbx.store.voicemail import StoredMessages
from pbx.store.webhooks import StoredWebhooks
from pbx.store.widget import StoredWidgets
from pbx.store.writer import Writer
from pbx.store.writer_stats import WriterStats

log = logging.getLogger("centrala.store")
STOP_S = 10.0

Result = TypeVar("Result")


@dataclass(slots=True)
class StoredAgent:
    """An agent's state as it was when the process stopped. Instants are UTC seconds."""

    agent: str
    state: str
    since: float
    until: float  # the last sign of life of the process
    reason: str
    call_id: str


class Store:
    """Records every call and agent state from the bus. All methods belong to the event loop's thread.

    Publishing costs the event loop one list append. A call's records are on disk within the flush interval after its
    end.
    """

    def __init__(self, config: Config, bus: EventBus, clock: Clock) -> None:
        self._url = database_url(config)
        self._name = describe(self._url)
        self._bus = bus
        self._clock = clock
        self._zone = _zone(config.server.timezone)
        self._flush_s = config.store.flush_ms / 1000
        self._lock = WriterLock(self._url)
        self._engine: Engine | None = None
        self._writer: Writer | None = None
        self._connection: Connection | None = None  # the writer's, under the lock, from the start on
        self._loop: asyncio.AbstractEventLoop | None = None
        self._unsubscribe: list[Callable[[], None]] = []
        self.taken = asyncio.Event()  # another process has the database: this one writes no more, and has to end
        self.locations = Registrations()  # the LocationStore of the registrar
        self.kept = Kept()  # the Keeper of the call layer
        self.phone_settings = StoredPhoneSettings(self.kept)  # the SettingsStore of the call layer
        self.takes = StoredTakes()  # the TakeStore of prompts
        self.voicemail = StoredMessages()  # the MessageStore of voicemail
        self.customers = StoredCustomers()  # the CustomerStore of the book of customers
        self.ranges = StoredRanges()  # the RangeStore of the regions
        self.selftests = StoredResults()  # the ResultStore of test calls
        self.ledger = StoredLedger()  # the LedgerStore
        self.contacts = StoredContacts()  # the ContactStore of the book of contacts
        self.tracking = StoredTracking()  # the TrackingStore of visits
        self.sms = StoredSms()  # the SmsStore of short messages
        self.outbox = StoredOutbox()  # the Shelf of the outbox
        self.widget = StoredWidgets()  # the WidgetStore of the callback widget
        self.webhooks = StoredWebhooks()  # the SubscriptionStore of webhooks
        self.flow_versions = StoredFlowVersions()  # the FlowStore of the flows
        self.settings = StoredSettings()  # the SettingsStore of the configuration
        self.accounts = StoredAccounts()  # the AccountStore of people and tokens
        self.factors = StoredFactors()  # the FactorStore of their second factors
        self.audit = StoredAudit()  # the AuditStore
        self.keys = StoredKeys(clock)  # the KeyStore of repeated requests

    async def start(self) -> recovery.Recovered:
        """Opens the database, closes calls that an earlier process left open, starts the writer. Raises StoreError."""
        self._loop = asyncio.get_running_loop()
        try:
            found = await asyncio.to_thread(self._open)
        except BaseException:
            self._close()
            raise
        if found.interrupted or found.derived:
            log.warning(
                "%d calls were cut off when the last process ended; their records are closed", found.interrupted
            )
        assert self._engine is not None
        writer = Writer(
            *(self._engine, self._lock, self._name),
            flush_s=self._flush_s,
            zone=self._zone,
            report=self._alarm,
            lost=self._lost,
        )
        self.locations.attach(writer.puts)
        self.phone_settings.attach(self.durable)
        self.contacts.attach(self.durable)
        self.sms.attach(self.durable)
        self.widget.attach(self.durable)
        self.flow_versions.attach(self.durable)
        self.settings.attach(self.durable)
        self.voicemail.attach(self.durable)
        self.customers.attach(self.durable)
        self.ranges.attach(self.durable)
        self.selftests.attach(self.durable)
        self.ledger.attach(self.durable)
        self.takes.attach(self.durable)
        self.accounts.attach(self.durable)
        self.factors.attach(self.durable)
        self.audit.attach(self.durable)
        self.keys.attach(self.durable)
        self.webhooks.attach(self.durable)
        self.kept.attach(writer.puts, self.durable)
        self.tracking.attach(writer.puts, self.durable)
        self.outbox.attach(writer.puts, self.durable, writer.unwritten)
        connection, self._connection = self._connection, None
        writer.start(found.next_seq, found.next_log_seq, connection)
        self._writer = writer
        self._unsubscribe = [
            self._bus.subscribe(CallEvent, writer.events.append),
            self._bus.subscribe(AgentStateChanged, writer.agents.append),
        ]
        return found

    async def stop(self) -> int:
        """Writes all that waits and closes the database; returns the rows that could not be saved (0 unless it is
        broken).
        """
        for unsubscribe in self._unsubscribe:
            unsubscribe()
        self._unsubscribe = []
        lost = 0
        if self._writer is not None:
            lost = await asyncio.to_thread(self._writer.stop, STOP_S)
            if lost:
                log.error("%d records could not be written to %s before the end and are lost", lost, self._name)
        self._close()
        return lost

    async def durable(self, intent: Callable[[Connection], Result]) -> Result:
        """Runs `intent(connection)` in the writer's transaction and returns its result when that is committed.

        It runs on the writer's thread, after everything published before. What it raises is raised here and undoes
        only its own statements. Raises StoreUnavailable when nothing was committed: then nobody may be promised
        anything.
        """
        if self._writer is None:
            raise StoreError("the store is not started")
        result: Result = await asyncio.wrap_future(self._writer.submit(intent))
        return result

    async def load_agents(self) -> dict[str, StoredAgent]:
        """The last known state of every agent, by extension."""
        table = schema.agent_states.c

        def read(connection: Connection) -> dict[str, StoredAgent]:
            query = select(table.agent, table.state, table.since_us, table.reason, table.call_id)
            until = seconds(recovery.last_sign_us(connection))
            return {
                agent: StoredAgent(agent, state, seconds(since_us), until, reason, call_id)
                for agent, state, since_us, reason, call_id in connection.execute(query)
            }

        return await self.durable(read)

    async def ended_last(self, rows: int) -> list[list[CallEvent]]:
        """The journeys of the calls that ended within the last `rows` rows, those that a crash cut off included."""

        def read(connection: Connection) -> list[list[CallEvent]]:
            return [read_events(connection, call_id) for call_id in ended_last(connection, rows)]

        return await self.durable(read)

    async def journey(self, call_id: str) -> list[CallEvent]:
        """The journey of a call or a contact, in order."""
        return await self.durable(lambda connection: read_events(connection, call_id))

    @property
    def stats(self) -> WriterStats:
        """Counters for the metrics."""
        return self._writer.stats if self._writer is not None else WriterStats()

    @property
    def thread_id(self) -> int:
        """The writer's, as the system knows it. The store must have been started."""
        assert self._writer is not None
        return self._writer.thread_id

    @property
    def backlog(self) -> int:
        """Records that are not yet committed."""
        return self._writer.backlog if self._writer is not None else 0

    def _open(self) -> recovery.Recovered:
        prepare(self._url)
        self._lock.acquire()
        self._engine = writer_engine(self._url)
        self._connection = connection = self._engine.connect()
        self._lock.take(connection)
        with connection.begin():
            self.locations.read(connection)
            self.kept.read(connection)
            self.contacts.read(connection)
            self.sms.read(connection)
            self.outbox.read(connection)
            self.webhooks.read(connection)
            self.flow_versions.read(connection)
            self.settings.read(connection)
            self.voicemail.read(connection)
            self.ranges.read(connection)
            self.takes.read(connection)
            self.accounts.read(connection)
            self.factors.read(connection)
            return recovery.recover(connection, zone=self._zone, now=self._clock.unix())

    def _close(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None
        if self._engine is not None:
            self._engine.dispose()
            self._engine = None
        self._lock.release()

    def _lost(self) -> None:
        """Called on the writer's thread."""
        loop = self._loop
        if loop is not None and not loop.is_closed():
            loop.call_soon_threadsafe(self.taken.set)

    def _alarm(self, name: str, active: bool, text: str) -> None:
        """Called on the writer's thread; the event is published on the loop's."""
        (log.error if active else log.warning)("%s", text)
        loop = self._loop
        if loop is not None and not loop.is_closed():
            alarm = Alarm(name, text, active, self._clock.unix())
            loop.call_soon_threadsafe(self._bus.publish, alarm)


def _zone(name: str) -> str:
    try:
        zoneinfo.ZoneInfo(name)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError):
        raise StoreError(f'server.timezone "{name}" is no time zone; write one like "Europe/Warsaw"') from None
    return name
