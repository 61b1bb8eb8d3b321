"""PUBLISH (RFC 3903): soft state that a phone says of its own extension, until it expires or is taken back."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from pbx.call.identity import clean_number
from pbx.ids import token
from pbx.presence import pidf
from pbx.sip.uri import Uri, UriError

if TYPE_CHECKING:
    from collections.abc import Callable

    from pbx.config_presence import Subscriptions as Settings
    from pbx.sip.address import Source
    from pbx.sip.message import Request
    from pbx.sip.observer import ServerTransactionHandle

MAX_PER_EXTENSION = 4  # phones of one person that publish; the oldest gives way


class Publications:
    """`changed(extension)` is called when what it says of itself is another."""

    def __init__(self, settings: Settings, changed: Callable[[str], None]) -> None:
        self._settings = settings
        self._changed = changed
        self._published: dict[str, dict[str, tuple[pidf.Presence, asyncio.TimerHandle]]] = {}

    def of(self, extension: str) -> pidf.Presence | None:
        """What was published last."""
        held = self._published.get(extension)
        return next(reversed(held.values()))[0] if held else None

    def on_publish(self, transaction: ServerTransactionHandle, request: Request, _source: Source, account: str) -> None:
        """A PUBLISH of an authenticated extension: of itself only."""
        status, reason, headers = self._take(request, account)
        transaction.respond(status, reason, headers)

    def _take(self, request: Request, account: str) -> tuple[int, str | None, tuple[str, ...]]:
        if (request.header("Event") or "").partition(";")[0].strip().lower() != "presence":
            return 489, None, ("Allow-Events: presence",)
        try:
            resource = clean_number(Uri.parse(request.uri).user)
        except UriError:
            return 400, None, ()
        if resource != account:
            return 403, None, ()
        expires_s = min(
            self._settings.max_expires_s if request.expires is None else request.expires, self._settings.max_expires_s
        )
        if 0 < expires_s < self._settings.min_expires_s:
            return 423, None, (f"Min-Expires: {self._settings.min_expires_s}",)
        held = self._published.get(account, {})
        former = request.header("SIP-If-Match")
        if former is not None and former not in held:
            return 412, "Conditional Request Failed", ()
        if request.body:
            if request.content_type != pidf.CONTENT_TYPE:
                return 415, None, (f"Accept: {pidf.CONTENT_TYPE}",)
            try:
                presence = pidf.parse(request.body)
            except ValueError:
                return 400, "Bad Presence Document", ()
        elif former is None:
            return 400, "Nothing Is Published", ()
        else:
            presence = held[former][0]
        return 200, None, self._keep(account, former, presence, expires_s)

    def _keep(self, account: str, former: str | None, presence: pidf.Presence, expires_s: int) -> tuple[str, ...]:
        before = self.of(account)
        held = self._published.setdefault(account, {})
        if former is not None:
            held.pop(former)[1].cancel()
        tag = token(16)
        if expires_s:
            if len(held) >= MAX_PER_EXTENSION:
                held.pop(next(iter(held)))[1].cancel()
            timer = asyncio.get_running_loop().call_later(expires_s, self._expire, account, tag)
            held[tag] = presence, timer
        if not held:
            del self._published[account]
        if self.of(account) != before:
            self._changed(account)
        return (f"SIP-ETag: {tag}", f"Expires: {expires_s}")

    def _expire(self, account: str, tag: str) -> None:
        held = self._published[account]
        del held[tag]
        if not held:
            del self._published[account]
        self._changed(account)

    def close(self) -> None:
        for held in self._published.values():
            for _presence, timer in held.values():
                timer.cancel()
        self._published.clear()
