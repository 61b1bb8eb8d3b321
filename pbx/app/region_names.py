"""Names of regions by the plan of the country: read in a process of its own, now and when it changes."""

from __future__ import annotations

import asyncio
import logging
from contextlib import AsyncExitStack
from typing import TYPE_CHECKING

from pbx.config import Config
from pbx.numbers import geography

if TYPE_CHECKING:
    from pbx.app.pbx import Pbx

log = logging.getLogger("centrala.app")


class RegionNames:
    """Calls that come before the names are read have none."""

    def __init__(self, app: Pbx) -> None:
        self._app = app
        self._task: asyncio.Task[None] | None = None

    def start(self, stack: AsyncExitStack) -> None:
        """Reads them, and follows changes; `stack` ends it."""
        self._read(self._app.config)
        self._app.calls.services.followers.rebuild(self._read, "numbering")
        stack.push_async_callback(self._stop)

    def _read(self, config: Config) -> None:
        """What was under way is of another country now."""
        if self._task is not None:
            self._task.cancel()
        wanted = config.numbering.country if config.numbering.regions else ""
        if not wanted:
            self._app.calls.services.inbound.regions.take_names({})
            return
        self._task = asyncio.get_running_loop().create_task(self._load(wanted))

    async def _load(self, country: str) -> None:
        try:
            names = await asyncio.to_thread(geography.load, country)
        except OSError as error:
            log.warning("%s", error)
            return
        self._app.calls.services.inbound.regions.take_names(names)

    async def _stop(self) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait({self._task})
