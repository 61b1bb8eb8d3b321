"""Test calls put together: when they run, what became of them, and who is told."""

from __future__ import annotations

import asyncio
import logging
from contextlib import AsyncExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Protocol
from zoneinfo import ZoneInfo

from pbx.config import Config
from pbx.config_selftest import SelfTest
from pbx.events import Alarm
from pbx.selftest.placing import Listening, add_payer
from pbx.selftest.probe import Probe
from pbx.selftest.result import Result, ResultStore
from pbx.selftest.schedule import next_run

if TYPE_CHECKING:
    from pbx.call.services import Services
    from pbx.selftest.correlation import Pattern

log = logging.getLogger("centrala.selftest")


class Voice(Protocol):
    """Prompts as files (`pbx.media.prompts.Prompts`)."""

    async def file(self, text: str, language: str) -> Path: ...


class UnknownTest(Exception):
    """There is no test of that name."""


class SelfTests:
    """One test call at a time: they are not to load what they measure."""

    def __init__(self, services: Services, voice: Voice, store: ResultStore, listening: Listening) -> None:
        self._services = services
        self._voice = voice
        self._store = store
        self._listening = listening
        self.tests: dict[str, SelfTest] = {}
        self._payers: dict[str, str] = {}
        self._started = False
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self.configure(services.config)
        services.followers.rebuild(self.configure, "selftest")
        self._zone = ZoneInfo(services.config.server.timezone)
        self._one = asyncio.Lock()
        self._failed: dict[str, int] = {}  # in a row
        self.latest: dict[str, Result] = {}
        self.runs: dict[tuple[str, bool], int] = {}

    def start(self, stack: AsyncExitStack) -> None:
        """From now on tests run by their schedule; after the sockets are open. `stack` stops it."""
        stack.push_async_callback(self.stop)
        self._started = True
        self._schedule()

    def configure(self, config: Config) -> None:
        """From now on these tests; one that runs and has changed is cut short, and its call ends."""
        before, self.tests = self.tests, {entry.name: entry for entry in config.selftest}
        self._payers = {entry.name: add_payer(self._services, entry) for entry in config.selftest if entry.trunk}
        for name in [name for name, test in before.items() if self.tests.get(name) != test]:
            task = self._tasks.pop(name, None)
            if task is not None:
                task.cancel()
            if self._failed.pop(name, 0):
                now = self._services.clock.unix()
                self._services.bus.publish(Alarm(f"selftest_{name}", f"test call {name} was changed", False, now))
        if self._started:
            self._schedule()

    def _schedule(self) -> None:
        loop = asyncio.get_running_loop()
        for name, test in self.tests.items():
            if name not in self._tasks:
                self._tasks[name] = loop.create_task(self._by_schedule(test))

    async def stop(self) -> None:
        """No further test begins; one that runs ends with its call."""
        self._started = False
        tasks, self._tasks = list(self._tasks.values()), {}
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def run(self, name: str) -> Result:
        """Runs a test now, after one that runs. Raises UnknownTest."""
        test = self.tests.get(name)
        if test is None:
            known = ", ".join(self.tests) or "none"
            raise UnknownTest(f"there is no test {name!r}; tests: {known}")
        async with self._one:
            result = await self._run(test)
        await self._took(test, result)
        return result

    def next_run(self, name: str, now: float) -> float | None:
        """UTC seconds; None: only by command."""
        test, latest = self.tests[name], self.latest.get(name)
        last = latest.started if latest is not None else now
        return next_run(now, last=last, every_s=test.every_min * 60, at=test.at, zone=self._zone)

    async def _by_schedule(self, test: SelfTest) -> None:
        clock = self._services.clock
        last = clock.unix()
        while True:
            now = clock.unix()
            due = next_run(now, last=last, every_s=test.every_min * 60, at=test.at, zone=self._zone)
            if due is None:
                return
            await asyncio.sleep(max(due - now, 0.0))
            last = clock.unix()
            try:
                await self.run(test.name)
            except Exception:  # the next run is due all the same
                log.exception("test %s could not be run", test.name)

    async def _run(self, test: SelfTest) -> Result:
        try:
            patterns = [await self._pattern(test, index) for index in range(len(test.step))]
        except Exception as error:  # speech, a file, a sound that is too short: the test fails and says why
            now = self._services.clock.unix()
            return Result("", test.name, test.trunk, test.number, now, now, reason=f"no prompt to compare: {error}")
        payer = self._payers.get(test.name, "")
        return await Probe(self._services, test, patterns, payer=payer, listening=self._listening).run()

    async def _pattern(self, test: SelfTest, index: int) -> Pattern | None:
        step = test.step[index]
        if not step.expect and not step.file:
            return None
        language = step.language or test.language or self._services.config.server.language
        path = Path(step.file) if step.file else await self._voice.file(step.expect, language)
        return await asyncio.to_thread(_read_pattern, path)

    async def _took(self, test: SelfTest, result: Result) -> None:
        self.latest[test.name] = result
        key = (test.name, result.passed)
        self.runs[key] = self.runs.get(key, 0) + 1
        self._tell(test, result)
        if not result.id:  # no call was placed: it has no journey either
            return
        try:
            await self._store.write(result)
        except RuntimeError as error:
            log.error("the result of test %s was not kept: %s", test.name, error)

    def _tell(self, test: SelfTest, result: Result) -> None:
        before = self._failed.get(test.name, 0)
        now = self._failed[test.name] = 0 if result.passed else before + 1
        name = f"selftest_{test.name}"
        publish = self._services.bus.publish
        if now >= test.failures:
            where = f"by trunk {test.trunk}" if test.trunk else "over the loop-back"
            text = f"test call {test.name} to {test.number} {where} failed {now} times in a row: {result.reason}"
            log.warning("%s", text)
            publish(Alarm(name, text, True, result.ended))
        elif result.passed and before >= test.failures:
            publish(Alarm(name, f"test call {test.name} passes again", False, result.ended))


def _read_pattern(path: Path) -> Pattern:
    from pbx.selftest.correlation import Pattern, read_wav  # with numpy: a server without test calls does without

    return Pattern(read_wav(path))
