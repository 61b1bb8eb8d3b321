"""Park and fetch: a party waits with music in a slot that any phone can dial; not fetched in time, the parker's phone
rings.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import TYPE_CHECKING

from pbx.call.codes import slots
from pbx.call.errors import CallEnded, DialFailed
from pbx.call.moving import detach, new_leg, take_caller
from pbx.call.outgoing import OutgoingLeg
from pbx.configfile.problem import Problem
from pbx.events import Kind
from pbx.features.park_lot import Parked, ParkLot
from pbx.features.saying import digits, fill

if TYPE_CHECKING:
    from pbx.call.application import Application
    from pbx.call.call import Call
    from pbx.call.leg import Leg
    from pbx.call.services import Services
    from pbx.config import Config
    from pbx.configfile.change import ConfigChange

PARKED_AT: dict[str, str] = {
    "pl": "Zaparkowano pod numerem {slot}.",
    "ru": "Звонок припаркован на номере {slot}.",
    "en": "Parked at {slot}.",
}
LOT_FULL: dict[str, str] = {
    "pl": "Wszystkie miejsca parkingowe są zajęte.",
    "ru": "Все места парковки заняты.",
    "en": "All parking slots are taken.",
}
NOTHING_HELD: dict[str, str] = {
    "pl": "Nie ma zawieszonego połączenia.",
    "ru": "Нет звонка на удержании.",
    "en": "There is no call on hold to park.",
}


class ParkLots:
    """All lots; the first of the configuration is the one that the code parks in."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self.lots: list[ParkLot] = []
        self.configure(services.config)
        services.followers.rebuild(self.configure, "parking")
        services.followers.objection(self._objections, "parking")

    def configure(self, config: Config) -> None:
        """From now on these lots; one that stays keeps who is parked there."""
        known = {lot.config.name: lot for lot in self.lots}
        self.lots = [known.get(lot.name) or ParkLot(lot, self._services.bus.publish) for lot in config.parking]
        for lot, entry in zip(self.lots, config.parking, strict=True):
            lot.configure(entry)
        self._by_slot = {slot: lot for lot in self.lots for slot in lot.slots}

    def _objections(self, change: ConfigChange) -> Iterator[Problem]:
        """Nobody can be fetched from a slot that is no more, or from another lot's."""
        left = {(lot.name, slot) for lot in change.new.parking for slot in slots(lot)}
        for parked in self.parked():
            name = parked.lot.config.name
            if (name, parked.slot) not in left:
                text = f"a call is parked in slot {parked.slot}"
                yield Problem(("parking", name, "slots"), text, "wait until it was fetched")

    def parked(self) -> list[Parked]:
        """Who waits, by lot and slot."""
        return [lot.taken[slot] for lot in self.lots for slot in lot.slots if slot in lot.taken]

    def at(self, slot: str) -> Parked | None:
        """Who waits in `slot`, for lamps and for fetching."""
        lot = self._by_slot.get(slot)
        parked = lot.taken.get(slot) if lot is not None else None
        return parked if parked is not None and parked.call is not None else None

    # -- parking ---------------------------------------------------------------------------------------------------

    def park_application(self, name: str) -> Application | None:
        """The application "park": dialled by a phone that holds somebody, or reached by who is transferred here."""
        if name or not self.lots:
            return None

        async def park(call: Call) -> None:
            if call.answered:  # transferred to the code
                await self._park_transferred(call)
                return
            held = self._held_by(call)
            if held is None:
                await call.answer()
                await call.say(NOTHING_HELD)
                return
            parked = self.park(held, call.extension)
            await call.answer()
            await call.say(self.announcement(parked))

        return park

    def park(self, party: Leg, parked_by: str) -> Parked | None:
        """Parks `party`, who leaves whoever it talks to; None when the lot is full. The other leg ends."""
        lot = self.lots[0]
        call = party.live_call
        parked = lot.take(parked_by, call.loop.time())
        if parked is None:
            return None
        run = self._waiting(parked)
        if isinstance(party, OutgoingLeg):
            call = detach(party, run, f"parked:{parked.slot}", callee=parked.slot, cause="parked")
        else:
            call.redirect(run, f"parked:{parked.slot}")
        parked.call_id = call.id
        return parked

    def announcement(self, parked: Parked | None) -> dict[str, str]:
        """What the parker is told."""
        return LOT_FULL if parked is None else fill(PARKED_AT, slot=digits(parked.slot))

    def _held_by(self, call: Call) -> Leg | None:
        """The party that the caller's phone holds in another call."""
        for leg in self._services.running.of_extension(call.extension):
            if leg.call is not call and leg.hold_since and leg.peer is not None:
                return leg.peer
        return None

    async def _park_transferred(self, call: Call) -> None:
        by = str(call.variables.get("transferred_by", ""))
        parked = self.lots[0].take(by, call.loop.time())
        if parked is None:
            await call.say(LOT_FULL)
            if by:
                await call.dial(by, timeout_s=self.lots[0].config.ring_back_s)
            return
        await self._waiting(parked)(call)

    # -- waiting ---------------------------------------------------------------------------------------------------

    def _waiting(self, parked: Parked) -> Application:
        lot = parked.lot

        async def wait(call: Call) -> None:
            try:
                call.start_music(lot.config.music)
                call.emit(Kind.PARKED, lot=lot.config.name, slot=parked.slot, by=parked.parked_by)
                lot.occupy(parked, call)
                async with asyncio.timeout(lot.config.max_s):
                    leg = await self._fetched(call, parked)
            except TimeoutError:
                await call.hangup("no_answer")
                return
            finally:
                lot.free(parked)
            await call.bridge(leg)

        return wait

    async def _fetched(self, call: Call, parked: Parked) -> OutgoingLeg:
        """The leg of whoever fetches the call: somebody who dialled the slot, or the parker who was rung back."""
        lot = parked.lot
        while True:
            wait_s = lot.config.timeout_s if parked.parked_by else None
            await asyncio.wait((parked.fetched,), timeout=wait_s)
            ring = None
            if not parked.fetched.done():
                call.emit(Kind.PARK_RETURNED, lot=lot.config.name, slot=parked.slot, to=parked.parked_by)
                ring = call.originate(parked.parked_by, timeout_s=lot.config.ring_back_s, headers=())
                answered = call.loop.create_task(_answered(ring))
                try:
                    await asyncio.wait((parked.fetched, answered), return_when=asyncio.FIRST_COMPLETED)
                    if answered.done() and answered.result():
                        return ring
                finally:
                    answered.cancel()
            if parked.fetched.done():
                if ring is not None:
                    ring.cancel("elsewhere")
                leg = self._fetch(call, parked)
                if leg is not None:
                    return leg
                parked.fetched = call.loop.create_future()

    def _fetch(self, call: Call, parked: Parked) -> OutgoingLeg | None:
        """Takes the leg of who dialled the slot; None when they have hung up in the meantime."""
        fetcher = parked.fetched.result()
        if fetcher.ended or fetcher.a.is_ended:
            return None
        leg = new_leg(call, fetcher.caller)
        try:
            take_caller(fetcher, leg, "retrieved")
        except CallEnded:
            leg.cancel()
            return None
        parked_s = call.loop.time() - parked.since
        name = parked.lot.config.name
        call.emit(Kind.PARK_RETRIEVED, leg.name, lot=name, slot=parked.slot, by=leg.target, parked_s=parked_s)
        return leg

    # -- fetching --------------------------------------------------------------------------------------------------

    def slot_application(self, slot: str) -> Application | None:
        """The application "slot:701": whoever dials it talks to who is parked there."""
        if slot not in self._by_slot:
            return None

        async def fetch(call: Call) -> None:
            parked = self.at(slot)
            if parked is None or parked.fetched.done():
                await call.hangup("not_found", 404)
                return
            await call.answer()
            if self.at(slot) is not parked or parked.fetched.done():
                await call.hangup("elsewhere")
                return
            parked.fetched.set_result(call)
            await call.loop.create_future()  # the parked call takes our leg; this call ends then

        return fetch


async def _answered(leg: OutgoingLeg) -> bool:
    try:
        return await leg.answered()
    except DialFailed:
        return False
