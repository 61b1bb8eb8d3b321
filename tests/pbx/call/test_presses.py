"""One press, one digit, by whichever way it is said; which way it goes on."""

from __future__ import annotations

import pytest

from pbx.call.presses import TWICE_S, Presses


def told(*said: tuple[str, str, float]) -> str:
    presses = Presses()
    return "".join(digit for digit, method, at in said if not presses.is_repeat(digit, method, at))


def test_both_sayings_are_one_press_in_either_order() -> None:
    assert told(("5", "info", 0.0), ("5", "rfc4733", 0.2)) == "5"
    assert told(("5", "rfc4733", 0.0), ("5", "info", 0.1)) == "5"


def test_the_same_key_twice_is_two_presses() -> None:
    assert told(("5", "info", 0.0), ("5", "rfc4733", 0.1), ("5", "info", 0.3), ("5", "rfc4733", 0.4)) == "55"
    assert told(("5", "rfc4733", 0.0), ("5", "rfc4733", 0.2)) == "55"
    assert told(("5", "info", 0.0), ("5", "info", 0.2)) == "55"


def test_another_digit_or_much_later_is_another_press() -> None:
    assert told(("5", "info", 0.0), ("6", "rfc4733", 0.1)) == "56"
    assert told(("5", "info", 0.0), ("5", "rfc4733", TWICE_S)) == "55"


def test_it_is_known_that_a_phone_says_both() -> None:
    presses = Presses()
    assert not presses.is_repeat("1", "inband", 0.0)
    assert not presses.both
    assert presses.is_repeat("1", "info", 0.1)
    assert presses.both


@pytest.mark.parametrize("methods", [("rfc4733", "info"), ("info", "inband")])
def test_a_number_dialled_in_both_ways(methods: tuple[str, str]) -> None:
    said = [(digit, method, i * 0.3 + j * 0.1) for i, digit in enumerate("112233") for j, method in enumerate(methods)]
    assert told(*said) == "112233"
