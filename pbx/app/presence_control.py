"""The control socket and the metrics of subscriptions, messages and transfers: looks and hands on."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from pbx.api.control import Refused
from pbx.call.errors import RouteError
from pbx.metrics.presence import PresenceNow

if TYPE_CHECKING:
    from pbx.call.leg import Leg
    from pbx.call.service import CallService
    from pbx.presence.service import PresenceService


class AppPresenceControl:
    """Implements pbx.api.presence.PresenceControl."""

    def __init__(self, calls: CallService, presence: PresenceService) -> None:
        self._calls = calls
        self._presence = presence

    def subscriptions(self) -> list[dict[str, Any]]:
        return [asdict(one) for one in self._presence.subscriptions.snapshot()]

    def transfer(self, call_id: str, target: str, extension: str, into: str = "") -> dict[str, Any]:
        """Transfers the other party of an extension's leg in a running call, as if its phone had asked for it: to
        `target`, or with `into` to whom the same extension has in that other call.
        """
        if bool(target) == bool(into):
            raise Refused(422, "say where to: either a target, or the other call of the same extension")
        leg = self._talking(call_id, extension)
        transferor = leg.extension
        try:
            if into:
                other = self._talking(into, transferor, alone=True)
                transfer = self._calls.services.transfers.attended(leg, other, method="control")
            else:
                transfer = self._calls.services.transfers.blind(leg, target, method="control")
        except RouteError as error:
            raise Refused(error.status if error.status in (403, 404) else 409, str(error)) from None
        transfer.release()
        call = transfer.call.id if transfer.call is not None else call_id
        return {"id": call, "to": target or into, "by": transferor}

    def _talking(self, call_id: str, extension: str, *, alone: bool = False) -> Leg:
        """The leg of `extension` that talks in a call; "": of whoever was called, else of the caller. `alone`: it may
        still wait for somebody.
        """
        call = self._calls.calls.get(call_id)
        if call is None:
            raise Refused(404, f"no call {call_id} is running; `centrala calls list` shows all")
        legs = [leg for leg in (call.a, *call.legs) if leg.extension and (alone or leg.peer is not None)]
        if extension:
            legs = [leg for leg in legs if leg.extension == extension]
        elif len(legs) > 1:
            legs = [leg for leg in legs if leg is not call.a]
        if not legs:
            who = f"extension {extension} does not talk" if extension else "no extension talks"
            raise Refused(409, f"{who} in call {call_id}: only who talks can transfer")
        return legs[0]

    def now(self) -> PresenceNow:
        """For the metrics."""
        services = self._calls.services
        subscriptions, messages = self._presence.subscriptions, self._presence.messages
        tally, told = subscriptions.tally, messages.tally
        return PresenceNow(
            subscriptions=subscriptions.by_event(),
            notifies={"sent": tally.notified, "coalesced": tally.coalesced, "lost": tally.lost},
            subscribes={"accepted": tally.accepted, "refused": tally.refused},
            messages=asdict(told),
            messages_waiting=messages.kept,
            transfers={"started": services.transfers.started, "refused": services.transfers.refused},
            codes=services.incall_codes.used,
        )
