"""What calls out have used: talk and money per extension and per trunk, by UTC day and month, kept over a restart."""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import NamedTuple

from pbx.call.keeping import Keeper, MemoryKeeper
from pbx.clock import Clock

ROOM = "spend"
DAY_S = 86_400


class Caps(NamedTuple):
    """Limits of one extension or trunk; 0 is none. Money is in millionths of the price lists' currency."""

    day_s: int = 0
    day_money: int = 0
    month_money: int = 0


class Spent(NamedTuple):
    """What was used in the present day and month."""

    day_s: float
    day_money: int
    month_money: int


NO_CAPS = Caps()
NOTHING = Spent(0.0, 0, 0)


class _Account:
    __slots__ = ("day", "money", "month", "month_money", "seconds")

    def __init__(self, day: int, month: int) -> None:
        self.day = day
        self.month = month
        self.seconds = 0.0
        self.money = self.month_money = 0

    def turn(self, day: int, month: int) -> None:
        if day != self.day:
            self.day, self.seconds, self.money = day, 0.0, 0
        if month != self.month:
            self.month, self.month_money = month, 0


class Ledger:
    """Accounts by name: "extension:101", "trunk:carrier". Every charge is handed to the keeper at once."""

    def __init__(self, clock: Clock, keeper: Keeper | None = None) -> None:
        self._clock = clock
        self._keeper: Keeper = keeper if keeper is not None else MemoryKeeper()
        self._accounts: dict[str, _Account] = {}
        self._caps: dict[str, Caps] = {}
        self._day = self._month = 0
        self._day_ends = 0.0
        for name, row in self._keeper.load(ROOM).items():
            self._restore(name, row)

    def cap(self, name: str, caps: Caps) -> None:
        """Sets the limits of an account, or takes them away."""
        if caps != NO_CAPS:
            self._caps[name] = caps
        else:
            self._caps.pop(name, None)

    def cap_all(self, caps: Mapping[str, Caps]) -> None:
        """The same of many accounts, at the price of copying a table."""
        self._caps.update(caps)
        for name in [name for name, one in caps.items() if one == NO_CAPS]:
            del self._caps[name]

    def capped_by_money(self, name: str) -> bool:
        """Whether money limits the account: then a call without a price may not be made on it."""
        caps = self._caps.get(name)
        return caps is not None and bool(caps.day_money or caps.month_money)

    def charge(self, name: str, seconds: float, money: int) -> None:
        """Adds talk and money; negative amounts give back what was charged ahead."""
        account = self._account(name)
        account.seconds = max(0.0, account.seconds + seconds)
        account.money = max(0, account.money + money)
        account.month_money = max(0, account.month_money + money)
        row = [account.day, round(account.seconds, 3), account.money, account.month, account.month_money]
        self._keeper.put(ROOM, name, row)

    def spent(self, name: str) -> Spent:
        """What the account has used today and this month."""
        if name not in self._accounts:
            return NOTHING
        account = self._account(name)
        return Spent(account.seconds, account.money, account.month_money)

    def left_s(self, name: str) -> float:
        """Talk that the account may still use today; infinity without a limit."""
        caps = self._caps.get(name)
        if caps is None or not caps.day_s:
            return math.inf
        return caps.day_s - self.spent(name).day_s

    def left_money(self, name: str) -> float:
        """Millionths that the account may still spend; infinity without a limit."""
        caps = self._caps.get(name)
        if caps is None:
            return math.inf
        spent = self.spent(name)
        day = caps.day_money - spent.day_money if caps.day_money else math.inf
        month = caps.month_money - spent.month_money if caps.month_money else math.inf
        return min(day, month)

    def caps(self, name: str) -> Caps:
        """The limits of an account."""
        return self._caps.get(name, NO_CAPS)

    def _account(self, name: str) -> _Account:
        now = self._clock.unix()
        if not self._day_ends - DAY_S <= now < self._day_ends:
            self._day = int(now // DAY_S)
            self._day_ends = (self._day + 1) * DAY_S
            date = datetime.fromtimestamp(now, UTC)
            self._month = date.year * 12 + date.month - 1
        account = self._accounts.get(name)
        if account is None:
            account = self._accounts[name] = _Account(self._day, self._month)
        else:
            account.turn(self._day, self._month)
        return account

    def _restore(self, name: str, row: list[float]) -> None:
        day, seconds, money, month, month_money = row
        account = self._accounts[name] = _Account(int(day), int(month))
        account.seconds, account.money, account.month_money = float(seconds), int(money), int(month_money)
