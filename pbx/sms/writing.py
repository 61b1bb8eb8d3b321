"""From what is asked for to a message that may be sent: number, permission, text, parts and limits, in this order."""

from __future__ import annotations

from collections import ChainMap
from collections.abc import Callable
from typing import TYPE_CHECKING

from pbx.config import Config
from pbx.config_sms import SmsTemplate
from pbx.contact.messaging import SmsRefused, SmsRequest
from pbx.contact.windows import CallingHours
from pbx.ids import new_id
from pbx.sms.destinations import Destinations, Verdict
from pbx.sms.message import Message
from pbx.sms.parts import Plan, plan
from pbx.sms.templates import TextError, fill
from pbx.sms.transliterate import transliterate

if TYPE_CHECKING:
    from pbx.call.services import Services
    from pbx.sms.optout import OptOuts
    from pbx.sms.quota import Quota

MAX_TEXT = 4000  # characters before they are counted as parts


class Writer:
    """`link(url, message)` gives what stands in a text for a link."""

    def __init__(self, services: Services, opted_out: OptOuts, quota: Quota, link: Callable[[str, str], str]) -> None:
        self._services = services
        self.configure(services.config)
        self._opted_out = opted_out
        self._quota = quota
        self._link = link

    def configure(self, config: Config) -> None:
        """From now on as `config` says."""
        self._settings = config.sms
        self._templates: dict[str, SmsTemplate] = {template.name: template for template in config.sms.template}
        self.destinations = Destinations(config)
        self._hours = CallingHours(
            config, hours=config.sms.hours, holidays=config.sms.holidays, home=config.sms.ambiguous_zone
        )

    def write(self, request: SmsRequest, *, confirmation: bool = False) -> Message:
        """The message, counted. Raises SmsRefused. A `confirmation` goes to who opted out, too, and is not limited."""
        template = self._template(request)
        verdict = self.destinations.check(request.to)
        if verdict.reason and (not confirmation or not verdict.number):
            status = 422 if verdict.reason == "invalid" else 403
            raise SmsRefused(status, verdict.reason, verdict.text)
        if verdict.number in self._opted_out and not confirmation:
            raise SmsRefused(403, "opted_out", f"{verdict.number} wants no messages; `centrala sms optout` shows who")
        now = self._services.clock.unix()
        message_id = new_id(now)
        text, language = self._text(request, template, message_id)
        cut = self._plan(text)
        if not confirmation:
            once_per_h = request.once_per_h or (template.once_per_h if template is not None else 0.0)
            once = request.template or request.source
            self._quota.take(verdict.number, request.source, once, once_per_h)
        not_before = self._not_before(request, template, verdict, now)
        return Message(
            id=message_id,
            key=request.key or message_id,
            number=verdict.number,
            text=text,
            coding=cut.coding.value,
            parts=cut.parts,
            created=now,
            expires=not_before + self._settings.expires_s,
            sender=request.sender or (template.sender if template is not None else ""),
            template=request.template,
            language=language,
            source=request.source,
            reason=request.reason,
            origin_call=request.origin_call,
            contact=request.contact,
            not_before=not_before,
        )

    def preview(self, request: SmsRequest) -> tuple[str, str, int]:
        """(text, coding, parts) without any count; links are written out. Raises SmsRefused."""
        text, _language = self._text(request, self._template(request), "")
        cut = plan(text)
        return text, cut.coding.value, cut.parts

    def _template(self, request: SmsRequest) -> SmsTemplate | None:
        if bool(request.text) == bool(request.template):
            raise SmsRefused(422, "text", "give a text, or the name of a template")
        if not request.template:
            return None
        found = self._templates.get(request.template)
        if found is None:
            known = ", ".join(sorted(self._templates)) or "none"
            text = f"there is no template {request.template!r}; templates: {known}"
            raise SmsRefused(404, "template", text)
        return found

    def _text(self, request: SmsRequest, template: SmsTemplate | None, message_id: str) -> tuple[str, str]:
        default = self._services.config.server.language
        language: str = request.language or default
        raw = request.text
        if template is not None:
            spoken = language if language in template.text else default
            language = spoken if spoken in template.text else next(iter(template.text))
            raw = template.text[language]
        if len(raw) > MAX_TEXT:
            raise SmsRefused(413, "too_long", f"the text has {len(raw)} characters; {MAX_TEXT} are allowed")
        text = raw
        if template is not None or request.variables is not None:
            values = ChainMap(request.variables or {}, {"company": self._services.config.server.name})  # type: ignore[arg-type]
            try:
                text = fill(raw, values, language, lambda url: self._link(url, message_id) if message_id else url)
            except TextError as error:
                raise SmsRefused(422, "variables", f"template {request.template!r}: {error}") from None
        if not text.strip():
            raise SmsRefused(422, "text", "the text is empty")
        return (transliterate(text) if template is not None and template.transliterate else text), language

    def _plan(self, text: str) -> Plan:
        cut = plan(text)
        if cut.parts > self._settings.max_parts:
            most = self._settings.max_parts
            why = f"the text takes {cut.parts} parts in {cut.coding}; sms.max_parts allows {most}"
            raise SmsRefused(413, "too_long", why)
        return cut

    def _not_before(self, request: SmsRequest, template: SmsTemplate | None, verdict: Verdict, now: float) -> float:
        """Now, or when the customer's day begins."""
        at = max(request.not_before, now)
        if request.urgent or (template is not None and template.urgent):
            return at
        opens = self._hours.next_open(verdict.number, verdict.country, at)
        if opens == float("inf"):
            raise SmsRefused(409, "hours", "sms.hours are never open for this number")
        return opens
