"""Changes of the configuration while the PBX runs: judged, prepared, committed, applied, acknowledged, in this order.

Between two of these steps a crash leaves either what was before or what is committed, which the next start applies.
Applying is one turn of the event loop: no call sees half of a change, and running calls keep what they began with.
"""

from __future__ import annotations

import asyncio
import gc
import logging
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from pbx.api.late import at_leisure
from pbx.config import Config
from pbx.configfile.change import ConfigChange
from pbx.configfile.problem import ConfigError, Problem, dotted
from pbx.events import Alarm
from pbx.settings.book import Book, Draft
from pbx.settings.diff import Change
from pbx.settings.history import MAX_NOTE, MAX_WHO, Rows, undone
from pbx.settings.overlay import Overlay

if TYPE_CHECKING:
    from pbx.app.pbx import Pbx

log = logging.getLogger("centrala.settings")
FAILED = "settings_failed"
ASIDE = "settings_set_aside"
MOST_NAMED = 20  # entries in a line of the log
APPLIED, REFUSED, BROKEN = "applied", "refused", "failed"  # labels of the metric


async def at_leisure_aside(work: Callable[..., Any], *arguments: Any) -> Any:
    """In a thread that lets the event loop in often."""
    return await asyncio.to_thread(at_leisure, _uncollected, work, *arguments)


def _uncollected(work: Callable[..., Any], *arguments: Any) -> Any:
    """Tables of ten thousand entries would make the collector walk them while it holds the interpreter's lock, 50 ms
    in one go. They stay, so they are frozen as pbx.transport.gc_policy does with what survives a second.
    """
    collected = gc.isenabled()
    gc.disable()
    try:
        return work(*arguments)
    finally:
        if collected:
            gc.freeze()
            gc.enable()


class SettingsRefused(Exception):
    """`status` as in HTTP: 409 not now, 412 somebody else was first, 422 it would be wrong, 404 no such revision."""

    def __init__(self, status: int, problems: list[Problem]) -> None:
        self.status = status
        self.problems = problems
        super().__init__("\n".join(str(problem) for problem in problems))


@dataclass(frozen=True, slots=True)
class Applied:
    """What came of a change. `revision` is what holds now; `restart` are sections that wait for the next start."""

    revision: int
    changes: list[Change]
    applied: bool
    restart: list[str] = field(default_factory=list)


