"""Keeps customers and their numbers; look-ups run on the writer's thread, between its batches."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Sequence
from typing import Any

from sqlalchemy import Connection, Row, delete, func, or_, select, update

from pbx.customers.customer import Customer, tail_of
from pbx.store import schema_customers as schema
from pbx.store.bulk import BulkInsert
from pbx.store.encode import clean, from_json, json_text
from pbx.store.errors import StoreError
from pbx.store.schema import cdrs

Durable = Callable[[Callable[[Connection], Any]], Awaitable[Any]]
CUSTOMERS = BulkInsert(schema.customers, replace=True)
NUMBERS = BulkInsert(schema.customer_numbers, replace=True)
PART = 500  # ids in one statement
MAX_LIST = 10_000
_people, _numbers = schema.customers.c, schema.customer_numbers.c


class StoredCustomers:
    """A pbx.customers.customer.CustomerStore."""

    def __init__(self) -> None:
        self._durable: Durable | None = None

    def attach(self, durable: Durable) -> None:
        """From now on everything goes through `durable`, the store's."""
        self._durable = durable

    async def by_number(self, number: str, tail: str) -> tuple[Customer | None, bool]:
        def intent(connection: Connection) -> tuple[Customer | None, bool]:
            owner = connection.execute(select(_numbers.customer).where(_numbers.number == clean(number))).scalar()
            exact = owner is not None
            if owner is None and tail:
                alike = select(_numbers.customer).where(_numbers.tail == tail).distinct().limit(2)
                owners = list(connection.execute(alike).scalars())
                owner = owners[0] if len(owners) == 1 else None
            found = _read(connection, [owner]) if owner is not None else []
            return (found[0] if found else None), exact

        found: tuple[Customer | None, bool] = await self._run(intent)
        return found

    async def called_before(self, numbers: Sequence[str], call_id: str) -> bool:
        cdr = cdrs.c
        query = select(cdr.id).where(cdr.caller.in_([clean(n) for n in numbers]), cdr.id != clean(call_id)).limit(1)
        found: bool = await self._run(lambda connection: connection.execute(query).first() is not None)
        return found

    async def put(self, customers: Sequence[Customer], batch: str) -> None:
        def intent(connection: Connection) -> None:
            ids = [clean(customer.id) for customer in customers]
            for part in _parts(ids):
                connection.execute(delete(schema.customer_numbers).where(_numbers.customer.in_(part)))
            pins: dict[str, str] = {}
            for part in _parts(ids):
                kept = select(_people.id, _people.pin).where(_people.id.in_(part), _people.pin != "")
                pins.update((id_, pin) for id_, pin in connection.execute(kept))
            rows = {clean(customer.id): _row(customer, batch, pins) for customer in customers}
            CUSTOMERS.write(connection, list(rows.values()))
            owned = {n: (n, clean(c.id), tail_of(n)) for c in customers for n in c.numbers}
            NUMBERS.write(connection, list(owned.values()))

        await self._run(intent)

    async def retain(self, batch: str) -> int:
        def intent(connection: Connection) -> int:
            gone = select(_people.id).where(_people.batch != batch)
            connection.execute(delete(schema.customer_numbers).where(_numbers.customer.in_(gone)))
            return connection.execute(delete(schema.customers).where(_people.batch != batch)).rowcount

        count: int = await self._run(intent)
        return count

    async def remove(self, number: str) -> bool:
        def intent(connection: Connection) -> bool:
            owner = _owner(connection, number)
            if owner is None:
                return False
            connection.execute(delete(schema.customer_numbers).where(_numbers.customer == owner))
            connection.execute(delete(schema.customers).where(_people.id == owner))
            return True

        done: bool = await self._run(intent)
        return done

    async def set_pin(self, number: str, hashed: str) -> bool:
        def intent(connection: Connection) -> bool:
            owner = _owner(connection, number)
            if owner is None:
                return False
            connection.execute(update(schema.customers).where(_people.id == owner).values(pin=hashed))
            return True

        done: bool = await self._run(intent)
        return done

    async def search(self, text: str, tag: str, limit: int) -> list[Customer]:
        query = select(_people.id).order_by(_people.name, _people.id).limit(min(limit, MAX_LIST))
        if text:
            owners = select(_numbers.customer).where(_numbers.number == clean(text))
            part = _people.name.ilike(f"%{_plain(text)}%", escape="\\")
            query = query.where(or_(_people.id.in_(owners), _people.id == clean(text), part))
        if tag:
            query = query.where(_people.tags.like(f"%{_plain(json_text(tag))}%", escape="\\"))

        def intent(connection: Connection) -> list[Customer]:
            return _read(connection, list(connection.execute(query).scalars()))

        found: list[Customer] = await self._run(intent)
        return found

    async def count(self) -> int:
        query = select(func.count()).select_from(schema.customers)
        found: int = await self._run(lambda connection: connection.execute(query).scalar_one())
        return found

    async def _run(self, intent: Callable[[Connection], Any]) -> Any:
        if self._durable is None:
            raise StoreError("the store is not started")
        return await self._durable(intent)


def _owner(connection: Connection, number: str) -> str | None:
    found: str | None = connection.execute(select(_numbers.customer).where(_numbers.number == clean(number))).scalar()
    return found


def _read(connection: Connection, ids: list[str]) -> list[Customer]:
    """The customers of these ids, in their order."""
    numbers: dict[str, list[str]] = {}
    people: dict[str, Row[Any]] = {}
    for part in _parts(ids):
        owned = select(_numbers.customer, _numbers.number).where(_numbers.customer.in_(part)).order_by(_numbers.number)
        for owner, number in connection.execute(owned):
            numbers.setdefault(owner, []).append(number)
        for row in connection.execute(select(schema.customers).where(_people.id.in_(part))):
            people[row.id] = row
    return [_customer(people[id_], tuple(numbers.get(id_, ()))) for id_ in ids if id_ in people]


def _customer(row: Row[Any], numbers: tuple[str, ...]) -> Customer:
    return Customer(
        id=row.id,
        numbers=numbers,
        name=row.name,
        language=row.language,
        vip=row.vip,
        tags=tuple(from_json(row.tags)),
        agent=row.agent,
        note=row.note,
        pin=row.pin,
    )


def _row(customer: Customer, batch: str, pins: dict[str, str]) -> tuple[Any, ...]:
    """In the order of the table's columns; a PIN that was set stays."""
    return (
        clean(customer.id),
        clean(customer.name),
        customer.language,
        customer.vip,
        json_text(list(customer.tags)),
        clean(customer.agent),
        customer.note.replace("\0", ""),
        customer.pin or pins.get(clean(customer.id), ""),
        clean(batch),
    )


def _parts(ids: list[str]) -> Iterable[list[str]]:
    return (ids[at : at + PART] for at in range(0, len(ids), PART))


def _plain(text: str) -> str:
    """`text` for LIKE, as itself."""
    return clean(text).replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
