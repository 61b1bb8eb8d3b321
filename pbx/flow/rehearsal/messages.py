"""Short messages of a rehearsal: kept for the script to look at, and sent to nobody."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from pbx.contact.messaging import SmsRefused, SmsRequest, SmsTicket
from pbx.flow.texts import TemplateError, template

if TYPE_CHECKING:
    from pbx.config import Config, Language
    from pbx.flow.rehearsal.ports import World


class ScriptedSms:
    """`services.extra["sms"]`. A key that was used is the same message."""

    def __init__(self, world: World, config: Config) -> None:
        self._world = world
        self._config = config
        self._keys: dict[str, SmsTicket] = {}

    async def send(self, request: SmsRequest) -> SmsTicket:
        """See pbx.contact.messaging.SmsPort."""
        caller = self._world.script
        reason = caller.sms or ("not_mobile" if caller.type == "fixed" and request.to == caller.number else "")
        if reason:
            raise SmsRefused(422, reason, "the script says so")
        if request.key in self._keys:
            return self._keys[request.key]
        words = self._words(request)
        self._world.sms.append({"to": request.to, "template": request.template, "text": words})
        number = str(len(self._world.sms))
        ticket = self._keys[request.key] = SmsTicket(number, request.to, "queued", 1, "gsm7", 0.0)
        return ticket

    def _words(self, request: SmsRequest) -> str:
        """The text with its values; links stay as they are written, since their addresses are made when it is sent."""
        text = request.text
        if request.template:
            entry = next(entry for entry in self._config.sms.template if entry.name == request.template)
            texts = {str(language): words for language, words in entry.text.items()}
            text = texts.get(request.language) or next(iter(texts.values()))
        if "{link:" in text:
            return text
        try:
            return template(text).render(
                request.variables or {}, cast("Language", request.language or "en"), written=True
            )
        except TemplateError as error:
            raise SmsRefused(422, "variables", str(error)) from None
