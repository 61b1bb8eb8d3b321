"""What something cost: by name and all together, by day and month of the server's clock, kept over a restart."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

from pbx.call.keeping import Keeper
from pbx.clock import Clock

ALL = "*"  # all names together


class Spend:
    """Amounts by name and period. A period that is over is forgotten at the next booking."""

    def __init__(self, clock: Clock, zone: str, keeper: Keeper, room: str) -> None:
        self._clock = clock
        self._zone = ZoneInfo(zone)
        self._keeper = keeper
        self._room = room
        self._spent: dict[str, dict[str, float]] = {}  # name: period: amount
        for name, periods in keeper.load(room).items():
            self._spent[name] = {str(period): float(amount) for period, amount in periods.items()}

    def spent(self, name: str) -> tuple[float, float]:
        """Today's and this month's amounts."""
        day, month = self._periods()
        periods = self._spent.get(name, {})
        return periods.get(day, 0.0), periods.get(month, 0.0)

    def fits(self, name: str, amount: float, per_day: float, per_month: float) -> bool:
        """Whether `amount` more stays within the limits; 0 is no limit."""
        day, month = self.spent(name)
        return (not per_day or day + amount <= per_day) and (not per_month or month + amount <= per_month)

    def book(self, booked: str, amount: float) -> None:
        """`amount` more (less, where it is negative) was spent by `booked`."""
        if not amount:
            return
        for name in (booked, ALL):
            before = self._spent.get(name, {})
            self._spent[name] = {period: max(before.get(period, 0.0) + amount, 0.0) for period in self._periods()}
            self._keeper.put(self._room, name, self._spent[name])

    def _periods(self) -> tuple[str, str]:
        today = datetime.fromtimestamp(self._clock.unix(), self._zone).date().isoformat()
        return today, today[:7]
