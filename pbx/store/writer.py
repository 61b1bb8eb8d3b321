"""The writer thread: takes what the event loop has published, commits it in batches, keeps what cannot be written yet.

The event loop only appends to a list. Twice a flush interval at most the writer cuts the list off, derives rows from
it in short runs (it holds the GIL meanwhile, and lets go of it between the runs), and sends them in a few statements,
during which it does not hold the GIL. When the database takes nothing, rows stay in memory, bounded, and are tried
again.
"""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any

from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import SQLAlchemyError

from pbx.events import AgentStateChanged, CallEvent
from pbx.store.batch import Pending
from pbx.store.bulk import Row
from pbx.store.deriver import Deriver
from pbx.store.errors import StoreError, StoreTaken, StoreUnavailable, remedy_for
from pbx.store.fold import CallFold
from pbx.store.intervals.settling import Settler
from pbx.store.journey import read_fold
from pbx.store.lock import WriterLock
from pbx.store.writer_stats import WriterStats

log = logging.getLogger("centrala.store")

RUN_EVENTS = 128  # derived without letting go of the GIL: 0.3 to 0.6 ms; a pause itself costs 0.04 ms
YIELD_S = 0.0003  # a sleep of zero would take the GIL back before the event loop has woken up
FULL_BATCH = 1000  # events that shorten the interval to the next flush
RETRY_S = (0.25, 0.5, 1.0, 2.0)
CHECKPOINT_S = 5.0
PROBE_S = 5.0  # an idle session is asked so often whether it and its lock are still there
OVERFLOW_QUIET_S = 30.0  # without a further loss for so long, the alarm about losses is over

Intent = Callable[[Connection], Any]
Report = Callable[[str, bool, str], None]  # alarm name, active, text; called from the writer thread

PROBE = text("SELECT 1")
ALARM_WRITE = "store_write"
ALARM_OVERFLOW = "store_overflow"
ALARM_TAKEN = "store_taken"


