"""The house in a thread of its own, reached over HTTP as a program reaches it: for tools that are not asynchronous."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Coroutine
from pathlib import Path
from types import TracebackType
from typing import Any, TypeVar

import uvloop

from pbx.app.account_control import PbxAccountControl
from pbx.app.pbx import Pbx
from tests.support.house import LISTEN, house

Result = TypeVar("Result")
START_S = 60.0


class HouseThread:
    """`with HouseThread(folder) as there`: `there.url` is that of the API, `there.token` an admin's."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._ready = threading.Event()
        self._thread = threading.Thread(target=uvloop.run, args=(self._live(),), name="house")
        self._loop: asyncio.AbstractEventLoop | None = None
        self._over: asyncio.Event | None = None
        self._failure: BaseException | None = None
        self.app: Pbx
        self.url = self.token = ""

    def __enter__(self) -> HouseThread:
        self._thread.start()
        assert self._ready.wait(START_S)
        if self._failure is not None:
            raise self._failure
        return self

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        if self._loop is not None and self._over is not None:
            self._loop.call_soon_threadsafe(self._over.set)
        self._thread.join(START_S)

    def run(self, work: Coroutine[Any, Any, Result]) -> Result:
        """Waits for what runs on the house's loop."""
        assert self._loop is not None
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(START_S)

    async def _live(self) -> None:
        self._loop, self._over = asyncio.get_running_loop(), asyncio.Event()
        try:
            async with house(self._folder, LISTEN) as self.app:
                accounts = PbxAccountControl(self.app)
                await accounts.add_user({"login": "root", "role": "admin"}, None)
                made = await accounts.add_token("root", "fuzz", None, 0.0, None)
                assert self.app.http is not None
                self.url = "http://{}:{}/api/v1".format(*self.app.http.address)
                self.token = made["token"]
                self._ready.set()
                await self._over.wait()
        except BaseException as error:
            self._failure = error
            raise
        finally:
            self._ready.set()
