"""What stands beside the calls of a behaviour, made when a step first asks for it: live clients, receivers of money."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.live import Live, LiveFailed
from harness.money import Money, MoneyFailed

if TYPE_CHECKING:
    from harness.model import Step
    from harness.pbx import Pbx

FAILURES = (LiveFailed, MoneyFailed)


class Beside:
    """Of one behaviour."""

    def __init__(self, pbx: Pbx) -> None:
        self._pbx = pbx
        self._live: Live | None = None
        self._money: Money | None = None

    def act(self, step: Step) -> None:
        """Does a `live` or `money` step. Raises one of FAILURES."""
        if step.live:
            self._live = self._live or Live(self._pbx)
            self._live.act(step.live, step.timeout_s)
        else:
            self._money = self._money or Money(self._pbx)
            self._money.act(step.money, step.timeout_s)

    def close(self) -> None:
        for one in (self._live, self._money):
            if one is not None:
                one.close()
