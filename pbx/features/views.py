"""What commands and the API see of the features and do with them, JSON-ready. FeatureError is what cannot be done."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pbx.call.phone_settings import FIELDS, REASONS
from pbx.features.originate import OriginateError, originate, ring_for
from pbx.features.recording import RecordingError, record
from pbx.features.rooms.service import RoomError
from pbx.features.settings import leads_somewhere
from pbx.features.supervision import MODES, may_supervise, supervision_application

if TYPE_CHECKING:
    from pbx.features.service import Features

SWITCHES = ("dnd", "call_waiting", "follow_me")


class FeatureError(Exception):
    """A request that cannot be done; `status` is HTTP's, the text says what to do instead."""

    def __init__(self, status: int, text: str) -> None:
        super().__init__(text)
        self.status = status


class FeatureViews:
    """One for each running PBX."""

    def __init__(self, features: Features) -> None:
        self._features = features
        self._services = features.services

    def parked(self) -> list[dict[str, Any]]:
        """Who waits in the park lots."""
        return [
            {
                "lot": parked.lot.config.name,
                "slot": parked.slot,
                "call_id": parked.call.id,
                "caller": parked.call.caller,
                "parked_by": parked.parked_by,
                "parked_s": round(parked.call.loop.time() - parked.since, 1),
            }
            for parked in self._features.parking.parked()
            if parked.call is not None
        ]

    def rooms(self) -> list[dict[str, Any]]:
        return self._features.rooms.snapshot()

    def room(self, name: str, action: str, who: str) -> dict[str, Any]:
        try:
            return {"room": name, "action": action, "who": self._features.rooms.command(name, action, who, "command")}
        except RoomError as error:
            raise FeatureError(404, str(error)) from None

    def phones(self) -> list[dict[str, Any]]:
        """What every extension has in effect, and whether it was set from the phone."""
        book = self._services.phones
        return [
            {
                "extension": number,
                "name": extension.name,
                "dnd": book.of(number).dnd,
                "call_waiting": book.call_waiting(extension),
                "follow_me": book.follows(extension),
                **{f"forward_{reason}": book.forward(extension, reason) for reason in REASONS},
                "set": number in book.all(),
            }
            for number, extension in self._services.dialplan.extensions.items()
        ]

    async def set_phone(self, extension: str, changes: dict[str, Any]) -> dict[str, Any]:
        """As the phone would by code; null gives a setting back to the configuration."""
        known = self._services.dialplan.extensions.get(extension)
        if known is None:
            raise FeatureError(404, f"there is no extension {extension!r}")
        for name, value in changes.items():
            if name not in FIELDS:
                raise FeatureError(422, f"{name!r} is no setting; settings are {', '.join(FIELDS)}")
            fits = isinstance(value, bool) if name in SWITCHES else isinstance(value, str)
            if not fits and value is not None:
                wanted = "true or false" if name in SWITCHES else 'a number, or "" for nowhere'
                raise FeatureError(422, f"{name} cannot be {value!r}: give {wanted}, or null for the default")
            if name not in SWITCHES and value and not leads_somewhere(self._services.dialplan, known, value):
                raise FeatureError(422, f"extension {extension} may not forward to {value!r}, or it leads nowhere")
        if changes.get("dnd", True) is None:
            changes = {**changes, "dnd": False}  # the configuration knows none
        await self._services.phones.change(extension, **changes)
        return {"extension": extension, **changes}

    def originate(
        self, caller: str, target: str, *, answer: bool = False, account: str = "", caller_id: str = "", tag: str = ""
    ) -> dict[str, Any]:
        try:
            call = originate(
                self._services, caller, target, answer=answer, account=account, caller_id=caller_id, tag=tag
            )
        except OriginateError as error:
            raise FeatureError(error.status if error.status in (403, 404, 503) else 409, str(error)) from None
        return {"call_id": call.id}

    def park(self, call_id: str, by: str) -> dict[str, Any]:
        """Parks whoever the extension `by` talks with in a call; "": the extension that was called, else the caller."""
        call = self._services.running.calls.get(call_id)
        if call is None:
            raise FeatureError(404, f"no call {call_id} is running; `centrala calls list` shows all")
        legs = [leg for leg in (*call.legs, call.a) if leg.extension and leg.peer is not None]
        leg = next((leg for leg in legs if not by or leg.extension == by), None)
        if leg is None or leg.peer is None:
            raise FeatureError(409, f"{by or 'no extension'} does not talk in call {call_id}: only who talks can park")
        if not self._features.parking.lots:
            raise FeatureError(409, "there is no park lot; the configuration has no [[parking]]")
        party, parked_by = leg.peer, leg.extension
        number = party.live_call.caller if party is party.live_call.a else party.target
        parked = self._features.parking.park(party, parked_by)
        if parked is None:
            raise FeatureError(409, "all park slots are taken")
        return {
            "lot": parked.lot.config.name,
            "slot": parked.slot,
            "call_id": parked.call_id,
            "caller": number,
            "parked_by": parked_by,
            "parked_s": 0.0,
        }

    def record(self, call_id: str, action: str) -> dict[str, Any]:
        call = self._services.running.calls.get(call_id)
        if call is None:
            raise FeatureError(404, f"no call {call_id} is running; `centrala calls list` shows all")
        try:
            return {"call_id": call_id, "state": record(call, action, "command")}
        except RecordingError as error:
            raise FeatureError(409, str(error)) from None

    def supervise(self, mode: str, supervisor: str, target: str) -> dict[str, Any]:
        """Rings the supervisor's phone and puts it into the talk of `target`."""
        me = self._services.dialplan.extensions.get(supervisor)
        if mode not in MODES:
            raise FeatureError(422, f"{mode!r} is no way to supervise; use {', '.join(MODES)}")
        if me is None or not may_supervise(self._services, me, target):
            raise FeatureError(
                403, f"extension {supervisor!r} is no supervisor of {target!r}: see supervisor, supervises"
            )
        name = f"{mode}={target}"
        application = supervision_application(name)
        assert application is not None
        try:
            call = ring_for(self._services, supervisor, application, f"supervise:{name}", target)
        except OriginateError as error:
            raise FeatureError(409, str(error)) from None
        return {"call_id": call.id}
