"""What waits and what died, by target: looked at from time to time, with the alarms that follow from it."""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Mapping

from pbx.clock import Clock
from pbx.config_outbox import Outbox as Settings
from pbx.events import Alarm, EventBus
from pbx.outbox.entry import Entry, State
from pbx.outbox.ports import Verdict
from pbx.outbox.shelf import Left, Shelf
from pbx.outbox.target import Counts, Target

log = logging.getLogger("centrala.outbox")
LOOK_S = 10.0  # between two looks, while anything waits
PRUNE_S = 3600.0


class Watch:
    """`stale`: something was put, or has ended, since the last look."""

    def __init__(self, settings: Settings, shelf: Shelf, bus: EventBus, clock: Clock) -> None:
        self.counts: dict[str, Counts] = {}
        self.stale = True
        self.overflows = False
        self.observe: Callable[[str, float], None] = lambda _target, _seconds: None  # what a delivery took
        self._settings = settings
        self._shelf = shelf
        self._bus, self._clock = bus, clock
        self._next_prune = 0.0
        self._looked = 0.0
        self._alarms: set[str] = set()

    @property
    def next_look(self) -> float:
        """UTC seconds."""
        waits = self.stale or any(counts.pending for counts in self.counts.values())
        return self._looked + LOOK_S if waits else self._next_prune

    def count(self, target: str, entry: Entry, verdict: Verdict) -> None:
        """An attempt is over."""
        counts = self.counts.setdefault(target, Counts())
        self.stale = True
        if verdict is Verdict.OK:
            counts.delivered += 1
            self.observe(target, max(0.0, entry.ended - entry.queued))
            return
        reason = f"http_{entry.status // 100}xx" if entry.status else entry.error.partition(":")[0]
        reason = reason if reason.replace("_", "").isalnum() and len(reason) <= 20 else "undeliverable"
        counts.failed[reason] = counts.failed.get(reason, 0) + 1
        if entry.state is State.DEAD:
            counts.dead_total += 1
            log.warning(
                "%s %s for %s is dead after %d attempts: %s", entry.kind, entry.id, target, entry.attempts, entry.error
            )

    async def look(self, targets: Mapping[str, Target], held: Collection[int]) -> None:
        """When it is time: buries what is too old, counts what is left, raises and ends alarms, forgets old rows."""
        now = self._clock.unix()
        if now < self.next_look:
            return
        self._looked = now
        self.stale = False
        limits = {name: now - target.max_age_s for name, target in targets.items()}
        usual = now - self._settings.max_age_h * 3600.0
        for entry in await self._shelf.expire(limits, usual, held, now):
            counts = self.counts.setdefault(entry.target, Counts())
            counts.dead_total += 1
            self.stale = True
        left = await self._shelf.left()
        for name in self.counts.keys() | left.keys() | targets.keys():
            self._note(name, left.get(name, Left()), now)
        if now >= self._next_prune:
            self._next_prune = now + PRUNE_S
            days = self._settings.keep_days, self._settings.keep_dead_days
            if await self._shelf.prune(*(now - each * 86_400.0 for each in days)):
                self._next_prune = now + LOOK_S  # there may be more

    def _note(self, name: str, left: Left, now: float) -> None:
        counts = self.counts.setdefault(name, Counts())
        counts.pending, counts.dead, counts.oldest = left.pending, left.dead, left.oldest
        age_s = now - left.oldest if left.oldest else 0.0
        self._alarm(
            f"outbox:{name}",
            age_s > self._settings.alarm_after_s,
            f"{left.pending} deliveries to {name} wait, the oldest for {age_s / 60:.0f} min: see `centrala outbox list"
            f" --target {name}` for what it answers",
            f"no delivery to {name} waits for long any more",
        )
        self._alarm(
            f"outbox_dead:{name}",
            left.dead > 0,
            f"{left.dead} deliveries to {name} are dead: `centrala outbox list --state dead`, then retry or drop them",
            f"no delivery to {name} is dead any more",
        )

    def _alarm(self, alarm: str, active: bool, text: str, over: str) -> None:
        if active == (alarm in self._alarms):
            return
        (self._alarms.add if active else self._alarms.discard)(alarm)
        self._bus.publish(Alarm(alarm, text if active else over, active, self._clock.unix()))
