"""Messages follow changes of the configuration: gateways, templates, limits, while messages are under way."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Iterator
from typing import TYPE_CHECKING

from pbx.configfile.problem import Problem
from pbx.sms.gateways import rebuilt

if TYPE_CHECKING:
    from pbx.configfile.change import ConfigChange
    from pbx.sms.gateway import Gateway
    from pbx.sms.service import SmsService


class Reconfiguration:
    """Part of the service; follows from its construction on. `stop` waits for gateways that are on their way out."""

    def __init__(self, service: SmsService) -> None:
        self._service = service
        self._tasks: set[asyncio.Task[None]] = set()
        followers = service.services.followers
        followers.objection(self._objections, "sms")
        followers.add(self._follow, "sms", "queue", "callback", "hours")

    async def stop(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _objections(self, change: ConfigChange) -> Iterator[Problem]:
        old, new = change.old.sms, change.new.sms
        if old.enabled != new.enabled:
            yield Problem(("sms", "enabled"), "is looked at when the PBX starts", "restart it")

    def _follow(self, change: ConfigChange) -> None:
        service, config = self._service, change.new
        settings = service.settings = config.sms
        service.writer.configure(config)
        service.quota.configure(settings)
        service.inbox.configure(settings)
        service.links.base = settings.public_url.rstrip("/")
        service.outbox.most = settings.max_queued
        if not service.enabled:
            return
        service.hooks.start()
        if change.touches("sms"):
            self._gateways(change)

    def _gateways(self, change: ConfigChange) -> None:
        service, before = self._service, list(self._service.gateways)
        moved = change.old.sms.public_url != change.new.sms.public_url  # HTTP ones are told it
        kept = [gateway for gateway in before if not moved or gateway.config.kind == "smpp"]
        service.gateways[:] = rebuilt(kept, change.new, service.services.clock, service.ears, service.reassembly)
        service.routes.configure(change.new.sms, service.gateways)
        service.sender.configure(change.new.sms, service.gateways)
        for gateway in service.gateways:
            if gateway not in before:
                self._spawn(self._begin(gateway))
        for gateway in before:
            if gateway not in service.gateways:
                self._spawn(self._end(gateway))

    async def _begin(self, gateway: Gateway) -> None:
        await gateway.start()
        self._service.sender.configure(self._service.settings, self._service.gateways)

    async def _end(self, gateway: Gateway) -> None:
        """After the answers to what was submitted: a message whose answer is lost would be in doubt."""
        try:
            await asyncio.sleep(gateway.config.timeout_s)
        finally:
            await gateway.stop()

    def _spawn(self, work: Coroutine[None, None, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
