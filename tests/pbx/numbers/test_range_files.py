"""Registers of numbering authorities in the forms in which they are published."""

from __future__ import annotations

import random

import pytest

from pbx.call.regions import Origin, Regions
from pbx.numbers.range_files import read_ranges
from pbx.numbers.ranges import Place, RangeTable, Span, disjoint
from pbx.numbers.table import Faults, TableError, decode

RUSSIA = """АВС/ DEF;От;До;Емкость;Оператор;Регион;Территория ГАР;ИНН
301;2110000;2129999;20000;ПАО "Ростелеком";г. Улан-Удэ|Республика Бурятия;г. Улан-Удэ|Республика Бурятия;77
900;0000000;0061999;62000;ООО "Т2 МОБАЙЛ";-;Краснодарский край;7743895280
900;0062000;0062999;1000;"ФИРМА;Ростовская обл.;Ростовская область;1
8362;200000;299999;100000;ПАО "Ростелеком";г. Йошкар-Ола;-;1
"""
PSTN = """Strefa (AB);Zakres (number);Operator (nazwa);Operator (ID);Strefa (nazwa);Strefa (symbol);Obszar numeracyjny
12;12203(0,2-9);Żółta Sieć Sp. z o.o.;7;krakowska;KR;12
12;122031;"Inna" S.A.;8;krakowska;KR;12
42;4263(10-12);Łącza "Łódź;9;łódzka;LD;42
"""
PLMN = """Zakres (number);Operator (ID);Operator (nazwa);Data modyfikacji
50(0-3);1;Orange Polska S.A.;2020-01-01
531;2;P4 Sp. z o.o.;2020-01-01
"""


@pytest.mark.parametrize("encoding", ["utf-8-sig", "cp1251"])
def test_the_russian_register(encoding: str) -> None:
    table = read_ranges([("DEF-9xx.csv", decode(RUSSIA.replace("\n", "\r\n").encode(encoding)))], "RU")
    assert table.find("+73012110001") == Place("г. Улан-Удэ|Республика Бурятия", 'ПАО "Ростелеком"')
    assert table.find("+79000000001") == Place("Краснодарский край", 'ООО "Т2 МОБАЙЛ"'), "a dash is no region"
    assert table.find("+79000062000") == Place("Ростовская обл.", '"ФИРМА'), "a quotation mark swallows no lines"
    assert table.find("+78362250000") == Place("г. Йошкар-Ола", 'ПАО "Ростелеком"'), "codes of four digits"


@pytest.mark.parametrize("encoding", ["cp1250", "utf-8"])
def test_the_polish_register(encoding: str) -> None:
    files = [(name, decode(text.encode(encoding))) for name, text in (("PSTN.csv", PSTN), ("PLMN.csv", PLMN))]
    table = read_ranges(files, "PL")
    yellow = Place("krakowska", "Żółta Sieć Sp. z o.o.")
    for number, place in (
        ("+48122030999", yellow),
        ("+48122031000", Place("krakowska", '"Inna" S.A.')),
        ("+48122039999", yellow),
        ("+48122040000", None),
        ("+48426311234", Place("łódzka", 'Łącza "Łódź')),
        ("+48426313000", None),
        ("+48503999999", Place("", "Orange Polska S.A.")),
        ("+48504000000", None),
        ("+48531000000", Place("", "P4 Sp. z o.o.")),
    ):
        assert table.find(number) == place, number


def test_operators_of_one_table_and_regions_of_another() -> None:
    regions = Regions("PL", "pl", read_ranges([("mine.csv", "prefix,length,region\n48503,11,Pomorze\n")]))
    regions.take_names({"4812": {"pl": "Kraków"}})
    regions.take_ranges([read_ranges([("PLMN.csv", PLMN + "12203;3;Netia;2020-01-01\n")], "PL")])
    assert regions.origin("+48503000001") == Origin("PL", "Pomorze", "mobile", "Orange Polska S.A.")
    assert regions.origin("+48122030001") == Origin("PL", "Kraków", "fixed", "Netia")
    assert regions.origin("+48531000001") == Origin("PL", "", "mobile", "P4 Sp. z o.o.")


@pytest.mark.parametrize("pattern", ["12(9-1)", "12(1-99)", "12(-1)", "12(1,)", "(", "12(a)"])
def test_patterns_that_are_none(pattern: str) -> None:
    with pytest.raises(TableError, match="line 2: is no range with a region or an operator"):
        read_ranges([("x.csv", f"Zakres (number);Operator (nazwa)\n{pattern};Netia\n")], "PL")


@pytest.mark.parametrize("data", [b"PK\x03\x04rest", b"\xd0\xcf\x11\xe0rest"])
def test_workbooks_are_named(data: bytes) -> None:
    with pytest.raises(TableError, match="save it as CSV"):
        decode(data)


def test_the_better_told_range_wins_and_the_same_twice_is_once() -> None:
    chance = random.Random(7)
    faults = Faults("x")
    nested = [Span(0, 999, Place("all"), 2), Span(0, 999, Place("all"), 3), Span(100, 499, Place("all"), 4)]
    for line in range(200):
        ten = chance.randrange(100)
        nested.append(Span(ten * 10, ten * 10 + 9, Place(f"t{ten}"), 10 + line))
        one = ten * 10 + chance.randrange(10)
        nested.append(Span(one, one, Place(f"o{one}"), 300 + line))
    chance.shuffle(nested)
    table = RangeTable(disjoint(nested, faults))
    assert faults.found == []
    for number in range(1000):
        told = min((span for span in nested if span.first <= number <= span.last), key=lambda s: s.last - s.first)
        assert table.find(str(number)) == told.place
