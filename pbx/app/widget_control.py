"""The callback widget in the process: started after the callbacks, before anybody can ask over HTTP."""

from __future__ import annotations

from contextlib import AsyncExitStack
from typing import TYPE_CHECKING

from starlette.routing import Route

from pbx.api.client_address import ClientAddress
from pbx.api.widget_web import widget_web_routes
from pbx.app.nonce_key import nonce_key
from pbx.metrics.widget import WidgetMetrics
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
