"""Answers the control socket from the running layers: only looks and hands on, decides nothing."""

from __future__ import annotations

import asyncio
import os
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pbx
from pbx.api.control import Refused
from pbx.app.call_rows import call_detail, call_row
from pbx.store.database import database_url
from pbx.store.kept_back import kept_back
from pbx.transport.base import bracketed
from pbx.transport.tls import CertificateError

if TYPE_CHECKING:
    from pbx.app.pbx import Pbx

PAGE = os.sysconf("SC_PAGE_SIZE")


class PbxControl:
    """Implements pbx.api.control.Control."""

    def __init__(self, app: Pbx) -> None:
        self._app = app

    def health(self) -> dict[str, object]:
        """For supervisors: "ok", or "draining" while no new calls are taken."""
        draining = self._app.calls.draining
        return {"status": "draining" if draining else "ok", "calls": len(self._app.calls.calls)}

    def status(self) -> dict[str, Any]:
        app = self._app
        workers = app.media.worker_stats()
        counters = app.calls.services.counters
        return {
            "name": app.config.server.name,
            "version": pbx.__version__,
            "uptime_s": round(app.clock.unix() - app.started_at, 1),
            "draining": app.calls.draining,
            "calls": len(app.calls.calls),
            "calls_total": counters.calls,
            "invites_total": counters.invites,
            "registrations": len(app.calls.services.registrar),
            "cpu_s": round(time.process_time(), 3),
            "media_cpu_s": round(sum(worker.cpu_ns for worker in workers) / 1e9, 3),
            "rss_mb": round(_resident_bytes() / 1e6, 1),
            "loop_lag_p99_ms": round(app.loop_lag.quantile(0.99) * 1000, 3),
            "loop_lag_max_ms": round(app.driver.loop_lag.worst_s * 1000, 3),
            "late_ticks": sum(worker.late_ticks for worker in workers),
            "realtime": all(worker.realtime for worker in workers),
            "alarms": len(app.alarms.active()),
            "prompts_left": app.prompts_left,
            "http": "{}:{}".format(*app.http.address) if app.http is not None else "",
            "https": "{}:{}".format(*app.https.address) if app.https is not None else "",
            "sip": [str(address) for address in app.driver.listening],
        }

    def leaks(self) -> dict[str, int]:
        """What calls hold; every count comes back to its value before them."""
        app = self._app
        app.media.core.tidy(0.0)  # sockets that are kept for the next calls are nobody's leak
        streams = sum(worker.streams for worker in app.media.worker_stats())
        layer = app.driver.user_agent.layer
        return {
            "calls": len(app.calls.calls),
            "legs": sum(1 + len(call.legs) for call in app.calls.calls.values()),
            "sessions": len(app.driver.user_agent.sessions),
            "subscriptions": len(app.driver.user_agent.subscriptions),
            "transactions": len(layer.clients) + len(layer.servers),
            "streams": streams,
            "rtp_ports": 2 * app.media.sessions,
            "recordings": app.media.recordings,
            "tasks": len(asyncio.all_tasks()),
            "descriptors": len(os.listdir("/proc/self/fd")) - kept_back(database_url(app.config)),
            "connections": app.driver.connections,
            "rss_kb": _resident_bytes() // 1024,
        }

    def calls(self) -> list[dict[str, Any]]:
        now = self._app.clock.unix()
        return [call_row(call, now) for call in self._app.calls.calls.values()]

    def call(self, call_id: str) -> dict[str, Any]:
        """A running call with its legs."""
        call = self._app.calls.calls.get(call_id)
        if call is None:
            raise Refused(404, f"no call {call_id} is running; `centrala calls list` shows all")
        return call_detail(call, self._app.clock.unix())

    def hang_up(self, call_id: str) -> dict[str, Any]:
        if not self._app.calls.hang_up(call_id):
            raise Refused(404, f"no call {call_id} is running; `centrala calls list` shows all")
        return {"id": call_id}

    def agents(self) -> list[dict[str, Any]]:
        return self._app.agents.agents()

    def queues(self) -> list[dict[str, Any]]:
        return [
            {
                "name": queue.name,
                "waiting": queue.waiting,
                "longest_wait_s": round(queue.longest_wait_s, 1),
                "talking": queue.talking,
                "agents": queue.agents,
                "offered": queue.offered,
                "answered": queue.answered,
                "answered_in_time": queue.answered_in_time,
                "abandoned": queue.abandoned,
                "short_abandoned": queue.short_abandoned,
                "left": queue.left,
                "missed_offers": queue.missed_offers,
                "aht_s": round(queue.aht_s, 1),
                "patience_s": round(queue.patience_s, 1),
                "promise_s": self._app.queues.items.promise_s(queue.name),
                "callers": [
                    {
                        "call_id": caller.call_id,
                        "caller": caller.caller,
                        "position": caller.position,
                        "wait_s": round(caller.wait_s, 1),
                        "ringing": caller.ringing,
                    }
                    for caller in queue.callers
                ],
            }
            for queue in self._app.queues.snapshot()
        ]

    def registrations(self) -> list[dict[str, Any]]:
        now = self._app.clock.unix()
        return [
            {
                "extension": extension,
                "contact": binding.uri,
                "transport": binding.destination.transport,
                "address": f"{bracketed(binding.destination.host)}:{binding.destination.port}",
                "expires_s": round(binding.expires_at - now, 1),
                "user_agent": binding.user_agent,
                "state": "unreachable" if binding.lost_at else "reachable",
            }
            for extension, binding in self._app.calls.services.registrar.all()
        ]

    def reload_certificates(self) -> dict[str, Any]:
        if not self._app.config.tls.certificate:
            raise Refused(409, "tls.certificate is empty: there is nothing to read again")
        try:
            self._app.certificates.reload()
        except CertificateError as error:
            raise Refused(422, f"{error}; the old certificate stays in use") from None
        found = self._app.driver.certificates
        return {"subject": found.subject, "expires_s": round(found.expires_at - self._app.clock.unix())}

    def alarms(self) -> list[dict[str, Any]]:
        return self._app.alarms.active()


def _resident_bytes() -> int:
    return int(Path("/proc/self/statm").read_text().split()[1]) * PAGE
