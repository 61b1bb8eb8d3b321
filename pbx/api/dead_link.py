"""A page for people whose link leads nowhere any more: plain HTML, no script, in the language of their browser."""

from __future__ import annotations

import re
from html import escape

from starlette.responses import HTMLResponse

from pbx.api.page import page
from pbx.config_base import Language

_WANTED = re.compile(r"\s*(pl|ru|en)\b[^,;]*(?:;\s*q=([0-9.]+))?\s*", re.IGNORECASE)

_TITLES: dict[Language, str] = {
    "pl": "Ten link już nie działa",
    "ru": "Эта ссылка больше не работает",
    "en": "This link does not work any more",
}
LOGIN: dict[Language, str] = {
    "pl": "Link do hasła działa raz i tylko przez pewien czas. Poproś administratora o nowy; w terminalu daje go "
    "polecenie: centrala user link LOGIN",
    "ru": "Ссылка для пароля работает один раз и ограниченное время. Попросите у администратора новую; в терминале её "
    "даёт команда: centrala user link LOGIN",
    "en": "A link for a password works once, and for some time only. Ask an administrator for a new one; in a terminal "
    "it comes from: centrala user link LOGIN",
}
MESSAGE: dict[Language, str] = {
    "pl": "Link z wiadomości wygasł albo został źle przepisany. Otwórz go wprost z wiadomości lub zadzwoń do nas.",
    "ru": "Ссылка из сообщения устарела или введена с ошибкой. Откройте её прямо из сообщения или позвоните нам.",
    "en": "The link of the message has expired or was mistyped. Open it from the message itself, or give us a call.",
}


def language_for(accepted: str, otherwise: Language) -> Language:
    """What an Accept-Language header wants most of what we speak (RFC 9110 12.5.4)."""
    best, found = 0.0, otherwise
    for part in accepted[:200].split(","):
        match = _WANTED.fullmatch(part)
        weight = _weight(match[2]) if match is not None else 0.0
        if match is not None and weight > best:
            best, found = weight, match[1].lower()  # type: ignore[assignment]
    return found


def dead_link(texts: dict[Language, str], language: Language, status: int) -> HTMLResponse:
    """`texts` is LOGIN or MESSAGE."""
    body = f"<p>{escape(texts[language])}</p>"
    return page(language, _TITLES[language], body, status, {"cache-control": "no-store"})


def _weight(text: str | None) -> float:
    try:
        return 1.0 if text is None else float(text)
    except ValueError:
        return 0.0
