"""Test calls in the process: started when the sockets are open, and answered for on the control socket."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from starlette.routing import Route

from pbx.api.control import Refused
from pbx.api.selftest_routes import selftest_routes
from pbx.metrics.selftest import SelfTestMetrics, SelfTestNow
from pbx.selftest.probe import FOLDER
from pbx.selftest.redials import Redials
from pbx.selftest.result import Result
from pbx.selftest.service import SelfTests
from pbx.store.errors import StoreError

if TYPE_CHECKING:
    from pbx.app.pbx import Pbx


def build(app: Pbx) -> SelfTests:
    """Before the first call; `start` them when the sockets are open."""
    for path in (Path(app.media.tapes.folder) / FOLDER).glob("*.wav"):  # of calls that a crash cut off
        path.unlink(missing_ok=True)
    tests = SelfTests(app.calls.services, app.prompts, app.store.selftests, lambda: _sockets(app))
    redials = Redials(app.bus)
    app.metrics.add(
        SelfTestMetrics(
            lambda: SelfTestNow(list(tests.tests), tests.latest, tests.runs, redials.got_through, redials.redialled)
        )
    )
    return tests


def routes(app: Pbx) -> list[Route]:
    """For the control socket."""
    return selftest_routes(PbxSelfTestControl(app))


def _sockets(app: Pbx) -> Iterable[tuple[str, str, int]]:
    return [(address.transport, address.host, address.port) for address in app.driver.listening]


class PbxSelfTestControl:
    """Implements pbx.api.selftest_routes.SelfTestControl."""

    def __init__(self, app: Pbx) -> None:
        self._app = app
        self._running: set[asyncio.Task[Any]] = set()

    def tests(self) -> list[dict[str, Any]]:
        service, now = self._app.selftests, self._app.clock.unix()
        return [
            {
                "name": name,
                "number": test.number,
                "trunk": test.trunk,
                "next_run": service.next_run(name, now),
                "latest": _row(service.latest[name]) if name in service.latest else None,
            }
            for name, test in service.tests.items()
        ]

    def begin(self, name: str) -> dict[str, Any]:
        """The result is the newest of `/selftest/results` when `runs` of `/selftest` has gone up: calls take time."""
        service = self._app.selftests
        if name not in service.tests:
            raise Refused(404, f"there is no test {name!r}; tests: {', '.join(service.tests) or 'none'}")
        task = asyncio.get_running_loop().create_task(service.run(name))
        self._running.add(task)
        task.add_done_callback(self._running.discard)
        return {"name": name, "begun": self._app.clock.unix()}

    async def results(self, name: str, limit: int, after: tuple[int, str] | None = None) -> list[dict[str, Any]]:
        try:
            return [_row(result) for result in await self._app.store.selftests.results(name, limit, after)]
        except StoreError as error:
            raise Refused(503, str(error)) from None


def _row(result: Result) -> dict[str, Any]:
    return {**asdict(result), "score": result.score}
