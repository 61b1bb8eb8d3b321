"""Customers and ranges in a real database."""

from __future__ import annotations

from pathlib import Path

import pytest

from pbx.call.range_book import RangeBook, RangeError
from pbx.customers.book import CustomerBook
from pbx.customers.customer import CustomerError
from tests.pbx.store.support import World
from tests.support.journeys import answered

JAN = {"id": "7", "numbers": ["+48600100200", "+48221234567"], "name": "Jan Żak", "tags": ["Gold"], "vip": True}


async def test_a_customer_is_found_by_each_number_and_by_its_end(tmp_path: Path) -> None:
    async with World(tmp_path) as world:
        book = CustomerBook(world.store.customers, "PL")
        assert await book.take([JAN, {"numbers": ["+48601000001"], "name": "Ola"}], "one") == 2
        for number in ("600100200", "+48 22 123 45 67".replace(" ", ""), "0048600100200"):
            found = await book.find(number)
            assert found is not None
            assert (found.customer.name, found.exact, found.customer.tags) == ("Jan Żak", True, ("gold",))
        found = await book.find("+49600100200")
        assert found is not None
        assert (found.customer.id, found.exact) == ("7", False)
        assert await book.find("+48699999999") is None
        assert await book.find("anonymous") is None


async def test_an_end_that_two_have_finds_nobody(tmp_path: Path) -> None:
    async with World(tmp_path) as world:
        book = CustomerBook(world.store.customers, "PL")
        await book.take([{"numbers": ["+48600100200"]}, {"numbers": ["+7600100200"], "id": "2"}], "one")
        assert await book.find("+49600100200") is None


async def test_a_number_goes_to_who_came_last_and_a_pin_stays(tmp_path: Path) -> None:
    async with World(tmp_path) as world:
        book = CustomerBook(world.store.customers, "PL")
        await book.take([JAN], "one")
        assert await book.set_pin("600100200", "scrypt$x$y")
        await book.take([{**JAN, "name": "Jan II", "numbers": ["+48600100200"]}], "two")
        found = await book.find("600100200")
        assert found is not None
        assert (found.customer.name, found.customer.pin) == ("Jan II", "scrypt$x$y")
        assert await book.find("221234567") is None, "he has given this number up"
        await book.take([{"id": "8", "numbers": ["+48600100200"], "name": "Ewa"}], "two")
        found = await book.find("600100200")
        assert found is not None
        assert found.customer.name == "Ewa"


async def test_searching_taking_out_and_what_a_batch_leaves(tmp_path: Path) -> None:
    async with World(tmp_path) as world:
        book = CustomerBook(world.store.customers, "PL")
        await book.take([JAN, {"numbers": ["+48601000001"], "name": "100%_Ola"}], "one")
        assert [one.id for one in await book.search("Żak")] == ["7"]
        assert [one.id for one in await book.search("Jan")] == ["7"]
        assert [one.name for one in await book.search("%_")] == ["100%_Ola"]
        assert [one.id for one in await book.search("600100200")] == ["7"]
        assert [one.id for one in await book.search(tag="GOLD")] == ["7"]
        assert await book.remove("221234567")
        assert not await book.remove("221234567")
        assert await book.find("600100200") is None
        await book.take([{"numbers": ["+48602000000"]}], "two")
        assert await book.retain("two") == 1
        assert await book.count() == 1


@pytest.mark.parametrize(
    "row",
    [{}, {"numbers": []}, {"numbers": ["600"]}, {**JAN, "language": "de"}, {**JAN, "tags": "x"}, {**JAN, "id": 7}],
)
async def test_one_bad_customer_and_none_is_taken(tmp_path: Path, row: dict[str, object]) -> None:
    async with World(tmp_path) as world:
        book = CustomerBook(world.store.customers, "PL")
        with pytest.raises(CustomerError, match="customer 2"):
            await book.take([JAN, row], "one")
        assert await book.count() == 0


async def test_who_has_called_before(tmp_path: Path) -> None:
    async with World(tmp_path) as world:
        journey = answered()
        caller = journey[0].data["caller"]
        world.publish(journey)
        book = CustomerBook(world.store.customers, "PL")
        assert not await book.is_first_call(caller, "another")
        assert await book.is_first_call(caller, journey[0].call_id), "the call that asks does not count"
        assert await book.is_first_call("+48699999999", "another")


ROWS = [[48600000000, 48600999999, "Warszawa", "A"], [48601000000, 48601999999, "Kraków", "B"]]


async def test_ranges_count_when_the_last_part_is_durable_and_outlive_the_process(tmp_path: Path) -> None:
    async with World(tmp_path) as world:
        book = RangeBook(world.store.ranges)
        assert await book.take("uke", ROWS[:1], begin=True, end=False) == 1
        assert not book.tables
        assert await book.take("uke", ROWS[1:], begin=False, end=True) == 2
        await book.take("later", [[48600000000, 48600000009, "Gdynia", ""]], begin=True, end=True)
        await book.take("broken off", ROWS, begin=True, end=False)
    async with World(tmp_path) as world:
        book = RangeBook(world.store.ranges)
        assert {name: len(table) for name, table in book.tables.items()} == {"uke": 2, "later": 1}
        places = [table.find("+48600000005") for table in book.all()]
        assert [place.region for place in places if place is not None] == ["Gdynia", "Warszawa"]
        await book.take("uke", ROWS[:1], begin=True, end=True)
        assert len(book.all()[0]) == 1, "the same name is replaced, and asked first"
        assert await book.remove("later")
        assert not await book.remove("later")
    async with World(tmp_path) as world:
        assert {name: len(table) for name, table in RangeBook(world.store.ranges).tables.items()} == {"uke": 1}


@pytest.mark.parametrize(
    "rows",
    [[["a", 2, "x", ""]], [[2, 1, "x", ""]], [[1, 2, "", ""]], [[1, 2, "x"]], [[5, 6, "x", ""], [5, 7, "y", ""]], [7]],
)
async def test_a_part_with_a_fault_undoes_its_import(tmp_path: Path, rows: list[object]) -> None:
    async with World(tmp_path) as world:
        book = RangeBook(world.store.ranges)
        await book.take("t", ROWS[:1], begin=True, end=False) if rows != [7] else None
        with pytest.raises(RangeError):
            await book.take("t", rows, begin=rows == [7], end=True)
        with pytest.raises(RangeError, match="did not begin"):
            await book.take("t", ROWS[1:], begin=False, end=True)
        assert world.count("number_ranges") == 0
        assert not book.tables


async def test_imports_that_are_broken_off_do_not_pile_up(tmp_path: Path) -> None:
    async with World(tmp_path) as world:
        book = RangeBook(world.store.ranges)
        for number in range(25):
            await book.take(f"t{number}", ROWS[:1], begin=True, end=False)
        assert world.count("number_ranges") == 3
        with pytest.raises(RangeError, match="did not begin"):
            await book.take("t0", ROWS[1:], begin=False, end=True)
        assert await book.take("t24", ROWS[1:], begin=False, end=True) == 2
        assert list(book.tables) == ["t24"]


async def test_names_of_tables_are_plain(tmp_path: Path) -> None:
    async with World(tmp_path) as world:
        with pytest.raises(RangeError, match="no name of a table"):
            await RangeBook(world.store.ranges).take("a\n", ROWS, begin=True, end=True)
