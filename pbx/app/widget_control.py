"""The callback widget in the process: started after the callbacks, before anybody can ask over HTTP."""

from __future__ import annotations

from contextlib import AsyncExitStack
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from starlette.routing import Route

from pbx.api.client_address import ClientAddress
from pbx.api.control import Refused
from pbx.api.widget_routes import widget_routes
from pbx.api.widget_web import widget_web_routes
from pbx.app.nonce_key import nonce_key
from pbx.metrics.widget import WidgetMetrics
from pbx.store.errors import StoreError
from pbx.widget.ports import WidgetRow
from pbx.widget.service import WidgetService

if TYPE_CHECKING:
    from pbx.app.pbx import Pbx


async def start(app: Pbx, stack: AsyncExitStack) -> WidgetService:
    """`stack` stops it. Raises StoreError, or OSError for the key."""
    service = WidgetService(app.calls.services, app.store.widget, nonce_key(app.data_dir / "widget.key"))
    app.metrics.add(WidgetMetrics(service.figures))
    await service.start()
    stack.push_async_callback(service.stop)
    return service


def public_routes(app: Pbx) -> list[Route]:
    """For http.listen and http.listen_tls."""
    return widget_web_routes(app.widget, ClientAddress(app.config.http.trusted_proxies))


def routes(app: Pbx) -> list[Route]:
    """For the control socket."""
    return widget_routes(PbxWidgetControl(app))


class PbxWidgetControl:
    """Implements pbx.api.widget_routes.WidgetControl."""

    def __init__(self, app: Pbx) -> None:
        self._app = app

    async def requests(self, limit: int, before: float = 0.0) -> list[dict[str, Any]]:
        try:
            return [await self._row(row) for row in await self._app.store.widget.latest(limit, before)]
        except StoreError as error:
            raise Refused(503, str(error)) from None

    async def request(self, request: str) -> dict[str, Any]:
        try:
            found = await self._app.store.widget.get(request)
            if found is None:
                raise Refused(404, f"there is no request {request}; `centrala widget requests` shows them")
            return {**await self._row(found), "wording": await self._app.store.widget.wording(found.consent)}
        except StoreError as error:
            raise Refused(503, str(error)) from None

    def bans(self) -> list[dict[str, Any]]:
        return [ban._asdict() for ban in self._app.widget.bans.rows()]

    def lift(self, site: str, key: str) -> dict[str, Any]:
        if not self._app.widget.bans.lift(site, key):
            raise Refused(404, f"{key!r} is not banned on site {site!r}; `centrala widget bans` shows who is")
        return {"site": site, "key": key}

    def figures(self) -> dict[str, Any]:
        now = self._app.widget.figures()
        return {
            "requests": [{"site": site, "result": each, "count": count} for (site, each), count in now.taken.items()],
            "refused": [{"site": site, "reason": each, "count": count} for (site, each), count in now.refused.items()],
            "promises": [{"site": site, "kept": each, "count": count} for (site, each), count in now.kept.items()],
            "work_bits": now.bits,
            "following": now.following,
        }

    async def _row(self, row: WidgetRow) -> dict[str, Any]:
        return {**asdict(row), "state": (await self._app.widget.state(row)).state}
