"""The live stream in the process: what feeds it."""

from __future__ import annotations

from contextlib import AsyncExitStack
from typing import TYPE_CHECKING

from pbx.app.live_sources import AgentRows, AlarmRows, CallRows, ContactRows, QueueRows, TrunkRows
from pbx.app.live_today import TodayRows
from pbx.app.screen_pop_control import ScreenPopRows
from pbx.live.hub import Hub
from pbx.live.topics import Source
from pbx.metrics.live_stream import LiveMetrics

if TYPE_CHECKING:
    from pbx.app.pbx import Pbx


def start(app: Pbx, stack: AsyncExitStack) -> Hub:
    """Listens to nothing until somebody watches, but to midnight."""
    today = TodayRows(app)
    sources: list[Source] = [CallRows(app), QueueRows(app), AgentRows(app), ContactRows(app)]
    sources += [AlarmRows(app), TrunkRows(app), today, ScreenPopRows(app.screen_pops)]
    hub = Hub(app.config.live, sources, app.clock)
    today.watch_midnight()
    stack.callback(today.close)
    stack.callback(hub.close)
    app.metrics.add(LiveMetrics(hub))
    return hub
