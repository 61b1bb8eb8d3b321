"""Answers the control socket about callbacks."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from pbx.api.control import Refused
from pbx.callback.service import as_json
from pbx.contact.callback_request import CallbackRequest, RequestRefused

if TYPE_CHECKING:
    from pbx.app.pbx import Pbx


class PbxCallbackControl:
    """Implements pbx.api.callback_routes.CallbackControl."""

    def __init__(self, app: Pbx) -> None:
        self._app = app

    def callbacks(self) -> list[dict[str, Any]]:
        return [as_json(row) for row in self._app.callbacks.list()]

    def figures(self) -> dict[str, Any]:
        return asdict(self._app.callbacks.figures())

    async def request(self, fields: dict[str, Any]) -> dict[str, Any]:
        try:
            row, created = await self._app.callbacks.request(CallbackRequest(**fields))
        except RequestRefused as refused:
            raise Refused(refused.status, str(refused)) from None
        return {**as_json(row), "new": created}

    def previews(self) -> list[dict[str, Any]]:
        return [asdict(row) for row in self._app.callbacks.previews()]

    def preview(self, agent: str, accept: bool) -> dict[str, Any]:
        try:
            return asdict(self._app.callbacks.preview(agent, accept=accept))
        except RequestRefused as refused:
            raise Refused(refused.status, str(refused)) from None

    async def cancel(self, contact: str) -> dict[str, Any]:
        try:
            return as_json(await self._app.callbacks.cancel(contact))
        except RequestRefused as refused:
            raise Refused(refused.status, str(refused)) from None

    async def reschedule(self, contact: str, at: float) -> dict[str, Any]:
        try:
            return as_json(await self._app.callbacks.reschedule(contact, at))
        except RequestRefused as refused:
            raise Refused(refused.status, str(refused)) from None
