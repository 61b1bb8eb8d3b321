"""The outbox in the process: started before those who put into it, and answered for on the control socket."""

from __future__ import annotations

from contextlib import AsyncExitStack
from functools import partial
from typing import TYPE_CHECKING, Any

from starlette.routing import Route

from pbx.api.control import Refused
from pbx.api.outbox_routes import outbox_routes
from pbx.metrics.outbox import OutboxMetrics
from pbx.outbox.entry import Entry, State
from pbx.outbox.service import Outbox
from pbx.outbox.shelf import Wanted
from pbx.store.errors import StoreError
from pbx.web.client import WebClient
from pbx.web.hosts import Hosts

if TYPE_CHECKING:
    from pbx.app.pbx import Pbx


def start(app: Pbx, stack: AsyncExitStack) -> Outbox:
    """Sets `services.extra["outbox"]`; `stack` stops it, before the store."""
    outbox = Outbox(app.config.outbox, app.store.outbox, partial(receivers_web, app), bus=app.bus, clock=app.clock)
    metrics = OutboxMetrics(lambda: outbox.watch.counts, app.clock.unix)
    outbox.watch.observe = metrics.observe
    app.metrics.add(metrics)
    outbox.start()
    stack.push_async_callback(outbox.stop)
    app.calls.services.extra["outbox"] = outbox
    return outbox


def receivers_web(app: Pbx) -> WebClient:
    """Receivers are named by people with the right to do so, wherever they are; our own network is listed."""
    http = app.config.http
    limits = http.model_copy(update={"max_connections": app.config.outbox.max_connections})
    return WebClient(limits, Hosts(http.hosts, http.networks, everybody=True))


def routes(app: Pbx) -> list[Route]:
    """For the control socket."""
    return outbox_routes(PbxOutboxControl(app.outbox))


class PbxOutboxControl:
    """Implements pbx.api.outbox_routes.OutboxControl."""

    def __init__(self, outbox: Outbox) -> None:
        self._outbox = outbox

    def targets(self) -> list[dict[str, Any]]:
        rows = []
        for name, counts in sorted(self._outbox.watch.counts.items()):
            target = self._outbox.targets.get(name)
            rows.append(
                {
                    "target": name,
                    "registered": target is not None,
                    "is_down": target is not None and target.is_down,
                    "paused_until": (target.paused_until or None) if target is not None else None,
                    "pending": counts.pending,
                    "oldest": counts.oldest or None,
                    "dead": counts.dead,
                    "delivered": counts.delivered,
                    "failed_attempts": sum(counts.failed.values()),
                }
            )
        return rows

    async def entries(self, wanted: Wanted) -> list[dict[str, Any]]:
        try:
            return [entry_row(entry) for entry in await self._outbox.shelf.wanted(wanted)]
        except StoreError as error:
            raise Refused(503, str(error)) from None

    async def entry(self, name: str) -> dict[str, Any]:
        found = await self._outbox.shelf.get(name)
        if found is None:
            raise Refused(404, f"there is no delivery {name}; `centrala outbox list` shows them")
        return {**entry_row(found), "body": found.body.decode("utf-8", "replace")}

    async def change(self, name: str, action: str) -> dict[str, Any]:
        state = _state_for(action)
        before = await self.entry(name)
        if not await self._outbox.change([name], state):
            raise Refused(409, f"the delivery is {before['state']}: it cannot be {_done(action)}")
        return await self.entry(name)

    async def change_all(self, target: str, action: str) -> dict[str, Any]:
        """All dead letters of a target."""
        state, changed = _state_for(action), 0
        while True:
            found = await self._outbox.shelf.wanted(Wanted(target=target, state=State.DEAD.value, limit=500))
            count = await self._outbox.change([entry.id for entry in found], state) if found else 0
            changed += count
            if not count:
                break
        self._outbox.try_now(target)
        return {"target": target, "changed": changed}


def entry_row(entry: Entry) -> dict[str, Any]:
    """What people see of a delivery; instants that are none are null."""
    return {
        "id": entry.id,
        "target": entry.target,
        "kind": entry.kind,
        "key": entry.key,
        "call_id": entry.call_id,
        "seq": entry.seq,
        "number": entry.number,
        "state": entry.state.value,
        "created": entry.created,
        "due": entry.due if entry.state is State.PENDING else None,
        "ended": entry.ended or None,
        "attempts": entry.attempts,
        "status": entry.status or None,
        "error": entry.error,
        "excerpt": entry.excerpt,
        "took_ms": entry.took_ms if entry.attempts else None,
        "bytes": len(entry.body),
    }


def _state_for(action: str) -> State:
    try:
        return {"retry": State.PENDING, "drop": State.DROPPED}[action]
    except KeyError:
        raise Refused(422, 'give {"action": "retry"} or {"action": "drop"}') from None


def _done(action: str) -> str:
    return "retried" if action == "retry" else "dropped"
