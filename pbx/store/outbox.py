"""Keeps the outbox: what is put soon goes with the writer's batch, everything else is a durable intent."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, delete, func, literal_column, or_, select, update

from pbx.outbox.entry import Entry, State
from pbx.outbox.shelf import Left, Turn, Want, Wanted
from pbx.store.batch import OUTBOX_NEW
from pbx.store.bulk import BulkInsert, Row
from pbx.store.encode import micros, seconds
from pbx.store.errors import StoreError
from pbx.store.schema_outbox import outbox, outbox_targets

AT_ONCE = 500  # rows of one statement that expires or prunes
MAX_LIST = 1000
NEW = BulkInsert(outbox)
SETTLED = BulkInsert(outbox, replace=True)
NUMBERS = BulkInsert(outbox_targets, replace=True)
TIMES = ("created", "queued", "due", "ended")
# Written out: with a bound parameter SQLite cannot know that the indexes of such rows serve.
PENDING: ColumnElement[bool] = literal_column("outbox.state = 'pending'")
DEAD: ColumnElement[bool] = literal_column("outbox.state = 'dead'")
# In the order of `seq`, by the index that has it: that of `due_us` would have all that is due sorted each time.
DUE: ColumnElement[int] = literal_column("+outbox.due_us")
Durable = Callable[[Callable[[Connection], Any]], Awaitable[Any]]


class StoredOutbox:
    """A pbx.outbox.shelf.Shelf."""

    def __init__(self) -> None:
        self._last: tuple[int, dict[str, int]] = (0, {})
        self._durable: Durable | None = None
        self._puts: list[tuple[str, Row, Row]] = []
        self._waiting: Callable[[str], int] = lambda _table: 0

    def read(self, connection: Connection) -> None:
        """Reads where the numbers stand, for `load`."""
        last = int(connection.execute(select(func.max(outbox.c.seq))).scalar() or 0)
        query = select(outbox_targets.c.target, outbox_targets.c.number)
        self._last = last, {target: int(number) for target, number in connection.execute(query)}

    def attach(
        self, puts: list[tuple[str, Row, Row]], durable: Durable, waiting: Callable[[str], int] | None = None
    ) -> None:
        """From now on rows go into `puts`, the writer's list; `durable` is the store's. `waiting` counts the rows of
        a table that are not yet written.
        """
        self._puts, self._durable = puts, durable
        if waiting is not None:
            self._waiting = waiting

    def load(self) -> tuple[int, dict[str, int]]:
        return self._last

    def put_soon(self, entry: Entry) -> None:
        row = _row(entry)
        self._puts.append((OUTBOX_NEW, row[:2], row))
        self._puts.append((outbox_targets.name, row[:1], (row[0], entry.number)))

    @property
    def unwritten(self) -> int:
        return self._waiting(OUTBOX_NEW)

    async def put(self, entry: Entry) -> bool:
        row = _row(entry)
        known = select(outbox.c.seq).where(outbox.c.target == row[0], outbox.c.key == row[1])

        def intent(connection: Connection) -> bool:
            if connection.execute(known).first() is not None:
                return False
            NEW.write(connection, [row])
            NUMBERS.write(connection, [(row[0], entry.number)])
            return True

        taken: bool = await self._run(intent)
        return taken

    async def turn(self, settled: Sequence[Entry], wants: Sequence[Want], now: float) -> Turn:
        rows, at = [_row(entry) for entry in settled], micros(now)

        def intent(connection: Connection) -> Turn:
            SETTLED.write(connection, rows)
            turn = Turn()
            for want in wants:
                found = [_entry(dict(row)) for row in connection.execute(_next(want, at)).mappings()]
                turn.entries += found
                if len(found) < want.limit:
                    later = select(func.min(outbox.c.due_us)).where(
                        PENDING, outbox.c.target == want.target, outbox.c.due_us > at
                    )
                    due = connection.execute(later).scalar()
                    if due is not None:
                        turn.next_due[want.target] = seconds(due)
            return turn

        result: Turn = await self._run(intent)
        return result

    async def hasten(self, target: str, now: float) -> None:
        at = micros(now)
        late = and_(PENDING, outbox.c.target == target, outbox.c.attempts > 0, outbox.c.due_us > at)
        await self._run(lambda connection: connection.execute(update(outbox).where(late).values(due_us=at)))

    async def left(self) -> dict[str, Left]:
        table = outbox.c
        waiting = select(table.target, func.count(), func.min(table.queued_us)).where(PENDING).group_by(table.target)
        dead = select(table.target, func.count()).where(DEAD).group_by(table.target)

        def intent(connection: Connection) -> dict[str, Left]:
            found: dict[str, Left] = {}
            for target, count, oldest in connection.execute(waiting):
                found[target] = Left(count, 0, seconds(oldest))
            for target, count in connection.execute(dead):
                found.setdefault(target, Left()).dead = count
            return found

        result: dict[str, Left] = await self._run(intent)
        return result

    async def expire(self, limits: Mapping[str, float], usual: float, held: Collection[int], now: float) -> list[Entry]:
        table, at = outbox.c, micros(now)
        own = [and_(table.target == target, table.queued_us < micros(limit)) for target, limit in limits.items()]
        others = and_(table.target.not_in(list(limits)), table.queued_us < micros(usual))
        old = select(outbox).where(PENDING, or_(*own, others), table.seq.not_in(list(held))).limit(AT_ONCE)

        def intent(connection: Connection) -> list[Entry]:
            gone = [_entry({**row, "body": b""}) for row in connection.execute(old).mappings()]
            for entry in gone:
                entry.state, entry.ended = State.DEAD, now
                entry.error = f"too old; {entry.error}" if entry.error else "too old, and never tried"
                values = {"state": entry.state.value, "ended_us": at, "error": entry.error}
                connection.execute(update(outbox).where(table.seq == entry.seq).values(values))
            return gone

        buried: list[Entry] = await self._run(intent)
        return buried

    async def prune(self, delivered: float, dead: float) -> int:
        table = outbox.c
        done = and_(table.state.in_([State.DELIVERED.value, State.DROPPED.value]), table.ended_us < micros(delivered))
        old = or_(done, and_(DEAD, table.ended_us < micros(dead)))
        first = select(table.seq).where(table.ended_us > 0, old).order_by(table.ended_us).limit(AT_ONCE)

        def intent(connection: Connection) -> int:
            gone = list(connection.execute(first).scalars())
            connection.execute(delete(outbox).where(table.seq.in_(gone)))
            return len(gone)

        count: int = await self._run(intent)
        return count

    async def wanted(self, wanted: Wanted) -> list[Entry]:
        query = select(outbox).where(*_conditions(wanted)).order_by(outbox.c.seq.desc())
        query = query.limit(min(wanted.limit, MAX_LIST))

        def intent(connection: Connection) -> list[Entry]:
            return [_entry(dict(row)) for row in connection.execute(query).mappings()]

        found: list[Entry] = await self._run(intent)
        return found

    async def get(self, entry: str) -> Entry | None:
        query = select(outbox).where(outbox.c.id == clean(entry))

        def intent(connection: Connection) -> Entry | None:
            row = connection.execute(query).mappings().first()
            return None if row is None else _entry(dict(row))

        found: Entry | None = await self._run(intent)
        return found

    async def change(self, ids: Sequence[str], state: State, now: float) -> int:
        table, at = outbox.c, micros(now)
        if state is State.PENDING:
            values: dict[str, Any] = {"queued_us": at, "due_us": at, "attempts": 0, "ended_us": 0}
            fitting: ColumnElement[bool] = table.state != State.PENDING.value
        else:
            values = {"ended_us": at}
            fitting = table.state.in_([State.PENDING.value, State.DEAD.value])
        query = update(outbox).where(table.id.in_(list(ids)), fitting).values(state=state.value, **values)
        count: int = await self._run(lambda connection: connection.execute(query).rowcount)
        return count

    async def _run(self, intent: Callable[[Connection], Any]) -> Any:
        if self._durable is None:
            raise StoreError("the store is not started")
        return await self._durable(intent)


def _next(want: Want, at: int) -> Any:
    """The entries that may be tried: due, and the first of their call that is pending."""
    table, earlier = outbox.c, outbox.alias("earlier")
    blocked = (
        select(literal_column("1"))
        .where(
            literal_column("earlier.state = 'pending'"),
            earlier.c.target == table.target,
            earlier.c.call_id == table.call_id,
            earlier.c.seq < table.seq,
        )
        .exists()
    )
    return (
        select(outbox)
        .where(PENDING, table.target == want.target, at >= DUE, table.seq.not_in(list(want.held)))
        .where(or_(table.call_id == "", ~blocked))
        .order_by(table.seq)
        .limit(want.limit)
    )


def _conditions(wanted: Wanted) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = []
    for name in ("target", "state", "kind", "call_id"):
        value = getattr(wanted, name)
        if value:
            found.append(outbox.c[name] == clean(value))
    if wanted.before:
        found.append(outbox.c.seq < wanted.before)
    return found


def clean(text: str) -> str:
    """Text as every database takes it."""
    if text.isascii() and "\0" not in text:
        return text
    return text.replace("\0", "").encode("utf-8", "replace").decode("utf-8")


def _row(entry: Entry) -> Row:
    """In the order of the table's columns. Written out: it is made for each event that is told."""
    return (
        clean(entry.target),
        clean(entry.key),
        entry.seq,
        entry.number,
        entry.id,
        clean(entry.kind),
        clean(entry.call_id),
        entry.body,
        micros(entry.created),
        micros(entry.queued),
        micros(entry.due),
        entry.state.value,
        entry.attempts,
        micros(entry.ended),
        entry.status,
        clean(entry.error),
        clean(entry.excerpt),
        entry.took_ms,
    )


def _entry(row: Mapping[str, Any]) -> Entry:
    given: dict[str, Any] = {}
    for column, value in row.items():
        name = column.removesuffix("_us")
        given[name] = seconds(value) if name in TIMES else value
    given["state"], given["body"] = State(given["state"]), bytes(given["body"])
    return Entry(**given)