class Writer:
    """One thread and one connection. The loop appends to `events`, `agents`, and `puts` of (table, key, row), whose
    newest row per key is kept.
    """

    def __init__(
        self,
        engine: Engine,
        lock: WriterLock,
        name: str,
        *,
        flush_s: float,
        zone: str,
        report: Report,
        lost: Callable[[], None],
    ) -> None:
        """`lost` is called on the thread when another process has taken the database."""
        self.events: list[CallEvent] = []
        self.agents: list[AgentStateChanged] = []
        self.puts: list[tuple[str, Row, Row]] = []
        self.stats = WriterStats()
        self._engine = engine
        self._lock = lock
        self._name = name
        self._flush_s = flush_s
        self._zone = zone
        self._report = report
        self._lost = lost
        self._taken = False  # by another process: nothing is written any more
        self._probe_at = 0.0
        self._pending = Pending()
        self._deriver: Deriver | None = None
        self._connection: Connection | None = None
        self._intents: deque[tuple[Intent, Future[Any]]] = deque()
        self._wake = threading.Event()
        self._stopping = False
        self._deadline = 0.0
        self._attempt = 0
        self._checkpoint_at = 0.0
        self._overflow_at = 0.0
        self._settler = Settler()
        self._thread = threading.Thread(target=self._run, name="store-writer", daemon=True)

    def start(self, next_seq: int, next_log_seq: int, connection: Connection | None = None) -> None:
        """Starts the thread; the numbers are the first free ones of the journey and the agent log. `connection` has the
        lock already, and is the thread's from now on.
        """
        self._connection = connection
        self._deriver = Deriver(
            self._pending, zone=self._zone, next_seq=next_seq, next_log_seq=next_log_seq, reload=self._reload
        )
        self._thread.start()

    def submit(self, intent: Intent) -> Future[Any]:
        """Runs `intent(connection)` on the thread, after all events published before it, in a transaction of its own.

        The future is done when the transaction is committed. It fails with what `intent` raised, or with
        StoreUnavailable.
        """
        future: Future[Any] = Future()
        if self._stopping or self._taken:
            future.set_exception(StoreUnavailable(f"the store {self._name} is stopping"))
            return future
        self._intents.append((intent, future))
        self._wake.set()
        return future

    def stop(self, timeout_s: float) -> int:
        """Writes what waits, for at most `timeout_s`, and ends the thread; returns the rows that could not be saved.
        Blocks.
        """
        self._deadline = time.monotonic() + timeout_s
        self._stopping = True
        self._wake.set()
        if self._thread.is_alive():
            self._thread.join()
        return self.backlog

    @property
    def thread_id(self) -> int:
        """Of the thread that runs, as the system knows it."""
        return self._thread.native_id or 0

    @property
    def backlog(self) -> int:
        """Rows that are not committed; may be read from any thread."""
        return self.stats.waiting_rows + len(self.events) + len(self.agents) + len(self.puts)

    def unwritten(self, table: str) -> int:
        """Rows of `puts` for `table` that are not committed; may be read from any thread."""
        return len(self._pending.keyed[table]) + sum(name == table for name, _key, _row in tuple(self.puts))

    # All below runs on the thread.

    def _run(self) -> None:
        wait_s = self._flush_s
        try:
            while True:
                self._wake.wait(wait_s)
                self._wake.clear()
                stopping = self._stopping
                try:
                    taken = self._turn()
                except Exception:  # the thread must survive its own mistakes: the rows are still in memory
                    log.exception("the store's writer failed in an unexpected way and goes on")
                    taken = 0
                    self._failed(StoreError("an error inside the store's writer, see the log"))
                if stopping and (self._idle() or time.monotonic() > self._deadline):
                    return
                wait_s = self._interval(taken, stopping)
        finally:
            self._refuse_intents(StoreUnavailable(f"the store {self._name} is stopping"))
            self._disconnect()

    def _interval(self, taken: int, stopping: bool) -> float:
        if self._attempt:
            return 0.1 if stopping else RETRY_S[min(self._attempt, len(RETRY_S)) - 1]
        if stopping or self._pending.rows:
            return 0.0
        return self._flush_s * min(1.0, FULL_BATCH / taken) if taken else self._flush_s

    def _idle(self) -> bool:
        if self._taken:
            return True
        return not (self._pending.rows or self.events or self.agents or self.puts or self._intents)

    def _turn(self) -> int:
        if self._taken:
            self._forget()
            return 0
        submitted = len(self._intents)  # before the events are taken: an intent sees all that was published before it
        taken = self._collect()
        intents = [self._intents.popleft() for _ in range(submitted)]
        self.stats.waiting_rows = self._pending.rows
        if self._pending.rows or intents or self._must_probe():
            self._commit(intents)
        self._watch_losses()
        if not (self._stopping or self._attempt) and self._settler.due(time.monotonic()):
            self._settle()
        return taken

    def _settle(self) -> None:
        """Sums of quarters of an hour; what fails here is only done later."""
        settler = self._settler
        try:
            connection = self._connect()
            with connection.begin():
                settler.run(connection, time.monotonic(), round(time.time() * 1e6))
        except (SQLAlchemyError, StoreTaken) as error:
            self._disconnect()
            settler.postpone(time.monotonic())
            log.warning("sums of %s are made later: %s", self._name, getattr(error, "orig", None) or error)
        self.stats.settled, self.stats.settle_s = settler.settled, settler.spent_s

    def _collect(self) -> int:
        """Derives rows from all that was published so far. Appending to and cutting off a list are each one step of
        the GIL.
        """
        deriver = self._deriver
        assert deriver is not None
        count = len(self.events)
        events = self.events[:count]
        del self.events[:count]
        agents = self.agents[:]
        del self.agents[: len(agents)]
        now = time.monotonic()
        for at in range(0, count, RUN_EVENTS):
            if at:
                _let_go()
            self._derive(deriver.take, events[at : at + RUN_EVENTS], now)
        self._derive(deriver.take_agent, agents, now)
        puts = self.puts[:]
        del self.puts[: len(puts)]
        for table, key, row in puts:
            self._pending.put(table, key, row)
        deriver.derive(now, _let_go)
        if now >= self._checkpoint_at and (count or self._checkpoint_at == 0.0):
            self._checkpoint_at = now + CHECKPOINT_S
            deriver.checkpoint()
        self.stats.events += count
        return count

    def _derive(self, take: Callable[[Any, float], None], events: list[Any], now: float) -> None:
        for event in events:
            try:
                take(event, now)
            except Exception:  # an event that makes no sense must not take the others with it
                self._pending.refused += 1
                log.exception("an event could not be recorded: %r", event)

    def _commit(self, intents: list[tuple[Intent, Future[Any]]]) -> None:
        began = time.monotonic()
        answers: list[tuple[Future[Any], Any, BaseException | None]] = []
        try:
            connection = self._connect()
            with connection.begin():
                if not (self._pending.rows or intents):
                    connection.execute(PROBE)
                forget = self._pending.write(connection)
                for intent, future in intents:
                    if future.set_running_or_notify_cancel():
                        answers.append((future, *_attempt(connection, intent)))
                if not _in_transaction(connection):
                    raise StoreUnavailable("the database gave the transaction up")
        except (SQLAlchemyError, StoreUnavailable, StoreTaken) as error:
            self._disconnect()
            self._failed(error)
            unavailable = StoreUnavailable(
                f"cannot write {self._name} ({getattr(error, 'orig', None) or error}); nothing was saved"
            )
            for _intent, future in intents:
                if not future.done():
                    future.set_exception(unavailable)
            return
        forget()
        for future, result, problem in answers:
            if problem is None:
                future.set_result(result)
            else:
                future.set_exception(problem)
        self._succeeded(time.monotonic() - began)

    def _must_probe(self) -> bool:
        """Whether an idle session, whose end would be the end of its lock, is to be looked at."""
        return self._lock.is_of_session and (self._attempt > 0 or time.monotonic() >= self._probe_at)

    def _connect(self) -> Connection:
        """The one session that writes, under the lock. Raises StoreTaken, and SQLAlchemyError."""
        self._probe_at = time.monotonic() + PROBE_S
        if self._connection is None:
            connection = self._engine.connect()
            try:
                self._lock.take(connection)
            except BaseException:
                connection.close()
                raise
            self._connection = connection
        return self._connection

    def _disconnect(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            try:
                connection.close()
            except SQLAlchemyError:
                log.warning("closing the broken connection to %s failed", self._name)

    def _succeeded(self, took_s: float) -> None:
        stats = self.stats
        stats.commits += 1
        stats.last_commit_s = took_s
        stats.commit_s += took_s
        stats.waiting_rows = self._pending.rows
        stats.refused_rows = self._pending.refused
        if self._attempt and not self._pending.rows:
            self._attempt = 0
            stats.failing = False
            self._report(ALARM_WRITE, False, f"{self._name} is written again; nothing that was kept in memory is lost")

    def _failed(self, error: Exception) -> None:
        stats = self.stats
        stats.failures += 1
        stats.failing = True
        stats.waiting_rows = self._pending.rows
        self._attempt += 1
        if isinstance(error, StoreTaken):
            self._step_back(error)
        elif self._attempt == 1:
            cause = getattr(error, "orig", None) or error
            text = (
                f"{self._name} cannot be written ({cause}): records are kept in memory, calls go on; "
                f"{remedy_for(str(cause))}"
            )
            self._report(ALARM_WRITE, True, text)

    def _step_back(self, error: StoreTaken) -> None:
        """The database is another process's, which has closed our calls in it: not a row more is ours to write."""
        self._taken = True
        self._refuse_intents(StoreUnavailable(str(error)))
        self._report(ALARM_TAKEN, True, f"{error}; this process writes no more, takes no new call, and ends")
        self._lost()

    def _forget(self) -> None:
        """What is published after the database was taken is counted, and kept nowhere."""
        self._refuse_intents(StoreUnavailable(f"{self._name} is another process's"))
        for rows in (self.events, self.agents, self.puts):
            count = len(rows)
            del rows[:count]
            self.stats.waiting_rows += count

    def _watch_losses(self) -> None:
        dropped, now = self._pending.dropped, time.monotonic()
        if dropped > self.stats.dropped_rows:
            if not self._overflow_at:
                self._report(
                    ALARM_OVERFLOW, True, f"memory for records of {self._name} is used up: new ones are being lost"
                )
            self.stats.dropped_rows = dropped
            self._overflow_at = now
        elif self._overflow_at and now - self._overflow_at > OVERFLOW_QUIET_S:
            self._overflow_at = 0.0
            self._report(ALARM_OVERFLOW, False, f"no further record is lost; {dropped} were since the start")

    def _reload(self, call_id: str) -> CallFold | None:
        """The fold of a call from the database; None when it cannot be read, so that the call gets a record of what
        is known.
        """
        if self._attempt:
            return None
        try:
            connection = self._connect()
            with connection.begin():
                return read_fold(connection, call_id, self._zone)
        except (SQLAlchemyError, StoreTaken) as error:
            self._disconnect()
            log.warning("cannot read call %s back: %s", call_id, error)
            return None

    def _refuse_intents(self, error: StoreUnavailable) -> None:
        while self._intents:
            _intent, future = self._intents.popleft()
            if future.set_running_or_notify_cancel():
                future.set_exception(error)


def _attempt(connection: Connection, intent: Intent) -> tuple[Any, BaseException | None]:
    """Runs an intent in a savepoint: what it raises is its caller's matter and undoes nobody else's rows."""
    try:
        with connection.begin_nested():
            return intent(connection), None
    except Exception as error:
        if connection.invalidated or not _in_transaction(connection):
            raise StoreUnavailable(str(getattr(error, "orig", None) or error)) from error
        return None, error


def _in_transaction(connection: Connection) -> bool:
    """SQLite ends the whole transaction by itself when the disk is full, and a commit would then say nothing about
    it.
    """
    if connection.invalidated:
        return False
    return bool(getattr(connection.connection.dbapi_connection, "in_transaction", True))


def _let_go() -> None:
    """Gives the event loop its turn between two runs."""
    time.sleep(YIELD_S)
