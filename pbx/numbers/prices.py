"""A carrier's price list: the longest prefix of the number wins; money is in millionths of the list's currency."""

from __future__ import annotations

import math
from decimal import Decimal, InvalidOperation
from typing import NamedTuple

from pbx.numbers.table import Faults, rows

MICRO = 1_000_000
MAX_PRICE = 1_000  # a minute, in the list's currency: above it the column is a mistake
COLUMNS = "prefix, price_per_minute, and optionally connect_fee, first_s, increment_s, name"


class Price(NamedTuple):
    """What calls to a prefix cost. A call is charged `first_s` seconds at once, then in steps of `increment_s`."""

    per_minute: int  # millionths
    connect_fee: int = 0  # millionths
    first_s: int = 1
    increment_s: int = 1
    name: str = ""

    def billed_s(self, talk_s: float) -> int:
        """The seconds that are charged for `talk_s` seconds of talk; a call that was answered is never free of them."""
        over = max(0.0, talk_s - self.first_s)
        steps = -int(-over // self.increment_s)
        return self.first_s + steps * self.increment_s

    def cost(self, talk_s: float) -> int:
        """What `talk_s` seconds cost, in millionths, rounded up."""
        return self.connect_fee - (-self.billed_s(talk_s) * self.per_minute // 60)

    def affordable_s(self, amount: int) -> float:
        """How long a talk `amount` millionths pay for; 0.0 when not even its beginning, infinity when it is free."""
        if amount < self.cost(0):
            return 0.0
        if not self.per_minute:
            return math.inf
        paid_s = (amount - self.connect_fee) * 60 // self.per_minute
        return float(self.first_s + (paid_s - self.first_s) // self.increment_s * self.increment_s)


class PriceList:
    """Prices by prefix of E.164 digits (without "+")."""

    def __init__(self, prices: dict[str, Price] | None = None, default: Price | None = None) -> None:
        self._prices = prices or {}
        self._lengths = sorted({len(prefix) for prefix in self._prices}, reverse=True)
        self._default = default

    def __len__(self) -> int:
        return len(self._prices)

    def __bool__(self) -> bool:
        return bool(self._prices) or self._default is not None

    def find(self, e164: str) -> Price | None:
        """The price of the longest prefix of a number ("+48..."); the default's, or None, when no prefix fits."""
        digits = e164.removeprefix("+")
        for length in self._lengths:
            price = self._prices.get(digits[:length])
            if price is not None:
                return price
        return self._default


def read_prices(text: str, name: str, default: Price | None = None) -> PriceList:
    """A price list from CSV. Raises TableError with every faulty line."""
    faults = Faults(name)
    prices: dict[str, Price] = {}
    for line, row in rows(text, faults):
        if "prefix" not in row or "price_per_minute" not in row:
            faults.add(1, f"the columns are {COLUMNS}")
            break
        prefix = row["prefix"].removeprefix("+")
        if not prefix.isascii() or not prefix.isdigit() or len(prefix) > 15:
            faults.add(line, f"prefix {row['prefix']!r} must be 1 to 15 digits, the country code first")
            continue
        if prefix in prices:
            faults.add(line, f"prefix {prefix} comes twice")
        price = _price(row, line, faults)
        if price is not None:
            prices[prefix] = price
    if not prices and not faults.found:
        faults.add(1, "has no price")
    faults.check()
    return PriceList(prices, default)


def money(text: str) -> int:
    """An amount as millionths; a decimal comma is one too. Raises ValueError."""
    try:
        amount = Decimal(text.replace(",", "."))
    except InvalidOperation:
        raise ValueError(f"{text!r} is no amount") from None
    if not amount.is_finite() or not 0 <= amount <= MAX_PRICE:
        raise ValueError(f"{text!r} must be from 0 to {MAX_PRICE}")
    return int((amount * MICRO).to_integral_value())


def _price(row: dict[str, str], line: int, faults: Faults) -> Price | None:
    try:
        return Price(
            money(row["price_per_minute"]),
            money(row.get("connect_fee") or "0"),
            _seconds(row.get("first_s") or "1"),
            _seconds(row.get("increment_s") or "1"),
            row.get("name", "")[:64],
        )
    except ValueError as error:
        faults.add(line, str(error))
        return None


def _seconds(text: str) -> int:
    if not text.isascii() or not text.isdigit() or not 1 <= int(text) <= 3600:
        raise ValueError(f"{text!r} must be whole seconds from 1 to 3600")
    return int(text)
