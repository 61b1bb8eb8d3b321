"""All subscriptions of this node: who watches what, until when, and the NOTIFYs that they get, no faster than allowed.

A change marks the watchers of a resource; the body is made when the NOTIFY goes out, of what is then. A busy panel
costs one NOTIFY per subscription and interval, in slices that leave the event loop to the calls.
"""

from __future__ import annotations

import asyncio
from collections import Counter, deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pbx.call.identity import clean_number
from pbx.presence.package import Package
from pbx.sip.headers import HeaderError, parse_params
from pbx.sip.message import SipParseError
from pbx.sip.uri import Uri, UriError

if TYPE_CHECKING:
    from pbx.call.authentication import Authenticator
    from pbx.call.services import Counters
    from pbx.config_presence import Subscriptions as Settings
    from pbx.sip.address import Source
    from pbx.sip.message import Request
    from pbx.sip.observer import ServerTransactionHandle
    from pbx.sip.server_request import ServerRequest
    from pbx.sip.subscription import Subscription, SubscriptionObserver

    Accept = Callable[[ServerRequest, str, str, SubscriptionObserver], Subscription]

SLICE = 40  # NOTIFYs per turn of the event loop: about 3 ms
SLACK_S = 10.0  # a refresh may be that late
RETRY_AFTER_S = 10


@dataclass(slots=True)
class Tally:
    """Totals since the start."""

    accepted: int = 0
    refused: int = 0
    notified: int = 0
    coalesced: int = 0  # changes that went into a NOTIFY that was due already
    lost: int = 0  # subscribers who did not take a NOTIFY


@dataclass(slots=True, frozen=True)
class SubscriptionSnapshot:
    """One subscription, for lists."""

    watcher: str
    event: str
    resource: str
    address: str
    expires_s: float
    notified: int


class Watcher:
    """One subscription as we keep it. Times are the loop's seconds."""

    __slots__ = (
        "account",
        "dirty",
        "expires_at",
        "expiry",
        "last_sent",
        "package",
        "resource",
        "subscription",
        "timer",
        "version",
    )

    def __init__(self, subscription: Subscription, package: Package, resource: str, account: str) -> None:
        self.subscription = subscription
        self.package = package
        self.resource = resource
        self.account = account
        self.version = 0
        self.dirty = False
        self.last_sent = 0.0
        self.expires_at = 0.0
        self.expiry: asyncio.TimerHandle | None = None
        self.timer: asyncio.TimerHandle | None = None

    @property
    def key(self) -> tuple[str, str]:
        return self.package.name, self.resource

    def body(self) -> bytes:
        version, self.version = self.version, self.version + 1
        return self.package.state(self.account, self.resource, version)

    def stop(self) -> None:
        for timer in (self.expiry, self.timer):
            if timer is not None:
                timer.cancel()
        self.expiry = self.timer = None


