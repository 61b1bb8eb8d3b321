"""What a page says in its requests, read and cut to size. A wrong type is refused, what is too long is cut."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pbx.config_web import MAIN
from pbx.tracking.addresses import MAX_URL, clean_text, clean_token
from pbx.tracking.sessions import is_id
from pbx.tracking.visit import Consent

MAX_LINES = 16
VERDICTS = ("number_ok", "truncated", "href_mismatch", "overwritten", "blocked")
EVENTS = ("tel_click", "copy", "qr", "widget")


class Senseless(ValueError):
    """A request that says nothing we understand; the text is for whoever wrote the page."""


@dataclass(slots=True, frozen=True)
class PageAsk:
    """POST /t/visit."""

    page: str
    referrer: str
    session: str
    visitor: str
    consent: Consent
    lines: tuple[str, ...]
    landing: str
    landing_referrer: str
    ga_client: str
    ga_session: str
    ym_uid: str
    city: str
    same_page: bool
    region: str = ""
    time_zone: str = ""


def read_page_ask(body: Mapping[str, Any], *, consent_given: bool) -> PageAsk:
    """Raises Senseless. `consent_given`: the site asks before it loads the snippet."""
    page = body.get("page")
    if not isinstance(page, str) or not page:
        raise Senseless("page is missing: give the whole address of the page")
    consent = Consent(True, True, True) if consent_given else read_consent(body.get("consent"))
    analytics = consent.analytics
    visitor = body.get("visitor")
    return PageAsk(
        page[:MAX_URL],
        _text(body, "referrer", MAX_URL),
        _text(body, "session", 100),
        visitor if consent.tracking and is_id(visitor) else "",  # type: ignore[arg-type]
        consent,
        _lines(body.get("lines")),
        _text(body, "landing", MAX_URL),
        _text(body, "landing_referrer", MAX_URL),
        clean_token(_text(body, "ga_client", 64), 64) if analytics else "",
        clean_token(_text(body, "ga_session", 32), 64) if analytics else "",
        clean_token(_text(body, "ym_uid", 64), 64) if analytics else "",
        _text(body, "city", 80),
        body.get("same_page") is True,
        _text(body, "region", 80),
        _text(body, "time_zone", 60) if consent.tracking else "",  # of the device: asked for nobody without consent
    )


def read_consent(value: Any) -> Consent:
    """Anything but a plain true is no consent."""
    if not isinstance(value, Mapping):
        return Consent()
    return Consent(value.get("tracking") is True, value.get("analytics") is True, value.get("ads") is True)


@dataclass(slots=True, frozen=True)
class GuardAsk:
    """POST /t/guard."""

    page: str
    line: str
    selector: str
    shown: str
    assigned: str
    href: str
    verdict: str


def read_guard(body: Mapping[str, Any]) -> GuardAsk:
    """Raises Senseless."""
    verdict = body.get("verdict")
    if verdict not in VERDICTS:
        raise Senseless(f"verdict is none of {', '.join(VERDICTS)}")
    if not isinstance(body.get("page"), str):
        raise Senseless("page is missing: give the whole address of the page")
    limits = {"page": MAX_URL, "line": 40, "selector": 200, "shown": 60, "assigned": 32, "href": 80}
    values = {name: _text(body, name, limit) for name, limit in limits.items()}
    return GuardAsk(verdict=str(verdict), **{**values, "line": values["line"] or MAIN})


@dataclass(slots=True, frozen=True)
class EventAsk:
    """POST /t/event."""

    event: str
    line: str
    number: str
    page: str


def read_event(body: Mapping[str, Any]) -> EventAsk:
    """Raises Senseless."""
    event = body.get("event")
    if event not in EVENTS:
        raise Senseless(f"event is none of {', '.join(EVENTS)}")
    line = _text(body, "line", 40) or MAIN
    return EventAsk(str(event), line, _text(body, "number", 32), _text(body, "page", MAX_URL))


def _lines(value: Any) -> tuple[str, ...]:
    if value is None:
        return (MAIN,)
    if not isinstance(value, list) or len(value) > MAX_LINES:
        raise Senseless(f"lines is no list of at most {MAX_LINES} names")
    return tuple(dict.fromkeys(name for name in value if isinstance(name, str) and len(name) <= 40))


def _text(body: Mapping[str, Any], name: str, limit: int) -> str:
    value = body.get(name)
    if value is None or isinstance(value, str):
        return clean_text(value, limit)
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return clean_text(str(value), limit)
    raise Senseless(f"{name} is no text")
