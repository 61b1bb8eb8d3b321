"""Tables of customers as CRM systems export them."""

from __future__ import annotations

import pytest

from pbx.customers.table import read_table
from pbx.numbers.table import TableError

POLISH = """Klient;Telefon;Komórka;Grupa;Opiekun;VIP;Uwagi
Jan Żak;(22) 123-45-67;600 100 200;gold, stały;101;tak;"lubi; kawę"
Ola;600100200;;;;;
Ewa;+48 601 000 000;;nowy;;nie;
Adam;12;;;;;
;602000000;;;;;
"""


def test_numbers_become_e164_and_what_cannot_be_used_is_told_with_its_line() -> None:
    reading = read_table(POLISH, "crm.csv", "PL")
    assert reading.lines == 5
    assert [one["numbers"] for one in reading.customers] == [
        ["+48221234567", "+48600100200"],
        ["+48601000000"],
        ["+48602000000"],
    ]
    jan = reading.customers[0]
    assert (jan["name"], jan["tags"], jan["agent"], jan["vip"], jan["note"]) == (
        "Jan Żak",
        ["gold", "stały"],
        "101",
        True,
        "lubi; kawę",
    )
    assert reading.problems == [
        "line 3: +48600100200 stands in line 2 already",
        "line 5: '12' is no full number",
    ]
    assert reading.columns["telefon"] == reading.columns["komórka"] == "numbers"


def test_columns_are_named_where_their_names_do_not_tell() -> None:
    text = "a,b,c\n600100200,Ola,polski\n"
    with pytest.raises(TableError, match=r"--map number=COLUMN of a, b, c"):
        read_table(text, "x.csv", "PL")
    with pytest.raises(TableError, match="has no column 'z'"):
        read_table(text, "x.csv", "PL", {"numbers": "z"})
    reading = read_table(text, "x.csv", "PL", {"numbers": "A", "name": "b", "language": "c"})
    assert (reading.customers[0]["name"], reading.customers[0]["language"]) == ("Ola", "pl")


def test_a_customer_s_own_key_stands_once() -> None:
    reading = read_table("id,phone\n7,600100200\n7,600100201\n", "x.csv", "PL")
    assert [one["id"] for one in reading.customers] == ["7"]
    assert reading.problems == ["line 3: the id 7 stands in line 2 already"]


def test_an_empty_table_and_one_without_a_header_are_refused() -> None:
    for text in ("", "phone\n", "\n\n"):
        with pytest.raises(TableError):
            read_table(text, "x.csv", "PL")
