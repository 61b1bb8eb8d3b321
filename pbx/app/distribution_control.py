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
        found = self._queues.explainer.why(self._known(name), asyncio.get_running_loop().time())
        if found is None or (queue and queue not in (found.queue, *found.queues)):
            where = f" in queue {queue}" if queue else ""
            raise Refused(404, f"{name} waits nowhere{where}, and no decision about it is remembered")
        return asdict(found)

    def set_priority(self, name: str, priority: int) -> dict[str, Any]:
        dispatcher = self._queues.dispatcher
        key = dispatcher.keys.get(self._known(name), 0)
        if not dispatcher.set_priority(key, priority):
            raise Refused(404, f"{name} does not wait; `centrala queues` shows who does")
        dispatcher.match()
        return {"id": name, "priority": priority, "position": dispatcher.position(key)}

    def _known(self, name: str) -> str:
        """`name`, or the call of the caller of this number who waits for the longest time: people know numbers."""
        if name in self._queues.dispatcher.keys:
            return name
        stays = [stay for queue in self._queues.queues.values() for stay in queue.waiting.values()]
        found = [stay for stay in stays if stay.call.caller == name]
        return min(found, key=lambda stay: stay.since).call.id if found else name
