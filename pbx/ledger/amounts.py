"""Sums of money as whole millionths, and how people write them in tables."""

from __future__ import annotations

import re
from collections.abc import Iterable
from fractions import Fraction

MICRO = 1_000_000
MAX_MICRO = 10**15 * 9  # nine thousand million units: more is a slip of a column
SYMBOLS = {"€": "EUR", "$": "USD", "£": "GBP", "₽": "RUB", "zł": "PLN", "руб": "RUB", "р": "RUB", "zl": "PLN"}
_SPACES = " \u00a0\u202f\u2009'\u2019"
_PLAIN = re.compile(r"^[0-9]+$")
_DECIMAL = re.compile(r"^[0-9]*[.,][0-9]+$")
_GROUPED = re.compile(r"^[0-9]{1,3}([.,])[0-9]{3}(\1[0-9]{3})*$")
_BOTH = re.compile(r"^[0-9]{1,3}(?:([.,])[0-9]{3}(?:\1[0-9]{3})*|[0-9]*)([.,])[0-9]+$")


class AmountError(ValueError):
    """A cell is no sum; the text says why."""


def split_currency(text: str) -> tuple[str, str]:
    """The digits of a cell, and the currency that stands beside them ("" for none)."""
    plain = text.strip()
    for mark in _SPACES:
        plain = plain.replace(mark, "")
    found = re.fullmatch(r"([^0-9.,+-]*)([+-]?[0-9.,]*)([^0-9]*)", plain)
    if found is None:
        return plain, ""
    word = (found[1] or found[3]).rstrip(".").casefold()
    if not word:
        return found[2], ""
    name = SYMBOLS.get(word, word.upper() if len(word) == 3 and word.isascii() and word.isalpha() else "")
    return (found[2], name) if name else (plain, "")


def decimal_mark(cells: Iterable[str]) -> str:
    """The mark before decimals in a column of sums, "." or ","; "" when the cells leave it open or contradict."""
    marks: set[str] = set()
    for cell in cells:
        digits, _ = split_currency(cell)
        digits = digits.lstrip("+-")
        both = _BOTH.match(digits)
        if both and both[1] and both[1] != both[2]:
            marks.add(both[2])
        elif _DECIMAL.match(digits) and (not _GROUPED.match(digits) or digits.startswith("0")):
            marks.add("," if "," in digits else ".")
        elif _GROUPED.match(digits) and len(re.findall(r"[.,]", digits)) > 1:
            marks.add("." if "," in digits else ",")
    return marks.pop() if len(marks) == 1 else ""


def micros(text: str, mark: str = "", scale: int = MICRO) -> int:
    """A sum as millionths. `mark` is what stands before decimals where the cell alone leaves it open;
    `scale` are the millionths in what is written.

    Raises AmountError for what is no sum, below zero, or could be read in two ways.
    """
    digits, _ = split_currency(text)
    if digits.startswith("-") and len(digits) > 1:
        raise AmountError(f"{text.strip()[:40]!r} is below zero")
    digits = digits.removeprefix("+")
    if _GROUPED.match(digits) and not digits.startswith("0"):
        separators = re.findall(r"[.,]", digits)
        if len(separators) == 1 and not mark:
            raise AmountError(
                f'{text.strip()[:40]!r} can be read in two ways: say which mark is before decimals, "." or ","'
            )
        if len(separators) > 1 or separators[0] != mark:
            digits = re.sub(r"[.,]", "", digits)
    both = _BOTH.match(digits)
    if both and both[1]:
        digits = digits.replace(both[1], "") if both[1] != both[2] else digits
    digits = digits.replace(",", ".")
    if not (_PLAIN.match(digits) or _DECIMAL.match(digits)):
        raise AmountError(f"{text.strip()[:40]!r} is no sum of money" if text.strip() else "the sum is missing")
    found = Fraction(digits if not digits.startswith(".") else f"0{digits}") * scale
    if found > MAX_MICRO:
        raise AmountError(f"{text.strip()[:40]!r} is more than {MAX_MICRO // MICRO}")
    return round(found)


def units(micro: float) -> float:
    """Millionths as units of the currency."""
    return micro / MICRO


class Rates:
    """Turns sums of other currencies into the one of the reports, by rates of the configuration."""

    def __init__(self, currency: str, rates: dict[str, float]) -> None:
        self.currency = currency
        self._rates = {name: Fraction(str(rate)) for name, rate in rates.items()} | {currency: Fraction(1)}

    def knows(self, currency: str) -> bool:
        return currency in self._rates

    def turned(self, micro: int, currency: str) -> float:
        """`micro` of `currency` in the reports' one. Raises KeyError for a currency without a rate."""
        return float(micro * self._rates[currency])
