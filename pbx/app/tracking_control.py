"""Tracking in the process: started before the first call, and answered for over HTTP."""

from __future__ import annotations

import time
from contextlib import AsyncExitStack
from typing import TYPE_CHECKING, Any

from starlette.routing import Route

from pbx.api.control import Refused
from pbx.api.server import MAX_CONNECTIONS
from pbx.api.tracking_routes import tracking_routes
from pbx.api.tracking_web import TrackingWeb
from pbx.app.history_reader import HistoryReader
from pbx.app.nonce_key import nonce_key
from pbx.metrics.tracking import TrackingMetrics
from pbx.store.errors import StoreError
from pbx.store.tracking_lists import VisitQuery, guard_list, reveal_list, visit_list, visit_whole
from pbx.tracking.service import Tracking

if TYPE_CHECKING:
    from pbx.app.pbx import Pbx


CROWDED = MAX_CONNECTIONS // 4  # from here on browsers are not kept waiting for their next request


async def start(app: Pbx, stack: AsyncExitStack) -> Tracking:
    """What an earlier process gave out is taken up; `stack` stops it. Raises StoreError, OSError."""
    services = app.calls.services
    tracking = Tracking(services, app.store.tracking, app.data_dir, nonce_key(app.data_dir / "tracking.key"))
    await tracking.start()
    stack.push_async_callback(tracking.stop)
    app.metrics.add(TrackingMetrics(tracking))
    services.extra["tracking"] = tracking
    return tracking


def public_routes(app: Pbx) -> list[Route]:
    """What pages of sites ask. Without a site nobody is answered; one may be added while we run."""

    def crowded() -> bool:
        return any(server is not None and server.connections > CROWDED for server in (app.http, app.https))

    web = TrackingWeb(app.tracking, app.config, time.monotonic, crowded)
    app.calls.services.followers.add(
        lambda change: web.configure(change.new), "tracking", "site_web", "source_rule", "http"
    )
    return web.routes()


def routes(app: Pbx) -> list[Route]:
    """For the control socket."""
    reader = HistoryReader(app.config)
    app.at_stop(reader.close)
    return tracking_routes(PbxTrackingControl(app, reader))


class PbxTrackingControl:
    """Implements pbx.api.tracking_routes.TrackingControl, for the command line and the HTTP API alike."""

    def __init__(self, app: Pbx, reader: HistoryReader) -> None:
        self._app = app
        self._read = reader.read

    async def visits(
        self, *, site: str = "", visitor: str = "", before: str = "", limit: int = 50
    ) -> list[dict[str, Any]]:
        query = VisitQuery(site=site, visitor=visitor, before=before, limit=limit)
        found: list[dict[str, Any]] = await self._read(lambda connection: visit_list(connection, query))
        return found

    async def visit(self, visit: str) -> dict[str, Any]:
        found = await self._read(lambda connection: visit_whole(connection, visit))
        if found is None:
            raise Refused(404, f"there is no visit {visit!r}; it may be older than tracking.visits_days")
        return found

    def pools(self) -> list[dict[str, Any]]:
        tracking = self._app.tracking
        return [
            {
                "pool": need.pool,
                "size": need.size,
                "held": need.held,
                "free": need.free,
                "quarantined": need.quarantined,
                "most_held": need.most_held,
                "visits_per_hour": round(need.visits_per_hour, 1),
                "stay_s": round(need.stay_s, 1),
                "load": round(need.load, 2),
                "needed": need.needed,
                "loss": round(need.loss, 5),
                "given": need.given,
                "short": need.short,
                "crowded": need.crowded,
                "is_small": need.is_small,
            }
            for need in tracking.sizing.needs(tracking.now())
        ]

    async def reveals(self, since: float, until: float) -> list[dict[str, Any]]:
        return await self._read(lambda connection: reveal_list(connection, since, until))

    async def guard(self, limit: int = 50) -> dict[str, Any]:
        bad = [
            {"site": site, "page": page, "verdict": report.verdict, "shown": report.shown, "assigned": report.assigned}
            for (site, page), places in self._app.tracking.guarding.bad.items()
            for report in places.values()
        ]
        reports = await self._read(lambda connection: guard_list(connection, limit))
        return {"bad": bad[:limit], "reports": reports}

    async def forget(self, kind: str, subject: str, by: str) -> dict[str, Any]:
        try:
            erased = await self._app.tracking.forget(kind, subject, by)
            number = self._app.contacts.book.number(subject) if kind == "number" else ""
            requests = await self._app.store.widget.forget(number) if number else 0
        except ValueError as error:
            raise Refused(422, str(error)) from None
        except StoreError as error:
            raise Refused(503, f"nothing was erased: {error}") from None
        return {"visits": erased.visits, "calls": erased.calls, "requests": requests}

    async def export(self, number: str) -> dict[str, Any]:
        try:
            return await self._app.tracking.export(number)
        except ValueError as error:
            raise Refused(422, str(error)) from None
        except StoreError as error:
            raise Refused(503, str(error)) from None
