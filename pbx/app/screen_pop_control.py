"""Screen pops in the process: started before the first call, shown in the live stream and over the HTTP API."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from contextlib import AsyncExitStack
from typing import TYPE_CHECKING, Any

from pbx.flow.run import KEPT, Run
from pbx.live.topics import Row, Topic
from pbx.metrics.screen_pops import ScreenPopMetrics
from pbx.screenpop.pop import Pop
from pbx.screenpop.service import ScreenPops

if TYPE_CHECKING:
    from pbx.app.pbx import Pbx
    from pbx.call.call import Call


def start(app: Pbx, stack: AsyncExitStack) -> ScreenPops:
    """After the contacts; `stack` stops it."""
    pops = ScreenPops(app.calls.services, collected)
    pops.start()
    stack.callback(pops.stop)

    def told() -> dict[tuple[str, str], int]:
        return {(rule.config.name, rule.config.on): 0 for rule in pops.rules} | pops.told

    app.metrics.add(ScreenPopMetrics(told))
    return pops


def collected(call: Call, name: str) -> str | None:
    """A variable of the flow that has the call, as text; None for a masked one, and for what nobody has set."""
    run = call.variables.get(KEPT)
    if not isinstance(run, Run) or name in run.variables.masked or name not in run.variables:
        return None
    value = run.variables[name]
    if value is None:
        return ""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


class ScreenPopRows:
    """A pbx.live.topics.Source. Whoever sees everything sees all of them, an agent his own."""

    topic = Topic.SCREEN_POPS

    def __init__(self, pops: ScreenPops) -> None:
        self._pops = pops

    def begin(self, mark: Callable[[str], None]) -> None:
        self._pops.changed = mark

    def end(self) -> None:
        """Nobody watches any more."""
        self._pops.changed = lambda _id: None

    def rows(self) -> Mapping[str, Row]:
        return {name: _row(pop) for name, pop in self._pops.open.items()}

    def row(self, name: str) -> Row | None:
        pop = self._pops.open.get(name)
        return _row(pop) if pop is not None else None


def _row(pop: Pop) -> Row:
    return Row(pop.row(), extensions=frozenset({pop.agent}))  # no queue: colleagues of the queue see none


class PbxScreenPopControl:
    """Implements pbx.api.rest.routes.screen_pops.ScreenPopControl."""

    def __init__(self, app: Pbx) -> None:
        self._app = app

    def is_agent(self, extension: str) -> bool:
        return extension in self._app.queues.roster.agents

    def screen_pops(self, extension: str) -> list[dict[str, Any]]:
        return [pop.row() for pop in self._app.screen_pops.of(extension)]
