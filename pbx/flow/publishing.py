"""Publishes versions of flows while calls go on: checks, renders what is said, keeps it on disk, and only then does the
next call get the new version. Calls that run finish on the one they started on.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Collection, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any

from pbx.configfile.change import ConfigChange
from pbx.configfile.problem import ConfigError, Problem
from pbx.events import Alarm, FlowVersionChanged
from pbx.flow.diff import Change, changes
from pbx.flow.document import FlowDocument, parse, read
from pbx.flow.loader import build
from pbx.flow.model import Flow, prompts_of
from pbx.flow.references import House
from pbx.flow.validation import validate, validate_among
from pbx.flow.versions import MAX_FLOWS, FlowStore, FlowVersion, VersionState

if TYPE_CHECKING:
    from pbx.call.services import Services
    from pbx.flow.interpreter import Flows

Progress = Callable[[int, int], None]
Preload = Callable[[list[tuple[str, ...]], Progress], Awaitable[list[str]]]
ALARM = "flow_version_unusable"
log = logging.getLogger("centrala.flow")


class FlowRefused(Exception):
    """What cannot be done with a flow; `status` is HTTP's, `problems` are those of a document."""

    def __init__(self, status: int, text: str, problems: Collection[Problem] = ()) -> None:
        self.status, self.problems = status, list(problems)
        super().__init__("\n".join([text, *map(str, self.problems)]))


