"""How a CRM renews the right to use it (OAuth 2.0, RFC 6749 section 6): requests and answers, without any sending.

Bitrix24: GET https://oauth.bitrix.info/oauth/token/ with everything in the query; access for an hour, a refresh token
for months (apidocs.bitrix24.com, "settings/oauth"). amoCRM (Kommo): POST JSON to /oauth2/access_token of the account;
access for a day, a refresh token for three months, which opens once (amocrm.ru/developers "oauth/oauth",
developers.kommo.com/reference/get-token). Read in November 2026.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TypeGuard
from urllib.parse import urlencode

import orjson

from pbx.config import Crm
from pbx.web.client import Answer, Ask

BITRIX = "https://oauth.bitrix.info/oauth/token/"
LIFE_S = {"bitrix24": 3600.0, "amocrm": 86_400.0}  # where an answer does not say it
TIMEOUT_S = 20.0
MAX_TOKEN = 3500  # characters; they go into a header of 4096, and are printable ASCII (RFC 6750 section 2.1)
# What no later attempt changes: the grant is used up, revoked, or of another application.
DEAD = ("invalid_grant", "invalid_client", "wrong_client", "unauthorized_client", "NOT_INSTALLED", "PAYMENT_REQUIRED")
HIDDEN = "..."
_SECRET = re.compile(r"[A-Za-z0-9_.~+/=-]{32,}")  # tokens that were renewed meanwhile: no word is as long


class GrantDead(Exception):
    """Nobody but a person can get a new one; the text is the CRM's reason."""


class GrantBusy(Exception):
    """Not now: no sensible answer."""


@dataclass(frozen=True, slots=True)
class Tokens:
    """`expires`: UTC seconds."""

    access: str
    refresh: str
    expires: float


def uses_oauth(settings: Crm) -> bool:
    """Whether the CRM is asked by tokens that are renewed."""
    return settings.kind != "generic" and bool(settings.client_id)


def renewal(settings: Crm, refresh: str) -> Ask:
    """The request for new tokens."""
    given = {
        "grant_type": "refresh_token",
        "client_id": settings.client_id,
        "client_secret": settings.client_secret,
        "refresh_token": refresh,
    }
    if settings.kind == "bitrix24":
        return Ask("GET", f"{settings.oauth_url or BITRIX}?{urlencode(given)}", {}, b"", timeout_s=TIMEOUT_S)
    url = settings.oauth_url or f"{settings.url.rstrip('/')}/oauth2/access_token"
    body = orjson.dumps({**given, "redirect_uri": settings.redirect_uri})
    return Ask("POST", url, {"Content-Type": "application/json"}, body, timeout_s=TIMEOUT_S)


def tokens_of(settings: Crm, answer: Answer, now: float) -> Tokens:
    """What the CRM gave. Raises GrantDead, GrantBusy."""
    try:
        found = orjson.loads(answer.body)
    except orjson.JSONDecodeError:
        found = None
    if not isinstance(found, dict):
        raise GrantBusy(f"status {answer.status}, and no JSON")
    access, refresh = found.get("access_token"), found.get("refresh_token")
    if answer.status == 200 and _is_token(access) and _is_token(refresh):
        lasts = found.get("expires_in")
        if isinstance(lasts, bool) or not isinstance(lasts, int | float) or lasts <= 0:
            lasts = LIFE_S[settings.kind]
        return Tokens(access, refresh, now + lasts)
    reason = _reason(found, settings)
    if found.get("error") in DEAD or (settings.kind == "amocrm" and answer.status in (400, 401, 402, 403)):
        raise GrantDead(reason or f"status {answer.status}")
    raise GrantBusy(reason or f"status {answer.status}")


def _is_token(value: object) -> TypeGuard[str]:
    return isinstance(value, str) and 0 < len(value) <= MAX_TOKEN and value.isascii() and value.isprintable()


def _reason(found: dict[str, object], settings: Crm) -> str:
    """In the CRM's words: `error_description` of Bitrix24, `hint` of amoCRM. They are logged and told: whatever looks
    like a secret in them is left out.
    """
    for name in ("hint", "error_description", "detail", "error", "title"):
        text = found.get(name)
        if isinstance(text, str) and text:
            for secret in filter(None, (settings.client_secret, settings.refresh_token)):
                text = text.replace(secret, HIDDEN)
            shown = "".join(mark for mark in text[:500] if mark.isprintable())
            return _SECRET.sub(HIDDEN, shown)[:200]
    return ""
