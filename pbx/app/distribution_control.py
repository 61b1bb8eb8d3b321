"""The control socket's view of distribution: looks and hands on."""

from __future__ import annotations

import asyncio
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from pbx.api.control import Refused

if TYPE_CHECKING:
    from pbx.queue.service import QueueService


class AppDistributionControl:
    """Implements pbx.api.distribution.DistributionControl."""

    def __init__(self, queues: QueueService) -> None:
        self._queues = queues

    def why(self, name: str, queue: str) -> dict[str, Any]:
        found = self._queues.explainer.why(name, asyncio.get_running_loop().time())
        if found is None or (queue and queue not in (found.queue, *found.queues)):
            where = f" in queue {queue}" if queue else ""
            raise Refused(404, f"{name} waits nowhere{where}, and no decision about it is remembered")
        return asdict(found)

    def set_priority(self, name: str, priority: int) -> dict[str, Any]:
        dispatcher = self._queues.dispatcher
        key = dispatcher.keys.get(name, 0)
        if not dispatcher.set_priority(key, priority):
            raise Refused(404, f"{name} does not wait; `centrala queues` shows who does")
        dispatcher.match()
        return {"id": name, "priority": priority, "position": dispatcher.position(key)}
