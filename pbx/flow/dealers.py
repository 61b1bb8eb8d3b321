"""Which dealer gets a caller: of his region, with the goods in stock, whom he had before, or whose turn it is."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from pbx.config_blocks import Dealer, Dealers
from pbx.flow.blocks.region import fits
from pbx.numbers.table import Faults, TableError, decode, rows

if TYPE_CHECKING:
    from pbx.call.keeping import Keeper
    from pbx.call.regions import Origin
    from pbx.clock import Clock

log = logging.getLogger("centrala.flow")
MEMORY, TURNS = "dealer_memory", "dealer_turns"  # rooms
MAX_MEMORY = 200_000
MAX_STOCK = 200_000
MAX_NEAR = 4096  # regions whose dealers are remembered
DAY_S = 86_400.0
COLUMNS = "dealer, sku and quantity"


class Choice(NamedTuple):
    """`by`: "memory", "stock" (he has the goods), "region" (he alone is of it), "turn"."""

    dealer: Dealer
    by: str


class Stock:
    """Who has what, as the last feed said. Empty: nobody knows, and then nobody is passed over for it."""

    def __init__(self, quantities: Mapping[str, Mapping[str, float]]) -> None:
        self._quantities = quantities

    def has(self, dealer: str, sku: str) -> bool:
        return self._quantities.get(dealer.casefold(), {}).get(sku.casefold(), 0) > 0

    @property
    def entries(self) -> int:
        return sum(map(len, self._quantities.values()))


class DealerBook:
    """All methods belong to the event loop's thread. `stock_age_s` tells how old the feed is."""

    def __init__(self, dealers: Sequence[Dealer], settings: Dealers, clock: Clock, keeper: Keeper) -> None:
        self._near: dict[tuple[str, str], list[Dealer]] = {}
        self.configure(dealers, settings)
        self.stock: Stock | None = None
        self.stock_age_s: Callable[[], float] = lambda: float("inf")
        self.is_open: Callable[[str], bool] = lambda _hours: True
        self._clock = clock
        self._keeper = keeper
        self._given: dict[str, float] = {}  # calls by dealer, in weights
        self.counts: dict[str, int] = {}
        self._memory: dict[str, tuple[str, float]] = {}  # caller: dealer, UTC seconds
        for name, kept in keeper.load(TURNS).items():
            if name in self.dealers:
                self._given[name], self.counts[name] = float(kept["given"]), int(kept["count"])
        for caller, kept in keeper.load(MEMORY).items():
            self._memory[caller] = str(kept["dealer"]), float(kept["at"])

    def configure(self, dealers: Sequence[Dealer], settings: Dealers) -> None:
        """From now on these dealers; turns and memory go on."""
        self.dealers = {dealer.name: dealer for dealer in dealers}
        self._settings = settings
        self._near.clear()

    async def take_stock(self, data: bytes) -> None:
        """A feed as it was read. Raises ValueError."""
        self.stock = await asyncio.to_thread(read_stock, data)

    def choose(self, caller: str, origin: Origin, *, sku: str = "", without: Sequence[str] = ()) -> Choice | None:
        """The dealer for a caller; None when none is open, of the region and able to sell. `without`: not these."""
        near = [d for d in self._of_region(origin) if d.name not in without and self._is_open(d)]
        stocked, knows = self._stocked(near, sku)
        remembered = self._remembered(caller, stocked)
        if remembered is not None:
            return Choice(remembered, "memory")
        if not stocked:
            return None
        best = max(dealer.priority for dealer in stocked)
        able = [dealer for dealer in stocked if dealer.priority == best]
        self._welcome(able)
        chosen = min(able, key=lambda dealer: (self._given[dealer.name], dealer.name))
        return Choice(chosen, "region" if len(near) == 1 else "stock" if knows else "turn")

    def give(self, caller: str, choice: Choice) -> None:
        """The caller goes to this dealer: it counts as a turn, and is remembered. Durable with the next batch."""
        dealer, now = choice.dealer, self._clock.unix()
        self._given[dealer.name] = self._given.get(dealer.name, 0.0) + 1.0 / dealer.weight
        self.counts[dealer.name] = self.counts.get(dealer.name, 0) + 1
        turn = {"given": round(self._given[dealer.name], 6), "count": self.counts[dealer.name]}
        self._keeper.put(TURNS, dealer.name, turn)
        if caller and self._settings.memory_days:
            if caller not in self._memory and len(self._memory) >= MAX_MEMORY:
                self._forget(next(iter(self._memory)))
            self._memory.pop(caller, None)
            self._memory[caller] = dealer.name, now
            self._keeper.put(MEMORY, caller, {"dealer": dealer.name, "at": round(now, 3)})

    def views(self) -> list[dict[str, Any]]:
        """For people."""
        return [
            {
                "name": dealer.name,
                "number": dealer.number,
                "regions": dealer.regions,
                "weight": dealer.weight,
                "calls": self.counts.get(dealer.name, 0),
                "open": self._is_open(dealer),
            }
            for dealer in self.dealers.values()
        ]

    def _is_open(self, dealer: Dealer) -> bool:
        return not dealer.hours or self.is_open(dealer.hours)

    def _welcome(self, able: list[Dealer]) -> None:
        """Who never had a turn begins where the others are, instead of getting all that they had before he came."""
        had = [self._given[dealer.name] for dealer in able if dealer.name in self._given]
        if len(had) < len(able):
            level = min(had, default=0.0)
            for dealer in able:
                self._given.setdefault(dealer.name, level)

    def _of_region(self, origin: Origin) -> list[Dealer]:
        """Those of a region; remembered, since hundreds of dealers have thousands of names of regions."""
        found = self._near.get((origin.region, origin.country))
        if found is None:
            if len(self._near) >= MAX_NEAR:
                self._near.clear()
            found = self._near[origin.region, origin.country] = [
                dealer
                for dealer in self.dealers.values()
                if not dealer.regions or any(fits(key, origin.region, origin.country) for key in dealer.regions)
            ]
        return found

    def _stocked(self, near: list[Dealer], sku: str) -> tuple[list[Dealer], bool]:
        """Those who have the goods, and whether anybody knows."""
        fresh = self.stock_age_s() <= self._settings.stock_max_age_s
        if not sku or self.stock is None or not fresh:
            return near, False
        return [dealer for dealer in near if self.stock.has(dealer.key or dealer.name, sku)], True

    def _remembered(self, caller: str, able: list[Dealer]) -> Dealer | None:
        name, at = self._memory.get(caller, ("", 0.0))
        if not name:
            return None
        if self._clock.unix() - at > self._settings.memory_days * DAY_S:
            self._forget(caller)
            return None
        return next((dealer for dealer in able if dealer.name == name), None)

    def _forget(self, caller: str) -> None:
        if self._memory.pop(caller, None) is not None:
            self._keeper.put(MEMORY, caller, None)


