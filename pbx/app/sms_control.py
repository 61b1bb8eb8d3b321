"""Builds short messages, and answers the control socket about them."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from pbx.api.control import Refused
from pbx.contact.messaging import SmsRefused, SmsRequest
from pbx.metrics.sms import SmsMetrics
from pbx.sms.message import Message, WrongState
from pbx.sms.parts import plan
from pbx.sms.service import OFF, SmsService
from pbx.sms.templates import names
from pbx.sms.transliterate import transliterate
from pbx.store.errors import StoreError
from pbx.store.sms import WantedSms

if TYPE_CHECKING:
    from pbx.app.pbx import Pbx

ACTIONS = ("cancel", "sent", "resend")


async def start_sms(app: Pbx) -> SmsService:
    """The service with its metrics, working."""
    service = SmsService(app.calls.services, app.store.sms)
    app.metrics.add(SmsMetrics(app.bus, service.figures))
    await service.start()
    return service


class PbxSmsControl:
    """Implements pbx.api.sms_routes.SmsControl."""

    def __init__(self, app: Pbx) -> None:
        self._app = app

    @property
    def _service(self) -> SmsService:
        return self._app.sms

    async def send(self, fields: dict[str, Any], preview: bool) -> dict[str, Any]:
        request = SmsRequest(**fields)
        try:
            if preview:
                text, coding, parts, cost = self._service.preview(request)
                return {"text": text, "coding": coding, "parts": parts, "cost": cost}
            return asdict(await self._service.send(request))
        except SmsRefused as refused:
            raise Refused(refused.status, str(refused)) from None
        except StoreError as error:
            raise Refused(503, f"the message cannot be kept, so it is not taken: {error}") from None

    async def messages(
        self, wanted: dict[str, str], limit: int, after: tuple[int, str] | None = None
    ) -> list[dict[str, Any]]:
        if wanted.get("number"):
            wanted = {**wanted, "number": self._service.writer.destinations.number(wanted["number"])}
        found = await self._app.store.sms.wanted(WantedSms(limit=limit, after=after, **wanted))  # type: ignore[arg-type]
        clicks = self._service.links.clicks()
        return [_row(message, clicks.get(message.id, 0)) for message in found]

    async def message(self, message: str) -> dict[str, Any]:
        found = await self._service.outbox.get(message)
        if found is None:
            raise Refused(404, f"there is no message {message}; `centrala sms list --ids` shows them")
        clicks = self._service.links.clicks().get(found.id, 0)
        return {**_row(found, clicks), "sent": [asdict(part) for part in found.sent], "key": found.key}

    async def change(self, message: str, action: str) -> dict[str, Any]:
        self._enabled()
        try:
            if action == "cancel":
                return _row(await self._service.cancel(message), 0)
            if action in ("sent", "resend"):
                return _row(await self._service.settle(message, action == "sent"), 0)
        except WrongState as error:
            raise Refused(409, str(error)) from None
        raise Refused(422, f'give {{"action": "..."}}: {", ".join(ACTIONS)}')

    async def inbox(self, number: str, limit: int, after: tuple[int, str] | None = None) -> list[dict[str, Any]]:
        plain = self._service.writer.destinations.number(number) if number else ""
        return [asdict(inbound) for inbound in await self._app.store.sms.inbox(plain, limit, after)]

    def opted_out(self, limit: int) -> list[dict[str, Any]]:
        return self._service.opted_out.rows(limit)

    async def opt(self, number: str, out: bool) -> dict[str, Any]:
        self._enabled()
        plain = self._service.writer.destinations.number(number)
        if plain[:1] != "+":
            raise Refused(422, f"{number!r} is no full number; write it as +48600100200")
        opted = self._service.opted_out
        changed = await (opted.add(plain, "control") if out else opted.remove(plain))
        return {"number": plain, "opted_out": plain in opted, "changed": changed}

    def templates(self) -> list[dict[str, Any]]:
        rows = []
        for template in self._app.config.sms.template:
            for language, text in template.text.items():
                cut = plan(transliterate(text) if template.transliterate else text)
                row = {"name": template.name, "language": language, "text": text, "names": names(text)}
                rows.append({**row, "coding": cut.coding.value, "parts": cut.parts})
        return rows

    def figures(self) -> dict[str, Any]:
        return {"enabled": self._service.enabled, **asdict(self._service.figures())}

    def _enabled(self) -> None:
        if not self._service.enabled:
            raise Refused(409, OFF)


def _row(message: Message, clicks: int) -> dict[str, Any]:
    row = asdict(message)
    for name in ("sent", "key", "pinned"):
        del row[name]
    return {**row, "state": message.state.value, "clicks": clicks}