class Subscriptions:
    """Takes SUBSCRIBEs. `accept` opens the dialog of one (`UserAgent.accept_subscription`)."""

    def __init__(self, settings: Settings, accept: Accept, authenticator: Authenticator, counters: Counters) -> None:
        self._settings = settings
        self._accept = accept
        self._authenticator = authenticator
        self._counters = counters
        self._packages: dict[str, Package] = {}
        self._watchers: dict[Subscription, Watcher] = {}
        self._by_resource: dict[tuple[str, str], dict[Watcher, None]] = {}
        self._per_account: Counter[str] = Counter()
        self._ready: deque[Watcher] = deque()
        self._pumping = False
        self.tally = Tally()

    def __len__(self) -> int:
        return len(self._watchers)

    def add(self, package: Package) -> None:
        self._packages[package.name] = package

    # -- SUBSCRIBE -------------------------------------------------------------------------------------------------

    def on_subscribe(
        self, transaction: ServerTransactionHandle, request: Request, _source: Source, account: str
    ) -> None:
        """A first SUBSCRIBE of an authenticated extension (RFC 6665 section 4.2.1)."""
        refusal, headers = self._refusal(request, account)
        if refusal:
            self.tally.refused += 1
            transaction.respond(refusal, None, headers)
            return
        name, event_id = _event(request)
        package = self._packages[name]
        resource = _resource(request)
        expires_s = self._expires_s(request)
        self._forget_former(transaction, package, resource, account, event_id)
        subscription = self._accept(transaction, name, event_id, self)  # type: ignore[arg-type] # it is one
        subscription.content_type = package.content_type
        watcher = Watcher(subscription, package, resource, account)
        self.tally.accepted += 1
        transaction.respond(200, None, (f"Expires: {expires_s}", subscription.contact))
        if not expires_s:  # only to know the state once (section 4.4.3)
            self.tally.notified += 1
            subscription.terminate("timeout", watcher.body)
            return
        self._begin(watcher)
        self._prolong(watcher, expires_s)
        self._notify(watcher)

    def on_refresh(self, subscription: Subscription, handle: ServerRequest) -> None:
        """A SUBSCRIBE inside a subscription: prolongs or ends it. From another address only with the password."""
        watcher = self._watchers.get(subscription)
        if watcher is None:
            handle.respond(481)
            return
        request, known = handle.request, subscription.source
        source = handle.source
        if (source.transport, source.host, source.port) != (known.transport, known.host, known.port):
            verdict = self._authenticator.check(request, source)
            if verdict.status or verdict.account != watcher.account:
                self._counters.refused(verdict.status or 403)
                handle.respond(verdict.status or 403, None, verdict.headers)
                return
        expires_s = self._expires_s(request)
        if 0 < expires_s < self._settings.min_expires_s:
            handle.respond(423, None, (f"Min-Expires: {self._settings.min_expires_s}",))
            return
        subscription.refreshed(request)
        handle.respond(200, None, (f"Expires: {expires_s}", subscription.contact))
        if expires_s:
            self._prolong(watcher, expires_s)
            self._notify(watcher)
        else:
            self._end(watcher, "timeout")

    def on_gone(self, subscription: Subscription, _status: int) -> None:
        """The phone does not know the subscription any more, or does not answer."""
        watcher = self._watchers.get(subscription)
        if watcher is not None:
            self.tally.lost += 1
            self._remove(watcher)

    def _refusal(self, request: Request, account: str) -> tuple[int, tuple[str, ...]]:
        package = self._packages.get(_event(request)[0])
        if package is None:
            return 489, (f"Allow-Events: {', '.join(sorted(self._packages))}",)
        try:
            if not request.contacts:
                return 400, ()
        except SipParseError:
            return 400, ()
        accepted = [value.partition(";")[0].strip().lower() for value in request.values("Accept")]
        if accepted and not {package.content_type, "*/*", "application/*"}.intersection(accepted):
            return 406, (f"Accept: {package.content_type}",)
        if 0 < self._expires_s(request) < self._settings.min_expires_s:
            return 423, (f"Min-Expires: {self._settings.min_expires_s}",)
        status = package.refusal(account, _resource(request))
        if status:
            return status, ()
        full = self._per_account[account] >= self._settings.max_per_extension
        if full or len(self._watchers) >= self._settings.max_total:
            return 503, ("Retry-After: 300",)
        return 0, ()

    def _expires_s(self, request: Request) -> int:
        asked = request.expires
        longest = self._settings.max_expires_s
        return longest if asked is None else min(asked, longest)

    def _forget_former(
        self, transaction: ServerTransactionHandle, package: Package, resource: str, account: str, event_id: str
    ) -> None:
        """A phone that was restarted asks anew: what it asked before is known to nobody any more."""
        source = transaction.source
        for watcher in tuple(self._by_resource.get((package.name, resource), ())):
            known = watcher.subscription
            if (
                watcher.account == account
                and known.event_id == event_id
                and (known.source.host, known.source.port) == (source.host, source.port)
            ):
                known.drop()
                self._remove(watcher)

    # -- keeping ---------------------------------------------------------------------------------------------------

    def _begin(self, watcher: Watcher) -> None:
        self._watchers[watcher.subscription] = watcher
        self._per_account[watcher.account] += 1
        beside = self._by_resource.setdefault(watcher.key, {})
        if not beside:
            watcher.package.watch(watcher.resource)
        beside[watcher] = None

    def _prolong(self, watcher: Watcher, expires_s: int) -> None:
        loop = asyncio.get_running_loop()
        if watcher.expiry is not None:
            watcher.expiry.cancel()
        watcher.expires_at = loop.time() + expires_s
        watcher.expiry = loop.call_later(expires_s + SLACK_S, self._end, watcher, "timeout")

    def _end(self, watcher: Watcher, reason: str, retry_after_s: int = 0) -> None:
        """The last NOTIFY, with the state when the phone asked for the end (section 4.2.1.3)."""
        self.tally.notified += 1
        body = watcher.body if reason == "timeout" else None
        watcher.subscription.terminate(reason, body, retry_after_s)
        self._remove(watcher)

    def _remove(self, watcher: Watcher) -> None:
        watcher.stop()
        self._watchers.pop(watcher.subscription, None)
        left = self._per_account[watcher.account] - 1
        if left > 0:
            self._per_account[watcher.account] = left
        else:
            self._per_account.pop(watcher.account, None)
        beside = self._by_resource.get(watcher.key)
        if beside is not None:
            beside.pop(watcher, None)
            if not beside:
                del self._by_resource[watcher.key]
                watcher.package.unwatch(watcher.resource)

    def close(self) -> None:
        """The process stops: phones are told to ask again in a moment."""
        for watcher in tuple(self._watchers.values()):
            self._end(watcher, "probation", RETRY_AFTER_S)

    # -- NOTIFY ----------------------------------------------------------------------------------------------------

    def changed(self, event: str, resource: str) -> None:
        """The state of `resource` is another: its watchers are told as soon as each may be."""
        for watcher in self._by_resource.get((event, resource), ()):
            self._mark(watcher)

    def _mark(self, watcher: Watcher) -> None:
        if watcher.dirty:
            self.tally.coalesced += 1
            return
        watcher.dirty = True
        loop = asyncio.get_running_loop()
        wait_s = watcher.last_sent + self._settings.min_interval_ms / 1000 - loop.time()
        if wait_s > 0:
            watcher.timer = loop.call_later(wait_s, self._due, watcher)
        else:
            self._due(watcher)

    def _due(self, watcher: Watcher) -> None:
        watcher.timer = None
        self._ready.append(watcher)
        if not self._pumping:
            self._pumping = True
            asyncio.get_running_loop().call_soon(self._pump)

    def _pump(self) -> None:
        """Sends a slice of what is due: the calls of the loop's other users come in between."""
        for _ in range(min(SLICE, len(self._ready))):
            watcher = self._ready.popleft()
            if watcher.dirty and watcher.subscription in self._watchers:
                self._notify(watcher)
        if self._ready:
            asyncio.get_running_loop().call_soon(self._pump)
        else:
            self._pumping = False

    def _notify(self, watcher: Watcher) -> None:
        now = asyncio.get_running_loop().time()
        watcher.dirty = False
        if watcher.timer is not None:
            watcher.timer.cancel()
            watcher.timer = None
        watcher.last_sent = now
        self.tally.notified += 1
        watcher.subscription.notify(max(0, round(watcher.expires_at - now)), watcher.body)

    # -- looking ---------------------------------------------------------------------------------------------------

    def by_event(self) -> dict[str, int]:
        """How many subscriptions there are of each package, zeros included."""
        counts = dict.fromkeys(self._packages, 0)
        for watcher in self._watchers.values():
            counts[watcher.package.name] += 1
        return counts

    def snapshot(self) -> list[SubscriptionSnapshot]:
        now = asyncio.get_running_loop().time()
        return [
            SubscriptionSnapshot(
                watcher.account,
                watcher.package.name,
                watcher.resource,
                f"{watcher.subscription.source.host}:{watcher.subscription.source.port}",
                watcher.expires_at - now,
                watcher.version,
            )
            for watcher in self._watchers.values()
        ]


def _event(request: Request) -> tuple[str, str]:
    """The Event header: package and id; ("", "") when there is none that can be read."""
    name, semicolon, rest = (request.header("Event") or "").strip().partition(";")
    try:
        params = parse_params(semicolon + rest) if semicolon else {}
    except HeaderError:
        return "", ""
    return name.strip().lower(), params.get("id", "")[:64]


def _resource(request: Request) -> str:
    """The user part of the Request-URI: an extension, a mailbox, a park slot."""
    try:
        return clean_number(Uri.parse(request.uri).user)
    except UriError:
        return ""
