"""The book of customers remembers look-ups, and no longer than they hold."""

from __future__ import annotations

import asyncio

from pbx.customers.book import CustomerBook
from pbx.customers.customer import Customer
from tests.pbx.flow.equipped import MemoryCustomers

NUMBER = "+48600100200"


class SlowCustomers(MemoryCustomers):
    """Answers a look-up when `go_on` is set, with what it found before that."""

    def __init__(self) -> None:
        super().__init__()
        self.asking, self.go_on = asyncio.Event(), asyncio.Event()

    async def by_number(self, number: str, tail: str) -> tuple[Customer | None, bool]:
        found = await super().by_number(number, tail)
        self.asking.set()
        await self.go_on.wait()
        return found


async def test_a_look_up_is_remembered_until_the_book_changes() -> None:
    store = MemoryCustomers()
    book = CustomerBook(store, "PL")
    assert [await book.find(NUMBER) for _ in range(3)] == [None] * 3
    assert store.asked == 1
    await book.take([{"numbers": [NUMBER], "name": "Ola"}], "b")
    found = await book.find(NUMBER)
    assert found is not None
    assert (found.customer.name, found.exact, store.asked) == ("Ola", True, 2)


async def test_what_was_read_before_a_change_is_not_remembered_after_it() -> None:
    store = SlowCustomers()
    book = CustomerBook(store, "PL")
    early = asyncio.ensure_future(book.find(NUMBER))
    await store.asking.wait()
    await book.take([{"numbers": [NUMBER], "name": "Ola"}], "b")
    store.go_on.set()
    assert await early is None
    late = await book.find(NUMBER)
    assert late is not None
    assert late.customer.name == "Ola"
