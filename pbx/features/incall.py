"""What the in-call codes of this folder do: record and park the talk (`pbx.call.incall_codes`)."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from pbx.call.leg_prompts import say
from pbx.call.transfer.transfer import COMPLETED, Transfer
from pbx.features.park import LOT_FULL, ParkLots
from pbx.features.recording import RecordingError, record

if TYPE_CHECKING:
    from pbx.call.call import Call
    from pbx.call.leg import Leg
    from pbx.call.services import Services

log = logging.getLogger("centrala.features")


class _Parker(Transfer):
    """Keeps the parker's leg until it was told the slot; the party is in the lot already."""

    __slots__ = ()

    def __init__(self, leg: Leg, slot: str, extension: str) -> None:
        super().__init__(leg, slot, extension=extension, method="code", referral=None, record=False)
        self.state = COMPLETED


def register(services: Services, parking: ParkLots) -> None:
    """Adds the codes of [incall] to the node's."""
    settings, codes = services.config.incall, services.incall_codes

    async def toggle_recording(call: Call, leg: Leg) -> None:
        try:
            record(call, "toggle", leg.extension)
        except RecordingError as error:
            log.info("call %s: recording by code refused: %s", call.id, error)

    async def toggle_pause(call: Call, leg: Leg) -> None:
        try:
            record(call, "toggle_pause", leg.extension)
        except RecordingError as error:
            log.info("call %s: pausing the recording by code refused: %s", call.id, error)

    async def park(call: Call, leg: Leg) -> None:
        party = leg.peer
        if party is None:
            return
        parked = parking.park(party, leg.extension)
        if parked is None:
            leg.part()
            await say(call, leg, LOT_FULL)
            if not leg.is_ended and not party.is_ended:
                leg.join(party)
            return
        if leg is call.a:

            async def told(call: Call) -> None:
                await call.say(parking.announcement(parked))

            call.redirect(told, call.application)
            return
        call.transfer = _Parker(leg, parked.slot, leg.extension)
        await say(call, leg, parking.announcement(parked))
        if not leg.is_ended:
            leg.finish("normal", 200)

    codes.register("record", settings.record, toggle_recording)
    codes.register("pause_record", settings.pause_record, toggle_pause)
    codes.register("park", settings.park if services.config.parking else "", park)
