"""Costs and sales as people export them: columns, decimal marks, days, currencies, rows that cannot be used."""

from __future__ import annotations

import contextlib
from datetime import date
from fractions import Fraction
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pbx.ledger.amounts import AmountError, Rates, decimal_mark, micros
from pbx.ledger.costs import CostKey, CostReading, Defaults, read_costs
from pbx.ledger.dates import DateError, day_order, read_day, read_instant
from pbx.ledger.sales import read_sales
from pbx.numbers.plan import NumberPlan
from pbx.numbers.table import TableError

RATES = Rates("PLN", {"EUR": 4.25, "USD": 3.9})
PLAN = NumberPlan("PL")
WARSAW = ZoneInfo("Europe/Warsaw")
M = 1_000_000


def costs(text: str, **more: object) -> CostReading:
    return read_costs(text, "costs.csv", RATES, PLAN, **more)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("cell", "mark", "sum_"),
    [
        ("12", "", 12),
        ("12,50 zł", "", "12.5"),
        ("1 234,56", "", "1234.56"),
        ("1\u00a0000\u202f000 ₽", "", 1_000_000),
        ("1,234.56", "", "1234.56"),
        ("1.234,56 EUR", "", "1234.56"),
        ("$1,234,567", "", 1_234_567),
        ("1,234", ",", "1.234"),
        ("1,234", ".", 1234),
        ("0,125", "", "0.125"),
        (".5", "", "0.5"),
        ("748.000001", "", "748.000001"),
    ],
)
def test_sums(cell: str, mark: str, sum_: str | int) -> None:
    assert micros(cell, mark) == round(Fraction(str(sum_)) * M)


@pytest.mark.parametrize(
    "cell", ["", "-3", "1,2,3", "12 apples", "1..2", "1,234", "1.234", "9" * 20, "١٢", "1e5", "nan"]
)
def test_what_is_no_sum(cell: str) -> None:
    with pytest.raises(AmountError):
        micros(cell)


@given(st.integers(0, 10**12), st.sampled_from([".", ","]), st.sampled_from(["", " ", "'", "\u202f"]))
def test_a_sum_is_read_as_it_was_written(micro: int, mark: str, space: str) -> None:
    whole, rest = divmod(micro, M)
    written = f"{whole:,}".replace(",", space) + f"{mark}{rest:06d}"
    assert micros(written) == micro


def test_a_column_tells_its_decimal_mark() -> None:
    assert decimal_mark(["1,234", "12,5"]) == ","
    assert decimal_mark(["1,234", "12.50"]) == "."
    assert decimal_mark(["1,234", "5"]) == ""
    assert decimal_mark(["1,5", "1.5"]) == ""
    assert decimal_mark(["1.234.567"]) == ","


def test_days() -> None:
    wanted = date(2026, 7, 3)
    for text in ("2026-07-03", "20260703", "2026/07/03", "3.7.2026", "03.07.26"):
        assert read_day(text) == wanted
    assert read_day("03/07/2026", "dmy") == read_day("07/03/2026", "mdy") == wanted
    assert day_order(["03/07/2026", "25/07/2026"]) == "dmy"
    assert day_order(["07/03/2026", "07/25/2026"]) == "mdy"
    for wrong in ("", "03/07/2026", "2026-02-30", "1926-01-01", "soon"):
        with pytest.raises(DateError):
            read_day(wrong)


def test_instants() -> None:
    wanted = 1_783_072_200_000_000  # 2026-07-03 11:50 in Warsaw
    for text in ("2026-07-03 11:50", "2026-07-03T09:50:00Z", "03.07.2026 11:50:00", "202607031150", "1783072200"):
        assert read_instant(text, WARSAW) == wanted
    assert read_instant("07/03/2026 11:50 AM", WARSAW, "mdy") == wanted
    assert read_instant("2026-07-03T11:50:00.000+02:00", ZoneInfo("UTC")) == wanted
    assert read_instant("1783072200000", WARSAW) == wanted


