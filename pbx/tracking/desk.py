"""The desk that gives out numbers: the pools, the board that survives a crash, and the record of who held what."""

from __future__ import annotations

import logging
from collections import OrderedDict
from collections.abc import Iterable, Sequence
from pathlib import Path

from pbx.config import Config
from pbx.configfile.check_web import pool_numbers
from pbx.tracking.board import Board, Entry, Found, read_board
from pbx.tracking.pool import Holding, Pool
from pbx.tracking.ports import TrackingStore
from pbx.tracking.visit import Lease, Visit

log = logging.getLogger("centrala.tracking")

UNKNOWN = "f" * 32  # holds what a cut-off write may have given out
BOARD_FILE = "numbers.board"


class Desk:
    """`pools` by name. All instants are steady UTC seconds, given by the caller."""

    def __init__(self, config: Config, folder: Path, store: TrackingStore) -> None:
        self._path = folder / BOARD_FILE
        self._store = store
        self._board: Board | None = None
        self._wishes: OrderedDict[tuple[str, str], str] = OrderedDict()  # visitor and pool -> his last number
        self._most_wishes = 4 * config.tracking.max_sessions
        self._restored: dict[tuple[str, str], str] = {}  # pool and visit -> the number that it held at the start
        self.suspected = 0  # numbers held back at the start
        self.lines: dict[str, tuple[str, str]] = {}  # pool -> site and logical number, as first shown
        self.pools: dict[str, Pool] = {}
        self.pool_of: dict[str, Pool] = {}  # by the number's digits
        self._written: dict[str, str] = {}  # digits -> the number as it is configured
        self._make(config)

    def _make(self, config: Config) -> None:
        settings = config.tracking
        self.pools, self.pool_of, self._written = {}, {}, {}
        for entry in config.number_pool:
            numbers = pool_numbers(entry)
            hold_s = settings.hold_s if entry.hold_s is None else entry.hold_s
            quarantine_s = settings.quarantine_s if entry.quarantine_s is None else entry.quarantine_s
            share = settings.address_share if entry.address_share is None else entry.address_share
            pool = Pool(entry.name, numbers, hold_s=hold_s, quarantine_s=quarantine_s, share=share)
            self.pools[entry.name] = pool
            for number in numbers:
                self.pool_of[plain(number)] = pool
                self._written[plain(number)] = number

    def start(self, leases: Iterable[Lease], wishes: Iterable[Lease], now: float) -> None:
        """Takes up what an earlier process gave out. Nothing that may be in a browser is given to another."""
        found = read_board(self._path)
        for lease in wishes:
            self._wish(lease.visitor, lease.pool, lease.number)
        latest: dict[str, Lease] = {}
        for lease in leases:
            pool = self.pool_of.get(plain(lease.number))
            if pool is not None:
                before = latest.get(lease.number)
                if before is not None:
                    pool.recall(lease.number, Holding(before.visit, before.visitor, before.since, before.seen))
                latest[lease.number] = lease
        held = self._held(found, latest, now)
        for number, holding in sorted(held.items(), key=lambda pair: pair[1].seen):
            pool = self.pool_of[plain(number)]
            pool.restore(number, holding, now)
            if number not in pool.held and holding.visit != UNKNOWN:
                pool.recall(number, holding)
        if self._uncertain(found, latest):
            self._hold_back(found, now)
        self._restored = {(pool.name, h.visit): n for pool in self.pools.values() for n, h in pool.held.items()}
        self._lay_out(now)

    def _held(self, found: Found | None, latest: dict[str, Lease], now: float) -> dict[str, Holding]:
        held = {n: Holding(x.visit, x.visitor, x.since, x.seen) for n, x in latest.items()}
        for entry in found.entries if found is not None else ():
            number = self._written.get(plain(entry.number))
            if entry.damaged:
                log.warning("the board of numbers has a line that was cut off: that number is held back")
                for lost in self._missing(found) if number is None else [number]:
                    held[lost] = Holding(UNKNOWN, "", now, now)
            elif number is not None and entry.visit:
                held[number] = Holding(entry.visit, entry.visitor, entry.since, entry.seen)
        return held

    def _missing(self, found: Found | None) -> list[str]:
        """Numbers that no readable line of the board is about."""
        told = {plain(entry.number) for entry in (found.entries if found is not None else ()) if not entry.damaged}
        return [number for digits, number in self._written.items() if digits not in told]

    def _uncertain(self, found: Found | None, latest: dict[str, Lease]) -> bool:
        return not found.certain if found is not None else bool(latest)

    def _hold_back(self, found: Found | None, now: float) -> None:
        """The machine died, or the board is gone: what looks free may have been given out in the last seconds."""
        died = min(found.synced, now) if found is not None else now
        for pool in self.pools.values():
            until = died + pool.hold_s + pool.quarantine_s
            if until > now:
                self.suspected += pool.suspect(until)
        if self.suspected:
            log.warning("%d numbers of pools are held back: nobody knows who was shown them last", self.suspected)

    def _lay_out(self, now: float) -> None:
        entries = []
        for digits, number in self._written.items():
            holding = self.pool_of[digits].held.get(number)
            if holding is None:
                entries.append(Entry(number, "", "", 0.0, 0.0))
            else:
                entries.append(Entry(number, holding.visit, holding.visitor, holding.since, holding.seen))
        if self._board is not None:
            self._board.close(now)
            self._board = None
        if entries:
            self._board = Board(self._path, entries, now)

    def reconfigure(self, config: Config, now: float) -> None:
        """Pools change: what is held stays held, where the number is still in a pool."""
        former = self.pools
        self._make(config)
        self._restored = {}
        holdings = [(number, holding) for pool in former.values() for number, holding in pool.held.items()]
        waiting = [
            (number, past[-1])
            for pool in former.values()
            for number, past in pool.past.items()
            if number not in pool.held
        ]
        for pool in former.values():
            for number, past in pool.past.items():
                now_of = self.pool_of.get(plain(number))
                if now_of is not None:
                    for holding in list(past)[: None if number in pool.held else -1]:
                        now_of.recall(number, holding)
        for number, holding in sorted([*holdings, *waiting], key=lambda pair: pair[1].seen):
            written = self._written.get(plain(number))
            if written is not None:
                self.pool_of[plain(number)].restore(written, holding, now)
        try:
            self._lay_out(now)
        except OSError as error:
            log.error(
                "the board of numbers cannot be written (%s): no number of a pool is given out; free disk space", error
            )

    # -- while it runs --------------------------------------------------------------------------------------------

    def give(self, name: str, visit: Visit, line: str, now: float, wish: str = "") -> str:
        """A number of the pool, on the board before this returns; "" when none is left."""
        pool = self.pools.get(name)
        if pool is None or self._board is None:
            return ""
        wish = wish or (self._wishes.get((visit.visitor, name), "") if visit.visitor else "")
        number = pool.allocate(visit.id, visit.visitor, now, wish, visit.place)
        if not number:
            return ""
        self.lines[name] = (visit.site, line)
        self._put(number, pool.held[number])
        self._store.lease(Lease(number, visit.id, visit.visitor, name, visit.site, line, now, now))
        if visit.visitor:
            self._wish(visit.visitor, name, number)
        return number

    def is_crowded(self, name: str, place: str, now: float) -> bool:
        """Whether visitors of a place hold their share of the pool; whoever asks is turned away, and counted."""
        pool = self.pools.get(name)
        return pool is not None and pool.is_crowded(place, now)

    def keep(self, name: str, number: str, visit: Visit, now: float) -> bool:
        """The visit goes on; False when it holds the number no longer."""
        pool = self.pools.get(name)
        if pool is None or not pool.touch(number, visit.id, now):
            return False
        holding = pool.held[number]
        if visit.visitor and not holding.visitor:
            holding.visitor = visit.visitor  # consent came meanwhile
            self._wish(visit.visitor, name, number)
        self._put(number, holding)
        return True

    def hand_over(self, name: str, number: str, former: Visit, heir: Visit, line: str, now: float) -> bool:
        """The same visitor's next visit goes on with the number."""
        pool = self.pools.get(name)
        if pool is None or not pool.hand_over(number, former.id, heir.id, now):
            return False
        self._put(number, pool.held[number])
        self._store.lease(Lease(number, heir.id, heir.visitor, name, heir.site, line, now, now))
        return True

    def close_lease(self, visit: Visit) -> None:
        """The visit is over: its leases get their last sign."""
        for line, shown in visit.numbers.items():
            if shown.kind == "session":
                lease = Lease(
                    shown.number, visit.id, visit.visitor, shown.pool, visit.site, line, visit.started, visit.seen
                )
                self._store.lease(lease)

    def expire(self, now: float) -> None:
        """Regularly: releases what was held long enough."""
        for pool in self.pools.values():
            for number in pool.expire(now):
                if self._board is not None:
                    self._board.put(number, "", "", 0.0, 0.0)

    def written(self, number: str) -> str:
        """A number of a pool as the configuration writes it."""
        return self._written.get(plain(number), number)

    def holders(self, number: str, now: float) -> Sequence[Holding]:
        """Who was shown the number, the present holder first; () for a number of no pool."""
        pool = self.pool_of.get(plain(number))
        if pool is None:
            return ()
        pool.expire(now)
        return pool.holders(self._written[plain(number)])

    def holds(self, number: str, visit: str) -> bool:
        """Whether the visit holds the number now."""
        pool = self.pool_of.get(plain(number))
        if pool is None:
            return False
        holding = pool.held.get(self._written[plain(number)])
        return holding is not None and holding.visit == visit

    def held_by(self, name: str, visit: str) -> str:
        """The number of the pool that a visit of an earlier process holds; "" for none."""
        number = self._restored.get((name, visit), "")
        return number if number and self.holds(number, visit) else ""

    def forget(self, visits: set[str], visitors: set[str]) -> None:
        """Memory of people who wanted to be forgotten."""
        for pool in self.pools.values():
            pool.forget(visits)
        for key in [key for key in self._wishes if key[0] in visitors]:
            del self._wishes[key]

    @property
    def dirty(self) -> bool:
        return self._board is not None and self._board.dirty

    def sync(self, now: float) -> None:
        """To the disk; blocks."""
        if self._board is not None:
            self._board.sync(now)

    def close(self, now: float) -> None:
        if self._board is not None:
            self._board.close(now)
            self._board = None

    def _put(self, number: str, holding: Holding) -> None:
        if self._board is not None:
            self._board.put(number, holding.visit, holding.visitor, holding.since, holding.seen)

    def _wish(self, visitor: str, pool: str, number: str) -> None:
        self._wishes[visitor, pool] = number
        self._wishes.move_to_end((visitor, pool))
        while len(self._wishes) > self._most_wishes:
            self._wishes.popitem(last=False)


def plain(number: str) -> str:
    """A number's digits, under which it is compared."""
    return number.removeprefix("+")
