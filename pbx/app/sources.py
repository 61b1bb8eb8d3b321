"""Where the metrics look when they are scraped."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from pbx.metrics.live import QueueNow, Security, Sources
from pbx.transport.base import SENT

if TYPE_CHECKING:
    from pbx.app.pbx import Pbx


def metric_sources(app: Pbx) -> Sources:
    """The live figures of `app`; its layers are built before the first scrape."""

    def sip() -> Mapping[str, int]:
        stats, agent = app.driver.stats.total(), app.driver.user_agent
        return {
            "received": stats.received,
            "sent": stats.sent,
            "parse_errors": stats.parse_errors,
            "send_errors": stats.send_errors,
            "retransmits_received": agent.layer.retransmits_received,
            "retransmits_sent": agent.layer.retransmitted,
            "wrong_passwords": app.calls.guesses.judged_wrong,
            "guesses_refused": app.calls.guesses.refused,
            "sessions_expired": agent.sessions_expired,
            "foreign_requests": agent.foreign_requests,
            "transactions": len(agent.layer.clients) + len(agent.layer.servers),
            "dialogs": len(agent.sessions),
            "connections": app.driver.connections,
        }

    def transports() -> Mapping[str, Mapping[str, float]]:
        return {
            name: {
                **{key: getattr(stats, key) for key in (*SENT, *stats.__slots__)},
                "connections": app.driver.connections_of(name),
            }
            for name, stats in app.driver.stats.items()
        }

    def dns() -> Mapping[str, int]:
        resolver = app.resolver
        return {
            "queries": resolver.lookup.queries,
            "failures": resolver.lookup.failures,
            "hits": resolver.cache.hits,
            "stale": resolver.cache.stale_answers,
            "failovers": resolver.failovers,
            "quarantined": resolver.quarantined,
        }

    def shed() -> Mapping[str, int]:
        admission = app.driver.admission
        return {
            "draining": admission.shed_draining,
            "calls": admission.shed_full,
            "rate": admission.shed_rate,
            "overload": admission.shed_late,
        }

    def queues() -> Iterable[QueueNow]:
        now = asyncio.get_running_loop().time()
        queues = app.queues.queues.values()
        return [QueueNow(queue.name, len(queue.waiting), queue.longest_wait_s(now)) for queue in queues]

    def security() -> Security:
        services = app.calls.services
        bans = services.bans
        return Security(len(bans.active()), bans.counts, app.driver.gate.dropped, services.inbound.screening.refused)

    return Sources(
        trunks=lambda: app.calls.services.carriers.now(),
        security=security,
        media=app.media.worker_stats,
        handshakes_failed=lambda: app.media.protection.failed_handshakes,
        sip=sip,
        transports=transports,
        dns=dns,
        certificate_expires_at=lambda: app.driver.certificates.expires_at,
        shed=shed,
        agents=lambda: app.queues.agents_by_state(),
        queues=queues,
        store=lambda: app.store.stats,
        store_backlog=lambda: app.store.backlog,
        loop_lag=app.loop_lag,
        decisions=app.decisions,
        handler_errors=lambda: app.bus.errors,
        parked=lambda: len(app.features.parking.parked()),
        participants=lambda: app.features.rooms.participants,
    )
