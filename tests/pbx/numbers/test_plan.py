"""What dialled and received strings mean, and how carriers want them written."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pbx.config import NumberForm
from pbx.numbers import geography
from pbx.numbers.forms import rewrite, write
from pbx.numbers.plan import NumberInfo, NumberPlan

PL, RU = NumberPlan("PL"), NumberPlan("RU")


@pytest.mark.parametrize(
    ("plan", "given_", "expected"),
    [
        (PL, "221234567", "+48221234567"),
        (PL, "600100200", "+48600100200"),
        (PL, "+48221234567", "+48221234567"),
        (PL, "48221234567", "+48221234567"),
        (PL, "0048221234567", "+48221234567"),
        (PL, "0074951234567", "+74951234567"),
        (PL, "74951234567", "+74951234567"),  # as carriers send foreign callers
        (RU, "84951234567", "+74951234567"),
        (RU, "9161234567", "+79161234567"),
        (RU, "81048221234567", "+48221234567"),
        (RU, "88005553535", "+78005553535"),
        (PL, "112", ""),
        (PL, "101", ""),
        (PL, "anna", ""),
        (PL, "+", ""),
        (PL, "", ""),
        (PL, "*31600100200", ""),
        (PL, "１２３４５６７８９", ""),  # digits, but not ours
        (NumberPlan(), "+48221234567", "+48221234567"),
        (NumberPlan(), "221234567", ""),
    ],
)
def test_numbers_are_read(plan: NumberPlan, given_: str, expected: str) -> None:
    assert plan.e164(given_) == expected
    assert plan.e164(given_) == expected, "and again, from the cache"


def test_kinds_and_countries() -> None:
    assert PL.info("+48600100200") == NumberInfo("PL", "mobile")
    assert PL.info("+78005553535") == NumberInfo("RU", "toll_free")
    assert PL.info("+48700123456").kind == "premium"
    assert PL.info("+80012345678").country == ""
    assert PL.info("101") == NumberInfo("", "")


@pytest.mark.parametrize(
    ("form", "country", "number", "expected"),
    [
        ("+e164", "PL", "+48221234567", "+48221234567"),
        ("e164", "PL", "+48221234567", "48221234567"),
        ("00e164", "PL", "+48221234567", "0048221234567"),
        ("national", "PL", "+48221234567", "221234567"),
        ("national", "PL", "+74951234567", "0074951234567"),
        ("local", "PL", "+48221234567", "221234567"),
        ("local", "PL", "+74951234567", "0074951234567"),
        ("local", "RU", "+74951234567", "84951234567"),
        ("local", "RU", "+48221234567", "81048221234567"),
        ("local", "", "+48221234567", "0048221234567"),
        ("e164", "PL", "112", "112"),
    ],
)
def test_numbers_are_written(form: NumberForm, country: str, number: str, expected: str) -> None:
    assert write(number, form, country) == expected


@given(st.text(max_size=40))
def test_whatever_is_dialled_is_survived(text: str) -> None:
    found = PL.e164(text)
    assert found == "" or (found[0] == "+" and found[1:].isdigit())
    assert rewrite(text, "e164", PL) == (found[1:] if found else text)


@given(st.sampled_from(["+e164", "e164", "00e164", "national", "local"]), st.integers(0, 9_999_999))
def test_what_is_written_is_read_again(form: NumberForm, rest: int) -> None:
    number = f"+4822{rest:07}"
    assert PL.e164(write(number, form, "PL")) == number


def test_names_of_regions_by_the_longest_prefix() -> None:
    names = {"48": {"en": "Poland"}, "4822": {"pl": "Warszawa", "en": "Warsaw"}, "4861": {"pl": "Poznań"}}
    assert geography.find(names, "+48221234567", "pl") == "Warszawa"
    assert geography.find(names, "+48221234567", "ru") == "Warsaw"
    assert geography.find(names, "+48611234567", "ru") == "Poznań", "better a foreign name than none"
    assert geography.find(names, "+48321234567", "en") == "Poland"
    assert geography.find(names, "+74951234567", "en") == ""


def test_the_names_come_from_a_process_of_their_own(monkeypatch: pytest.MonkeyPatch) -> None:
    names = geography.load("PL")
    assert geography.find(names, "+48221234567", "pl") == "Warszawa"
    monkeypatch.setattr(geography, "TIMEOUT_S", 0.001)
    with pytest.raises(OSError, match="could not be read"):
        geography.load("PL")
