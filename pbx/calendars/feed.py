"""A file that is read again and again: from the disk, or from a host that may be asked, whose last copy is kept."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TYPE_CHECKING

from pbx.web.client import Ask, WebError

if TYPE_CHECKING:
    from pbx.clock import Clock
    from pbx.web.client import Web

log = logging.getLogger("centrala.feed")
TIMEOUT_S = 20.0


class FeedError(Exception):
    """It cannot be read; the text says why."""


def is_address(source: str) -> bool:
    return source.startswith(("http://", "https://"))


class Feed:
    """`take(data)` is told what was read, and raises ValueError for what it cannot use. `read_at` is the UTC second of
    the last one that could be used, 0.0 before that.
    """

    def __init__(
        self,
        name: str,
        source: str,
        *,
        every_s: float,
        copy: Path,
        web: Web,
        clock: Clock,
        take: Callable[[bytes], Awaitable[None]],
    ) -> None:
        self.name = name
        self.source = source
        self.read_at = 0.0
        self.fault = ""
        self._every_s = every_s
        self._copy = copy
        self._web = web
        self._clock = clock
        self._take = take
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begins to read; the copy of an earlier process counts at once, with its age."""
        self._task = asyncio.get_running_loop().create_task(self._run())

    async def stop(self) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait({self._task})
            self._task = None

    def age_s(self) -> float:
        """Seconds since what is in use was read; infinity for nothing."""
        return self._clock.unix() - self.read_at if self.read_at else float("inf")

    async def refresh(self) -> bool:
        """Reads it now; False with `fault` when that fails, and what was in use stays."""
        try:
            data = await self._read()
            await self._take(data)
        except Exception as error:  # whatever becomes of one reading, the next one may be right
            text = str(error) or type(error).__name__
            if text != self.fault:
                log.error("%s cannot be read from %s: %s", self.name, self.source, text)
            self.fault = text
            return False
        self.fault, self.read_at = "", self._clock.unix()
        if is_address(self.source):
            await asyncio.to_thread(_write, self._copy, data)
        return True

    async def _run(self) -> None:
        if is_address(self.source):
            await self._take_copy()
        while True:
            await self.refresh()
            await asyncio.sleep(self._every_s)

    async def _take_copy(self) -> None:
        try:
            data, at = await asyncio.to_thread(_copy_of, self._copy)
            await self._take(data)
        except FileNotFoundError:  # the first time
            return
        except Exception as error:
            log.warning("the copy of %s in %s cannot be used: %s", self.name, self._copy, error)
            return
        self.read_at = at

    async def _read(self) -> bytes:
        if not is_address(self.source):
            try:
                return await asyncio.to_thread(Path(self.source).read_bytes)
            except OSError as error:
                raise FeedError(f"{error.strerror}") from None
        try:
            answer = await self._web.ask(Ask("GET", self.source, {}, timeout_s=TIMEOUT_S, retries=1))
        except WebError as error:
            raise FeedError(str(error)) from None
        if answer.status != 200:
            raise FeedError(f"the answer is {answer.status}")
        return answer.body


def _copy_of(path: Path) -> tuple[bytes, float]:
    return path.read_bytes(), path.stat().st_mtime


def _write(path: Path, data: bytes) -> None:
    """Whole or not at all; a disk that fails costs the copy only."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        part = path.with_suffix(".part")
        part.write_bytes(data)
        part.replace(path)
    except OSError as error:
        log.warning("no copy of %s is kept: %s", path, error)
