"""Ring groups: several phones behind one name, rung all at once or one after the other."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

from pbx.call.causes import for_caller
from pbx.call.errors import DialFailed
from pbx.call.ringing import AFTER, Member, Ringing
from pbx.events import Kind

if TYPE_CHECKING:
    from pbx.call.application import Application
    from pbx.call.call import Call
    from pbx.call.outgoing import OutgoingLeg
    from pbx.call.services import Services
    from pbx.config import Config, RingGroup


class RingGroups:
    """The configured groups. "memory" begins with the member after the one who answered last."""

    def __init__(self, services: Services, chance: random.Random | None = None) -> None:
        self._services = services
        self.configure(services.config)
        services.followers.rebuild(self.configure, "group")
        self._last: dict[str, int] = {}  # index of who answered last
        self._chance = chance if chance is not None else random.Random()

    def configure(self, config: Config) -> None:
        """From now on these groups; who rings goes on ringing."""
        self._groups = {group.name: group for group in config.group}

    def application(self, name: str) -> Application | None:
        """The application "group:<name>"."""
        group = self._groups.get(name)
        if group is None:
            return None

        async def run(call: Call) -> None:
            await self._ring(call, group)

        return run

    async def consult(self, call: Call, name: str) -> OutgoingLeg:
        """The leg of the first member who answers somebody that consults the group. DialFailed."""
        group = self._groups[name]
        order = self._order(group)
        call.emit(Kind.GROUP_RANG, group=group.name, strategy=group.strategy, members=order)
        members = [self._member(group, target, first=index == 0) for index, target in enumerate(order)]
        headers = call.services.rings.of(group.ring, auto_answer=group.auto_answer)
        leg = await Ringing(call, members, timeout_s=group.ring_s, headers=headers).first()
        self._remember(group, leg)
        return leg

    def _remember(self, group: RingGroup, leg: OutgoingLeg) -> None:
        if leg.target in group.members:
            self._last[group.name] = group.members.index(leg.target)

    async def _ring(self, call: Call, group: RingGroup) -> None:
        began = call.loop.time()
        order = self._order(group)
        call.emit(Kind.GROUP_RANG, group=group.name, strategy=group.strategy, members=order)
        members = [self._member(group, target, first=index == 0) for index, target in enumerate(order)]
        try:
            headers = call.services.rings.of(group.ring, auto_answer=group.auto_answer)
            leg = await Ringing(call, members, timeout_s=group.ring_s, headers=headers).first()
        except DialFailed as failure:
            wait_s = call.loop.time() - began
            call.emit(Kind.GROUP_UNANSWERED, group=group.name, wait_s=wait_s, reason=failure.cause)
            await self._unanswered(call, group, failure)
            return
        self._remember(group, leg)
        wait_s = call.loop.time() - began
        call.emit(Kind.GROUP_ANSWERED, leg.name, group=group.name, member=leg.target, wait_s=wait_s)
        await call.bridge(leg, record=group.record)

    def _order(self, group: RingGroup) -> list[str]:
        """Whom to ring, in this order."""
        members = list(dict.fromkeys(group.members))
        if group.strategy == "random":
            self._chance.shuffle(members)
        elif group.strategy == "memory":
            begin = (self._last.get(group.name, -1) + 1) % len(members)
            members = members[begin:] + members[:begin]
        return members

    def _member(self, group: RingGroup, target: str, *, first: bool) -> Member:
        outside = target not in self._services.dialplan.extensions
        together = group.strategy == "all"
        return Member(
            target,
            delay_s=0.0 if together or first else AFTER,
            ring_s=group.ring_s if together else group.member_ring_s,
            confirm=outside and group.confirm,
            account=group.account,
        )

    async def _unanswered(self, call: Call, group: RingGroup, failure: DialFailed) -> None:
        if group.no_answer:
            call.application = group.no_answer
            call.emit(Kind.CALL_ROUTED, application=group.no_answer)
            await self._services.applications.find(group.no_answer)(call)
            return
        status = for_caller(failure.status)
        await call.hangup(failure.cause, 480 if 500 <= status <= 599 else status, by="callee")
