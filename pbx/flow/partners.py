"""Whether a call goes to an overflow partner: is it open, is there room under its caps, is the price worth it?

A call that the partner does not get waits for an agent of ours, and gives up with some probability; the loss that is
to be expected is that probability times what an answered call is worth. It goes to the partner when the loss is above
the price of a call there. Talk is charged ten seconds ahead, as on trunks (decision 0095), to an account of the
ledger, so that spend outlives the process; a call that has begun is never cut off for a cap.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

from pbx.call.trunks.ledger import Caps
from pbx.call.trunks.meter import Charge, Meter
from pbx.numbers.prices import MICRO, Price

if TYPE_CHECKING:
    from pbx.call.keeping import Keeper
    from pbx.call.trunks.ledger import Ledger
    from pbx.config_overflow import Partner

ROOM = "partners"
PRIOR = 5  # calls that the configured talk counts as
WEIGHT = 0.02  # of the newest call, once there are enough


class Verdict(NamedTuple):
    """`result` is "" when the call may go, else the exit: "closed", "cap", "not_worth". Money is in the partner's
    currency; `giving_up` is None where it was not weighed.
    """

    result: str
    price: float
    giving_up: float | None = None
    loss: float | None = None


@dataclass(slots=True)
class State:
    """What is known of one partner."""

    config: Partner
    price: Price
    talk_s: float
    calls: int = 0  # answered, ever
    running: int = 0

    @property
    def account(self) -> str:
        return f"partner:{self.config.name}"

    @property
    def expected(self) -> float:
        """The price of a call of the usual length."""
        return self.price.cost(self.talk_s) / MICRO


class Partners:
    """All methods belong to the event loop's thread. `is_open` tells of hours by name."""

    def __init__(self, partners: Sequence[Partner], ledger: Ledger, keeper: Keeper) -> None:
        self.is_open: Callable[[str], bool] = lambda _hours: True
        self._ledger = ledger
        self._keeper = keeper
        self._states: dict[str, State] = {}
        self.reconfigure(partners)

    def reconfigure(self, partners: Sequence[Partner]) -> None:
        """Takes a new list; what is known of those that stay is kept, and their calls go on."""
        kept, before = self._keeper.load(ROOM), self._states
        self._states = {}
        for entry in partners:
            state = State(entry, _price(entry), entry.talk_s)
            if (known := before.get(entry.name)) is not None:
                state.calls, state.running, state.talk_s = known.calls, known.running, known.talk_s
            elif entry.name in kept:
                state.calls, state.talk_s = int(kept[entry.name]["calls"]), float(kept[entry.name]["talk_s"])
            self._states[entry.name] = state
            caps = Caps(
                round(entry.minutes_per_day * 60),
                round(entry.money_per_day * MICRO),
                round(entry.money_per_month * MICRO),
            )
            self._ledger.cap(state.account, caps)

    def find(self, name: str) -> State | None:
        return self._states.get(name)

    def judge(self, state: State, giving_up: Callable[[], float] | None = None) -> Verdict:
        """Whether a call may go there now. `giving_up()` is the probability that the caller gives up while he waits
        for an agent of ours; asked only where a call has a value.
        """
        entry, expected = state.config, state.expected
        if entry.hours and not self.is_open(entry.hours):
            return Verdict("closed", expected)
        first = state.price.cost(0)
        if (
            state.running >= entry.max_calls
            or self._ledger.left_s(state.account) <= 0
            or self._ledger.left_money(state.account) < max(first, 1)
        ):
            return Verdict("cap", expected)
        if not entry.value or giving_up is None:
            return Verdict("", expected)
        share = giving_up()
        loss = share * entry.value
        return Verdict("" if loss > expected else "not_worth", expected, share, loss)

    def begin(self, state: State) -> Meter:
        """A call goes there: it has a place from now on. The meter is started when the partner answers."""
        state.running += 1
        return Meter(self._ledger, "", state.account, state.price, capped=False)

    def end(self, state: State, meter: Meter, talk_s: float) -> Charge | None:
        """The call is over after `talk_s` with the partner (0: it did not answer)."""
        current = self._states.get(state.config.name, state)
        current.running = max(0, current.running - 1)
        charge = meter.stop()
        if charge is not None:
            current.calls += 1
            current.talk_s += (max(talk_s, 1.0) - current.talk_s) * max(WEIGHT, 1 / (current.calls + PRIOR))
            kept = {"calls": current.calls, "talk_s": round(current.talk_s, 3)}
            self._keeper.put(ROOM, current.config.name, kept)
        return charge

    def rows(self) -> list[dict[str, Any]]:
        """For people: what each has cost today, and may still."""
        return [self._row(state) for state in self._states.values()]

    def _row(self, state: State) -> dict[str, Any]:
        spent, left = self._ledger.spent(state.account), self._ledger.left_money(state.account)
        return {
            "partner": state.config.name,
            "open": not state.config.hours or self.is_open(state.config.hours),
            "running": state.running,
            "max_calls": state.config.max_calls,
            "calls": state.calls,
            "talk_s": round(state.talk_s, 1),
            "expected_price": round(state.expected, 4),
            "currency": state.config.currency,
            "today_s": round(spent.day_s, 1),
            "today_money": spent.day_money / MICRO,
            "month_money": spent.month_money / MICRO,
            "left_money": None if left == float("inf") else max(left, 0) / MICRO,
        }


def _price(entry: Partner) -> Price:
    return Price(round(entry.rate_per_minute * MICRO), round(entry.per_call * MICRO), entry.first_s, entry.increment_s)