def read_stock(data: bytes) -> Stock:
    """A feed as CSV (dealer, sku, quantity) or as JSON: a list of such rows, or {dealer: {sku: quantity}}.

    Raises ValueError.
    """
    text = decode(data).strip()
    found: dict[str, dict[str, float]] = {}
    count = 0
    for dealer, sku, quantity in _json_rows(text) if text[:1] in "[{" else _csv_rows(text):
        count += 1
        if count > MAX_STOCK:
            raise ValueError(f"the stock has more than {MAX_STOCK} entries")
        held = found.setdefault(str(dealer).casefold(), {})
        held[str(sku).casefold()] = held.get(str(sku).casefold(), 0.0) + _quantity(quantity)
    if not count:
        raise ValueError("the stock is empty")
    return Stock(found)


def _csv_rows(text: str) -> list[tuple[str, str, str]]:
    faults = Faults("stock")
    found = []
    for line, row in rows(text, faults):
        if not {"dealer", "sku", "quantity"} <= row.keys():
            faults.add(1, f"the columns are {COLUMNS}")
            break
        if row["dealer"] and row["sku"]:
            found.append((row["dealer"], row["sku"], row["quantity"]))
        else:
            faults.add(line, "names no dealer, or no sku")
    try:
        faults.check()
    except TableError as error:
        raise ValueError(str(error)) from None
    return found


def _json_rows(text: str) -> list[tuple[Any, Any, Any]]:
    try:
        data = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise ValueError(f"the stock is no JSON: {error}") from None
    if isinstance(data, dict):
        if not all(isinstance(held, dict) for held in data.values()):
            raise ValueError('the stock is no {"dealer": {"sku": quantity}}')
        return [(dealer, sku, quantity) for dealer, held in data.items() for sku, quantity in held.items()]
    if not all(isinstance(row, dict) and {"dealer", "sku", "quantity"} <= row.keys() for row in data):
        raise ValueError(f"a row of the stock lacks one of {COLUMNS}")
    return [(row["dealer"], row["sku"], row["quantity"]) for row in data]


def _quantity(value: Any) -> float:
    try:
        return max(0.0, float(str(value).replace(",", ".")))
    except ValueError:
        raise ValueError(f"{value!r} is no quantity") from None
