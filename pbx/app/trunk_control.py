"""Answers the control socket about trunks, numbers, lists and bans."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import TYPE_CHECKING, Any, cast

from pbx.api.control import Refused
from pbx.call.bans import Ban
from pbx.call.number_book import NumberError
from pbx.call.screening import Entry, ScreeningError, Side

if TYPE_CHECKING:
    from pbx.app.pbx import Pbx


class PbxTrunkControl:
    """Implements pbx.api.trunk_routes.TrunkControl."""

    def __init__(self, app: Pbx) -> None:
        self._app = app

    def trunks(self) -> list[dict[str, Any]]:
        return [asdict(trunk) for trunk in self._app.calls.services.carriers.now()]

    # -- numbers -------------------------------------------------------------------------------------------------

    def numbers(self) -> list[dict[str, Any]]:
        return [
            {**number.model_dump(), "imported": imported} for number, imported in self._app.calls.services.numbers.all()
        ]

    def take_numbers(self, rows: list[Mapping[str, Any]], replace: bool) -> dict[str, Any]:
        try:
            return {"imported": self._app.calls.services.numbers.take(rows, replace=replace)}
        except NumberError as error:
            raise Refused(422, str(error)) from None

    def remove_number(self, number: str) -> dict[str, Any]:
        if not self._app.calls.services.numbers.remove(number):
            raise Refused(404, f"{number} was not imported; numbers of the configuration are changed in its file")
        return {"number": number}

    # -- lists ---------------------------------------------------------------------------------------------------

    def lists(self) -> list[dict[str, Any]]:
        return [self._listed(entry) for entry in self._app.calls.services.inbound.screening.entries()]

    def _listed(self, entry: Entry) -> dict[str, Any]:
        left_s = round(entry.expires - self._app.clock.unix(), 1) if entry.expires else 0.0
        return {**asdict(entry), "left_s": left_s}

    def put_on_list(self, side: str, pattern: str, action: str, reason: str, for_s: float) -> dict[str, Any]:
        if action not in ("reject", "announce") and not self._is_flow(action):
            raise Refused(422, f'{action!r} is no action: "reject", "announce" or "flow:NAME" of a flow that exists')
        screening = self._app.calls.services.inbound.screening
        try:
            entry = screening.add(cast("Side", side), pattern, action=action, reason=reason, for_s=for_s)
        except ScreeningError as error:
            raise Refused(422, str(error)) from None
        return self._listed(entry)

    def _is_flow(self, action: str) -> bool:
        kind, _, name = action.partition(":")
        return kind == "flow" and any(flow.name == name for flow in self._app.config.flow)

    def take_off_lists(self, pattern: str) -> dict[str, Any]:
        try:
            gone = self._app.calls.services.inbound.screening.remove(pattern)
        except ScreeningError as error:
            raise Refused(422, str(error)) from None
        if not gone:
            raise Refused(404, f"{pattern} is on no list; `centrala blocked` shows them")
        return {"pattern": gone[0].pattern, "lists": [entry.side for entry in gone]}

    # -- bans ----------------------------------------------------------------------------------------------------

    def bans(self) -> list[dict[str, Any]]:
        return [self._banned(ban) for ban in self._app.calls.services.bans.active()]

    def _banned(self, ban: Ban) -> dict[str, Any]:
        return {**asdict(ban), "left_s": round(ban.until - self._app.clock.unix(), 1)}

    def ban(self, address: str, for_s: float) -> dict[str, Any]:
        try:
            return self._banned(self._app.calls.services.bans.add(address, for_s))
        except ValueError as error:
            raise Refused(422, str(error)) from None

    def unban(self, address: str) -> dict[str, Any]:
        if not self._app.calls.services.bans.remove(address):
            raise Refused(404, f"{address} is not banned; `centrala bans` shows who is")
        return {"address": address}