class Publishing:
    """Built once the flows of the configuration are there; `start` puts published versions over them."""

    def __init__(
        self,
        flows: Flows,
        services: Services,
        store: FlowStore,
        preload: Preload,
        sounds: Collection[str],
        aside: Callable[..., Awaitable[Any]] = asyncio.to_thread,
    ) -> None:
        """`aside` runs what would hold the event loop for too long."""
        self._flows = flows
        self._configured = dict(flows.flows)
        self._services = services
        self._store = store
        self._preload = preload
        self._sounds = sounds
        self._aside = aside
        self._lock = asyncio.Lock()
        services.followers.before(self._judge)
        self.progress: dict[str, tuple[int, int]] = {}  # prompts of a flow that is being published: done, all

    def start(self) -> None:
        """Published versions hold from here on. One that cannot be used any more, such as after a queue was removed,
        raises an alarm, and the configuration's holds."""
        stored = self._store.load()
        found: dict[str, Flow] = {}
        broken: dict[str, list[Problem]] = {}
        for row in stored:
            document, problems = _read(row)
            flow = None
            if document is not None:
                flow, problems = build(document, version=row.version)
            if flow is None or problems:
                broken[row.flow] = problems
            else:
                found[row.flow] = flow
        house = self._house(found)
        for name, flow in list(found.items()):
            problems = validate(flow, house)
            if problems:
                broken[name] = problems
                del found[name]
        self._flows.replace({**self._configured, **found})
        for row in stored:
            if row.flow in broken:
                self._alarm(row, broken[row.flow])
            elif row.flow in self._configured and not _is_published_only(self._configured[row.flow]):
                log.warning("flow %s: version %d holds, not the configuration's", row.flow, row.version)

    # -- looking ---------------------------------------------------------------------------------------------------

    @property
    def flows(self) -> Mapping[str, Flow]:
        """What the next call gets, by name."""
        return self._flows.flows

    async def versions(self, name: str = "") -> list[FlowVersion]:
        """Kept versions, the newest first; the configuration's is not among them."""
        return await self._store.versions(name)

    async def document(self, name: str, version: int | None = None) -> FlowDocument:
        """A version's document: 0 is the configuration's, None the one that holds. FlowRefused 404 without one."""
        if version is None:
            flow = self.flows.get(name)
            version = flow.version if flow is not None else 0
        if version == 0:
            flow = self._configured.get(name)
            if flow is None or flow.document is None:
                what = "is in Python, and no document" if flow is not None and flow.coroutine else "has no version 0"
                raise FlowRefused(404, f"flow {name!r} {what}; `centrala flow versions` lists what there is")
            return flow.document
        return self._document_of(await self._version(name, version))

    async def diff(self, name: str, old: int | None = None, new: int | None = None) -> list[Change]:
        """What differs from version `old` (None: the one that holds) to `new` (None: the draft)."""
        if new is None:
            new = (await self._draft_of(name)).version
        before, after = await self.document(name, old), await self.document(name, new)
        return changes(before.as_dict(), after.as_dict())

    # -- changing --------------------------------------------------------------------------------------------------

    async def check(self, values: object) -> list[Problem]:
        """All that is wrong with JSON values as a flow, other flows that lead into it included."""
        problems: list[Problem] = await self._aside(self._check, values)
        return problems

    def _check(self, values: object) -> list[Problem]:
        """On a thread of its own: a large flow takes longer than the event loop should be held."""
        document, problems = read(values)
        if document is None:
            return problems
        flow, problems = build(document)
        return problems or self._problems(flow)

    async def draft(self, name: str, values: object, author: str, note: str) -> tuple[FlowVersion, list[Problem]]:
        """Keeps a draft, wrong or not: people stop in the middle. FlowRefused 422 for what is no document at all."""
        document, problems = read(values)
        if document is None:
            raise FlowRefused(422, f"flow {name!r} cannot be kept", problems)
        if document.name != name:
            raise FlowRefused(422, f"the document is of flow {document.name!r}, not {name!r}; give both the same name")
        row = await self._store.draft(name, document.as_text(), author, note, self._now())
        if row is None:
            raise FlowRefused(507, f"there are {MAX_FLOWS} flows, and no more are kept; draft one of them")
        return row, await self.check(values)

    async def publish(self, name: str, version: int | None, by: str, note: str, *, force: bool = False) -> FlowVersion:
        """The next call gets version `version` (None: the draft). FlowRefused 422 when it has mistakes, or when a
        prompt cannot be spoken, unless `force`."""
        async with self._lock:
            row = await (self._draft_of(name) if version is None else self._version(name, version))
            flow, problems = await self._aside(partial(build, self._document_of(row), version=row.version))
            problems = problems or await self._aside(self._problems, flow)
            if problems:
                raise FlowRefused(422, f"version {row.version} of flow {name!r} has mistakes:", problems)
            unspoken = await self._render(flow)
            if unspoken and not force:
                said = "\n".join(unspoken[:20])
                raise FlowRefused(422, f"{len(unspoken)} prompts of flow {name!r} cannot be spoken:\n{said}")
            published = await self._store.publish(name, row.version, by, note, self._now())
            if published is None:
                raise FlowRefused(404, f"version {row.version} of flow {name!r} is gone")
            self._hold(name, flow, by, note)
            return published

    async def rollback(self, name: str, to: int | None, by: str, note: str) -> FlowVersion | None:
        """Back to an earlier version (None: the one published before this one; 0: the configuration's, then None is
        returned)."""
        if to is None:
            retired = [row for row in await self.versions(name) if row.state is VersionState.RETIRED]
            if not retired:
                there = "--to 0 is the configuration's" if name in self._configured else "publish another one instead"
                raise FlowRefused(404, f"flow {name!r} has no earlier version; {there}")
            to = max(retired, key=lambda row: row.published).version
        if to:
            return await self.publish(name, to, by, note or "rolled back", force=True)
        async with self._lock:
            configured = self._configured.get(name)
            problems = await self._aside(self._problems, configured) if configured is not None else []
            if configured is None or problems:
                raise FlowRefused(422, f"the configuration has no flow {name!r} that could hold again", problems)
            if await self._store.withdraw(name) is None:
                raise FlowRefused(409, f"no version of flow {name!r} is published: the configuration's holds already")
            self._hold(name, configured, by, note)
        return None

    async def _judge(self, change: ConfigChange) -> None:
        """Every flow that holds must be right among what is configured next. Raises ConfigError."""
        if change.sections <= {"extension"} and len(change.new.extension) >= len(change.old.extension):
            return  # the most common change, which no flow can mind
        found: list[Problem] = await self._aside(self._new_problems, change)
        if found:
            raise ConfigError(found)

    def _new_problems(self, change: ConfigChange) -> list[Problem]:
        """Those that the configuration before the change has not."""
        old = House(change.old, self._sounds, {**self._configured, **self.flows})
        new = House(change.new, self._sounds, {**self._configured, **self.flows})
        found = []
        for name, flow in self.flows.items():
            known = {(problem.key, problem.text) for problem in validate(flow, old)}
            found += [
                Problem(("flow", name, *problem.key), problem.text, problem.remedy)
                for problem in validate(flow, new)
                if (problem.key, problem.text) not in known
            ]
        return found

    # -- parts -----------------------------------------------------------------------------------------------------

    def _house(self, others: Mapping[str, Flow]) -> House:
        return House(self._services.config, self._sounds, {**self._configured, **others})

    def _problems(self, flow: Flow) -> list[Problem]:
        """What is wrong with `flow` among the others, and with those that lead into it."""
        return validate_among(flow, self._house({**self.flows, flow.name: flow}))

    async def _render(self, flow: Flow) -> list[str]:
        """Brings what the flow says into the cache; returns what could not be spoken."""
        texts = prompts_of(flow, self._services.config.server.language)

        def progress(done: int, total: int) -> None:
            self.progress[flow.name] = (done, total)

        progress(0, len(texts))
        try:
            return await self._preload(texts, progress)
        finally:
            del self.progress[flow.name]

    def _hold(self, name: str, flow: Flow, by: str, note: str) -> None:
        """From the next call on `flow` is what `name` means."""
        before = self.flows.get(name)
        previous = before.version if before is not None else 0
        self._flows.replace({**self.flows, name: flow})
        log.info("flow %s: version %d holds, before it %d; by %s: %s", name, flow.version, previous, by, note or "-")
        now = self._now()
        self._services.bus.publish(FlowVersionChanged(name, flow.version, previous, by, now, note))
        self._services.bus.publish(Alarm(f"{ALARM}_{name}", f"flow {name} is right again", active=False, at=now))

    async def _version(self, name: str, version: int) -> FlowVersion:
        row = await self._store.get(name, version)
        if row is None:
            raise FlowRefused(
                404, f"flow {name!r} has no version {version}; `centrala flow versions {name}` lists them"
            )
        return row

    async def _draft_of(self, name: str) -> FlowVersion:
        for row in await self.versions(name):
            if row.state is VersionState.DRAFT:
                return await self._version(name, row.version)
        raise FlowRefused(404, f"flow {name!r} has no draft; `centrala flow import FILE` makes one")

    def _document_of(self, row: FlowVersion) -> FlowDocument:
        document, problems = _read(row)
        if document is None:
            raise FlowRefused(422, f"version {row.version} of flow {row.flow!r} cannot be read:", problems)
        return document

    def _alarm(self, row: FlowVersion, problems: list[Problem]) -> None:
        text = f"version {row.version} of flow {row.flow} cannot be used, the configuration's holds: {problems[0]}"
        for problem in problems:
            log.error("flow %s, version %d: %s", row.flow, row.version, problem)
        self._services.bus.publish(Alarm(f"{ALARM}_{row.flow}", text, active=True, at=self._now()))

    def _now(self) -> float:
        return self._services.clock.unix()


def _read(row: FlowVersion) -> tuple[FlowDocument | None, list[Problem]]:
    values, problems = parse(row.document)
    return (None, problems) if problems else read(values)


def _is_published_only(flow: Flow) -> bool:
    """Of a [[flow]] with `published = true`: nothing of the configuration is put aside."""
    return flow.document is None and flow.coroutine is None
