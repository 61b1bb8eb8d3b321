"""Price lists and ranges from the files that people send: what is right is taken, every fault has its line."""

from __future__ import annotations

import math
import random
import tracemalloc

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pbx.numbers.prices import MICRO, Price, PriceList, money, read_prices
from pbx.numbers.range_files import read_ranges
from pbx.numbers.ranges import Place
from pbx.numbers.table import MAX_FAULTS, Faults, TableError, decode, rows

LIST = """\
prefix;price_per_minute;connect_fee;first_s;increment_s;name
48;0,03;;1;1;Poland
4860;0,07;0,01;60;30;Poland mobile
+7495;0.02;;;;Moscow
"""


def test_the_longest_prefix_wins() -> None:
    prices = read_prices(LIST, "list.csv")
    assert len(prices) == 3
    assert prices.find("+48600100200") == Price(70_000, 10_000, 60, 30, "Poland mobile")
    assert prices.find("+48221234567") == Price(30_000, 0, 1, 1, "Poland")
    assert prices.find("+74951234567") == Price(20_000, 0, 1, 1, "Moscow")
    assert prices.find("+1202") is None
    default = Price(1)
    assert read_prices(LIST, "list.csv", default).find("+1202") is default
    assert not PriceList()
    assert PriceList(default=default)


def test_a_call_costs_its_steps_rounded_up() -> None:
    price = Price(60_000, 10_000, 60, 30)
    for talk_s, billed_s in ((0, 60), (59.9, 60), (60, 60), (60.1, 90), (90, 90), (91, 120)):
        assert price.billed_s(talk_s) == billed_s
        assert price.cost(talk_s) == 10_000 + billed_s * 1000
    assert Price(100, 0, 1, 1).cost(1) == 2, "1.67 millionths are two"


@given(
    st.integers(1, 10 * MICRO), st.integers(0, MICRO), st.integers(1, 120), st.integers(1, 120), st.integers(0, 10**9)
)
def test_what_is_affordable_is_paid_for_and_no_second_more(
    per_minute: int, fee: int, first_s: int, increment_s: int, amount: int
) -> None:
    price = Price(per_minute, fee, first_s, increment_s)
    talk_s = price.affordable_s(amount)
    if not talk_s:
        assert price.cost(0) > amount
    else:
        assert price.cost(talk_s) <= amount
        assert price.cost(talk_s + 0.5) > amount


def test_what_is_free_lasts() -> None:
    assert Price(0).affordable_s(0) == math.inf
    assert Price(0, 5).affordable_s(4) == 0.0


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("", "line 1: the table is empty"),
        ("number,price\n48,1\n", "line 1: the columns are prefix"),
        ("prefix,price_per_minute\n48,-1\n", "line 2: '-1' must be from 0"),
        ("prefix,price_per_minute\n48,cheap\n", "line 2: 'cheap' is no amount"),
        ("prefix,price_per_minute\n48,NaN\n", "line 2: 'NaN' must be"),
        ("prefix,price_per_minute\n4a,1\n", "line 2: prefix '4a'"),
        ("prefix,price_per_minute\n48,1\n48,2\n", "line 3: prefix 48 comes twice"),
        ("prefix,price_per_minute,first_s\n48,1,0\n", "line 2: '0' must be whole seconds"),
        ("prefix,price_per_minute\n48,1,2,3\n", "line 2: has 4 cells, the header 2"),
        ("prefix,price_per_minute\n", "line 1: has no price"),
    ],
)
def test_faults_of_a_price_list_have_their_line(text: str, fault: str) -> None:
    with pytest.raises(TableError) as error:
        read_prices(text, "list.csv")
    assert str(error.value).startswith(f"list.csv: {fault}")


def test_many_faults_are_told_up_to_a_limit() -> None:
    with pytest.raises(TableError) as error:
        read_prices("prefix,price_per_minute\n" + "48,x\n" * 100, "list.csv")
    assert len(error.value.faults) == MAX_FAULTS + 1


def test_money_with_point_or_comma() -> None:
    assert money("0,0725") == money("0.0725") == 72_500


# -- ranges -----------------------------------------------------------------------------------------------------------

REGISTER = """АВС/ DEF;От;До;Емкость;Оператор;Регион;ИНН
916;0000000;1999999;2000000;МТС;Москва;1
900;0000000;0061999;62000;Т2;Краснодарский край;2
"""


def test_an_encoding_is_told_by_the_first_words_of_a_large_file() -> None:
    """Of a file of words every one would be an object: gigabytes."""
    polish, russian = "Łódź;ul. Żurawia;Kraków\n", "Москва;улица Зелёная;Казань\n"
    for text, encoding in ((polish, "cp1250"), (russian, "cp1251")):
        assert decode((text * 3).encode(encoding)) == text * 3
        assert decode((text * 20_000).encode(encoding))[-len(text) :] == text
    bomb = b"\xc0\xc0 " * 1_000_000
    tracemalloc.start()
    decode(bomb)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 6 * len(bomb)


def test_the_russian_register_in_its_own_encoding() -> None:
    table = read_ranges([("DEF-9xx.csv", decode(REGISTER.encode("cp1251")))])
    assert len(table) == 2
    assert table.find("+79161234567") == Place("Москва", "МТС")
    assert table.find("79000061999") == Place("Краснодарский край", "Т2")
    assert table.find("+79000062000") is None
    assert table.find("+48221234567") is None
    assert table.find("anonymous") is None


def test_ranges_by_bounds_and_by_prefix() -> None:
    table = read_ranges(
        [("a.csv", "from,to,region\n48220000000,48229999999,Warszawa\n"), ("b.csv", "prefix;region\n4861;Poznań\n")]
    )
    assert table.find("+48221234567") == Place("Warszawa")
    assert table.find("+48611234567") == Place("Poznań")
    assert table.find("+486112345678") is None, "too long"


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("from,to,region\n10,20,A\n15,30,B\n", "line 3: 15 to 30 overlaps 10 to 20"),
        ("from,to,region\n20,10,A\n", "line 2: begins with 20 and ends with 10"),
        ("from,to,region\n10,200,A\n", "line 2: is no range"),
        ("from,to,region\n10,20,\n", "line 2: is no range with a region"),
        ("number,place\n10,A\n", "line 2: is no range"),
    ],
)
def test_faults_of_ranges_have_their_line(text: str, fault: str) -> None:
    with pytest.raises(TableError, match=fault):
        read_ranges([("r.csv", text)])


def test_every_number_is_found_where_it_belongs() -> None:
    chance = random.Random(5)
    bounds = sorted(chance.sample(range(10**10, 2 * 10**10), 2000))
    spans = list(zip(bounds[::2], bounds[1::2], strict=True))
    text = "from,to,region\n" + "".join(f"{first},{last},{index}\n" for index, (first, last) in enumerate(spans))
    table = read_ranges([("r.csv", text)])
    for index, (first, last) in enumerate(spans):
        for number in (first, last, (first + last) // 2):
            assert table.find(f"+{number}") == Place(str(index))
        assert table.find(f"+{last + 1}") is None or last + 1 in dict(spans)


@given(st.text(max_size=200))
def test_whatever_a_table_holds_is_a_fault_at_most(text: str) -> None:
    faults = Faults("x")
    list(rows(text, faults))
    with pytest.raises(TableError):
        read_ranges([("x", text)])
