"""Answers the control socket for the call features: what they refuse becomes the socket's refusal."""

from __future__ import annotations

from typing import Any

from pbx.api.control import Refused
from pbx.features.views import FeatureError, FeatureViews


class AppFeatureControl:
    """Implements pbx.api.features.FeatureControl."""

    def __init__(self, views: FeatureViews) -> None:
        self._views = views

    def parked(self) -> list[dict[str, Any]]:
        return self._views.parked()

    def rooms(self) -> list[dict[str, Any]]:
        return self._views.rooms()

    def phones(self) -> list[dict[str, Any]]:
        return self._views.phones()

    def room(self, name: str, action: str, who: str) -> dict[str, Any]:
        try:
            return self._views.room(name, action, who)
        except FeatureError as error:
            raise Refused(error.status, str(error)) from None

    async def set_phone(self, extension: str, changes: dict[str, Any]) -> dict[str, Any]:
        try:
            return await self._views.set_phone(extension, changes)
        except FeatureError as error:
            raise Refused(error.status, str(error)) from None

    def originate(
        self, caller: str, target: str, *, answer: bool = False, account: str = "", caller_id: str = "", tag: str = ""
    ) -> dict[str, Any]:
        try:
            return self._views.originate(caller, target, answer=answer, account=account, caller_id=caller_id, tag=tag)
        except FeatureError as error:
            raise Refused(error.status, str(error)) from None

    def park(self, call_id: str, by: str) -> dict[str, Any]:
        try:
            return self._views.park(call_id, by)
        except FeatureError as error:
            raise Refused(error.status, str(error)) from None

    def record(self, call_id: str, action: str) -> dict[str, Any]:
        try:
            return self._views.record(call_id, action)
        except FeatureError as error:
            raise Refused(error.status, str(error)) from None

    def supervise(self, mode: str, supervisor: str, target: str) -> dict[str, Any]:
        try:
            return self._views.supervise(mode, supervisor, target)
        except FeatureError as error:
            raise Refused(error.status, str(error)) from None
