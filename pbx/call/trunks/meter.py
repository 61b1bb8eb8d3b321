"""Charges one answered leg to those who pay for it, ten seconds ahead, and ends it when what they may use is used up.

Charging ahead bounds what several calls at once can overspend, and what a process that is killed forgets: nothing.
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import Callable
from typing import NamedTuple

from pbx.call.trunks.ledger import Ledger
from pbx.numbers.prices import Price

STEP_S = 10.0
MARGIN_S = 0.25  # our BYE needs a moment, and a carrier that counts full seconds must not begin another one
FREE = Price(0)


class Charge(NamedTuple):
    """What a leg has cost in the end; `money` in millionths."""

    seconds: int
    money: int


class Meter:
    """`on_spent(cause)` is called once: "limit" when the minutes of the day are used up, "spend_cap" for money."""

    __slots__ = (
        "_account",
        "_began",
        "_capped",
        "_charged_s",
        "_ledger",
        "_loop",
        "_money",
        "_timer",
        "_trunk",
        "on_spent",
        "price",
    )

    def __init__(
        self, ledger: Ledger, account: str, trunk: str, price: Price | None = None, *, capped: bool = True
    ) -> None:
        self.price = price
        self.on_spent: Callable[[str], None] | None = None
        self._ledger = ledger
        self._account = account  # "extension:101"
        self._trunk = trunk  # "trunk:carrier"
        self._capped = capped  # emergency calls are charged and never ended
        self._loop: asyncio.AbstractEventLoop | None = None
        self._began = 0.0
        self._charged_s = 0.0
        self._money = 0
        self._timer: asyncio.TimerHandle | None = None

    def start(self, on_spent: Callable[[str], None]) -> None:
        """The leg was answered."""
        self.on_spent = on_spent
        self._loop = asyncio.get_running_loop()
        self._began = self._loop.time()
        self._step()

    @property
    def running(self) -> bool:
        return self._loop is not None

    def stop(self) -> Charge | None:
        """The leg is over: settles what was charged ahead. None when it was never answered, or is settled already."""
        loop, self._loop = self._loop, None
        self.on_spent = None
        if loop is None:
            return None
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        talk_s = loop.time() - self._began
        self._charge_up_to(talk_s)
        price = self.price
        return Charge(price.billed_s(talk_s) if price is not None else math.ceil(talk_s), self._money)

    def _step(self) -> None:
        loop = self._loop
        assert loop is not None
        wanted_s = loop.time() - self._began + STEP_S
        allowed_s, cause = self._allowed(wanted_s) if self._capped else (wanted_s, "")
        self._charge_up_to(allowed_s)
        if allowed_s < wanted_s:
            early_s = MARGIN_S if cause == "spend_cap" and allowed_s > 2 * MARGIN_S else 0.0
            self._timer = loop.call_at(self._began + allowed_s - early_s, self._spent, cause)
        else:
            self._timer = loop.call_at(self._began + wanted_s, self._step)

    def _allowed(self, wanted_s: float) -> tuple[float, str]:
        """How long the leg may last at most, up to `wanted_s`, and which limit ends it."""
        ledger = self._ledger
        allowed_s, cause = wanted_s, ""
        left_s = ledger.left_s(self._account) + self._charged_s
        if left_s < allowed_s:
            allowed_s, cause = max(0.0, left_s), "limit"
        if self.price is not None:
            left = min(ledger.left_money(self._account), ledger.left_money(self._trunk)) + self._money
            if left != math.inf:
                paid_s = self.price.affordable_s(int(left))
                if paid_s < allowed_s:
                    allowed_s, cause = paid_s, "spend_cap"
        return allowed_s, cause

    def _charge_up_to(self, talk_s: float) -> None:
        money = self.price.cost(talk_s) if self.price is not None else 0
        seconds, more = talk_s - self._charged_s, money - self._money
        if not seconds and not more:
            return
        self._charged_s, self._money = talk_s, money
        if self._account:
            self._ledger.charge(self._account, seconds, more)
        self._ledger.charge(self._trunk, seconds, more)

    def _spent(self, cause: str) -> None:
        self._timer = None
        if self.on_spent is not None:
            self.on_spent(cause)