class Reconfigurer:
    """One change at a time. `reload` reads the file again; None where there is none."""

    def __init__(
        self,
        app: Pbx,
        book: Book,
        reload: Callable[[], Config] | None = None,
        aside: Callable[..., Awaitable[Any]] = at_leisure_aside,
    ) -> None:
        """`aside` runs what would hold the event loop for too long."""
        self.book = book
        self.results: Counter[str] = Counter({APPLIED: 0, REFUSED: 0, BROKEN: 0})
        self._app = app
        self._reload = reload
        self._aside = aside
        self._lock = asyncio.Lock()

    async def change(
        self, wanted: Overlay, who: str, note: str = "", *, apply: bool = True, expected: int | None = None
    ) -> Applied:
        """Makes `wanted` hold, all of it or nothing. `expected`: the revision that it was made from.

        Raises SettingsRefused, StoreError.
        """
        async with self._lock:
            self._expect(expected)
            return await self._run(lambda: self.book.change(wanted), who, note, apply=apply)

    async def change_if(
        self, fits: Callable[[], None], wanted: Overlay, who: str, note: str = "", *, apply: bool = True
    ) -> Applied:
        """The same, after `fits` had its say while nothing else changes; what it raises is raised."""
        async with self._lock:
            fits()
            return await self._run(lambda: self.book.change(wanted), who, note, apply=apply)

    async def revert(self, revision: int | None, who: str, note: str = "", *, apply: bool = True) -> Applied:
        """Back to what held after `revision`; None: to what held before the last change."""
        async with self._lock:
            target = self.book.revision - 1 if revision is None else revision
            if not 0 <= target < self.book.revision:
                text = f"there is no revision {target} to go back to; the present one is {self.book.revision}"
                raise SettingsRefused(404, [Problem((), text)])
            found = await self._app.store.settings.since(target)
            if found is None:
                text = f"revision {target} is no longer kept"
                raise SettingsRefused(404, [Problem((), text, "import an earlier export instead")])
            rows = undone(found)
            note = note or f"back to revision {target}"
            return await self._run(lambda: self.book.restore(rows), who, note, apply=apply)

    async def reread(self, who: str = "signal") -> Applied:
        """Reads the file of the configuration again; technical sections of it wait for the next start."""
        if self._reload is None:
            raise SettingsRefused(409, [Problem((), "there is no file to read again")])
        async with self._lock:
            try:
                base = await self._aside(self._reload)
            except ConfigError as error:
                raise self._refusal(422, error.problems) from None
            return await self._run(lambda: self.book.rebase(base), who, "", apply=True)

    # -- steps -----------------------------------------------------------------------------------------------------

    async def _run(self, draw: Callable[[], Draft], who: str, note: str, *, apply: bool) -> Applied:
        try:
            draft = await self._aside(draw)
        except ConfigError as error:
            raise self._refusal(422, error.problems) from None
        if not apply:
            return Applied(self.book.revision, draft.changes, False, draft.restart)
        change: ConfigChange = await self._aside(ConfigChange, self.book.config, draft.config)
        followers = self._app.calls.services.followers
        self._object(change)
        try:
            await followers.prepare(change, self._aside)
            self._object(change)
            revision = await self._commit(draft.rows, who, note) if draft.changes or self._differs(draft) else None
            await self._apply(draft, change, revision, who)
        except ConfigError as error:
            raise self._refusal(422, error.problems) from None
        finally:
            followers.forget()
        self.results[APPLIED] += 1
        if draft.changes:
            log.info("settings: %s changed %s (revision %d)", who, _places(draft.changes), self.book.revision)
        return Applied(self.book.revision, draft.changes, True, draft.restart)

    def _differs(self, draft: Draft) -> bool:
        """Whether the database would hold something else, even if nothing else came of it."""
        return bool(draft.rows) and (
            draft.overlay != self.book.overlay or not self.book.aside.keys().isdisjoint(draft.rows)
        )

    async def _commit(self, rows: Rows, who: str, note: str) -> int | None:
        if not rows:
            return None
        now = self._app.clock.unix()
        return await self._app.store.settings.write(rows, who[:MAX_WHO] or "unknown", note[:MAX_NOTE], now)

    async def _apply(self, draft: Draft, change: ConfigChange, revision: int | None, who: str) -> None:
        """In force from here on, or undone in the database as well."""
        problems = self._app.calls.services.followers.objections(change)
        if not problems:
            try:
                self._switch(change)
            except Exception as error:
                log.exception("a change of the settings could not be applied and is taken back")
                self._alarm(f"a change of the settings by {who} could not be applied and was taken back: {error!r}")
                problems = [Problem((), f"could not be applied and was taken back: {error!r}", "see the log")]
                self.results[BROKEN] += 1
        if problems:
            if revision is not None:
                await self._take_back(revision)
            raise self._refusal(409, problems)
        self.book.take(draft, revision)
        self._tell_aside()

    def _switch(self, change: ConfigChange) -> None:
        try:
            self._put(change)
        except Exception:
            self._put(change.reversed())
            raise

    def _put(self, change: ConfigChange) -> None:
        self._app.config = self._app.calls.services.config = change.new
        self._app.calls.services.followers.apply(change)

    async def _take_back(self, revision: int) -> None:
        found = await self._app.store.settings.since(revision - 1)
        rows = undone(found or ())
        now = self._app.clock.unix()
        self.book.revision = await self._app.store.settings.write(rows, "centrala", f"takes {revision} back", now)

    # -- refusing --------------------------------------------------------------------------------------------------

    def _expect(self, revision: int | None) -> None:
        if revision is not None and revision != self.book.revision:
            text = f"somebody changed the settings: they are at revision {self.book.revision}, not {revision}"
            raise SettingsRefused(412, [Problem((), text, "look at the difference again")])

    def _object(self, change: ConfigChange) -> None:
        problems = self._app.calls.services.followers.objections(change)
        if problems:
            raise self._refusal(409, problems)

    def _refusal(self, status: int, problems: list[Problem]) -> SettingsRefused:
        self.results[REFUSED] += 1
        return SettingsRefused(status, problems)

    # -- alarms ----------------------------------------------------------------------------------------------------

    def _alarm(self, text: str) -> None:
        self._app.bus.publish(Alarm(FAILED, text, True, self._app.clock.unix()))

    def _tell_aside(self) -> None:
        tell_aside(self._app, self.book.aside)
        self._app.bus.publish(Alarm(FAILED, "settings are applied again", False, self._app.clock.unix()))


def _places(changes: list[Change]) -> str:
    named = ", ".join(dotted((one.section, one.key) if one.key else (one.section,)) for one in changes[:MOST_NAMED])
    return named if len(changes) <= MOST_NAMED else f"{named} and {len(changes) - MOST_NAMED} more"


def tell_aside(app: Pbx, aside: Mapping[tuple[str, str], str]) -> None:
    """The alarm about documents that do not fit, or that there are none any more."""
    names = ", ".join(dotted((section, key) if key else (section,)) for section, key in list(aside)[:10])
    text = (
        f"{len(aside)} settings do not fit the configuration and are not in force: {names}. "
        "See `centrala config show --aside`; write them again, or delete them"
    )
    app.bus.publish(Alarm(ASIDE, text if aside else "all settings are in force", bool(aside), app.clock.unix()))
