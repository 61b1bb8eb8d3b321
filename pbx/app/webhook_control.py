"""Webhooks in the process: started after the outbox, answered for over HTTP and on the control socket."""

from __future__ import annotations

from contextlib import AsyncExitStack
from ipaddress import ip_address
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from starlette.routing import Route

from pbx.api.control import Refused
from pbx.api.webhook_routes import webhook_routes
from pbx.app.outbox_control import entry_row
from pbx.outbox.shelf import Wanted
from pbx.outbox.target import Counts
from pbx.store.errors import StoreError
from pbx.web.hosts import HostError, Hosts
from pbx.webhooks.catalogue import NAMES, TYPES, schema
from pbx.webhooks.service import TooMany, Webhooks
from pbx.webhooks.subscription import Subscription

if TYPE_CHECKING:
    from pbx.app.pbx import Pbx


def start(app: Pbx, stack: AsyncExitStack) -> Webhooks:
    """After the contacts; `stack` stops it before the outbox."""
    watch = app.outbox.watch
    service = Webhooks(
        app.config.webhooks,
        app.calls.services,
        app.store.webhooks,
        app.outbox,
        lambda target: watch.counts.get(target, Counts()).pending,
    )
    service.start()
    stack.push_async_callback(service.stop)
    return service


def routes(app: Pbx) -> list[Route]:
    """For the control socket."""
    return webhook_routes(PbxWebhookControl(app))


class PbxWebhookControl:
    """Implements pbx.api.webhook_routes.WebhookControl."""

    def __init__(self, app: Pbx) -> None:
        self._app = app

    @property
    def _service(self) -> Webhooks:
        return self._app.webhooks

    def events(self) -> list[dict[str, Any]]:
        return [{"name": name, "text": TYPES[name].text, "schema": schema(name)} for name in (*NAMES, "ping")]

    def webhooks(self) -> list[dict[str, Any]]:
        return [self._row(each) for each in self._service.subscriptions.values()]

    def webhook(self, name: str) -> dict[str, Any]:
        return self._row(self._find(name))

    async def add(self, fields: dict[str, Any]) -> dict[str, Any]:
        """The only answer, with that of `rotate`, that shows the secret."""
        self._check(fields)
        try:
            made = await self._service.add(**fields)
        except ValueError as error:
            raise Refused(422, str(error)) from None
        except TooMany as error:
            raise Refused(409, str(error)) from None
        except StoreError as error:
            raise Refused(503, str(error)) from None
        return {**self._row(made), "secret": made.secret}

    async def change(self, name: str, fields: dict[str, Any]) -> dict[str, Any]:
        self._find(name)
        self._check(fields)
        try:
            return self._row(await self._service.change(name, **fields))
        except ValueError as error:
            raise Refused(422, str(error)) from None
        except StoreError as error:
            raise Refused(503, str(error)) from None

    async def rotate(self, name: str) -> dict[str, Any]:
        self._find(name)
        try:
            made = await self._service.rotate(name)
        except StoreError as error:
            raise Refused(503, str(error)) from None
        return {**self._row(made), "secret": made.secret}

    async def remove(self, name: str) -> dict[str, Any]:
        self._find(name)
        try:
            await self._service.remove(name)
        except StoreError as error:
            raise Refused(503, str(error)) from None
        return {"id": name}

    async def ping(self, name: str, by: str) -> dict[str, Any]:
        found = self._find(name)
        try:
            return {"id": found.id, "event": await self._service.ping(name, by)}
        except ValueError as error:
            raise Refused(409, str(error)) from None
        except StoreError as error:
            raise Refused(503, str(error)) from None

    async def deliveries(self, name: str, state: str, before: int, limit: int) -> list[dict[str, Any]]:
        """The newest first: what was sent, and what became of it."""
        wanted = Wanted(target=self._find(name).target, state=state, before=before, limit=limit)
        try:
            return [entry_row(entry) for entry in await self._app.outbox.shelf.wanted(wanted)]
        except StoreError as error:
            raise Refused(503, str(error)) from None

    def _find(self, name: str) -> Subscription:
        found = self._service.subscriptions.get(name)
        if found is None:
            raise Refused(404, f"there is no webhook {name}; `centrala webhooks list` shows them")
        return found

    def _check(self, fields: dict[str, Any]) -> None:
        """Refused 422 for an address that would never be asked, and for queues that are none."""
        if "url" in fields:
            networks = self._app.config.http.networks
            hosts = Hosts([], networks, everybody=True)
            try:
                host, _port, _entry = hosts.check(fields["url"])
                if _is_address(host):
                    hosts.choose(host, [host])
            except HostError as error:
                raise Refused(422, f"url: {error}") from None
            if urlsplit(fields["url"]).fragment:
                raise Refused(422, "url: what comes after # is never sent; leave it out")
        known = {queue.name for queue in self._app.config.queue}
        unknown = [queue for queue in fields.get("queues", []) if queue not in known]
        if unknown:
            raise Refused(422, f"queues: {unknown[0][:60]!r} is no queue; known: {', '.join(sorted(known)) or 'none'}")

    def _row(self, found: Subscription) -> dict[str, Any]:
        counts = self._app.outbox.watch.counts.get(found.target, Counts())
        target = self._app.outbox.targets.get(found.target)
        return {
            "id": found.id,
            "name": found.name,
            "url": found.url,
            "events": found.events,
            "queues": found.queues,
            "enabled": found.enabled,
            "version": found.version,
            "created": found.created,
            "previous_until": found.previous_until or None,
            "failing_since": found.failing_since or None,
            "disabled": found.disabled or None,
            "disabled_why": found.disabled_why,
            "is_down": target is not None and target.is_down,
            "pending": counts.pending,
            "dead": counts.dead,
        }


def _is_address(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True
