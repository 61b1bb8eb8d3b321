"""What a page is told when it asks: /w/config, in the visitor's language (widget/src/callback/settings.ts reads it)."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from pbx.config import Language
from pbx.contact.item import ItemKind
from pbx.widget.desk import SiteDesk
from pbx.widget.guarantee import hour_of
from pbx.widget.promises import Outlook
from pbx.widget.slots import slots
from pbx.widget.states import SLOT
from pbx.widget.texts import within

if TYPE_CHECKING:
    from pbx.call.services import Services
    from pbx.contact.ports import WebCallbacks
    from pbx.widget.promises import Promises

SLOTS_S = 5.0  # for which found slots are remembered
CLOSED = Outlook()
LIGHT = 0.179  # luminance above which black is read better than white (WCAG 2.2, contrast ratio)


class Pages:
    """Answers for all sites."""

    def __init__(self, services: Services, promises: Promises) -> None:
        self._services = services
        self._promises = promises
        self._slots: dict[tuple[str, str], tuple[float, list[int]]] = {}

    def of(self, desk: SiteDesk, language: Language, address: str, now: float) -> dict[str, Any]:
        """The whole answer."""
        widget, texts, consent = desk.widget, desk.texts[language], desk.consents[language]
        return {
            "lang": language,
            "texts": texts,
            "look": {
                "colour": widget.colour,
                "ink": ink_on(widget.colour),
                "position": widget.position,
                "offset": widget.offset,
                "z": widget.z,
                "avatar": widget.avatar,
            },
            "triggers": {
                "button": widget.button,
                "exit": widget.exit_intent,
                "after_s": widget.after_s,
                "scroll": widget.scroll,
                "pages": widget.pages,
                "hide": widget.hide,
            },
            "number": desk.number,
            "mobile": widget.mobile,
            "departments": [
                self._department(desk, each.queue, each.title.get(language) or each.queue, language, now)
                for each in widget.departments
            ],
            "countries": [
                {
                    "code": each.country,
                    "prefix": each.prefix,
                    "mask": each.mask,
                    "lengths": each.lengths,
                    "trunk": each.trunk,
                }
                for each in desk.countries
            ],
            "consent": {"text": consent.text, "version": consent.version, "ask": widget.consent_ask},
            "work": self.work(desk, address),
        }

    def work(self, desk: SiteDesk, address: str) -> dict[str, Any]:
        """A challenge for the visitor's browser."""
        return {"challenge": desk.work.challenge(address), "bits": desk.work.bits(address)}

    def _department(self, desk: SiteDesk, queue: str, title: str, language: Language, now: float) -> dict[str, Any]:
        widget = desk.widget
        is_open = desk.is_open(now)
        hour = hour_of(now, desk.zone)
        outlook = self._promises.outlook(queue, widget.quantile, widget.max_seconds, hour) if is_open else CLOSED
        free = self.slots(desk, queue, now)
        return {
            "queue": queue,
            "title": title,
            "seconds": outlook.seconds,
            "now": outlook.now,
            "later": bool(free) and outlook.hours_first,
            "says": _says(desk.texts[language], language, outlook.seconds, is_open=is_open),
            "offer": self._promises.offer(desk.name, queue, outlook.seconds),
            "slots": free,
        }

    def slots(self, desk: SiteDesk, queue: str, now: float, *, fresh: bool = False) -> list[int]:
        """The hours that can be chosen now; of some seconds ago unless `fresh`."""
        known = self._slots.get((desk.name, queue))
        if known is not None and not fresh and now - known[0] < SLOTS_S:
            return known[1]
        callbacks: WebCallbacks = self._services.extra["callbacks"]
        widget = desk.widget
        example = desk.countries[0].example if desk.countries else ""
        found = slots(
            desk.zone,
            now,
            days=widget.slot_days,
            minutes=widget.slot_minutes,
            hours=desk.hours,
            may_call=lambda at: callbacks.may_call(example, at),
            taken=self._taken(queue),
            most=widget.slot_requests or max(desk.agents.get(queue, 1), 1),
        )
        self._slots[desk.name, queue] = now, found
        return found

    def forget(self) -> None:
        """The configuration, or what is taken, has changed."""
        self._slots.clear()

    def _taken(self, queue: str) -> Counter[int]:
        return Counter(
            int(float(item.source[SLOT]))
            for item in self._services.contacts.unordered()
            if item.kind is ItemKind.WIDGET and item.queue == queue and item.source.get(SLOT)
        )


def _says(texts: dict[str, str], language: Language, seconds: int, *, is_open: bool) -> list[tuple[str, str]]:
    """Headline and lead of the form that asks for a call now, and of the one that offers hours."""
    if not is_open:
        closed = texts["headline_closed"]
        return [(closed, texts["lead_reopen"]), (closed, texts["lead_closed"])]
    headline = texts["headline_open"]
    if seconds:
        headline = within(texts["headline_seconds"], seconds, language)
    return [(headline, texts["lead"]), (texts["headline_slot"], texts["lead_later"])]


def ink_on(colour: str) -> str:
    """Black or white, whichever is read better on a colour "#1a56db"."""
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    luminance = 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
    return "#000000" if luminance > LIGHT else "#ffffff"
