"""Addresses of pages, as far as they may be kept: no parameter that nobody listed, no e-mail, no telephone number."""

from __future__ import annotations

import re
from typing import NamedTuple
from urllib.parse import parse_qsl, quote, urlsplit

from pbx.tracking.sources import CLICK_IDS, KEPT_PARAMETERS

MAX_URL = 2048  # characters that are looked at
MAX_KEPT = 500
MAX_PARAMETERS = 100
_PERSONAL = re.compile(r"@|%40|[0-9][0-9 ().+-]{7,}[0-9]")  # an e-mail address, or nine digits and more
_TOKEN = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.~-]*")  # a click id, a client id: never a formula of a spreadsheet
DEFAULT_PORTS = {"http": 80, "https": 443}


class Page(NamedTuple):
    """`text` is what is kept, with the port where it is not the scheme's own; `parameters` are those on the list. What
    is no address gives an empty one.
    """

    host: str
    path: str
    text: str
    parameters: dict[str, str]


NOWHERE = Page("", "", "", {})


def read_page(url: str, more: frozenset[str] = frozenset()) -> Page:
    """Takes an address apart; parameters in `more` are kept beside those of campaigns."""
    try:
        parts = urlsplit(url[:MAX_URL])
        host = (parts.hostname or "").lower()
        port = parts.port
    except ValueError:
        return NOWHERE
    if parts.scheme not in DEFAULT_PORTS or not host:
        return NOWHERE
    kept: dict[str, str] = {}
    if parts.query:
        try:
            pairs = parse_qsl(parts.query, max_num_fields=MAX_PARAMETERS)
        except ValueError:
            pairs = []
        for name, value in pairs:
            if name in KEPT_PARAMETERS or name in more:
                kept.setdefault(name, _harmless(name, value))
    path = _path(parts.path)
    query = "&".join(f"{name}={quote(value, safe='')}" for name, value in kept.items() if value)
    origin = f"[{host}]" if ":" in host else host
    if port is not None and port != DEFAULT_PORTS[parts.scheme]:
        origin = f"{origin}:{port}"
    text = f"{parts.scheme}://{origin}{path}{'?' if query else ''}{query}"
    return Page(host, path, clean_text(text, MAX_KEPT), kept)


def read_referrer(url: str) -> Page:
    """The same without any parameter: what somebody searched or read elsewhere is not ours."""
    page = read_page(url)
    return page._replace(text=page.text.partition("?")[0], parameters={}) if page.parameters else page


def clean_text(value: object, limit: int) -> str:
    """`value` as one line of at most `limit` characters; "" for what is no text."""
    if not isinstance(value, str):
        return ""
    text = value[:limit].strip()
    return text if text.isprintable() else "".join(mark for mark in text if mark.isprintable())


def clean_token(value: object, limit: int) -> str:
    """An id that a browser tells us, which other systems are told again; "" for what cannot be one."""
    text = clean_text(value, limit)
    return text if _TOKEN.fullmatch(text) else ""


def _path(path: str) -> str:
    if not path:
        return "/"
    if not _PERSONAL.search(path):
        return path
    return "/".join("-" if _PERSONAL.search(part) else part for part in path.split("/"))


def _harmless(name: str, value: str) -> str:
    """Click ids are long and may hold many digits; in anything else those are somebody's number."""
    if name in CLICK_IDS:
        return clean_token(value, 200)
    text = clean_text(value, 200)
    if "@" in text or (name[:4] == "utm_" and _PERSONAL.search(text) and not text.isdigit()):
        return ""
    return text
