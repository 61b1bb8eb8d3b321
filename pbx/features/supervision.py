"""Supervisors in the calls of others: hearing them, speaking to one or both, taking over. Each begin and end of it is a
step of both calls' journeys, with who did it.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import TYPE_CHECKING

from pbx.call.errors import CallEnded
from pbx.call.moving import new_leg, take_caller, take_place
from pbx.config_queue import members_of
from pbx.events import Kind

if TYPE_CHECKING:
    from pbx.call.application import Application
    from pbx.call.call import Call
    from pbx.call.leg import Leg
    from pbx.call.services import Services
    from pbx.config import Extension

MODES = ("listen", "whisper", "barge", "takeover")
KEYS = {"1": "listen", "2": "whisper", "3": "barge", "4": "takeover"}  # a supervisor changes the mode with them
IDLE_S = 86_400.0


def supervision_application(argument: str) -> Application | None:
    """The application of "supervise:whisper=101"."""
    mode, _, target = argument.partition("=")
    if mode not in MODES or not target:
        return None

    async def supervise(call: Call) -> None:
        services = call.services
        me = services.dialplan.extensions.get(call.extension)
        if me is None or not may_supervise(services, me, target):
            await call.hangup("forbidden", 403)
            return
        leg = talk_of(services, target, call)
        if leg is None:
            await call.hangup("not_found", 404)
            return
        await call.answer()
        await _Supervision(call, leg, target).run(mode)

    return supervise


def may_supervise(services: Services, me: Extension, target: str) -> bool:
    """Whether `me` is a supervisor of `target`: of everybody, or by extension, call group or queue."""
    other = services.dialplan.extensions.get(target)
    if not me.supervisor or other is None or me.number == target:
        return False
    names = set(me.supervises)
    if not names or target in names or not names.isdisjoint(other.call_groups):
        return True
    config = services.config
    return any(queue.name in names and target in members_of(queue, config.team) for queue in config.queue)


def talk_of(services: Services, extension: str, but: Call) -> Leg | None:
    """The leg of `extension` that talks with somebody now."""
    for leg in services.running.of_extension(extension):
        if leg.call is not but and leg.peer is not None and leg.media is not None:
            return leg
    return None


class _Supervision:
    """One supervisor at one talk."""

    def __init__(self, call: Call, leg: Leg, target: str) -> None:
        self._call = call
        self._leg = leg
        self._target = target
        self._watched = leg.live_call
        self._began = call.loop.time()
        self._leaving = False  # the watched call is about to take our leg

    async def run(self, mode: str) -> None:
        """Until the talk or the supervisor's call ends, or the supervisor has taken over."""
        call = self._call
        if not self._enter(mode):
            await self._gone()
            return
        keys = call.loop.create_task(self._keys())
        ended = call.loop.create_task(self._leg.wait_ended())
        try:
            await asyncio.wait((keys, ended), return_when=asyncio.FIRST_COMPLETED)
        finally:
            keys.cancel()
            ended.cancel()
            if call.a.media is not None:
                call.a.media.stop_listening()
            self._tell(Kind.UNSUPERVISED, supervised_s=call.loop.time() - self._began)
        await self._gone()

    async def _gone(self) -> None:
        """Waits for our leg to be taken, when it is to be: this call ends then."""
        if self._leaving:
            await self._call.loop.create_future()

    async def _keys(self) -> None:
        while True:
            mode = KEYS.get(await self._call.collect(maximum=1, timeout_s=IDLE_S, terminator=""), "")
            if mode and not self._enter(mode):
                return

    def _enter(self, mode: str) -> bool:
        """Begins a mode; False when the talk goes on without us."""
        stream, other = self._call.a.media, self._leg.media
        if stream is None or other is None or self._leg.is_ended:
            return False
        self._tell(Kind.SUPERVISED, mode=mode)
        if mode == "takeover":
            stream.stop_listening()
            self._take_over()
            return False
        {"listen": stream.listen, "whisper": stream.whisper, "barge": stream.barge}[mode](other)
        if self._call.services.config.supervision.notice:
            other.play([self._call.services.prompts.tone("beep")], mix=True)
        return True

    def _take_over(self) -> None:
        """The supervisor's phone takes the place of the agent's. A queue's talk ends for its agent, who has wrap-up,
        and goes on with the supervisor; any other does not notice.
        """
        if self._leg.role != "agent":
            with suppress(CallEnded):
                take_place(self._call.a, self._leg, "taken_over")
            return
        self._leaving = True
        self._watched.redirect(self._instead, f"supervise:takeover={self._target}")

    async def _instead(self, watched: Call) -> None:
        """The watched call's application from then on."""
        leg = new_leg(watched, self._call.caller)
        take_caller(self._call, leg, "taken_over")
        await watched.bridge(leg)

    def _tell(self, kind: Kind, **data: object) -> None:
        data |= {"supervisor": self._call.extension, "target": self._target}
        self._call.emit(kind, **data)
        if not self._watched.ended:
            self._watched.emit(kind, self._leg.name, **data)
