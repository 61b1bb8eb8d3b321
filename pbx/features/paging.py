"""Paging: the phones of a group answer by themselves and hear the caller; nobody hears them."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from pbx.call.errors import DialFailed
from pbx.events import Kind
from pbx.features.intercom import auto_answer

if TYPE_CHECKING:
    from pbx.call.application import Application
    from pbx.call.call import Call
    from pbx.call.outgoing import OutgoingLeg
    from pbx.call.ports import MediaRoom
    from pbx.call.services import Services
    from pbx.config import Config, PageGroup

ANSWER_S = 5.0  # a phone that has not answered by itself until then is left out


class Paging:
    """The configured groups."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self.configure(services.config)
        services.followers.rebuild(self.configure, "page")

    def configure(self, config: Config) -> None:
        """From now on these groups; pages that run go on."""
        self._groups = {group.name: group for group in config.page}

    def application(self, name: str) -> Application | None:
        """The application "page:<name>"."""
        group = self._groups.get(name)
        if group is None:
            return None

        async def run(call: Call) -> None:
            if group.callers and call.extension not in group.callers:
                await call.hangup("forbidden", 403)
                return
            await self._page(call, group)

        return run

    async def _page(self, call: Call, group: PageGroup) -> None:
        """The caller is let in after the tone, when all phones have answered or had their time."""
        headers = auto_answer(self._services.config.sip.domain)
        limits = self._services.limits
        free = [
            member
            for member in dict.fromkeys(group.members)
            if member != call.extension and not limits.in_use(f"extension:{member}")
        ]
        legs = [call.originate(member, timeout_s=ANSWER_S, headers=headers) for member in free]
        await call.answer()
        answered = [leg for leg, there in zip(legs, await asyncio.gather(*map(_there, legs)), strict=True) if there]
        call.emit(Kind.PAGED, page=group.name, phones=len(answered))
        if not answered:
            await call.play([self._services.prompts.tone("busy")])
            return
        room = self._services.media.open_room(near=call.a.media)
        try:
            self._gather(call, room, answered)
            async with asyncio.timeout(group.max_s):
                await call.loop.create_future()
        except TimeoutError:
            pass
        finally:
            for leg in answered:
                leg.hangup()
            room.close()

    def _gather(self, call: Call, room: MediaRoom, legs: list[OutgoingLeg]) -> None:
        """The caller speaks and hears nobody; the phones hear and are not heard."""
        assert call.a.media is not None
        for leg in legs:
            if leg.media is not None:
                room.join(leg.media, muted=True)
        room.play([self._services.prompts.tone("beep")])
        room.join(call.a.media, deaf=True)


async def _there(leg: OutgoingLeg) -> bool:
    try:
        return await leg.answered()
    except DialFailed:
        return False
