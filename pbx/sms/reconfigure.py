"""Messages follow changes of the configuration: gateways, templates, limits, while messages are under way.

Messages may be switched on and off as well. One that was acknowledged is on disk: switched off, those under way are
brought to their end first, and what waits is kept until they are on again.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Coroutine
from typing import TYPE_CHECKING

from pbx.sms.gateways import rebuilt

if TYPE_CHECKING:
    from pbx.configfile.change import ConfigChange
    from pbx.sms.gateway import Gateway
    from pbx.sms.service import SmsService

log = logging.getLogger("centrala.sms")


class Reconfiguration:
    """Part of the service; follows from its construction on. `stop` waits for gateways that are on their way out."""

    def __init__(self, service: SmsService) -> None:
        self._service = service
        self._tasks: set[asyncio.Task[None]] = set()
        self._turning = asyncio.Lock()  # one switching at a time, and no gateway begins or ends meanwhile
        self._sends = False
        followers = service.services.followers
        followers.add(self._follow, "sms", "queue", "callback", "hours", "numbering", "site_web")

    async def begin(self) -> None:
        """At the start of the process."""
        async with self._turning:
            self._sends = True
            await self._service.begin()

    async def stop(self) -> None:
        """At its end."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self._sends:
            self._sends = False
            await self._service.end(patient=False)

    def _follow(self, change: ConfigChange) -> None:
        service, config = self._service, change.new
        settings = service.settings = config.sms
        service.writer.configure(config)
        service.quota.configure(settings)
        service.inbox.configure(settings)
        service.links.base = settings.public_url.rstrip("/")
        service.outbox.most = settings.max_queued
        if change.touches("sms"):
            self._gateways(change)
        if settings.enabled != change.old.sms.enabled:
            self._turn(settings.enabled)
        if service.enabled:
            service.hooks.start()

    # -- on and off ------------------------------------------------------------------------------------------------

    def _turn(self, enabled: bool) -> None:
        """New messages are taken, or refused, from this moment; the sending begins and ends behind."""
        service = self._service
        service.enabled = enabled
        if enabled:
            service.services.extra["sms"] = service
        else:
            service.services.extra.pop("sms", None)
        self._spawn(self._switch())

    async def _switch(self) -> None:
        """The last wish counts: on and off again at once is one step, or none."""
        async with self._turning:
            wanted = self._service.enabled
            if wanted == self._sends:
                return
            if wanted:
                self._sends = True
                await self._service.begin()
            else:
                await self._service.end(patient=True)
                self._sends = False
        log.info("messages are %s", "sent from now on" if wanted else "not sent any more")

    # -- gateways --------------------------------------------------------------------------------------------------

    def _gateways(self, change: ConfigChange) -> None:
        service, before = self._service, list(self._service.gateways)
        moved = change.old.sms.public_url != change.new.sms.public_url  # HTTP ones are told it
        kept = [gateway for gateway in before if not moved or gateway.config.kind == "smpp"]
        service.gateways[:] = rebuilt(kept, change.new, service.services.clock, service.ears, service.reassembly)
        service.routes.configure(change.new.sms, service.gateways)
        service.sender.configure(change.new.sms, service.gateways)
        if not self._sends:
            return
        for gateway in service.gateways:
            if gateway not in before:
                self._spawn(self._begin(gateway))
        for gateway in before:
            if gateway not in service.gateways:
                self._spawn(self._end(gateway))

    async def _begin(self, gateway: Gateway) -> None:
        async with self._turning:
            if not self._sends or gateway not in self._service.gateways:
                return
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
        task.add_done_callback(self._done)

    def _done(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        error = None if task.cancelled() else task.exception()
        if error is not None:
            log.error("a change of the messages could not be followed", exc_info=error)