def test_an_export_with_a_preamble_and_totals() -> None:
    reading = costs(
        "Campaign report\n1 July 2026 - 2 July 2026\n"
        "Day,Campaign,Currency code,Cost\n"
        '2026-07-01,Pumps,EUR,"1,234.50"\n2026-07-01,Pumps,EUR,10\n2026-07-02,Valves,EUR,7.25\n'
        "Total: account,,EUR,9999\n",
        defaults=Defaults(source="Google", medium="CPC"),
    )
    assert reading.bad == []
    assert (reading.rows, reading.totals) == (3, 1)
    assert reading.entries == {
        CostKey(date(2026, 7, 1), "google", "cpc", "pumps"): (1_244_500_000, "EUR"),
        CostKey(date(2026, 7, 2), "google", "cpc", "valves"): (7_250_000, "EUR"),
    }
    assert reading.columns == {"day": "day", "campaign": "campaign", "currency code": "currency", "cost": "cost"}


def test_polish_and_russian_tables() -> None:
    polish = costs("data;źródło;kampania;koszt\n3.07.2026;Facebook;Lato;1 000,50 zł\n")
    assert polish.entries == {CostKey(date(2026, 7, 3), "facebook", "", "lato"): (1_000_500_000, "PLN")}
    russian = read_costs(
        "Дата\tКампания\tРасход, руб.\n03.07.2026\tНасосы\t1 000 000\n",
        "x",
        Rates("RUB", {}),
        PLAN,
        mapping={"cost": "Расход, руб."},
    )
    assert list(russian.entries.values()) == [(10**12, "RUB")]
    micro = costs("date,campaign,cost_micros\n2026-07-03,A,1234567890\n")
    assert list(micro.entries.values()) == [(1_234_567_890, "PLN")]


def test_a_period_is_spread_over_its_days_without_losing_a_grosz() -> None:
    reading = costs("from,to,source,cost\n2026-07-01,2026-07-14,billboard,1000000\n")
    assert len(reading.entries) == 14
    assert sum(micro for micro, _ in reading.entries.values()) == 10**12
    phone = costs("day,number,cost\n2026-07-01,22 123 45 67,5\n")
    assert next(iter(phone.entries)).number == "+48221234567"


def test_bad_rows_are_told_with_line_and_reason() -> None:
    reading = costs(
        "day,source,number,cost,currency\n2026-07-01,a,,5,PLN\n2026-13-01,a,,5,PLN\n2026-07-01,a,,x,PLN\n"
        "2026-07-01,a,,5,GBP\n2026-07-01,,,5,PLN\n2026-07-01,a,12,5,PLN\n2026-07-01,a,,5,EUR\n2026-07-01,a,,-5,PLN\n"
    )
    assert [bad.line for bad in reading.bad] == [3, 4, 5, 6, 7, 8, 9]
    told = " ".join(bad.reason for bad in reading.bad)
    for part in ("no day of the calendar", "no sum", "'GBP' has no rate", "names no source", "no full number"):
        assert part in told
    assert "in PLN and in EUR" in told
    assert "below zero" in told
    assert costs("day,source,cost\n2026-07-01,a,-\n").bad[0].reason == "'-' is no sum of money"
    with pytest.raises(TableError, match="no column for cost"):
        costs("a,b\n1,2\n")
    assert [bad.line for bad in costs("source,cost\na,1\n").bad] == [2, 1]


def test_sales() -> None:
    reading = read_sales(
        'Order ID,Phone,Value,When\nA1,600 100 200,"1200,00 zł",03.07.2026 11:50\nA2,,50 EUR,2026-07-03T09:50:00Z\n'
        "A1,600100200,5,2026-07-03\nA3,12,5,2026-07-03\n",
        "sales.csv",
        RATES,
        PLAN,
        WARSAW,
    )
    assert [(bad.line, bad.reason[:20]) for bad in reading.bad] == [
        (3, "names neither a numb"),
        (4, "the order A1 stands "),
        (5, "'12' is no full numb"),
    ]
    sale = reading.sales["A1"]
    assert (sale.number, sale.micro, sale.at_us) == ("+48600100200", 1_200_000_000, 1_783_072_200_000_000)


@given(st.text(max_size=300))
def test_no_text_breaks_the_readers(text: str) -> None:
    for read in (lambda: costs(text), lambda: read_sales(text, "x", RATES, PLAN, WARSAW)):
        with contextlib.suppress(TableError):
            read()
